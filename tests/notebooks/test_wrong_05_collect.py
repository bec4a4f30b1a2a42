"""Lab 05, from files to rows: answers that learners really give lose points, with a reason that names the mistake."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

DECODED = 'line.decode("utf-8", "surrogateescape")'
MISTAKES = [
    # exercise, the mistake in words, what the solution says, what the mistake says, a check it fails, its reason
    (
        "event_time",
        "forgets the zone",
        ".fromtimestamp(float(text), UTC)",
        ".fromtimestamp(float(text), UTC).replace(tzinfo=None)",
        "reads_four",
        "no zone",
    ),
    (
        "event_time",
        "drops the zone of ISO",
        '.astimezone(UTC)\n    if "/"',
        '.replace(tzinfo=UTC)\n    if "/"',
        "converts_zones",
        "count the zone",
    ),
    (
        "event_time",
        "keeps the foreign zone",
        "return datetime.strptime(text, form).astimezone(UTC)",
        "return datetime.strptime(text, form)",
        "converts_zones",
        "left in its own zone",
    ),
    (
        "event_time",
        "takes the year of receipt",
        "range(received.year + 1, received.year - 9, -1)",
        "range(received.year, received.year + 1)",
        "knows_the_turn",
        "is of 2024",
    ),
    ("event_time", "allows no fast clock", "received + timedelta(days=1)", "received", "knows_the_turn", "is of 2025"),
    (
        "event_time",
        "never looks a year ahead",
        "received.year + 1, received.year - 9",
        "received.year, received.year - 9",
        "knows_the_turn",
        "received at 2024-12-31",
    ),
    (
        "event_time",
        "fails on a leap day",
        "except ValueError:\n            continue",
        "except KeyError:\n            continue",
        "knows_leap",
        "day is out of range",
    ),
    ("event_time", "takes whole seconds", "float(text)", "int(float(text))", "keeps_frac", "lost its fraction"),
    ("parse_proxy", "keeps hyphens", ' if value != "-"}', "}", "leaves_out", "stands for nothing"),
    (
        "parse_proxy",
        "leaves numbers as text",
        'status = int(code.split("/")[1])',
        'status = code.split("/")[1]',
        "reads_a_line",
        "took it for an error",
    ),
    ("parse_proxy", "leaves bytes as text", "int(size)", "size", "reads_a_line", "http.response.bytes is 4868"),
    ("parse_proxy", "fails only from 500 on", "status >= 400", "status >= 500", "draws_the_line", "400 is a failure"),
    ("parse_proxy", "fails above 400", "status >= 400", "status > 400", "draws_the_line", "400 is a failure"),
    (
        "parse_proxy",
        "swaps client and server",
        '"source.ip": client, "destination.ip": way.split("/")[1]',
        '"source.ip": way.split("/")[1], "destination.ip": client',
        "reads_a_line",
        "source.ip is '10.10.1.143'",
    ),
    (
        "parse_proxy",
        "raises on a foreign line",
        "except (ValueError, IndexError, AttributeError, TypeError)",
        "except KeyError",
        "keeps_what",
        "not enough values",
    ),
    ("parse_proxy", "drops the foreign line", '    event["event.original"] = line\n', "", "keeps_what", "must be kept"),
    (
        "parse_proxy",
        "takes a line that goes on",
        "_ = line.split()",
        "_, *_ = line.split()",
        "survives_any",
        "you read it",
    ),
    ("read_new", "takes half lines", "*lines, _ = Path(file)", "lines = Path(file)", "takes_whole", "no line end yet"),
    ("read_new", "counts letters", "offset += len(line) + 1", "offset += len(text) + 1", "counts_bytes", "in bytes"),
    (
        "read_new",
        "cuts at every kind of line end",
        '.split(b"\\n")',
        '.splitlines() + [b""]',
        "counts_bytes",
        "begin at",
    ),
    ("read_new", "forgets the rotated file", '(f"{path}.1", path)', "(path,)", "follows", "it is lost"),
    ("read_new", "reads the live file first", '(f"{path}.1", path)', '(path, f"{path}.1")', "follows", "three"),
    (
        "read_new",
        "keeps the offset in an unknown file",
        "else (0, 0)",
        "else (0, offset)",
        "keeps_its_place",
        "both are new from 0",
    ),
    ("read_new", "takes an empty name for a file", 'name != "" and ', "", "keeps_its_place", "very beginning"),
    ("read_new", "reads the next file from the old offset", "        offset = 0\n", "", "follows", "three, then four"),
    ("read_new", "forgets the place", "            place = (name, offset)\n", "", "reads_what", "behind the last line"),
    ("read_new", "loses odd bytes", DECODED, 'line.decode("utf-8", "replace")', "counts_bytes", "come back whole"),
    (
        "event_id",
        "uses hash()",
        "return hashlib.sha256(data).hexdigest()[:32]",
        'return format(hash(data) % 2**64, "032x")',
        "is_the_same_everywhere",
        "use hashlib",
    ),
    (
        "event_id",
        "draws a random id",
        "return hashlib.sha256(data).hexdigest()[:32]",
        'return "%032x" % random.getrandbits(128)',
        "is_the_same_each",
        "the second time",
    ),
    (
        "event_id",
        "forgets the place",
        "(source, name, str(offset), line)",
        "(source, line)",
        "is_the_same_each",
        "another name must",
    ),
    ("event_id", "puts nothing between", '"\\0".join', '"".join', "keeps_parts", "have one id"),
    (
        "event_id",
        "sorts the parts",
        "(source, name, str(offset), line)",
        "sorted((source, name, str(offset), line))",
        "keeps_parts",
        "have one id",
    ),
    ("event_id", "replaces odd bytes", '"surrogateescape"', '"replace"', "takes_odd", "share an id"),
    ("event_id", "fails on odd bytes", ', "surrogateescape"', "", "takes_odd", "surrogates not allowed"),
    ("event_id", "makes a longer one", "[:32]", "", "is_the_same_each", "32 letters"),
    (
        "append",
        "inserts row by row",
        (
            '    con.register("batch", batch)\n'
            '    return con.execute("INSERT INTO events BY NAME SELECT * FROM batch "\n'
            '                       "ON CONFLICT DO NOTHING").fetchone()[0]'
        ),
        (
            "    new = 0\n    for row in batch.to_pylist():\n        one = pa.Table.from_pylist([row], COLUMNS)\n"
            '        con.register("one", one)\n        new += con.execute("INSERT INTO events BY NAME SELECT * "'
            ' "FROM one ON CONFLICT DO NOTHING").fetchone()[0]\n    return new'
        ),
        "stores_in_one",
        "30 INSERTs",
    ),
    (
        "append",
        "minds no conflict",
        '"\n                       "ON CONFLICT DO NOTHING")',
        '")',
        "stores_once",
        "Constraint Error",
    ),
    (
        "append",
        "writes over what is there",
        "ON CONFLICT DO NOTHING",
        "QUALIFY row_number() OVER (PARTITION BY id) = 1 ON CONFLICT (id) DO UPDATE SET action = excluded.action",
        "leaves_what",
        "what is there stays",
    ),
    ("append", "goes by position", "BY NAME ", "", "goes_by_names", "wrong columns"),
    ("append", "counts what it was given", ".fetchone()[0]", ".fetchone() and len(rows)", "stores_once", "one is new"),
    ("append", "asks for nothing", "    if not rows:\n        return 0\n", "", "stores_in_one", "nothing to ask"),
]


@pytest.mark.parametrize("wrong", MISTAKES, ids=lambda wrong: f"{wrong[0]} {wrong[1]}")
def test_a_mistake_is_named(wrong: tuple[str, ...], lab_05: Any):
    """The answer loses points in the check that is about its mistake, and a reason says what it is."""
    lab_05.must_name(wrong)


def test_every_exercise_is_tried():
    """Each exercise here has five mistakes or more."""
    assert min(Counter(wrong[0] for wrong in MISTAKES).values()) >= 5


def test_the_solution_has_full_marks(lab_05: Any):
    """Every check passes on the solution."""
    assert [lab_05.reasons(name, source) for name, source in lab_05.solutions.items()] == [{}] * len(lab_05.solutions)


def test_an_unwritten_exercise_says_so(lab_05: Any):
    """An exercise that is not written yet says so in every check, and scores nothing."""
    for exercise, stub in lab_05.stubs.items():
        reasons = lab_05.reasons(exercise, stub)
        assert set(reasons.values()) == {"not written yet"}
        assert len(reasons) == sum(one.exercise == exercise for one in lab_05.checks)
