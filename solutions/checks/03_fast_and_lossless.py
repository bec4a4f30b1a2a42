"""Hidden checks of lab 03: races played out step by step, disks that fail, servers that lie, kills at every line."""

from __future__ import annotations

import atexit
import errno
import gzip
import itertools
import json
import logging
import os
import random
import stat
import sys
import tempfile
import warnings
from contextlib import contextmanager
from logging.handlers import QueueListener
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
def blank_lines_are_nothing(lab):
    """Pass over lines of white space only."""
    found = lab.count_lost(["a"], [b"\n", line("a"), b"        \n", b" "])
    assert found == {"lost": 0, "torn": 0, "doubled": 0}, f"one record and three blank lines gave {found}"


@check("count_lost")
def other_json_is_torn(lab):
    """Take JSON that is no record for a torn line, without an error."""
    count_lost = lab.count_lost
    for odd in (b"17\n", b"[1, 2]\n", b'"text"\n', b"null\n", b'{"message": "no id"}\n', b"\xff\xfe\n"):
        try:
            found = count_lost(["a"], [line("a"), odd])
        except NotImplementedError:
            raise
        except Exception as error:
            raise AssertionError(f"the line {odd!r} raises {type(error).__name__}: it is a torn line") from None
        assert found == {"lost": 0, "torn": 1, "doubled": 0}, (
            f"the line {odd!r} is no record; with it you found {found}"
        )


@check("count_lost")
def a_line_needs_its_end(lab):
    """Take a line without its line end for torn, whatever it holds."""
    found = lab.count_lost(["a", "b"], [line("a"), line("b")[:-1]])
    assert found["torn"] == 1, "the last line has no line end, so nobody knows whether it is complete: it is torn"
    assert found["lost"] == 1, "the record in the torn line is not counted as lost"
    found = lab.count_lost(["a"], [line("a")[:-1], line("a")])
    assert found["doubled"] == 0, "a torn line and a whole one with the same id are no repetition"


@check("count_lost")
def only_accepted_ids_can_be_lost(lab):
    """Count each accepted id once, and leave others out; read the lines once."""
    found = lab.count_lost(["a", "b", "b"], iter([line("a"), line("x"), line("y")]))
    assert found["lost"] == 1, (
        f'of the ids a and b (accepted twice) only b is lost, and x and y replace nothing; "lost" is {found["lost"]}'
    )


def at_once(_fd):
    """Stand for os.fsync, which may take its time."""


class Keep(logging.Handler):
    """A handler that keeps messages."""

    def __init__(self, level=logging.NOTSET):
        super().__init__(level)
        self.seen = []

    def emit(self, record):
        """Keep one message."""
        self.seen.append(record.getMessage())


@contextmanager
def listening(lab, handler):
    """Put the learner's queue before a handler; yield logger, listener and what is registered for the program's end."""
    at_end = []
    with fresh_logging(), patch.object(atexit, "register", lambda function, *_: at_end.append(function)):
        logger = logging.getLogger("checks.listening")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        listener = lab.through_queue(logger, handler)
        try:
            yield logger, listener, at_end
        finally:
            if isinstance(listener, QueueListener) and listener._thread is not None:
                listener.stop()


@check("through_queue")
def heeds_the_level(lab):
    """Pass on only what the handler's level lets through."""
    keep = Keep(logging.WARNING)
    with listening(lab, keep) as (logger, listener, _):
        logger.info("quiet")
        logger.error("loud")
        listener.stop()
    assert "quiet" not in keep.seen, (
        "an INFO reached a handler of level WARNING: the listener must respect_handler_level"
    )
    assert keep.seen == ["loud"], f"the ERROR did not reach the handler, which has {keep.seen}"


@check("through_queue")
def a_normal_end_loses_nothing(lab):
    """Empty the queue when the program ends in the normal way."""
    keep = Keep()
    with listening(lab, keep) as (logger, _, at_end):
        for number in range(200):
            logger.info("%d", number)
        assert at_end, "nothing is registered with atexit: records that still wait are lost at a normal end"
        assert all(map(callable, at_end)), "what you registered with atexit cannot be called: register it without ()"
        for function in at_end:
            function()
        assert len(keep.seen) == 200, f"of 200 records {len(keep.seen)} were written when the program ended"


@check("through_queue")
def the_queue_has_no_limit(lab):
    """Give the queue no limit, which would lose records or stop the caller."""
    with listening(lab, Keep()) as (logger, _, _):
        limit = getattr(logger.handlers[0].queue, "maxsize", 0)
    assert limit <= 0, f"the queue takes {limit} records; a QueueHandler drops what does not fit"


@contextmanager
def folder():
    """Give a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab03-check-") as made:
        yield Path(made)


@contextmanager
def appending(lab, path, **options):
    """Open the learner's handler on a file."""
    handler = lab.AppendHandler(path, **options)
    try:
        yield handler
    finally:
        handler.close()


def record(message):
    """Make a record."""
    return logging.makeLogRecord({"msg": message, "levelno": 20, "levelname": "INFO"})


def taking(*shares, then=None):
    """Return an os.write that takes these shares of its data in turn, does `then`, and afterwards takes all."""
    left = iter(shares)

    def write(fd, data):
        share = next(left, 1)
        done = os.write(fd, data[: int(len(data) * share)]) if share else 0
        if share < 1 and then is not None:
            then()
        return done

    return write


def whole(path):
    """Return the lines of a file that are not blank."""
    return [one for one in path.read_bytes().split(b"\n") if one.strip()]


@check("AppendHandler")
def never_more_than_its_mode(lab):
    """Give the file no more than its permissions, not even for a moment."""
    handler_of = lab.AppendHandler
    if os.name == "nt":
        return
    before = os.umask(0)
    try:
        with folder() as place, patch.object(os, "fchmod"), patch.object(os, "chmod"):
            path = place / "app.log"
            handler_of(path, mode=0o600).close()
            found = stat.S_IMODE(path.stat().st_mode)
    finally:
        os.umask(before)
    assert not found & ~0o600, f"before its mode is set, the file has {found:04o}: give os.open the mode, too"


@check("AppendHandler")
def a_full_disk_hurts_nobody(lab):
    """Raise OSError when the second try is cut short too, and leave no part of the line."""
    with folder() as place:
        path = place / "app.log"
        with appending(lab, path, write=taking(1, 0.5, 0.5)) as handler:
            handler.append(b"first\n")
            try:
                handler.append(b"second\n")
            except OSError as error:
                code = error.errno
            else:
                raise AssertionError("both tries were cut short, and append raises no OSError: the loss goes unnoticed")
            handler.append(b"third\n")
        found = whole(path)
    assert code == errno.ENOSPC, f"the error's number should be errno.ENOSPC, yours is {code}"
    assert found == [b"first", b"third"], f"no part of `second` may stay, and `third` must be whole; yours: {found}"


@check("AppendHandler")
def the_application_never_notices(lab):
    """Let no error of the disk reach the application."""
    with folder() as place, patch.object(logging, "raiseExceptions", False):
        with appending(lab, place / "app.log", write=taking(0.5, 0.5)) as handler:
            try:
                handler.handle(record("second"))
            except OSError:
                raise AssertionError("the full disk raises into the application: leave emit as it was") from None


@check("AppendHandler")
def nothing_taken_at_all(lab):
    """Blank nothing when nothing was taken."""
    with folder() as place:
        path = place / "app.log"
        with appending(lab, path, write=taking(1, 0)) as handler:
            handler.append(b"first\n")
            handler.append(b"second\n")
        found = path.read_bytes()
    assert found == b"first\nsecond\n", (
        f"at the first try 0 bytes were taken; the file should be as without it: {found!r}"
    )


@check("AppendHandler")
def blanks_its_own_part(lab):
    """Blank the own part, also when another process has written behind it."""
    with folder() as place:
        path = place / "app.log"

        def other():
            with path.open("ab") as file:
                file.write(b"\nfrom another process\n")

        with appending(lab, path, write=taking(1, 0.5, then=other)) as handler:
            handler.append(b"first\n")
            handler.append(b"second\n")
        found = whole(path)
    assert b"from another process" in found, "a line of another process was overwritten: take the end of *your* part"
    assert found == [b"first", b"from another process", b"second"], f"the file's lines are {found}"


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


def rotate_elsewhere(path):
    """Rotate as another process does, and begin a new log there."""
    path.rename(path.with_name(f"{path.name}.20200101T000000.000000Z"))
    path.write_bytes(b"new")


@check("rotate_if_needed")
def no_lock_for_a_small_log(lab):
    """Take no lock while the log is not full, since each record comes this way."""
    rotate = lab.rotate_if_needed
    with log_of(10) as (path, fd):
        rotate(fd, path, 100)
        names = [one.name for one in path.parent.iterdir()]
    assert names == ["app.jsonl"], f"the log is not full, and yet the folder now holds {sorted(names)}"


@check("rotate_if_needed")
def full_means_not_smaller(lab):
    """Rotate a log of exactly max_bytes."""
    rotate = lab.rotate_if_needed
    with log_of(100) as (path, fd):
        answer = rotate(fd, path, 100)
    assert answer is True, "a log of 100 bytes is not smaller than 100: it is full"


@check("rotate_if_needed")
def notices_another_rotation(lab):
    """Notice that another process has rotated, and leave its new log alone."""
    rotate = lab.rotate_if_needed
    for size in (10, 200):
        with log_of(size) as (path, fd):
            rotate_elsewhere(path)
            answer = rotate(fd, path, 100)
            assert archives(path) == [b"x" * size], "another process had rotated, and you rotated its new log as well"
            assert answer is True, (
                f"another process has rotated a log of {size} bytes: the caller must open the new one"
            )


@check("rotate_if_needed")
def looks_again_under_the_lock(lab):
    """Look again under the lock: another process may have rotated while this one waited."""
    rotate = lab.rotate_if_needed
    needs_flock()
    real = fcntl.flock
    asked = []

    def slow(file, operation):
        asked.append(operation)
        if len(asked) == 1:
            rotate_elsewhere(path)
        return real(file, operation)

    with log_of(200) as (path, fd), patch.object(fcntl, "flock", slow):
        rotate(fd, path, 100)
        found = archives(path)
    assert asked, "you rotate without a lock: two processes at once would rename each other's files"
    assert asked[0] == fcntl.LOCK_EX, "the lock must be exclusive, and you must wait for it: fcntl.LOCK_EX"
    assert found == [b"x" * 200], "while you waited for the lock, another process rotated; you renamed its new log"


@check("rotate_if_needed")
def renames_while_it_holds_the_lock(lab):
    """Rename while the lock is held."""
    rotate = lab.rotate_if_needed
    free = []

    def watched(real):
        def rename(source, target, **more):
            with open(f"{path}.lock", "ab") as other:
                try:
                    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    free.append(True)
                except BlockingIOError:
                    free.append(False)
            return real(source, target, **more)

        return rename

    with (
        log_of(200) as (path, fd),
        patch.object(os, "rename", watched(os.rename)),
        patch.object(os, "replace", watched(os.replace)),
    ):
        rotate(fd, path, 100)
    assert free, "the log was not renamed with os.rename"
    assert not any(free), f'when you rename, nobody holds the lock on "app.jsonl.lock": rename inside the with block'


@check("write_whole")
def on_the_disk_before_the_rename(lab):
    """Hand all data to the kernel, then to the disk, and only then rename."""
    steps = []
    real = os.replace

    def fsync(fd):
        steps.append(("fsync", os.fstat(fd).st_size))

    def replace(source, target):
        steps.append(("replace", Path(source).stat().st_size))
        real(source, target)

    with folder() as place, patch.object(os, "fsync", fsync), patch.object(os, "replace", replace):
        lab.write_whole(place / "cursor", b"12345")
    names = [name for name, _ in steps]
    assert "fsync" in names, "without os.fsync a power cut can leave an empty file under the new name"
    assert "replace" in names, "the file was not put in place with os.replace"
    assert names.index("fsync") < names.index("replace"), "os.fsync comes after the rename: then it is too late"
    assert steps[0] == ("fsync", 5), "at os.fsync the data is still in Python's buffer: flush first"


@check("write_whole")
def beside_its_place(lab):
    """Write to the file with .part at the end, beside its place."""
    sources = []
    real = os.replace

    def replace(source, target):
        sources.append(os.fspath(source))
        real(source, target)

    with folder() as place, patch.object(os, "fsync", at_once), patch.object(os, "replace", replace):
        lab.write_whole(place / "cursor", b"1")
        wanted = [str(place / "cursor.part")]
    assert sources == wanted, 'write to path + ".part", in the same folder: a rename from elsewhere may be a copy'


@check("write_whole")
def permissions_before_content(lab):
    """Set the permissions before the first byte is there, whatever the umask."""
    write_whole = lab.write_whole
    if os.name == "nt":
        return
    wide = []

    def watched(real):
        def chmod(file, mode, **more):
            state = os.stat(file)
            if state.st_size and stat.S_IMODE(state.st_mode) & ~0o600:
                wide.append(stat.S_IMODE(state.st_mode))
            return real(file, mode, **more)

        return chmod

    with (
        folder() as place,
        patch.object(os, "fsync", at_once),
        patch.object(os, "fchmod", watched(os.fchmod)),
        patch.object(os, "chmod", watched(os.chmod)),
    ):
        for mask in (0, 0o777):
            before = os.umask(mask)
            try:
                write_whole(place / f"{mask}", b"s" * 20_000, 0o600)
            finally:
                os.umask(before)
            found = stat.S_IMODE((place / f"{mask}").stat().st_mode)
            assert found == 0o600, f"under umask {mask:03o} the file has {found:04o}, not 0600"
    assert not wide, f"for a moment the data stood there with {wide[0]:04o}: set the mode before you write"


@check("compress")
def keeps_permissions(lab):
    """Give the compressed file the permissions of the archive."""
    compress = lab.compress
    with log_of(50) as (path, _), patch.object(os, "fsync", at_once):
        for mode in (0o600, 0o640):
            path.write_bytes(b"x")
            path.chmod(mode)
            found = stat.S_IMODE(Path(compress(path)).stat().st_mode)
            assert found == mode, (
                f"an archive of mode {mode:04o} became one of {found:04o}: hand the mode to write_whole"
            )


@check("compress")
def removes_at_the_very_end(lab):
    """Remove the archive only when its new form is complete."""
    compress = lab.compress

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in ("fsync", "replace"):
        with log_of(50) as (path, _), patch.object(os, "fsync", at_once), patch.object(os, step, full):
            try:
                compress(path)
            except OSError:
                pass
            assert path.exists(), f"the disk was full at os.{step}, and the archive is gone: its records are lost"
            assert not Path(f"{path}.gz").exists(), "the disk was full, and yet an unfinished .gz stands there"


@check("compress")
def holds_the_lock_to_the_end(lab):
    """Hold the exclusive lock until the new form is complete."""
    compress = lab.compress
    free = []

    def fsync(_fd):
        with path.open("rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
                free.append(True)
            except BlockingIOError:
                free.append(False)

    with log_of(50) as (path, _), patch.object(os, "fsync", fsync):
        packed = compress(path)
        assert gzip.decompress(Path(packed).read_bytes()) == b"x" * 50, "unpacked, the content is not the archive's"
    assert free, "the new form was not written with write_whole"
    assert not any(free), "while you compress, another process can take the archive's lock and write to it"


def split(lab, sizes, max_records, max_bytes):
    """Return the sizes of the lines in the learner's batches."""
    return [[len(one) for one in batch] for batch in lab.batches([b"x" * n for n in sizes], max_records, max_bytes)]


@check("batches")
def a_long_line_goes_alone(lab):
    """Send a line that is longer than max_bytes in a batch of its own."""
    for sizes in ([5, 500, 5], [500, 5], [5, 500]):
        found = split(lab, sizes, 10, 100)
        assert [] not in found, f"there is an empty batch: {found}"
        assert sum(found, []) == sizes, f"lines of {sizes} bytes, at most 100 a batch, came as {found}: one is missing"
        assert found == [[size] for size in sizes], f"lines of {sizes} bytes, at most 100 a batch, came as {found}"


@check("batches")
def takes_endless_lines(lab):
    """Yield batches while lines still come."""

    def endless():
        yield from (b"%d\n" % number for number in range(1_000))
        raise AssertionError("you wait for the end of the lines, which may never end: use yield")

    first = list(itertools.islice(lab.batches(endless(), 2, 1_000), 3))
    assert first == [[b"0\n", b"1\n"], [b"2\n", b"3\n"], [b"4\n", b"5\n"]], f"the first three batches are {first}"


@check("batches")
def as_long_as_allowed(lab):
    """Make each batch as long as the rules allow, and a new list."""
    assert split(lab, [50, 50, 50, 50], 10, 100) == [[50, 50], [50, 50]], "two lines of 50 bytes fit into 100 bytes"
    assert split(lab, [], 10, 100) == [], "no lines make no batches"
    dice = random.Random(3)
    for _ in range(20):
        sizes = [dice.choice((1, 7, 30, 99, 100, 101)) for _ in range(dice.randrange(30))]
        found = list(lab.batches([b"x" * size for size in sizes], 4, 100))
        shown = [[len(one) for one in batch] for batch in found]
        assert sum(shown, []) == sizes, f"lines of {sizes} bytes came as {shown}: not each line once and in order"
        for batch, after in itertools.pairwise(shown):
            more = sum(batch) + after[0]
            assert len(batch) == 4 or more > 100, f"the batch {batch} had room for {after[0]} bytes more"


class Fixed(random.Random):
    """A random generator whose draws are always the same share of the range."""

    def __init__(self, share):
        super().__init__(0)
        self.share = share

    def random(self):
        """Return the share."""
        return self.share


@check("next_delay")
def stops_at_the_cap(lab):
    """Never wait longer than the cap, however many attempts."""
    for attempt in (8, 100, 5_000):
        try:
            found = lab.next_delay(attempt, Fixed(1.0), base=0.05, cap=2.0)
        except OverflowError:
            raise AssertionError(f"at attempt {attempt} the doubled base is too large for a float") from None
        assert found == 2.0, f"at attempt {attempt} the longest wait is the cap, 2.0; yours is {found}"


@check("next_delay")
def never_before_the_server_says(lab):
    """Add the random time to what the server asks for."""
    low = lab.next_delay(0, Fixed(0.0), 7.0)
    high = lab.next_delay(0, Fixed(1.0), 7.0)
    assert low >= 7, f"the server asks for 7 s, and the shortest wait is {low} s"
    assert high > low, (
        "when the server asks for 7 s, all clients come back after exactly 7 s, all at once: add the jitter"
    )
    assert (low, round(high, 9)) == (7.0, 7.05), (
        f"from 7 s and base 0.05 the wait is between 7 and 7.05, not {low} and {high}"
    )
    long = lab.next_delay(0, Fixed(0.0), 60.0)
    assert long == 60, f"the cap limits the random time, not the server's wish of 60 s; yours is {long}"


@check("next_delay")
def draws_with_rng(lab):
    """Draw with the generator that is given, and with no other."""
    state = random.getstate()
    one, two = ([lab.next_delay(n, dice) for n in range(20)] for dice in (random.Random(5), random.Random(5)))
    assert one == two, "with two generators of the same seed you return different waits: draw with rng"
    assert random.getstate() == state, "you draw from the module `random` instead of rng"
    assert len(set(one)) == 20, "waits repeat: draw one anew each time"


def item(status, reason="no", action="create"):
    """Make one item of a bulk answer."""
    return {action: {"status": status} if status < 300 else {"status": status, "error": {"reason": reason}}}


@check("split_results")
def knows_every_status(lab):
    """Sort every status as the table says."""
    for status in (200, 201, 409, 429, 500, 502, 503, 400, 404, 413, 422):
        wanted = "done" if status in (200, 201, 409) else "to try again" if status in (429, 500, 502, 503) else "dead"
        found = dict(zip(("done", "to try again", "dead"), lab.split_results({"items": [item(status)]}, [b"x\n"])))
        place = [name for name, lines in found.items() if lines]
        assert place == [wanted], f"a line with status {status} is {wanted}; yours is {place or 'nowhere'}"


@check("split_results")
def takes_any_action(lab):
    """Read items of other actions too."""
    answer = {"items": [item(201, action="index"), item(400, "bad", action="update")]}
    done, retry, dead = lab.split_results(answer, [b"one\n", b"two\n"])
    assert (list(done), list(retry), list(dead)) == ([b"one\n"], [], [(b"two\n", "bad")]), (
        "an item whose one key is `index` or `update` is read wrongly: take its only value"
    )


@check("split_results")
def counts_the_items(lab):
    """Try everything again when items and lines do not match in number."""
    batch = [b"one\n", b"two\n"]
    for answer in ({"items": [item(201)]}, {"items": [item(201)] * 3}, {}, {"items": []}):
        found = [list(part) for part in lab.split_results(answer, batch)]
        assert found == [[], batch, []], (
            f"{len(answer.get('items', []))} items for 2 lines say nothing for sure: all lines again; yours: {found}"
        )
    assert batch == [b"one\n", b"two\n"], "the batch that was given has changed"


class Server:
    """A server that gives the answers it is told to give, and then only good ones.

    Args:
        answers: for each request in turn a status, a list with the status of each item, or an exception to raise.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.stored = {}
        self.repeated = 0

    def __call__(self, lines):
        """Answer one request."""
        self.requests.append(list(lines))
        assert len(self.requests) <= 30, "you have sent 30 requests, and still go on: send only what is left to try"
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, int):
            return answer, {"retry_after": 3} if answer == 429 else {}
        if answer is None:
            answer = [409 if one in self.stored else 201 for one in lines]
        self.repeated += sum(one in self.stored for one in lines)
        self.stored |= {one: True for one, status in zip(lines, answer) if status in (201, 409)}
        return 200, {"items": [item(status, "no number") for status in answer]}


def delivered(lab, server, lines, share=0.0):
    """Deliver lines; return dead letters and waits."""
    waits = []
    return lab.deliver(lines, server, waits.append, Fixed(share)), waits


@check("deliver")
def goes_on_until_it_arrives(lab):
    """Send everything again after 429, 503 and a lost connection."""
    lines = [b"one\n", b"two\n"]
    server = Server(429, 503, ConnectionResetError("cut"), TimeoutError("slow"), 500)
    try:
        dead, waits = delivered(lab, server, lines)
    except OSError as error:
        raise AssertionError(f"{type(error).__name__} leaves deliver: without an answer, try again") from None
    assert server.requests == [lines] * 6, (
        f"five failures and one success are six requests; yours: {len(server.requests)}"
    )
    assert len(waits) == 5, f"between six tries there are five waits; yours: {len(waits)}"
    assert not dead, "a line that the server could not take now is no dead letter"


@check("deliver")
def collects_dead_letters(lab):
    """Return the dead letters of all tries."""
    server = Server([400, 429, 201], [422])
    dead, _ = delivered(lab, server, [b"1\n", b"2\n", b"3\n"])
    assert dead == [(b"1\n", "no number"), (b"2\n", "no number")], f"lines 1 and 2 are dead letters; yours: {dead}"


@check("deliver")
def stops_when_we_are_wrong(lab):
    """Stop with RuntimeError where trying again is no help."""
    for status in (401, 403, 404, 413):
        server = Server(*[status] * 5)
        try:
            dead, _ = delivered(lab, server, [b"1\n"])
        except RuntimeError as error:
            assert not isinstance(error, NotImplementedError), "not written yet"
            assert str(status) in str(error), f"the error does not name the status {status}: {error}"
        else:
            what = "calls good records dead" if dead else "goes on as if all were well"
            raise AssertionError(f"after status {status} deliver {what}: raise RuntimeError")
        assert len(server.requests) == 1, f"status {status} was tried again, which is no help"


@check("deliver")
def waits_longer_each_time(lab):
    """Wait as next_delay says, longer each time, and as long as the server asks."""
    _, waits = delivered(lab, Server(503, 503, 503), [b"1\n"], share=1.0)
    wanted = [lab.next_delay(attempt, Fixed(1.0)) for attempt in range(3)]
    assert waits == wanted, f"three failures wait {wanted} with the highest draws; yours: {waits}"
    _, waits = delivered(lab, Server(429), [b"1\n"])
    assert waits and waits[0] >= 3, f'the answer says "retry_after": 3, and you wait {waits}'


@check("deliver")
def leaves_its_arguments(lab):
    """Send no empty batch, and leave the list that was given."""
    server = Server()
    dead, _ = delivered(lab, server, [])
    assert not server.requests, "an empty batch was sent"
    assert dead == [], f"an empty batch has no dead letters; yours: {dead!r}"
    batch = [b"1\n", b"2\n"]
    delivered(lab, Server([201, 429]), batch)
    assert batch == [b"1\n", b"2\n"], "the batch that was given has changed"


class Killed(BaseException):
    """Ends a shipper in the middle, as a kill does."""


@contextmanager
def shipping(content, cursor=None, packed=False):
    """Make a log, and a function that ships it with the learner's `ship`; yield log, cursor and that function."""
    with folder() as place, patch.object(os, "fsync", at_once):
        log, at = place / ("app.jsonl.20200101T000000.000000Z.gz" if packed else "app.jsonl"), place / "cursor"
        log.write_bytes(gzip.compress(content) if packed else content)
        if cursor is not None:
            at.write_bytes(str(cursor).encode())
        segment = Segment(log, "20200101T000000.000000Z" if packed else "")

        def ship(lab, server):
            return lab.ship(segment, at, server, place / "dead", sleep=lambda _: None, rng=Fixed(0.0))

        yield log, at, ship


def position(cursor):
    """Return what a cursor file says."""
    return int(cursor.read_bytes()) if cursor.exists() else 0


@check("ship")
def waits_for_the_line_end(lab):
    """Leave a line that is still being written for the next time."""
    with shipping(line("a") + line("b")[:-5]) as (log, cursor, ship):
        server = Server()
        ship(lab, server)
        assert server.requests == [[line("a")]], f"the second line has no end yet; you sent {server.requests}"
        assert position(cursor) == len(line("a")), "the cursor stands behind a line that is not complete"
        with log.open("ab") as file:
            file.write(line("b")[-5:])
        ship(lab, server)
        assert server.requests[1:] == [[line("b")]], f"then the line was complete, and you sent {server.requests[1:]}"


@check("ship")
def commits_after_the_answer(lab):
    """Move the cursor only when the batch has been acknowledged."""
    lines = [line(f"a-{n}") for n in range(250)]
    with shipping(b"".join(lines)) as (_, cursor, ship):
        server = Server(None, Killed())
        try:
            ship(lab, server)
        except Killed:
            pass
        found = position(cursor)
        first = sum(map(len, lines[:100]))
        assert found <= first, "the cursor was moved before the answer came: a kill in between loses the batch"
        assert found == first, f"after one acknowledged batch the cursor should be at {first}, not at {found}"
        ship(lab, server)
    assert set(server.stored) == set(lines), f"{250 - len(server.stored)} of 250 lines never arrived"


@check("ship")
def keeps_the_limits(lab):
    """Send at most 100 lines and 16384 bytes at once."""
    lines = [line(f"a-{n}") for n in range(250)] + [line(f"b-{n}", "x" * 4_000) for n in range(10)]
    with shipping(b"".join(lines)) as (_, _, ship):
        server = Server()
        ship(lab, server)
    assert max(map(len, server.requests)) == 100, (
        f"the longest batch has {max(map(len, server.requests))} lines, not 100"
    )
    size = max(sum(map(len, one)) for one in server.requests)
    assert size <= 16_384, f"the largest batch has {size} bytes, more than 16384"


@check("ship")
def blank_lines_and_gzip(lab):
    """Pass over blank lines, count them, and read compressed archives."""
    content = line("a") + b"      \n\n" + line("b") + b"   \n"
    for packed in (False, True):
        for cursor in (None, len(line("a")) + 7):
            with shipping(content, cursor, packed) as (_, at, ship):
                server = Server()
                ship(lab, server)
                sent = sum(server.requests, [])
                found = position(at)
            wanted = [line("b")] if cursor else [line("a"), line("b")]
            assert not any(not one.strip() for one in sent), "a blank line was sent"
            assert sent == wanted, f"from {'a compressed' if packed else 'a plain'} file you sent {sent}"
            assert found == len(content), f"the cursor is at {found}, not at the end, {len(content)}: count blank lines"


@check("ship")
def dead_letters_are_kept(lab):
    """Keep dead letters in the file, and go on behind them."""
    lines = [line("a"), line("bad"), line("c")]
    with shipping(b"".join(lines)) as (log, cursor, ship):
        ship(lab, Server([201, 400, 201]))
        dead = log.parent / "dead"
        text = dead.read_text() if dead.exists() else ""
        assert "bad" in text and "no number" in text, "the refused line and its reason are not in the file `dead`"
        assert position(cursor) == log.stat().st_size, "a refused line holds up the cursor"


def dying_at(step, codes):
    """Return a trace function that raises at the step-th line of these functions."""
    left = iter(range(step))

    def each_line(frame, event, _arg):
        if event == "line" and next(left, None) is None:
            raise Killed
        return each_line

    return lambda frame, *_: each_line if frame.f_code in codes else None


@check("ship", points=2)
def survives_a_kill_at_every_step(lab):
    """Lose nothing when the shipper dies at any of its steps and starts again."""
    lines = [line(f"a-{n}", "x" * 7_000) for n in range(3)]
    functions = (lab.ship, lab.deliver, lab.write_whole)
    codes = {function.__code__ for function in functions if hasattr(function, "__code__")}
    with shipping(b"".join(lines)) as (log, cursor, ship), warnings.catch_warnings():
        # A step may lie between the end of a `with` block and its close(); a kill does not close files either.
        warnings.simplefilter("ignore", ResourceWarning)
        for step in itertools.count():
            cursor.unlink(missing_ok=True)
            server, before = Server(), sys.gettrace()
            sys.settrace(dying_at(step, codes))
            try:
                ship(lab, server)
                break
            except Killed:
                pass
            finally:
                sys.settrace(before)
            ship(lab, server)
            missing = len(lines) - len(server.stored)
            assert not missing, f"killed at step {step} and started again: {missing} of 3 lines never arrived"
            assert position(cursor) == log.stat().st_size, f"killed at step {step}, the cursor never got to the end"
    assert step > 5, "the shipper takes too few steps to be killed in between"
