"""OCSF events against the published schema of their version, as ``ocsf-json-schema`` carries it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from logdojo.events import LogEvent
from logdojo.parse import parse_line
from logdojo.parse.ocsf import to_ocsf, version

FIXTURES = sorted(Path(__file__).with_name("fixtures").glob("*.yaml"))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TABLE: dict[str, Any] = yaml.safe_load(resources.files("logdojo.parse").joinpath("ocsf.yaml").read_text("utf-8"))
SSHD = "Feb 20 07:26:54 node-7 sshd[19]: Failed password for root from 192.0.2.9 port 4242 ssh2"


@cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = get_ocsf_schema(version())
    return found


@cache
def _class(uid: int) -> dict[str, Any]:
    return next(each for each in _schema()["classes"].values() if each["uid"] == uid)


@cache
def _validator(uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(_schema())
    return Draft202012Validator(schema.get_class_schema(schema.lookup_class_name_from_uid(uid), list(profiles)))


def _problems(event: LogEvent) -> list[str]:
    """Return what the schema has against an event, after a trip through JSON."""
    written = json.loads(json.dumps(to_ocsf(event, received=NOW)))
    profiles = tuple(written["metadata"].get("profiles", ()))
    found = [
        f"{each.json_path}: {each.message[:200]}"
        for each in _validator(written["class_uid"], profiles).iter_errors(written)
    ]
    uid = written["class_uid"]
    if written["type_uid"] != uid * 100 + written["activity_id"] or written["class_name"] != _class(uid)["caption"]:
        found.append("type_uid or class_name")
    if written["activity_id"] != 99:
        caption = _class(uid)["attributes"]["activity_id"]["enum"][str(written["activity_id"])]["caption"]
        found += [] if caption == written["activity_name"] else ["activity_name"]
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_events_of_every_format_are_valid(path: Path):
    """What each fixture's lines become is valid under the schema of its class, with the profiles that it names."""
    for case in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader):  # noqa: S506  # a safe loader
        assert _problems(parse_line(case["line"], now=NOW)) == []


def test_most_events_are_of_a_class_of_their_own():
    """Five of six fixture lines are more than a base event, and each class that the table knows is used."""
    found = Counter(
        to_ocsf(parse_line(case["line"], now=NOW))["class_uid"]
        for path in FIXTURES
        for case in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # a safe loader
    )
    assert found[0] < found.total() / 6
    assert set(found) == {shape["class"][0] for shape in TABLE["shapes"].values()}


def test_the_table_says_what_the_schema_says():
    """Titles, numbers, activities and observables of the table are those of the schema."""
    for shape in TABLE["shapes"].values():
        uid, caption = shape["class"]
        category, name = shape["category"]
        published = _class(uid)
        assert (published["caption"], published.get("category_name", name)) == (caption, name)
        assert published.get("category_uid", category) == category
        activities = published["attributes"]["activity_id"]["enum"]
        assert all(activities[str(rule["id"])]["caption"] == rule["name"] for rule in shape["activity"])
        for part, profile in TABLE["profiles"].items():
            needed = published["attributes"].get(part, {"profile": profile}).get("profile")
            assert needed == (None if part in shape.get("native", ()) else profile), (caption, part)
    kinds = _schema()["objects"]["observable"]["attributes"]["type_id"]["enum"]
    assert all(kinds[str(uid)]["caption"] == caption for uid, caption in TABLE["observable_types"].items())
    assert set(TABLE["observables"].values()) <= set(TABLE["observable_types"])
    base = _class(0)["attributes"]
    assert all(base["severity_id"]["enum"][str(uid)]["caption"] == name for uid, name in TABLE["severities"].items())
    rcodes = _class(4003)["attributes"]["rcode_id"]["enum"]
    assert all(rcodes[str(uid)]["caption"] == caption for uid, caption in TABLE["rcodes"].values())


def test_every_field_has_a_place_in_some_class():
    """No root is misspelt: each field's root is known to a class or to all."""
    known = {root for shape in TABLE["shapes"].values() for root in shape["roots"]} | {"top", "metadata", "cloud"}
    assert {path.split(".")[0] for path in TABLE["fields"].values()} <= {*known, *(f"{root} answers" for root in known)}
    assert all(re.fullmatch(r"[a-z_.]+( [a-z]+)?", path) for path in TABLE["fields"].values())


def test_a_failed_login():
    """Who, from where, to which machine, with which end, and the line itself."""
    written = to_ocsf(parse_line(SSHD, now=NOW))
    assert (written["class_uid"], written["activity_id"], written["status_id"]) == (3002, 1, 2)
    assert written["user"]["name"] == "root"
    assert written["src_endpoint"] == {"ip": "192.0.2.9", "port": 4242}
    assert written["device"]["hostname"] == "node-7"
    assert written["service"]["name"] == "sshd"
    assert written["raw_data"] == SSHD
    assert written["time"] == 1_771_572_414_000
    assert {"name": "src_endpoint.ip", "type_id": 2, "type": "IP Address", "value": "192.0.2.9"} in written[
        "observables"
    ]
    assert written["metadata"]["version"] == TABLE["version"]


def test_what_has_no_place_is_kept():
    """Fields without a place, and values that do not fit theirs, stand under their ECS names."""
    event = LogEvent(
        "line",
        {
            "event.category": ["network"],
            "source.ip": "192.0.2.1",
            "source.port": 70_000,
            "iptables.ttl": 63,
            "x.y": "\udcff",
        },
    )
    written = to_ocsf(event, received=NOW)
    assert written["class_uid"] == 4001
    assert written["unmapped"]["source.port"] == 70_000
    assert (written["unmapped"]["iptables.ttl"], written["unmapped"]["x.y"]) == (63, r"\xff")
    assert written["time"] == int(NOW.timestamp() * 1_000)
    assert _problems(event) == []


def test_nothing_is_lost():
    """Every field of a line is somewhere in the event: as a leaf, in another form, or unmapped."""
    event = parse_line(SSHD, now=NOW)
    written = to_ocsf(event)
    held = {name for name in event.fields if name in TABLE["fields"]} | set(written["unmapped"]) | set(TABLE["spent"])
    assert set(event.fields) <= held


def test_a_reject_is_a_base_event():
    """A line that could not be read keeps its reason and itself."""
    event = LogEvent.rejected("\udcfe?", "not UTF-8")
    written = to_ocsf(event, received=NOW)
    assert (written["class_uid"], written["raw_data"]) == (0, r"\xfe?")
    assert written["unmapped"]["error.message"] == "not UTF-8"
    assert _problems(event) == []


_NAMES = st.sampled_from(
    sorted({*TABLE["fields"], *TABLE["observables"], "event.severity", "dns.response_code", "log.level"})
)
_VALUES = (
    st.text(max_size=12)
    | st.integers()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.lists(st.text(max_size=4), max_size=2)
)
_WORDS = st.sampled_from(["network", "web", "iam", "authentication", "api", "process", "intrusion_detection", "other"])


@given(st.dictionaries(_NAMES, _VALUES, max_size=12), st.lists(_WORDS, max_size=2))
def test_any_values_make_a_valid_event(fields: dict[str, object], categories: list[str]):
    """Whatever stands in the fields, the event is valid."""
    assert _problems(LogEvent("line", {**fields, "event.category": categories})) == []


def test_the_command_writes_ocsf(tmp_path: Path):
    """``logdojo parse --schema ocsf`` writes one OCSF object a line."""
    file = tmp_path / "auth.log"
    file.write_text(f"{SSHD}\n\n", encoding="utf-8")
    command = [sys.executable, "-m", "logdojo", "parse", "--schema", "ocsf", str(file)]
    run = subprocess.run(command, capture_output=True, check=True)
    assert [json.loads(line)["class_uid"] for line in run.stdout.splitlines()] == [3002, 0]
