"""The library's own parts under the names and arguments of lab 06's exercises, for learners who skipped one.

Lab 06 works on rows, which are plain dicts, where ``logdojo.dataset`` works on examples; what it needs of torch and its
relatives stays out of reach here.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

BENIGN: Final = "benign"
PRIME: Final = (1 << 61) - 1
"""Modulus of the random functions behind a MinHash signature."""
SECTIONS: Final = ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance")
"""Sections of a data sheet (Gebru and others, Datasheets for Datasets, 2021)."""
Row = Mapping[str, Any]
Bigrams = tuple[Mapping[tuple[str, str], int], Mapping[str, int], int]

_SECRET: Final = re.compile(
    r"(?:(?i:(?:password|passwd|token|secret|api_key)[\"']?\s*[=:]\s*[\"']?)|\bBearer\s+)"
    r"([^\s\"',;&\[<][^\s\"',;&]*)"
)
_EMAIL: Final = re.compile(r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_VARIES: Final = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", "<time>"),
    (r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5,}\b", "<mac>"),
    (r"(?<=SHA256:)\S+", "<id>"),
    (r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}", "<id>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "<ip>"),
)


def find_secrets_and_people(text: str, people: Collection[str]) -> list[tuple[str, str]]:
    """Return what must not get into a data set, as sorted pairs of kind and value.

    Args:
        text: a line of log.
        people: names in lower case.
    """
    found = {("secret", value) for value in _SECRET.findall(text)}
    found |= {("person", address) for address in _EMAIL.findall(text)}
    found |= {("person", word) for word in re.findall(r"[^\W_]+", text.casefold()) if word in people}
    return sorted(found)


def normalize(text: str) -> str:
    """Replace times, addresses, identifiers and numbers from 1024 on by placeholders."""
    for pattern, placeholder in _VARIES:
        text = re.sub(pattern, placeholder, text)
    text = re.sub(r"\b\d+(?:\.\d+)?\b", lambda m: "<num>" if float(m[0]) >= 1024 else m[0], text)
    return " ".join(text.split())


def label_sessions(
    rows: Sequence[Row], reports: Iterable[tuple[str, float, float, str]]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the label of each session, and the sessions about which reports disagree with their labels.

    Args:
        rows: with ``session``, ``source`` and ``time``.
        reports: source, start, end and label; both ends included.
    """
    found: dict[str, set[str]] = {row["session"]: set() for row in rows}
    by_source: dict[str, list[tuple[float, float, str]]] = {}
    for source, start, end, label in reports:
        by_source.setdefault(source, []).append((start, end, label))
    for row in rows:
        for start, end, label in by_source.get(row["source"], ()) if row["source"] else ():
            if start <= row["time"] <= end:
                found[row["session"]].add(label)
    labels = {name: min(said, default=BENIGN) for name, said in found.items() if len(said) < 2}
    return labels, {name: sorted(said) for name, said in found.items() if len(said) > 1}


def deduplicate(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> tuple[list[dict[str, Any]], list[Hashable]]:
    """Return one row of each kind with its ``count``, and the keys that came with several labels."""
    kept: dict[tuple[Hashable, str], dict[str, Any]] = {}
    labels: dict[Hashable, set[str]] = {}
    for row in rows:
        name = key(row)
        kind = kept.setdefault((name, row["label"]), {**row, "count": 0})
        kind["count"] += row.get("count", 1)
        labels.setdefault(name, set()).add(row["label"])
    return list(kept.values()), [name for name, found in labels.items() if len(found) > 1]


def minhash(text: str, functions: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return a text's MinHash signature over runs of three words (Broder, 1997).

    Args:
        text: any text.
        functions: pairs (a, b), each of which stands for ``x -> (a * x + b) % PRIME``.
    """
    words = text.split()
    shingles = {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
    numbers = [zlib.crc32(one.encode()) for one in shingles]
    return tuple(min((a * x + b) % PRIME for x in numbers) for a, b in functions)


def mine_template(text: str, groups: dict[tuple[int, str, str], list[list[str]]], similarity: float = 0.6) -> list[str]:
    """Return the template of a text from its group, made more general where needed, or begin a new one."""
    words = text.split()
    first, second = [*words, "", ""][:2]
    group = groups.setdefault((len(words), first, second), [])

    def shared(template: list[str]) -> int:
        return sum(a == b for a, b in zip(template, words, strict=True))

    best = max(group, key=shared, default=None)
    if best is None or shared(best) < similarity * len(words):
        group.append(words)
        return words
    best[:] = [a if a == b else "<*>" for a, b in zip(best, words, strict=True)]
    return best


def group_split(rows: Sequence[Row], group: str, share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Return train and test, which share no group; of each label's groups the part ``share`` is in the test."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row[group], Counter())[row["label"]] += 1
    by_label: dict[str, list[str]] = {}
    for name in sorted(counts):
        by_label.setdefault(max(sorted(counts[name]), key=counts[name].__getitem__), []).append(name)
    chance = random.Random(seed)
    test: set[str] = set()
    for _, names in sorted(by_label.items()):
        chance.shuffle(names)
        test.update(names[: min(max(1, round(share * len(names))), len(names) - 1)])
    return [row for row in rows if row[group] not in test], [row for row in rows if row[group] in test]


def shared_between(
    train: Sequence[Row], test: Sequence[Row], names: Iterable[str]
) -> dict[str, tuple[float, list[Any]]]:
    """Return for each name the share of test rows whose value occurs in train, and the shared values."""
    found = {}
    for name in names:
        known = {row.get(name) for row in train} - {None, ""}
        hits = [row[name] for row in test if row.get(name) in known]
        found[name] = (len(hits) / max(1, len(test)), sorted(set(hits)))
    return found


def prevalence(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return for each label its examples, lines, sessions and share of lines, the most lines first."""
    total = sum(row.get("count", 1) for row in rows)
    table: dict[str, dict[str, float]] = {}
    for label in sorted({row["label"] for row in rows}):
        mine = [row for row in rows if row["label"] == label]
        lines = sum(row.get("count", 1) for row in mine)
        sessions = len({row["session"] for row in mine})
        table[label] = {"examples": len(mine), "lines": lines, "sessions": sessions, "share": lines / total}
    return dict(sorted(table.items(), key=lambda one: -one[1]["lines"]))


def at_base_rate(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """Return as many rows as give attacks the wanted share, without taking any twice.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share is {share}: give one between 0 and 1")
    attacks = [at for at, row in enumerate(rows) if row["label"] != BENIGN]
    benign = [at for at, row in enumerate(rows) if row["label"] == BENIGN]
    total = int(min(len(attacks) / share, len(benign) / (1 - share)))
    few = round(total * share)
    chance = random.Random(seed)
    drawn = {*chance.sample(attacks, few), *chance.sample(benign, total - few)}
    return [row for at, row in enumerate(rows) if at in drawn]


def data_sheet(title: str, words: Mapping[str, str], numbers: Mapping[str, object]) -> str:
    """Return a data sheet in Markdown, its numbers put in.

    Raises:
        ValueError: a section has no text, or one that holds a number that was typed.
    """
    sheet = [f"# {title}"]
    table = ["| number | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in numbers.items())]
    for section in SECTIONS:
        text = words.get(section, "").strip()
        if not text:
            raise ValueError(f"{section} has no text: say something about it")
        if re.search(r"\d", re.sub(r"\{[^}]*\}", "", text)):
            raise ValueError(f"{section} holds a number that was typed: name it in braces")
        sheet += [f"## {section}", text.format_map(numbers)]
        if section == "Composition":
            sheet.append("\n".join(table))
    return "\n\n".join(sheet) + "\n"


def wrong_in_sheet(sheet: str, numbers: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a data sheet: sections without text, numbers that are wrong, unknown or missing."""
    parts = re.split(r"^## (.+?) *$", sheet, flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    rows = re.findall(r"^\| (.+?) \| (.*?) \|$", sheet, re.MULTILINE)
    rows = [row for row in rows if row != ("number", "value")]
    return [
        *(f"{section}: nothing is said" for section in SECTIONS if not texts.get(section, "").strip()),
        *(
            f"{name}: {value} is not {numbers.get(name, 'a known number')}"
            for name, value in rows
            if name not in numbers or value != str(numbers[name])
        ),
        *(f"{name}: no number is given" for name in numbers if name not in dict(rows)),
    ]


def perplexity(model: Bigrams, texts: Iterable[str]) -> float:
    """Return the perplexity of a bigram model, each pair smoothed by a tenth; infinite without any text.

    Args:
        model: counts of pairs of words, counts of words that begin a pair, and how many such words there are.
        texts: what it reads; each word counts, and the end.
    """
    pairs, words, size = model
    losses = [
        math.log(words.get(before, 0) + 0.1 * (size + 1)) - math.log(pairs.get((before, after), 0) + 0.1)
        for text in texts
        for before, after in _steps(text)
    ]
    return math.exp(sum(losses) / len(losses)) if losses else math.inf


def _steps(text: str) -> Iterator[tuple[str, str]]:
    words = ["<start>", *text.split(), "<end>"]
    return itertools.pairwise(words)
