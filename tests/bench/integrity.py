"""What integrity costs: the link of a record, sealing it in the background, and verifying it.

    python -m tests.bench.integrity

CPU time of one process and one core, the best of several rounds; lines of about 300 bytes before the link.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from logdojo.logsetup.integrity import Chain, Sealer, verify
from logdojo.logsetup.integrity.keys import new_signing_key

RECORDS = 200_000
ROUNDS = 5
LINE = (
    b'{"@timestamp":"2026-11-24T13:56:00.123Z","log.level":"info","log.logger":"shop.payment","message":"order 17 paid '
    b'by card","ecs.version":"8.17.0","process.pid":4711,"process.thread.name":"MainThread","log.origin.file.name":'
    b'"payment.py","log.origin.file.line":42,"log.origin.function":"pay","user.id":"ada"}'
)


def _best(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """CPU seconds of the fastest of several rounds."""
    found = []
    for _ in range(ROUNDS):
        before()
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def chain_micros() -> float:
    """Return the CPU time of one link, in microseconds, less the loop around it."""
    link, loop = Chain().link, range(RECORDS)

    def linked() -> None:
        for _ in loop:
            link(LINE)

    def empty() -> None:
        for _ in loop:
            pass

    return (_best(linked) - _best(empty)) / RECORDS * 1e6


def main() -> None:
    """Print the figures."""
    print(f"lines of {len(LINE)} bytes, {len(Chain().link(LINE))} with their link")
    print(f"chain: {chain_micros():.2f} µs CPU a record (goal: at most 1.5)")
    key = new_signing_key()
    with tempfile.TemporaryDirectory() as folder:
        for writers in (1, 4):
            log = Path(folder) / f"by{writers}.jsonl"
            chains = [Chain() for _ in range(writers)]
            log.write_bytes(b"".join(chains[i % writers].link(LINE) + b"\n" for i in range(RECORDS)))
            ledger = log.with_name(log.name + ".seals")

            def seal(log: Path = log) -> None:
                assert Sealer(log, key).checkpoint() == RECORDS

            def check(log: Path = log) -> None:
                report = verify(log, [key.public])
                assert report.intact
                assert report.records == RECORDS

            sealing = _best(seal, lambda ledger=ledger: ledger.unlink(missing_ok=True))
            print(f"{writers} writer(s): seal {sealing / RECORDS * 1e6:.2f} µs CPU a record, in the background")
            print(f"{writers} writer(s): verify {RECORDS / _best(check):,.0f} records/s (goal: at least 500,000)")
        archive = log.with_name(f"{log.name}.20261124T135600.123456Z.gz")
        archive.write_bytes(gzip.compress(log.read_bytes(), 6))
        log.unlink()
        print(f"compressed: verify {RECORDS / _best(check):,.0f} records/s")
        small = Path(folder) / "small.jsonl"
        chain, sealer = Chain(), Sealer(small, key, sync=False)
        with small.open("ab", buffering=0) as file:
            start = time.process_time()
            for _ in range(500):
                file.write(chain.link(LINE) + b"\n")
                sealer.checkpoint()
            micros = (time.process_time() - start) / 500 * 1e6
            print(f"checkpoint of one record: {micros:,.0f} µs CPU, disk not waited for")


if __name__ == "__main__":
    main()
