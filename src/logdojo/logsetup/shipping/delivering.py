"""Bring a batch to its last line, whatever happens on the way, and note that it is done.

The order of steps is what makes it safe to kill at any moment: send, wait for the acknowledgement, put what is refused
among the dead letters, and only then note how far it came.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.shipping.cursor import Cursor, save
from logdojo.logsetup.shipping.dead_letters import DeadLetters
from logdojo.logsetup.shipping.delivery import Backoff, Outcome, Sink, Wait
from logdojo.logsetup.shipping.follow import Batch, Follower
from logdojo.logsetup.shipping.reading import Line, is_json

_log: Final = logging.getLogger("logdojo.logsetup.shipping")
_OWN: Final = b'"logdojo.logsetup.shipping"'
_MENDED_WITHIN_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Counters:
    """What a shipper has done since it was made.

    Args:
        read: lines taken from the log.
        accepted: lines that the other side has.
        duplicates: how many of those it had before we sent them (once more).
        retried: lines that were sent again.
        dead: lines among the dead letters.
    """

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    retried: int = 0
    dead: int = 0


class Delivery:
    """Deliver batches to one sink and keep count.

    Its own messages may well land in the log it ships. So it tells of an outage once and not of each try, and never
    because of lines that are messages of its own: else one would bring forth the next.

    Args:
        sink: where the lines go.
        cursor_path: where the place is noted.
        dead_letters: where refused lines go.
        backoff: how long to wait between tries.
        patience: seconds without any progress after which it gives up; None never does.
    """

    def __init__(
        self,
        sink: Sink,
        cursor_path: Path,
        dead_letters: DeadLetters,
        *,
        backoff: Backoff,
        patience: float | None,
    ) -> None:
        self.counters = Counters()
        self.noted: Cursor | None = None
        """The place that the cursor file has."""
        self._sink = sink
        self._cursor_path = cursor_path
        self._dead_letters = dead_letters
        self._backoff = backoff
        self._patience = patience
        self._told_down = False

    def deliver(self, batch: Batch, follower: Follower, *, wait: Wait) -> bool:
        """Deliver a batch to its last line and note the place; return False when told to stop before that.

        Raises:
            RefusedError: the other side takes nothing.
            InputError: the patience is at its end.
        """
        again = tuple(line for line in batch.lines if not line.fault)
        outcome = Outcome(dead=tuple((line, line.fault) for line in batch.lines if line.fault))
        quiet = all(_is_own(line) for line in batch.lines)
        failures, last_progress = 0, time.monotonic()
        self._count(read=len(batch.lines))
        while True:
            outcome += self._sink.send(again, wait=wait) if again else Outcome()
            mended = self._bury(outcome, follower, wait)
            if mended is None:
                return False
            self._count(accepted=outcome.accepted, duplicates=outcome.duplicates)
            again = outcome.again + mended
            if not again:
                break
            self._count(retried=len(again))
            if outcome.accepted or outcome.dead:
                failures, last_progress = 0, time.monotonic()
            if outcome.again:
                failures += 1
                self._give_up(last_progress, outcome.reason)
                if failures > 1 and not quiet:
                    self._tell_down(outcome.reason)
                if wait(self._backoff.seconds(failures, asked=outcome.retry_after)):
                    return False
            outcome = Outcome()
        self._tell_up()
        return self.note(follower.cursor(), wait=wait)

    def note(self, cursor: Cursor, *, wait: Wait) -> bool:
        """Write the place down unless it stands there; return False when told to stop before that worked."""
        if cursor != self.noted and (cursor.positions or cursor.after):
            if not self._insist(lambda: save(self._cursor_path, cursor), wait):
                return False
            self.noted = cursor
        return True

    def _bury(self, outcome: Outcome, follower: Follower, wait: Wait) -> tuple[Line, ...] | None:
        """Put refused lines among the dead letters; return those that are mended by now, or None when told to stop."""
        dead = outcome.dead
        mended: tuple[Line, ...] = ()
        broken = [line for line, _ in dead if not line.fault and not is_json(line.text)]
        if broken:
            # A line cut short is blanked by its writer, or by the next one that opens the file; give it that moment.
            if wait(_MENDED_WITHIN_SECONDS):
                return None
            now = {line.id: follower.look_again(line) for line in broken}
            changed = {line.id for line in broken if now[line.id] != [line]}
            mended = tuple(line for name in changed for line in now[name])
            dead = tuple(each for each in dead if each[0].id not in changed)
        if dead and not self._insist(lambda: self._dead_letters.add(dead), wait):
            return None
        self._count(dead=len(dead))
        foreign = [reason for line, reason in dead if not _is_own(line)]
        if foreign:
            where = self._dead_letters.path
            _log.warning("%d events refused by %s, now in %s: %s", len(foreign), self._sink.name, where, foreign[0])
        return mended

    def _insist(self, action: Callable[[], None], wait: Wait) -> bool:
        """Do what a full disk may refuse, until it works; return False when told to stop before that."""
        failures, since = 0, time.monotonic()
        while True:
            try:
                action()
            except OSError as error:
                failures += 1
                self._give_up(since, str(error))
                self._tell_down(str(error))
                if wait(self._backoff.seconds(failures)):
                    return False
            else:
                return True

    def _give_up(self, since: float, reason: str) -> None:
        if self._patience is not None and time.monotonic() - since > self._patience:
            raise InputError(f"{reason}: given up for now", hint="nothing is lost; the next run goes on at this place")

    def _tell_down(self, reason: str) -> None:
        if not self._told_down:
            self._told_down = True
            _log.warning("shipping to %s is held up, and goes on trying: %s", self._sink.name, reason)

    def _tell_up(self) -> None:
        if self._told_down:
            self._told_down = False
            _log.info("shipping to %s goes on", self._sink.name)

    def _count(self, **more: int) -> None:
        now = self.counters
        self.counters = replace(now, **{name: getattr(now, name) + count for name, count in more.items()})


def _is_own(line: Line) -> bool:
    return _OWN in line.text
