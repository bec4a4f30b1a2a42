"""Free text → the sensitive values in it that no field claimed; timestamps are found first and protected.

A detector is a declaration: a function that finds, and what must stand in a text for it to find anything. The engine
runs the detectors in the order of :func:`detectors`, and the first to claim a place has it.
"""

from __future__ import annotations

from collections.abc import Iterable

from logdojo.anonymize.detectors import credentials, forms, names, phones
from logdojo.anonymize.detectors.declaration import Detector
from logdojo.anonymize.policy import Policy
from logdojo.anonymize.reading.keyvalues import pairs
from logdojo.anonymize.spans import Hit

__all__ = ["Detector", "detectors"]


def detectors(policy: Policy) -> tuple[Detector, ...]:
    """Return the detectors in the order of precedence."""

    def key_values(text: str) -> Iterable[Hit]:
        return pairs(text, policy)

    def users(text: str) -> Iterable[Hit]:
        return (hit for hit in names.users(text) if text[hit.start : hit.stop].casefold() not in policy.no_names)

    return (
        Detector("credentials", credentials.credentials),
        Detector("phones", phones.phones, needs=("+", *phones.LABELS)),
        Detector("header host", names.header_host, whole=True),
        Detector("access user", names.access_user, needs=(" [",), whole=True),
        Detector("pairs", key_values, needs=("=", ":")),
        Detector("marked users", names.marked_users, needs=names.TRIGGERS),
        Detector("bracketed users", names.bracketed_users, needs=("]\\[", "[pid ")),
        Detector("users", users, needs=(*names.TRIGGERS, " failed to log", "sudo", "(uid=", " on ", "cron", "CRON")),
        *forms.DETECTORS,
    )
