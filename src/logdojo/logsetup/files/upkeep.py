"""What happens to archives in the background: mended, sealed, compressed, encrypted, removed when their time is over.

One thread a log, which starts when there is first something to do. It touches an archive only when no process writes to
it any more, so it may have to come back. Several processes may tend one log: each step is taken under the archive's
lock, and a step that was done is not done again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from logdojo.logsetup.files.archives import Segment, left_over, segments
from logdojo.logsetup.files.compressing import compress
from logdojo.logsetup.files.locks import alone
from logdojo.logsetup.files.mending import mend_glued, mend_tail
from logdojo.logsetup.plain import text_of

_SOON_SECONDS: Final = 0.2
_LATER_SECONDS: Final = 1.0
_LOOK_BACK: Final = 8
_PATIENCE_SECONDS: Final = 10.0
_RETENTION_SECONDS: Final = 60.0


class Seals(Protocol):
    """What upkeep needs of a sealer; ``logdojo.logsetup.integrity.Sealer`` is one."""

    def checkpoint(self) -> object:
        """Seal what stands in the live file."""

    def close_archive(self, archive: Path) -> object:
        """Seal an archive for good; a second call does nothing."""


class Upkeep:
    """Tend the archives of one log.

    Args:
        log: the live file.
        compressed: whether archives are compressed.
        sealer: signs checkpoints; None signs nothing.
        encrypt: turns a finished archive into its encrypted form and returns the new path; None leaves it readable.
        retain: removes what is over its time; called after the archives were tended.
        complain: is told in one sentence what went wrong; upkeep goes on.
        checkpoint_seconds: how often the live file is sealed.
    """

    def __init__(
        self,
        log: Path,
        *,
        compressed: bool = False,
        sealer: Seals | None = None,
        encrypt: Callable[[Path], Path] | None = None,
        retain: Callable[[], object] | None = None,
        complain: Callable[[str], None] = lambda _: None,
        checkpoint_seconds: float = 1.0,
    ) -> None:
        self.log = log
        self.compressed = compressed
        self.sealer = sealer
        self.encrypt = encrypt
        self.retain = retain
        self.complain = complain
        self.checkpoint_seconds = checkpoint_seconds
        self.busy = bool(compressed or sealer or encrypt or retain)
        """Whether there may be something to do before the first rotation."""
        self._finished: set[str] = set()
        self._first = True
        self._failed = False
        self._retained = float("-inf")
        self._wanted = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._one = threading.Lock()

    def poke(self) -> None:
        """Say that there is something to do; returns at once."""
        self._wanted.set()
        if self._thread is None and not self._stopping:
            self._thread = threading.Thread(target=self._run, name=f"upkeep of {self.log.name}", daemon=True)
            try:
                self._thread.start()
            # There is no room for one more thread, or the interpreter is about to end: at the next file, then.
            except RuntimeError as error:
                self._thread = None
                self.complain(f"{self.log}: its archives wait ({error})")

    def after_fork(self) -> None:
        """Forget the parent's thread: it does not exist in a child process."""
        self._thread = None
        self._wanted = threading.Event()
        self._one = threading.Lock()

    def stop(self) -> None:
        """Let the thread finish its round, and do the last one here; the log is closed by then."""
        self._stopping = True
        self._wanted.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE_SECONDS)
        if thread is None or not thread.is_alive():
            self._round()
        elif self.sealer is not None:
            # A round that still runs has everything in hand, or hangs in a step of the application's; but the last
            # records came after its checkpoint.
            self._try("seal", self.log, self.sealer.checkpoint)

    def tend(self) -> bool:
        """Do what can be done now; return whether something has to wait for a writer."""
        with self._one:
            if self.sealer is not None:
                self._try("seal", self.log, self.sealer.checkpoint)
            for path in left_over(self.log):
                with alone(path) as fd:
                    if fd is not None:
                        self._try("remove", path, path.unlink)
            archives = [segment for segment in segments(self.log) if not segment.live]
            if self._first:
                self._first = False
                # What is neither to be compressed nor encrypted looks the same before and after; a few are looked at
                # again after each start.
                if not self.compressed and self.encrypt is None:
                    self._finished.update(segment.stamp for segment in archives[:-_LOOK_BACK])
            unfinished = [segment for segment in archives if segment.stamp not in self._finished]
            finished = [self._finish(segment) for segment in unfinished]
            # Ages grow by themselves; sizes and numbers only with a new archive.
            if self.retain is not None and (unfinished or time.monotonic() > self._retained + _RETENTION_SECONDS):
                self._retained = time.monotonic()
                self._try("apply retention to", self.log, self.retain)
            return not all(finished)

    def _finish(self, segment: Segment) -> bool:
        """Bring an archive into its last form; return whether it is in it."""
        path = segment.path
        if not segment.compressed and not segment.encrypted:
            with alone(path) as fd:
                if fd is None:
                    return False
                steps: list[tuple[str, Callable[[], object]]] = [
                    ("mend", lambda: mend_tail(fd, path)),
                    ("mend", lambda: mend_glued(fd, path)),
                ]
                if self.sealer is not None:
                    sealer = self.sealer
                    steps.append(("seal", lambda: sealer.close_archive(path)))
                if not all(self._try(verb, path, step) for verb, step in steps):
                    return False
                if self.compressed:
                    if not self._try("compress", path, lambda: compress(path)):
                        return False
                    path = path.with_name(path.name + ".gz")
        if self.encrypt is not None and not path.name.endswith(".enc"):
            encrypt = self.encrypt
            with alone(path) as fd:
                if fd is None or not self._try("encrypt", path, lambda: encrypt(path)):
                    return False
        self._finished.add(segment.stamp)
        return True

    def _try(self, verb: str, path: Path, step: Callable[[], object]) -> bool:
        try:
            step()
        # A sealer or a rule is the application's choice; whatever it raises, the next archive has its turn.
        except Exception as error:  # noqa: BLE001
            self._failed = True
            self.complain(f"{path}: could not {verb} it ({_told(error)}); it is tried again later")
            return False
        return True

    def _round(self) -> bool:
        try:
            return self.tend()
        # The folder cannot be read, for example.
        except Exception as error:  # noqa: BLE001
            self._failed = True
            self.complain(f"{self.log}: its archives cannot be looked after ({_told(error)})")
            return True

    def _run(self) -> None:
        waiting = False
        while not self._stopping:
            regular = self.checkpoint_seconds if self.sealer is not None else _RETENTION_SECONDS
            # What has failed is not for want of trying: on a full disk each attempt takes space from the log itself.
            soon = _LATER_SECONDS if self._failed else _SOON_SECONDS
            self._wanted.wait(soon if waiting else regular)
            self._wanted.clear()
            if self._stopping:
                return
            self._failed = False
            waiting = self._round()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {text_of(error, 300)}"
