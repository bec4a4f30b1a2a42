"""One file in two passes, in one process or several, and its blocks of lines."""

from __future__ import annotations

import gzip
import io
import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logdojo.anonymize.files import Hand, Recipe, Tally, anonymize_file, anonymize_stream
from logdojo.anonymize.files import passes as passes_module
from logdojo.anonymize.files import reading as reading_module
from logdojo.anonymize.files.crew import spread
from logdojo.anonymize.files.reading import blocks, cut_end
from logdojo.errors import InputError
from logdojo.simulate import simulate

KEY = b"a key of the tests, 32 bytes long"
RECIPE = Recipe(KEY, max_bytes=2_000)
HAND = Hand(RECIPE)


class _Drip(io.BytesIO):
    """A stream that hands over a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read1(self, size: int | None = -1, /) -> bytes:
        """Return at most ``step`` bytes."""
        return super().read1(self._step if size is None or size < 0 else min(size, self._step))


_line = st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")) | st.integers(0, 40).map(lambda n: b"x" * n)
_data = st.tuples(st.lists(_line, max_size=12), st.sampled_from([b"\n", b"\r\n"]), st.booleans()).map(
    lambda parts: parts[1].join(parts[0]) + parts[1] * parts[2]
)


@given(_data, st.integers(1, 30))
def test_blocks_lose_nothing(data: bytes, step: int):
    """However the bytes come in: the same lines, with their ends; too long ones are fillers that are too long."""
    whole = [line for block in blocks(_Drip(data, 1 << 20), max_bytes=20) for line in block]
    assert [line for block in blocks(_Drip(data, step), max_bytes=20) for line in block] == whole
    expected = [line + b"\n" for line in data.split(b"\n")]
    expected = expected[:-1] + ([expected[-1][:-1]] if expected[-1] != b"\n" else [])
    assert len(whole) == len(expected)
    for line, original in zip(whole, expected, strict=True):
        if len(original) > 22:
            assert len(cut_end(line)[0]) > 20
            assert cut_end(line)[1] == cut_end(original)[1] or not original.endswith(b"\n")
        else:
            assert line == original


def test_a_long_line_takes_no_memory():
    """Of 50 MB without a line end nothing is kept but its length."""

    class Endless:
        left = 200

        def read1(self, size: int) -> bytes:
            self.left -= 1
            return b"x" * size if self.left else b""

    assert [len(line) for block in blocks(Endless(), max_bytes=100) for line in block] == [101]


def _naive(lines: list[bytes]) -> list[bytes]:
    """Do the two passes as the docstrings define them, without a second thought about time."""
    texts = [cut_end(line)[0].decode("utf-8", "surrogateescape") for line in lines]
    learning, drafts = HAND.source(), []
    for text in texts:
        redacted = HAND.anonymizer.redact(text, source=_with_table(learning))
        drafts.append(redacted.text)
        for edit in redacted.edits:
            learning.learn_value(edit.original, edit.class_name)
    learning.settle(drafts)
    knowing = HAND.source()
    knowing.names = learning.names
    return [
        HAND.anonymizer.redact(text, source=knowing).text.encode() + cut_end(line)[1]
        for text, line in zip(texts, lines, strict=True)
    ]


def _with_table(learning):  # noqa: ANN001, ANN202, a source that knows the columns but no names yet
    source = HAND.source()
    source.table = learning.table
    return source


_said = st.sampled_from(
    [
        *(b"user=zaphod42 in", b"the car of zaphod42 left", b'{"user": "ann", "n": 5}', b"ann left", b"ann, ann", b""),
        *(b"#Fields: a user c-ip", b"x bob77 -", b"time,user,note", b"1,eve88,fine", b"eve88 bob77", b"caf\xe9", b"\0"),
        *(
            b"#fields\tuser\tx\ty",
            b"kim99\t1\t2",
            b"[" * 1900,
            b"x" * 3000,
            b'{"kim99": 1}',
            b"from 10.0.0.1 to 10.0.0.2",
        ),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(_said, max_size=14), st.sampled_from([1, 7, 1 << 18]))
def test_the_quick_second_pass_is_the_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[bytes], step: int
):
    """Whatever the lines and blocks are, they come out as if each had been rewritten with all names of the file."""
    monkeypatch.setattr(reading_module, "BLOCK_BYTES", step)
    file = tmp_path / "app.log"
    file.write_bytes(b"\n".join(lines) + b"\n")
    out = io.BytesIO()
    tally = anonymize_file(file, out, RECIPE, hand=HAND)
    assert tally.lines == len(lines) or not lines
    read = [line for block in blocks(io.BytesIO(file.read_bytes()), max_bytes=2_000) for line in block]
    assert out.getvalue() == b"".join(_naive(read))


def test_processes_that_share_a_file_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Blocks go to two processes and come back in order; columns, names and counts are those of one process."""
    monkeypatch.setattr(passes_module, "_WORTH_IT", 1)
    monkeypatch.setattr(reading_module, "BLOCK_BYTES", 20_000)
    lines = [each.line for each in simulate(600, seed=9)]
    lines[100:100] = ["#Fields: date cs-username c-ip", *(f"d user{n}x 10.1.2.{n}" for n in range(200))]
    lines += [f"the car of user{n}x" for n in range(200)] + ['{"user7x": 1}', "caf\udce9"]
    file = tmp_path / "app.log.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode("utf-8", "surrogateescape")))
    one, two = io.BytesIO(), io.BytesIO()
    recipe = Recipe(KEY, count_fields=True)
    alone = anonymize_file(file, one, recipe)
    shared = anonymize_file(file, two, recipe, workers=2)
    assert one.getvalue() == two.getvalue()
    assert alone == shared
    assert alone.propagated >= 200
    assert [class_name for _, class_name in alone.leaks] == ["user"]
    assert alone.withheld == {"not UTF-8": 1}


def _die(_: Hand, code: int) -> int:
    os._exit(code)


def test_a_killed_worker_is_told():
    """No endless waiting for what will not come."""
    with pytest.raises(Exception, match="worker process was killed"):
        list(spread(_die, [(1,), (2,)], RECIPE, workers=2))
    assert not multiprocessing.active_children()


def test_a_file_that_grows_meanwhile_is_read_as_far_as_it_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lines that were written between the passes come next time; none is read half."""
    file, out = tmp_path / "app.log", io.BytesIO()
    file.write_bytes(b"user=zaphod42\nlast of zaphod42")
    settle = passes_module._settle

    def grow(*args: object) -> None:
        with file.open("ab") as more:
            more.write(b" and more\nuser=ann42\n")
        settle(*args)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(passes_module, "_settle", grow)
    assert anonymize_file(file, out, RECIPE, hand=HAND).lines == 2
    assert out.getvalue().endswith(HAND.anonymizer.value("user", "zaphod42").encode())


def test_a_file_that_shrinks_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What was drafted cannot be finished: better no output than a wrong one."""
    file = tmp_path / "app.log"
    file.write_bytes(b"user=zaphod42\n" * 3)
    settle = passes_module._settle

    def shrink(*args: object) -> None:
        os.truncate(file, 5)
        settle(*args)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(passes_module, "_settle", shrink)
    with pytest.raises(InputError, match="became shorter"):
        anonymize_file(file, io.BytesIO(), RECIPE, hand=HAND)


def test_a_stream_counts_like_a_file(tmp_path: Path):
    """Where no line tells of an earlier one, a stream and a file give the same bytes and counts."""
    data = b"user=zaphod42 from 10.0.0.1\r\ncaf\xe9\n\nthe car of zaphod42"
    file = tmp_path / "app.log"
    file.write_bytes(data)
    streamed, read = io.BytesIO(), io.BytesIO()
    tally = anonymize_stream(_Drip(data, 5), streamed, RECIPE)
    other = anonymize_file(file, read, RECIPE, hand=HAND)
    assert streamed.getvalue() == read.getvalue()
    assert (tally.lines, tally.withheld_lines) == (other.lines, other.withheld_lines) == (4, [(2, "not UTF-8")])
    assert sum(tally.replaced.values()) == sum(other.replaced.values()) + other.propagated


def test_tallies_add_up_and_survive_json():
    """Line numbers go on from one block to the next; what is written is read again."""
    first, second = Tally(), Tally()
    first.lines = 10
    second.lines = 2
    second.withhold("not UTF-8")
    second.leak(1, "user")
    second.note_fields({"color": 2})
    first.add(second)
    assert first.withheld_lines == [(12, "not UTF-8")]
    assert first.leaks == [(11, "user")]
    assert Tally.from_json(first.as_json()) == first
    with pytest.raises(ValueError, match="not a tally"):
        Tally.from_json({"lines": 1})
