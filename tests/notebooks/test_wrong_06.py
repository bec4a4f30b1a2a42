"""Lab 06: answers that learners really give lose points, with a reason that names the mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Role, read_source

LAB = find_lab("06")
COURSE = Course(Path(__file__).resolve().parents[2])
GIVEN = ("import hashlib", "VARIES =", "PRIME =", "SECTIONS =", "START, END =")
"""How the cells begin that the exercises need: imports and what is given."""


class Wrong(NamedTuple):
    """The mistake in words, what the solution says, what the mistake says instead, a check it fails, its reason."""

    exercise: str
    mistake: str
    right: str
    wrong: str
    fails: str
    says: str


MISTAKES = [
    Wrong(
        "find_secrets_and_people",
        "finds names within words",
        '    found |= {("person", one) for one in words if one in people}',
        '    found |= {("person", one) for one in people if one in text.lower()}',
        "names_as_whole",
        "no name as a whole word",
    ),
    Wrong(
        "find_secrets_and_people",
        "minds the case of names",
        "text.casefold()",
        "text",
        "names_as_whole",
        "ben stands in",
    ),
    Wrong("find_secrets_and_people", "keeps words together", "[^\\W_]+", "\\w+", "names_as_whole", "ben_laptop"),
    Wrong(
        "find_secrets_and_people",
        "takes placeholders",
        "([^\\s\\\"',;&\\[<][^\\s\\\"',;&]*)",
        "([^\\s\\\"',;&]+)",
        "placeholders",
        "hides its secret already",
    ),
    Wrong("find_secrets_and_people", "minds the case of secrets", "(?i:{name})", "(?:{name})", "names_of", "s3cret"),
    Wrong(
        "find_secrets_and_people",
        "runs on to the blank",
        "[^\\s\\\"',;&]*)",
        "\\S*)",
        "finds_secrets",
        "the only finding",
    ),
    Wrong(
        "find_secrets_and_people", "forgets Bearer", ', r"\\bBearer\\s+")', ",)", "finds_secrets", "no secret is found"
    ),
    Wrong(
        "find_secrets_and_people",
        "takes the full stop",
        "(?:\\.[\\w-]+)+",
        "[\\w.-]+",
        "finds_people",
        "without the full",
    ),
    Wrong(
        "find_secrets_and_people", "returns a set", "return sorted(found)", "return found", "finds_secrets", "not set"
    ),
    Wrong("normalize", "takes 1024 for small", ">= 1024", "> 1024", "knows_the_limit", "1023 <num>"),
    Wrong("normalize", "replaces every number", "if float(m[0]) >= 1024 else m[0]", "", "keeps_small", "below 1024"),
    Wrong(
        "normalize", "leaves the fraction", 'r"\\b\\d+(?:\\.\\d+)?\\b"', 'r"\\b\\d+\\b"', "knows_the_limit", "53939932"
    ),
    Wrong(
        "normalize",
        "takes numbers in words",
        'r"\\b\\d+(?:\\.\\d+)?\\b"',
        'r"\\d+(?:\\.\\d+)?"',
        "leaves_words",
        "by itself",
    ),
    Wrong(
        "normalize",
        "takes VARIES last",
        "    for pattern, placeholder in VARIES:\n        text = re.sub(pattern, placeholder, text)\n",
        "",
        "knows_times",
        "VARIES comes first",
    ),
    Wrong("normalize", "forgets addresses", '"<ip>", text)', '"", text)', "replaces_what", "<ip>"),
    Wrong("normalize", "strips only the ends", '" ".join(text.split())', "text.strip()", "changes_nothing", "a tab"),
    Wrong(
        "label_sessions",
        "lets the last report win",
        "        if len(said) > 1:\n            conflicts",
        "        if False:\n            conflicts",
        "finds_conflicts",
        "no conflict",
    ),
    Wrong(
        "label_sessions",
        "counts reports, not labels",
        '{row["session"]: set() for row in rows}',
        '{row["session"]: type("Found", (list,), {"add": list.append})() for row in rows}',
        "agreeing",
        "no conflict",
    ),
    Wrong("label_sessions", "leaves out the end", "<= end", "< end", "ends_are", "from 40 to 60"),
    Wrong("label_sessions", "leaves out the start", "start <= row", "start < row", "ends_are", "from 40 to 60"),
    Wrong("label_sessions", "relates nothing to nothing", ' != ""', "", "no_source", "no source"),
    Wrong("label_sessions", "minds no source", 'row["source"] == source != "" and ', "", "labels_by", "another source"),
    Wrong(
        "label_sessions",
        "labels conflicts too",
        "        else:\n",
        "        if said or True:\n",
        "finds_con",
        "has no label",
    ),
    Wrong(
        "label_sessions", "forgets to sort", "sorted(said)", "sorted(said, reverse=True)", "finds_con", "sorted labels"
    ),
    Wrong(
        "label_sessions",
        "forgets benign sessions",
        '            labels[session] = said.pop() if said else "benign"',
        "            if said:\n                labels[session] = said.pop()",
        "labels_by",
        "benign",
    ),
    Wrong("deduplicate", "merges labels", '(name, row["label"])', "name", "keeps_labels", "two rows stay"),
    Wrong("deduplicate", "counts rows only", 'row.get("count", 1)', "1", "adds_counts", "make 6"),
    Wrong(
        "deduplicate",
        "counts the first twice",
        '"count": 0}',
        '"count": row.get("count", 1)}',
        "counts_copies",
        "3 and 2",
    ),
    Wrong(
        "deduplicate",
        "changes the rows",
        'kept.setdefault((name, row["label"]), {**row, "count": 0})\n',
        'kept.setdefault((name, row["label"]), row)\n        if "count" not in kind: kind["count"] = 0\n',
        "changes_no_row",
        "have changed",
    ),
    Wrong("deduplicate", "goes by the text", "name = key(row)", 'name = row["text"]', "goes_by_the_key", "by length"),
    Wrong(
        "deduplicate",
        "keeps the last",
        'kind = kept.setdefault((name, row["label"]), {**row, "count": 0})',
        'kind = kept[name, row["label"]] = {**row, "count": kept.get((name, row["label"]), row).get("count", 0)}',
        "counts_copies",
        "first rows stay",
    ),
    Wrong(
        "deduplicate",
        "reports rows, not keys",
        "[name for name, found in labels.items() if len(found) > 1]",
        "[name for name, _ in kept if len(labels[name]) > 1]",
        "conflicts_come",
        "counts once",
    ),
    Wrong("minhash", "takes single words", "words[at:at + 3]", "words[at:at + 1]", "hashes_sh", "the shingles of"),
    Wrong("minhash", "misses the last run", "len(words) - 2", "len(words) - 3", "hashes_sh", "the shingles of"),
    Wrong("minhash", "has no short texts", "max(1, len(words) - 2)", "len(words) - 2", "knows_short", "empty"),
    Wrong("minhash", "takes half runs", "max(1, len(words) - 2)", "len(words)", "hashes_sh", "the shingles of"),
    Wrong("minhash", "takes the largest", "min((a", "max((a", "hashes_sh", "not that of these"),
    Wrong("minhash", "forgets the prime", " % PRIME", "", "hashes_sh", "not that of these"),
    Wrong("minhash", "uses hash()", "zlib.crc32(one.encode())", "hash(one)", "hashes_sh", "not that of these"),
    Wrong("minhash", "returns a list", "tuple(min(", "list(min(", "hashes_sh", "not list"),
    Wrong("minhash", "minds the blanks", "text.split()", 'text.split(" ")', "depends_on", "two blanks"),
    Wrong("minhash", "sorts the words", "text.split()", "sorted(text.split())", "depends_on", "same signature"),
    Wrong("mine_template", "makes a new list", "best[:] =", "best =", "finds_one", "in place"),
    Wrong(
        "mine_template",
        "takes the first",
        "max(group, key=shared, default=None)",
        "next(iter(group), None)",
        "takes_the",
        "seven",
    ),
    Wrong(
        "mine_template",
        "takes the last of equals",
        "max(group, key=shared, default=None)",
        "max(reversed(group), key=shared, default=None)",
        "takes_the",
        "of equal ones",
    ),
    Wrong(
        "mine_template",
        "wants more than enough",
        "< similarity * len",
        "<= similarity * len",
        "knows_the_thr",
        "at least",
    ),
    Wrong(
        "mine_template",
        "ignores the similarity",
        "< similarity * len(words)",
        "< 0.5 * len(words)",
        "knows_the_thr",
        "0.76",
    ),
    Wrong(
        "mine_template",
        "has one group",
        "groups.setdefault(key, [])",
        "groups.setdefault(len(words), [])",
        "groups_by",
        "groups",
    ),
    Wrong(
        "mine_template",
        "fails on short texts",
        '(words + ["", ""])[:2]',
        "(words[0], words[1])",
        "groups_by",
        "IndexError",
    ),
    Wrong("mine_template", "keeps no template", "        group.append(words)\n", "", "finds_one", "differ"),
    Wrong(
        "mine_template",
        "never generalizes",
        '    best[:] = [a if a == b else "<*>" for a, b in zip(best, words)]\n',
        "",
        "finds_one",
        "differ",
    ),
    Wrong(
        "mine_template",
        "forgets generality",
        'a if a == b else "<*>"',
        'b if a in (b, "<*>") else "<*>"',
        "stays_gen",
        "after four texts",
    ),
    Wrong(
        "group_split",
        "splits rows",
        "    return ([row for row in rows if row[group] not in test],\n"
        "            [row for row in rows if row[group] in test])",
        "    return rows[len(rows) // 4:], rows[: len(rows) // 4]",
        "shares_no",
        "on both sides",
    ),
    Wrong(
        "group_split",
        "does not sort groups",
        "for name in sorted(counts):",
        "for name in counts:",
        "repeats",
        "sort before",
    ),
    Wrong(
        "group_split",
        "shuffles a set",
        "for name in sorted(counts):",
        "for name in set(counts):",
        "repeats",
        "sort before",
    ),
    Wrong("group_split", "draws anew", "random.Random(seed)", "random.Random()", "repeats", "called twice"),
    Wrong("group_split", "draws nothing", "        chance.shuffle(names)\n", "", "the_seed", "nothing is drawn"),
    Wrong(
        "group_split",
        "seeds the module",
        "chance = random.Random(seed)",
        "chance = random; random.seed(seed)",
        "the_seed",
        "make your own",
    ),
    Wrong(
        "group_split",
        "empties train",
        "names[:min(some, len(names) - 1)]",
        "names[:some]",
        "few_groups",
        "belongs in train",
    ),
    Wrong(
        "group_split",
        "leaves the test without",
        "max(1, round(share * len(names)))",
        "round(share * len(names))",
        "few_groups",
        "one goes to each",
    ),
    Wrong(
        "group_split",
        "stratifies nothing",
        "by_label.setdefault(label, [])",
        'by_label.setdefault("", [])',
        "few_groups",
        "",
    ),
    Wrong(
        "group_split",
        "takes the last label",
        "max(sorted(counts[name]), key=counts[name].get)",
        "max(counts[name])",
        "by_the_most",
        "most of their rows",
    ),
    Wrong(
        "group_split",
        "leaves ties to chance",
        "max(sorted(counts[name]), key",
        "max(counts[name], key",
        "ties_go",
        "count as benign",
    ),
    Wrong("shared_between", "shares nothing's value", ' - {None, ""}', "", "nothing_is", "KeyError"),
    Wrong("shared_between", "shares the empty", '{None, ""}', "{None}", "nothing_is", "no users"),
    Wrong(
        "shared_between",
        "counts values",
        "len(hits) / max(1, len(test))",
        "len(set(hits)) / max(1, len({row.get(name) for row in test}))",
        "rows_not",
        "two of the test's",
    ),
    Wrong("shared_between", "repeats values", "sorted(set(hits))", "sorted(hits)", "rows_not", "once"),
    Wrong("shared_between", "divides by nothing", "max(1, len(test))", "len(test)", "empty_sides", "division by zero"),
    Wrong(
        "shared_between",
        "counts train's rows",
        "len(hits) / max(1, len(test))",
        "sum(row.get(name) in set(hits) for row in train) / max(1, len(train))",
        "names_what",
        "three of the test",
    ),
    Wrong(
        "shared_between",
        "needs every name",
        "row.get(name) for row in train",
        "row[name] for row in train",
        "nothing_is",
        "KeyError",
    ),
    Wrong(
        "shared_between",
        "mixes names",
        "row.get(name) for row in train",
        "one for row in train for one in row.values()",
        "each_name",
        "u shares nothing",
    ),
    Wrong("prevalence", "takes shares of rows", "lines / total", "len(mine) / len(rows)", "shares_are", "of 12 lines"),
    Wrong(
        "prevalence",
        "needs a count",
        'lines = sum(row.get("count", 1)',
        'lines = sum(row["count"]',
        "a_row",
        "KeyError",
    ),
    Wrong(
        "prevalence",
        "counts rows as sessions",
        'len({row["session"] for row in mine})',
        "len(mine)",
        "sessions_count",
        "2 and 1",
    ),
    Wrong(
        "prevalence",
        "counts all sessions",
        'len({row["session"] for row in mine})',
        'len({row["session"] for row in rows})',
        "sessions_count",
        "2 and 1",
    ),
    Wrong(
        "prevalence",
        "orders by the alphabet",
        'dict(sorted(table.items(), key=lambda one: -one[1]["lines"]))',
        "table",
        "most_lines",
        "the order is",
    ),
    Wrong("prevalence", "puts the least first", "-one[1]", "one[1]", "counts_three", "comes first"),
    Wrong("prevalence", "orders by rows", '-one[1]["lines"]', '-one[1]["examples"]', "counts_three", "comes first"),
    Wrong(
        "prevalence",
        "leaves equals as they come",
        'in sorted({row["label"] for row in rows}):',
        'in dict.fromkeys(row["label"] for row in rows):',
        "most_lines",
        "the order is",
    ),
    Wrong(
        "at_base_rate",
        "copies attacks",
        "chance.sample(places[True], few)",
        "chance.choices(places[True], k=few)",
        "thins_out",
        "stay",
    ),
    Wrong(
        "at_base_rate",
        "takes the first",
        "chance.sample(places[True], few)",
        "places[True][:few]",
        "the_seed",
        "nothing is drawn",
    ),
    Wrong(
        "at_base_rate",
        "keeps all benign",
        "int(min(len(places[True]) / share,\n                    len(places[False]) / (1 - share)))",
        "int(len(places[False]) / (1 - share))",
        "thins_out",
        "larger than population",
    ),
    Wrong(
        "at_base_rate", "knows one attack", 'row["label"] != "benign"', 'row["label"] == "scan"', "thins_out", "stay"
    ),
    Wrong("at_base_rate", "draws anew", "random.Random(seed)", "random.Random()", "the_seed", "the same seed"),
    Wrong(
        "at_base_rate",
        "seeds the module",
        "chance = random.Random(seed)",
        "chance = random; chance.seed(seed)",
        "the_seed",
        "of your own",
    ),
    Wrong(
        "at_base_rate",
        "takes a share of 0",
        "if not 0 < share < 1:",
        "if not 0 <= share < 1:",
        "refuses",
        "divides by zero",
    ),
    Wrong(
        "at_base_rate",
        "says nothing",
        'raise ValueError(f"the share is {share}, not between 0 and 1")',
        "return []",
        "refuses",
        "without a word",
    ),
    Wrong(
        "at_base_rate",
        "loses the order",
        "[row for at, row in enumerate(rows) if at in drawn]",
        "[rows[at] for at in sorted(drawn)[::-1]]",
        "takes_no_row",
        "in their order",
    ),
    Wrong(
        "at_base_rate",
        "looks for equal rows",
        "[row for at, row in enumerate(rows) if at in drawn]",
        "[row for row in rows if row in [rows[at] for at in drawn]]",
        "equal_rows",
        "5 stay",
    ),
    Wrong(
        "at_base_rate",
        "cuts the attacks",
        "round(total * share)",
        "int(total * share)",
        "rounds_down",
        "of them attacks",
    ),
    Wrong(
        "data_sheet",
        "takes what is missing",
        '        if not text:\n            raise ValueError(f"{section} has no text")\n',
        "",
        "refuses_emp",
        "nobody noticed",
    ),
    Wrong(
        "data_sheet",
        "stumbles over a gap",
        'words.get(section, "").strip()',
        "words[section].strip()",
        "refuses_emp",
        "a KeyError",
    ),
    Wrong(
        "data_sheet",
        "takes blanks for text",
        'words.get(section, "").strip()',
        'words.get(section, "")',
        "refuses_emp",
        "nobody noticed",
    ),
    Wrong(
        "data_sheet",
        "takes typed numbers",
        'if re.search(r"\\d", re.sub(r"\\{[^}]*\\}", "", text)):',
        "if False:",
        "refuses_typ",
        "was typed",
    ),
    Wrong(
        "data_sheet",
        "refuses names with digits",
        're.sub(r"\\{[^}]*\\}", "", text)',
        "text",
        "refuses_typ",
        "was typed",
    ),
    Wrong(
        "data_sheet",
        "looks too late",
        're.sub(r"\\{[^}]*\\}", "", text)',
        "text.format_map(numbers)",
        "puts_numbers",
        "was typed",
    ),
    Wrong(
        "data_sheet",
        "names no section",
        'f"{section} holds a number that was typed"',
        '"a number was typed"',
        "refuses_typ",
        "should name",
    ),
    Wrong("data_sheet", "leaves the braces", "text.format_map(numbers)", "text", "puts_numbers", "still stands"),
    Wrong(
        "data_sheet",
        "puts the table everywhere",
        'if section == "Composition":',
        "if True:",
        "has_the_table",
        "7 tables",
    ),
    Wrong(
        "data_sheet",
        "goes by the words",
        "for section in SECTIONS:",
        "for section in words:",
        "follows",
        "in their order",
    ),
    Wrong(
        "wrong_in_sheet",
        "looks for the name anywhere",
        '             if not texts.get(one, "").strip()]',
        "             if one not in sheet]",
        "finds_missing_s",
        "two texts",
    ),
    Wrong(
        "wrong_in_sheet",
        "takes an empty section",
        'if not texts.get(one, "").strip()]',
        "if one not in texts]",
        "finds_missing_s",
        "two texts",
    ),
    Wrong(
        "wrong_in_sheet",
        "finds headings in lines",
        'r"^## (.+?) *$"',
        'r"## (.+?) *$"',
        "finds_missing_s",
        "within a line",
    ),
    Wrong(
        "wrong_in_sheet",
        "compares as numbers",
        "value != str(numbers[name])",
        'value.strip("0.") != str(numbers[name]).strip("0.")',
        "compares_ex",
        "is one mistake",
    ),
    Wrong(
        "wrong_in_sheet",
        "looks for the beginning",
        "value != str(numbers[name])",
        "not str(numbers[name]).startswith(value)",
        "compares_ex",
        "is one mistake",
    ),
    Wrong(
        "wrong_in_sheet",
        "believes the last row",
        "              for name, value in rows\n",
        "              for name, value in dict(rows).items()\n",
        "finds_unk",
        "two rows",
    ),
    Wrong(
        "wrong_in_sheet",
        "takes unknown numbers",
        "if name not in numbers or value",
        "if name in numbers and value",
        "finds_unk",
        "moons",
    ),
    Wrong(
        "wrong_in_sheet",
        "misses what is missing",
        '    wrong += [f"{name}: no number is given"\n              for name in numbers if name not in dict(rows)]\n',
        "",
        "finds_missing_n",
        "is missing",
    ),
    Wrong(
        "wrong_in_sheet",
        "minds the head",
        '    rows = [row for row in rows if row != ("number", "value")]\n',
        "",
        "accepts",
        "the sheet is right",
    ),
    Wrong(
        "wrong_in_sheet",
        "compares numbers with texts",
        "str(numbers[name])",
        "numbers[name]",
        "accepts",
        "the sheet is right",
    ),
    Wrong(
        "perplexity",
        "multiplies",
        "    return math.exp(sum(losses) / len(losses))",
        "    return math.prod(math.exp(-loss) for loss in losses) ** (-1 / len(losses))",
        "survives",
        "ZeroDivisionError",
    ),
    Wrong("perplexity", "forgets the sign", "-math.log(", "math.log(", "is_low", "in reverse order"),
    Wrong(
        "perplexity",
        "returns the loss",
        "math.exp(sum(losses) / len(losses))",
        "sum(losses) / len(losses)",
        "has_the_right",
        "yours is",
    ),
    Wrong(
        "perplexity",
        "takes the mean over texts",
        "    return math.exp(sum(losses) / len(losses))",
        "    each = [[-math.log((pairs[s] + 0.1) / (words[s[0]] + 0.1 * (size + 1)))\n"
        "             for s in steps_of(t)] for t in texts]\n"
        "    return math.exp(sum(sum(one) / len(one) for one in each) / len(each))",
        "weighs",
        "a long and a short",
    ),
    Wrong("perplexity", "does not smooth", "pairs[step] + 0.1", "pairs[step]", "knows_the_un", "math domain error"),
    Wrong("perplexity", "smooths above only", " + 0.1 * (size + 1)", "", "has_the_right", "yours is"),
    Wrong("perplexity", "counts one word less", "(size + 1)", "size", "has_the_right", "yours is"),
    Wrong(
        "perplexity",
        "fails without a text",
        "    if not losses:\n        return math.inf\n",
        "",
        "nothing_is_inf",
        "ZeroDivisionError",
    ),
    Wrong("perplexity", "takes base two", "math.log(", "math.log2(", "has_the_right", "yours is"),
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
    exec(source, names)  # noqa: S102, the course's own source and the mistakes above
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
