"""The link at the end of a line, one by one and many at once."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.logsetup.integrity.chain import LINK_BYTES, MARK, START, Chain, links_in, read_link
from logdojo.logsetup.integrity.scan import Writers, link_all, whole_lines

LINE = b'{"message":"x"}'


def test_a_link_leaves_the_record_as_it_is():
    """A linked line is the record with one field more, of constant width, which JSON readers take as text."""
    linked = Chain().link(b'{"message":"a \\"quoted\\" }","n":1}')
    fields = json.loads(linked)
    assert fields.pop("event.hash").count(".") == 2
    assert fields == {"message": 'a "quoted" }', "n": 1}
    assert len(linked) == len(b'{"message":"a \\"quoted\\" }","n":1}') + LINK_BYTES - 1


def test_each_record_follows_the_one_before():
    """Digests, numbers and the writer run on; a record follows only its own predecessor."""
    chain = Chain()
    links = [read_link(chain.link(LINE)) for _ in range(3)]
    assert [link.number for link in links if link] == [1, 2, 3]
    assert {link.writer for link in links if link} == {chain.writer}
    befores = [START, *(link.digest for link in links if link)]
    follows = [[link.follows(before) for before in befores[:3]] for link in links if link]
    assert follows == [[i == j for j in range(3)] for i in range(3)]


def test_an_undone_link_leaves_no_gap():
    """A line that could not be written is taken back, also where the number's high digits change."""
    chain = Chain()
    for _ in range(998):
        chain.link(LINE)
    first = chain.link(LINE)
    for _ in range(2):
        chain.link(b'{"message":"lost"}')
        chain.undo()
    second = chain.link(LINE)
    before, after = read_link(first), read_link(second)
    assert before
    assert after
    assert (before.number, after.number) == (999, 1000)
    assert after.follows(before.digest)


def test_a_restarted_chain_is_another_writer():
    """After a fork the child counts from one again, under its own name."""
    chain = Chain()
    chain.link(LINE)
    writer = chain.writer
    chain.restart()
    link = read_link(chain.link(LINE))
    assert link
    assert link.number == 1
    assert link.writer == chain.writer != writer
    assert link.follows(START)


def test_no_value_can_pass_for_a_link():
    """Text that looks like a link stays inside its quotes, and the link is read from the end of the line."""
    text = MARK.decode() + "0" * 12 + "." + "0" * 12 + "." + "0" * 64 + '"}'
    line = json.dumps({"message": text}).encode()
    assert read_link(line) is None
    chain = Chain()
    link = read_link(chain.link(line))
    assert link
    assert link.writer == chain.writer


@pytest.mark.parametrize("line", [b"", b"{}", LINE, b"x" * 500, Chain().link(LINE)[:-1], Chain().link(LINE) + b" "])
def test_other_lines_have_no_link(line: bytes):
    """A line without a link of exactly the right form has none."""
    assert read_link(line) is None


def test_two_records_in_one_line_show_both_links():
    """When the line end between two records is gone, both links are found."""
    chain = Chain()
    assert links_in(chain.link(LINE) + chain.link(LINE)) == [(chain.writer, 1), (chain.writer, 2)]


@given(
    turns=st.lists(st.integers(0, 3), max_size=60),
    bodies=st.lists(st.text(max_size=20), min_size=1, max_size=5),
    chunk=st.integers(1, 2000),
)
def test_many_at_once_agrees_with_one_by_one(turns: list[int], bodies: list[str], chunk: int):
    """Lines of up to four writers, in pieces of any size, give all digests and the writers' last records."""
    chains = [Chain() for _ in range(4)]
    records = [json.dumps({"message": bodies[i % len(bodies)]}).encode() for i in range(len(turns))]
    lines = [chains[turn].link(record) for turn, record in zip(turns, records, strict=True)]
    writers: Writers = {}
    digests: list[bytes] = []
    for piece in whole_lines(io.BytesIO(b"".join(line + b"\n" for line in lines)), chunk=chunk):
        found = link_all(piece, writers)
        assert found is not None
        digests += found
    links = [read_link(line) for line in lines]
    assert digests == [link.digest for link in links if link]
    assert writers == {link.writer: (link.number, link.digest) for link in links if link}


@given(position=st.integers(0, 5 * (len(LINE) + LINK_BYTES) - 1), bit=st.integers(0, 7))
def test_many_at_once_refuse_any_changed_bit(position: int, bit: int):
    """One changed bit anywhere in a piece, and it is not taken; the writers' state is left alone."""
    chains = [Chain(), Chain()]
    data = bytearray(b"".join(chains[i % 2].link(LINE) + b"\n" for i in range(5)))
    data[position] ^= 1 << bit
    writers: Writers = {"0" * 12: (7, START)}
    assert link_all(bytes(data), writers) is None
    assert writers == {"0" * 12: (7, START)}


def test_a_number_that_does_not_run_on_is_refused():
    """A record whose digest is right and whose number is not is no record, also when it is the only one."""
    chain = Chain()
    first = chain.link(LINE)
    chain.number += 5
    assert link_all(first + b"\n" + chain.link(LINE) + b"\n", {}) is None


def test_whole_lines_keep_to_a_limit_and_hand_on_the_rest():
    """Pieces end at line ends; only the last may lack one; nothing behind the limit is read."""
    file = io.BytesIO(b"one\ntwo\nthree\nfo")
    assert b"|".join(whole_lines(file, chunk=5)) == b"one\n|two\n|three\n|fo"
    file.seek(4)
    assert list(whole_lines(file, 6, chunk=100)) == [b"two\n", b"th"]
