"""Follow a log and deliver it: in a thread beside the application, or in a process of its own.

This module is about the life of a shipper: thread, lock, fork, stop. What happens to a batch stands in ``delivering``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import weakref
from pathlib import Path
from typing import Final

from logdojo.errors import InputError, LogdojoError
from logdojo.logsetup.files.archives import Decrypt, Segment
from logdojo.logsetup.shipping.cursor import load, state_path
from logdojo.logsetup.shipping.dead_letters import DeadLetters
from logdojo.logsetup.shipping.delivering import Counters, Delivery
from logdojo.logsetup.shipping.delivery import Backoff, Sink, Wait
from logdojo.logsetup.shipping.follow import BATCH_BYTES, BATCH_RECORDS, Follower
from logdojo.logsetup.shipping.locks import Holding

_log: Final = logging.getLogger("logdojo.logsetup.shipping")
_DEFAULT_MODE: Final = 0o640

_shippers: weakref.WeakSet[Shipper] = weakref.WeakSet()


class Shipper:
    """Ship one log to one sink.

    At most one shipper a log and sink is at work, over all processes; another one stands by and takes over when the
    first one ends. A child process does not ship what its parent ships.

    Args:
        log: the live file; it need not exist yet, its folder must.
        sink: where the lines go.
        state_dir: folder of the cursor and the dead letters; that of the log when not given.
        batch_records: at most so many lines a batch.
        batch_bytes: at most so many bytes a batch; memory stays within a few times this.
        decrypt: opens encrypted archives.
        backoff: how long to wait between tries.
        poll: seconds between two looks at a log in which nothing is new.
        patience: seconds without any progress after which ``run_once`` gives up; None never does.
    """

    def __init__(
        self,
        log: Path,
        sink: Sink,
        *,
        state_dir: Path | None = None,
        batch_records: int = BATCH_RECORDS,
        batch_bytes: int = BATCH_BYTES,
        decrypt: Decrypt | None = None,
        backoff: Backoff | None = None,
        poll: float = 0.2,
        patience: float | None = None,
    ) -> None:
        self.log = Path(log)
        self.sink = sink
        self.cursor_path = state_path(self.log, "cursor", sink.name, state_dir=state_dir)
        self.dead_letters_path = state_path(self.log, "dead", sink.name, state_dir=state_dir)
        self.failure: LogdojoError | None = None
        """What has ended the background thread; None while all is well."""
        self._batch_records = batch_records
        self._batch_bytes = batch_bytes
        self._decrypt = decrypt
        self._backoff = backoff or Backoff()
        self._poll = poll
        self._holding = Holding(state_path(self.log, "lock", sink.name, state_dir=state_dir))
        self._delivery = Delivery(
            sink,
            self.cursor_path,
            DeadLetters(self.dead_letters_path, mode=_mode_of(self.log)),
            backoff=self._backoff,
            patience=patience,
        )
        self._follower: Follower | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        _shippers.add(self)

    @property
    def counters(self) -> Counters:
        """What was done so far; a value that does not change any more."""
        return self._delivery.counters

    def run_once(self) -> Counters:
        """Ship all whole lines that are there now.

        Raises:
            InputError: another shipper is at work, the other side refuses us or does not answer within ``patience``, or
                a file is damaged. Nothing is lost: the next run goes on at the same place.
        """
        if not self._hold():
            raise InputError(
                f"{self.log}: another shipper ships it to {self.sink.name}", hint="stop that one, or let it do the work"
            )
        try:
            self._drain(_sleep)
        finally:
            self._let_go()
        return self._delivery.counters

    def run(self, stop: threading.Event) -> None:
        """Ship until ``stop`` is set; the batch that is under way is finished first if the other side answers.

        Raises:
            InputError: the other side refuses us, or a file is damaged.
        """
        try:
            while not stop.is_set():
                if self._hold():
                    self._drain(stop.wait)
                    stop.wait(self._poll)
                else:
                    stop.wait(max(self._poll, 1.0))
        finally:
            self._let_go()

    def start(self) -> None:
        """Ship in a background thread; a second call does nothing while it runs.

        The thread is a daemon: the end of the program does not wait for the network. What is not shipped by then stands
        in the file and is shipped by the next one.
        """
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop = threading.Event()
        self.failure = None
        self._thread = threading.Thread(target=self._background, args=(self._stop,), name="log shipper", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """Stop the background thread; return whether it has ended within ``timeout`` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def shipped(self, segment: Segment) -> bool:
        """Return whether the sink has all of a segment; retention removes nothing else.

        Raises:
            InputError: the cursor file is damaged.
        """
        cursor = load(self.cursor_path)
        return cursor is not None and cursor.passed(segment)

    def _background(self, stop: threading.Event) -> None:
        failures = 0
        while not stop.is_set():
            try:
                self.run(stop)
            except LogdojoError as error:
                self.failure = error
                _log.error(
                    "shipping to %s has stopped: %s (%s)", self.sink.name, error, error.hint
                )  # no trace of the stack here
                return
            # Whatever it is, a thread that dies in silence would leave the log unshipped for good.
            except Exception:  # noqa: BLE001
                failures += 1
                if failures == 1:
                    _log.exception("shipping to %s stumbled; it goes on from the last noted place", self.sink.name)
                stop.wait(self._backoff.seconds(failures))

    def _drain(self, wait: Wait) -> None:
        """Deliver batch after batch until nothing is left now, or ``wait`` says stop."""
        if self._follower is None:
            cursor = load(self.cursor_path)
            self._follower = Follower(
                self.log,
                cursor,
                batch_records=self._batch_records,
                batch_bytes=self._batch_bytes,
                decrypt=self._decrypt,
            )
            self._delivery.noted = cursor
        while batch := self._follower.next():
            if not self._delivery.deliver(batch, self._follower, wait=wait):
                self._let_go()
                return
            if wait(0):
                return
        self._delivery.note(self._follower.cursor(), wait=wait)

    def _hold(self) -> bool:
        try:
            return self._holding.take()
        except OSError as error:
            raise InputError(
                f"{self._holding.path}: {error.strerror}", hint="name a state folder that exists and can be written to"
            ) from error

    def _let_go(self) -> None:
        """Close everything and give the lock back; the durable cursor is what counts from here on."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.close()
        self.sink.forget()
        self._holding.release()

    def _after_fork(self) -> None:
        self._thread = None
        self._stop = threading.Event()
        self._let_go()


def _sleep(seconds: float) -> bool:
    if seconds > 0:
        time.sleep(seconds)
    return False


def _mode_of(log: Path) -> int:
    try:
        return log.stat().st_mode & 0o666
    except OSError:
        return _DEFAULT_MODE


def _forget_in_child() -> None:
    for shipper in list(_shippers):
        # A child that cannot close a descriptor must still live.
        with contextlib.suppress(Exception):
            shipper._after_fork()  # noqa: SLF001  # the class's own module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
