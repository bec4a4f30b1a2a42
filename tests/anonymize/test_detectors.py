from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from logdojo.anonymize.detectors import forms as detectors
from logdojo.anonymize.detectors.credentials import credentials
from logdojo.anonymize.detectors.headers import header_hosts
from logdojo.anonymize.detectors.idioms import idioms
from logdojo.anonymize.detectors.names import (
    access_user,
    bracketed_users,
    labelled,
    marked_users,
    users,
)
from logdojo.anonymize.detectors.timestamps import timestamps
from logdojo.anonymize.policy import load_policy
from logdojo.anonymize.replacing import claim
from logdojo.anonymize.spans import Hit


def _found(detector: Callable[[str], Iterable[tuple[int, int, str]]], text: str) -> list[str]:
    """Return what a detector finds; where two finds overlap, the first counts, as in the anonymizer."""
    mask = bytearray(len(text))
    return [text[start:stop] for start, stop, _ in detector(text) if claim(mask, start, stop)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 81.2.69.142 port 22", ["81.2.69.142"]),
        ("client /10.10.34.11:45307", ["10.10.34.11"]),
        ("[81.2.69.142:80] and 81.2.69.142(5432)", ["81.2.69.142"] * 2),
        ("81.2.69.142.", ["81.2.69.142"]),
        ("10.0.0.1-10.0.0.9", ["10.0.0.1", "10.0.0.9"]),
        ("IP 10.0.0.1.443 > 10.0.0.2.51000", ["10.0.0.1", "10.0.0.2"]),
        ("192.0.2.1...192.0.2.7", ["192.0.2.1", "192.0.2.7"]),
        ("net 10.1.0.0/16 and 10.1.2.3/443", ["10.1.0.0/16", "10.1.2.3"]),
        ("http%3A%2F%2F81.2.69.142%2F", ["81.2.69.142"]),
        (r"\n81.2.69.142", ["81.2.69.142"]),
        ("node-81.2.69.142", ["81.2.69.142"]),
        ("LabSZ/81.2.69.142:9000", ["81.2.69.142"]),
        ("1.2.3", []),
        ("256.1.1.1", []),
        ("v1.2.3.4", []),
        ("version 1.2.3.4", []),
        ("Chrome/102.0.0.0 Safari", []),
        ("client ShopApp/4.2.0.17", []),
        ("Mozilla/5.0 (X11) Gecko/1.2 Odd/3.2.0.1", []),
        ("libfoo-1.0.2.1-2.el7", []),
        ("Package_for_KB1~31bf3856ad364e35~amd64~~6.1.1.0", []),
        ("oid 1.3.6.1.4.1.311", []),
    ],
)
def test_ipv4(text: str, expected: list[str]):
    """Addresses are found with ports, brackets and escapes around them; versions and object identifiers are not."""
    assert _found(detectors.ipv4_addresses, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 2001:db8::1 port 22", ["2001:db8::1"]),
        ("[2001:db8::1]:443", ["2001:db8::1"]),
        ("2001:db8::1: refused", ["2001:db8::1"]),
        ("ip:2001:db8::1", ["2001:db8::1"]),
        ("source:2a00:1450::200e", ["2a00:1450::200e"]),
        ("2001:db8:1:2:3:4:5:6:443", ["2001:db8:1:2:3:4:5:6"]),
        ("::ffff:81.2.69.142", ["::ffff:81.2.69.142"]),
        ("IP6 2001:db8::1.4711 > 2001:db8::2.22: tcp", ["2001:db8::1", "2001:db8::2"]),
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        ("12:34:56 std::vector Foo::Bar AWS::S3::Bucket", []),
        ("00:1a:2b:3c:4d:5e", []),
    ],
)
def test_ipv6(text: str, expected: list[str]):
    """Every spelling that ipaddress accepts, with ports; clock times, C++ names and MAC addresses are none."""
    assert _found(detectors.ipv6_addresses, text) == expected


def test_the_fourteen_octets_of_iptables_are_two_addresses():
    """The ethertype at the end is not part of an address."""
    text = "MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=1.2.3.4"
    assert _found(detectors.mac_addresses, text) == ["00:08:a2:0c:1f:12", "00:c8:8b:e2:d6:87"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for ns.marryaldkfaczcz.com [1.2.3.4]", ["ns.marryaldkfaczcz.com"]),
        ("https://shop.acme.io/cart", ["shop.acme.io"]),
        ("host ip-10-0-0-3.ec2.internal up", ["ip-10-0-0-3.ec2.internal"]),
        ("1.2.3.4.dyn.isp.net", ["1.2.3.4.dyn.isp.net"]),
        ("java.net.SocketException at org.apache.foo.io and setup.py, index.html, log.info", []),
    ],
)
def test_domain_names(text: str, expected: list[str]):
    """Names under common endings are found; class, package and file names are not."""
    assert _found(detectors.domain_names, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invalid user webmaster from 1.2.3.4", ["webmaster"]),
        ("Failed password for bob from 1.2.3.4 port 22 ssh2", ["bob"]),
        ("Accepted publickey for bob from 1.2.3.4", ["bob"]),
        ("pam_unix(sshd:session): session opened for user bob by alice(uid=1000)", ["bob", "alice"]),
        ("sudo:   bob : TTY=pts/0 ; USER=root", ["bob"]),
        ("su: (to root) bob on pts/1", ["root", "bob"]),
        ("CRON[12]: (bob) CMD (true)", ["bob"]),
        ("Disconnected from user bob 1.2.3.4 port 22", ["bob"]),
        ("check pass; all fine", []),
    ],
)
def test_users_by_their_context(text: str, expected: list[str]):
    """The phrases of sshd, sudo, su, PAM and cron tell users."""
    assert _found(users, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('failed for user "test"', ["test"]),
        ("with username input 'bob' which", ["bob"]),
        ("Authentication failed for user [bob]", ["bob"]),
        ("invalid user a b from here from 1.2.3.4 port 5 ssh2", ["a b from here"]),
        ("Invalid user user from 1.2.3.4", ["user"]),
        ("Invalid user from from 1.2.3.4 port 22", ["from"]),
        ("input_userauth_request: invalid user user [preauth]", ["user"]),
        ("input_userauth_request: invalid user  0101 [preauth]", [" 0101"]),
        ("login(pam_unix)[2421]: session closed", []),
    ],
)
def test_marked_users(text: str, expected: list[str]):
    """In quotes or brackets behind a word such as user, any word is a name."""
    assert _found(marked_users, text) == expected


def test_bracketed_users():
    """Samba and vsftpd put names in brackets of their own."""
    assert _found(bracketed_users, r"user [WORKGROUP]\[bob] at") == ["bob"]
    assert _found(bracketed_users, "[pid 27244] [bob] FAIL LOGIN") == ["bob"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Dec 10 06:55:46 LabSZ sshd[24200]: hi", ["LabSZ"]),
        ("<38>1 2022-01-19T14:23:55+00:00 fw.corp.lan sshd 44255 - [m a=1] hi", ["fw.corp.lan"]),
        ("2023-08-17T16:55:35.689651+02:00 mono endlessh[34256]: ACCEPT", ["mono"]),
        ("2021-03-03T19:26:38 INFO something happened", []),
        ("2005-06-03-15.42.50.363 pay1 payd[88]: hi", ["pay1"]),
        ("2005-06-03 15:42:50 pay1 payd[88]: hi", ["pay1"]),
        ("2005-06-03 15:42:50 main worker starts", []),
        ("no header at all", []),
        ("Sep 8 07:46:30 canyon dovecot: auth: hi", ["canyon"]),
        ("<134>1 1639128011.123456789 mx-1 flows src=192.0.2.7", ["mx-1"]),
        ("Jan  5 10:10:10 relay-1 1 1639128011.123456789 mx-1 urls src=192.0.2.7", ["relay-1", "mx-1"]),
        ("<166>Oct 10 2018 12:34:56: %ASA-6-302013: Built", []),
        ("<166>Oct 10 2018 12:34:56 fw-1 : %ASA-6-302013: Built", ["fw-1"]),
        ("2019-08-16T09:30:15Z ftd-1  %FTD-1-430001: SrcIP: 192.0.2.1", ["ftd-1"]),
        ("<189>123: rtr-1: *Mar  1 18:46:11.123 UTC: %SEC-6-IPACCESSLOGP: list", ["rtr-1"]),
        ("<187>Nov 4 2022 10:02:33 sw-1 55: .Nov  4 10:02:32.001 CET: %SEC_LOGIN-4-LOGIN_FAILED: x", ["sw-1"]),
        ("sw-1: 2024 Jan  3 10:11:12 UTC: %AUTHPRIV-3-SYSTEM_MSG: x", ["sw-1"]),
        ("Oct 10 12:34:56 relay 2025:10:10-12:34:56 utm-1 aua[77]: id=1", ["relay", "utm-1"]),
        ("2025-10-10T12:34:56+02:00 pa-1 1,2025/10/10 12:34:56,0012,TRAFFIC,end", ["pa-1"]),
        ("<190>Oct 10 12:34:56 relay-1 date=2019-05-13 time=16:29:45", ["relay-1"]),
        ("Feb 1 12:00:00 gw-1 CEF:0|Check Point|VPN-1|", ["gw-1"]),
        ("Oct 11 2025 22:14:15 UTC: fw-1 : link up", ["fw-1"]),
        ("Oct 10 12:34:56 last message repeated 3 times", []),
        ("2025-12-31T19:00:00.31+01:00 stdout F hello", []),
    ],
)
def test_the_hosts_of_headers(line: str, expected: list[str]):
    """Headers of syslog and of devices name their hosts, the relay's first; a level, a program, a stream is none."""
    assert _found(header_hosts, line) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auth-worker(1): pam(zaphod,192.0.2.1): unknown user", ["zaphod"]),
        ("imap(zaphod): Logged out", ["zaphod"]),
        ("FATAL: <zaphod@pve> end task", ["zaphod", "pve"]),
        ("sip:zaphod@192.0.2.7 failed", ["zaphod"]),
        ("unit getty@tty1.service", []),
        ("lodash@4.17 and @timestamp", []),
        ("static(page) and cache(all)", []),
        (r"[HEART\zaphod] logged in", ["HEART", "zaphod"]),
        (r"HKLM\Software and C:\Users and ERROR\next", []),
        ("[zaphod/<via Auth-Type = mschap>] (from client ap-7 port 9 cli x)", ["zaphod", "ap-7"]),
        ("192.0.2.7:5000 [zaphod] Peer Connection Initiated", ["zaphod"]),
        ("openvpn[2]: zaphod/192.0.2.7:5000 MULTI: Learn", ["zaphod"]),
        ("gold-7/192.0.2.7:9000 and tcp/192.0.2.7:80", ["gold-7"]),
        ("between 192.0.2.1...192.0.2.7[zaphod]", ["zaphod"]),
        ("DHCPACK to 00:11:22:33:44:55 (lap-7) via eth1", ["lap-7"]),
        ('"Zaphod B" <z@heart.example>, Ford Prefect <f@heart.example>', ["Zaphod B", "Ford Prefect"]),
        ("[192.0.2.7] zaphod(Realm)[Role] - Login", ["zaphod"]),
    ],
)
def test_idioms(text: str, expected: list[str]):
    """Services write names in ways of their own; what only looks like one of these ways is left."""
    assert _found(idioms, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Subject: Account Name:\t\tzaphod Account Domain:\t\tHEART Logon ID:\t0x3E7", ["zaphod", "HEART"]),
        ("Caller Computer Name:\tgold-1 Source Network Address:\t192.0.2.1", ["gold-1", "192.0.2.1"]),
        (r"Account Name:\t\tzaphod\r\n\tLogon ID:\t\t0x3e7", ["zaphod"]),
        ("Process Name: C:\\Windows\\x.exe", []),
    ],
)
def test_labels_of_several_words(text: str, expected: list[str]):
    """What Windows writes behind its labels is judged by the policy under the whole label."""
    policy = load_policy()

    def find(text: str) -> Iterable[Hit]:
        return (hit for hit in labelled(text, policy.class_of) if hit.class_name != "text")

    assert _found(find, text) == expected


def test_the_user_of_an_access_log():
    """The third field of the common log format; a dash is left to the policy's placeholders."""
    assert _found(access_user, '1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1') == ["bob"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def-ghi123", ["abc.def-ghi123"]),
        (
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end",
            ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
        ),
        ("postgres://bob:s3cr3t@db/x", ["bob", "s3cr3t"]),
        ("ghp_" + "a1B2" * 9, ["ghp_" + "a1B2" * 9]),
        ("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----", None),
        ("the basic authentication failed, token invalid", []),
    ],
)
def test_credentials(text: str, expected: list[str] | None):
    """Tokens, logins in URLs, published key prefixes and PEM blocks are found; the words alone are not."""
    found = _found(credentials, text)
    assert found == ([text] if expected is None else expected)


@pytest.mark.parametrize(
    "stamp",
    [
        "2024-02-18T02:29:57+08:00",
        "2024-02-18 02:29:57,123",
        "Dec 10 06:55:46",
        "10/Oct/2000:13:55:36 -0700",
        "Jul 24 02:38:22 2005",
        "07/11/2022-10:29:01.860293",
        "06:55:46.123",
        "2005-06-03-15.42.50.363",
        "1693840791.7564995",
        "2025:10:10-12:34:56",
    ],
)
def test_timestamps_are_recognized_whole(stamp: str):
    """The whole stamp is protected."""
    text = f"x {stamp} y"
    assert [text[slice(*span)] for span in timestamps(text)] == [stamp]
