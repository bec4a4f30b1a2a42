"""Start collectors quickly, to be killed: a process that has imported everything, and forks one for each line it reads.

A line is a JSON object: logs, file, state, and whether it dies right after its first append. The answer is the pid.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import duckdb  # noqa: F401  # imported once, before the forks
import numpy  # noqa: F401, ICN001  # the same
import pyarrow  # noqa: F401, ICN001  # the same

from logdojo.parse import parse_line
from logdojo.store import Appended, Batch, DuckDbStore
from logdojo.store.collecting import Collector


class DiesAfterAppend(DuckDbStore):
    """A store whose process dies at the worst moment: the events are there, and their place is not noted yet."""

    def append(self, batch: Batch) -> Appended:
        """Append and die."""
        super().append(batch)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def collect(logs: str, file: str, state: str, *, dies: bool) -> None:
    """Follow the logs until killed."""
    kind = DiesAfterAppend if dies else DuckDbStore
    collector = Collector([Path(logs)], lambda: kind(Path(file), wait=30), Path(state), batch=100)
    collector.run(threading.Event())


def main() -> None:
    """Fork for each line of standard input."""
    parse_line("warm")
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            collect(**json.loads(line))
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main()
