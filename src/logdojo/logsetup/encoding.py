"""A record → one line of JSON, quickly: what a line of code always says is encoded once and kept.

The same line comes out as from ``json_line(ecs_fields(record))``, which is what happens for records that hold anything
out of the ordinary: an exception, a value that is not text or a number, a character that a terminal obeys.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping
from itertools import islice
from json.encoder import encode_basestring
from typing import Final, Protocol

from logdojo.logsetup.context import ATTRIBUTE, ids_of_context
from logdojo.logsetup.fields import N_OWN_ATTRIBUTES, ecs_fields, field_name, is_own, second_of, site_fields
from logdojo.logsetup.plain import MAX_CHARACTERS, MAX_ITEMS, MAX_REDACTED, WIDEST_INTEGER, json_line, plain


class Redacts(Protocol):
    """What an encoder needs of a redactor; ``logdojo.logsetup.redaction.Redactor`` is one."""

    def clean(self, line: bytes) -> bool:
        """Return whether nothing in an encoded line looks like a secret."""

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return the fields without their secrets."""


def _quote_without_orjson(text: str) -> bytes:
    return encode_basestring(text).encode()


try:
    # Twice as fast on text, and the same bytes: both write the short escapes and leave all else as UTF-8.
    from orjson import dumps as _dumps

    _quote: Callable[[str], bytes] = _dumps
except ImportError:
    _quote = _quote_without_orjson

_MILLISECONDS: Final = tuple(f'{each:03d}Z"'.encode() for each in range(1000))
# U+007F to U+009F, U+2028 and U+2029 in UTF-8: ``plain`` writes them as escapes.
_UNUSUAL: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
_MOST_SITES: Final = 4_096
_MOST_NAMES: Final = 4_096


class LineEncoder:
    """Write records as one JSON object each.

    Args:
        service: value of ``service.name``; left out when empty.
        redactor: takes secrets out of each line; None leaves lines as they are.
    """

    def __init__(self, service: str = "", redactor: Redacts | None = None) -> None:
        self.service = service
        self.redactor = redactor
        self._clean = redactor.clean if redactor is not None else None
        # One value, so that no thread reads the number of one second and the text of another.
        self._second = -1, b""
        self._sites: dict[object, tuple[bytes, bytes, bool]] = {}
        self._names: dict[str, bytes] = {}

    def line(self, record: logging.LogRecord) -> bytes:
        """Return the record's line in UTF-8, without a line end; never raises on what the record holds."""
        try:
            line = self._quick(record)
        # Lone surrogates, %-arguments that do not fit, unhashable names, and whatever an argument's own __str__ raises:
        # the careful way handles all of them.
        except Exception:  # noqa: BLE001
            line = b""
        return line or self.careful(record)

    def careful(self, record: logging.LogRecord) -> bytes:
        """Return the line of a record that holds anything at all, redacted field by field."""
        fields = ecs_fields(record, service=self.service)
        if self.redactor is not None:
            # Long texts are cut to their last length only afterwards: a cut in the middle of a secret would hide it.
            made_plain = plain(fields, limit=MAX_REDACTED)
            assert isinstance(made_plain, dict)
            fields = self.redactor.fields(made_plain)
        return json_line(fields).encode()

    def _quick(self, record: logging.LogRecord) -> bytes:
        """Return the line of an ordinary record without secrets, or nothing."""
        attributes = record.__dict__
        message = record.msg
        if type(message) is not str or record.exc_info or record.exc_text or record.stack_info:
            return b""
        if record.args:
            message %= record.args
        if len(message) > MAX_CHARACTERS:
            return b""
        created = record.created
        second = int(created)
        known = self._second
        if second != known[0]:
            # Rounding towards zero is rounding down only after 1970.
            if second < 1:
                return b""
            known = self._second = second, b'{"@timestamp":"' + second_of(second).encode()
        key = (
            record.name,
            record.levelname,
            record.pathname,
            record.lineno,
            record.funcName,
            record.threadName,
            record.process,
        )
        site = self._sites.get(key) or self._new_site(key, record)
        ids = attributes.get(ATTRIBUTE) or ids_of_context.get()
        # What varies from call to call; all else was looked through for secrets when it was first seen.
        parts = [b'"message":', _quote(message), ids.encoded]
        if len(attributes) > N_OWN_ATTRIBUTES:
            names = self._names
            for name, value in islice(attributes.items(), N_OWN_ATTRIBUTES, None):
                start = names.get(name)
                if start is None:
                    start = self._new_name(name)
                if not start:
                    continue
                if name in ids.fields:
                    if value is not ids.fields[name]:
                        return b""
                    continue
                kind = type(value)
                if kind is str:
                    if len(value) > MAX_CHARACTERS:
                        return b""
                    parts += start, _quote(value)
                elif kind is int:
                    if not -WIDEST_INTEGER < value < WIDEST_INTEGER:
                        return b""
                    parts += start, b"%d" % value
                elif kind is float and math.isfinite(value):
                    parts += start, repr(value).encode()
                elif value is None:
                    parts += start, b"null"
                elif kind is bool:
                    parts += start, b"true" if value else b"false"
                else:
                    return b""
            if len(parts) > 2 * MAX_ITEMS:
                return b""
        varying = b"".join(parts)
        if self._clean is not None and not (site[2] and self._clean(varying)):
            return b""
        moment = _MILLISECONDS[int((created - second) * 1000)]
        line = b"".join((known[1], moment, site[0], varying, site[1], b"}"))
        # An integer is looked for five times as fast as a bytes of length one.
        return b"" if (not line.isascii() or 0x7F in line) and _UNUSUAL.search(line) else line

    def _new_site(self, key: tuple[object, ...], record: logging.LogRecord) -> tuple[bytes, bytes, bool]:
        """Return what a line of code always says, before and behind what varies, and whether that holds no secret."""
        if len(self._sites) >= _MOST_SITES:
            self._sites.clear()
        level = json_line({"log.level": record.levelname.lower()})[1:-1]
        fields = json_line(site_fields(record, service=self.service))[1:-1]
        clean = self._clean is None or self._clean(f"{level},{fields}".encode())
        made = f",{level},".encode(), f",{fields}".encode(), clean
        self._sites[key] = made
        return made

    def _new_name(self, name: str) -> bytes:
        """Return what stands before the value of an extra; nothing for an attribute of logging's own."""
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        made = b"" if is_own(name) else f",{json_line({field_name(name): 0})[1:-2]}".encode()
        self._names[name] = made
        return made
