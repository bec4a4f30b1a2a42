"""Hidden checks of lab 04: what the public ones leave open."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from logdojo.course.check import check
from logdojo.logsetup.testing import fresh_logging

WORD, KEY, CARD = "plum_4w8-z", "77aa01f3c2d4e5b6", "5500 0000 0000 0004"
START = "0" * 64
LINES = [f'{{"n": {n}, "user.name": "{user}"}}' for n, user in enumerate(("ada", "rob", "cy", "dan", "eve", "fay"))]


@check("redact_text")
def hides_quoted_values_whole(lab):
    """Hide a quoted value to its closing quote, in any case of the name."""
    for text in (f"PASSWORD = 'two {WORD}'", f'Secret: "two {WORD}" end', f"{{'passwd': 'two {WORD}'}}"):
        found = lab.redact_text(text)
        assert WORD not in found, f"a value in quotes goes to the closing quote, also over a space: {text}"


@check("redact_text")
def hides_all_of_them(lab):
    """Hide every secret of a text, and keep what stands between them."""
    text = f"password={WORD} user=ada token={KEY}; card {CARD}, card {CARD} end"
    found = lab.redact_text(text)
    for secret in (WORD, KEY, CARD):
        assert secret not in found, f"with several secrets in one text, one is left: {found}"
    for kept in ("user=ada", "card", "end"):
        assert kept in found, f"{kept!r} stood between two secrets and is gone: {found}"


@check("redact_text")
def has_few_false_hits(lab):
    """Leave texts alone that only talk of secrets."""
    for text in (
        "password of ada changed",
        "Basic authentication failed",
        "the token bucket is full",
        "id 14000056655665556000",
        "https://shop.example:8443/pay?user=a@b.example",
        "cookie banner shown: yes",
    ):
        found = lab.redact_text(text)
        assert found == text, f"there is no secret in {text!r}, and it became {found!r}"


class Printed:
    """An object that says its secret when it is printed."""

    def __str__(self):
        return f"Login(user='ada', password='{WORD}')"


@check("redact_value")
def looks_at_every_kind_of_value(lab):
    """Look at numbers and objects as they would be printed."""
    number = int(CARD.replace(" ", ""))
    found = lab.redact_value("note", [number, Printed()])
    text = json.dumps(found, default=str)
    assert str(number) not in text, "a card number that is an int is still there: str(value) is what will be written"
    assert WORD not in text, "an object prints a password, and it is still there"


@check("redact_value")
def keeps_harmless_values(lab):
    """Give harmless values back as they are, of the same type."""
    for given in (17, 2.5, True, None, "all is well", {"n": 1, 2: "two"}, [1, "two"]):
        found = lab.redact_value("note", given)
        assert found == given and type(found) is type(given), f"{given!r} holds no secret, and it became {found!r}"


@check("redact_value")
def changes_no_value_in_place(lab):
    """Make new dicts and lists; those of the application stay as they are."""
    given = {"form": [{"password": WORD}], "pair": ["Cookie", WORD]}
    lab.redact_value("body", given)
    assert given == {"form": [{"password": WORD}], "pair": ["Cookie", WORD]}, (
        "the application's own dict was changed: it may still need that password"
    )


@check("redact_value")
def hides_whole_values(lab):
    """Hide whatever stands under a secret name, also a dict, but not a look-alike."""
    found = lab.redact_value("api-key", {"id": WORD})
    assert found == "[redacted]", f"under `api-key` everything is HIDDEN, also a dict; yours is {found!r}"
    found = lab.redact_value("token_count", 12)
    assert found == 12, f"the name `token_count` does not end with a secret's word, and 12 became {found!r}"


def record_of(message, *args, **more):
    """Make a record as a logger makes it."""
    return logging.makeLogRecord(
        {"name": "shop", "levelno": 20, "levelname": "INFO", "msg": message, "args": args} | more
    )


@check("redact_record")
def survives_wrong_arguments(lab):
    """Keep a record whose arguments do not fit its message."""
    record = record_of("%d sent password=abcdef", "ada")
    try:
        lab.redact_record(record)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"a log call with wrong arguments raises {type(error).__name__}: catch it") from None
    assert not record.args, "the arguments are still in the record: set record.args to None"
    assert str(record.msg).startswith("%d sent password="), f"the message must be the template, not {record.msg!r}"
    assert "abcdef" not in record.getMessage(), "the template of such a record is not redacted"


@check("redact_record")
def follows_the_causes(lab):
    """Hide secrets in the causes of an exception."""
    try:
        try:
            raise ValueError(f"api_key={KEY}")
        except ValueError as cause:
            raise OSError("lost") from cause
    except OSError as error:
        record = record_of("failed", exc_info=(type(error), error, error.__traceback__), exc_text=f"api_key={KEY}")
    lab.redact_record(record)
    assert not record.exc_text, "exc_text, where a formatter keeps the finished stack trace, is still there"
    text = json.dumps(vars(record), default=str)
    assert KEY not in text, "a secret in the exception's cause is still there"
    assert "ValueError" in text, "the cause itself is gone from the stack trace"


@check("redact_record")
def works_as_a_filter(lab):
    """Let every record pass, as a filter on a handler, also one of a child."""
    seen = []

    class Keep(logging.Handler):
        def emit(self, record):
            seen.append(record.getMessage())

    with fresh_logging() as root:
        handler = Keep()
        handler.addFilter(lab.redact_record)
        root.addHandler(handler)
        logging.getLogger("shop.login").error("token=%s", KEY)
    assert seen, "as a filter it drops the record: return True"
    assert KEY not in seen[0], "as a filter on a handler it lets the secret pass"


@check("redact_record")
def twice_is_once(lab):
    """Change nothing more the second time."""
    record = record_of("%s%% of %s", 5, "all", **{"db.password": WORD, "user.name": "ada"})
    lab.redact_record(record)
    first = json.dumps(vars(record), default=str)
    lab.redact_record(record)
    assert json.dumps(vars(record), default=str) == first, "done a second time, it changes the record again"
    assert record.getMessage() == "5% of all", f"the message became {record.getMessage()!r}"


@contextmanager
def place(umask):
    """Give a new folder, under a umask."""
    before = os.umask(umask)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o750)
            yield Path(folder)
    finally:
        os.umask(before)


HAS_MODES = hasattr(os, "fchmod")


@contextmanager
def watched(seen):
    """Note the mode that a file has when its mode is about to be changed."""
    real = {name: getattr(os, name) for name in ("chmod", "fchmod")}

    def watcher(name):
        def changed(target, mode, **more):
            seen.append(os.stat(target).st_mode & 0o777)
            return real[name](target, mode, **more)

        return changed

    try:
        for name in real:
            setattr(os, name, watcher(name))
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


@check("open_private")
def is_never_wider(lab):
    """Never give a new file a wider mode, not even for a moment."""
    if not HAS_MODES:
        return
    seen = []
    with place(0o000) as folder, watched(seen):
        lab.open_private(str(folder / "a.log"), mode=0o600).close()
        found = (folder / "a.log").stat().st_mode & 0o777
    assert found == 0o600, f"asked for mode 0600, the file has {found:04o}"
    wider = [mode for mode in seen if mode & ~0o600]
    assert not wider, f"the file was made with mode {wider[0]:04o} and narrowed afterwards: somebody may have it open"


@check("open_private")
def leaves_the_umask(lab):
    """Leave the process's umask as it is."""
    if not HAS_MODES:
        return
    with place(0o027) as folder:
        lab.open_private(folder / "a.log").close()
        found = os.umask(0o027)
    assert found == 0o027, f"the umask of the whole process was {0o027:04o} and is {found:04o} now"


@check("review_access")
def modes_are_sets_of_bits(lab):
    """Compare modes as sets of bits, and by the limits that were given."""
    if not HAS_MODES:
        return
    with place(0o022) as folder:
        for name, mode in (("a.log", 0o604), ("b.log", 0o640), ("c.log", 0o600), ("d.log", 0o440)):
            (folder / name).touch()
            (folder / name).chmod(mode)
        found = [tuple(one) for one in lab.review_access(folder)]
        strict = [name for name, _ in lab.review_access(folder, files=0o400, folders=0o700)]
    assert ("a.log", "0604") in found, "0604 is a smaller number than 0640, and it lets all others read: compare bits"
    assert found == [("a.log", "0604")], f"only a.log is too loose, yours is {found}"
    assert strict == [".", "a.log", "b.log", "c.log", "d.log"], f"with files=0o400, folders=0o700 yours gives {strict}"


@check("review_access")
def passes_links_over(lab):
    """Pass symbolic links over, also broken ones."""
    if not HAS_MODES:
        return
    with place(0o022) as folder:
        (folder / "real.log").touch()
        (folder / "real.log").chmod(0o600)
        (folder / "link.log").symlink_to("real.log")
        (folder / "gone.log").symlink_to("nowhere")
        try:
            found = lab.review_access(folder)
        except OSError:
            raise AssertionError("a link that leads nowhere stops the review: pass links over first") from None
    assert found == [], f"links are left out, yours is {found}"


def linked(previous, line):
    """Return a line with its link, as the lab describes it."""
    digest = hashlib.sha256((previous + line).encode()).hexdigest()
    return f'{line[:-1]}, "chain": "{digest}"}}'


def chain(lines=LINES):
    """Return lines as a chain."""
    done, previous = [], START
    for line in lines:
        done.append(linked(previous, line))
        previous = done[-1][-66:-2]
    return done


@check("link")
def depends_on_the_line_before(lab):
    """Give the same line another hash after another line; undone by split_link."""
    line = '{"message": "größer, \\u2028 {}"}'
    first, second = (lab.link(digit * 64, line) for digit in "ab")
    assert first != second, "after another line the hash is the same"
    assert first == linked("a" * 64, line), "for a line with other letters than A to Z the hash is not right"
    assert lab.split_link(first) == (line, first[-66:-2]), "split_link does not give the line back as it was"


@check("verify_chain")
def finds_a_mended_link(lab):
    """Find a line whose own hash was mended, at the line after it."""
    lines = chain()
    lines[2] = linked(lines[1][-66:-2], LINES[2].replace("cy", "eve"))
    found = lab.verify_chain(lines)
    assert found is not None, (
        "line 3 was changed and its own hash mended: the next line no longer fits, and you miss it"
    )
    assert found == 4, f"line 3 was changed and its own hash mended, so line 4 breaks the chain; you find line {found}"


@check("verify_chain")
def begins_at_the_start(lab):
    """Hold the first line to START."""
    lines = chain()
    assert lab.verify_chain(lines[1:]) == 1, "the first line was deleted: what is first now does not follow from START"
    assert lab.verify_chain([linked("1" * 64, LINES[0])]) == 1, "a first line that does not follow from START is bad"


@check("verify_chain")
def finds_swaps_inserts_and_strangers(lab):
    """Find lines that changed places, were inserted, or have no link."""
    lines = chain()
    for what, changed, wanted in (
        ("lines 2 and 3 changed places", [lines[0], lines[2], lines[1], *lines[3:]], 2),
        ("line 2 stands there twice", [*lines[:2], *lines[1:]], 3),
        ("line 4 has no link", [*lines[:3], LINES[3], *lines[4:]], 4),
        ("line 1 is no JSON", ["hello", *lines[1:]], 1),
    ):
        found = lab.verify_chain(changed)
        assert found == wanted, f"{what}: that is line {wanted}, yours is {found}"


def holds(lines):
    """Tell whether a chain holds."""
    bodies = [line[: line.rfind(', "chain": "')] + "}" for line in lines]
    return chain(bodies) == list(lines)


@check("forge")
def gives_edit_the_bare_line(lab):
    """Hand each line to edit without its link, in order, once."""
    seen = []

    def edit(line):
        seen.append(line)
        return line

    lines = chain()
    forged = lab.forge(lines, edit)
    assert seen == LINES, "edit must get every line once, in order, as it was before it was linked"
    assert forged == chain(), "an edit that changes nothing must give the same log"
    assert lines == chain(), "the list that was given was changed: return a new one"


@check("forge")
def may_drop_any_line(lab):
    """Hold also when the first line is gone, or all of them."""
    forged = lab.forge(chain(), lambda line: None if '"ada"' in line else line)
    assert len(forged) == 5 and holds(forged), "when the first line is left out, the second must follow from START"
    assert lab.forge(chain(), lambda line: None) == [], "when all lines are left out, the log is an empty list"


def signer(text=b"hidden"):
    """Return a private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(text).digest())


def signed(lab, lines, key=None):
    """Return a checkpoint, as the lab describes it."""
    last = lines[-1][-66:-2]
    signature = (key or signer()).sign(lab.statement(len(lines), last)).hex()
    return {"records": len(lines), "chain": last, "signature": signature}


@check("sign_checkpoint")
def signs_with_the_given_key(lab):
    """Sign with the key that was given, over any number of lines."""
    for count, name in ((1, b"one"), (4, b"two")):
        found = lab.sign_checkpoint(signer(name), chain()[:count])
        assert found == signed(lab, chain()[:count], signer(name)), (
            f"over {count} lines and with another private key the checkpoint is not the right one"
        )


@check("verify_checkpoints")
def believes_no_other_signature(lab):
    """Refuse a checkpoint with a wrong signature, or one over something else."""
    lines = chain()
    good = [signed(lab, lines[:2])]
    public = signer().public_key()
    for what, bad in (
        ("another key", signed(lab, lines[:4], signer(b"rob"))),
        ("another number", {**signed(lab, lines[:5]), "records": 4, "chain": lines[3][-66:-2]}),
        ("a signature of zeros", {**signed(lab, lines[:4]), "signature": "00" * 64}),
    ):
        found = lab.verify_checkpoints(lines, [*good, bad], public)
        assert found is not None, f"a checkpoint signed by {what} is believed: verify the signature over statement(…)"
        assert tuple(found) == (3, 4), f"the second checkpoint is bad ({what}), so it is (3, 4); yours is {found}"


@check("verify_checkpoints")
def misses_no_tail(lab):
    """Notice that the end is cut off, and leave what is not signed yet alone."""
    lines = chain()
    ledger = [signed(lab, lines[:n]) for n in (2, 4)]
    public = signer().public_key()
    try:
        found = lab.verify_checkpoints(lines[:3], ledger, public)
    except IndexError:
        raise AssertionError("a log that was cut off raises IndexError: ask first whether the line is there") from None
    assert found is not None, "the log was cut before a checkpoint, and you find nothing"
    assert tuple(found) == (3, 4), f"the log was cut after line 3, and the checkpoint at 4 is bad; yours is {found}"
    changed = [*lines[:4], linked(lines[3][-66:-2], LINES[5])]
    found = lab.verify_checkpoints(changed, ledger, public)
    assert found is None, f"no checkpoint says anything about lines behind the last one, yours is {found}"


@check("verify_checkpoints")
def first_bad_one_counts(lab):
    """Report the first bad checkpoint, also when later ones are bad too."""
    lines = chain()
    ledger = [signed(lab, lines[:n]) for n in (2, 4, 6)]
    forged = chain([LINES[0].replace("ada", "eve"), *LINES[1:]])
    found = lab.verify_checkpoints(forged, ledger, signer().public_key())
    assert found is not None and tuple(found) == (1, 2), f"the first checkpoint is bad, so it is (1, 2); yours: {found}"


def ledger_of(*numbers, mark="0"):
    """Make a ledger; its signatures do not matter to a witness."""
    return [{"records": n, "chain": f"{mark}{n:063x}", "signature": f"{n}"} for n in numbers]


@check("Witness")
def goes_on_remembering(lab):
    """Go on remembering after a bad ledger."""
    witness = lab.Witness()
    witness.observe(ledger_of(10, 20))
    witness.observe(ledger_of(10))
    assert witness.observe(ledger_of(10)) is False, (
        "after it has seen a ledger that was cut back, the witness believes it the second time"
    )
    assert witness.observe(ledger_of(10, 20, 30)) is True, "the honest ledger has grown, and the witness refuses it"


@check("Witness")
def notices_a_new_seal(lab):
    """Notice a ledger of the same length that was made anew, or is empty."""
    witness = lab.Witness()
    witness.observe(ledger_of(10, 20))
    assert witness.observe(ledger_of(10, 20, 30, mark="f")) is False, (
        "all checkpoints were made anew with other hashes, and the witness agrees: compare the chain too"
    )
    assert witness.observe([]) is False, "the ledger is empty now, and the witness agrees"


@check("Witness")
def keeps_a_copy(lab):
    """Keep a copy, and take an empty ledger as nothing to remember."""
    witness = lab.Witness()
    assert witness.observe([]) is True, "the first time, an empty ledger will do too"
    ledger = ledger_of(10, 20)
    witness.observe(ledger)
    ledger[1]["chain"] = "f" * 64
    assert witness.observe(ledger) is False, (
        "a checkpoint was changed in place and the witness agrees: it keeps the ledger's own object, not a copy"
    )


def ring():
    """Return two keys."""
    return {name: hashlib.sha256(name.encode()).digest() for name in ("old", "new key")}


def sealed(lab, content, name="a.enc", key_id="old"):
    """Return an archive, as the lab describes it, under a fixed nonce."""
    header, nonce = lab.header_of(key_id), bytes(range(12))
    packed = gzip.compress(content, mtime=0)
    return header + nonce + lab.AESGCM(ring()[key_id]).encrypt(nonce, packed, header + name.encode())


@check("encrypt_archive")
def uses_each_nonce_once(lab):
    """Use a new nonce for every archive."""
    made = [lab.encrypt_archive(b"the same", "a.enc", "old", ring()) for _ in range(3)]
    start = len(lab.header_of("old"))
    nonces = {archive[start : start + 12] for archive in made}
    assert len(nonces) == 3, "three archives have the same nonce: that breaks AES-GCM, take os.urandom(12) each time"


@check("encrypt_archive")
def binds_header_and_name(lab):
    """Bind the header and the name, under the key that was asked for."""
    archive = lab.encrypt_archive(b"lines", "märz.enc", "new key", ring())
    header = lab.header_of("new key")
    nonce, rest = archive[len(header) :][:12], archive[len(header) + 12 :]
    found = []
    for what, associated in (("both", header + "märz.enc".encode()), ("neither", b""), ("header", header)):
        try:
            lab.AESGCM(ring()["new key"]).decrypt(nonce, rest, associated)
        except lab.InvalidTag:
            continue
        found.append(what)
    assert found == ["both"], (
        f"header and name must both be associated data, under keys[key_id]; the archive opens with {found or 'nothing'}"
    )


def refused(lab, archive, name="a.enc", keys=None):
    """Return what the learner's ValueError says; "" when the archive was opened."""
    try:
        lab.decrypt_archive(archive, name, ring() if keys is None else keys)
    except ValueError as error:
        return str(error) or "ValueError without a word"
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(f"it must be a ValueError, not {type(error).__name__}") from None
    return ""


@check("decrypt_archive")
def refuses_every_flipped_bit(lab):
    """Refuse an archive with a flipped bit in any byte."""
    archive = sealed(lab, b"lines")
    for n in range(len(archive)):
        changed = archive[:n] + bytes([archive[n] ^ 1]) + archive[n + 1 :]
        assert refused(lab, changed), f"one bit in byte {n} was flipped, and the archive opens"


@check("decrypt_archive")
def refuses_every_cut(lab):
    """Refuse an archive that was cut anywhere, also to nothing."""
    archive = sealed(lab, b"lines")
    for n in range(len(archive)):
        assert refused(lab, archive[:n]), f"the archive was cut to {n} bytes, and it opens"


@check("decrypt_archive")
def says_what_is_wrong(lab):
    """Tell a stranger, another name and a lost key apart."""
    archive = sealed(lab, b"lines", key_id="new key")
    for what, said, word in (
        ("a text file", refused(lab, b"hello, world. " * 9), "no archive"),
        ("an archive under another name", refused(lab, archive, name="b.enc"), "changed"),
        ("an archive without its end", refused(lab, archive[:-1]), "changed"),
        ("an archive whose key is lost", refused(lab, archive, keys={}), "new key"),
        ("an archive with another key under that id", refused(lab, archive, keys={"new key": bytes(32)}), "changed"),
    ):
        assert said, f"{what} is opened, and must be refused"
        assert word in said, f'{what} is refused with {said!r}, which must say "{word}"'


@check("changes_between")
def knows_missing_states_and_fields(lab):
    """Take None for a state that did not exist, and leave out what a state lacks, sorted by field."""
    for before, after, wanted in (
        (None, {"b": 1, "a": 2}, [{"field": "a", "to": 2}, {"field": "b", "to": 1}]),
        ({"b": 1}, None, [{"field": "b", "from": 1}]),
        ({"b": 1}, {"a": 0, "b": 1}, [{"field": "a", "to": 0}]),
        (None, None, []),
    ):
        found = lab.changes_between(before, after)
        assert found == wanted, f"from {before} to {after} is {wanted}, yours is {found}"


@check("changes_between")
def looks_into_values(lab):
    """Redact secrets inside values too, and change no state in place."""
    before = {"note": {"api_key": WORD, "n": 1}}
    text = json.dumps(lab.changes_between(before, {"note": f"token={KEY}"}))
    assert WORD not in text and KEY not in text, "a secret inside a value is in the change: use redact_value"
    assert before == {"note": {"api_key": WORD, "n": 1}}, "the dict that was given was changed"


@check("audit_event")
def knows_creation_and_deletion(lab):
    """Tell creation, deletion and change apart."""
    for before, after, kind in ((None, {"a": 1}, "creation"), ({"a": 1}, None, "deletion"), ({}, {"a": 1}, "change")):
        found = lab.audit_event("rob", "set", "x", before, after)
        assert found["event.type"] == [kind], f"from {before} to {after} is {[kind]}, yours is {found['event.type']}"


@check("audit_event")
def knows_two_outcomes(lab):
    """Take success and failure, and no other outcome."""
    assert lab.audit_event("eve", "set", "x", {}, {"a": 1}, outcome="failure")["event.outcome"] == "failure", (
        'the outcome "failure" is not in the event'
    )
    try:
        lab.audit_event("eve", "set", "x", {}, {"a": 1}, outcome="maybe")
    except ValueError:
        return
    raise AssertionError('an outcome "maybe" is taken: raise a ValueError')


def audited(hour, user, *changes):
    """Make the fields of an audit event."""
    return {
        "@timestamp": f"2026-03-05T{hour:02}:00:00.000Z",
        "user.name": user,
        "audit.target.id": "x",
        "audit.changes": list(changes),
        "event.outcome": "success",
    }


@check("who_changed_what")
def sorts_by_time(lab):
    """Sort by time, whatever the order of the events, and change no list."""
    z, a, m = ({"field": name, "from": 1, "to": 2} for name in "zam")
    events = [audited(9, "b", z, a), audited(3, "a", m)]
    given = list(events)
    found = [(one[1], one[3]) for one in lab.who_changed_what(events)]
    assert found == [("a", "m"), ("b", "z"), ("b", "a")], (
        f"sort events by time, entries keep their order; yours: {found}"
    )
    assert events == given, "the list that was given was sorted in place"


@check("who_changed_what")
def knows_what_is_not_there(lab):
    """Give None for a side that is not there, and pass other events over."""
    events = [
        {"@timestamp": "2026-03-05T01:00:00.000Z", "message": "order paid", "event.outcome": "success"},
        audited(2, "rob", {"field": "limit", "to": 50}),
        audited(3, "rob", {"field": "limit", "from": 50}),
    ]
    try:
        found = [tuple(one[3:]) for one in lab.who_changed_what(events)]
    except KeyError as error:
        raise AssertionError(
            f"KeyError {error}: not every event is an audit event, and a side may be missing"
        ) from None
    assert found == [("limit", None, 50), ("limit", 50, None)], f"a missing side is None; yours: {found}"


def archives(lab):
    """Make six archives in no order: a1 is one day old, a2 two days, each of 100 bytes."""
    return [lab.Archive(f"a{n}", 9_000_000 - n * 86_400, 100) for n in (3, 1, 6, 2, 5, 4)]


def names(lab, rule, given=None):
    """Return the names of what the learner chooses."""
    return [one.name for one in lab.choose_expired(archives(lab) if given is None else given, rule, 9_000_000)]


@check("choose_expired")
def limits_are_exact(lab):
    """Keep what is exactly at a limit; a limit of 0 is one, None is none."""
    for rule, wanted in (
        (lab.Rule(max_age=5 * 86_400), ["a6"]),
        (lab.Rule(max_bytes=500), ["a6"]),
        (lab.Rule(max_files=5), ["a6"]),
        (lab.Rule(max_bytes=0), ["a6", "a5", "a4", "a3", "a2", "a1"]),
        (lab.Rule(max_age=0), ["a6", "a5", "a4", "a3", "a2", "a1"]),
    ):
        found = names(lab, rule)
        assert found == wanted, f"for {rule} of six archives in no order, {wanted} go; yours: {found}"


@check("choose_expired")
def held_ones_count(lab):
    """Count archives that are held or not shipped, and choose the others."""
    given = [one._replace(held=one.name == "a1", shipped=one.name != "a2") for one in archives(lab)]
    found = names(lab, lab.Rule(max_files=3), given)
    assert found == ["a6", "a5", "a4"], (
        f"a1 is held and a2 not shipped, but both are among the three newest, so a4 to a6 go; yours: {found}"
    )
    found = names(lab, lab.Rule(max_bytes=250), given)
    assert found == ["a6", "a5", "a4", "a3"], (
        f"a1 and a2 count with their bytes, so a3 and all older ones are over 250; yours: {found}"
    )


@check("choose_expired")
def any_limit_is_enough(lab):
    """Choose what any one of several limits says, and change no list."""
    given = archives(lab)
    found = names(lab, lab.Rule(max_age=4 * 86_400, max_files=3), given)
    assert found == ["a6", "a5", "a4"], f"a4 is young enough but too many, so it goes too; yours: {found}"
    assert given == archives(lab), "the list that was given was changed"
