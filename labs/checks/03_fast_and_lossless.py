"""Public checks of lab 03. Files lie in a folder that goes away; no check waits for the clock or for the network."""

from __future__ import annotations

import atexit
import errno
import gzip
import json
import logging
import os
import random
import stat
import tempfile
import threading
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from unittest.mock import patch

from logdojo.course.check import check
from logdojo.logsetup.files.archives import Segment, segments
from logdojo.logsetup.testing import fresh_logging

try:
    import fcntl
except ImportError:
    fcntl = None


def line(name, text="paid"):
    """Make a whole line."""
    return json.dumps({"event.id": name, "message": text}).encode() + b"\n"


@check("count_lost")
def counts_what_is_lost(lab):
    """Count the accepted records that stand in no line."""
    found = lab.count_lost(["a", "b", "c", "d"], [line("a"), line("c")])
    assert isinstance(found, dict), f"return a dict with three numbers, not {type(found).__name__}"
    assert set(found) == {"lost", "torn", "doubled"}, (
        f'the dict has the keys {sorted(found)}; wanted are "lost", "torn" and "doubled"'
    )
    assert found == {"lost": 2, "torn": 0, "doubled": 0}, f"b and d are lost, and nothing else is wrong; yours: {found}"


@check("count_lost")
def counts_torn_lines(lab):
    """Count lines that are cut, and lines that ran into each other."""
    glued = line("b")[:20] + line("c")
    found = lab.count_lost(["a", "b", "c"], [line("a"), glued])
    assert found["torn"] == 1, f'half of b and all of c in one line are one torn line, "torn" is {found["torn"]}'
    assert found["lost"] == 2, f"the torn line holds neither b nor c as a record, so 2 are lost, not {found['lost']}"


@check("count_lost")
def counts_doubled_lines(lab):
    """Count each repetition of a whole line."""
    found = lab.count_lost(["a", "b"], [line("a"), line("b"), line("a"), line("a")])
    assert found["doubled"] == 2, f'a stands there three times, which is two too many; "doubled" is {found["doubled"]}'
    assert found["lost"] == 0, f'nothing is lost, "lost" is {found["lost"]}'


def at_once(_fd):
    """Stand for os.fsync, which may take its time."""


class Memory(logging.Handler):
    """A handler that keeps records, and waits for leave before it takes one."""

    def __init__(self):
        super().__init__()
        self.leave = threading.Event()
        self.seen = []
        self.threads = set()

    def emit(self, record):
        """Keep one record."""
        # The limit is for answers that call this in the caller's thread, which would wait for ever.
        self.leave.wait(0.01)
        self.threads.add(threading.get_ident())
        self.seen.append(record.getMessage())


@contextmanager
def queued(lab, level=logging.NOTSET):
    """Put the learner's queue before a handler; yield logger, handler, listener and what is registered for the end."""
    at_end = []
    with fresh_logging(), patch.object(atexit, "register", lambda function, *_: at_end.append(function)):
        logger, memory = logging.getLogger("checks.queue"), Memory()
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
        memory.setLevel(level)
        listener = lab.through_queue(logger, memory)
        try:
            yield logger, memory, listener, at_end
        finally:
            memory.leave.set()
            if isinstance(listener, QueueListener) and listener._thread is not None:
                listener.stop()


@check("through_queue")
def another_thread_writes(lab):
    """Hand the records to the handler in another thread, all of them and in order."""
    with queued(lab) as (logger, memory, listener, _):
        assert isinstance(listener, QueueListener), f"return the QueueListener, not {type(listener).__name__}"
        assert listener._thread is not None, "the listener is not started: nobody takes records out of the queue"
        for number in range(5):
            logger.info("record %d", number)
        here = threading.get_ident()
        memory.leave.set()
        listener.stop()
        assert here not in memory.threads, "the handler was called in the caller's thread, which then waits for it"
        assert memory.seen == [f"record {n}" for n in range(5)], f"of five records the handler got {memory.seen}"


@check("through_queue")
def the_only_handler(lab):
    """Leave the logger one handler, which fills the queue."""
    with queued(lab) as (logger, _, _, _):
        kinds = [type(one).__name__ for one in logger.handlers]
        assert len(kinds) == 1, f"the logger has the handlers {kinds}; only the QueueHandler should be left"
        assert isinstance(logger.handlers[0], QueueHandler), f"the logger's handler is a {kinds[0]}, not a QueueHandler"


@contextmanager
def folder():
    """Give a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab03-check-") as made:
        yield Path(made)


@contextmanager
def appending(lab, path, **options):
    """Open the learner's handler on a file, with messages as lines."""
    handler = lab.AppendHandler(path, **options)
    try:
        yield handler
    finally:
        handler.close()


def record(message):
    """Make a record."""
    return logging.makeLogRecord({"msg": message, "levelno": 20, "levelname": "INFO"})


class Writes:
    """os.write, of which some calls take only a part.

    Args:
        shares: for each call in turn the share of the data that is taken; all of it afterwards.
    """

    def __init__(self, *shares):
        self.shares = list(shares)
        self.calls = []

    def __call__(self, fd, data):
        """Write a part; return its length."""
        self.calls.append(bytes(data))
        share = self.shares.pop(0) if self.shares else 1
        return os.write(fd, data[: int(len(data) * share)]) if share else 0


def whole(path):
    """Return the lines of a file that are not blank."""
    return [one for one in path.read_bytes().split(b"\n") if one.strip()]


@check("AppendHandler")
def appends_lines(lab):
    """Append lines behind those that are there, also when two handlers share the file."""
    with folder() as place:
        path = place / "app.log"
        path.write_bytes(b"old\n")
        try:
            with appending(lab, path) as one, appending(lab, path) as two:
                for handler, message in ((one, "first"), (two, "second"), (one, "third")):
                    handler.handle(record(message))
        except OSError as error:
            assert error.errno != errno.EBADF, "mend cannot read the file: open it to read and to write, os.O_RDWR"
            raise
        text = path.read_bytes()
    assert text.startswith(b"old"), "what stood in the file is gone: open it with os.O_APPEND, and without os.O_TRUNC"
    assert text == b"old\nfirst\nsecond\nthird\n", (
        f"two handlers wrote first, second, third behind old; the file holds {text!r}: use os.O_APPEND"
    )


@check("AppendHandler")
def one_write_a_record(lab):
    """Write each record with one call."""
    writes = Writes()
    with folder() as place, appending(lab, place / "app.log", write=writes) as handler:
        handler.handle(record("a"))
        handler.handle(record("b"))
    assert writes.calls, "nothing was written through self.write"
    assert writes.calls == [b"a\n", b"b\n"], (
        f"two records should be two writes, line end included; yours: {writes.calls}"
    )


@check("AppendHandler")
def repairs_a_short_write(lab):
    """Repair a line of which the disk took only a part."""
    with folder() as place:
        path = place / "app.log"
        with appending(lab, path, write=Writes(1, 0.5)) as handler:
            for message in ("first", "second", "third"):
                handler.handle(record(message))
        found = whole(path)
    halves = [one for one in found if one.startswith(b"sec") and one != b"second"]
    assert not halves, f"half of a line stays in the file, glued to what comes next: {halves}"
    assert found == [b"first", b"second", b"third"], (
        f"half of `second` was taken at the first try; afterwards the file should hold each line once, not {found}"
    )


@contextmanager
def umask(mask):
    """Set the umask for a block."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path):
    """Return the permission bits of a file, in octal digits."""
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


@check("AppendHandler")
def keeps_its_mode(lab):
    """Give the file the permissions of self.mode, whatever the umask."""
    if os.name == "nt":
        lab.AppendHandler  # noqa: B018, Windows has no such permissions
        return
    with folder() as place, umask(0o077):
        for mode in (0o640, 0o660):
            path = place / f"{mode}.log"
            with appending(lab, path, mode=mode):
                found = mode_of(path)
            assert found == f"{mode:04o}", (
                f"under umask 077 a file of mode {mode:04o} has {found}: set the mode again after opening"
            )


def needs_flock():
    """Say in words what Windows lacks."""
    assert fcntl is not None, "this exercise needs flock, which Windows does not have: use WSL, Linux or macOS"


@contextmanager
def log_of(size):
    """Make a log file of a size; yield its path and a descriptor that appends to it."""
    needs_flock()
    with folder() as place:
        path = place / "app.jsonl"
        path.write_bytes(b"x" * size)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            yield path, fd
        finally:
            os.close(fd)


def archives(path):
    """Return the contents of the log's archives, in order."""
    return [one.path.read_bytes() for one in segments(path) if not one.live]


@check("rotate_if_needed")
def leaves_a_small_log(lab):
    """Leave a log that is not full."""
    rotate = lab.rotate_if_needed
    with log_of(10) as (path, fd):
        answer = rotate(fd, path, 100)
        assert path.exists(), "a log of 10 bytes was renamed although it is not full at 100"
        assert answer is False, f"for a log that is not full the answer is False, yours is {answer!r}"


@check("rotate_if_needed")
def renames_a_full_log(lab):
    """Rename a full log to a new archive, and say that it must be opened anew."""
    rotate = lab.rotate_if_needed
    with log_of(200) as (path, fd):
        answer = rotate(fd, path, 100)
        assert not path.exists(), "a log of 200 bytes is still at its place although it is full at 100"
        assert archives(path) == [b"x" * 200], "the log's content is in no archive: rename it to new_archive(path)"
        assert answer is True, f"after a rotation the caller must open the log anew: return True, not {answer!r}"


@check("write_whole")
def writes_and_replaces(lab):
    """Write the bytes, replace what was there, and leave no part behind."""
    with folder() as place, patch.object(os, "fsync", at_once):
        path = place / "cursor"
        for data in (b"17", b"4"):
            lab.write_whole(path, data)
            found = path.read_bytes() if path.exists() else b"no file"
            assert found == data, f"after write_whole(path, {data!r}) the file holds {found!r}"
        names = [one.name for one in place.iterdir()]
    assert names == ["cursor"], f"only the file itself should be left, not {names}"


def broken(*_args, **_more):
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


@check("write_whole")
def keeps_the_old_when_it_fails(lab):
    """Leave the old file as it was when the disk is full."""
    with folder() as place, patch.object(os, "fsync", broken):
        path = place / "cursor"
        path.write_bytes(b"17")
        try:
            lab.write_whole(path, b"4")
        except OSError:
            pass
        else:
            raise AssertionError(
                "the disk was full and you did not notice: os.fsync was not called, or its error caught"
            )
        found = path.read_bytes() if path.exists() else b"no file"
    assert found == b"17", f"the disk was full, and the old content b'17' became {found!r}: write beside it first"


@check("compress")
def compresses_an_archive(lab):
    """Turn an archive into its gzip form."""
    compress = lab.compress
    with log_of(500) as (path, fd), patch.object(os, "fsync", at_once):
        packed = compress(path)
        assert packed is not None, "nobody holds a lock on the archive, and yet it was not compressed"
        assert Path(packed) == Path(f"{path}.gz"), f"the new path is {Path(packed).name}, and should be {path.name}.gz"
        assert gzip.decompress(Path(packed).read_bytes()) == b"x" * 500, (
            "unpacked, the content is not that of the archive"
        )
        assert not path.exists(), "the archive is still there: remove it when the new form is complete"


@check("compress")
def leaves_what_is_written_to(lab):
    """Leave an archive that some process still writes to."""
    compress = lab.compress
    with log_of(500) as (path, fd), patch.object(os, "fsync", at_once):
        fcntl.flock(fd, fcntl.LOCK_SH)
        answer = compress(path)
        names = sorted(one.name for one in path.parent.iterdir())
        assert names == [path.name], f"a process holds the shared lock, and still the folder now holds {names}"
        assert answer is None, f"nothing was compressed: return None, not {answer!r}"


def split(lab, sizes, max_records, max_bytes):
    """Return the sizes of the lines in the learner's batches."""
    return [[len(one) for one in batch] for batch in lab.batches([b"x" * n for n in sizes], max_records, max_bytes)]


@check("batches")
def counts_records(lab):
    """Fill a batch up to max_records."""
    found = split(lab, [1] * 7, 3, 1_000)
    assert sum(map(len, found)) >= 7, f"7 lines went in, and the batches hold {sum(map(len, found))}: mind the last one"
    assert found == [[1] * 3, [1] * 3, [1]], (
        f"7 lines in batches of at most 3 are 3, 3 and 1; yours: {[*map(len, found)]}"
    )


@check("batches")
def counts_bytes(lab):
    """Fill a batch up to max_bytes."""
    found = split(lab, [40, 40, 40, 10], 100, 100)
    assert all(sum(batch) <= 100 for batch in found), f"a batch is longer than 100 bytes: {found}"
    assert found == [[40, 40], [40, 10]], f"lines of 40, 40, 40, 10 bytes with at most 100 a batch came as {found}"


class Fixed(random.Random):
    """A random generator whose draws are always the same share of the range."""

    def __init__(self, share):
        super().__init__(0)
        self.share = share

    def random(self):
        """Return the share."""
        return self.share


@check("next_delay")
def doubles(lab):
    """Double the longest wait with each attempt."""
    found = [round(lab.next_delay(attempt, Fixed(1.0), base=0.1, cap=100.0), 9) for attempt in range(4)]
    assert found != [0.2, 0.4, 0.8, 1.6], "attempt 0 comes first: its longest wait is base, not twice base"
    assert found == [0.1, 0.2, 0.4, 0.8], f"with base 0.1 the longest waits are 0.1, 0.2, 0.4, 0.8; yours: {found}"


@check("next_delay")
def draws_between_zero_and_longest(lab):
    """Draw evenly between 0 and the longest wait."""
    found = [lab.next_delay(3, Fixed(share), base=0.1, cap=100.0) for share in (0.0, 0.5, 1.0)]
    assert found[0] != found[2], "the wait is always the same: draw it with rng"
    assert [round(one, 9) for one in found] == [0, 0.4, 0.8], (
        f"the lowest, the middle and the highest draw for attempt 3 should be 0, 0.4 and 0.8, yours are {found}"
    )


def item(status, reason="no"):
    """Make one item of a bulk answer."""
    return {"create": {"status": status} if status < 300 else {"status": status, "error": {"reason": reason}}}


@check("split_results")
def sorts_three_ways(lab):
    """Tell done, try again and dead apart."""
    batch = [b"one\n", b"two\n", b"three\n"]
    found = lab.split_results({"errors": True, "items": [item(201), item(429), item(400, "no number")]}, batch)
    assert isinstance(found, tuple) and len(found) == 3, "return three lists: done, to try again, dead letters"
    done, retry, dead = found
    assert list(done) == [b"one\n"], f"the line with status 201 is done; yours: {done}"
    assert list(retry) == [b"two\n"], f"the line with status 429 is to be tried again; yours: {retry}"
    assert list(dead) == [(b"three\n", "no number")], f"a dead letter is a pair (line, reason); yours: {dead}"


@check("split_results")
def knows_a_duplicate(lab):
    """Take 409 for done: the record is there already."""
    done, retry, dead = lab.split_results({"items": [item(409), item(200)]}, [b"one\n", b"two\n"])
    assert not retry, "a line with status 409 is there already: trying again would never end"
    assert not dead, "a line with status 409 arrived with an earlier try: it is no dead letter"
    assert list(done) == [b"one\n", b"two\n"], f"both lines are done; yours: {done}"


class Server:
    """A server that gives the answers it is told to give, and then only good ones.

    Args:
        answers: for each request in turn a status, a list with the status of each item, or an exception to raise.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, lines):
        """Answer one request."""
        self.requests.append(list(lines))
        assert len(self.requests) <= 30, "you have sent 30 requests, and still go on: send only what is left to try"
        answer = self.answers.pop(0) if self.answers else [201] * len(lines)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, int):
            return answer, {"retry_after": 3} if answer == 429 else {}
        return 200, {"items": [item(status, "no number") for status in answer]}


def delivered(lab, server, lines):
    """Deliver lines; return dead letters and waits."""
    waits = []
    dead = lab.deliver(lines, server, waits.append, Fixed(1.0))
    assert isinstance(dead, list), f"return the list of dead letters, not {type(dead).__name__}"
    return dead, waits


@check("deliver")
def delivers_at_once(lab):
    """Send a batch once when all is well, and wait for nothing."""
    server = Server()
    dead, waits = delivered(lab, server, [b"one\n", b"two\n"])
    assert server.requests == [[b"one\n", b"two\n"]], f"one request with both lines is enough; yours: {server.requests}"
    assert not dead, f"all lines were stored, and yet there are dead letters: {dead}"
    assert not waits, "everything arrived at the first try, and yet you sleep"


@check("deliver")
def sends_the_rest_again(lab):
    """Send again what was put off, and only that."""
    server = Server([201, 429, 201, 503])
    delivered(lab, server, [b"1\n", b"2\n", b"3\n", b"4\n"])
    assert len(server.requests) > 1, "two lines were put off inside an answer of 200, and nobody sent them again"
    assert server.requests[1:] == [[b"2\n", b"4\n"]], (
        f"lines 2 and 4 were put off; afterwards you sent {server.requests[1:]}"
    )


@contextmanager
def shipping(content, cursor=None):
    """Make a log, and a function that ships it with the learner's `ship`; yield log, cursor and that function."""
    with folder() as place, patch.object(os, "fsync", at_once):
        log, at = place / "app.jsonl", place / "cursor"
        log.write_bytes(content)
        if cursor is not None:
            at.write_bytes(str(cursor).encode())

        def ship(lab, server):
            return lab.ship(Segment(log), at, server, place / "dead", sleep=lambda _: None, rng=Fixed(0.0))

        yield log, at, ship


@check("ship")
def ships_a_file(lab):
    """Send all lines in order, and move the cursor behind the last."""
    lines = [line(f"a-{n}") for n in range(230)]
    with shipping(b"".join(lines)) as (log, cursor, ship):
        server = Server()
        end = ship(lab, server)
        assert sum(server.requests, []) == lines, "the server did not get all lines, each once and in order"
        assert cursor.exists(), "there is no cursor file: after a restart everything would be sent again"
        found = cursor.read_bytes()
        assert found == str(log.stat().st_size).encode(), (
            f"the log has {log.stat().st_size} bytes and all were acknowledged, the cursor says {found!r}"
        )
        assert end == log.stat().st_size, f"return the position behind the last line, {log.stat().st_size}, not {end!r}"


@check("ship")
def goes_on_from_the_cursor(lab):
    """Go on where the cursor says, also with lines that came later."""
    first, second, third = line("a"), line("b"), line("c")
    with shipping(first + second, cursor=len(first)) as (log, _, ship):
        server = Server()
        ship(lab, server)
        assert server.requests == [[second]], f"the cursor stands behind the first line; you sent {server.requests}"
        with log.open("ab") as file:
            file.write(third)
        ship(lab, server)
        assert server.requests[1:] == [[third]], f"one line came later; then you sent {server.requests[1:]}"
