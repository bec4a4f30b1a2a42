"""Prove that a log is as it was written: a hash chain in the lines, and a ledger of signed checkpoints beside them.

    chain         the link at the end of each line
    scan          many lines at once, fast, yes or no
    keys          Ed25519 keys in files
    ledger        one entry: how it is written, signed and read
    bookkeeping   what a sealer knows of its ledger, and the appending to it
    sealer        signed checkpoints of a growing log
    snapshot      the files at one moment, while the log goes on
    verify        the whole log against key, ledger and witness
    examination   what was done to the ledger
    matching      which file is which
    tracing       what was done to one writer's records
    gaps          records that were changed beyond recognition, or are gone
    order         rows out of place
    comparison    what was done under one seal
    diagnosis     what was done to one file
    witness       the memory that a ledger is held against
    report        the findings

Importing this loads no cryptography; that comes with the first key.
"""

from logdojo.logsetup.integrity.chain import Chain
from logdojo.logsetup.integrity.keys import load_public_key, load_signing_key
from logdojo.logsetup.integrity.report import Finding, Kind, Report
from logdojo.logsetup.integrity.sealer import Sealer
from logdojo.logsetup.integrity.verify import verify
from logdojo.logsetup.integrity.witness import Witness, load_witness, save_witness

__all__ = [
    "Chain",
    "Finding",
    "Kind",
    "Report",
    "Sealer",
    "Witness",
    "load_public_key",
    "load_signing_key",
    "load_witness",
    "save_witness",
    "verify",
]
