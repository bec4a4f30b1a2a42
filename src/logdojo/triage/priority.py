"""Label and probability → severity and priority.

Severity says how bad it is if true; priority also weighs how likely it is. The table follows what each behavior costs
when it is missed: something already inside (persistence, exfiltration, lateral movement, logging switched off) is worse
than something that knocks (scan, crawl).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from logdojo.dataset.examples import BENIGN
from logdojo.events import Severity

OF_LABEL: Final = MappingProxyType(
    {
        BENIGN: Severity.INFO,
        "crawl": Severity.LOW,
        "scan": Severity.LOW,
        "dos": Severity.MEDIUM,
        "suspicious": Severity.MEDIUM,
        "bruteforce": Severity.MEDIUM,
        "exploit": Severity.HIGH,
        "lateral": Severity.HIGH,
        "evasion": Severity.HIGH,
        "exfiltration": Severity.CRITICAL,
        "persistence": Severity.CRITICAL,
    }
)
"""Severity of a label; a label that is not in the table counts as medium."""


def severity(label: str) -> Severity:
    """Return how urgently a person should look at a line with this label."""
    return OF_LABEL.get(label, Severity.MEDIUM)


def priority(label: str, probability: float) -> int:
    """Return 0 to 100: severity (0 to 4) as a quarter each, weighed by the probability of the label."""
    return round(25 * severity(label) * probability)
