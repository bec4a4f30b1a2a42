"""Public checks of lab 04. Files are made in folders of their own, and the umask is put back."""

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

WORD, KEY, CARD = "kiwi-7q2!x", "9f1c47d2aa03b6e8", "4000 0566 5566 5556"
START = "0" * 64


def cleaned(lab, text):
    """Return the learner's redacted text."""
    found = lab.redact_text(text)
    assert isinstance(found, str), f"return the text, not {type(found).__name__}"
    return found


@check("redact_text")
def hides_values_after_names(lab):
    """Hide the value after a name such as password or api_key."""
    for text in (f"password={WORD}", f"db.api_key: {WORD} next", f'{{"token": "{WORD}"}}', f"?token={WORD}&page=2"):
        assert WORD not in cleaned(lab, text), f"the value is still in: {text}"
    kept = cleaned(lab, f"?token={WORD}&page=2")
    assert "page=2" in kept, "what comes after the value is gone too: a value ends at a space, a quote or one of , ; &"


@check("redact_text")
def hides_credentials_after_their_scheme(lab):
    """Hide what stands after Bearer and Basic, also after Authorization."""
    for text in (f"sent Bearer {KEY}", f"Authorization: Bearer {KEY}", f"Authorization: Basic {KEY}=="):
        assert KEY not in cleaned(lab, text), (
            f"the credential is still in: {text}. In which order do the rules for names and for schemes go?"
        )


@check("redact_text")
def hides_passwords_in_addresses(lab):
    """Hide the password between :// and @, and nothing else of the address."""
    found = cleaned(lab, f"GET https://shop:{WORD}@bank.example/pay")
    assert WORD not in found, "the password in an address, between : and @, is still there"
    assert "https://shop:" in found and "@bank.example/pay" in found, f"more than the password is gone: {found}"


@check("redact_text")
def hides_cards_only(lab):
    """Hide a card number, and leave other long numbers alone."""
    for text in (CARD, CARD.replace(" ", "-"), CARD.replace(" ", "")):
        assert "5566" not in cleaned(lab, f"card {text} declined"), f"the card number is still in: card {text} declined"
    for text in ("order 2026030500001734", "card 4000 0566 5566 5557", "2026-03-05T00:34:00.000Z"):
        assert cleaned(lab, text) == text, f"this is no card number and must stay: {text}"


def value(lab, name, given):
    """Return the learner's redacted value, and the same as text."""
    found = lab.redact_value(name, given)
    return found, json.dumps(found, default=str)


@check("redact_value")
def hides_by_name(lab):
    """Hide a value by its name, also deep inside."""
    assert value(lab, "db.password", WORD)[0] == "[redacted]", "the value of `db.password` must be HIDDEN"
    nested = {"form": [{"user": "ada", "api_key": WORD}]}
    found, text = value(lab, "http.request.body", nested)
    assert WORD not in text, "a secret under `api_key`, in a dict in a list in a dict, is still there"
    assert found == {"form": [{"user": "ada", "api_key": "[redacted]"}]}, f"the rest of it changed: {text}"


@check("redact_value")
def hides_by_content(lab):
    """Hide a secret inside a text under a harmless name."""
    _, text = value(lab, "labels", ["all is well", f"password={WORD}", {"note": f"card {CARD}"}])
    assert WORD not in text, "a text in a list holds `password=…`, and its value is still there"
    assert CARD not in text, "a text in a dict holds a card number, and it is still there"
    assert "all is well" in text, "a harmless text in a list is gone"


@check("redact_value")
def hides_headers(lab):
    """Hide headers, as a dict and as a list of pairs."""
    for headers in ({"Host": "a.example", "Cookie": WORD}, [("Host", "a.example"), ("Cookie", WORD)]):
        _, text = value(lab, "http.request.headers", headers)
        assert WORD not in text, f"the cookie is still in headers that come as a {type(headers).__name__}"
        assert "a.example" in text, f"the header Host is gone from a {type(headers).__name__}"


def record_of(message, *args, **more):
    """Make a record as a logger makes it."""
    return logging.makeLogRecord(
        {"name": "shop", "levelno": 20, "levelname": "INFO", "msg": message, "args": args} | more
    )


def after(lab, record):
    """Redact a record; return all of it as text."""
    lab.redact_record(record)
    return json.dumps(vars(record), default=str)


@check("redact_record")
def cleans_message_and_arguments(lab):
    """Hide secrets in the message and in its arguments."""
    record = record_of("user %s sent password=%s", "ada", WORD)
    text = after(lab, record)
    assert WORD not in text, (
        "the password that was given as an argument is still there: only the finished message shows that it is one"
    )
    assert record.getMessage().startswith("user ada sent password="), f"the message became {record.getMessage()!r}"


@check("redact_record")
def cleans_extras(lab):
    """Hide secrets in extras, and leave the record's own attributes alone."""
    record = record_of("new user", **{"db.password": WORD, "user.name": "ada"})
    text = after(lab, record)
    assert WORD not in text, "an extra `db.password` is still there"
    assert getattr(record, "user.name", None) == "ada", "the extra `user.name` is gone"
    assert record.levelno == 20 and record.name == "shop", "an attribute of the record itself changed"


def caught(text, cause=None):
    """Return an exception as exc_info."""
    try:
        raise OSError(text) from cause
    except OSError as error:
        return type(error), error, error.__traceback__


@check("redact_record")
def cleans_exceptions(lab):
    """Hide secrets in the exception, and keep the exception."""
    record = record_of("failed", exc_info=caught(f"no answer from https://a:{WORD}@b.example"))
    text = after(lab, record)
    assert not record.exc_info, "the record still has exc_info: a formatter would write the secrets from it"
    assert WORD not in text, "a password in the exception's text is still there"
    trace = str(getattr(record, "error.stack_trace", ""))
    assert "OSError" in trace, "the exception is gone: give the record the fields of format_exception_safely"


@contextmanager
def place(umask=0o022):
    """Give a new folder, under a umask."""
    before = os.umask(umask)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o750)
            yield Path(folder)
    finally:
        os.umask(before)


def mode_of(path):
    """Return the mode of a file as text."""
    return f"{path.stat().st_mode & 0o7777:04o}"


HAS_MODES = hasattr(os, "fchmod")


@check("open_private")
def has_the_mode_under_any_umask(lab):
    """Create a file with mode 0640, whatever the umask is."""
    if not HAS_MODES:
        return
    for umask in (0o000, 0o022, 0o077):
        with place(umask) as folder:
            lab.open_private(folder / "a.log").close()
            found = mode_of(folder / "a.log")
        assert found == "0640", f"under the umask {umask:04o} the new file has the mode {found}, not 0640"


@check("open_private")
def appends(lab):
    """Append to a file that exists, and give it the mode."""
    if not HAS_MODES:
        return
    with place() as folder:
        path = folder / "a.log"
        path.write_text("one\n", encoding="utf-8")
        with lab.open_private(path) as file:
            file.write("zwölf\n")
        text, found = path.read_bytes().decode("utf-8"), mode_of(path)
    assert text == "one\nzwölf\n", f"after appending a line the file holds {text!r}"
    assert found == "0640", f"the file existed with mode 0644 and has {found} now, not 0640"


def files(folder, **modes):
    """Make files with modes."""
    for name, mode in modes.items():
        path = folder / f"{name}.log"
        path.touch()
        path.chmod(mode)


@check("review_access")
def finds_loose_files(lab):
    """Find the files that are looser than 0640."""
    if not HAS_MODES:
        return
    with place() as folder:
        files(folder, a=0o666, b=0o640, c=0o600, d=0o644)
        found = [tuple(one) for one in lab.review_access(folder)]
    assert found == [("a.log", "0666"), ("d.log", "0644")], (
        f"of modes 0666, 0640, 0600, 0644 the first and the last are too loose; yours is {found}"
    )


@check("review_access")
def looks_at_folders(lab):
    """Look at folders too, the first one and those below it."""
    if not HAS_MODES:
        return
    with place() as folder:
        (folder / "old").mkdir()
        (folder / "old").chmod(0o755)
        files(folder / "old", a=0o660)
        folder.chmod(0o770)
        found = [tuple(one) for one in lab.review_access(folder)]
        folder.chmod(0o750)
    assert (".", "0770") in found, f"the folder itself has the mode 0770 and is not reported as '.': {found}"
    assert ("old", "0755") in found, f"the folder `old` has the mode 0755 and is not reported: {found}"
    assert ("old/a.log", "0660") in found, f"`old/a.log` has the mode 0660 and is not reported: {found}"


LINES = ['{"n": 1}', '{"n": 2, "user.name": "rob"}', '{"n": 3}', '{"n": 4}', '{"n": 5, "word": "grün"}']


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
def links_a_line(lab):
    """Put the right hash at the end of the line."""
    line = lab.link(START, LINES[0])
    assert isinstance(line, str), f"return the line as text, not {type(line).__name__}"
    try:
        fields = json.loads(line)
    except ValueError:
        raise AssertionError(f"this is no JSON any more: {line[:60]}") from None
    assert fields.get("n") == 1, "the line's own fields are gone"
    assert "chain" in fields, 'the line has no field "chain"'
    alone = hashlib.sha256(LINES[0].encode()).hexdigest()
    assert fields["chain"] != alone, "the hash is over the line alone: the hash before it belongs in front"
    assert line == linked(START, LINES[0]), (
        'it must be SHA-256 of previous + line, and the line end with , "chain": "…"}'
    )


@check("verify_chain")
def holds_a_good_chain(lab):
    """Find nothing in a chain that nobody touched."""
    found = lab.verify_chain(chain())
    assert found is None, f"nobody touched the chain, and you find line {found}"
    assert lab.verify_chain([]) is None, "an empty log holds: return None"


@check("verify_chain")
def names_the_changed_line(lab):
    """Name the line that was edited, or whose predecessor is gone."""
    lines = chain()
    lines[1] = lines[1].replace("rob", "eve")
    found = lab.verify_chain(lines)
    assert found is not None, "line 2 was edited, and you find nothing"
    assert found == 2, f"line 2 was edited, and you find line {found}: count from 1"
    lines = chain()
    found = lab.verify_chain(lines[:2] + lines[3:])
    assert found == 3, f"the third line was deleted, so what stands in its place breaks the chain; you find {found}"


def holds(lines):
    """Tell whether a chain holds."""
    bodies = [line[: line.rfind(', "chain": "')] + "}" for line in lines]
    return chain(bodies) == list(lines)


@check("forge")
def changes_and_holds(lab):
    """Change a line so that the chain holds."""
    forged = lab.forge(chain(), lambda line: line.replace("rob", "will"))
    assert isinstance(forged, list), f"return a list of lines, not {type(forged).__name__}"
    assert any("will" in line for line in forged), "the change is not in the log"
    assert len(forged) == 5, f"5 lines became {len(forged)}"
    assert holds(forged), "the chain does not hold: each line after the change needs a new hash too"


@check("forge")
def leaves_lines_out(lab):
    """Leave out what edit leaves out."""
    forged = lab.forge(chain(), lambda line: None if "rob" in line else line)
    assert len(forged) == 4, f"edit dropped one of 5 lines, and {len(forged)} are left"
    assert holds(forged), "after a line was left out the chain does not hold"


def signer(text=b"check"):
    """Return a private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(text).digest())


def signed(lab, lines, key=None):
    """Return a checkpoint, as the lab describes it."""
    last = lines[-1][-66:-2]
    signature = (key or signer()).sign(lab.statement(len(lines), last)).hex()
    return {"records": len(lines), "chain": last, "signature": signature}


@check("sign_checkpoint")
def makes_a_checkpoint(lab):
    """Sign the number of lines and the last hash."""
    found = lab.sign_checkpoint(signer(), chain())
    assert isinstance(found, dict), f"return a dict, not {type(found).__name__}"
    wanted = signed(lab, chain())
    assert found.get("records") == 5, f'"records" of 5 lines is {found.get("records")!r}'
    assert found.get("chain") == wanted["chain"], '"chain" is not the hash of the last line'
    assert isinstance(found.get("signature"), str), '"signature" must be text: use .hex()'
    assert found["signature"] == wanted["signature"], '"signature" is not one over statement(records, chain)'


@check("verify_checkpoints")
def trusts_a_good_log(lab):
    """Find nothing in a log that nobody touched."""
    lines = chain()
    ledger = [signed(lab, lines[:n]) for n in (2, 4)]
    found = lab.verify_checkpoints(lines, ledger, signer().public_key())
    assert found is None, f"nobody touched the log, and you find {found}"


@check("verify_checkpoints")
def finds_the_forger(lab):
    """Find a log that was changed and chained anew, and say where."""
    lines = chain()
    ledger = [signed(lab, lines[:n]) for n in (1, 3, 5)]
    forged = chain([line.replace("rob", "will") for line in LINES])
    found = lab.verify_checkpoints(forged, ledger, signer().public_key())
    assert found is not None, "line 2 was changed and all chained anew, and you find nothing"
    assert tuple(found) == (2, 3), (
        f"the checkpoint at line 1 is good and the one at line 3 is bad, so it is (2, 3); yours is {found}"
    )


@check("Witness")
def lets_a_log_grow(lab):
    """Agree while the ledger grows."""
    ledger = [{"records": n, "chain": f"{n:064x}", "signature": ""} for n in (10, 20, 30)]
    witness = lab.Witness()
    assert witness.observe(ledger[:1]) is True, "the first time, any ledger will do: return True"
    assert witness.observe(ledger) is True, "the ledger only grew, and the witness disagrees"
    assert witness.last == ledger[-1], "the witness must remember the ledger's last checkpoint in self.last"


@check("Witness")
def notices_a_roll_back(lab):
    """Notice a ledger that was cut back."""
    ledger = [{"records": n, "chain": f"{n:064x}", "signature": ""} for n in (10, 20, 30)]
    witness = lab.Witness()
    witness.observe(ledger)
    assert witness.observe(ledger[:2]) is False, "the last checkpoint is gone from the ledger, and the witness agrees"


def sealed(lab, content, name="a.enc", key_id="k2"):
    """Return an archive, as the lab describes it, under a fixed nonce."""
    header, nonce = lab.header_of(key_id), bytes(range(12))
    packed = gzip.compress(content, mtime=0)
    return header + nonce + lab.AESGCM(ring()[key_id]).encrypt(nonce, packed, header + name.encode())


def ring():
    """Return two keys."""
    return {name: hashlib.sha256(name.encode()).digest() for name in ("k1", "k2")}


@check("encrypt_archive")
def can_be_opened(lab):
    """Make an archive that opens with the key, the header and the name."""
    archive = lab.encrypt_archive(b"secret lines", "a.enc", "k1", ring())
    assert isinstance(archive, bytes), f"return bytes, not {type(archive).__name__}"
    assert b"secret lines" not in archive, "the content stands in clear in the archive"
    header = lab.header_of("k1")
    assert archive.startswith(header), "the archive must begin with header_of(key_id)"
    rest = archive[len(header) :]
    try:
        packed = lab.AESGCM(ring()["k1"]).decrypt(rest[:12], rest[12:], header + b"a.enc")
    except lab.InvalidTag:
        raise AssertionError(
            "it does not open: after the header comes the nonce, then what encrypt() gives; "
            "the associated data are the header and then the name"
        ) from None
    assert packed != b"secret lines", "the content was not compressed before it was encrypted"
    assert gzip.decompress(packed) == b"secret lines", "what comes out is not what went in"


@check("decrypt_archive")
def opens_an_archive(lab):
    """Open an archive with the right one of several keys."""
    for key_id in ring():
        found = lab.decrypt_archive(sealed(lab, b"two\nlines", key_id=key_id), "a.enc", ring())
        assert found == b"two\nlines", f"under the key {key_id!r} the content came back as {found!r}"


def refusal(lab, archive, name="a.enc", keys=None):
    """Return what the learner's ValueError says."""
    try:
        found = lab.decrypt_archive(archive, name, ring() if keys is None else keys)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"a ValueError was wanted, and {str(found)[:40]!r} came back")


@check("decrypt_archive")
def refuses_changes(lab):
    """Refuse an archive that was changed, and name a key that is lost."""
    archive = sealed(lab, b"two\nlines")
    changed = archive[:-1] + bytes([archive[-1] ^ 1])
    assert "changed" in refusal(lab, changed), "for a changed archive the error must say that it was changed"
    lost = refusal(lab, archive, keys={"k1": ring()["k1"]})
    assert "key" in lost and "k2" in lost, f"the key k2 is lost, and the error must say so; it says {lost!r}"


@check("changes_between")
def keeps_what_differs(lab):
    """Keep what differs before and after, and nothing else."""
    found = lab.changes_between({"limit": 50, "open": True}, {"limit": 5000, "open": True})
    assert isinstance(found, list), f"return a list, not {type(found).__name__}"
    assert found == [{"field": "limit", "from": 50, "to": 5000}], (
        f"the limit went from 50 to 5000 and nothing else changed; yours is {found}"
    )


@check("changes_between")
def redacts_but_notices(lab):
    """Say that a password changed, and not to what."""
    found = lab.changes_between({"password": WORD}, {"password": WORD + "2"})
    assert WORD not in json.dumps(found), "the passwords themselves are in the change: use redact_value"
    assert found, "the password changed and the list is empty: compare first, redact afterwards"


@check("audit_event")
def has_the_fields(lab):
    """Say who did what to which object, under ECS names."""
    found = lab.audit_event("rob", "set limit", "refunds", {"limit": 50}, {"limit": 5000})
    assert isinstance(found, dict), f"return a dict, not {type(found).__name__}"
    for name, wanted in {
        "event.kind": "event",
        "event.category": ["configuration"],
        "event.type": ["change"],
        "event.action": "set limit",
        "event.outcome": "success",
        "user.name": "rob",
        "audit.target.id": "refunds",
        "audit.changes": [{"field": "limit", "from": 50, "to": 5000}],
    }.items():
        assert name in found, f'the event has no "{name}"'
        assert found[name] == wanted, f'"{name}" is {found[name]!r} and should be {wanted!r}'


def audited(time, user, *changes, outcome="success"):
    """Make the fields of an audit event."""
    return {
        "@timestamp": time,
        "user.name": user,
        "audit.target.id": "refunds",
        "audit.changes": list(changes),
        "event.outcome": outcome,
    }


@check("who_changed_what")
def lists_changes(lab):
    """List each changed field with its states."""
    time = "2026-03-05T02:00:00Z"
    card, limit = {"field": "card", "from": "a", "to": "b"}, {"field": "limit", "from": 50, "to": 5000}
    events = [{"@timestamp": "2026-03-05T01:00:00Z", "message": "order paid"}, audited(time, "rob", card, limit)]
    found = [tuple(one) for one in lab.who_changed_what(events)]
    wanted = [(time, "rob", "refunds", "card", "a", "b"), (time, "rob", "refunds", "limit", 50, 5000)]
    assert len(found) == 2, f"one audit event with two changed fields gives two changes, yours gives {len(found)}"
    assert found == wanted, f"wanted {wanted[0]} and then that of `limit`, yours begins with {found[0]}"


@check("who_changed_what")
def leaves_failures_out(lab):
    """Leave out attempts that failed."""
    change = {"field": "limit", "from": 50, "to": 9}
    found = lab.who_changed_what([audited("2026-03-05T02:00:00Z", "eve", change, outcome="failure")])
    assert found == [], f"an attempt that failed changed nothing, and yours lists {found}"


def archives(lab, count=6):
    """Make archives: a1 is one day old, a2 two days, each of 100 bytes."""
    return [lab.Archive(f"a{n}", 10_000_000 - n * 86_400, 100) for n in range(1, count + 1)]


def names(lab, rule, given=None):
    """Return the names of what the learner chooses."""
    found = lab.choose_expired(archives(lab) if given is None else given, rule, 10_000_000)
    assert isinstance(found, list), f"return a list, not {type(found).__name__}"
    return [one.name for one in found]


@check("choose_expired")
def chooses_by_age_count_and_size(lab):
    """Choose by age, by number and by size, the oldest first."""
    for rule, wanted in (
        (lab.Rule(max_age=4 * 86_400), ["a6", "a5"]),
        (lab.Rule(max_files=2), ["a6", "a5", "a4", "a3"]),
        (lab.Rule(max_bytes=350), ["a6", "a5", "a4"]),
        (lab.Rule(), []),
    ):
        found = names(lab, rule)
        assert sorted(found) == sorted(wanted), f"for {rule} of six archives of 100 bytes, {wanted} go; yours: {found}"
        assert found == wanted, f"the oldest comes first: {wanted}, not {found}"


@check("choose_expired")
def spares_what_must_stay(lab):
    """Never choose what is held or not shipped."""
    given = archives(lab)
    given[4] = given[4]._replace(held=True)
    given[5] = given[5]._replace(shipped=False)
    found = names(lab, lab.Rule(max_files=0), given)
    assert "a5" not in found, "a5 is under legal hold, and you would remove it"
    assert "a6" not in found, "a6 was not shipped, it exists only here, and you would remove it"
    assert found == ["a4", "a3", "a2", "a1"], f"of the others all may go under max_files=0; yours: {found}"
