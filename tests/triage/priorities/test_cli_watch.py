"""``logdojo watch``: the review list on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from logdojo.cli import build_app
from logdojo.parse import parse_line
from logdojo.simulate import company_days
from logdojo.store import Batch, DuckDbStore, Tags

DAYS = 2


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [each.line for each in company_days(days=DAYS, seed=9, events_per_day=1_500, attack_share=0.1)]


@pytest.fixture(scope="module")
def log(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("watch") / "company.log"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def watch(*arguments: object) -> str:
    """Return what the command writes to standard output."""
    done = CliRunner().invoke(build_app(), ["watch", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_list_is_of_the_last_day_and_names_its_reasons(log: Path):
    """Without an option it is the list of the last day read, in plain text."""
    text = watch(log, "--top", 5)
    assert text.startswith("Review list for 2025-01-07: 5 items")
    assert "\n1. Score " in text


def test_json_holds_the_same_list(log: Path):
    """The JSON form has ranks, scores, sources, reasons and events."""
    document = json.loads(watch(log, "--json", "--top", 3, "--day", "2025-01-06", "--alarm", 60))
    assert document["day"] == "2025-01-06"
    assert [item["rank"] for item in document["items"]] == [1, 2, 3]
    assert all(item["reasons"] and item["best_events"] and item["sources"] for item in document["items"])
    assert all(item["above_alarm"] == (item["score"] >= 60) for item in document["items"])


def test_a_store_gives_the_list_of_its_lines(log: Path, lines: list[str], tmp_path: Path):
    """Events that were collected before give a list of the same day."""
    store = DuckDbStore(tmp_path / "store.duckdb")
    store.append(Batch.of([parse_line(line) for line in lines], "test", Tags("company")))
    store.close()
    found = json.loads(watch("--store", tmp_path / "store.duckdb", "--json", "--day", "2025-01-07"))
    assert found["items"]
    assert found["items"][0]["score"] >= json.loads(watch(log, "--json"))["items"][-1]["score"]


def test_a_history_is_written_and_read_again(log: Path, tmp_path: Path):
    """The first run writes what is usual, the second starts from it."""
    history = tmp_path / "history.json"
    watch(log, "--history", history, "--rules")
    assert json.loads(history.read_text(encoding="utf-8"))["habits"]
    watch(log, "--history", history)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--day", "tomorrow"], "tomorrow"),
        (["--store", "none.duckdb"], "none.duckdb"),
        (["--store", "a", "b"], "exclude"),
        (["--assets", "none.yaml"], "none.yaml"),
        (["--sigma", "none"], "none"),
    ],
)
def test_what_is_wrong_with_the_call_is_named(arguments: list[str], told: str):
    """Each wrong option ends with an error that names it."""
    done = CliRunner().invoke(build_app(), ["watch", *arguments], input="")
    assert done.exit_code != 0
    assert told in str(done.exception)


def test_nothing_to_read_gives_an_empty_list():
    """Empty input is no error."""
    done = CliRunner().invoke(build_app(), ["watch"], input="")
    assert done.exit_code == 0
    assert "0 items" in done.stdout
