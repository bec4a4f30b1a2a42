"""No single feature of the company's lines gives an attack away: what tells is the pattern of a session."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from logdojo.simulate.company import ATTACKS, FORMATS, LOOKALIKES, ROUTINE, CompanyLine, company_days

LIMIT = 0.65
"""Area under the ROC curve that no classifier of one feature may reach; chance is 0.5."""
LIMIT_WITHIN = 0.70
"""The same within one source, of which there are few sessions and few attacks: more of it is chance."""
RARE = 60
"""A token in fewer lines, or sessions, than this says too little either way to be measured."""
FOLDS = 4
"""Random halvings of the scenarios; each half is learned from and tested on."""
TOKEN = re.compile(r"[A-Za-z][A-Za-z_]+|\d+(?:\.\d+)*|[A-Z]\d+")
BINS = 512
"""As finely are numbers looked at."""
MISSING = -1.0
Row = tuple[CompanyLine, set[str]]
"""A line, and what stands in it or is said of it."""
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def tokens(line: str) -> set[str]:
    """Return the words, numbers and networks of a line."""
    found = set(TOKEN.findall(line))
    dotted = [token.split(".") for token in found if token.count(".") == 3]
    return found | {f"net {'.'.join(parts[:n])}" for parts in dotted for n in (1, 2)}


def told(item: CompanyLine) -> set[str]:
    """Return what is said of a line beyond its text: format, and each slot's value."""
    return {f"format {item.format}", *(f"{name}={value}" for name, value in item.slots.items())}


NUMBERS: dict[str, Callable[[CompanyLine], float]] = {
    "hour": lambda item: item.time // 3_600 % 24,
    "minute": lambda item: item.time // 60 % 60,
    "weekday": lambda item: item.time // 86_400 % 7,
    "length": lambda item: len(item.line),
    "digits": lambda item: sum(map(item.line.count, "0123456789")),
    "source as number": lambda item: _number(item.slots.get("source.ip")),
    "destination as number": lambda item: _number(item.slots.get("destination.ip")),
    **{
        name: partial(lambda name, item: float(item.slots.get(name, MISSING)), name)
        for name in (
            "source.port",
            "destination.port",
            "source.bytes",
            "destination.bytes",
            "network.bytes",
            "http.response.status_code",
            "http.response.body.bytes",
        )
    },
    "length of the name asked for": lambda item: len(str(item.slots.get("dns.question.name", ""))),
    "length of the path": lambda item: len(str(item.slots.get("url.original", ""))),
}


def _number(address: object) -> float:
    parts = str(address).split(".")
    if len(parts) != 4:
        return MISSING
    return sum(int(part) * 256**place for place, part in zip((3, 2, 1, 0), parts, strict=True))


@dataclass(frozen=True)
class Sample:
    """Lines or sessions, counted: all of a scenario is attack or not, so that counts by scenario are all it takes.

    Args:
        sizes: how many there are of each scenario, attacks first.
        hostile: how many scenarios are attacks.
        tokens: token → in how many of each scenario it stands.
        numbers: feature → counts by scenario and bin, the bins in the order of the values.
    """

    sizes: Counts
    hostile: int
    tokens: dict[str, Counts]
    numbers: dict[str, Counts]

    def areas(self) -> dict[str, float]:
        """Return the mean AUC of each feature alone, on scenarios and sessions it was not learned from."""
        found: dict[str, list[float]] = defaultdict(list)
        attacks, calm = range(self.hostile), range(self.hostile, len(self.sizes))
        for fold in range(FOLDS):
            rng = random.Random(fold)
            half = {*rng.sample(attacks, len(attacks) // 2), *rng.sample(calm, len(calm) // 2)}
            first = np.isin(np.arange(len(self.sizes)), list(half))
            for seen in (first, ~first):
                self._measure(seen, found)
        return {name: float(np.mean(areas)) for name, areas in found.items()}

    def _measure(self, seen: Flags, found: dict[str, list[float]]) -> None:
        attack = np.arange(len(self.sizes)) < self.hostile
        parts = np.stack([seen & attack, seen & ~attack, ~seen & attack, ~seen & ~attack]).astype(float)
        parts *= self.sizes
        # Each row turns counts by scenario into the share of one side.
        sides = np.where(parts > 0, 1.0, 0.0) / parts.sum(axis=1, keepdims=True)
        for name, share in zip(self.tokens, np.array(list(self.tokens.values())) @ sides.T, strict=True):
            found[name].append(_area(share[0] - share[1], share[2] - share[3]))
        for name, counts in self.numbers.items():
            shares = sides @ counts
            above = 1 - shares.cumsum(axis=1)
            # A threshold: the one that separates best what was seen.
            best = int(np.abs(above[0] - above[1]).argmax())
            found[f"{name} as threshold"].append(
                _area(above[0][best] - above[1][best], above[2][best] - above[3][best])
            )
            # And the value itself as a score, in the direction that was seen.
            wins = [shares[a] @ (shares[b].cumsum() - shares[b] / 2) for a, b in ((0, 1), (2, 3))]
            found[f"{name} as score"].append(_area(wins[0] - 0.5, 2 * (wins[1] - 0.5)))


def _area(seen: float, unseen: float) -> float:
    """Return the AUC on the unseen of a rule that goes the way of the seen."""
    return float(0.5 + 0.5 * (unseen if seen >= 0 else -unseen))


def sample(groups: list[list[Row]]) -> Sample:
    """Take each group of lines (one line, or the lines of a session) as one thing to judge."""
    kinds = {(group[0][0].label == "benign", group[0][0].scenario) for group in groups}
    order = {name: number for number, (_, name) in enumerate(sorted(kinds))}
    scenario = np.array([order[group[0][0].scenario] for group in groups])
    standing = [Counter[str]() for _ in order]
    for number, group in zip(scenario, groups, strict=True):
        standing[number].update(group[0][1] if len(group) == 1 else set().union(*(features for _, features in group)))
    often = Counter[str]()
    for counts in standing:
        often.update(counts)
    combinations = {"": max} if max(map(len, groups)) == 1 else {"least ": min, "greatest ": max}
    numbers = {}
    for name, of in NUMBERS.items():
        each = [[of(item) for item, _ in group] for group in groups]
        for what, combine in combinations.items():
            values = np.array([combine(found) for found in each])
            edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS)))
            bins = np.searchsorted(edges, values)
            flat = np.bincount(scenario * BINS + bins, minlength=len(order) * BINS)
            numbers[f"{what}{name}"] = flat.reshape(len(order), BINS)
    return Sample(
        sizes=np.bincount(scenario),
        hostile=sum(not benign for benign, _ in kinds),
        tokens={
            token: np.array([found[token] for found in standing]) for token, total in often.items() if total >= RARE
        },
        numbers=numbers,
    )


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Two weeks in which attacks are as frequent as they need to be for measuring; each line is made as ever."""
    made = company_days(days=14, seed=3, events_per_day=2_000, attack_share=0.5)
    return [(item, tokens(item.line) | told(item)) for item in made]


def worst(areas: dict[str, float], count: int = 8) -> str:
    """Return the features that tell most, one a line."""
    return "\n".join(f"{area:.3f}  {name}" for name, area in sorted(areas.items(), key=lambda x: -x[1])[:count])


def test_no_feature_of_a_line_tells_attacks(rows: list[Row]):
    """No token, length, hour, address range, user, host, port, size or format of a line tells an attack."""
    areas = sample([[row] for row in rows]).areas()
    print(worst(areas))
    assert max(areas.values()) < LIMIT, worst(areas)


def test_no_feature_of_a_session_tells_attacks(rows: list[Row]):
    """Nor does it if it stands in any line of a session, or is the least or greatest of a session."""
    sessions: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        sessions[row[0].session].append(row)
    areas = sample(list(sessions.values())).areas()
    print(worst(areas))
    assert max(areas.values()) < LIMIT, worst(areas)


@pytest.mark.parametrize("form", FORMATS)
def test_no_feature_tells_attacks_within_a_source(rows: list[Row], form: str):
    """Nor among the lines of one source alone, where every line has the same frame."""
    areas = sample([[row] for row in rows if row[0].format == form]).areas()
    assert max(areas.values()) < LIMIT_WITHIN, worst(areas)


def test_every_attack_has_a_twin():
    """Each attack has at least one benign look-alike, and no look-alike imitates what is not there."""
    attacks = {scenario.name for scenario in ATTACKS}
    assert {name for scenario in LOOKALIKES for name in scenario.twin_of} == attacks
    assert not {scenario.name for scenario in ROUTINE} & attacks
