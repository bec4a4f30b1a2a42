"""No single feature of the company's lines gives an attack away: what tells is the pattern of a session."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from logdojo.simulate.company import ATTACKS, LOOKALIKES, ROUTINE, CompanyLine, company_days

LIMIT = 0.65
"""Area under the ROC curve that no classifier of one feature may reach; chance is 0.5."""
RARE = 60
"""A token in fewer lines, or sessions, than this says too little either way to be measured."""
FOLDS = 6
"""Random halvings of the scenarios; each half is learned from and tested on."""
TOKEN = re.compile(r"[A-Za-z][A-Za-z_]+|\d+(?:\.\d+)*|[A-Z]\d+")
MISSING = -1.0
Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


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
    "digits": lambda item: sum(c.isdigit() for c in item.line),
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
    """Lines or sessions: which are attacks, of which scenario, in how many of each scenario a token stands, numbers."""

    attack: Flags
    scenario: NDArray[np.int64]
    tokens: dict[str, NDArray[np.int64]]
    numbers: dict[str, Values]

    def areas(self) -> dict[str, float]:
        """Return the mean AUC of each feature alone, on scenarios and sessions it was not learned from."""
        names = sorted({int(number) for number in self.scenario})
        hostile = [n for n in names if self.attack[self.scenario == n].any()]
        calm = [n for n in names if n not in set(hostile)]
        found: dict[str, list[float]] = defaultdict(list)
        for fold in range(FOLDS):
            rng = random.Random(fold)
            half = {*rng.sample(hostile, len(hostile) // 2), *rng.sample(calm, len(calm) // 2)}
            first = np.isin(self.scenario, list(half))
            for seen in (first, ~first):
                self._measure(seen, found)
        return {name: float(np.mean(areas)) for name, areas in found.items()}

    def _measure(self, seen: Flags, found: dict[str, list[float]]) -> None:
        unseen = ~seen
        parts = [seen & self.attack, seen & ~self.attack, unseen & self.attack, unseen & ~self.attack]
        sizes = [part.sum() for part in parts]
        # All of a scenario is on one side, so that sums over scenarios do.
        sides = np.zeros((int(self.scenario.max()) + 1, len(parts)))
        for column, (part, size) in enumerate(zip(parts, sizes, strict=True)):
            sides[np.unique(self.scenario[part]), column] = 1 / size
        shares = np.array(list(self.tokens.values())) @ sides
        for name, share in zip(self.tokens, shares, strict=True):
            found[name].append(_area(share[0] - share[1], share[2] - share[3]))
        for name, values in self.numbers.items():
            ordered = [np.sort(values[part]) for part in parts]
            # A threshold: the one that separates best what was seen.
            cuts = np.unique(np.quantile(values, np.linspace(0, 1, 65)))
            above = [1 - np.searchsorted(part, cuts) / part.size for part in ordered]
            best = int(np.abs(above[0] - above[1]).argmax())
            found[f"{name} as threshold"].append(
                _area(above[0][best] - above[1][best], above[2][best] - above[3][best])
            )
            # And the value itself as a score, in the direction that was seen.
            found[f"{name} as score"].append(
                _area(_ranks(ordered[0], ordered[1]) - 0.5, 2 * (_ranks(ordered[2], ordered[3]) - 0.5))
            )


def _area(seen: float, unseen: float) -> float:
    """Return the AUC on the unseen of a rule that goes the way of the seen."""
    return 0.5 + 0.5 * (unseen if seen >= 0 else -unseen)


def _ranks(attacks: Values, calm: Values) -> float:
    """Return the AUC of sorted values (Mann and Whitney's U over the number of pairs)."""
    below, upto = np.searchsorted(calm, attacks), np.searchsorted(calm, attacks, "right")
    return float((below + upto).mean() / 2 / calm.size)


def sample(groups: list[list[CompanyLine]]) -> Sample:
    """Take each group of lines (one line, or the lines of a session) as one thing to judge."""
    order = {name: number for number, name in enumerate(sorted({group[0].scenario for group in groups}))}
    where: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        for token in set().union(*(tokens(item.line) | told(item) for item in group)):
            where[token].append(place)
    scenario = np.array([order[group[0].scenario] for group in groups])
    flags = {}
    for token, places in where.items():
        if len(places) >= RARE:
            flags[token] = np.bincount(scenario[places], minlength=len(order))
    return Sample(
        attack=np.array([group[0].label != "benign" for group in groups]),
        scenario=scenario,
        tokens=flags,
        numbers={
            f"{what} {name}": np.array([combine(of(item) for item in group) for group in groups], np.float64)
            for name, of in NUMBERS.items()
            for what, combine in _combinations(max(map(len, groups))).items()
        },
    )


def _combinations(longest: int) -> dict[str, Callable[[Iterable[float]], float]]:
    return {"the": max} if longest == 1 else {"least": min, "greatest": max}


@pytest.fixture(scope="module")
def lines() -> list[CompanyLine]:
    """Two weeks in which attacks are as frequent as they need to be for measuring; each line is made as ever."""
    return list(company_days(days=14, seed=3, events_per_day=2_600, attack_share=0.5))


def worst(areas: dict[str, float], count: int = 8) -> str:
    """Return the features that tell most, one a line."""
    return "\n".join(f"{area:.3f}  {name}" for name, area in sorted(areas.items(), key=lambda x: -x[1])[:count])


def test_no_feature_of_a_line_tells_attacks(lines: list[CompanyLine]):
    """No token, length, hour, address range, user, host, port, size or format of a line tells an attack."""
    areas = sample([[item] for item in lines]).areas()
    print(worst(areas))
    assert max(areas.values()) < LIMIT, worst(areas)


def test_no_feature_of_a_session_tells_attacks(lines: list[CompanyLine]):
    """Nor does it if it stands in any line of a session, or is the least or greatest of a session."""
    sessions: dict[str, list[CompanyLine]] = defaultdict(list)
    for item in lines:
        sessions[item.session].append(item)
    areas = sample(list(sessions.values())).areas()
    print(worst(areas))
    assert max(areas.values()) < LIMIT, worst(areas)


def test_every_attack_has_a_twin():
    """Each attack has at least one benign look-alike, and no look-alike imitates what is not there."""
    attacks = {scenario.name for scenario in ATTACKS}
    assert {name for scenario in LOOKALIKES for name in scenario.twin_of} == attacks
    assert not {scenario.name for scenario in ROUTINE} & attacks
