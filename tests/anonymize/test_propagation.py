"""What lines of one source tell each other: names that are hunted for, words that are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Anonymizer, Pseudonyms
from logdojo.anonymize.propagation import Names, Source, is_distinctive
from logdojo.anonymize.reading.table import Table

KEY = b"a key of the tests, 32 bytes long"
ANONYMIZER = Anonymizer(KEY)
NAMES = Pseudonyms(KEY)


def _names(*values: str) -> Names:
    names = Names()
    for value in values:
        names.add(value, "user")
    return names


def _found(names: Names, text: str) -> list[str]:
    return [text[hit.start : hit.stop] for hit in names.hits(text)]


def test_names_of_several_words_and_signs_are_found():
    """Whole words only; of two names with one beginning the longer comes first."""
    names = _names(
        "web01", "Ann Lee", "CORP\\ann", "web01.corp.example", "WEB01$", "10.0.0.1", "-x9-", "a:b:c:d:e:f:g:h"
    )
    assert _found(names, "web01 xweb01 web012 web01_x") == ["web01", "web01"]
    assert _found(names, "web01.corp.example, Ann Lee; Ann Leek, Lee Ann") == ["web01.corp.example", "web01", "Ann Lee"]
    assert _found(names, "at CORP\\ann and WEB01$, WEB01 -x9- x9 110.0.0.1 10.0.0.12 10.0.0.1:80") == [
        "CORP\\ann",
        "WEB01$",
        "-x9-",
        "10.0.0.1",
    ]
    assert _found(names, "a:b:c:d:e:f:g:h") == ["a:b:c:d:e:f:g:h"]


_words = st.lists(st.sampled_from(["a1", "b2", "c3", "d4", "é5"]), min_size=1, max_size=4)
_value = st.tuples(_words, st.sampled_from(list(" .-@:\\")), st.sampled_from(["", "$"])).map(
    lambda parts: parts[1].join(parts[0]) + parts[2]
)


def _is_whole(text: str, at: int, stop: int) -> bool:
    edges = [text[at - 1 : at + 1]] if at else []
    return not any(len(edge) == 2 and edge.isalnum() for edge in [*edges, text[stop - 1 : stop + 1]])


@given(st.lists(_value, max_size=8), st.lists(_value, max_size=8), st.sampled_from([" ", ", ", "_", ""]))
def test_the_search_finds_what_a_plain_search_finds(values: list[str], said: list[str], between: str):
    """The quick look-up finds exactly the places where a value stands as whole words."""
    text = between.join(said)
    expected = {
        (at, at + len(value))
        for value in values
        for at in range(len(text))
        if text.startswith(value, at) and _is_whole(text, at, at + len(value))
    }
    assert {(hit.start, hit.stop) for hit in _names(*values).hits(text)} == expected


def test_a_source_has_a_limit():
    """The first names are kept, later ones counted."""
    names = Names(2)
    for number in range(5):
        names.add(f"user{number}", "user")
        names.add("user0", "host")
    assert dict(names.items()) == {"user0": "user", "user1": "user"}
    assert names.missed == 3


@pytest.mark.parametrize(
    ("value", "is_name"),
    [
        ("zaphod42", True),
        ("web-01", True),
        ("McKay", True),
        ("ann.lee", True),
        ("AKIAIOSFODNN7EXAMPLE", True),
        ("123456789012", True),
        ("oracle", False),
        ("Oracle", False),
        ("ORACLE", False),
        ("12345", False),
        ("000000000000", False),
        ("user=", False),
        ("Ann Lee", False),
        ("Ann Lee 2", True),
        ("sha256", False),
        ("IPv4", False),
    ],
)
def test_what_looks_like_a_name(value: str, *, is_name: bool):
    """A digit, a sign or a capital inside; short numbers are ports and process ids, and some words have digits."""
    assert is_distinctive(value) is is_name


def test_a_plain_word_is_a_name_where_fields_hold_it_more_often():
    """``zaphod`` stands in two fields and once in the open; ``failed`` in one field and in every other line."""
    source = Source(frozenset())
    for value, times in (("zaphod", 2), ("failed", 1), ("orion77", 1)):
        source.learn_value(value, "user", times)
    assert dict(source.names.items()) == {"orion77": "user"}
    source.settle(["zaphod left", "login failed", "failed again"])
    assert dict(source.names.items()) == {"orion77": "user", "zaphod": "user"}


def test_roles_and_groups_are_not_hunted_for():
    """They name what is done, and recur in other names."""
    source = Source(frozenset({"common1"}))
    for class_name, value in (("role", "role-7"), ("group", "group-7"), ("user", "common1"), ("user", "ab1")):
        source.learn_value(value, class_name)
    assert len(source.names) == 0


def test_lines_that_stream_by_tell_those_behind_them():
    """A name that one line gave away is replaced in the next, in JSON and in text; in the one before it stands."""
    lines = ["zaphod42 left", '{"user": "zaphod42"}', "zaphod42 left", '{"note": "zaphod42 and \\"zaphod42x\\""}']
    new = NAMES.user("zaphod42")
    assert list(ANONYMIZER.lines(lines)) == [
        lines[0],
        f'{{"user": "{new}"}}',
        f"{new} left",
        f'{{"note": "{new} and \\"zaphod42x\\""}}',
    ]


ZEEK = ["#separator \\x09", "#fields\tts\tid.orig_h\tuser\tnote", "#types\ttime\taddr\tstring\tstring"]
IIS = ["#Software: Microsoft Internet Information Services 10.0", "#Fields: date time c-ip cs-username cs(User-Agent)"]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (["time,user,note"], '1,"{}",fine'),
        (["time;user;note"], "1;{};fine"),
        (["time|user|note"], "1|{}|fine"),
        (["time\tuser\tnote"], "1\t{}\tfine"),
        (['"time","user","note"'], '"1","{}","a ""b"" c"'),
        (["\ufefftime,user,note"], "1,{},fine"),
        (ZEEK, "1.5\t-\t{}\tfine"),
        (IIS, "2026-01-01 00:00:01 - {} Mozilla/5.0+(X11)"),
        (IIS, "2026-01-01\t00:00:01\t-\t{}\tMozilla/5.0 (X11)"),
    ],
)
def test_rows_are_read_by_their_header(head: list[str], row: str):
    """CSV, TSV, Zeek and W3C: the cell under ``user`` is one, the rest is copied."""
    lines = [*head, row.format("zaphod"), row.format("-")]
    assert list(ANONYMIZER.lines(lines)) == [*head, row.format(NAMES.user("zaphod")), row.format("-")]


def test_a_new_header_in_the_midst_of_a_stream():
    """Zeek and IIS write one in each file; the columns change from there on, back too."""
    lines = [*ZEEK, "1.5\t-\tann42\tx", *IIS, "d t - bob42 -", "#fields\tuser\tn\tm", "eve42\t1\t2"]
    out = list(ANONYMIZER.lines(lines))
    for at, name in ((3, "ann42"), (6, "bob42"), (8, "eve42")):
        assert out[at] == lines[at].replace(name, NAMES.user(name))


@pytest.mark.parametrize(
    "line", ["Dec 10 06:55:48 LabSZ sshd[1]: a, b, c", "1,2,3", "a,b", "user, user, name", "{", "", "# a,b,c", "user"]
)
def test_what_is_no_header(line: str):
    """A sentence, numbers, two cells, a name twice: what follows is free text."""
    table = Table()
    table.reader(line)
    assert table.reader("one,two,three") is None or not line


def test_a_row_with_another_number_of_cells_is_free_text():
    """The names of columns count for rows that fit."""
    lines = ["time,user,note", "1,zaphod", "1,zaphod,x,y", "1,zaphod,x"]
    out = list(ANONYMIZER.lines(lines))
    assert out[1:3] == lines[1:3]
    assert out[3] == f"1,{NAMES.user('zaphod')},x"
