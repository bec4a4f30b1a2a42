"""Several processes that write and seal one log at once, and a verification in the middle of it."""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from logdojo.logsetup.encryption import KeyRing, decrypt_archive
from logdojo.logsetup.files.archives import segments
from logdojo.logsetup.integrity.keys import save_signing_key
from logdojo.logsetup.integrity.verify import verify

_WRITER = """
import os, sys
from pathlib import Path
from logdojo.logsetup.integrity import Chain, Sealer, load_signing_key
log, key, records = Path(sys.argv[1]), load_signing_key(Path(sys.argv[2])), int(sys.argv[3])
chain, sealer = Chain(), Sealer(log, key, sync=False)
fd, held = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640), 0
for number in range(records):
    if number % 7 == 0:
        # As a writer notices a rotation: now and then, so that some records still go to the archive.
        old, fd = fd, os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        os.close(old)
    os.write(fd, chain.link(b'{"message":"record %d of %d"}' % (number, os.getpid())) + b"\\n")
    if number % 11 == 0:
        sealer.checkpoint()
"""


def test_processes_write_seal_and_rotate_at_once(log: Any, tmp_path: Path):
    """Four processes seal the log they write while it is rotated and verified: no false finding, no record unsealed."""
    save_signing_key(tmp_path / "key", log.key)
    command = [sys.executable, "-c", _WRITER, str(log.path), str(tmp_path / "key"), "150"]
    processes = [subprocess.Popen(command) for _ in range(4)]
    rotations = 0
    while any(process.poll() is None for process in processes):
        if log.path.exists() and log.path.stat().st_size > 8_000:
            log.rotate()
            rotations += 1
        if log.ledger.exists() and log.ledger.stat().st_size:
            report = verify(log.path, [log.key.public])
            assert report.findings == (), report.findings
        time.sleep(0.01)
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert rotations > 1
    log.sealer.checkpoint()
    for segment in segments(log.path):
        if not segment.live:
            log.sealer.close_archive(segment.path)
    report = log.verify(require_sealed=True)
    assert report.intact
    assert report.records == 600


_SERVICE = """
import logging, sys
from logdojo.logsetup.assembly import file_handler, json_formatter
handler = file_handler(sys.argv[1], max_bytes=20_000, compress=True, seal_key=sys.argv[2], encryption_keys=sys.argv[3])
handler.upkeep.checkpoint_seconds = 0.02
handler.setFormatter(json_formatter("shop"))
logger = logging.getLogger("shop")
logger.addHandler(handler)
logger.setLevel("INFO")
print("ready", flush=True)
for number in range(int(sys.argv[4])):
    logger.info("order %d paid", number)
handler.close()
"""


def test_handlers_that_rotate_seal_encrypt_and_are_killed(log: Any, tmp_path: Path):
    """The real handler in three processes, one of them killed: what is left is sealed, verifies, and lacks nothing."""
    ring = KeyRing.new()
    ring.create(tmp_path / "ring")
    save_signing_key(tmp_path / "key", log.key)
    words = [sys.executable, "-c", _SERVICE, str(log.path), str(tmp_path / "key"), str(tmp_path / "ring")]
    services = [subprocess.Popen([*words, count], stdout=subprocess.PIPE) for count in ("500", "500", "1000000")]
    for service in services:
        assert service.stdout
        service.stdout.readline()
    time.sleep(0.05)
    services[2].kill()
    for service in services:
        service.communicate()
    assert [service.returncode for service in services] == [0, 0, -9]
    # The next start mends, seals and finishes what the killed one has left.
    subprocess.run([*words, "1"], check=True, stdout=subprocess.DEVNULL)
    decrypt = functools.partial(decrypt_archive, keys=ring)
    report = log.verify(decrypt=decrypt, require_sealed=True)
    assert report.intact, report.findings[:5]
    assert report.records >= 1001
    assert sum(file.file.endswith(".gz.enc") for file in report.files) > 2
