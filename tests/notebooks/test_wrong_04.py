"""Lab 04: answers that learners really give lose the right points, with a reason that names the mistake."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from logdojo.course import my_soc
from logdojo.course.catalog import Course, find_lab
from logdojo.course.check import Check, load_all, run_checks
from logdojo.course.source import Cell, Role, read_source

LAB = find_lab("04")


class Wrong(NamedTuple):
    """What the solution says, what the mistake says instead, the checks it must fail, and words of the reasons."""

    exercise: str
    mistake: str
    right: str
    wrong: str
    fails: set[str]
    says: str


NAMES_RULE = """    text = re.sub(rf"({WORDS}[\\"']?\\s*[=:]\\s*)"
                  r"(?:\\"[^\\"]*\\"|'[^']*'|[^\\s\\"',;&]+)",
                  rf"\\1{HIDDEN}", text, flags=re.IGNORECASE)
"""
SCHEMES_RULE = """    text = re.sub(r"\\b(Bearer|Basic) +[\\w.~+/=-]{16,}",
                  rf"\\1 {HIDDEN}", text)
"""
PAIRS = """        pair = len(value) == 2 and all(isinstance(v, str) for v in value)
        if pair and SECRET.search(value[0]):
            return [value[0], HIDDEN]
"""
WRONG = [
    Wrong(
        "redact_text",
        "names before schemes",
        SCHEMES_RULE + NAMES_RULE,
        NAMES_RULE + SCHEMES_RULE,
        {"hides_credentials_after_their_scheme"},
        "In which order",
    ),
    Wrong(
        "redact_text",
        "takes everything up to the end",
        "[^\\s\\\"',;&]+)",
        ".+)",
        {"hides_values_after_names", "hides_all_of_them"},
        "a value ends at a space",
    ),
    Wrong(
        "redact_text",
        "knows no quotes around values",
        "\\\"[^\\\"]*\\\"|'[^']*'|",
        "",
        {"hides_values_after_names", "hides_quoted_values_whole"},
        "closing quote",
    ),
    Wrong(
        "redact_text", "only lower case", "flags=re.IGNORECASE", "flags=0", {"hides_quoted_values_whole"}, "PASSWORD"
    ),
    Wrong(
        "redact_text",
        "takes every long number for a card",
        "HIDDEN if is_card(m[0]) else m[0]",
        "HIDDEN",
        {"hides_cards_only"},
        "this is no card number",
    ),
    Wrong(
        "redact_text",
        "knows only cards with spaces",
        "(?:[ -]?\\d){12,18}",
        "(?: ?\\d){12,18}",
        {"hides_cards_only"},
        "4000-0566",
    ),
    Wrong(
        "redact_text",
        "cuts a card out of a longer number",
        "(?<!\\d)\\d(?:[ -]?\\d){12,18}(?!\\d)",
        "[3-6](?:[ -]?\\d){15}",
        {"has_few_false_hits"},
        "14000056655665556000",
    ),
    Wrong(
        "redact_text",
        "drops the whole address",
        'r"(://[^\\s/:@]*:)[^\\s/@]+@", rf"\\1{HIDDEN}@"',
        'r"https?://\\S*@\\S+", HIDDEN',
        {"hides_passwords_in_addresses", "has_few_false_hits"},
        "more than the password",
    ),
    Wrong(
        "redact_text",
        "any word after Basic",
        "{16,}",
        "+",
        {"has_few_false_hits"},
        "Basic authentication failed",
    ),
    Wrong("redact_value", "forgets pairs", PAIRS, "", {"hides_headers"}, "come as a list"),
    Wrong(
        "redact_value",
        "redacts only text",
        "    clean = redact_text(str(value))\n",
        "    clean = redact_text(value) if isinstance(value, str) else str(value)\n",
        {"looks_at_every_kind_of_value"},
        "str(value) is what will be written",
    ),
    Wrong(
        "redact_value",
        "turns everything into text",
        "value if clean == str(value) else clean",
        "clean",
        {"keeps_harmless_values", "hides_whole_values"},
        "holds no secret",
    ),
    Wrong(
        "redact_value",
        "works in place",
        "        return {k: redact_value(str(k), v) for k, v in value.items()}\n",
        "        for k in value:\n            value[k] = redact_value(str(k), value[k])\n        return value\n",
        {"changes_no_value_in_place"},
        "the application's own dict was changed",
    ),
    Wrong(
        "redact_value",
        "looks for the exact name",
        "SECRET.search(name)",
        "SECRET.fullmatch(name)",
        {"hides_by_name"},
        "db.password",
    ),
    Wrong(
        "redact_value",
        "does not go into lists",
        "        return [redact_value(name, one) for one in value]\n",
        "        return list(value)\n",
        {"hides_by_name", "hides_by_content", "hides_headers", "looks_at_every_kind_of_value"},
        "a text in a list",
    ),
    Wrong(
        "redact_value",
        "asks about the name last",
        "    if SECRET.search(name):\n        return HIDDEN\n    if isinstance(value, dict):",
        "    if isinstance(value, str | int) and SECRET.search(name):\n        return HIDDEN\n"
        "    if isinstance(value, dict):",
        {"hides_whole_values"},
        "also a dict",
    ),
    Wrong(
        "redact_record",
        "redacts template and arguments apart",
        "    record.msg, record.args = redact_text(message), None\n",
        "    record.msg = redact_text(str(record.msg))\n"
        "    record.args = tuple(redact_value('', one) for one in record.args or ())\n",
        {"cleans_message_and_arguments", "survives_wrong_arguments", "works_as_a_filter"},
        "only the finished message",
    ),
    Wrong(
        "redact_record",
        "leaves the arguments",
        "record.msg, record.args = redact_text(message), None",
        "record.msg = redact_text(message)",
        {
            "cleans_message_and_arguments",
            "survives_wrong_arguments",
            "works_as_a_filter",
            "twice_is_once",
        },
        "set record.args to None",
    ),
    Wrong(
        "redact_record",
        "lets wrong arguments raise",
        "    try:\n        message = record.getMessage()\n    except Exception:\n        message = str(record.msg)\n",
        "    message = record.getMessage()\n",
        {"survives_wrong_arguments"},
        "catch it",
    ),
    Wrong(
        "redact_record",
        "leaves exc_info",
        "    record.exc_info = record.exc_text = None\n",
        "",
        {"cleans_exceptions", "follows_the_causes"},
        "a formatter would write the secrets from it",
    ),
    Wrong(
        "redact_record",
        "drops the exception",
        "        vars(record).update(told)\n",
        "",
        {"cleans_exceptions", "follows_the_causes"},
        "the exception is gone",
    ),
    Wrong(
        "redact_record",
        "returns nothing",
        "    return True",
        "",
        {"works_as_a_filter"},
        "return True",
    ),
    Wrong(
        "redact_record",
        "forgets the extras",
        "    for name in set(vars(record)) - STANDARD:\n"
        "        vars(record)[name] = redact_value(name, vars(record)[name])\n",
        "",
        {"cleans_extras", "cleans_exceptions", "follows_the_causes"},
        "an extra `db.password`",
    ),
    Wrong(
        "open_private",
        "trusts the umask",
        "    os.fchmod(number, mode)\n",
        "",
        {"has_the_mode_under_any_umask", "appends"},
        "under the umask 0077",
    ),
    Wrong(
        "open_private",
        "narrows afterwards",
        "    number = os.open(path, flags, mode)\n",
        "    number = os.open(path, flags, 0o666)\n",
        {"is_never_wider"},
        "narrowed afterwards",
    ),
    Wrong(
        "open_private",
        "changes the umask",
        "    number = os.open(path, flags, mode)\n    os.fchmod(number, mode)\n",
        "    os.umask(0)\n    number = os.open(path, flags, mode)\n    os.fchmod(number, mode)\n",
        {"leaves_the_umask"},
        "the umask of the whole process",
    ),
    Wrong(
        "open_private",
        "begins the file anew",
        "os.O_APPEND",
        "os.O_TRUNC",
        {"appends"},
        "after appending a line",
    ),
    Wrong(
        "open_private",
        "knows one mode only",
        "    os.fchmod(number, mode)\n",
        "    os.fchmod(number, 0o640)\n",
        {"is_never_wider"},
        "asked for mode 0600",
    ),
    Wrong(
        "review_access",
        "compares modes as numbers",
        "mode & ~(folders if path.is_dir() else files)",
        "mode > (folders if path.is_dir() else files)",
        {"modes_are_sets_of_bits"},
        "compare bits",
    ),
    Wrong(
        "review_access",
        "wants exactly this mode",
        "mode & ~(folders if path.is_dir() else files)",
        "mode != (folders if path.is_dir() else files)",
        {"finds_loose_files", "modes_are_sets_of_bits", "passes_links_over"},
        "the first and the last are too loose",
    ),
    Wrong(
        "review_access",
        "leaves the folder itself out",
        '[folder, *folder.rglob("*")]',
        'folder.rglob("*")',
        {"looks_at_folders", "modes_are_sets_of_bits"},
        "the folder itself",
    ),
    Wrong(
        "review_access",
        "does not go down",
        'folder.rglob("*")',
        'folder.glob("*")',
        {"looks_at_folders"},
        "old/a.log",
    ),
    Wrong(
        "review_access",
        "follows links",
        "        if path.is_symlink():\n            continue\n",
        "",
        {"passes_links_over"},
        "pass links over first",
    ),
    Wrong(
        "review_access",
        "writes modes as Python does",
        'f"{mode:04o}"',
        "oct(mode)",
        {"finds_loose_files", "looks_at_folders", "modes_are_sets_of_bits"},
        "0o666",
    ),
    Wrong(
        "link",
        "hashes the line alone",
        "(previous + line).encode()",
        "line.encode()",
        {"links_a_line", "depends_on_the_line_before"},
        "the hash before it belongs in front",
    ),
    Wrong(
        "link",
        "hashes in another order",
        "(previous + line).encode()",
        "(line + previous).encode()",
        {"links_a_line", "depends_on_the_line_before"},
        "SHA-256 of previous + line",
    ),
    Wrong(
        "link",
        "writes behind the line",
        'f\'{line[:-1]}, "chain": "{digest}"}}\'',
        "f'{line} {digest}'",
        {"links_a_line", "depends_on_the_line_before"},
        "no JSON any more",
    ),
    Wrong(
        "link",
        "drops other letters",
        ".encode()",
        '.encode("ascii", "ignore")',
        {"depends_on_the_line_before"},
        "other letters",
    ),
    Wrong(
        "verify_chain",
        "counts from 0",
        "enumerate(lines, 1)",
        "enumerate(lines)",
        {
            "names_the_changed_line",
            "finds_a_mended_link",
            "begins_at_the_start",
            "finds_swaps_inserts_and_strangers",
        },
        "count from 1",
    ),
    Wrong(
        "verify_chain",
        "never moves on",
        "        previous = found\n",
        "",
        {
            "holds_a_good_chain",
            "names_the_changed_line",
            "finds_a_mended_link",
            "finds_swaps_inserts_and_strangers",
        },
        "nobody touched the chain",
    ),
    Wrong(
        "verify_chain",
        "takes the first line on trust",
        "not found or link(previous, body) != line",
        "not found or (number > 1 and link(previous, body) != line)",
        {"begins_at_the_start"},
        "does not follow from START",
    ),
    Wrong(
        "verify_chain",
        "passes lines without a link over",
        "        if not found or link(previous, body) != line:\n",
        "        if not found:\n            continue\n        if link(previous, body) != line:\n",
        {"finds_swaps_inserts_and_strangers"},
        "line 4 has no link",
    ),
    Wrong(
        "forge",
        "mends one link only",
        "            forged.append(link(previous, body))\n            previous = split_link(forged[-1])[1]\n",
        "            kept = body == split_link(line)[0]\n"
        "            forged.append(line if kept else link(previous, body))\n"
        "            previous = split_link(forged[-1])[1]\n",
        {"changes_and_holds", "leaves_lines_out", "may_drop_any_line"},
        "each line after the change needs a new hash too",
    ),
    Wrong(
        "forge",
        "forgets to drop",
        "        if body is not None:\n",
        "        if body is None:\n            body = split_link(line)[0]\n        if body:\n",
        {"leaves_lines_out", "may_drop_any_line"},
        "edit dropped one of 5 lines",
    ),
    Wrong(
        "forge",
        "edits the line with its link",
        "edit(split_link(line)[0])",
        "split_link(edit(line) or line)[0]",
        {"leaves_lines_out", "gives_edit_the_bare_line", "may_drop_any_line"},
        "as it was before it was linked",
    ),
    Wrong(
        "forge",
        "does not chain at all",
        "link(previous, body)",
        "body",
        {"changes_and_holds", "leaves_lines_out", "gives_edit_the_bare_line", "may_drop_any_line"},
        "the chain does not hold",
    ),
    Wrong(
        "sign_checkpoint",
        "signs the first hash",
        "lines[-1]",
        "lines[0]",
        {"makes_a_checkpoint", "signs_with_the_given_key"},
        "not the hash of the last line",
    ),
    Wrong(
        "sign_checkpoint",
        "signs the hash alone",
        "statement(len(lines), chain)",
        "chain.encode()",
        {"makes_a_checkpoint", "signs_with_the_given_key"},
        "not one over statement",
    ),
    Wrong(
        "sign_checkpoint",
        "keeps the signature as bytes",
        "signature.hex()",
        "signature",
        {"makes_a_checkpoint", "signs_with_the_given_key"},
        "must be text",
    ),
    Wrong(
        "sign_checkpoint",
        "uses the lab's own key",
        "private_key.sign",
        "SIGNER.sign",
        {"makes_a_checkpoint", "signs_with_the_given_key"},
        "not one over statement",
    ),
    Wrong(
        "verify_checkpoints",
        "believes any signature",
        '        try:\n            public_key.verify(bytes.fromhex(one["signature"]),\n'
        "                              statement(n, chain))\n        except InvalidSignature:\n"
        "            return good + 1, n\n",
        "",
        {"believes_no_other_signature"},
        "verify the signature",
    ),
    Wrong(
        "verify_checkpoints",
        "forgets that lines may be gone",
        "n > len(lines) or ",
        "",
        {"misses_no_tail"},
        "ask first whether the line is there",
    ),
    Wrong(
        "verify_checkpoints",
        "leaves out checkpoints behind the end",
        "        if n > len(lines) or split_link",
        "        if n <= len(lines) and split_link",
        {"misses_no_tail"},
        "cut before a checkpoint",
    ),
    Wrong(
        "verify_checkpoints",
        "blames everything from the start",
        "        good = n\n",
        "",
        {"finds_the_forger", "believes_no_other_signature", "misses_no_tail"},
        "so it is (2, 3)",
    ),
    Wrong(
        "verify_checkpoints",
        "is off by one",
        "lines[n - 1]",
        "lines[n - 2]",
        {
            "trusts_a_good_log",
            "finds_the_forger",
            "believes_no_other_signature",
            "misses_no_tail",
        },
        "nobody touched the log",
    ),
    Wrong(
        "verify_checkpoints",
        "looks at the signatures only",
        "        if n > len(lines) or split_link(lines[n - 1])[1] != chain:\n            return good + 1, n\n",
        "",
        {"finds_the_forger", "misses_no_tail", "first_bad_one_counts"},
        "you find nothing",
    ),
    Wrong(
        "Witness",
        "forgets after a bad ledger",
        "            if mine not in seen:\n                return False\n",
        "            if mine not in seen:\n                self.last = ledger[-1] if ledger else None\n"
        "                return False\n",
        {"goes_on_remembering"},
        "believes it the second time",
    ),
    Wrong(
        "Witness",
        "believes everybody",
        "            if mine not in seen:\n                return False\n",
        "",
        {"notices_a_roll_back", "goes_on_remembering", "notices_a_new_seal", "keeps_a_copy"},
        "the last checkpoint is gone from the ledger",
    ),
    Wrong(
        "Witness",
        "compares numbers only",
        '(one["records"], one["chain"])',
        '(one["records"], self.last and self.last["chain"])',
        {"notices_a_new_seal", "keeps_a_copy"},
        "compare the chain too",
    ),
    Wrong(
        "Witness",
        "keeps the ledger's own object",
        "dict(ledger[-1])",
        "ledger[-1]",
        {"keeps_a_copy"},
        "not a copy",
    ),
    Wrong(
        "Witness",
        "wants the last one to be the same",
        "mine not in seen",
        "mine != seen[-1]",
        {"lets_a_log_grow", "goes_on_remembering", "notices_a_new_seal"},
        "the ledger only grew",
    ),
    Wrong(
        "Witness",
        "remembers the first one for ever",
        "        if ledger:\n",
        "        if ledger and self.last is None:\n",
        {"lets_a_log_grow"},
        "the ledger's last checkpoint",
    ),
    Wrong(
        "encrypt_archive",
        "uses one nonce for all",
        "os.urandom(12)",
        "bytes(12)",
        {"uses_each_nonce_once"},
        "that breaks AES-GCM",
    ),
    Wrong(
        "encrypt_archive",
        "does not bind the name",
        "header + name.encode())",
        "header)",
        {"can_be_opened", "binds_header_and_name"},
        "must both be associated data",
    ),
    Wrong(
        "encrypt_archive",
        "binds nothing",
        "header + name.encode())",
        "None)",
        {"can_be_opened", "binds_header_and_name"},
        "opens with ['neither']",
    ),
    Wrong(
        "encrypt_archive",
        "does not compress",
        "gzip.compress(content)",
        "content",
        {"can_be_opened"},
        "not compressed",
    ),
    Wrong(
        "encrypt_archive",
        "forgets the nonce",
        "header + nonce + sealed",
        "header + sealed",
        {"can_be_opened", "binds_header_and_name"},
        "after the header comes the nonce",
    ),
    Wrong(
        "encrypt_archive",
        "takes the newest key",
        "keys[key_id]",
        "keys[sorted(keys)[-1]]",
        {"can_be_opened", "binds_header_and_name"},
        "does not open",
    ),
    Wrong(
        "decrypt_archive",
        "lets the library's error out",
        '    except (InvalidTag, ValueError):\n        raise ValueError(f"{name} was changed") from None\n',
        "    finally:\n        pass\n",
        {"refuses_changes", "refuses_every_flipped_bit", "refuses_every_cut", "says_what_is_wrong"},
        "it must be a ValueError, not InvalidTag",
    ),
    Wrong(
        "decrypt_archive",
        "tries the newest key",
        "keys[key_id]).decrypt",
        "keys[sorted(keys)[-1]]).decrypt",
        {"opens_an_archive"},
        "was changed",
    ),
    Wrong(
        "decrypt_archive",
        "does not look at the beginning",
        "len(archive) < 5 or archive[:4] != MAGIC",
        "len(archive) < 5",
        {"says_what_is_wrong"},
        "a text file",
    ),
    Wrong(
        "decrypt_archive",
        "says nothing about the key",
        '    if key_id not in keys:\n        raise ValueError(f"{name}: the key {key_id!r} is not on the ring")\n',
        "",
        {"refuses_changes", "refuses_every_flipped_bit", "refuses_every_cut", "says_what_is_wrong"},
        "KeyError",
    ),
    Wrong(
        "decrypt_archive",
        "forgets the name",
        "header + name.encode())",
        "header)",
        {"opens_an_archive"},
        "was changed",
    ),
    Wrong(
        "decrypt_archive",
        "returns None for what it cannot open",
        '        raise ValueError(f"{name} was changed") from None\n',
        "        return None\n",
        {"refuses_changes", "refuses_every_flipped_bit", "refuses_every_cut", "says_what_is_wrong"},
        "a ValueError was wanted",
    ),
    Wrong(
        "changes_between",
        "keeps everything",
        "if old.get(name) != new.get(name):",
        "if True:",
        {"keeps_what_differs", "knows_missing_states_and_fields"},
        "nothing else changed",
    ),
    Wrong(
        "changes_between",
        "redacts before it compares",
        "    old, new = before or {}, after or {}\n",
        "    old, new = redact_value('', before or {}), redact_value('', after or {})\n",
        {"redacts_but_notices"},
        "compare first, redact afterwards",
    ),
    Wrong(
        "changes_between",
        "does not redact",
        "redact_value(name, new[name])",
        "new[name]",
        {"redacts_but_notices", "looks_into_values"},
        "use redact_value",
    ),
    Wrong(
        "changes_between",
        "redacts by name only",
        "redact_value(name, old[name])",
        "HIDDEN if SECRET.search(name) else old[name]",
        {"looks_into_values"},
        "inside a value",
    ),
    Wrong(
        "changes_between",
        "wants two states",
        "before or {}, after or {}",
        "before, after",
        {"knows_missing_states_and_fields"},
        "TypeError",
    ),
    Wrong(
        "changes_between",
        "looks at what is new only",
        "sorted({*old, *new})",
        "sorted(new)",
        {"knows_missing_states_and_fields"},
        "to None is",
    ),
    Wrong(
        "audit_event",
        "takes an empty state for none",
        "before is None",
        "not before",
        {"knows_creation_and_deletion"},
        "['change']",
    ),
    Wrong(
        "audit_event",
        "takes any outcome",
        '    if outcome not in ("success", "failure"):\n        raise ValueError(f"{outcome!r} is no outcome")\n',
        "",
        {"knows_two_outcomes"},
        '"maybe" is taken',
    ),
    Wrong(
        "audit_event",
        "knows success only",
        '"event.outcome": outcome',
        '"event.outcome": "success"',
        {"knows_two_outcomes"},
        "is not in the event",
    ),
    Wrong(
        "audit_event",
        "gives a type as text",
        '"event.type": [kind]',
        '"event.type": kind',
        {"has_the_fields", "knows_creation_and_deletion"},
        '"event.type" is',
    ),
    Wrong(
        "who_changed_what",
        "lists failures too",
        ' and e["event.outcome"] == "success"',
        "",
        {"leaves_failures_out"},
        "changed nothing",
    ),
    Wrong(
        "who_changed_what",
        "trusts the order",
        'sorted(events, key=lambda e: e["@timestamp"])',
        "events",
        {"sorts_by_time"},
        "by time",
    ),
    Wrong(
        "who_changed_what",
        "sorts the list it was given",
        '    for e in sorted(events, key=lambda e: e["@timestamp"]):',
        '    events.sort(key=lambda e: e["@timestamp"])\n    for e in events:',
        {"sorts_by_time"},
        "sorted in place",
    ),
    Wrong(
        "who_changed_what",
        "wants both sides",
        'one.get("from"), one.get("to")',
        'one["from"], one["to"]',
        {"knows_what_is_not_there"},
        "a side may be missing",
    ),
    Wrong(
        "who_changed_what",
        "takes every event for an audit event",
        'if "audit.changes" in e and ',
        "if ",
        {"lists_changes", "knows_what_is_not_there"},
        "not every event is an audit event",
    ),
    Wrong(
        "choose_expired",
        "chooses what is held",
        " and not one.held",
        "",
        {"spares_what_must_stay"},
        "under legal hold",
    ),
    Wrong(
        "choose_expired",
        "chooses what was not shipped",
        "one.shipped and ",
        "",
        {"spares_what_must_stay"},
        "exists only here",
    ),
    Wrong(
        "choose_expired",
        "does not count held ones",
        "    newest = sorted(archives, ",
        "    archives = [a for a in archives if a.shipped and not a.held]\n    newest = sorted(archives, ",
        {"held_ones_count"},
        "both are among the three newest",
    ),
    Wrong(
        "choose_expired",
        "trusts the order",
        "sorted(archives, key=lambda a: a.closed, reverse=True)",
        "archives",
        {"limits_are_exact", "held_ones_count", "any_limit_is_enough"},
        "in no order",
    ),
    Wrong(
        "choose_expired",
        "takes 0 for no limit",
        "limit is not None and value > limit",
        "limit and value > limit",
        {"spares_what_must_stay", "limits_are_exact"},
        "max_bytes=0",
    ),
    Wrong(
        "choose_expired",
        "is off at the limit",
        "value > limit",
        "value >= limit",
        {"chooses_by_age_count_and_size", "limits_are_exact", "held_ones_count", "any_limit_is_enough"},
        "yours",
    ),
    Wrong(
        "choose_expired",
        "gives the newest first",
        "chosen[::-1]",
        "chosen",
        {
            "chooses_by_age_count_and_size",
            "spares_what_must_stay",
            "limits_are_exact",
            "held_ones_count",
            "any_limit_is_enough",
        },
        "the oldest comes first",
    ),
    Wrong(
        "choose_expired",
        "wants all limits",
        "any(limit is not None and value > limit",
        "all(limit is None or value > limit",
        {"chooses_by_age_count_and_size", "any_limit_is_enough"},
        "too many, so it goes too",
    ),
]


@pytest.fixture(scope="module")
def cells(root: Path) -> list[Cell]:
    """The lab's source."""
    return read_source(Course(root).source(LAB))


@pytest.fixture(scope="module")
def checks(root: Path) -> list[Check]:
    """All checks of the lab."""
    return load_all(Course(root).check_files(LAB))


@pytest.fixture(scope="module")
def solved(cells: list[Cell], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the solution defines, with the library's parts for what earlier labs build."""
    names: dict[str, Any] = {"__name__": "lab"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGDOJO_GRADING", "1")
        patch.syspath_prepend(str(tmp_path_factory.mktemp("lab")))
        my_soc.prepare(tmp_path_factory.getbasetemp())
        for cell in cells:
            if cell.role in {Role.CODE, Role.EXERCISE}:
                exec(compile(cell.solved(), cell.place, "exec"), names)  # noqa: S102, our own lab
    return names


def source_of(cells: list[Cell], exercise: str) -> str:
    """Return the solution of one exercise."""
    return next(cell.solved() for cell in cells if cell.role is Role.EXERCISE and cell.exercise == exercise)


def run(source: str, solved: dict[str, Any], checks: list[Check], exercise: str) -> dict[str, str]:
    """Run the checks of one exercise on the solution with one answer replaced; return check → reason."""
    names = dict(solved)
    umask = os.umask(0o022)
    try:
        exec(textwrap.dedent(source), names)  # noqa: S102, the answers above
        mine = [one for one in checks if one.exercise == exercise]
        return {result.check: result.reason for result in run_checks(mine, names) if not result.passed}
    finally:
        os.umask(umask)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.exercise}: {wrong.mistake}")
def test_a_mistake_loses_its_own_points(
    wrong: Wrong, cells: list[Cell], solved: dict[str, Any], checks: list[Check]
) -> None:
    """A wrong answer fails the checks that its mistake concerns, no others, and hears what the mistake is."""
    right = source_of(cells, wrong.exercise)
    assert wrong.right in right
    reasons = run(right.replace(wrong.right, wrong.wrong), solved, checks, wrong.exercise)
    assert set(reasons) == wrong.fails, reasons
    assert any(wrong.says in reason for reason in reasons.values()), reasons


def test_every_exercise_has_wrong_answers(checks: list[Check]) -> None:
    """Each exercise of the lab is tried with four mistakes or more, and each check is failed by one."""
    tried = [wrong.exercise for wrong in WRONG]
    assert all(tried.count(exercise) >= 4 for exercise in {one.exercise for one in checks})
    failed = {check for wrong in WRONG for check in wrong.fails}
    assert {one.name for one in checks} <= failed


def test_the_solution_gets_full_marks(cells: list[Cell], solved: dict[str, Any], checks: list[Check]) -> None:
    """The solution of each exercise passes all of its checks."""
    for exercise in {one.exercise for one in checks}:
        assert run(source_of(cells, exercise), solved, checks, exercise) == {}


def test_an_unwritten_exercise_says_so(cells: list[Cell], solved: dict[str, Any], checks: list[Check]) -> None:
    """An exercise that is not written yet says so in every check."""
    for cell in cells:
        if cell.role is Role.EXERCISE:
            reasons = run(cell.stub(), solved, checks, cell.exercise)
            assert set(reasons.values()) == {"not written yet"}
            assert len(reasons) == sum(one.exercise == cell.exercise for one in checks)


def test_checks_leave_the_machine_as_it_was(solved: dict[str, Any], checks: list[Check]) -> None:
    """After all checks the umask and the functions that change modes are those of before."""
    before = os.umask(0o027), os.chmod
    try:
        run_checks(checks, solved)
        assert os.umask(0o027) == 0o027
        assert os.chmod is before[1]
    finally:
        os.umask(before[0])
