from __future__ import annotations

import io
import logging
import logging.handlers

import pytest

from logdojo.logsetup.formatters import JsonFormatter
from logdojo.logsetup.redaction import RedactionFilter, Redactor, install, uninstall
from logdojo.logsetup.testing import fresh_logging

SECRET = "Zk9x" + "Qw3Er7"


def _handler() -> tuple[logging.Handler, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler, stream


class _Broken:
    def __init__(self) -> None:
        self.calls = 0

    def __str__(self) -> str:
        raise RuntimeError(SECRET)

    __repr__ = __str__


def test_a_clean_record_keeps_its_text_and_extras():
    """What holds no secret comes out as it was, objects in extras included."""
    value = {"a": [1, 2]}
    record = logging.makeLogRecord({"msg": "order %d of %s", "args": (17, "ada"), "detail": value, "n": 7})
    assert RedactionFilter(Redactor()).filter(record)
    assert record.getMessage() == "order 17 of ada"
    assert vars(record)["detail"] is value
    assert vars(record)["n"] == 7


def test_unused_arguments_do_not_stay_in_the_record():
    """A mapping of arguments may hold more than the message shows; handlers that send all attributes do not get it."""
    record = logging.makeLogRecord({"msg": "hi %(user)s", "args": {"user": "ada", "password": SECRET}})
    RedactionFilter(Redactor()).filter(record)
    assert record.getMessage() == "hi ada"
    assert SECRET not in str(vars(record))


def test_an_exception_becomes_text_without_frames():
    """No handler behind the filter can reach the frames, whose local variables hold secrets."""
    record = logging.makeLogRecord({"msg": "failed"})
    try:
        password = SECRET
        int(password)
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    RedactionFilter(Redactor(secrets=[SECRET])).filter(record)
    assert record.exc_info is None
    assert record.exc_text is not None
    assert "ValueError" in record.exc_text
    assert SECRET not in record.exc_text


def test_a_record_that_cannot_be_checked_is_withheld_and_survives(monkeypatch: pytest.MonkeyPatch):
    """An error inside the redaction costs the record its text, never the record, and never raises."""
    redactor = Redactor()
    monkeypatch.setattr(redactor, "clean", lambda _line: 1 / 0)
    record = logging.makeLogRecord({"msg": f"password={SECRET}", "stack_info": SECRET, "detail": SECRET, SECRET: 1})
    assert RedactionFilter(redactor).filter(record)
    assert record.getMessage().startswith("[redacted")
    assert SECRET not in str(vars(record))


def test_objects_that_raise_cost_at_most_their_own_text():
    """A message, an argument and an extra whose __str__ raises: the record comes out, and nobody is told the secret."""
    for attributes in ({"msg": _Broken()}, {"msg": "%s", "args": (_Broken(),)}, {"msg": "hi", "detail": _Broken()}):
        record = logging.makeLogRecord(attributes)
        assert RedactionFilter(Redactor()).filter(record)
        assert SECRET not in record.getMessage()


def test_arguments_that_do_not_fit_are_redacted_and_not_printed(capsys: pytest.CaptureFixture[str]):
    """Logging prints such arguments on standard error; behind the filter they are part of the message."""
    record = logging.makeLogRecord({"msg": "%d items", "args": (f"token={SECRET}",)})
    RedactionFilter(Redactor()).filter(record)
    logging.StreamHandler(io.StringIO()).handle(record)
    assert "%d items" in record.getMessage()
    assert SECRET not in record.getMessage() + capsys.readouterr().err


def test_install_covers_handlers_of_all_loggers_once():
    """In the whole tree and behind a buffer; a second call adds none; uninstall takes them off."""
    with fresh_logging() as root:
        ours, stream = _handler()
        theirs, their_stream = _handler()
        root.addHandler(ours)
        library = logging.getLogger("library.pool")
        library.addHandler(theirs)
        library.addHandler(ours)
        target, _ = _handler()
        library.addHandler(logging.handlers.MemoryHandler(10, target=target))
        before = 1 if logging.lastResort is not None else 0
        assert install(Redactor()) == 4 + before
        assert install(Redactor()) == 0
        library.warning("GET /?access_token=%s", SECRET)
        assert "[redacted]" in stream.getvalue()
        assert SECRET not in stream.getvalue() + their_stream.getvalue()
        assert uninstall() == 4 + before
        assert uninstall() == 0
        library.warning("token=%s", "plainer")
        assert "plainer" in their_stream.getvalue()


def test_install_leaves_alone_what_redacts_already():
    """A handler with a filter of its own, or with our formatter and a redactor, keeps what it has."""
    with fresh_logging() as root:
        filtered, _ = _handler()
        own = RedactionFilter(Redactor())
        filtered.addFilter(own)
        formatted, _ = _handler()
        formatted.setFormatter(JsonFormatter(redactor=Redactor()))
        root.addHandler(filtered)
        root.addHandler(formatted)
        install(Redactor())
        assert filtered.filters == [own]
        assert formatted.filters == []
        uninstall()
        assert filtered.filters == [own]
