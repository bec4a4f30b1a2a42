"""Free text → the sensitive values in it that no field claimed; timestamps are found first and protected.

A detector is a declaration: a function that finds, and what must stand in a text for it to find anything. The engine
runs the detectors in the order of :func:`detectors`, and the first to claim a place has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from logdojo.anonymize.detectors import credentials, forms, names
from logdojo.anonymize.policy import Policy
from logdojo.anonymize.reading.keyvalues import pairs
from logdojo.anonymize.spans import Hit


@dataclass(frozen=True, slots=True)
class Detector:
    """One way to find sensitive values in a text.

    Args:
        name: for messages and measurements.
        find: text → its hits.
        needs: literals one of which stands in every text in which ``find`` finds something; none: it always runs.
        patterns: regular expressions one of which matches in every text in which ``find`` finds something; with them
            the ``fast`` extra can tell many lines at once where there is nothing to find. None: it always runs.
        whole: looks at a line as a whole and not at the strings inside it.
        is_form: the form makes the class; otherwise words around the value do, and its own form may overrule them
            (an address behind ``user`` is an address).
    """

    name: str
    find: Callable[[str], Iterable[Hit]]
    needs: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    whole: bool = False
    is_form: bool = False


def detectors(policy: Policy) -> tuple[Detector, ...]:
    """Return the detectors in the order of precedence."""

    def key_values(text: str) -> Iterable[Hit]:
        return pairs(text, policy)

    def users(text: str) -> Iterable[Hit]:
        return (hit for hit in names.users(text) if text[hit.start : hit.stop].casefold() not in policy.no_names)

    return (
        Detector("credentials", credentials.credentials),
        Detector("header host", names.header_host, whole=True),
        Detector("access user", names.access_user, needs=(" [",), whole=True),
        Detector("pairs", key_values, needs=("=", ":")),
        Detector("marked users", names.marked_users, needs=names.TRIGGERS),
        Detector("bracketed users", names.bracketed_users, needs=("]\\[", "[pid ")),
        Detector("users", users, needs=(*names.TRIGGERS, " failed to log", "sudo", "(uid=", " on ", "cron", "CRON")),
        *(Detector(find.__name__, find, is_form=True) for find in forms.DETECTORS),
    )
