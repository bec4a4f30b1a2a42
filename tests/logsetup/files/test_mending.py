"""What a kill leaves of a line is blanked; nothing else is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logdojo.logsetup.files import mending
from logdojo.logsetup.files.appending import Appender
from logdojo.logsetup.files.mending import LINE_START, TAIL_BYTES, cut_lines, mend_glued, mend_tail

LINE = b'{"@timestamp":"2026-11-24T13:56:00.123Z","message":"a {brace} and \\"quotes\\"","labels.n":1}'
OTHER = b'{"@timestamp":"2026-11-24T13:56:01.000Z","message":"another"}'
WHOLE_LINES = st.builds(
    lambda message, value: LINE_START + f'x","message":{json.dumps(message)},"v":{json.dumps(value)}}}'.encode(),
    st.text(alphabet='ab"{}\\@ \n\u2028', max_size=12) | st.just('{"@timestamp":"'),
    st.integers()
    | st.booleans()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.none()),
)
FOREIGN_LINES = st.one_of(
    st.sampled_from(
        [b"Traceback (most recent call last):", b'{"time": 1}', b"}", b"{", b'  {"@timestamp":"no', b"[1]"]
    ),
    st.binary(max_size=20).filter(lambda line: b"\n" not in line and not line.startswith(b"{") and line.strip()),
)


def cut(line: bytes, share: float) -> bytes:
    """Return a beginning of a line: at least a byte, and less than all of it."""
    return line[: 1 + int(share * (len(line) - 2))]


FRAGMENTS = st.builds(cut, WHOLE_LINES, st.floats(0, 1))
PIECES = st.lists(
    st.one_of(
        st.tuples(st.just("whole"), WHOLE_LINES),
        st.tuples(st.just("cut"), FRAGMENTS),
        st.tuples(st.just("closed"), FRAGMENTS),
        st.tuples(st.just("foreign"), FOREIGN_LINES),
        st.tuples(st.just("blank"), st.sampled_from([b"", b" ", b"    "])),
    ),
    max_size=12,
)


def layout(pieces: list[tuple[str, bytes]]) -> tuple[bytes, list[tuple[str, int, int]]]:
    """Lay pieces out as processes leave them; what is cut is followed at once by what comes next."""
    data, spans = b"", []
    for kind, piece in pieces:
        if kind in {"foreign", "blank"} and data and not data.endswith(b"\n"):
            # Foreign text behind half a line of ours cannot be told from it; whoever mends would have closed it first.
            data += b" \n"
        spans.append((kind, len(data), len(data) + len(piece)))
        data += piece + {"cut": b"", "closed": b" \n"}.get(kind, b"\n")
    return data, spans


@settings(max_examples=250, deadline=None)
@given(PIECES)
def test_exactly_what_was_cut_is_blanked(pieces: list[tuple[str, bytes]]):
    """In any mix, whole lines, foreign lines and blank ones lie outside all ranges, and every cut line lies in one."""
    data, spans = layout(pieces)
    ranges = list(cut_lines(data))
    for kind, start, end in spans:
        inside = [(first, after) for first, after in ranges if first < end and start < after]
        if kind in {"cut", "closed"}:
            assert len(inside) == 1
            assert inside[0][0] <= start
            assert inside[0][1] >= end
        else:
            assert inside == []


@settings(max_examples=120, deadline=None)
@given(PIECES)
def test_what_is_mended_needs_no_mending(pieces: list[tuple[str, bytes]]):
    """After blanking, each line is whole, foreign or blank, the file is as long as before, and no work is left."""
    data, _ = layout(pieces)
    mended = bytearray(data)
    for first, after in cut_lines(data):
        mended[first:after] = b" " * (after - first - 1) + b"\n"
    assert len(mended) == len(data)
    assert list(cut_lines(bytes(mended))) == []
    kept = [piece for kind, piece in pieces if kind in {"whole", "foreign"}]
    assert [line for line in bytes(mended).split(b"\n") if line.strip()] == kept


@settings(max_examples=120, deadline=None)
@given(PIECES)
def test_only_glued_lines_are_blanked_in_an_archive(pieces: list[tuple[str, bytes]]):
    """glued_only leaves a cut line with no whole line behind it alone: in an archive that may be somebody's edit."""
    data, spans = layout(pieces)
    ranges = list(cut_lines(data, glued_only=True))
    for kind, start, end in spans:
        if kind in {"whole", "foreign", "blank"}:
            assert not any(first < end and start < after for first, after in ranges)
    for _, after in ranges:
        assert data[after:].startswith(LINE_START)


def opened(path: Path) -> int:
    """Open a file as writers do."""
    return os.open(path, os.O_RDWR | os.O_APPEND)


@pytest.mark.parametrize("length", [1, 2, len(LINE_START) - 1, len(LINE_START), 40, 68, len(LINE) - 1])
def test_a_cut_end_is_blanked_at_the_next_start(log: Path, length: int):
    """However much of a line was written before a kill, the next start blanks it; the lines around it are whole."""
    log.write_bytes(OTHER + b"\n" + LINE[:length])
    appender = Appender(log)
    appender.append(LINE)
    appender.close()
    lines = log.read_bytes().split(b"\n")
    assert [line for line in lines if line.strip()] == [OTHER, LINE]


def test_a_whole_line_without_its_end_is_kept(log: Path):
    """When only the line end is missing, the record is there, and it gets its line end."""
    log.write_bytes(OTHER + b"\n" + LINE)
    Appender(log).close()
    assert log.read_bytes() == OTHER + b"\n" + LINE + b"\n"


def test_a_second_kill_while_mending_changes_nothing(log: Path, monkeypatch: pytest.MonkeyPatch):
    """Killed between closing a cut line and blanking it, the start after that one blanks it, also if it ends in }."""
    log.write_bytes(LINE[: LINE.index(b"}") + 1])

    class KilledError(BaseException):
        """The process ends here."""

    def kill(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(mending, "blank", kill)
        with pytest.raises(KilledError):
            Appender(log)
    Appender(log).close()
    assert log.read_bytes().strip() == b""


def test_a_cut_line_before_another_process_line_is_blanked(log: Path):
    """A line that another process has written behind a cut one is whole again at the next start."""
    log.write_bytes(LINE[:50] + OTHER + b"\n")
    Appender(log).close()
    assert log.read_bytes() == b" " * 49 + b"\n" + OTHER + b"\n"


def test_foreign_text_is_never_touched(log: Path):
    """What others have written into the file stays byte for byte, also without a line end."""
    foreign = b'Segmentation fault\n{"time": 1, "torn\n\x00\xff\n{\n  "pretty": true\n}\n    at line {"@timestamp":"x'
    log.write_bytes(foreign)
    Appender(log).close()
    assert log.read_bytes() == foreign + b" \n"


def test_text_nested_beyond_reason_raises_nothing(log: Path):
    """A line that begins as ours and that no JSON reader can finish does not keep the log from being opened."""
    log.write_bytes(LINE_START + b'x","a":' + b"[" * 200_000 + b"\n")
    appender = Appender(log)
    appender.append(LINE)
    appender.close()
    assert log.read_bytes().endswith(LINE + b"\n")


def test_a_cut_line_longer_than_the_look_back_is_found(log: Path):
    """A cut line of several megabytes is found from its first byte."""
    long = LINE_START + b'x","message":"' + b"y" * (3 * TAIL_BYTES)
    log.write_bytes(OTHER + b"\n" + long)
    Appender(log).close()
    assert log.read_bytes().split() == OTHER.split()
    assert log.stat().st_size >= len(long)


def test_glued_lines_are_found_anywhere_in_an_archive(log: Path):
    """mend_glued reads an archive to its end, in pieces, and counts what it has mended."""
    filler = b"".join(LINE_START + b'x","n":%d}\n' % number for number in range(25_000))
    glued = [LINE[:30], b'{"@', LINE[:70]]
    log.write_bytes(filler + b"".join(part + OTHER + b"\n" + filler for part in glued))
    fd = opened(log)
    assert mend_glued(fd, log) == 3
    assert mend_glued(fd, log) == 0
    os.close(fd)
    lines = log.read_bytes().split(b"\n")
    assert lines.count(OTHER) == 3
    assert all(json.loads(line) for line in lines if line.strip())


def test_an_edited_archive_keeps_its_evidence(log: Path):
    """A line that somebody has broken by hand in the middle of a file is not blanked when the file is an archive."""
    edited = OTHER + b"\n" + LINE[:40] + b"\n" + OTHER + b"\n"
    log.write_bytes(edited)
    fd = opened(log)
    assert mend_glued(fd, log) == 0
    os.close(fd)
    assert log.read_bytes() == edited


def test_a_file_that_is_emptied_meanwhile_ends_the_mending(log: Path, monkeypatch: pytest.MonkeyPatch):
    """When an outside logrotate empties a file under mend_glued, that ends instead of going round for ever."""
    log.write_bytes((OTHER + b"\n") * 100)
    fd = opened(log)
    read_at = mending.read_at

    def emptied(*arguments: Any) -> bytes:
        os.truncate(log, 0)
        return read_at(*arguments)

    monkeypatch.setattr(mending, "read_at", emptied)
    assert mend_glued(fd, log) == 0
    os.close(fd)


def test_mending_beside_a_writer_harms_no_line(
    log: Path, forked: Callable[..., int], ended: Callable[..., int], read: Callable[..., Any]
):
    """Files that are opened all the time while another process writes lines of many pages lose none of them."""

    def write() -> None:
        appender = Appender(log)
        for number in range(150):
            appender.append(LINE_START + b'x","labels.n":%d,"value":"%s"}' % (number, b"}" * 150_000))

    child = forked(write)
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        fd = opened(log) if log.exists() else -1
        if fd >= 0:
            mend_tail(fd, log)
            os.close(fd)
    assert ended(child) == 0
    found = read(log)
    assert found.torn == []
    assert found.numbers == list(range(150))
