"""Records made quickly are the standard library's records."""

from __future__ import annotations

import logging
import multiprocessing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.logsetup import records
from logdojo.logsetup.records import QuickLogRecord

NOT_COMPARED = {"created", "msecs", "relativeCreated"}
known = pytest.mark.skipif(not records.LIKE_THE_STANDARD_LIBRARY, reason="records of this Python are not known to it")


@known
@settings(max_examples=200, deadline=None)
@given(
    pathname=st.one_of(st.text(max_size=30), st.just("/srv/shop/pay.py"), st.none(), st.integers()),
    args=st.one_of(
        st.just(()),
        st.tuples(st.integers()),
        st.tuples(st.dictionaries(st.text(), st.integers(), max_size=2)),
        st.none(),
    ),
    level=st.one_of(st.sampled_from([10, 20, 30, 40, 50]), st.integers(0, 100)),
)
def test_every_attribute_is_the_same(pathname: Any, args: Any, level: int):
    """Names, their order and their values are those of logging.LogRecord, whatever it is given."""
    given_values = ("shop", level, pathname, 7, "paid %s", args, None, "pay", "Stack:")
    quick, standard = QuickLogRecord(*given_values), logging.LogRecord(*given_values)
    assert list(vars(quick)) == list(vars(standard))
    for name in set(vars(standard)) - NOT_COMPARED:
        assert getattr(quick, name) == getattr(standard, name), name
        assert type(getattr(quick, name)) is type(getattr(standard, name)), name


@known
@pytest.mark.parametrize("switch", ["logThreads", "logMultiprocessing", "logProcesses"])
def test_what_an_application_switches_off_stays_off(switch: str, monkeypatch: pytest.MonkeyPatch):
    """The switches of the logging module hold."""
    monkeypatch.setattr(logging, switch, False)
    given_values = ("shop", 20, "pay.py", 7, "paid", (), None)
    quick, standard = QuickLogRecord(*given_values), logging.LogRecord(*given_values)
    same = ("thread", "threadName", "processName", "process")
    assert [getattr(quick, n) for n in same] == [getattr(standard, n) for n in same]


@known
def test_the_process_is_named():
    """With multiprocessing loaded the name of the process stands in the record."""
    name = multiprocessing.current_process().name
    assert QuickLogRecord("shop", 20, "pay.py", 7, "paid", (), None).processName == name


@known
def test_times_agree_with_each_other():
    """Milliseconds and the time since the start follow from the moment of creation as they do in logging."""
    record = QuickLogRecord("shop", 20, "pay.py", 7, "paid", (), None)
    assert record.msecs == int((record.created % 1) * 1000)
    assert record.relativeCreated == pytest.approx((record.created - logging._startTime) * 1000)  # type: ignore[attr-defined]


@known
def test_an_applications_own_factory_is_left_alone():
    """install() replaces only the standard library's factory, and uninstall() only its own."""

    def factory(*args: Any, **more: Any) -> logging.LogRecord:
        return logging.LogRecord(*args, **more)

    before = logging.getLogRecordFactory()
    try:
        logging.setLogRecordFactory(factory)
        assert not records.install()
        records.uninstall()
        assert logging.getLogRecordFactory() is factory
        logging.setLogRecordFactory(logging.LogRecord)
        assert records.install()
        assert records.install()
        records.uninstall()
        assert logging.getLogRecordFactory() is logging.LogRecord
    finally:
        logging.setLogRecordFactory(before)
