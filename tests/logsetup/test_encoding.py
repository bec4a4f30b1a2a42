"""The quick way to a line and the careful one give the same bytes."""

from __future__ import annotations

import builtins
import importlib
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.logsetup import bind, encoding, scope
from logdojo.logsetup.encoding import LineEncoder
from logdojo.logsetup.fields import ecs_fields
from logdojo.logsetup.plain import json_line

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
ROUGH_TEXT = st.one_of(
    ANY_TEXT, st.text(alphabet='\n\r\x00\x1f\x7f\x85\x9f\u2028\u2029"\\%{}\ud800\udc80aß', max_size=20)
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**63 - 2, max_value=2**64 + 2),
    st.floats(allow_nan=True, allow_infinity=True),
    ROUGH_TEXT,
    st.binary(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(ROUGH_TEXT, st.floats(), max_size=2),
)
RECORDS = st.fixed_dictionaries(
    {
        "msg": st.one_of(ROUGH_TEXT, VALUES),
        "args": st.one_of(st.just(()), st.tuples(VALUES), st.tuples(VALUES, VALUES)),
        "name": ROUGH_TEXT,
        "funcName": st.one_of(st.none(), ROUGH_TEXT),
        "created": st.floats(min_value=0, max_value=4e9),
        "extras": st.dictionaries(
            st.one_of(ROUGH_TEXT, st.sampled_from(["user.id", "message", "asctime", "tags", "log.level", "trace.id"])),
            VALUES,
            max_size=5,
        ),
    }
)


def made(parts: dict[str, Any]) -> logging.LogRecord:
    """Make a record as a logger makes it: its own attributes first, extras after them."""
    record = logging.LogRecord(parts["name"], 20, "shop/pay.py", 7, parts["msg"], (), None, parts["funcName"])
    record.args, record.created = parts["args"], parts["created"]
    vars(record).update({k: v for k, v in parts["extras"].items() if k not in vars(record)})
    return record


@settings(max_examples=600, deadline=None)
@given(parts=RECORDS, user=ROUGH_TEXT)
def test_the_quick_line_is_the_careful_line(parts: dict[str, Any], user: str):
    """Whatever a record holds, both ways give the same bytes, twice in a row, with ids bound."""
    record = made(parts)
    encoder = LineEncoder("shop")
    with scope(user=user, trace="4bf92f3577b34da6"):
        careful = json_line(ecs_fields(record, service="shop")).encode()
        assert encoder.line(record) == careful
        assert encoder.line(record) == careful


@settings(max_examples=300, deadline=None)
@given(text=ROUGH_TEXT)
def test_text_is_quoted_alike_with_and_without_orjson(text: str):
    """Where orjson is installed it changes the speed and no byte."""
    quoted: list[object] = []
    for quote in (encoding._quote, encoding._quote_without_orjson):
        try:
            quoted.append(quote(text))
        except (TypeError, ValueError):
            quoted.append("refused, so the careful way is taken")
    assert quoted[0] == quoted[1]


def test_encoding_works_where_orjson_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    """The module is imported again with orjson out of reach, and writes the same line."""
    record = made(
        {"msg": "paid %s", "args": ("17 €",), "name": "shop", "funcName": "pay", "created": 1.7e9, "extras": {}}
    )
    expected = LineEncoder().line(record)
    real_import = builtins.__import__

    def without_orjson(name: str, *rest: Any, **more: Any) -> Any:
        if name == "orjson":
            raise ImportError(name)
        return real_import(name, *rest, **more)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(builtins, "__import__", without_orjson)
            assert importlib.reload(encoding)._quote is encoding._quote_without_orjson
        assert encoding.LineEncoder().line(record) == expected
    finally:
        importlib.reload(encoding)


def test_ordinary_records_take_the_quick_way():
    """Text, whole and broken numbers, yes and no, nothing, and ids of the context need no careful handling."""
    bind(user="ada")
    extras = {"order.id": 7, "event.duration": 0.25, "paid": True, "coupon": None, "event.action": "pay ß"}
    record = made(
        {"msg": "a %s", "args": ("b",), "name": "shop", "funcName": "pay", "created": 1.7e9, "extras": extras}
    )
    assert LineEncoder()._quick(record) == json_line(ecs_fields(record)).encode()
    bind(user="")


def test_a_redactor_sees_every_line_and_rewrites_the_suspicious_ones():
    """What the redactor does not call clean is redacted field by field."""

    class Careful:
        def clean(self, line: bytes) -> bool:
            return b"hunter2" not in line

        def fields(self, fields: Any) -> dict[str, object]:
            return {name: str(value).replace("hunter2", "[redacted]") for name, value in fields.items()}

    encoder = LineEncoder(redactor=Careful())
    record = made({"msg": "pw %s", "args": ("hunter2",), "name": "s", "funcName": "f", "created": 1.7e9, "extras": {}})
    assert b"hunter2" not in encoder.line(record)
    assert b"[redacted]" in encoder.line(record)


def test_a_thread_that_logs_in_another_second_changes_no_time_but_its_own():
    """A record keeps its own second, also when another thread logs in the next one while its line is being made."""
    encoder = LineEncoder()
    early, late = (logging.makeLogRecord({"msg": "x", "created": seconds}) for seconds in (1_000.5, 1_001.5))

    class Thread(str):
        """The name of a thread that gives way to another one in the middle of its line."""

        __slots__ = ()

        def __hash__(self) -> int:
            encoder.line(late)
            return super().__hash__()

    early.threadName = Thread("one")
    assert b"1970-01-01T00:16:40.500Z" in encoder.line(early)
