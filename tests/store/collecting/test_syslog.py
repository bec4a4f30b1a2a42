"""Syslog over TCP and UDP: frames both ways, bounded in every direction."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.errors import InputError, UsageError
from logdojo.store.collecting import syslog
from logdojo.store.collecting.framing import Deframer
from logdojo.store.collecting.syslog import Received, SyslogSocket

MESSAGE = st.binary(min_size=1, max_size=40).filter(
    lambda text: text.strip(b"\r\n\0") == text and not text[:1].isdigit() and b"\n" not in text and b"\0" not in text
)


def fed(data: bytes, cuts: list[int], *, most: int = 1_000) -> list[bytes]:
    """Return the messages of a stream that arrives in pieces."""
    deframer = Deframer(most)
    found: list[bytes] = []
    last = 0
    for cut in [*sorted(cuts), len(data)]:
        found += deframer.feed(data[last:cut])
        last = max(last, cut)
    return found + deframer.finish()


@given(st.lists(st.tuples(MESSAGE, st.booleans())), st.lists(st.integers(0, 400), max_size=10))
def test_frames_come_out_whatever_the_pieces(messages: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    """Counted messages and lines, mixed, are the same however the network cuts them."""
    data = b"".join(b"%d %b" % (len(text), text) if counted else text + b"\n" for text, counted in messages)
    assert fed(data, [min(cut, len(data)) for cut in cuts]) == [text for text, _ in messages]


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=10))
def test_any_bytes_make_bounded_messages(data: bytes, cuts: list[int]) -> None:
    """Whatever is sent, nothing is raised, and no message is longer than the limit and one byte."""
    found = fed(data, [min(cut, len(data)) for cut in cuts], most=20)
    assert all(0 < len(message) <= 21 for message in found)


def test_a_message_without_end_is_cut() -> None:
    """A message beyond the limit is cut just past it, its rest is skipped, and the next one is whole."""
    assert fed(b"<1>" + b"x" * 5_000 + b"\n<2>next\n", list(range(0, 5_000, 7)), most=100) == [
        b"<1>" + b"x" * 98,
        b"<2>next",
    ]
    assert fed(b"5000 " + b"x" * 5_000 + b"7 <2>next", [1_000], most=100) == [b"x" * 101, b"<2>next"]
    deframer = Deframer(100)
    for _ in range(1_000):
        deframer.feed(b"y" * 1_000)
    assert len(deframer._have) <= 1_101


def test_lengths_that_are_none() -> None:
    """A line that begins with digits and no space after them is a line; a NUL ends one too."""
    assert fed(b"2026-11-24 line\nnext\0last", []) == [b"2026-11-24 line", b"next", b"last"]


@pytest.fixture
def receiver() -> Iterator[SyslogSocket]:
    """A socket on free ports."""
    made = SyslogSocket(udp=0, tcp=0, max_bytes=1_000)
    yield made
    made.close()


def taken(receiver: SyslogSocket, count: int) -> list[Received]:
    """Return the next messages, once so many have come."""
    found: list[Received] = []
    _wait(lambda: len(found) >= count or bool(found.extend(receiver.take(100))) or len(found) >= count)
    return found


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_messages_over_both_ways(receiver: SyslogSocket) -> None:
    """Datagrams and both frames arrive with their sender, each with a number of its own."""
    with socket.create_connection(("127.0.0.1", receiver.tcp_port or 0)) as link:
        link.sendall(b"<34>one\n7 <34>two<34>three")
        me = "{}:{}".format(*link.getsockname())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<34>four\n", ("127.0.0.1", receiver.udp_port or 0))
        sender.sendto(b"<34>" + b"z" * 5_000, ("127.0.0.1", receiver.udp_port or 0))
    found = taken(receiver, 5)
    assert {each.text for each in found} == {b"<34>one", b"<34>two", b"<34>three", b"<34>four", b"<34>" + b"z" * 997}
    assert {each.transport for each in found} == {"udp", "tcp"}
    assert {each.address for each in found if each.transport == "tcp"} == {me}
    assert len({each.number for each in found}) == 5


def test_only_this_machine_is_heard(receiver: SyslogSocket) -> None:
    """Without a word from the operator it listens at the loopback address alone."""
    names = [key.fileobj.getsockname()[0] for key in receiver._selector.get_map().values()]  # type: ignore[union-attr]
    assert names == ["127.0.0.1", "127.0.0.1"]


def test_a_full_queue_drops_datagrams_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes over UDP while nobody takes is dropped and counted; TCP waits and arrives whole."""
    monkeypatch.setattr(syslog, "_WAITING", 10)
    receiver = SyslogSocket(udp=0, tcp=0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(30):
            sender.sendto(b"<34>%d" % number, ("127.0.0.1", receiver.udp_port or 0))
    _wait(lambda: receiver.dropped == 20)
    assert len(receiver.take(100)) == 10
    with socket.create_connection(("127.0.0.1", receiver.tcp_port or 0)) as link:
        link.sendall(b"".join(b"<34>%d\n" % number for number in range(100)))
        assert [each.text for each in taken(receiver, 100)] == [b"<34>%d" % number for number in range(100)]
    receiver.close()
    assert receiver.dropped == 20


def test_a_port_that_is_taken_is_told(receiver: SyslogSocket) -> None:
    """The message names address and port; a host name is no address."""
    with pytest.raises(InputError, match=f"port {receiver.tcp_port}"):
        SyslogSocket(tcp=receiver.tcp_port)
    with pytest.raises(UsageError, match="localhost"):
        SyslogSocket("localhost", tcp=0)
