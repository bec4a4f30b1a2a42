"""How well lines are parsed, and how fast, beside what can be installed for it.

    python -m tests.bench.parsing [--misses] [--all | MUTATIONS]

Quality is measured on ``crowdsec/fields.jsonl``: what another project's parsers are asserted to read. Its formats are
split in two by a hash of the parser's name: one half may be looked at while rules are written (``--misses`` lists what
it shows), the other is only reported. Speed is per second of CPU time of one process.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import parsing_data as data
from tests.bench import parsing_peers as peers
from tests.bench import parsing_soundness as soundness
from tests.bench import parsing_speed as speed

from logdojo.parse import parse_line

Answer = Callable[[data.Row], dict[str, object]]
ROOT = Path(__file__).resolve().parents[2]
MUTATIONS = 50_000
ALL_MUTATIONS = 1_000_000
EXECUTIONS = 20_000
HOSTILE, ALL_HOSTILE = 40, 200
ALL_EXECUTIONS = 500_000


def ours(row: data.Row) -> dict[str, object]:
    """Answer with the library."""
    return dict(parse_line(row.line).fields)


def another_line(rows: list[data.Row]) -> Answer:
    """Answer with what is asserted of the next line of the same format: the floor of every recall."""
    following: dict[int, dict[str, object]] = {}
    by_parser: dict[str, list[data.Row]] = defaultdict(list)
    for row in rows:
        by_parser[row.parser].append(row)
    for same in by_parser.values():
        for at, row in enumerate(same):
            other = same[(at + 1) % len(same)].wanted if len(same) > 1 else {}
            following[id(row)] = {name: getattr(value, "utc", value) for name, value in other.items()}
    return lambda row: following[id(row)]


class Score:
    """Counts of asserted values, of those found, and of those that were answered otherwise."""

    def __init__(self) -> None:
        self.wanted: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def add(self, row: data.Row, answer: dict[str, object]) -> list[str]:
        """Count one row and return the fields that were missed."""
        missed = []
        for field, value in row.wanted.items():
            self.wanted[field] += 1
            if data.same(field, value, answer.get(field)):
                self.found[field] += 1
            else:
                missed.append(field)
                self.wrong[field] += field in answer
        return missed

    def figures(self, fields: frozenset[str]) -> tuple[int, float, float]:
        """Return how many values were asserted of these fields, recall and precision."""
        wanted, found, wrong = (sum(c[f] for f in fields) for c in (self.wanted, self.found, self.wrong))
        return wanted, found / wanted if wanted else 1.0, found / (found + wrong) if found + wrong else 1.0


def score(rows: list[data.Row], answer: Answer) -> Score:
    """Score an answer on rows."""
    total = Score()
    for row in rows:
        total.add(row, answer(row))
    return total


def tuned(row: data.Row) -> bool:
    """Say whether a row belongs to the half that may be looked at."""
    return zlib.crc32(row.parser.encode()) % 2 == 0


def print_quality(rows: list[data.Row]) -> None:
    """Print recall and precision of the library and its peers, for each half and group of fields."""
    answers: dict[str, Answer] = {
        "logdojo": ours,
        "naive floor (JSON, k=v, regex)": peers.naive,
        "pygrok (shipped patterns, told the format)": peers.grok,
        "another line's answer": another_line(rows),
    }
    halves = {"tuned on": [r for r in rows if tuned(r)], "only reported": [r for r in rows if not tuned(r)]}
    for half, part in halves.items():
        print(f"\n{half}: {len(part)} lines of {len({row.parser for row in part})} formats")
        print(f"{'':44}{'literal fields':>24}{'action, outcome, code':>26}")
        for name, answer in answers.items():
            total = score(part, answer)
            _, recall, precision = total.figures(data.LITERAL)
            wanted, other_recall, other_precision = total.figures(data.MEANING)
            literal = f"{name:44}   R {recall:.3f}  P {precision:.3f}"
            print(f"{literal}       R {other_recall:.3f}  P {other_precision:.3f}  of {wanted}")
    print(f"\n{'logdojo by field':30}{'tuned on':>22}{'only reported':>24}")
    totals = [score(part, ours) for part in halves.values()]
    for field in sorted(data.LITERAL | data.MEANING):
        cells = [total.figures(frozenset({field})) for total in totals]
        print(f"  {field:28}" + "".join(f"{n:8d} R {r:.3f} P {p:.3f}" for n, r, p in cells))
    print("\nlogdojo by format, literal fields (t: tuned on)")
    for parser, recall, precision, count, of_tuned in sorted(_formats(rows), key=lambda each: each[1]):
        print(f"  {'t' if of_tuned else ' '} {parser:44} R {recall:.2f} P {precision:.2f}  {count:4d} lines")


def _formats(rows: list[data.Row]) -> Iterator[tuple[str, float, float, int, bool]]:
    by_parser: dict[str, list[data.Row]] = defaultdict(list)
    for row in rows:
        by_parser[row.parser].append(row)
    for parser, same in by_parser.items():
        _, recall, precision = score(same, ours).figures(data.LITERAL)
        yield parser, recall, precision, len(same), tuned(same[0])


def print_detection(rows: list[data.Row]) -> None:
    """Print how many lines that are of a declared format are found to be so, without a hint."""
    right = Counter[bool]()
    wrong: Counter[tuple[str, str]] = Counter()
    for row in rows:
        wanted = data.DATASETS.get(row.parser)
        if wanted is not None:
            found = parse_line(row.line).text("event.dataset")
            right[found in wanted] += 1
            wrong[row.parser, found or "rejected"] += found not in wanted
    print(f"\nformat found without a hint: {right[True]}/{right.total()} = {right[True] / max(1, right.total()):.3f}")
    for (parser, found), count in (+wrong).most_common(8):
        print(f"  {parser}: {count} found to be {found}")
    unread = sum(bool(parse_line(row.line).error) for row in rows)
    print(f"rejected of all lines: {unread}/{len(rows)}")


def print_misses(rows: list[data.Row]) -> None:
    """Print what the half that may be looked at still misses."""
    shown: Counter[str] = Counter()
    for row in filter(tuned, rows):
        answer = ours(row)
        missed = Score().add(row, answer)
        if missed and shown[row.parser] < 3:
            shown[row.parser] += 1
            print(f"## {row.parser}\n   {row.line[:300]}")
            for field in missed:
                print(f"     {field}: wanted {row.wanted[field]!r}, read {answer.get(field)!r}")


def main(arguments: list[str] | None = None) -> None:
    """Print all figures."""
    given = list(arguments or ())
    folder = Path(os.environ.get("LOGDOJO_DATA", ROOT.parent / "shared" / "data"))
    file = folder / "crowdsec" / "fields.jsonl"
    if file.is_file():
        rows = data.load(file)
        if "--misses" in given:
            print_misses(rows)
            return
        print_quality(rows)
        print_detection(rows)
    else:
        print(f"no {file}: quality is not measured")
    speed.print_fixtures()
    speed.print_speed()
    counts = [int(each) for each in given if each.isdecimal()]
    soundness.print_hostile(ALL_HOSTILE if "--all" in given else HOSTILE)
    soundness.print_mutations(ALL_MUTATIONS if "--all" in given else counts[0] if counts else MUTATIONS)
    soundness.print_fuzzed(ALL_EXECUTIONS if "--all" in given else EXECUTIONS)


if __name__ == "__main__":
    main(sys.argv[1:])
