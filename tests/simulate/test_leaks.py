"""No single feature gives the label away: what tells is the pattern of a session."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from sklearn.metrics import roc_auc_score

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.simulate import SimulatedLine, simulate

LIMIT = 0.75
"""Area under the ROC curve that no single feature may reach; chance is 0.5. Measured: at most 0.68."""
Row = tuple[SimulatedLine, LogEvent]
FIELDS = (
    "source.ip",
    "source.port",
    "user.name",
    "host.name",
    "event.action",
    "event.outcome",
    "event.provider",
    "event.reason",
    "error.code",
    "destination.ip",
    "destination.port",
    "network.transport",
    "rule.name",
    "iptables.ttl",
    "iptables.tcp.window",
    "user_agent.original",
    "cloud.region",
    "cloud.account.id",
    "sshd.method",
    "sshd.invalid_user",
    "aws.cloudtrail.user_identity.type",
    "aws.cloudtrail.user_identity.mfa_authenticated",
)
DERIVED: dict[str, Callable[[Row], object]] = {
    "hour": lambda row: int(row[0].time // 3_600) % 24,
    "format": lambda row: row[0].format,
    "length": lambda row: len(row[0].line) // 10,
    "network of the source": lambda row: (row[0].format, row[1].text("source.ip").partition(".")[0]),
}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Labelled lines and what is read from them."""
    return [(item, parse_line(item.line)) for item in simulate(12_000, seed=3)]


def lookup_auc(rows: list[Row], feature: Callable[[Row], object]) -> float:
    """Return the mean AUC, over two folds of whole groups, of a table from a feature's value to its attack share."""
    groups = sorted({item.group for item, _ in rows})
    random.Random(1).shuffle(groups)
    first = set(groups[::2])
    areas = []
    for held_out in (True, False):
        seen, attacks = Counter[object](), Counter[object]()
        for row in rows:
            if (row[0].group in first) != held_out:
                seen[feature(row)] += 1
                attacks[feature(row)] += bool(row[0].attack)
        base = attacks.total() / seen.total()
        test = [row for row in rows if (row[0].group in first) == held_out]
        # Five lines at the base rate temper values that were seen only once or twice.
        scores = [(attacks[feature(row)] + 5 * base) / (seen[feature(row)] + 5) for row in test]
        areas.append(roc_auc_score([bool(row[0].attack) for row in test], scores))
    return sum(areas) / 2


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_alone_tells_attacks(rows: list[Row], name: str):
    """A table from one field's value to the label, learned on some groups, stays near chance on others."""
    assert lookup_auc(rows, lambda row: row[1].text(name)) < LIMIT


@pytest.mark.parametrize("name", DERIVED)
def test_nothing_derived_alone_tells_attacks(rows: list[Row], name: str):
    """Hour, format, length and network of the source stay near chance too."""
    assert lookup_auc(rows, DERIVED[name]) < LIMIT


def test_every_action_of_an_attack_is_also_benign(rows: list[Row]):
    """Hardly any line of an attack has an action that no benign session has."""
    benign = {event.text("event.action") for item, event in rows if not item.attack}
    alone = [event for item, event in rows if item.attack and event.text("event.action") not in benign]
    assert len(alone) / len(rows) < 0.01
