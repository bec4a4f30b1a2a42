from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.logsetup import HumanFormatter, JsonFormatter
from logdojo.logsetup.formatters import exception_fields, format_record, timestamp

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
ROUGH_TEXT = st.one_of(ANY_TEXT, st.text(alphabet=LINE_ENDS + '"\\%{}\ud800\udc80a', max_size=20))


class Raises:
    """An object whose text and repr raise."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    ROUGH_TEXT,
    st.binary(max_size=20),
    st.datetimes(),
    st.complex_numbers(),
    st.builds(Raises),
    st.builds(object),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(ROUGH_TEXT, st.integers(), st.none(), st.binary(max_size=3)), inner, max_size=4),
        st.frozensets(st.one_of(st.integers(), ROUGH_TEXT), max_size=4),
    ),
    max_leaves=12,
)


def record(message: object = "hello", *args: object, **more: object) -> logging.LogRecord:
    """Make a record as a logger makes it."""
    base = {"name": "shop", "levelno": 20, "levelname": "INFO", "msg": message, "args": args}
    return logging.makeLogRecord({**base, **more})


def read(line: str) -> dict[str, Any]:
    """Read a line as strict JSON: NaN and infinities are refused."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    fields: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return fields


def raised(depth: int = 1) -> BaseException:
    """Return an exception with a cause, raised where secrets are local variables."""
    password = "s3cr3t-" + "value"
    try:
        try:
            return int("x", len(password) - depth)  # type: ignore[return-value]  # it raises
        except ValueError as cause:
            raise LookupError("no order") from cause
    except LookupError as error:
        return error


@settings(max_examples=400, deadline=None)
@given(
    message=st.one_of(ROUGH_TEXT, VALUES),
    args=st.lists(VALUES, max_size=3),
    extras=st.dictionaries(ROUGH_TEXT, VALUES, max_size=4),
    name=ROUGH_TEXT,
)
def test_one_event_is_one_line_of_json(message: object, args: list[object], extras: dict[str, object], name: str):
    """Whatever message, arguments, extras and logger name hold, the result is one line of strict UTF-8 JSON."""
    made = record(message, *args)
    vars(made).update({key: value for key, value in extras.items() if key not in vars(made)}, name=name)
    line = JsonFormatter("shop").format(made)
    assert len(line.splitlines()) == 1
    assert not any(end in line for end in LINE_ENDS)
    line.encode("utf-8")
    fields = read(line)
    assert {"@timestamp", "log.level", "log.logger", "message", "process.pid", "service.name"} <= set(fields)


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_a_message_comes_back_as_it_was(text: str):
    """A message that is proper text comes back unchanged from the line, line breaks included."""
    assert read(format_record(record(text)))["message"] == text


@settings(max_examples=200, deadline=None)
@given(message=ROUGH_TEXT, name=ROUGH_TEXT)
def test_people_see_one_line_without_control_characters(message: str, name: str):
    """The line for people is one line, and nothing in it moves the cursor."""
    line = HumanFormatter().format(record(message, name=name))
    assert len(line.splitlines()) == 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line)
    line.encode("utf-8")


def test_names_follow_ecs():
    """Time, level, logger, origin and process stand under their ECS names."""
    made = record("order %s", 17, created=1_700_000_000.25, filename="pay.py", lineno=12, funcName="pay")
    fields = read(JsonFormatter("shop").format(made))
    assert fields == {
        "@timestamp": "2023-11-14T22:13:20.250Z",
        "log.level": "info",
        "log.logger": "shop",
        "message": "order 17",
        "ecs.version": fields["ecs.version"],
        "process.pid": made.process,
        "process.thread.name": "MainThread",
        "log.origin.file.name": "pay.py",
        "log.origin.file.line": 12,
        "log.origin.function": "pay",
        "service.name": "shop",
    }


def test_timestamps_are_utc_with_milliseconds():
    """A moment is written in UTC with three digits of a second."""
    assert timestamp(datetime(2026, 3, 2, 9, 36, tzinfo=UTC).timestamp()) == "2026-03-02T09:36:00.000Z"


def test_extras_keep_a_dotted_name_and_others_are_labels():
    """A dotted extra is an ECS name; a plain one stands under labels; tags is ECS's own."""
    fields = read(format_record(record(**{"user.name": "ada", "attempt": 2, "tags": ["web"]})))
    assert (fields["user.name"], fields["labels.attempt"], fields["tags"]) == ("ada", 2, ["web"])


def test_extras_replace_nothing():
    """An extra that is called like a field of the record becomes a label."""
    fields = read(format_record(record("real", **{"log.level": "critical", "@timestamp": "never"})))
    assert fields["log.level"] == "info"
    assert fields["labels.log.level"] == "critical"
    assert fields["labels.@timestamp"] == "never"


@pytest.mark.parametrize(
    ("template", "args"),
    [("%s of %d", ("one",)), ("%d", ("text",)), ("50 %", (1,)), ("%s", (Raises(),)), ("none", (1, 2))],
)
def test_arguments_that_do_not_fit_cost_only_themselves(template: str, args: tuple[object, ...]):
    """The template stays the message, and the line says what was wrong with the arguments."""
    fields = read(format_record(record(template, *args)))
    assert fields["message"] == template
    assert fields["labels.logging_error"]
    assert len(fields["labels.logging_args"]) == len(args)
    assert template in HumanFormatter().format(record(template, *args))


def test_exceptions_keep_their_chain_and_no_local_variables():
    """Type, message and the whole chain are there; values of local variables are not."""
    error = raised()
    made = record("failed", exc_info=(type(error), error, error.__traceback__))
    fields = read(format_record(made))
    assert (fields["error.type"], fields["error.message"]) == ("LookupError", "no order")
    assert "ValueError" in fields["error.stack_trace"]
    for text in (json.dumps(fields), HumanFormatter().format(made)):
        assert "s3cr3t" not in text


def test_a_stack_trace_cannot_forge_a_line_for_people():
    """Lines under a record begin with a mark, also when an exception's message has line breaks."""
    error = ValueError("a\n12:00:00 INFO     shop: forged\x1b[2J")
    lines = HumanFormatter().format(record("failed", exc_info=(ValueError, error, None))).splitlines()
    assert len(lines) > 1
    assert all(line.startswith("  | ") for line in lines[1:])
    assert "\x1b" not in "".join(lines)


def test_exceptions_that_break_their_own_text_are_told_of():
    """An exception whose str raises costs its message and nothing else."""

    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    fields = exception_fields(BrokenError())
    assert "BrokenError" in str(fields["error.message"])
    assert "BrokenError" in str(fields["error.stack_trace"])


def test_exception_chains_that_loop_come_to_an_end():
    """Two exceptions that are each other's cause give a finite stack trace."""
    one, two = ValueError("one"), KeyError("two")
    one.__cause__, two.__cause__ = two, one
    assert "KeyError" in str(exception_fields(one)["error.stack_trace"])


def test_exc_info_without_an_exception_is_no_error():
    """exc_info=True outside an except block gives an ordinary line."""
    assert "error.type" not in read(format_record(record(exc_info=(None, None, None))))


def test_text_of_an_exception_that_came_through_a_queue_is_kept():
    """A record that lost its exception on the way still has the stack trace as text."""
    assert read(format_record(record(exc_text="Traceback: far away")))["error.stack_trace"] == "Traceback: far away"


def test_large_values_are_bounded():
    """A megabyte in a message, an extra, a container and a stack trace does not make a long line."""
    error = ValueError("e" * 1_000_000)
    line = format_record(
        record(
            "m" * 1_000_000,
            big="x" * 1_000_000,
            many=[["y" * 50] * 1_000] * 1_000,
            exc_info=(ValueError, error, None),
        )
    )
    assert len(line) < 500_000
    assert "characters cut" in read(line)["message"]


def test_deep_cyclic_and_giant_values_are_told_of():
    """Cycles, deep nesting, giant integers, NaN and bytes become something that JSON can hold."""
    loop: dict[str, object] = {}
    loop["self"] = loop
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    fields = read(
        format_record(
            record(loop=loop, deep=deep, giant=10**10_000, nan=float("nan"), raw=b"caf\xc3\xa9\xff", least=-(2**63) + 1)
        )
    )
    assert "contains itself" in fields["labels.loop"]["self"]
    assert "nested deeper" in json.dumps(fields["labels.deep"])
    assert fields["labels.giant"].startswith("0x")
    assert fields["labels.nan"] == "nan"
    assert fields["labels.raw"] == "café\\xff"
    assert fields["labels.least"] == -(2**63) + 1


def test_the_same_value_twice_is_no_cycle():
    """A value that is used in two places is written in both."""
    shared = {"a": 1}
    assert read(format_record(record(pair=[shared, shared])))["labels.pair"] == [{"a": 1}, {"a": 1}]


def test_sets_have_an_order():
    """Equal sets give equal lines."""
    assert read(format_record(record(names={"b", "a", "c"})))["labels.names"] == ["a", "b", "c"]


def test_records_of_the_running_exception(caplog: pytest.LogCaptureFixture):
    """What logger.exception makes is formatted with the running exception."""
    try:
        raise_it = sys.maxsize // 0
        assert raise_it
    except ZeroDivisionError:
        logging.getLogger("shop").exception("failed")
    assert read(format_record(caplog.records[-1]))["error.type"] == "ZeroDivisionError"
