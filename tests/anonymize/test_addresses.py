from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize.pseudonyms.addresses import SPECIAL_V4, SPECIAL_V6, Addresses
from logdojo.anonymize.pseudonyms.keyed import Keyed

ADDRESSES = Addresses(Keyed(b"a key of the tests, 32 bytes long"))

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)


def _common_bits(a: int, b: int, bits: int) -> int:
    return bits - (a ^ b).bit_length()


def _mapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return int(ipaddress.ip_address(ADDRESSES.ip(str(address))))


@given(v4, v4, st.integers(0, 32))
def test_v4_pairs_share_exactly_as_many_leading_bits_as_before(
    a: ipaddress.IPv4Address, b: ipaddress.IPv4Address, shared: int
):
    """The prefix relation is exact for random IPv4 pairs, also for pairs made to share a prefix."""
    mixed = ipaddress.IPv4Address((int(a) >> (32 - shared) << (32 - shared)) | int(b) & ((1 << (32 - shared)) - 1))
    for left, right in ((a, b), (a, mixed)):
        assert _common_bits(_mapped(left), _mapped(right), 32) == _common_bits(int(left), int(right), 32)


@given(v6, v6, st.integers(0, 128))
def test_v6_pairs_share_exactly_as_many_leading_bits_as_before(
    a: ipaddress.IPv6Address, b: ipaddress.IPv6Address, shared: int
):
    """The prefix relation is exact for random IPv6 pairs, also for pairs made to share a prefix."""
    keep = 128 - shared
    mixed = ipaddress.IPv6Address((int(a) >> keep << keep) | int(b) & ((1 << keep) - 1))
    for left, right in ((a, b), (a, mixed)):
        assert _common_bits(_mapped(left), _mapped(right), 128) == _common_bits(int(left), int(right), 128)


@pytest.mark.parametrize("network", SPECIAL_V4 + SPECIAL_V6)
@given(data=st.data())
def test_special_ranges_map_onto_themselves(network: str, data: st.DataObject):
    """Private stays private, loopback stays loopback, and so on; and nothing else comes in."""
    range_ = ipaddress.ip_network(network)
    inside = data.draw(st.ip_addresses(network=network))
    anyone = data.draw(st.ip_addresses(v=range_.version))
    assert ipaddress.ip_address(ADDRESSES.ip(str(inside))) in range_
    assert (ipaddress.ip_address(ADDRESSES.ip(str(anyone))) in range_) == (anyone in range_)


def test_a_whole_slash_16_maps_one_to_one():
    """No two addresses get the same pseudonym."""
    mapped = {ADDRESSES.ip(f"81.2.{a}.{b}") for a in range(256) for b in range(256)}
    assert len(mapped) == 65_536
    assert len({m.rsplit(".", 2)[0] for m in mapped}) == 1


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0", "255.255.255.255", "255.255.255.0", "::", "::1", "0.0.0.0/0", "10.0.0.0/8"],  # noqa: S104, an address in a log, not one to listen on
)
def test_addresses_that_belong_to_nobody_stay(text: str):
    """Unspecified, broadcast, netmasks, the IPv6 loopback and whole special ranges are unchanged."""
    assert (ADDRESSES.network if "/" in text else ADDRESSES.ip)(text) == text


def test_an_embedded_v4_address_follows_the_v4_pseudonym():
    """``::ffff:1.2.3.4`` and ``1.2.3.4`` stay linked."""
    assert ADDRESSES.ip("::ffff:81.2.69.142") == "::ffff:" + ADDRESSES.ip("81.2.69.142")


def test_a_network_keeps_its_length_and_contains_its_hosts():
    """A mapped network contains the mapped addresses of the network."""
    network = ipaddress.ip_network(ADDRESSES.network("81.2.69.0/24"))
    assert network.prefixlen == 24
    assert ipaddress.ip_address(ADDRESSES.ip("81.2.69.142")) in network


def test_padded_parts_are_read_as_decimal():
    """Some devices write 081.002.069.142."""
    assert ADDRESSES.ip("081.002.069.142") == ADDRESSES.ip("81.2.69.142")


@pytest.mark.parametrize("text", ["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001a2b3c4d5e"])
def test_a_mac_keeps_its_form(text: str):
    """Separators and case stay, every form of one address gets the same digits, and the group bits stay."""
    out = ADDRESSES.mac(text)
    assert [c for c in out if c in ":-."] == [c for c in text if c in ":-."]
    assert len(out) == len(text)
    assert out.isupper() == text.isupper()
    plain = "".join(c for c in out.lower() if c not in ":-.")
    assert plain == ADDRESSES.mac("001a2b3c4d5e")
    assert int(plain[:2], 16) & 3 == 0


@given(st.integers(1, (1 << 48) - 2), st.integers(1, (1 << 48) - 2))
def test_macs_map_one_to_one(a: int, b: int):
    """Different addresses get different pseudonyms."""
    assert (ADDRESSES.mac(f"{a:012x}") == ADDRESSES.mac(f"{b:012x}")) == (a == b)


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3.256", "nonsense", "12:34"])
def test_what_is_no_address_is_refused(text: str):
    """The caller learns that the value does not have the form, without its text."""
    with pytest.raises(ValueError, match=r".*"):
        ADDRESSES.ip(text)
