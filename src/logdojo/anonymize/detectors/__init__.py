"""Free text → the sensitive values in it that no field claimed; timestamps are found first and protected.

A detector is a declaration: a function that finds, and what must stand in a text for it to find anything. The engine
runs the detectors in the order of :func:`detectors`, and the first to claim a place has it.
"""

from __future__ import annotations

from collections.abc import Iterable

from logdojo.anonymize.detectors import credentials, forms, headers, idioms, names, phones
from logdojo.anonymize.detectors.declaration import Detector, anchored
from logdojo.anonymize.policy import Policy
from logdojo.anonymize.reading import parsed
from logdojo.anonymize.reading.keyvalues import KEY, key_anchor, pair, pairs
from logdojo.anonymize.spans import Hit

__all__ = ["Detector", "detectors"]


def detectors(policy: Policy) -> tuple[Detector, ...]:
    """Return the detectors in the order of precedence."""

    def users(text: str) -> Iterable[Hit]:
        return (hit for hit in names.users(text) if text[hit.start : hit.stop].casefold() not in policy.no_names)

    def idioms_found(text: str) -> Iterable[Hit]:
        return (hit for hit in idioms.idioms(text) if text[hit.start : hit.stop].casefold() not in policy.no_names)

    def class_of(label: str) -> str:
        class_name = policy.class_of(label)
        return "" if class_name == "text" or not class_name or policy.operator(class_name) == "keep" else class_name

    def labelled(text: str) -> Iterable[Hit]:
        return names.labelled(text, class_of)

    return (
        Detector("credentials", credentials.credentials, anchor=credentials.ANCHOR),
        Detector(
            "credentials by long words",  # without anchors, the one above finds these as well
            lambda _text: (),
            anchor=credentials.WORD_ANCHOR,
            near=credentials.credentials_near_words,
        ),
        Detector("phones", phones.phones, needs=phones.NEEDS, anchor=phones.ANCHOR),
        Detector("header hosts", headers.header_hosts, whole=True),
        Detector("parsed", lambda line: parsed.known(line, policy), needs=parsed.SIGNS, whole=True),
        Detector("access user", names.access_user, needs=(" [",), whole=True, anchor=names.ACCESS_ANCHOR),
        anchored(
            "pairs",
            KEY,
            read=lambda match: pair(match, policy),
            anchor=key_anchor(policy),
            needs=("=", ":"),
            is_form=False,
            tail=4,
            find=lambda text: pairs(text, policy),
        ),
        Detector("marked users", names.marked_users, needs=names.TRIGGERS, anchor=names.MARKED_ANCHOR),
        Detector("bracketed users", names.bracketed_users, needs=("]\\[", "[pid "), anchor=names.BRACKETED_ANCHOR),
        Detector(
            "users",
            users,
            needs=(*names.TRIGGERS, " failed to log", "sudo", "(uid=", " on ", "cron", "CRON"),
            anchor=names.USERS_ANCHOR,
        ),
        Detector("idioms", idioms_found, needs=idioms.NEEDS, anchor=idioms.ANCHOR),
        Detector("labelled", labelled, needs=names.LABELS, anchor=names.LABELS_ANCHOR),
        *forms.DETECTORS,
    )
