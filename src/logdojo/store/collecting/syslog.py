"""A syslog socket: messages over UDP and TCP into a queue of bounded length.

What can be lost: over UDP whatever the network or a full queue drops (the latter is counted); and over both ways the
messages that wait here when this process is killed, since syslog knows no acknowledgement. A full queue makes TCP
senders wait instead.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import queue
import secrets
import selectors
import socket
import threading
import time
from dataclasses import dataclass
from typing import Final

from logdojo.errors import InputError, UsageError
from logdojo.store.collecting.framing import Deframer

_MOST_CONNECTIONS: Final = 256
_WAITING: Final = 20_000
_READ_BYTES: Final = 65_536
_DATAGRAM_BYTES: Final = 65_535
_KERNEL_BYTES: Final = 4 * 1024 * 1024
_IDLE_SECONDS: Final = 600.0
_TICK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Received:
    """One message.

    Args:
        text: as it was sent, without its frame.
        number: counts the messages of this run, from 0.
        transport: ``udp`` or ``tcp``.
        address: who sent it.
    """

    text: bytes
    number: int
    transport: str
    address: str


class SyslogSocket:
    """Listen in a thread of its own until closed.

    Args:
        host: address to listen at; nobody but this machine reaches 127.0.0.1.
        udp: port, 0 for any that is free, None for no UDP.
        tcp: the same for TCP.
        max_bytes: longest message; see ``Deframer``.

    Raises:
        UsageError: the host is no address.
        InputError: a port cannot be listened at.
    """

    def __init__(
        self, host: str = "127.0.0.1", *, udp: int | None = None, tcp: int | None = None, max_bytes: int = 262_144
    ) -> None:
        self.run = secrets.token_hex(10)
        """Names this run among all; part of each message's place."""
        self.dropped = 0
        """Messages that came over UDP while the queue was full, and connections beyond the most that are allowed."""
        self._max_bytes = max_bytes
        self._queue: queue.Queue[Received] = queue.Queue(_WAITING)
        self._numbers = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._connections: dict[socket.socket, _Connection] = {}
        self._stop = threading.Event()
        try:
            family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        except ValueError as error:
            raise UsageError(f"{host}: no IP address to listen at", hint="name one, such as 127.0.0.1") from error
        try:
            self.udp_port = self._listen(host, udp, family, socket.SOCK_DGRAM)
            self.tcp_port = self._listen(host, tcp, family, socket.SOCK_STREAM)
        except BaseException:
            self._close_all()
            raise
        self._thread = threading.Thread(target=self._serve, name="syslog socket", daemon=True)
        self._thread.start()

    def take(self, most: int) -> list[Received]:
        """Return the messages that wait, at most so many; none when there are none now."""
        found: list[Received] = []
        with contextlib.suppress(queue.Empty):
            while len(found) < most:
                found.append(self._queue.get_nowait())
        return found

    def close(self) -> None:
        """Stop listening; what waits can still be taken. A second call does nothing."""
        self._stop.set()
        self._thread.join()

    def _listen(self, host: str, port: int | None, family: int, kind: int) -> int | None:
        if port is None:
            return None
        listener = socket.socket(family, kind)
        try:
            if kind == socket.SOCK_STREAM:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            else:
                with contextlib.suppress(OSError):
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BYTES)
            listener.bind((host, port))
            if kind == socket.SOCK_STREAM:
                listener.listen(_MOST_CONNECTIONS)
        except OSError as error:
            listener.close()
            raise InputError(
                f"{host} port {port}: cannot listen ({error.strerror})", hint="name a free port above 1023"
            ) from error
        listener.settimeout(0)
        name = "udp" if kind == socket.SOCK_DGRAM else "tcp"
        self._selector.register(listener, selectors.EVENT_READ, name)
        return int(listener.getsockname()[1])

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                for key, _ in self._selector.select(_TICK_SECONDS):
                    assert isinstance(key.fileobj, socket.socket)
                    if key.data == "udp":
                        self._read_datagrams(key.fileobj)
                    elif key.data == "tcp":
                        self._accept(key.fileobj)
                    else:
                        self._read(key.fileobj)
                self._drop_idle()
        finally:
            self._close_all()

    def _read_datagrams(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            for _ in range(1_000):
                data, address = listener.recvfrom(_DATAGRAM_BYTES)
                text = data.rstrip(b"\r\n\0")[: self._max_bytes + 1]
                if text:
                    self._put(text, "udp", address, wait=False)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            link, address = listener.accept()
            if len(self._connections) >= _MOST_CONNECTIONS:
                self.dropped += 1
                link.close()
                return
            link.settimeout(0)
            self._connections[link] = _Connection(Deframer(self._max_bytes), address)
            self._selector.register(link, selectors.EVENT_READ, "link")

    def _read(self, link: socket.socket) -> None:
        connection = self._connections[link]
        try:
            data = link.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.heard = time.monotonic()
        messages = connection.deframer.feed(data) if data else connection.deframer.finish()
        for message in messages:
            self._put(message, "tcp", connection.address, wait=True)
        if not data:
            self._end(link)

    def _put(self, text: bytes, transport: str, address: tuple[str, int], *, wait: bool) -> None:
        message = Received(text, next(self._numbers), transport, f"{address[0]}:{address[1]}")
        while True:
            try:
                self._queue.put(message, timeout=_TICK_SECONDS if wait else None, block=wait)
            except queue.Full:
                if wait and not self._stop.is_set():
                    continue
                self.dropped += 1
            return

    def _drop_idle(self) -> None:
        now = time.monotonic()
        for link in [link for link, each in self._connections.items() if now - each.heard > _IDLE_SECONDS]:
            self._end(link)

    def _end(self, link: socket.socket) -> None:
        self._connections.pop(link, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(link)
        link.close()

    def _close_all(self) -> None:
        for key in list(self._selector.get_map().values() if self._selector.get_map() else []):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()


class _Connection:
    """One sender over TCP."""

    __slots__ = ("address", "deframer", "heard")

    def __init__(self, deframer: Deframer, address: tuple[str, int]) -> None:
        self.deframer = deframer
        self.address = address
        self.heard = time.monotonic()
