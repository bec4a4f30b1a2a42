"""Tell which file of a log holds what the ledger sealed, whatever its name, its form and its damage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from logdojo.logsetup.files.archives import Segment
from logdojo.logsetup.integrity.ledger import Entry, Seal


@dataclass(frozen=True, slots=True)
class SealedFile:
    """All seals of one file.

    Args:
        name: its id, see `chain.file_id`.
        seals: in the order of the ledger; empty for a file that has none.
        stamp: of the archive that it was closed as; empty while it is not closed.
    """

    name: str = ""
    seals: tuple[Seal, ...] = ()
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """What was sealed, and the file that holds it; one of them may be missing.

    Args:
        sealed: what the ledger says about the file.
        segment: where it is; None when it is gone.
        removed: whether it was taken away on purpose.
    """

    sealed: SealedFile
    segment: Segment | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file of the log.

    Args:
        segment: where it is.
        name: its id; empty when it has no record or cannot be read.
        content: reads all of it; empty when it cannot be read.
    """

    segment: Segment
    name: str
    content: Callable[[], bytes]


def sealed_files(entries: Sequence[Entry]) -> list[SealedFile]:
    """Return what the ledger says about each file, in the order in which they were first sealed."""
    seals: dict[str, list[Seal]] = {}
    last: dict[str, int] = {}
    number = gap = 0
    for entry in entries:
        # The entry after which an unbroken run of entries begins.
        gap, number = (gap, entry.number) if entry.number == number + 1 else (entry.number, entry.number)
        seal = entry.seal
        if seal is not None:
            follows = last.get(seal.segment, 0) >= gap or not gap
            seals.setdefault(seal.segment, []).append(replace(seal, follows=follows))
            last[seal.segment] = entry.number
    return [SealedFile(name, tuple(found), found[-1].stamp) for name, found in seals.items()]


def match(sealed: Sequence[SealedFile], files: Sequence[Candidate], removed: set[str]) -> list[Pair]:
    """Pair what was sealed with the files that are there.

    Args:
        sealed: in the order of the ledger.
        files: the oldest first, the live one last.
        removed: stamps of archives that were taken away on purpose.

    Returns:
        Sealed and other files, in the order in which they were written.
    """
    left = list(files)
    pairs: dict[str, Segment] = {}
    rules = (_same_first_record, _same_records, _same_name, _both_live)
    for rule in rules:
        for each in sealed:
            if each.name in pairs or (each.stamp in removed and rule is not _same_first_record):
                continue
            found = rule(each, left)
            if found is not None:
                pairs[each.name] = found.segment
                left.remove(found)
    there = [Pair(each, pairs.get(each.name), each.stamp in removed - {""}) for each in sealed]
    # The ledger's order is another: an archive may be closed before an older one, which still has a writer.
    return sorted([*there, *(Pair(SealedFile(), file.segment) for file in left)], key=_moment)


def _moment(pair: Pair) -> tuple[bool, str]:
    """When a file was closed, by the ledger's word before that of its name; the live file comes last."""
    stamp = pair.sealed.stamp or (pair.segment.stamp if pair.segment else "")
    return (not stamp, stamp)


def _same_first_record(sealed: SealedFile, files: Sequence[Candidate]) -> Candidate | None:
    same = [file for file in files if file.name == sealed.name]
    # A copy of an archive may stand under another name: the one with the right name is the archive.
    return next((file for file in same if file.segment.stamp == sealed.stamp), same[0] if same else None)


def _same_records(sealed: SealedFile, files: Sequence[Candidate]) -> Candidate | None:
    digests = [digest for seal in sealed.seals for _, digest in seal.writers.values()]
    for file in files:
        content = file.content()
        if any(digest in content for digest in digests):
            return file
    return None


def _same_name(sealed: SealedFile, files: Sequence[Candidate]) -> Candidate | None:
    return next((file for file in files if sealed.stamp and file.segment.stamp == sealed.stamp), None)


def _both_live(sealed: SealedFile, files: Sequence[Candidate]) -> Candidate | None:
    return next((file for file in files if not sealed.stamp and file.segment.live), None)
