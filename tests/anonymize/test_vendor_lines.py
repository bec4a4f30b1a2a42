"""Lines of many vendors, each with its own header and notation, keep nothing sensitive and lose nothing of use.

``vendor_lines.yaml`` was written for these tests, ``tests/parse/fixtures`` for the parsers'; neither is real data.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.bench.leaks_data import checked, stands

from logdojo.anonymize import Anonymizer
from logdojo.parse import parse_line

ANONYMIZER = Anonymizer(b"a key of the tests, 32 bytes long")
LINES = yaml.safe_load(Path(__file__).with_name("vendor_lines.yaml").read_text("utf-8"))
FIXTURES = sorted((Path(__file__).parents[1] / "parse" / "fixtures").glob("*.yaml"))
FIELDS = {
    "ip": "source.ip destination.ip client.ip server.ip host.ip source.nat.ip destination.nat.ip observer.ip",
    "mac": "source.mac destination.mac host.mac",
    "email": "user.email email.from.address email.to.address",
    "user": "user.name user.target.name user.effective.name source.user.name destination.user.name user.full_name",
    "host": "host.name observer.name source.domain destination.domain server.domain client.domain url.domain",
    "domain": "user.domain dns.question.name",
    "account": "cloud.account.id organization.id",
}
CLASS_OF = {name: kind for kind, names in FIELDS.items() for name in names.split()}
# Names that nothing in their line tells from other words: the subject of a Duo or GitLab event, a bare column of
# Envoy, an application that acts for itself, a realm inside a Proxmox task.
UNTOLD = {
    ("duo.admin", "user.target.name"),
    ("gitlab.audit", "user.target.name"),
    ("envoy.access", "url.domain"),
    ("azure.auditlogs", "user.name"),
    ("azure.directoryaudits", "user.name"),
    ("proxmox.ve", "user.domain"),
    ("proxmox.ve", "host.name"),
}


@pytest.mark.parametrize("at", range(len(LINES)))
def test_a_line(at: int):
    """Every sensitive value is gone, every value of use still stands."""
    line = LINES[at]["line"]
    out = ANONYMIZER.line(line)
    assert [value for value in LINES[at]["sensitive"] if stands(value, out)] == []
    assert [value for value in LINES[at]["kept"] if not stands(value, out)] == []


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_format_of_the_parsers(path: Path):
    """What a parser reads as somebody, some machine or some account does not stand in the line afterwards."""
    cases = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # a safe loader
    for case in cases:
        line, left = case["line"], []
        out = ANONYMIZER.line(line)
        for name, value in parse_line(line).fields.items():
            pair = checked(CLASS_OF[name], str(value)) if name in CLASS_OF else None
            if pair is not None and (path.stem, name) not in UNTOLD and stands(pair[1], line) and stands(pair[1], out):
                left.append((name, pair[1]))
        assert left == [], line
