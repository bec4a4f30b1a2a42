"""Nothing planted gets out of a real logger whose redactor is the anonymizer, whatever carries it in."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logdojo import logsetup
from logdojo.anonymize import Anonymizer
from logdojo.anonymize.hook import AnonymizingRedactor
from logdojo.logsetup.redaction import RedactionFilter

sys.path.insert(0, str(Path(__file__).parents[1] / "logsetup" / "redaction"))
from corpus import Plant, carriers

ANONYMIZER = Anonymizer(b"a key of the tests, 32 bytes long")
REDACTOR = AnonymizingRedactor(ANONYMIZER, secrets=["Zk9xQw3Er7"], names=["internal_ref"])
CARD = "5500005555555559"
PLANTS = [
    Plant("ip", "source.ip", "81.2.69.142", "refused 81.2.69.142 at the gate"),
    Plant("ip6", "client.ip", "2a02:8109:9c40:1f80::beef", "refused [2a02:8109:9c40:1f80::beef]:22 at the gate"),
    Plant("mac", "source.mac", "3c:52:82:aa:bb:cc", "lease for 3c:52:82:aa:bb:cc given"),
    Plant("email", "user.email", "zaphod@heartofgold.com", "mail to zaphod@heartofgold.com sent"),
    Plant("user", "user.name", "zaphodbb", "login of user=zaphodbb ok"),
    Plant("host", "host.name", "prefect.betelgeuse.net", "cannot reach prefect.betelgeuse.net today"),
    Plant("account", "cloud.account.id", "482913570062", "denied in account 482913570062 today"),
    Plant("arn", "arn", "arn:aws:iam::482913570062:user/slarti", "by arn:aws:iam::482913570062:user/slarti today"),
    Plant("access key", "accessKeyId", "AKIA2QXW5NJ7RTEVM3PD", "key AKIA2QXW5NJ7RTEVM3PD is old"),
    Plant("path", "", "marvin42", "cannot open /home/marvin42/diary.txt"),
    Plant("phone", "phone", "+49 30 901820", "sms to +49 30 901820 failed"),
    Plant("card", "", CARD, f"paid with {CARD} today"),
    Plant("password", "password", "hunter2hunter2", "login password=hunter2hunter2 failed"),
    Plant("token", "api_token", "ghp_" + "a1B2c3D4e5F6" * 3, "got ghp_" + "a1B2c3D4e5F6" * 3 + " here"),
    Plant("own secret", "", "Zk9xQw3Er7", "key is Zk9xQw3Er7 today"),
    Plant("own name", "internal_ref", "magrathea-77", "asked with internal_ref=magrathea-77 today"),
]


@contextmanager
def _logging(folder: Path) -> Iterator[Path]:
    """A log file and a console under the hook; set up within a test, whose own handlers would be closed otherwise."""
    file = folder / "app.log"
    logsetup.setup(logsetup.LogSettings(file=file, level="DEBUG"), redactor=REDACTOR)
    try:
        yield file
    finally:
        logsetup.shutdown()


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.form for plant in PLANTS])
def test_nothing_planted_is_written(plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Neither the file nor the console shows the value, through no path of a record; and each record is one line."""
    count = 0
    with _logging(tmp_path) as file:
        for name, log in carriers(plant):
            if name == "extra by name, whole" and plant.form == "user":
                continue  # an object under a name of no secret: its own names count
            log(logging.getLogger("shop.cart"))
            shown = file.read_text("utf-8") + capsys.readouterr().err
            assert plant.value not in shown, name
            count += 1
        lines = file.read_text("utf-8").splitlines()
    assert len(lines) == count
    assert all(json.loads(line)["ecs.version"] for line in lines)


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.form for plant in PLANTS])
def test_handlers_of_others_are_covered_by_the_filter(plant: Plant):
    """A filter with the hook cleans the record itself, for any formatter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactionFilter(REDACTOR))
    logger = logging.getLogger("other")
    logger.setLevel("INFO")
    logger.addHandler(handler)
    try:
        for _, log in carriers(plant):
            log(logger)
    finally:
        logger.removeHandler(handler)
        logger.setLevel("NOTSET")
    assert stream.getvalue()
    assert plant.value not in stream.getvalue()


def test_pseudonyms_are_those_of_files(tmp_path: Path):
    """A line stays linked to the lines of other sources that were anonymized under the same key."""
    with _logging(tmp_path) as file:
        logging.getLogger("shop").info("login", extra={"user.name": "zaphodbb", "source.ip": "81.2.69.142"})
        fields = json.loads(file.read_text("utf-8"))
    assert ANONYMIZER.value("user", "zaphodbb") in fields.values()
    assert ANONYMIZER.value("ip", "81.2.69.142") in fields.values()


def test_what_is_not_sensitive_stays(tmp_path: Path):
    """Message, numbers, structure and the place in the code are as without the hook."""
    extra = {"items": [1, {"sku": "A-7"}], "ok": True}
    with _logging(tmp_path) as file:
        logging.getLogger("shop").info("order %d paid in %.2f s", 17, 0.31, extra=extra)
        fields = json.loads(file.read_text("utf-8"))
    assert fields["message"] == "order 17 paid in 0.31 s"
    assert fields["log.origin.file.name"] == "test_hook.py"
    assert all(value in fields.values() for value in extra.values())


def test_values_of_every_json_type_pass():
    """Numbers, booleans, None and lone surrogates come through, and a name decides."""
    assert REDACTOR.value("n", 7) == 7
    assert REDACTOR.value("ok", value=None) is None
    assert REDACTOR.value("password", "x1y2z3") == "[redacted]"
    assert REDACTOR.value("user", ["zaphodbb", "fordpref"]) == [
        ANONYMIZER.value("user", "zaphodbb"),
        ANONYMIZER.value("user", "fordpref"),
    ]
    assert REDACTOR.text("odd \ud800 text") == "odd \ud800 text"
