"""Judge a ledger: which of its entries may be believed, and what was done to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from logdojo.logsetup.integrity.keys import PublicKey
from logdojo.logsetup.integrity.ledger import Entry, decode, keys_in, linked
from logdojo.logsetup.integrity.order import displaced
from logdojo.logsetup.integrity.report import Finding, Kind


@dataclass(frozen=True, slots=True)
class Examined:
    """A ledger that was judged.

    Args:
        entries: those that may be believed, in the order of their numbers.
        findings: what was done to the ledger.
        notes: what is worth knowing and no damage.
    """

    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def examine(name: str, lines: Sequence[bytes], rest: bytes, keys: Sequence[PublicKey], *, log: str) -> Examined:
    """Judge the lines of a ledger.

    A sound ledger costs one signature for each key that was used: the last one vouches for everything above it.

    Args:
        name: of the ledger, for the findings.
        lines: without their line ends.
        rest: what stands behind the last line end.
        keys: whom to trust; keys that a trusted one has signed over to are trusted from there on. Without any, no
            signature is checked and only accidents are found.
        log: name of the log that the ledger must belong to.
    """
    decoded = [decode(raw, number) for number, raw in enumerate(lines, 1)]
    findings: list[Finding] = []
    if rest:
        detail = "the last entry is incomplete: its writing was interrupted, or the end was cut off"
        findings.append(Finding(Kind.TORN, name, len(lines) + 1, len(lines) + 1, detail=detail))
    entries = [entry for entry in decoded if entry is not None]
    if linked(decoded) and _signed(entries, keys):
        good = Examined(tuple(entries), tuple(findings))
    else:
        good = _Slow(name, decoded, keys).judge(findings)
    strangers = sorted({entry.log for entry in good.entries} - {log})
    if strangers:
        detail = f"the ledger belongs to {', '.join(strangers)}, not to {log}"
        good = replace(good, findings=(*good.findings, Finding(Kind.REPLACED, name, detail=detail)))
    return replace(good, findings=(*good.findings, *_cuts(name, good.entries)), notes=tuple(_notes(good.entries)))


def _signed(entries: Sequence[Entry], keys: Sequence[PublicKey]) -> bool:
    """Whether a sound sequence of entries is signed by a trusted key, or by successors of one."""
    if not keys:
        return True
    trusted, signer = list(keys), entries[0].key_id if entries else ""
    for position, entry in enumerate(entries, 1):
        successors = list(keys_in([entry]))
        if entry.key_id != signer:
            return False
        if (successors or position == len(entries)) and not entry.signed_by(trusted):
            return False
        if successors:
            trusted, signer = successors, successors[0].key_id
    return True


class _Slow:
    """A ledger with a damage: every signature is checked."""

    def __init__(self, name: str, decoded: list[Entry | None], keys: Sequence[PublicKey]) -> None:
        self.name = name
        self.decoded = decoded
        self.keys = list(keys)

    def judge(self, findings: list[Finding]) -> Examined:
        known = self._known()
        good = [entry for entry in self.decoded if entry is not None and (not self.keys or entry.signed_by(known))]
        strangers = {entry.line for entry in self.decoded if entry is not None} if self.keys else set()
        strangers -= {e.line for e in self.decoded if e and e.key_id in {key.key_id for key in known}}
        if not good and self.decoded:
            signers = sorted({entry.key_id for entry in self.decoded if entry}) or ["nobody"]
            detail = f"no entry is signed by a trusted key; signed by {', '.join(signers)}"
            return Examined((), (*findings, Finding(Kind.REPLACED, self.name, 1, len(self.decoded), detail=detail)))
        believed: dict[int, Entry] = {}
        for entry in good:
            if entry.number in believed:
                same = entry.digest == believed[entry.number].digest
                detail = f"entry {entry.number} stands here again" + ("" if same else ", and says something else")
                findings.append(self._at(Kind.INSERTED if same else Kind.REPLACED, entry.line, entry.number, detail))
            else:
                believed[entry.number] = entry
        rows = sorted(believed.values(), key=lambda entry: entry.line)
        for position in displaced([entry.number for entry in rows], strict=True):
            entry = rows[position]
            detail = f"entry {entry.number} stands in another place than it was written at"
            findings.append(self._at(Kind.REORDERED, entry.line, entry.number, detail))
        missing = self._missing(believed)
        findings += self._unknown(sorted(strangers))
        missing -= {entry.number for entry in self.decoded if entry and entry.line in strangers}
        findings += self._spoiled({entry.line for entry in good} | strangers, missing)
        findings += [
            self._at(Kind.DELETED, self._line_of(believed, number), number, f"entry {number} is gone")
            for number in sorted(missing)
        ]
        in_turn = [believed[number] for number in sorted(believed)]
        findings += self._broken(in_turn)
        if not findings:
            detail = "the entries do not run on from a trusted key"
            findings.append(Finding(Kind.REPLACED, self.name, 1, len(self.decoded), detail=detail))
        return Examined(tuple(in_turn), tuple(sorted(findings, key=lambda found: found.line)))

    def _known(self) -> list[PublicKey]:
        known = list(self.keys)
        for entry in self.decoded:
            if entry is not None and entry.kind == "key" and entry.signed_by(known):
                known += keys_in([entry])
        return known

    def _unknown(self, lines: list[int]) -> list[Finding]:
        """One finding for each run of entries that a key has signed which nobody trusts."""
        runs: list[list[int]] = []
        for line in lines:
            if runs and runs[-1][-1] == line - 1:
                runs[-1].append(line)
            else:
                runs.append([line])
        found = []
        for run in runs:
            signers = sorted({e.key_id for e in self.decoded[run[0] - 1 : run[-1]] if e is not None})
            detail = f"signed by {', '.join(signers)}, which is not trusted here"
            found.append(Finding(Kind.REPLACED, self.name, run[0], run[-1], detail=detail))
        return found

    def _missing(self, believed: dict[int, Entry]) -> set[int]:
        return set(range(1, max(believed) + 1)) - set(believed) if believed else set()

    def _spoiled(self, good: set[int], missing: set[int]) -> list[Finding]:
        """Findings for lines that nobody trusted has signed: changed entries where one is missing, else forged ones."""
        found = []
        for line, entry in enumerate(self.decoded, 1):
            if line in good:
                continue
            # An entry that was spoiled keeps its line, unless lines were put in or taken out before it.
            number = next((n for n in (entry.number if entry else 0, line) if n in missing), 0)
            missing.discard(number)
            spoiled_last = line == len(self.decoded) and not number
            kind = Kind.EDITED if number or spoiled_last else Kind.INSERTED
            detail = f"entry {number or line} is not what was signed" if kind is Kind.EDITED else "was never signed"
            found.append(self._at(kind, line, number, detail))
        return found

    def _line_of(self, believed: dict[int, Entry], number: int) -> int:
        return min((entry.line for entry in believed.values() if entry.number > number), default=len(self.decoded))

    def _broken(self, entries: list[Entry]) -> list[Finding]:
        """Entries that are signed, and name another entry before them than the one that is there."""
        return [
            self._at(
                Kind.REPLACED, after.line, after.number, f"entry {after.number} follows another entry than this one"
            )
            for before, after in pairwise(entries)
            if after.number == before.number + 1 and after.previous != before.digest
        ]

    def _at(self, kind: Kind, line: int, number: int, detail: str) -> Finding:
        return Finding(kind, self.name, line, line, number=number, last_number=number, detail=detail)


def _cuts(name: str, entries: Sequence[Entry]) -> list[Finding]:
    return [
        Finding(
            Kind.TRUNCATED,
            name,
            entry.line,
            entry.line,
            number=int(entry.fields["expected"]),
            detail=f"entry {entry.fields['expected']}, which a running process had seen, was gone before this one",
        )
        for entry in entries
        if entry.kind == "cut"
    ]


def _notes(entries: Sequence[Entry]) -> list[str]:
    notes = []
    for entry in entries:
        if "torn" in entry.fields:
            notes.append(
                f"entry {entry.number}: {entry.fields['torn']} bytes of a half-written entry were removed before it"
            )
        if entry.kind == "remove":
            notes.append(f"archive {entry.fields.get('stamp')} was removed: {entry.fields.get('reason')}")
        if entry.kind == "key":
            notes.append(
                f"entry {entry.number}: signed over to key {', '.join(key.key_id for key in keys_in([entry]))}"
            )
    return notes
