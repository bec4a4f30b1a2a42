"""Lab 03: answers that learners really give lose points, with a reason that names the mistake."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source

LAB = find_lab("03")
COURSE = Course(Path(__file__).resolve().parents[2])
GIVEN = (
    "import ",
    "try:",
    "def blank",
    "def mend",
    "def is_at",
    "def new_archive",
    "def whole_lines",
    "def bury",
    "from logdojo.log",
)
"""How the cells begin that the exercises need: imports and what is given."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lab's rotation needs flock")


class Wrong(NamedTuple):
    """The mistake in words, what the solution says, what the mistake says instead, a check it fails, its reason."""

    exercise: str
    mistake: str
    right: str
    wrong: str
    fails: str
    says: str


SMALL = "    if is_at(fd, path) and os.fstat(fd).st_size < max_bytes:\n"
LOCK = 'with open(f"{path}.lock", "ab") as lock:\n'
DELIVER = "            bury(dead, deliver(records, post, sleep, rng))\n"
COMMIT = """\
            position += sum(map(len, batch))
            write_whole(cursor, str(position).encode())
"""

MISTAKES = [
    Wrong("count_lost", "counts lines", "len(set(accepted) - seen)", "len(accepted) - len(seen)", "only_acc", "only b"),
    Wrong(
        "count_lost",
        "forgets the line end",
        'found is None or not line.endswith(b"\\n")',
        "found is None",
        "a_line_needs",
        "no line end",
    ),
    Wrong("count_lost", "expects an object", "(ValueError, KeyError, TypeError)", "ValueError", "other_json", "raises"),
    Wrong("count_lost", "minds blank lines", "if not line.strip():", "if False:", "blank_lines", "three blank lines"),
    Wrong(
        "count_lost",
        "counts ids, not lines",
        "doubled += found in seen",
        "doubled |= found in seen",
        "counts_dou",
        "two",
    ),
    Wrong(
        "count_lost",
        "believes a torn line",
        "            torn += 1\n",
        "            torn += 1\n            seen.add(found)\n",
        "a_line_needs",
        "not counted as lost",
    ),
    Wrong("through_queue", "starts nobody", "listener.start()", "pass", "another_thread", "not started"),
    Wrong("through_queue", "forgets the end", "atexit.register(listener.stop)", "pass", "a_normal_end", "atexit"),
    Wrong(
        "through_queue",
        "stops at once",
        "atexit.register(listener.stop)",
        "atexit.register(listener.stop())",
        "a_normal_end",
        "without ()",
    ),
    Wrong(
        "through_queue",
        "lets every level pass",
        ", respect_handler_level=True",
        "",
        "heeds_the",
        "respect_handler_level",
    ),
    Wrong(
        "through_queue",
        "keeps the old handlers",
        "logger.handlers[:] = [QueueHandler(waiting)]",
        "logger.addHandler(QueueHandler(waiting))",
        "the_only",
        "only the QueueHandler",
    ),
    Wrong("through_queue", "sets a limit", "queue.Queue()", "queue.Queue(1000)", "the_queue_has", "takes 1000 records"),
    Wrong("through_queue", "returns nothing", "return listener", "return None", "another_thread", "QueueListener"),
    Wrong(
        "through_queue",
        "writes itself",
        "logger.handlers[:] = [QueueHandler(waiting)]",
        "logger.handlers[:] = [handler]",
        "another_thread",
        "caller's thread",
    ),
    Wrong(
        "AppendHandler", "truncates", "os.O_CREAT | os.O_APPEND", "os.O_CREAT | os.O_TRUNC", "appends_lines", "is gone"
    ),
    Wrong("AppendHandler", "writes only", "os.O_RDWR", "os.O_WRONLY", "appends_lines", "os.O_RDWR"),
    Wrong("AppendHandler", "does not append", " | os.O_APPEND", "", "appends_lines", "O_APPEND"),
    Wrong(
        "AppendHandler", "trusts the umask", "os.fchmod(fd, self.mode)", "pass", "keeps_its_mode", "again after opening"
    ),
    Wrong("AppendHandler", "opens wide", "flags, self.mode)", "flags, 0o666)", "never_more", "give os.open the mode"),
    Wrong(
        "AppendHandler",
        "writes twice",
        "done = self.write(self.fd, line)",
        'done = self.write(self.fd, line[:-1]) + self.write(self.fd, b"\\n")',
        "one_write",
        "two writes",
    ),
    Wrong("AppendHandler", "ignores a short write", "if done == len(line):", "if True:", "repairs", "glued"),
    Wrong(
        "AppendHandler",
        "writes the rest",
        "blank(self.fd, end - done, done)",
        "self.write(self.fd, line[done:])\n                return",
        "blanks_its_own",
        "lines are",
    ),
    Wrong("AppendHandler", "leaves the half line", "blank(self.fd, end - done, done)", "pass", "repairs", "glued"),
    Wrong(
        "AppendHandler",
        "takes the end of the file",
        "os.lseek(self.fd, 0, os.SEEK_CUR)",
        "os.fstat(self.fd).st_size",
        "blanks_its_own",
        "end of *your* part",
    ),
    Wrong(
        "AppendHandler",
        "says nothing",
        'raise OSError(errno.ENOSPC, "disk full")',
        "return",
        "a_full_disk",
        "unnoticed",
    ),
    Wrong(
        "AppendHandler",
        "blanks nothing at all",
        "            if done:\n",
        "            if True:\n",
        "nothing_taken",
        "0 bytes",
    ),
    Wrong(
        "rotate_if_needed",
        "does not look again",
        "        if is_at(fd, path):\n            os.rename",
        "        if True:\n            os.rename",
        "looks_again",
        "renamed its new log",
    ),
    Wrong(
        "rotate_if_needed", "takes no lock", "fcntl.flock(lock, fcntl.LOCK_EX)", "pass", "looks_again", "without a lock"
    ),
    Wrong(
        "rotate_if_needed", "shares the lock", "fcntl.LOCK_EX)", "fcntl.LOCK_SH)", "looks_again", "must be exclusive"
    ),
    Wrong(
        "rotate_if_needed",
        "does not wait",
        "fcntl.LOCK_EX)",
        "fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "looks_again",
        "wait for it",
    ),
    Wrong(
        "rotate_if_needed",
        "renames too late",
        "        if is_at(fd, path):\n            os.rename(path, new_archive(path))\n",
        "        here = is_at(fd, path)\n    if here:\n        os.rename(path, new_archive(path))\n",
        "renames_while",
        "inside the with block",
    ),
    Wrong(
        "rotate_if_needed", "misses a rotation", "if is_at(fd, path) and os.f", "if os.f", "notices", "open the new one"
    ),
    Wrong("rotate_if_needed", "waits too long", "< max_bytes", "<= max_bytes", "full_means", "is not smaller"),
    Wrong(
        "rotate_if_needed",
        "locks each record",
        f"{SMALL}        return False\n    {LOCK}",
        f"    {LOCK}    {SMALL}            return False\n",
        "no_lock",
        "not full",
    ),
    Wrong("rotate_if_needed", "says no", "    return True", "    return False", "renames_a", "return True"),
    Wrong("write_whole", "writes in place", 'part = f"{path}.part"', "part = path", "keeps_the_old", "write beside it"),
    Wrong("write_whole", "trusts the cache", "os.fsync(file.fileno())", "pass", "on_the_disk", "power cut"),
    Wrong("write_whole", "keeps it in Python", "file.flush()", "pass", "on_the_disk", "flush first"),
    Wrong(
        "write_whole",
        "syncs too late",
        "        os.fsync(file.fileno())\n    os.replace(part, path)",
        "    os.replace(part, path)\n    with open(path) as file:\n        os.fsync(file.fileno())",
        "on_the_disk",
        "too late",
    ),
    Wrong("write_whole", "trusts the umask", "os.fchmod(file.fileno(), mode)", "pass", "permissions", "not 0600"),
    Wrong(
        "write_whole",
        "closes the door afterwards",
        "        os.fchmod(file.fileno(), mode)\n        file.write(data)\n        file.flush()\n",
        "        file.write(data)\n        file.flush()\n        os.fchmod(file.fileno(), mode)\n",
        "permissions",
        "before you write",
    ),
    Wrong(
        "write_whole",
        "writes elsewhere",
        'f"{path}.part"',
        'f"{tempfile.gettempdir()}/lab03.part"',
        "beside",
        "same folder",
    ),
    Wrong(
        "compress",
        "asks for no lock",
        "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        "leaves_what",
        "holds",
    ),
    Wrong("compress", "shares the lock", "fcntl.LOCK_EX | ", "fcntl.LOCK_SH | ", "leaves_what", "shared lock"),
    Wrong(
        "compress",
        "forgets the mode",
        "gzip.compress(file.read()), mode)",
        "gzip.compress(file.read()))",
        "keeps_perm",
        "mode",
    ),
    Wrong("compress", "leaves the archive", "os.unlink(archive)", "pass", "compresses_an", "still there"),
    Wrong(
        "compress",
        "removes first",
        "        write_whole(packed, gzip.compress(file.read()), mode)\n        os.unlink(archive)\n",
        "        os.unlink(archive)\n        write_whole(packed, gzip.compress(file.read()), mode)\n",
        "removes_at",
        "its records are lost",
    ),
    Wrong(
        "compress",
        "lets the lock go",
        "        write_whole(packed, gzip.compress(file.read()), mode)\n        os.unlink(archive)\n",
        "        data = file.read()\n    write_whole(packed, gzip.compress(data), mode)\n    os.unlink(archive)\n",
        "holds_the_lock",
        "write to it",
    ),
    Wrong(
        "compress",
        "writes in place",
        "write_whole(packed, gzip.compress(file.read()), mode)",
        "packed.write_bytes(gzip.compress(file.read())); os.chmod(packed, mode); os.fsync(0)",
        "removes_at",
        "unfinished .gz",
    ),
    Wrong(
        "batches", "forgets the last", "    if batch:\n        yield batch", "", "counts_records", "mind the last one"
    ),
    Wrong("batches", "yields an empty one", "if batch and full:", "if full:", "a_long_line", "empty batch"),
    Wrong("batches", "stops short of the limit", "> max_bytes", ">= max_bytes", "as_long", "fit into 100"),
    Wrong("batches", "counts no bytes", " or size + len(line) > max_bytes", "", "counts_bytes", "longer than 100"),
    Wrong(
        "batches",
        "forgets the size",
        "batch, size = [], 0\n        b",
        "batch = []\n        b",
        "counts_bytes",
        "came as",
    ),
    Wrong(
        "batches",
        "uses one list",
        "            batch, size = [], 0\n",
        "            batch.clear(); size = 0\n",
        "as_long",
        "came as",
    ),
    Wrong(
        "batches",
        "wants all lines first",
        "for line in lines:",
        "for line in list(lines):",
        "takes_endless",
        "never end",
    ),
    Wrong(
        "next_delay",
        "doubles too early",
        "min(attempt, 64)",
        "min(attempt + 1, 64)",
        "doubles",
        "attempt 0 comes first",
    ),
    Wrong(
        "next_delay",
        "grows without limit",
        "min(cap, base * 2 ** min(attempt, 64))",
        "base * 2 ** min(attempt, 64)",
        "stops",
        "cap",
    ),
    Wrong("next_delay", "overflows", "min(attempt, 64)", "attempt", "stops_at", "too large for a float"),
    Wrong("next_delay", "has no jitter", "rng.uniform(0, longest)", "longest", "draws_between", "always the same"),
    Wrong(
        "next_delay",
        "has half the jitter",
        "uniform(0, longest)",
        "uniform(longest / 2, longest)",
        "draws_between",
        "should be 0",
    ),
    Wrong("next_delay", "draws elsewhere", "rng.uniform(", "random.uniform(", "draws_with", "rng"),
    Wrong("next_delay", "ignores the server", "at_least + rng", "rng", "never_before", "asks for 7 s"),
    Wrong(
        "next_delay",
        "comes back with all others",
        "at_least + rng.uniform(0, longest)",
        "max(at_least, rng.uniform(0, longest))",
        "never_before",
        "all at once",
    ),
    Wrong(
        "next_delay",
        "caps the server's wish",
        "return at_least",
        "return min(cap, at_least)",
        "never_before",
        "asks for 7 s",
    ),
    Wrong(
        "split_results",
        "trusts the status 200",
        "(200, 201, 409)",
        "(200, 201, 400, 409)",
        "sorts_three",
        "400 is dead",
    ),
    Wrong("split_results", "never ends", "(200, 201, 409)", "(200, 201)", "knows_a_dup", "no dead letter"),
    Wrong(
        "split_results",
        "tries dead ones again",
        "status == 429 or status >= 500",
        "True",
        "sorts_three",
        "status 429 is to be",
    ),
    Wrong(
        "split_results",
        "gives up too early",
        "status == 429 or status >= 500",
        "status == 429",
        "knows_every",
        "to try again",
    ),
    Wrong(
        "split_results",
        "knows one action",
        "[result] = item.values()",
        'result = item["create"]',
        "takes_any",
        "KeyError",
    ),
    Wrong(
        "split_results",
        "drops what is over",
        "if len(items) != len(batch):",
        "if False:",
        "counts_the",
        "all lines again",
    ),
    Wrong("split_results", "forgets the reason", '(line, result["error"]["reason"])', "line", "sorts_three", "pair"),
    Wrong("deliver", "tries once", "    while left:\n", "    if left:\n", "sends_the_rest", "nobody sent them again"),
    Wrong(
        "deliver",
        "sends all again",
        "status, answer = post(left)",
        "status, answer = post(batch)",
        "sends_the_rest",
        "only what is left",
    ),
    Wrong("deliver", "dies with the network", "except OSError:", "except KeyError:", "goes_on", "try again"),
    Wrong("deliver", "forgets dead letters", "dead += refused", "dead = refused", "collects", "lines 1 and 2"),
    Wrong(
        "deliver",
        "goes on for ever",
        'raise RuntimeError(f"the server answers {status}")',
        "break",
        "stops_when",
        "all were well",
    ),
    Wrong(
        "deliver",
        "buries good records",
        'raise RuntimeError(f"the server answers {status}")',
        "return [(line, str(status)) for line in left]",
        "stops_when",
        "calls good records dead",
    ),
    Wrong("deliver", "names no status", 'f"the server answers {status}"', '"refused"', "stops_when", "does not name"),
    Wrong(
        "deliver", "sleeps at the end", "        if left:\n", "        if True:\n", "delivers_at_once", "yet you sleep"
    ),
    Wrong("deliver", "never backs off", "attempt += 1", "pass", "waits_longer", "three failures"),
    Wrong("deliver", "does not hear the server", 'answer.get("retry_after", 0)', "0", "waits_longer", "retry_after"),
    Wrong(
        "deliver",
        "empties its argument",
        "_, left, refused = split_results(answer, left)",
        "_, left[:], refused = split_results(answer, left)",
        "leaves_its",
        "has changed",
    ),
    Wrong(
        "ship",
        "commits first",
        DELIVER + COMMIT,
        COMMIT + DELIVER,
        "survives",
        "never arrived",
    ),
    Wrong(
        "ship",
        "forgets the cursor",
        "write_whole(cursor, str(position).encode())",
        "pass",
        "ships_a_file",
        "no cursor file",
    ),
    Wrong("ship", "begins anew", "file.seek(position)", "pass", "goes_on_from", "behind the first line"),
    Wrong("ship", "takes half lines", "whole_lines(file)", "file", "waits_for", "no end yet"),
    Wrong("ship", "sends blank lines", "if line.strip()]", "]", "blank_lines_and", ""),
    Wrong(
        "ship",
        "counts what it sent",
        "sum(map(len, batch))",
        "sum(map(len, records))",
        "blank_lines_and",
        "count blank lines",
    ),
    Wrong(
        "ship",
        "asks the file",
        "position += sum(map(len, batch))",
        "position = file.tell()",
        "commits_after",
        "moved before",
    ),
    Wrong(
        "ship",
        "forgets dead letters",
        "bury(dead, deliver(records, post, sleep, rng))",
        "deliver(records, post, sleep, rng)",
        "dead_letters",
        "not in the file",
    ),
    Wrong("ship", "sends too much", "100, 16_384", "1_000, 10**6", "keeps_the_limits", "not 100"),
    Wrong(
        "ship",
        "writes the cursor in place, once",
        "            write_whole(cursor, str(position).encode())\n",
        "    cursor.write_bytes(str(position).encode())\n",
        "commits_after",
        "after one acknowledged batch",
    ),
]


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """Public and hidden checks."""
    return load_all(COURSE.check_files(LAB))


@pytest.fixture(scope="module")
def solutions() -> dict[str, str]:
    """Exercise → its solution."""
    cells = read_source(COURSE.source(LAB))
    return {cell.exercise: cell.solved() for cell in cells if cell.role is Role.EXERCISE}


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solved lab defines, without its demonstrations."""
    names: dict[str, Any] = {}
    for cell in read_source(COURSE.source(LAB)):
        if cell.role is Role.EXERCISE or (cell.role is Role.CODE and cell.text.startswith(GIVEN)):
            source = cell.solved().replace(f'dojo.lab("{LAB.slug}")', "")
            exec(source, names)  # noqa: S102, the course's own source
    return names


def failed(source: str, solved: dict[str, Any], checks: list[Check], exercise: str) -> dict[str, str]:
    """Return the reasons of the checks that an answer fails."""
    names = dict(solved)
    exec("import tempfile\n" + source, names)  # noqa: S102, the course's own source and the mistakes above
    results = run_checks([one for one in checks if one.exercise == exercise], names)
    return {result.check: result.reason for result in results if not result.passed}


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong.exercise} {wrong.mistake}")
def test_a_mistake_is_named(wrong: Wrong, solutions: dict[str, str], solved: dict[str, Any], checks: list[Check]):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    source = solutions[wrong.exercise]
    assert wrong.right in source
    reasons = failed(source.replace(wrong.right, wrong.wrong), solved, checks, wrong.exercise)
    assert any(name.startswith(wrong.fails) for name in reasons), reasons
    assert wrong.says in " ".join(reasons.values()), reasons


def test_the_solution_has_full_marks(solutions: dict[str, str], solved: dict[str, Any], checks: list[Check]):
    """Every check passes on the solution, and each exercise has five mistakes or more above."""
    assert [result.reason for result in run_checks(checks, solved) if not result.passed] == []
    assert all(sum(wrong.exercise == exercise for wrong in MISTAKES) >= 5 for exercise in solutions)


def test_an_unwritten_exercise_says_so(solutions: dict[str, str], solved: dict[str, Any], checks: list[Check]):
    """An exercise that is not written yet says so in every check, and scores nothing."""
    for exercise in solutions:
        reasons = failed(f"def {exercise}(*_, **__): raise NotImplementedError", solved, checks, exercise)
        assert set(reasons.values()) == {"not written yet"}
        assert len(reasons) == sum(one.exercise == exercise for one in checks)
