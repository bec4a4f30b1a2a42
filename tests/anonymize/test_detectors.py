from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from logdojo.anonymize.detectors import forms as detectors
from logdojo.anonymize.detectors.credentials import credentials
from logdojo.anonymize.detectors.names import access_user, bracketed_users, header_host, marked_users, users
from logdojo.anonymize.detectors.timestamps import timestamps
from logdojo.anonymize.spans import Taken


def _found(detector: Callable[[str], Iterable[tuple[int, int, str]]], text: str) -> list[str]:
    """Return what a detector finds; where two finds overlap, the first counts, as in the anonymizer."""
    taken = Taken(len(text))
    return [text[start:stop] for start, stop, _ in detector(text) if taken.claim(start, stop)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 81.2.69.142 port 22", ["81.2.69.142"]),
        ("client /10.10.34.11:45307", ["10.10.34.11"]),
        ("[81.2.69.142:80] and 81.2.69.142(5432)", ["81.2.69.142"] * 2),
        ("81.2.69.142.", ["81.2.69.142"]),
        ("10.0.0.1-10.0.0.9", ["10.0.0.1", "10.0.0.9"]),
        ("IP 10.0.0.1.443 > 10.0.0.2.51000", ["10.0.0.1", "10.0.0.2"]),
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
        ("2005-06-03 15:42:50 main worker: hi", []),
        ("no header at all", []),
    ],
)
def test_the_host_of_a_syslog_header(line: str, expected: list[str]):
    """RFC 3164, RFC 5424 and ISO headers name their host; a log level is none."""
    assert _found(header_host, line) == expected


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
    ],
)
def test_timestamps_are_recognized_whole(stamp: str):
    """The whole stamp is protected."""
    text = f"x {stamp} y"
    assert [text[slice(*span)] for span in timestamps(text)] == [stamp]
