from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from logdojo.errors import InputError, UsageError
from logdojo.logsetup import LogSettings, dict_config, scope, setup, shutdown
from logdojo.logsetup.configuration import Keep
from logdojo.logsetup.encryption import KeyRing, decrypt_archive
from logdojo.logsetup.files.archives import Decrypt, segments
from logdojo.logsetup.integrity.keys import new_signing_key, save_signing_key
from logdojo.logsetup.testing import fresh_logging


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Each test has an unconfigured logging module."""
    with fresh_logging():
        yield
        shutdown()


def lines_of(file: Path) -> list[dict[str, object]]:
    """Return the events of a log file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def all_lines_of(file: Path, decrypt: Decrypt | None = None) -> list[dict[str, object]]:
    """Return the events of a log file and its archives."""
    events = []
    for segment in segments(file):
        with segment.open(decrypt) as content:
            events += [json.loads(line) for line in content if line.strip()]
    return events


def test_console_and_file_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One event is one line for people on standard error and one JSON line in the file; standard output stays empty."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, service="shop"))
    with scope(user="ada"):
        logging.getLogger("shop.payment").info("paid %s\nat once", 17)
    shutdown()
    out, err = capsys.readouterr()
    assert out == ""
    assert "INFO     shop.payment: paid 17\\nat once  user.id=ada" in err
    (event,) = lines_of(file)
    assert (event["message"], event["user.id"], event["service.name"]) == ("paid 17\nat once", "ada", "shop")


def test_setting_up_twice_doubles_nothing(tmp_path: Path):
    """After two calls with the same settings each event is written once."""
    file = tmp_path / "app.log"
    for _ in range(2):
        setup(LogSettings(file=file, console=False))
        logging.getLogger("shop").info("hello")
    assert len(lines_of(file)) == 2
    assert len(logging.getLogger().handlers) == 1


def test_a_later_setup_replaces_the_earlier(tmp_path: Path):
    """Levels and files of an earlier call are gone after the next."""
    setup(LogSettings(file=tmp_path / "one.log", console=False, levels={"shop": "DEBUG"}))
    setup(LogSettings(file=tmp_path / "two.log", console=False))
    logging.getLogger("shop").debug("detail")
    logging.getLogger("shop").info("hello")
    assert lines_of(tmp_path / "one.log") == []
    assert [event["message"] for event in lines_of(tmp_path / "two.log")] == ["hello"]


def test_shutdown_twice_is_shutdown_once(tmp_path: Path):
    """After shutdown no handler of setup is left and levels are back; a further call does nothing."""
    root = logging.getLogger()
    before = root.level
    shutdown()
    for _ in range(2):
        setup(LogSettings(level="DEBUG", levels={"shop": "ERROR"}, file=tmp_path / "app.log", console=False))
        assert logging.getLogger("shop").level == logging.ERROR
        shutdown()
        shutdown()
        assert (root.level, root.handlers) == (before, [])
        assert logging.getLogger("shop").level == logging.NOTSET


def test_levels_by_logger(tmp_path: Path):
    """A logger and those below it follow levels; all others the one level."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, console=False, level="WARNING", levels={"shop": "DEBUG", "shop.noisy": "ERROR"}))
    for name in ("shop.payment", "shop.noisy.inner", "urllib3"):
        logging.getLogger(name).info("from %s", name)
    assert [event["log.logger"] for event in lines_of(file)] == ["shop.payment"]


def test_existing_loggers_stay_enabled(tmp_path: Path):
    """A logger that a library made before setup still logs."""
    library = logging.getLogger("somelibrary")
    setup(LogSettings(file=tmp_path / "app.log", console=False))
    library.warning("slow")
    assert [event["message"] for event in lines_of(tmp_path / "app.log")] == ["slow"]


def test_the_console_may_be_quieter_than_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """console_level keeps lines from people that the file has."""
    setup(LogSettings(file=tmp_path / "app.log", console_level="ERROR"))
    logging.getLogger("shop").warning("only in the file")
    assert capsys.readouterr().err == ""
    assert len(lines_of(tmp_path / "app.log")) == 1


def test_unknown_levels_are_refused_with_a_remedy():
    """A level that does not exist is named together with the place it stands in."""
    with pytest.raises(UsageError, match=r"levels\['shop'\]: 'LOUD'") as caught:
        LogSettings(levels={"shop": "LOUD"})
    assert "WARNING" in caught.value.hint


def test_a_file_that_cannot_be_opened_changes_nothing(tmp_path: Path):
    """The error names the file, and the configuration of before still works."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, console=False))
    with pytest.raises(InputError, match=r"missing.app\.log"):
        setup(LogSettings(file=tmp_path / "missing" / "app.log"))
    logging.getLogger("shop").info("still here")
    assert len(lines_of(file)) == 1


def test_the_configuration_is_plain_data(tmp_path: Path):
    """dict_config returns new, plain data that could stand in a JSON file."""
    settings = LogSettings(file=tmp_path / "app.log", levels={"shop": "DEBUG"})
    assert json.loads(json.dumps(dict_config(settings))) == dict_config(settings)
    assert dict_config(settings) is not dict_config(settings)


def test_importing_configures_nothing():
    """Importing the package leaves the root logger as Python makes it, and loads no torch."""
    code = (
        "import logging, sys, logdojo.logsetup; root = logging.getLogger();"
        "assert not root.handlers and root.level == logging.WARNING; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_one_bad_record_costs_at_most_itself(tmp_path: Path):
    """Records before and after a broken one are all there, the broken one too."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, console=False))
    log = logging.getLogger("shop")
    log.info("before")
    log.info("%d of %d", *["broken"])
    log.info("lone surrogate \ud800 and %s", b"\xff")
    log.info("after")
    assert len(lines_of(file)) == 4


def test_a_demonstration_runs():
    """The demonstration of the package shows one record in both forms, on standard error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "logdojo.logsetup"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    assert json.loads(done.stderr.splitlines()[-1])["error.type"] == "ValueError"


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """A key to seal with and a ring to encrypt with, in files."""
    seal_key, ring = tmp_path / "seal.pem", tmp_path / "keys.json"
    save_signing_key(seal_key, new_signing_key())
    KeyRing.new().create(ring)
    return {"seal_key": seal_key, "encryption_keys": ring}


def test_everything_switched_on_is_plain_data(tmp_path: Path, keys: dict[str, Path]):
    """A configuration with all that a file can have could stand in a JSON file, and holds the paths of keys, no key."""
    settings = LogSettings(
        file=tmp_path / "app.log",
        rotate_every=timedelta(days=1),
        max_bytes=10**8,
        compress=True,
        keep=Keep(max_age=timedelta(days=30), max_files=50),
        when_full="block",
        **keys,
    )
    text = json.dumps(dict_config(settings))
    assert json.loads(text) == dict_config(settings)
    assert str(keys["seal_key"]) in text
    assert "PRIVATE" not in text


def test_everything_switched_on_works(tmp_path: Path, keys: dict[str, Path]):
    """One call sets up rotation, compression, sealing, encryption and retention; the archive holds what was logged."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, console=False, max_bytes=2_000, compress=True, keep=Keep(max_files=2), **keys))
    for number in range(60):
        logging.getLogger("shop").info("order %d", number)
    shutdown()
    *archives, live = segments(file)
    assert [segment.path.name.endswith(".gz.enc") for segment in archives] == [True, True]
    ring = KeyRing.load(keys["encryption_keys"])
    numbers = [
        int(str(event["message"]).split()[1]) for event in all_lines_of(file, partial(decrypt_archive, keys=ring))
    ]
    assert not live.encrypted
    assert numbers == list(range(60 - len(numbers), 60))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o777, 0o641])
def test_a_mode_for_everybody_is_refused(mode: int):
    """A log that everybody may read, write or run is no log; the error names the mode and a better one."""
    with pytest.raises(UsageError, match=f"{mode:#o}") as caught:
        LogSettings(mode=mode)
    assert "0o640" in caught.value.hint


@pytest.mark.parametrize("which", ["seal_key", "encryption_keys"])
def test_a_key_that_is_missing_changes_nothing(tmp_path: Path, which: str):
    """The error names the file of the key; logging goes on as before, and no log file is made."""
    before, after = tmp_path / "before.log", tmp_path / "after.log"
    setup(LogSettings(file=before, console=False))
    with pytest.raises(InputError, match=r"missing\.pem"):
        setup(LogSettings(file=after, console=False, **{which: tmp_path / "missing.pem"}))
    logging.getLogger("shop").info("still here")
    assert len(lines_of(before)) == 1
    assert not after.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_bytes": -1},
        {"rotate_every": timedelta(milliseconds=5)},
        {"keep": Keep(max_files=-1)},
        {"keep": Keep(max_age=timedelta(days=-1))},
    ],
    ids=["max_bytes", "rotate_every", "max_files", "max_age"],
)
def test_a_limit_out_of_range_changes_nothing(tmp_path: Path, wrong: dict[str, Any]):
    """The error names the limit; logging goes on as before."""
    file = tmp_path / "app.log"
    setup(LogSettings(file=file, console=False))
    with pytest.raises(UsageError, match=r"max_bytes|every|max_files|max_age"):
        setup(LogSettings(file=file, console=False, **wrong))
    logging.getLogger("shop").info("still here")
    assert len(lines_of(file)) == 1


def test_logs_of_two_names_in_one_folder_do_not_mix(tmp_path: Path):
    """A log whose name begins with another's has archives of its own."""
    for name in ("app.log", "app.log.audit"):
        setup(LogSettings(file=tmp_path / name, console=False, max_bytes=500))
        for number in range(10):
            logging.getLogger(name).info("%d", number)
        shutdown()
    for name in ("app.log", "app.log.audit"):
        found = [(event["log.logger"], event["message"]) for event in all_lines_of(tmp_path / name)]
        assert found == [(name, str(n)) for n in range(10)]
