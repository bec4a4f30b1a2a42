from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize.pseudonyms import CryptoPan
from logdojo.errors import UsageError

KEY = bytes.fromhex("1522178d33a4cf80130a5b1649907d10d8988f83797965276257 4c2d2a842202".replace(" ", ""))
"""The key of the sample program in the reference distribution of Crypto-PAn 1.0 (Fan and Xu, Georgia Tech)."""
V4 = [
    ("128.11.68.132", "135.242.180.132"), ("129.118.74.4", "134.136.186.123"), ("130.132.252.244", "133.68.164.234"),
    ("141.223.7.43", "141.167.8.160"), ("141.233.145.108", "141.129.237.235"), ("152.163.225.39", "151.140.114.167"),
    ("156.29.3.236", "147.225.12.42"), ("165.247.96.84", "162.9.99.234"), ("166.107.77.190", "160.132.178.185"),
    ("192.102.249.13", "252.138.62.131"), ("192.215.32.125", "252.43.47.189"), ("192.233.80.103", "252.25.108.8"),
    ("192.41.57.43", "252.222.221.184"), ("193.150.244.223", "253.169.52.216"), ("195.205.63.100", "255.186.223.5"),
    ("198.200.171.101", "249.199.68.213"), ("202.49.198.20", "245.206.7.234"), ("203.12.160.252", "244.248.163.4"),
    ("204.184.162.189", "243.192.77.90"), ("205.178.38.67", "242.108.198.51"), ("207.105.49.5", "241.118.205.138"),
    ("208.147.89.59", "227.237.98.191"), ("209.12.231.7", "226.243.167.8"), ("212.120.124.31", "228.135.163.231"),
    ("216.148.237.145", "235.84.194.111"), ("24.0.250.221", "100.15.198.226"), ("24.13.62.231", "100.2.192.247"),
    ("24.14.213.138", "100.1.42.141"), ("24.5.0.80", "100.9.15.210"), ("38.15.67.68", "64.3.66.187"),
    ("4.3.88.225", "124.60.155.63"), ("63.14.55.111", "95.9.215.7"), ("64.14.118.196", "0.255.183.58"),
    ("10.185.25.118", "117.161.29.118"),
]  # fmt: skip
"""Pairs of its sample_trace_raw.dat and sample_trace_sanitized.dat, as tests of later implementations quote them."""
V6 = [
    ("::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"), ("::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"),
    ("::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"), ("2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"),
    ("2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"),
]  # fmt: skip
"""The reference has no IPv6; these pairs are those of a Go implementation (Angel, 2014) that others test against."""
PAN = CryptoPan(KEY)
KEPT = CryptoPan(KEY, keep_special=True)


@pytest.mark.parametrize(("original", "expected"), V4 + V6)
def test_the_published_pairs(original: str, expected: str):
    """Byte for byte what the reference implementation gives."""
    assert PAN.ip(original) == expected


@pytest.mark.parametrize("pan", [PAN, KEPT])
@given(data=st.data())
def test_prefixes_are_kept_exactly(pan: CryptoPan, data: st.DataObject):
    """Two addresses share as many leading bits as before, in both versions, with and without special ranges."""
    version = data.draw(st.sampled_from([4, 6]))
    bits = 32 if version == 4 else 128
    a, b = (int(data.draw(st.ip_addresses(v=version))) for _ in range(2))
    low = data.draw(st.integers(0, bits))
    b = a >> low << low | b & ((1 << low) - 1)
    make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    x, y = (int(ipaddress.ip_address(pan.ip(str(make(each))))) for each in (a, b))
    assert (a ^ b).bit_length() == (x ^ y).bit_length()


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.7.7", "127.0.0.1", "fe80::1", "fd00::7"])
def test_special_ranges_are_kept_when_asked_for(address: str):
    """Private stays private; ordinary addresses still change."""
    before, after = ipaddress.ip_address(address), ipaddress.ip_address(KEPT.ip(address))
    assert (before.is_private, before.is_loopback, before.is_link_local) == (
        after.is_private,
        after.is_loopback,
        after.is_link_local,
    )
    assert KEPT.ip("255.255.255.0") == "255.255.255.0"
    assert KEPT.ip("81.2.69.142") != "81.2.69.142"


def test_networks_and_embedded_addresses_follow():
    """A network keeps its length; where special ranges are kept, an IPv4 address in an IPv6 one keeps its pseudonym."""
    assert PAN.network("128.11.0.0/16") == "135.242.0.0/16"
    assert KEPT.ip("::ffff:128.11.68.132") == "::ffff:" + KEPT.ip("128.11.68.132")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_another_size_of_key_is_refused(size: int):
    """The message tells the sizes and the remedy, not the key."""
    with pytest.raises(UsageError, match=f"{size} bytes, not 32") as caught:
        CryptoPan(b"k" * size)
    assert "token_bytes(32)" in caught.value.hint
