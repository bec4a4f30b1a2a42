"""What happens to archives in the background: mended, sealed, compressed, encrypted, removed when their time is over.

One thread a log, which starts when there is first something to do. It touches an archive only when no process writes to
it any more, so it may have to come back. Several processes may tend one log: each step is taken under the archive's
lock, and a step that was done is not done again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from logdojo.logsetup.files.archives import Segment, left_over, segments
from logdojo.logsetup.files.compressing import compress
from logdojo.logsetup.files.locks import alone
from logdojo.logsetup.files.mending import mend_glued, mend_tail

_SOON_SECONDS: Final = 0.2
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
        self._retained = float("-inf")
        self._wanted = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._one = threading.Lock()

    def poke(self) -> None:
        """Say that there is something to do; returns at once."""
        if self._thread is None and not self._stopping:
            self._thread = threading.Thread(target=self._run, name=f"upkeep of {self.log.name}", daemon=True)
            self._thread.start()
        self._wanted.set()

    def after_fork(self) -> None:
        """Forget the parent's thread: it does not exist in a child process."""
        self._thread = None
        self._wanted = threading.Event()
        self._one = threading.Lock()

    def stop(self) -> None:
        """Let the thread finish its round, and do the last one here; the log is closed by then."""
        self._stopping = True
        self._wanted.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE_SECONDS)
            self._thread = None
        self.tend()

    def tend(self) -> bool:
        """Do what can be done now; return whether something has to wait for a writer."""
        with self._one:
            if self.sealer is not None:
                self._try("seal", self.log, self.sealer.checkpoint)
            for path in left_over(self.log):
                with alone(path) as fd:
                    if fd is not None:
                        path.unlink(missing_ok=True)
            archives = [segment for segment in segments(self.log) if not segment.live]
            # What is neither to be compressed nor encrypted looks the same before and after; a few are looked at again
            # after each start.
            chosen = archives if self.compressed or self.encrypt else archives[-_LOOK_BACK:]
            unfinished = [segment for segment in chosen if segment.stamp not in self._finished]
            waiting = not all([self._finish(segment) for segment in unfinished])
            # Ages grow by themselves; sizes and numbers only with a new archive.
            if self.retain is not None and (unfinished or time.monotonic() > self._retained + _RETENTION_SECONDS):
                self._retained = time.monotonic()
                self._try("apply retention to", self.log, self.retain)
            return waiting

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
            self.complain(f"{path}: could not {verb} it ({type(error).__name__}: {error}); it is tried again later")
            return False
        return True

    def _run(self) -> None:
        waiting = False
        while not self._stopping:
            regular = self.checkpoint_seconds if self.sealer is not None else _RETENTION_SECONDS
            self._wanted.wait(_SOON_SECONDS if waiting else regular)
            self._wanted.clear()
            if self._stopping:
                return
            with contextlib.suppress(OSError):
                waiting = self.tend()
