"""What people write for priorities: assets and past incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from logdojo.errors import InputError
from logdojo.triage.priorities import Asset, Assets, Incident, Incidents

ASSETS = """
assets:
  - {name: payments, names: [db-1], addresses: [192.0.2.10], criticality: critical, owner: the shop, tags: [PCI]}
  - {name: office, networks: [192.0.2.0/24, "2001:db8::/32"], criticality: low}
  - {name: lab, networks: [192.0.2.128/25], criticality: high}
  - {name: build machines, names: ["build-*"], criticality: medium}
  - {name: the boss, names: [ida], criticality: high}
"""


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    path = tmp_path / "assets.yaml"
    path.write_text(ASSETS, encoding="utf-8")
    return Assets.load(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("192.0.2.10", "payments"),
        ("db-1", "payments"),
        ("192.0.2.11", "office"),
        ("192.0.2.200", "lab"),
        ("2001:db8::5", "office"),
        ("build-77", "build machines"),
        ("ida", "the boss"),
        ("198.51.100.1", None),
        ("otto", None),
        ("", None),
    ],
)
def test_the_closest_entry_counts(assets: Assets, name: str, expected: str | None):
    """An address of its own wins over a narrow network, that over a wide one; unknown things belong to nothing."""
    found = assets.of(name)
    assert (found.name if found else None) == expected


def test_a_machine_with_one_name_and_one_address_is_known_by_both(assets: Assets):
    """Name and address of a machine are tied together, and its tags are kept in lower case."""
    assert assets.address_of("db-1") == "192.0.2.10"
    assert assets.is_machine("192.0.2.10")
    assert not assets.is_machine("192.0.2.11")
    found = assets.of("db-1")
    assert found is not None
    assert found.tags == ("pci",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("assets: [{names: [a]}]", "assets.0.name"),
        ("assets: [{name: a, criticality: enormous}]", "assets.0.criticality"),
        ("assets: [{name: a, networks: [999.0.0.0/8]}]", "assets.0.networks.0"),
        ("assets: [{name: a, color: red}]", "assets.0.color"),
        ("assets: [", "line"),
        ("a: &x [1]\nassets: *x", "alias"),
        ("[" * 20_000, "assets.yaml"),
        ("- 1", "assets.yaml"),
    ],
)
def test_a_damaged_assets_file_is_named_with_its_place(tmp_path: Path, text: str, told: str):
    """The message names the file and the entry, whatever is wrong."""
    path = tmp_path / "assets.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"assets\.yaml") as caught:
        Assets.load(path)
    assert told in str(caught.value)


def test_an_assets_file_that_is_not_there_is_named(tmp_path: Path):
    """A missing file is an input error with its name."""
    with pytest.raises(InputError, match=r"none\.yaml"):
        Assets.load(tmp_path / "none.yaml")


def test_past_incidents_weigh_less_as_time_passes(tmp_path: Path):
    """Ninety days halve the weight, a severe incident weighs more, and the future does not count."""
    path = tmp_path / "incidents.yaml"
    path.write_text(
        "incidents:\n"
        "  - {date: 2025-01-01, sources: ['CORP\\ida', 198.51.100.7], severity: high, note: phished}\n"
        "  - {date: 2025-01-01, sources: [otto], severity: low}\n",
        encoding="utf-8",
    )
    incidents = Incidents.load(path)
    start = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    first = incidents.evidence("ida", start)
    later = incidents.evidence("ida", start + 90 * 86_400)
    low = incidents.evidence("otto", start)
    assert first is not None
    assert later is not None
    assert low is not None
    assert later.weight == pytest.approx(first.weight / 2)
    assert low.weight < first.weight
    assert "phished" in first.sentence
    assert incidents.evidence("ida", start - 1) is None
    assert incidents.evidence("nobody", start) is None


def test_a_damaged_incidents_file_is_named_with_its_place(tmp_path: Path):
    """The message names file and entry."""
    path = tmp_path / "incidents.yaml"
    path.write_text("incidents: [{date: yesterday, sources: [a]}]", encoding="utf-8")
    with pytest.raises(InputError, match=r"incidents\.yaml: incidents\.0\.date"):
        Incidents.load(path)


def test_of_two_entries_for_one_name_the_critical_one_counts():
    """A name that stands in two entries is as critical as the more critical one."""
    assets = Assets(((Asset("a", "low"), ("db-1",), (), ()), (Asset("b", "critical"), ("db-1",), (), ())))
    found = assets.of("db-1")
    assert found is not None
    assert found.name == "b"
    assert Incidents([Incident(0.0, ("a",))]).evidence("a", 1.0) is not None
