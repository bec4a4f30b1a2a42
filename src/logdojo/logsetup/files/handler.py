"""The handler of ``logging`` that writes a log file: nothing it has taken is lost, and nothing it does raises.

Accepted is what ``handle`` has returned from. It is written, or counted as dropped and reported in the log itself when
writing works again; ``counts`` gives both numbers at any time.
"""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from logdojo.logsetup.encoding import LineEncoder
from logdojo.logsetup.files import locks
from logdojo.logsetup.files.appending import Appender
from logdojo.logsetup.files.outage import Complaints, Outage
from logdojo.logsetup.files.rotation import Rotation
from logdojo.logsetup.files.upkeep import Upkeep

_LOOK_SECONDS: Final = 1.0
_BLOCK_STEP_SECONDS: Final = 0.05


class Links(Protocol):
    """What a handler needs of a hash chain; ``logdojo.logsetup.integrity.Chain`` is one."""

    def link(self, line: bytes) -> bytes:
        """Return the line with its link to the one before."""

    def undo(self) -> None:
        """Take back the last link: its line was not written."""

    def restart(self) -> None:
        """Begin a chain of its own."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the records that a handler has accepted.

    Args:
        written: records in the file.
        dropped: records that could not be written.
        withheld: records of ``written`` of which only the place is told, since a filter or a formatter failed.
    """

    written: int
    dropped: int
    withheld: int


class LogFileHandler(logging.Handler):
    """Append each record to a file as one line.

    Args:
        path: the live file; its folder must exist.
        mode: permission bits of all files, kept under any umask and through rotation.
        rotation: when a new file begins; by default never.
        chain: links each line to the one before; None writes lines as they are.
        upkeep: tends archives; None makes one that only mends them.
        when_full: ``drop`` counts and goes on; ``block`` waits up to ``block_seconds`` for space first.
        block_seconds: longest wait of one call, in seconds.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: int = 0o640,
        rotation: Rotation | None = None,
        chain: Links | None = None,
        upkeep: Upkeep | None = None,
        when_full: Literal["drop", "block"] = "drop",
        block_seconds: float = 30.0,
    ) -> None:
        super().__init__()
        self.path = Path(path).absolute()
        self.rotation = rotation or Rotation()
        self.when_full = when_full
        self.block_seconds = block_seconds
        self._chain = chain
        self._complaints = Complaints()
        self.upkeep = upkeep or Upkeep(self.path)
        self.upkeep.complain = self._complaints.say
        self._fallback = LineEncoder()
        self._line: Callable[[logging.LogRecord], bytes] = self._fallback.line
        self._outage: Outage | None = None
        self._written = self._dropped = self._withheld = 0
        self._inside = self._interrupted = self._looking = False
        self._forked = self._closed_for_good = False
        self._file = Appender(self.path, mode)
        self._append = self._file.append if chain is None else self._append_linked
        self._room = 0
        self._from, self._until = 0.0, 0.0
        if self.upkeep.busy:
            self.upkeep.poke()
        _remember(self)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802  # logging's own name
        """Take the formatter that makes the lines; one with a method ``line`` gives bytes, any other gives text."""
        super().setFormatter(fmt)
        line = getattr(fmt, "line", None)
        self._line = line if callable(line) else (self._text_line if fmt is not None else self._fallback.line)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record, unless a filter refuses it; never raises what a filter, a formatter or the disk raises."""
        try:
            if self.filters:
                kept = self.filter(record)
                if not kept:
                    return False
                # From Python 3.12 on a filter may give another record.
                record = record if kept is True else kept
            line = self._line(record)
        except Exception as error:  # noqa: BLE001
            record, line = self._withhold(record, error)
        with self.lock:  # type: ignore[union-attr]  # made by Handler.__init__
            try:
                created = record.created
                if self._room <= 0 or not self._from <= created < self._until:
                    self._look(created)
                if self._outage is not None:
                    self._resume()
                self._room -= self._append(line)
            # Mostly the disk's; but a record's time may be no number, or a formatter's line no bytes.
            except Exception as error:  # noqa: BLE001
                self._refused(line, error)
            else:
                self._written += 1
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record that has passed the filters."""
        self.handle(record)

    def counts(self) -> Counts:
        """Return what became of the records so far."""
        return Counts(self._written, self._dropped, self._withheld)

    def sync(self) -> None:
        """Wait until the disk has what was written: after a loss of power, it is still there."""
        with self.lock:  # type: ignore[union-attr]  # made by Handler.__init__
            self._file.sync()

    def close(self) -> None:
        """Report what was dropped, close the file, and let upkeep do its last round; a second call does nothing."""
        with self.lock:  # type: ignore[union-attr]  # made by Handler.__init__
            ended, self._closed_for_good = self._closed_for_good, True
            if not ended:
                self._say_goodbye()
        # Without the lock: a step of upkeep may log, and would wait for it while it is waited for.
        if not ended and not self._forked:
            self.upkeep.stop()
        super().close()

    def _append_linked(self, line: bytes) -> int:
        """Append a line with its link; one that could not be written leaves no gap in the chain.

        Raises:
            OSError: nothing of it is in the file.
        """
        chain = self._chain
        assert chain is not None
        if self._inside:
            # A signal's handler logs while this thread is between link and write: it gets a chain of its own, and may
            # be interrupted by another one likewise.
            chain.restart()
            self._inside = False
            try:
                return self._append_linked(line)
            finally:
                self._inside = self._interrupted = True
        self._inside = True
        try:
            linked = chain.link(line)
            while self._interrupted:
                # It came in the middle of the link.
                self._interrupted = False
                chain.restart()
                linked = chain.link(line)
            return self._file.append(linked)
        except OSError:
            if self._interrupted:
                chain.restart()
            else:
                chain.undo()
            raise
        except BaseException:
            # Nobody can say whether the line was written, so no later one may claim to follow it.
            chain.restart()
            raise
        finally:
            self._inside = self._interrupted = False

    def _refused(self, line: bytes, error: Exception) -> None:
        """Count a record that could not be written, after waiting for space where that is wished; say so once."""
        if self.when_full == "block" and isinstance(error, OSError) and self._waited(line):
            self._written += 1
            return
        if self._outage is None:
            reason = error.strerror if isinstance(error, OSError) else None
            reason = "the log is closed" if self._closed_for_good else reason or type(error).__name__
            self._outage = Outage(reason, time.time(), time.time())
            self._complaints.say(f"{self.path}: {reason}; records are counted and dropped until it is over")
        self._outage.add(time.time())
        self._dropped += 1

    def _waited(self, line: bytes) -> bool:
        """Wait until a line can be written, at most ``block_seconds``; return whether it was."""
        until = time.monotonic() + self.block_seconds
        while not self._closed_for_good and time.monotonic() < until:
            time.sleep(_BLOCK_STEP_SECONDS)
            try:
                if self._outage is not None:
                    self._resume()
                self._append(line)
            except OSError:
                continue
            return True
        return False

    def _resume(self) -> None:
        """End an outage by reporting it.

        Raises:
            OSError: it goes on.
        """
        outage = self._outage
        assert outage is not None
        # Taken away first: a signal's handler that logs meanwhile must not report it once more.
        self._outage = None
        try:
            self._append(self._notice(outage))
        except BaseException:
            self._outage = outage if self._outage is None else outage.joined(self._outage)
            raise

    def _notice(self, outage: Outage) -> bytes:
        message, extras = outage.told()
        notice = logging.LogRecord("logdojo.logsetup", logging.WARNING, __file__, 0, message, (), None, "handle")
        vars(notice).update(extras)
        return self._fallback.line(notice)

    def _say_goodbye(self) -> None:
        """Report what was dropped, and close the file."""
        if self._outage is not None:
            dropped, reason = self._outage.dropped, self._outage.reason
            try:
                self._resume()
            except OSError:
                self._complaints.say(f"{self.path}: {dropped} records dropped: {reason}", last=True)
        self._file.close()

    def _look(self, now: float) -> None:
        """See to what does not come with every record: a fork, a rotation by us or by others, the next look."""
        # While this thread rotates, a signal's handler may log: it writes to what is open.
        if self._looking or self._closed_for_good:
            return
        file, self._looking = self._file, True
        try:
            if self._forked:
                file.reopen()
                self._forked = False
                if self.upkeep.busy:
                    self.upkeep.poke()
            if self.rotation.is_due(file, now):
                self.rotation.rotate(file, now)
                self.upkeep.poke()
            elif not file.in_place():
                file.reopen()
                self.upkeep.poke()
            self._room = self.rotation.room(file.size())
        except OSError as error:
            if file.fd < 0:
                # A child process with no file yet.
                raise
            self._complaints.say(f"{self.path}: no new file could be begun ({error.strerror}); the old one goes on")
            self._room = 65_536
        finally:
            self._looking = False
        self._from, self._until = now - _LOOK_SECONDS, min(now + _LOOK_SECONDS, self.rotation.ends(now))

    def _withhold(self, record: logging.LogRecord, error: Exception) -> tuple[logging.LogRecord, bytes]:
        """Return a record, and its line, that tell where one came from and nothing it said: secrets may be in it."""
        self._withheld += 1
        self._complaints.say(
            f"{self.path}: a filter or formatter failed ({type(error).__name__}); its record is withheld"
        )
        # A filter may have broken the record itself: only what is surely of the right type is told.
        known = vars(record)
        name, path, function = (
            value if type(value := known.get(each)) is str else "?" for each in ("name", "pathname", "funcName")
        )
        line_number = value if type(value := known.get("lineno")) is int else 0
        message = "record withheld: a filter or a formatter failed"
        told = logging.LogRecord(name, logging.ERROR, path, line_number, message, (), None, function)
        vars(told).update({"event.kind": "pipeline_error", "error.type": type(error).__name__})
        return told, self._fallback.line(told)

    def _text_line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).replace("\n", "\\n").encode("utf-8", "backslashreplace")

    def _after_fork(self) -> None:
        """In a child process: the open file, the chain and the thread are the parent's."""
        self._file.after_fork()
        self._forked, self._room = True, 0
        self._inside = self._interrupted = self._looking = False
        if self._chain is not None:
            self._chain.restart()
        self._written = self._dropped = self._withheld = 0
        self._outage = None
        self.upkeep.after_fork()


_alive: weakref.WeakSet[LogFileHandler] = weakref.WeakSet()
_watching: list[bool] = []


def _remember(handler: LogFileHandler) -> None:
    """Tell the handler when the process has been forked."""
    _alive.add(handler)
    # Once a process, and not at import: whoever only imports this has nothing to look after.
    if not _watching and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_tell_all)
        _watching.append(True)


def _tell_all() -> None:
    locks.after_fork()
    for handler in list(_alive):
        handler._after_fork()  # noqa: SLF001
