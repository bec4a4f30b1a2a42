"""Templates of messages: found in a stream, counted, kept and merged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.errors import InputError
from logdojo.parse.templates import WILDCARD, Templates

WORDS = st.sampled_from(["user", "failed", "from", "10.0.0.7", "port", "22", "x=5", "ada", "open", "<*>", "é"])
MESSAGES = st.lists(WORDS, max_size=8).map(" ".join)


def mined(*messages: str) -> Templates:
    """Return templates that have seen the messages."""
    templates = Templates()
    for message in messages:
        templates.add(message)
    return templates


def test_what_differs_becomes_a_wildcard():
    """Messages that share most words are one template, with the differing word masked."""
    templates = mined("session opened for user root by uid 0", "session opened for user ada by uid 7")
    (only,) = templates
    assert only.text == f"session opened for user {WILDCARD} by uid {WILDCARD}"
    assert only.count == 2


def test_other_sentences_stay_apart():
    """Messages of another length, or with other first words, are other templates."""
    assert len(mined("link up on port 3", "link down on port 3", "link up")) == 3


def test_the_values_of_a_message_come_back():
    """What stands where the template has a wildcard is returned, without what surrounds it."""
    templates = mined("login from 10.0.0.1 port=22 by user ada", "login from 10.0.0.2 port=23 by user bob")
    (only,) = templates
    assert only.values("login from 10.0.0.9 port=80 by user eve") == ["10.0.0.9", "80", "eve"]


def test_match_learns_nothing():
    """Looking a message up changes neither counts nor templates."""
    templates = mined("disk 1 is full", "disk 2 is full")
    before = json.dumps(templates.document())
    assert templates.match("disk 9 is full") is not None
    assert templates.match("quite another sentence here") is None
    assert json.dumps(templates.document()) == before


def test_memory_is_bounded():
    """Beyond the limit new kinds are counted together, and none is lost."""
    templates = Templates(most=3)
    for kind in "abcdef":
        templates.add(f"{kind} happened")
    assert len(templates) == 3
    assert sum(template.count for template in templates) + templates.other.count == 6


@settings(max_examples=200, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=40))
def test_every_message_is_counted_once(messages: list[str]):
    """Counts add up, and each message still matches its template at the end."""
    templates = mined(*messages)
    assert sum(template.count for template in templates) == len(messages)
    for message in messages:
        template = templates.match(message)
        assert template is not None
        assert len(template.words) == len(message.split())


@settings(max_examples=100, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=40), cut=st.integers(0, 40))
def test_workers_find_together_what_is_there(messages: list[str], cut: int):
    """Merged counts add up, whatever each worker has seen."""
    first, second = mined(*messages[:cut]), mined(*messages[cut:])
    first.merge(second)
    assert sum(template.count for template in first) == len(messages)


@settings(max_examples=50, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=20))
def test_what_was_saved_goes_on_as_before(tmp_path_factory: pytest.TempPathFactory, messages: list[str]):
    """A loaded file gives the same templates, and the same ones for further messages."""
    path = tmp_path_factory.mktemp("templates") / "templates.json"
    templates = mined(*messages)
    templates.save(path)
    loaded = Templates.load(path)
    assert loaded.document() == templates.document()
    assert loaded.add("user ada failed").words == templates.add("user ada failed").words


@pytest.mark.parametrize("content", ["", "{}", '{"version": 9}', "[1]", '{"version": 1, "templates": 3}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str):
    """What is no file of templates is refused with its name."""
    path = tmp_path / "templates.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"templates\.json"):
        Templates.load(path)
