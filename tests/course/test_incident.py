"""The day with an incident that five sources tell together."""

from __future__ import annotations

from logdojo.course.incident import INCIDENT, SOURCES, START, incident_day
from logdojo.parse import parse_line


def test_the_same_seed_gives_the_same_day_and_another_one_another():
    """Lines depend on the seed alone, and come in order of time."""
    one, same, other = (incident_day(seed=seed, events_per_day=2_000) for seed in (1, 1, 2))
    assert one == same
    assert [each.line for each in one] != [each.line for each in other]
    assert [each.time for each in one] == sorted(each.time for each in one)


def test_the_incident_is_in_all_five_sources_with_one_address():
    """Each source has a part of it, and every part but a few lines holds the intruder's address."""
    for seed in range(1, 6):
        lines = [one for one in incident_day(seed=seed, events_per_day=1_000) if one.scenario == INCIDENT]
        assert {one.format for one in lines} == set(SOURCES.values())
        assert {one.label for one in lines} == {"exploit"}
        assert all(one.attack and one.time >= START for one in lines)
        address = next(one.slots["source.ip"] for one in lines if one.format == "cloudtrail")
        assert sum(str(address) in one.line for one in lines) >= len(lines) - 2


def test_every_line_can_be_read():
    """The library's parsers take each line of the day."""
    assert all(not parse_line(one.line).error for one in incident_day(seed=3, events_per_day=1_000))
