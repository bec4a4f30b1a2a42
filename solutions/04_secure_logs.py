# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 04: Logs that keep secrets and show tampering
#
# **150 minutes · demanding · 2 CPU cores, no network · labs 01 and 02, and you have seen a regular expression**
#
# At the end you will be able to
#
# - keep passwords, tokens and card numbers out of a log, wherever they hide, and count what still leaks;
# - create and rotate log files that only the right people can read, and report those that are looser;
# - chain and sign a log, forge it yourself, and catch the forger;
# - encrypt archives with keys that change, write audit events, and delete only what may be deleted.
#
# In an interview you will be able to explain *how to keep sensitive data out of logs* and *how to prove that nobody
# changed a log*, with a share of detected forgeries that you measured yourself. The lab falls into four parts
# (sections 1 to 3, 4, 5 to 9, 10 to 12); take a break between them. Section 4 is about file modes, as Linux and macOS
# have them.

# %%
import gzip
import hashlib
import json
import logging
import os
import random
import re
import stat
import tempfile
import timeit
from datetime import UTC, datetime, timedelta

from logdojo import dojo

dojo.lab("04_secure_logs")

# %%
import contextlib
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NamedTuple

from my_soc import format_exception_safely, format_record

# %% [markdown]
# ## The problem: a night that nobody remembers rightly
#
# The parcel shop of lab 01 has mended its logging: one JSON object a line, good names, right levels. Then 9,600 go
# out in two refunds, at night, to a card that nobody knows. The log says that *will* did it. Will says that he slept.
#
# The next cells make that night as it really was. Run them; you need not read every line.

# %%
NIGHT = 1_772_668_800  # 2026-03-05, midnight, in seconds


def made(minute, logger, message, *args, error=None, **fields):
    """Make one record; user_name=… becomes the extra user.name."""
    extras = {n.replace("_", "."): v for n, v in fields.items()}
    return logging.makeLogRecord({
        "name": logger, "levelno": 20, "levelname": "INFO",
        "created": NIGHT + 60 * minute, "msg": message, "args": args,
        "exc_info": error and (type(error), error, error.__traceback__),
    } | extras)


# %%
def failed(error, cause=None):
    """Return an exception as it is when it was raised and caught."""
    try:
        raise error from cause
    except Exception as caught:
        return caught


USERS = "ada ben cleo dan emil fay gus hana ivo jan kim lea".split()


# %%
def customers(dice):
    """Orders, all through the night."""
    for minute in range(0, 240, 3):
        yield made(minute, "shop.payment", "order %s paid",
                   1700 + minute, user_name=dice.choice(USERS))


# %%
CARD = "4000 0566 5566 5556"
BANK = "https://shop:kR9-tulip@bank.example/pay?token=9f1c47d2aa"


def careless():
    """Three programmers meant well and logged too much."""
    yield made(8, "shop.login", "sign-in of %s with password=%s",
               "ada", "Tr0ub4dor-3", user_name="ada")
    yield made(52, "shop.api", "GET /labels", user_name="ben",
               http_request_headers={
                   "Accept": "*/*",
                   "Authorization": "Bearer eyJhbGciOi.c2hvcA.x7Qp"})
    yield made(131, "shop.payment", "payment failed", user_name="cleo",
               error=failed(ConnectionError(f"no answer from {BANK}")))


# %%
def insider():
    """What rob, who looks after the servers, did."""
    yield made(34, "shop.login", "login of rob", user_name="rob")
    yield made(37, "shop.admin", "refund limit 50 -> 5000",
               user_name="rob")
    for minute in (40, 41):
        yield made(minute, "shop.refund", "4800 refunded to card %s",
                   CARD, user_name="rob")
    yield made(46, "shop.admin", "refund limit 5000 -> 50",
               user_name="rob")
    yield made(205, "shop.login", "login of will", user_name="will")


# %%
def night():
    """Return the records of the night, in order of time."""
    events = [*customers(random.Random(5)), *careless(), *insider()]
    return sorted(events, key=lambda record: record.created)


TRUE_LINES = [format_record(record) for record in night()]

# %% [markdown]
# Rob could also write to the log file. This is what he did to it, with a text editor, before anybody looked.

# %%
def tampered(lines):
    """Return the log as rob left it."""
    lines = [line for line in lines if "refund limit" not in line]
    lines = [line.replace('"rob"', '"will"') if "refunded" in line
             else line for line in lines]
    rob, will = (next(n for n, line in enumerate(lines)
                      if f"login of {name}" in line)
                 for name in ("rob", "will"))
    early, late = "2026-03-05T00:34", "2026-03-05T03:25"
    lines[rob], lines[will] = (lines[will].replace(late, early),
                               lines[rob].replace(early, late))
    return lines


# %%
def brief(line):
    """Return time, user and message of a line, and what else it tells."""
    fields = json.loads(line)
    more = fields.get("http.request.headers", "")
    return (f"{fields['@timestamp'][11:16]} {fields.get('user.name'):5}"
            f"{fields['message']} {fields.get('error.message', more)}")


# %%
# NBVAL_CHECK_OUTPUT
FOUND = tampered(TRUE_LINES)
print(len(TRUE_LINES), "lines written,", len(FOUND), "lines found")
for line in FOUND:
    if "order" not in line:
        print(brief(line))

# %% [markdown]
# Read it as the auditor does. Will logs in, six minutes later he refunds twice, rob comes by long after. Every line
# is well-formed JSON, the times go up, nothing is missing that anybody could point to. Rob **edited** two lines,
# **deleted** two, and **re-ordered** two, and no trace of it is left.
#
# Now read it as a thief. The same lines hold ada's password, a bearer token that opens the shop's interface, the
# bank's password in an address, and a full card number. Whoever can read this log can do worse than rob.
#
# Three questions, then, for the rest of the lab: what must never get in, who may touch it, and how do you prove that
# nobody did?

# %% [markdown]
# ## 1. Keep secrets out of text
#
# The first rule is not to log secrets at all. The second is a net for when somebody does, since it will be the log
# call that nobody reviewed. It looks for four things in a text:
#
# | what | in a log |
# |---|---|
# | a value after a telling name | `password=…`, `"api_key": "…"`, `?token=…` |
# | a credential after its scheme | `Authorization: Bearer …` |
# | a password in an address | `https://shop:…@bank.example` |
# | a card number | 13 to 19 digits that pass a checksum |
#
# Card numbers carry a check digit (Luhn's formula). One in ten other numbers passes it by chance, and that is why the
# first digit is looked at too.

# %%
WORDS = (r"(?:password|passwd|passphrase|secret|token|api[_-]?key"
         r"|authorization|cookie)")
SECRET = re.compile(WORDS + "$", re.IGNORECASE)
HIDDEN = "[redacted]"


# %%
def is_card(text):
    """Tell whether the digits in a text make a card number."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[-2::-2]]
    return digits[0] in (3, 4, 5, 6) and (
        sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


for name in "db.password", "X-Api-Key", "password_rules":
    print(f"{name:15} names a secret: {SECRET.search(name) is not None}")
print(CARD, "is a card:", is_card(CARD))

# %% exercise="redact_text"
def redact_text(text):
    """Return the text with HIDDEN in the place of each secret.

    - After "Bearer" or "Basic" and a space: the next word, when it has
      16 characters or more of A-Z a-z 0-9 _ . ~ + / = -
    - After a name that ends with one of WORDS (any case), perhaps a
      quote, then "=" or ":", perhaps with spaces around it: the value.
      In quotes it goes to the closing quote; else it ends before a
      space, a quote or one of , ; &
    - Between "://", a user, ":" and "@": the password.
    - 13 to 19 digits, with at most one space or "-" between two, with
      no digit before or after: all of them, when is_card() says so.
    Whatever else is in the text stays as it is.
    """
    # BEGIN SOLUTION
    text = re.sub(r"\b(Bearer|Basic) +[\w.~+/=-]{16,}",
                  rf"\1 {HIDDEN}", text)
    text = re.sub(rf"({WORDS}[\"']?\s*[=:]\s*)"
                  r"(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)",
                  rf"\1{HIDDEN}", text, flags=re.IGNORECASE)
    text = re.sub(r"(://[^\s/:@]*:)[^\s/@]+@", rf"\1{HIDDEN}@", text)
    return re.sub(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)",
                  lambda m: HIDDEN if is_card(m[0]) else m[0], text)
    # END SOLUTION


# %% check="redact_text"
dojo.check("redact_text")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four rules, four calls of `re.sub`, one after the other. Think about their order: what does the rule for names do to
# `Authorization: Bearer abc…`, and what is left for the rule for schemes?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Keep what stands before a secret in a group and write it back: `re.sub(r"(://[^\s/:@]*:)[^\s/@]+@", …)`. For cards
# give `re.sub` a function instead of a text; it gets the match and returns what to write.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Schemes first: `r"\b(Bearer|Basic) +[\w.~+/=-]{16,}"` becomes `rf"\1 {HIDDEN}"`. Then names:
# `rf"({WORDS}[\"']?\s*[=:]\s*)" r"(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)"` with `flags=re.IGNORECASE`. Cards:
# `r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"` and `lambda m: HIDDEN if is_card(m[0]) else m[0]`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
for line in ("password changed", "password=Tr0ub4dor-3 user=ada", BANK,
             "Authorization: Bearer eyJhbGciOi.c2hvcA.x7Qp",
             f"card {CARD}, order 1234567890123456"):
    print(redact_text(line))

# %% [markdown]
# ## 2. Keep secrets out of values
#
# An extra field is a name and a value, and the value may be a dict in a list in a dict. Here the *name* gives a
# secret away that no pattern would find in `Tr0ub4dor-3`. Headers come as a dict or, in many frameworks, as a list of
# pairs. And a value may be any object at all: the formatter will write its `str()`, so that is what counts.

# %% exercise="redact_value"
def redact_value(name, value):
    """Return the value without secrets, where it stands under a name.

    - Under a name in which SECRET is found, it is HIDDEN, whatever it
      is.
    - A dict becomes a new dict: each value is redacted under its key
      (keys may be any object; str(key) is the name).
    - A list or tuple becomes a list: each item is redacted under
      `name`. But a list or tuple of two texts of which the first is
      such a name, as headers come, becomes [first, HIDDEN].
    - For anything else, str(value) goes through redact_text. When that
      changes nothing, the value itself is returned, else the new text.
    """
    # BEGIN SOLUTION
    if SECRET.search(name):
        return HIDDEN
    if isinstance(value, dict):
        return {k: redact_value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        pair = len(value) == 2 and all(isinstance(v, str) for v in value)
        if pair and SECRET.search(value[0]):
            return [value[0], HIDDEN]
        return [redact_value(name, one) for one in value]
    clean = redact_text(str(value))
    return value if clean == str(value) else clean
    # END SOLUTION


# %% check="redact_value"
dojo.check("redact_value")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Ask about the name first. Then there are three kinds of value, and two of them hold values again: the function calls
# itself.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A number can be a card number too, and an object can print a password. Both are the last rule: compare
# `redact_text(str(value))` with `str(value)`, and give the value itself back when nothing changed, so that `17` stays
# a number.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `{k: redact_value(str(k), v) for k, v in value.items()}` for a dict; for a list, before
# `[redact_value(name, one) for one in value]`, ask `len(value) == 2 and all(isinstance(v, str) for v in value)` and
# `SECRET.search(value[0])`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %% [markdown]
# ## 3. Keep secrets out of records
#
# Most filters found on the web run a pattern over `record.msg` and stop there. A record has more places:
#
# - In `log.info("password=%s", word)` the template holds no secret and the argument no telling name. Only the
#   **finished message** shows both.
# - The **exception**: its own text, the texts of all its causes, and the source lines of the stack trace.
# - Every **extra** field.
#
# Put your function on the *handlers*, not on a logger: a logger's filter never sees what its children log.

# %%
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime",
            "taskName"}


# %% exercise="redact_record"
def redact_record(record):
    """Take the secrets out of a logging.LogRecord; return True.

    It changes the record itself, and works as a filter of a handler.
    - record.msg becomes the finished message, redacted, and record.args
      None. When the arguments do not fit, it is str(record.msg),
      redacted.
    - A record with an exception gets the fields of
      format_exception_safely as attributes (error.type, …), and has
      afterwards neither exc_info nor exc_text: both become None.
    - Each attribute that is not in STANDARD, those of the exception
      too, is replaced by its redact_value under its name.
    Done a second time, it changes nothing more.
    """
    # BEGIN SOLUTION
    try:
        message = record.getMessage()
    except Exception:
        message = str(record.msg)
    record.msg, record.args = redact_text(message), None
    if record.exc_info and record.exc_info[1]:
        told = format_exception_safely(record.exc_info[1])
        vars(record).update(told)
    record.exc_info = record.exc_text = None
    for name in set(vars(record)) - STANDARD:
        vars(record)[name] = redact_value(name, vars(record)[name])
    return True
    # END SOLUTION


# %% check="redact_record"
dojo.check("redact_record")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three places, three steps: the message, the exception, the extras. If you turn the exception into extras before you
# do the extras, the last step cleans it for you.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `record.getMessage()` may raise; you met this in `format_record`. `vars(record)` is the record's own dict: you can
# read, `update` and set attributes through it, also those with a dot in their name. Do not change it while you walk
# over it.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `record.msg, record.args = redact_text(message), None`; then, if there is an exception,
# `vars(record).update(format_exception_safely(record.exc_info[1]))` and both attributes to `None`; then
# `for name in set(vars(record)) - STANDARD: vars(record)[name] = redact_value(name, vars(record)[name])`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### What still leaks?
#
# Do not believe it, count it. The next cells plant secrets in eight places of a record, and make records that only
# *look* as if they held one. Everything comes from a seed. Four ways compete: nothing, the filter that a web search
# finds, yours, and the filter of logdojo's own setup.

# %%
def password(dice):
    return "".join(dice.choices("abcdefghkmnpqrstuvwxyz23456789!+-_",
                                k=12))


def token(dice):
    return f"{dice.getrandbits(128):032x}"


# %%
def card(dice):
    """Return a random card number, as people write them."""
    digits = "".join(dice.choices("0123456789", k=14))
    number = next(n for n in (f"4{digits}{check}" for check in range(10))
                  if is_card(n))
    groups = [number[i : i + 4] for i in range(0, 16, 4)]
    return dice.choice((" ", "-", "")).join(groups)


# %%
def in_text(dice, word, key):
    """Secrets in messages, arguments and addresses."""
    mine = card(dice)
    yield "message", [word], ("sign-in with password=" + word,), {}
    yield "argument", [word], ("POST %s", f"user=ada&password={word}"), {}
    yield "url", [word, key], (
        f"GET https://shop:{word}@bank.example/pay?token={key}&n=1",), {}
    end = dice.choice(("", " declined", ", 12/28", " 12/28"))
    yield "card", [mine], ("card %s", mine + end), {}


# %%
def in_fields(dice, word, key):
    """Secrets in extras, nested fields, headers and exceptions."""
    yield "extra", [word], ("new user",), {"db_password": word}
    yield "nested", [word, key], ("form sent",), {"http_request_body": {
        "fields": [{"user": "ada", "passwd": word}, f"token: {key}"]}}
    yield "header", [key, word], ("GET /",), {"http_request_headers": [
        ("Host", "shop.example"), ("Authorization", f"Bearer {key}"),
        ("Cookie", f"sid={word}")]}
    cause = failed(ValueError(f"bad api_key='{key}'"))
    error = failed(OSError(f"lost https://a:{word}@b.example"), cause)
    yield "exception", [word, key], ("failed",), {"error": error}


# %%
def planted(seed, rounds=150):
    """Yield (place, secrets, record) for every place and round."""
    dice = random.Random(seed)
    for n in range(rounds):
        word, key = password(dice), token(dice)
        for make in in_text, in_fields:
            for place, secrets, told, fields in make(dice, word, key):
                yield place, secrets, made(n, "shop", *told, **fields)


# %%
def innocent(seed, rounds=150):
    """Yield records without a secret that look as if they had one."""
    dice = random.Random(seed)
    for n in range(rounds):
        number = "".join(dice.choices("0123456789", k=16))
        for told in (f"parcel {number} sent", f"checksum {token(dice)}",
                     "password of ada changed", "cookie banner shown",
                     f"token bucket full, {n} waiting",
                     "Basic authentication failed",
                     f"GET https://shop.example/labels?page={n}"):
            yield made(n, "shop", told, llm_tokens_used=n)


# %%
def only_message(record):
    """The filter that a web search finds."""
    record.msg = redact_text(str(record.msg))
    return True


def leaks(clean):
    """Count, for each place, the records that still leak a secret."""
    count = {}
    for place, secrets, record in planted(seed=11):
        clean(record)
        line = format_record(record)
        leaked = any(secret in line for secret in secrets)
        count[place] = count.get(place, 0) + leaked
    return count


# %%
from logdojo.logsetup.redaction import RedactionFilter, Redactor

WAYS = {"nothing": lambda record: True, "message only": only_message,
        "yours": redact_record,
        "logdojo": RedactionFilter(Redactor()).filter}

# %%
# NBVAL_CHECK_OUTPUT
results = {way: leaks(clean) for way, clean in WAYS.items()}
print(f"{'leaks of 150':13}" + "".join(f"{way:>14}" for way in WAYS))
for place in results["nothing"]:
    numbers = (f"{results[way][place]:14}" for way in WAYS)
    print(f"{place:13}" + "".join(numbers))

# %%
# NBVAL_CHECK_OUTPUT
def false_hits(clean):
    """Return the messages of clean records that are changed."""
    pairs = zip(innocent(seed=12), innocent(seed=12))
    return [before.getMessage() for before, after in pairs
            if clean(after) and format_record(before)
            != format_record(after)]


for way in "yours", "logdojo":
    hits = false_hits(WAYS[way])
    print(f"{way}: {len(hits)} false hits of 1050, such as {hits[0]}")

# %%
# NBVAL_CHECK_OUTPUT
for place, secrets, record in planted(seed=11, rounds=9):
    redact_record(record)
    if any(secret in format_record(record) for secret in secrets):
        print("yours still leaks:", record.msg)
        break

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 6), layout="constrained")
    for n, way in enumerate(WAYS):
        places = [row + 0.2 * (n - 1.5) for row in range(8)]
        counts = list(results[way].values())
        bars = axes.barh(places, counts, 0.19, label=way,
                         hatch=("//", "..", "", "xx")[n],
                         color=LIGHT.series[n])
        axes.bar_label(bars, [n or "" for n in counts], fontsize=8)
    axes.set_yticks(range(8), list(results["nothing"]))
    axes.set_xlabel("records that leak, of 150")
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=4)
    dojo.show(figure, "Records that leak, for eight places and four ways;"
              " the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Up to four bars for each row of the table above it; no bar means no leak. Without redaction
# every planted secret gets out. The filter on `record.msg` helps where the message was already finished text, and
# leaves arguments, extras, headers and exceptions as they were. Yours has one bar left, the library's filter none.
#
# Look at what is left: with the expiry date behind it, a card number becomes a run of 18 digits, that run fails the
# checksum, and the rule sees no card. On the other side, a few parcel numbers have a card's first digit and checksum
# by chance, for the library too. Each rule of this kind has both errors. What you can do is measure them, on text
# like yours, and decide which one hurts more. And mind that these secrets were planted by the people who wrote the
# rules: a leak rate is a floor, and the real one is higher.

# %% [markdown]
# ### What does it cost?
#
# Nearly all records are clean, so what matters is the price of a *clean* one. Four patterns over each value are slow.
# A search for a fixed text is fast: if the finished line holds none of a few literals and no long number, there is
# nothing to redact. Only a suspicious line is done again, the slow way.

# %%
LITERALS = ("passw", "passphrase", "secret", "token", "api", "author",
            "cookie", "bearer ", "basic ", "://")
LONG_NUMBER = re.compile(r"(?<!\d)[3-6](?:[ -]?\d){12}")


def suspicious(line):
    """Tell whether a finished line may hold a secret."""
    low = line.lower()
    for literal in LITERALS:
        if literal in low:
            return True
    return LONG_NUMBER.search(low) is not None


# %%
# NBVAL_CHECK_OUTPUT
print("overlooked by the pre-filter:",
      sum(not suspicious(format_record(record))
          for _, _, record in planted(seed=13)))

# %% tags=["measure"]
clean = [made(n, "shop.web", "order %s paid", n, user_name="ada",
              source_ip="198.51.100.7", url_path="/pay", trace_id="5f2c" * 8,
              http_request_method="POST", event_duration=81_000 + n,
              event_action="pay", event_outcome="success")
         for n in range(100)]
lines = [format_record(record) for record in clean]
encoded = [line.encode() for line in lines]
CONTEST = {"redact_record": (redact_record, clean),
           "your pre-filter": (suspicious, lines),
           "logdojo's": (Redactor().clean, encoded)}

# %% tags=["measure"]
price = dict.fromkeys(CONTEST, float("inf"))
for _ in range(15):  # in turns, so that a busy moment hits all alike
    for way, (call, things) in CONTEST.items():
        spent = timeit.timeit(lambda: [call(one) for one in things],
                              number=2) / 2 / len(things) * 1e6
        price[way] = min(price[way], spent)
for way, microseconds in price.items():
    print(f"{way:15} {microseconds:6.1f} µs for a clean record")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.1), layout="constrained")
    bars = axes.barh(list(price), list(price.values()), 0.5,
                     hatch="//", color=LIGHT.series[2])
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set_xlabel("microseconds for a clean record")
    axes.invert_yaxis()
    dojo.show(figure, "What a clean record costs with redact_record and"
              " with two pre-filters; the lines above have the numbers.")

# %% [markdown]
# **What the plot shows.** Three bars, with the numbers that are printed above it: a clean record that goes through all
# rules costs several times what the literals cost, and logdojo's pre-filter, which searches in bytes and knows more
# literals, costs less again. A pre-filter may be wrong in one direction only. A line that it calls suspicious for
# nothing costs time; one that it overlooks leaks. That is why a cell above counted.

# %% [markdown]
# ## 4. Who may touch the file?
#
# Rob could edit the log because the file had mode 0666: everybody may write. Nobody decided that. A new file gets
# `0666` minus the process's *umask*, and each tool, each restart and each rotation makes new files.
#
# | mode | owner | group | all others |
# |---|---|---|---|
# | 0640 | read, write | read | nothing |
# | 0644 | read, write | read | read |
# | 0666 | read, write | read, write | read, write |
#
# A log with personal data is at most 0640, and its folder 0750: whoever may write *into the folder* can delete the
# log or put another in its place, whatever the file's own mode is.

# %% exercise="open_private"
def open_private(path, mode=0o640):
    """Open a file for appending text in UTF-8, with exactly this mode.

    `path` is a Path or text.
    - A new file has the mode whatever the umask is.
    - A file that exists keeps its content and gets the mode too.
    - At no moment does a new file have a wider mode: do not create it
      first and narrow it afterwards.
    """
    # BEGIN SOLUTION
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    number = os.open(path, flags, mode)
    os.fchmod(number, mode)
    return os.fdopen(number, "a", encoding="utf-8")
    # END SOLUTION


# %% check="open_private"
dojo.check("open_private")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `open()` cannot be told a mode. The function under it, `os.open`, takes flags and a mode for a file that it makes.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The mode given to `os.open` is still narrowed by the umask, never widened, so nobody can look in. To get *exactly*
# the mode, set it on the open file: `os.fchmod(number, mode)`. `os.fdopen` makes a file object of the number.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)`, then `os.fchmod(number, mode)`, then
# `return os.fdopen(number, "a", encoding="utf-8")`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.access` ([all topics](../quizzes/README.md))

# %% [markdown]
# An administrator sets the mode by hand, once. What is left of it after a rotation?

# %%
class PrivateHandler(RotatingFileHandler):
    def _open(self):
        return open_private(self.baseFilename)


def modes_after_rotation(kind, folder):
    """Write until the file was rotated; return the modes."""
    path = Path(folder) / "shop.log"
    handler = kind(path, maxBytes=60, backupCount=1)
    path.chmod(0o640)
    for minute in range(6):
        handler.emit(made(minute, "shop", "order %s paid", minute))
    handler.close()
    return {one.name: f"{one.stat().st_mode & 0o777:04o}"
            for one in sorted(path.parent.iterdir())}


# %%
# NBVAL_CHECK_OUTPUT
before = os.umask(0o022)  # what most systems have
for kind in RotatingFileHandler, PrivateHandler:
    with tempfile.TemporaryDirectory() as folder:
        print(kind.__name__, modes_after_rotation(kind, folder))
os.umask(before)

# %% [markdown]
# The standard handler's new file is readable for everybody again, from the first rotation on. That is why the mode
# belongs into the code that opens the file. And since not every program is yours, look regularly:

# %% exercise="review_access"
def review_access(folder, files=0o640, folders=0o750):
    """Report what in a folder (a Path) has a mode looser than allowed.

    Look at the folder itself and at everything below it, at any depth.
    Something is loose when its mode has a permission bit that its
    limit, `files` or `folders`, does not have.
    Return a sorted list of (path, mode): the path relative to the
    folder as text ("." for the folder itself, "old/a.log"), the mode as
    text with four octal digits ("0644"). Symbolic links are left out.
    """
    # BEGIN SOLUTION
    loose = []
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~(folders if path.is_dir() else files):
            name = path.relative_to(folder).as_posix()
            loose.append((name, f"{mode:04o}"))
    return sorted(loose)
    # END SOLUTION


# %% check="review_access"
dojo.check("review_access")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# 0604 is a smaller number than 0640 and yet looser: it lets all others read. Modes are sets of bits, and "looser"
# means a bit too many.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `mode & ~limit` is what the mode has and the limit has not. `stat.S_IMODE(path.stat().st_mode)` cuts the kind of file
# off the mode. `folder.rglob("*")` walks everything below the folder, but not the folder itself.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each `path` in `[folder, *folder.rglob("*")]` that is no symlink: `limit = folders if path.is_dir() else files`;
# if `mode & ~limit`, append `(path.relative_to(folder).as_posix(), f"{mode:04o}")`. Return the list sorted.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.access` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
with tempfile.TemporaryDirectory() as name:
    logs = Path(name)
    for file, mode in (("shop.log", 0o666), ("shop.log.1", 0o644),
                       ("shop.log.2", 0o640), ("audit.log", 0o600)):
        (logs / file).touch()
        (logs / file).chmod(mode)
    logs.chmod(0o775)
    print(review_access(logs))

# %% [markdown]
# There is rob's door. Modes decide who *can*; they prove nothing about who *did*. Rob looks after the servers: with
# or without 0666, he will always be able to write to that file. From here on, assume that he can.

# %% [markdown]
# ## 5. A chain of hashes
#
# A hash is a short number that changes completely when its text changes by one letter. Give each line the hash of
# *itself and the hash before it*, and the lines hold each other:
#
# `hash 1 = SHA-256(start + line 1)`, `hash 2 = SHA-256(hash 1 + line 2)`, and so on.
#
# Change one line and its hash no longer fits. Mend that hash, and the next no longer fits. Delete or move a line, and
# its successor misses it. It costs about a microsecond a line.

# %%
START = "0" * 64
LINK = re.compile(r', "chain": "([0-9a-f]{64})"\}$')


def split_link(line):
    """Return the line as it was before it was linked, and its hash.

    The hash of a line that has none is "".
    """
    found = LINK.search(line)
    if not found:
        return line, ""
    return line[: found.start()] + "}", found[1]


# %% exercise="link"
def link(previous, line):
    """Return a line of JSON with its link in the chain.

    `line` ends with "}", and `previous` is the hash of the line before,
    64 hexadecimal digits. The new hash is SHA-256 over `previous`
    followed by `line`, both in UTF-8, as hexadecimal digits. It is put
    before the last "}" of the line as the field "chain", so that the
    line ends with , "chain": "…"} and split_link undoes it.
    """
    # BEGIN SOLUTION
    digest = hashlib.sha256((previous + line).encode()).hexdigest()
    return f'{line[:-1]}, "chain": "{digest}"}}'
    # END SOLUTION


# %% check="link"
dojo.check("link")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need no JSON parser: the line is text, and the new field goes before its last character.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `hashlib.sha256(…)` takes bytes: encode the text that is `previous` and `line` in one piece. `.hexdigest()` gives 64
# hexadecimal digits.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `digest = hashlib.sha256((previous + line).encode()).hexdigest()`, then `line[:-1]`, the field, and `}`. In an
# f-string a brace is written twice: `f'{line[:-1]}, "chain": "{digest}"}}'`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
def chained(lines):
    """Return lines without links as a chain."""
    done, previous = [], START
    for line in lines:
        done.append(link(previous, line))
        previous = split_link(done[-1])[1]
    return done


LOG = chained(TRUE_LINES)
print(LOG[0])

# %% exercise="verify_chain"
def verify_chain(lines):
    """Return the number of the first line that breaks the chain.

    Lines are counted from 1; the hash before the first one is START. A
    line breaks the chain when it has no link, or not the one that
    link() gives it after the line before. When all lines hold, return
    None; so does an empty log.
    """
    # BEGIN SOLUTION
    previous = START
    for number, line in enumerate(lines, 1):
        body, found = split_link(line)
        if not found or link(previous, body) != line:
            return number
        previous = found
    return None
    # END SOLUTION


# %% check="verify_chain"
dojo.check("verify_chain")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Do again what `chained` did, and compare. What does the next line need from this one?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `split_link(line)` gives you the body and the hash that stands there. `link(previous, body)` says how the line
# should look.
# </details>
#
# <details><summary>Hint 3</summary>
#
# In `for number, line in enumerate(lines, 1):` take `body, found = split_link(line)`, return `number` when
# `not found or link(previous, body) != line`, and set `previous = found`. Return `None` after the loop.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
print("as written: ", verify_chain(LOG))
print("as rob left it: first bad line", verify_chain(tampered(LOG)))
print("the record there:", brief(LOG[verify_chain(tampered(LOG)) - 1]))

# %% [markdown]
# The chain breaks at the very first thing that rob touched. Case closed?

# %% [markdown]
# ## 6. Be the forger
#
# Rob has a day and a text editor, and he has read section 5. There is no secret in it: anybody can compute SHA-256.
# Be rob.

# %% exercise="forge"
def forge(lines, edit):
    """Return a chained log with a change in it that verify_chain misses.

    `edit` is a function. It takes a line as it was before it was
    linked, and returns the line to write in its place, or None to leave
    it out. Apply it to every line, and let the chain hold again.
    """
    # BEGIN SOLUTION
    forged, previous = [], START
    for line in lines:
        body = edit(split_link(line)[0])
        if body is not None:
            forged.append(link(previous, body))
            previous = split_link(forged[-1])[1]
    return forged
    # END SOLUTION


# %% check="forge"
dojo.check("forge")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How was the chain made in the first place? Nothing keeps you from doing it again.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Take each line's link off with `split_link`, let `edit` have the body, drop what it drops, and chain what is left
# from `START`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `bodies = [edit(split_link(line)[0]) for line in lines]`, then `chained([body for body in bodies if body is not
# None])`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
def blame_will(body):
    """Rob's lines are gone; his refunds are will's."""
    if "refunded" in body:
        return body.replace('"rob"', '"will"')
    return None if '"rob"' in body else body


FORGED = forge(LOG, blame_will)
print("verify_chain finds:", verify_chain(FORGED))
for line in FORGED:
    if "will" in line:
        print(brief(line))

# %% [markdown]
# `None`: every hash fits, and the log tells rob's story. **A chain alone stops accidents and the careless. It does
# not stop anybody who can compute it anew**, and that is anybody who can write to the file. Something must be in it
# that rob cannot make.

# %% [markdown]
# ## 7. Signed checkpoints
#
# A **signature** is what a private key makes of a text, and what anybody can verify with the public key. From time to
# time, sign "the first 40 lines end with this hash". Since that hash depends on all 40 lines, one signature vouches
# for all of them; and since it is made for a block, its price (some 50 µs) does not matter.
#
# The private key must be where rob is not: in another process under another user, on another machine, in a hardware
# module. The public key may be anywhere.

# %%
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# %%
# A key from a known text is good for a lab, where all must come out
# the same; a real one comes from Ed25519PrivateKey.generate().
SIGNER = Ed25519PrivateKey.from_private_bytes(
    hashlib.sha256(b"lab 04").digest())
PUBLIC = SIGNER.public_key()


def statement(records, chain):
    """Return what is signed: a purpose, a number of lines, a hash."""
    return f"checkpoint of the shop's log\n{records}\n{chain}".encode()


# %% exercise="sign_checkpoint"
def sign_checkpoint(private_key, lines):
    """Return a checkpoint over all lines of a chained log, as a dict.

    "records" is their number, "chain" the hash of the last one, and
    "signature" what private_key.sign() gives for statement(records,
    chain), as hexadecimal digits. It takes at least one line.
    """
    # BEGIN SOLUTION
    chain = split_link(lines[-1])[1]
    signature = private_key.sign(statement(len(lines), chain))
    return {"records": len(lines), "chain": chain,
            "signature": signature.hex()}
    # END SOLUTION


# %% check="sign_checkpoint"
dojo.check("sign_checkpoint")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# You need not sign the lines. Which 64 digits already stand for all of them?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `split_link(lines[-1])[1]` is the last hash. `private_key.sign(…)` takes bytes, which `statement` returns, and gives
# bytes, which have `.hex()`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `chain = split_link(lines[-1])[1]`, `signature = private_key.sign(statement(len(lines), chain))`, and a dict of
# `len(lines)`, `chain` and `signature.hex()`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
LEDGER = [sign_checkpoint(SIGNER, LOG[:n])
          for n in range(10, len(LOG) + 1, 10)]
print(len(LOG), "lines,", len(LEDGER), "checkpoints; the first:")
print(LEDGER[0])

# %% exercise="verify_checkpoints"
def verify_checkpoints(lines, ledger, public_key):
    """Return between which two lines a chained log was changed, or None.

    Go through the checkpoints of the ledger in order. One is bad when
    - public_key.verify(signature, statement(records, chain)) raises
      InvalidSignature, or
    - the log has fewer lines than its "records", or
    - line number "records" has another hash than its "chain".
    At the first bad one, return (first, last): `last` is its "records",
    and `first` is 1 more than the "records" of the checkpoint before
    (1 when there is none). When none is bad, return None.
    """
    # BEGIN SOLUTION
    good = 0
    for one in ledger:
        n, chain = one["records"], one["chain"]
        try:
            public_key.verify(bytes.fromhex(one["signature"]),
                              statement(n, chain))
        except InvalidSignature:
            return good + 1, n
        if n > len(lines) or split_link(lines[n - 1])[1] != chain:
            return good + 1, n
        good = n
    return None
    # END SOLUTION


# %% check="verify_checkpoints"
dojo.check("verify_checkpoints")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One loop over the ledger, with a variable that remembers up to which line all is well. Three ways to be bad lead to
# the same answer.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `public_key.verify` returns nothing when all is well and raises when not: that needs `try`. The signature in the
# ledger is text: `bytes.fromhex(one["signature"])`. Line number `n` is `lines[n - 1]`; ask first whether it is there.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Start with `good = 0`. In the loop: `try: public_key.verify(bytes.fromhex(one["signature"]), statement(n, chain))`,
# `except InvalidSignature: return good + 1, n`; then
# `if n > len(lines) or split_link(lines[n - 1])[1] != chain: return good + 1, n`; then `good = n`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
print("as written:", verify_checkpoints(LOG, LEDGER, PUBLIC))
print("as rob forged it:", verify_checkpoints(FORGED, LEDGER, PUBLIC))
resigned = [sign_checkpoint(Ed25519PrivateKey.generate(), FORGED[:n])
            for n in range(10, len(FORGED) + 1, 10)]
print("signed anew by rob:",
      verify_checkpoints(FORGED, resigned, PUBLIC))

# %% [markdown]
# Caught: the change lies in lines 11 to 20, and rob's own key convinces nobody. The more often you sign, the smaller
# that window.

# %% [markdown]
# ## 8. A witness
#
# Rob has two moves left. He can **roll back**: cut the log *and* the ledger at an old checkpoint, so that the
# whole night is gone and everything that is left is genuine. And if he ever gets hold of the private key, he can
# **re-seal**: forge, and sign it all anew.
#
# Against both helps somebody who remembers. A witness on another machine gets the ledger now and then, and keeps one
# thing: the last checkpoint that it saw. A log may grow. It may never un-happen.

# %% exercise="Witness"
class Witness:
    """Remembers, on a machine of its own, the last checkpoint it saw."""

    def __init__(self):
        self.last = None

    def observe(self, ledger):
        """Look at a ledger; return whether it continues what was seen.

        That is so when the checkpoint in self.last is still in it, with
        the same "records" and "chain"; the first time, with nothing to
        remember, any ledger will do. Then keep a copy of the ledger's
        last checkpoint in self.last (of an empty ledger, nothing). When
        it is not so, return False and go on remembering what you know.
        """
        # BEGIN SOLUTION
        seen = [(one["records"], one["chain"]) for one in ledger]
        if self.last is not None:
            mine = self.last["records"], self.last["chain"]
            if mine not in seen:
                return False
        if ledger:
            self.last = dict(ledger[-1])
        return True
        # END SOLUTION


# %% check="Witness"
dojo.check("Witness")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two questions in this order: is what I know still in there? If so, what do I remember from now on?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Make pairs `(one["records"], one["chain"])` of the ledger and ask with `in`. A witness that forgets after a bad
# ledger can be taught a lie in two steps.
# </details>
#
# <details><summary>Hint 3</summary>
#
# When `self.last is not None` and its pair is not among the ledger's pairs, `return False` at once. Else
# `self.last = dict(ledger[-1])` if the ledger is not empty, and `return True`. `dict(…)` makes the copy: without it
# you keep the very object that others may change.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.integrity` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
back = LEDGER[0]["records"]
print("rolled back to line", back)
print("  chain:", verify_chain(LOG[:back]))
print("  checkpoints:", verify_checkpoints(LOG[:back], LEDGER[:1], PUBLIC))
witness = Witness()
witness.observe(LEDGER)
print("  the witness agrees:", witness.observe(LEDGER[:1]))

# %% [markdown]
# ## 9. How much does each of them catch?
#
# Do to the log everything that can be done to it, at every line, and count who notices. Nine kinds of attack; four
# defenses, each with the ones before it:
#
# - **no chain**: every line is JSON, and the times never go back;
# - **chain**, **+ checkpoints**, **+ witness**: what you built.

# %%
def touched(body):
    """Return a line with another user in it."""
    return re.sub(r'("user\.name": ?")', r"\1x", body, count=1)


def at(n, lines, change):
    """Return the lines with line n, counted from 0, changed."""
    return [*lines[:n], *change(lines[n]), *lines[n + 1 :]]


def redone(n, change):
    """Change line n, and chain the log anew."""
    bodies = [split_link(line)[0] for line in LOG]
    return chained(at(n, bodies, change))


# %%
def edit(line):
    return [touched(line)]


def swap(n):
    return [*LOG[:n], LOG[n + 1], LOG[n], *LOG[n + 2 :]]


def signed(lines, ledger):
    """Return a new ledger, made with the stolen key."""
    return [sign_checkpoint(SIGNER, lines[: one["records"]])
            for one in ledger]


# %%
def attacks(ledger):
    """Yield (kind, lines, ledger): each attack at each line."""
    for n in range(len(LOG) - 1):
        yield "edit", at(n, LOG, edit), ledger
        yield "delete", at(n, LOG, lambda line: []), ledger
        yield "insert", at(n, LOG, lambda line: [line, line]), ledger
        yield "swap", swap(n), ledger
        yield "cut the tail", LOG[: n + 1], ledger


# %%
def clever(ledger):
    """Yield what somebody does who knows about the defenses."""
    for n in range(len(LOG)):
        new = redone(n, edit)
        yield "edit, chain anew", new, ledger
        yield "delete, chain anew", redone(n, lambda line: []), ledger
        yield "edit, re-seal", new, signed(new, ledger)
    for k, one in enumerate(ledger[:-1], 1):
        yield "roll back", LOG[: one["records"]], ledger[:k]


# %%
def orderly(lines):
    """Tell whether all is JSON, and the times never go back."""
    times = [json.loads(split_link(line)[0])["@timestamp"]
             for line in lines]
    return times == sorted(times)


def noticed_by(lines, ledger, witness):
    """Return which of the four defenses notice, each with those before."""
    found = [not orderly(lines), verify_chain(lines) is not None,
             verify_checkpoints(lines, ledger, PUBLIC) is not None,
             not witness.observe(ledger)]
    return [any(found[: n + 1]) for n in range(4)]


# %%
DEFENSES = ["no chain", "chain", "+ checkpoints", "+ witness"]


def caught(ledger):
    """Return kind of attack -> percent noticed by each defense."""
    count = {}
    for kind, lines, shown in [*attacks(ledger), *clever(ledger)]:
        witness = Witness()
        witness.observe(ledger)
        found = noticed_by(lines, shown, witness)
        count.setdefault(kind, []).append(found)
    return {kind: [100 * sum(column) / len(rows)
                   for column in zip(*rows)]
            for kind, rows in count.items()}


# %%
# NBVAL_CHECK_OUTPUT
share = caught(LEDGER)
print(f"{'percent noticed':19}" + "".join(f"{d:>15}" for d in DEFENSES))
for kind, percents in share.items():
    print(f"{kind:19}" + "".join(f"{p:15.0f}" for p in percents))

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 4.4), layout="constrained")
    axes.imshow(list(share.values()), cmap=LIGHT.ramp, vmin=0, vmax=160,
                aspect="auto")
    for row, percents in enumerate(share.values()):
        for column, percent in enumerate(percents):
            axes.text(column, row, f"{percent:.0f} %", ha="center",
                      va="center", color=LIGHT.ink)
    axes.set_xticks(range(4), DEFENSES)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(share)), list(share))
    axes.tick_params(length=0)
    dojo.show(figure, "Percent of attacks that are noticed, for nine kinds"
              " and four defenses; the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** A grid with the numbers of the table above it, darker where more is noticed. Without a chain
# almost nothing is noticed but lines that change places. The chain catches everything clumsy, except a tail that was
# cut off. Checkpoints catch the clever edits; the witness catches rolling back and re-sealing.
#
# But not all of them. Some lines at the end stand behind the last checkpoint, and for those nobody has vouched yet.
# This is not a bug but a window, and you choose its size. Sign when the log is closed, and the window is shut:

# %%
# NBVAL_CHECK_OUTPUT
sealed = [*LEDGER, sign_checkpoint(SIGNER, LOG)]
print("lines behind the last checkpoint:",
      len(LOG) - LEDGER[-1]["records"])
lowest = min(percents[-1] for percents in caught(sealed).values())
print(f"sealed to the end, the least noticed kind: {lowest:.0f} percent")

# %% [markdown]
# ## 10. Encrypted archives
#
# A chain shows that a log was changed. It does not keep anybody from *reading* it, and archives lie around for years,
# on backup disks and in other people's data centers. **AES-256-GCM** encrypts and authenticates in one: a changed
# archive is refused, not decrypted to nonsense. It takes four things:
#
# - a **key** of 32 bytes. Keys are changed every so often, so the archive says *which* key it needs (its id, not the
#   key itself), and old keys stay on the ring as long as their archives live;
# - a **nonce** of 12 bytes that is never used twice with one key: take `os.urandom(12)`;
# - the **content**, compressed *before*, since encrypted bytes do not compress;
# - **associated data** that is not secret but must be right: here the header, and the archive's name, so that nobody
#   can pass Monday's archive off as Tuesday's.

# %%
MAGIC = b"SOC1"
KEYS = {"2026-02": hashlib.sha256(b"february").digest(),
        "2026-03": hashlib.sha256(b"march").digest()}


def header_of(key_id):
    """Return MAGIC, the length of the key's id in one byte, the id."""
    return MAGIC + bytes([len(key_id.encode())]) + key_id.encode()


print(header_of("2026-03"))

# %% exercise="encrypt_archive"
def encrypt_archive(content, name, key_id, keys):
    """Return content (bytes) as an encrypted archive (bytes).

    The archive is header_of(key_id), then a new random nonce of 12
    bytes, then what AES-GCM makes of the content, compressed by
    gzip.compress, under keys[key_id]. The associated data are the
    header followed by the archive's name in UTF-8.
    """
    # BEGIN SOLUTION
    header, nonce = header_of(key_id), os.urandom(12)
    sealed = AESGCM(keys[key_id]).encrypt(
        nonce, gzip.compress(content), header + name.encode())
    return header + nonce + sealed
    # END SOLUTION


# %% check="encrypt_archive"
dojo.check("encrypt_archive")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The archive has three pieces, one after the other. Which of them must the reader know before anything can be
# decrypted?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `AESGCM(key).encrypt(nonce, data, associated)` returns bytes that already hold the tag. The nonce must be stored
# beside them; it need not be secret.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `header, nonce = header_of(key_id), os.urandom(12)`, then
# `AESGCM(keys[key_id]).encrypt(nonce, gzip.compress(content), header + name.encode())`; return the three pieces joined.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.encryption` ([all topics](../quizzes/README.md))

# %% exercise="decrypt_archive"
def decrypt_archive(archive, name, keys):
    """Return the content of an encrypted archive.

    It finds the key by the id in the header. Raise a ValueError
    - that says "no archive" when it does not begin with MAGIC;
    - that says "key" and names the id when that key is not in `keys`;
    - that says "changed" when the archive, its header or its name is
      not what was encrypted, however it was changed or cut.
    """
    # BEGIN SOLUTION
    if len(archive) < 5 or archive[:4] != MAGIC:
        raise ValueError(f"{name} is no archive")
    start = 5 + archive[4]
    header, nonce = archive[:start], archive[start : start + 12]
    key_id = header[5:].decode(errors="replace")
    if key_id not in keys:
        raise ValueError(f"{name}: the key {key_id!r} is not on the ring")
    try:
        packed = AESGCM(keys[key_id]).decrypt(
            nonce, archive[start + 12 :], header + name.encode())
    except (InvalidTag, ValueError):
        raise ValueError(f"{name} was changed") from None
    return gzip.decompress(packed)
    # END SOLUTION


# %% check="decrypt_archive"
dojo.check("decrypt_archive")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Cut the archive where `encrypt_archive` joined it. The fifth byte says how long the key's id is.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `archive[4]` is a number; the header ends at `5 + archive[4]`, and the nonce 12 bytes later. AES-GCM raises
# `InvalidTag` for everything that does not fit, and `ValueError` when the nonce is cut short.
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `start = 5 + archive[4]`: `header = archive[:start]`, `nonce = archive[start : start + 12]`,
# `key_id = header[5:].decode(errors="replace")`. Look in `keys`; then
# `AESGCM(keys[key_id]).decrypt(nonce, archive[start + 12 :], header + name.encode())` in a `try`, and
# `gzip.decompress` what comes out.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.encryption` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
def opened(archive, name, keys):
    try:
        return f"{len(decrypt_archive(archive, name, keys))} bytes"
    except ValueError as error:
        return f"refused: {error}"


content = b"\n".join([b'{"message": "order 17 paid"}'] * 40)
old = encrypt_archive(content, "feb.gz.enc", "2026-02", KEYS)
print("old archive, both keys:", opened(old, "feb.gz.enc", KEYS))
print("as march's archive:", opened(old, "mar.gz.enc", KEYS))
del (ring := dict(KEYS))["2026-02"]
print("old key lost:", opened(old, "feb.gz.enc", ring))

# %%
# NBVAL_CHECK_OUTPUT
def flipped(data, n):
    return data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]


refused = sum("refused" in opened(flipped(old, n), "feb.gz.enc", KEYS)
              for n in range(len(old)))
print("one bit flipped, in each byte:",
      "all refused" if refused == len(old) else "NOT all refused")

# %% [markdown]
# ### In transit
#
# Archives rest; lines also travel, to a collector. There the encryption is TLS, and `ssl.create_default_context()`
# gets it right: it demands a certificate, from an authority it knows, for the name that was asked for, that is still
# valid. Each `verify=False` found in a hurry switches one of these off. Here are both ends of a connection, in
# memory.

# %%
import ssl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


# %%
def certificate(key, name, days):
    """Make a certificate for a server that ends in some days."""
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    today = datetime.now(UTC)
    return x509.CertificateBuilder(
        who, who, key.public_key(), x509.random_serial_number(),
        today - timedelta(days=90), today + timedelta(days=days), [],
    ).add_extension(names, critical=False).sign(key, hashes.SHA256())


# %%
def server_end(name, days, folder):
    """Return a server's context, and its certificate as text."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    shown = certificate(key, name, days).public_bytes(pem)
    path = Path(folder) / "server.pem"
    path.write_bytes(shown + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, shown.decode()


# %%
def handshake(client, server, asked_for):
    """Let both ends greet each other; return what comes of it."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(there, back, server_hostname=asked_for),
            server.wrap_bio(back, there, server_side=True)]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return "refused: " + error.verify_message.split(",")[0]
    return "accepted"


# %%
unchecked = ssl.create_default_context()
unchecked.check_hostname = False
unchecked.verify_mode = ssl.CERT_NONE

# %%
# NBVAL_CHECK_OUTPUT
for case, days, known, asked_for in (
        ("as it should be", 30, True, "logs.example"),
        ("unknown authority", 30, False, "logs.example"),
        ("another name", 30, True, "evil.example"),
        ("out of date", -1, True, "logs.example")):
    with tempfile.TemporaryDirectory() as folder:
        server, shown = server_end("logs.example", days, folder)
    client = ssl.create_default_context(cadata=shown if known else None)
    print(f"{case:18} {handshake(client, server, asked_for):32} without"
          f" checks: {handshake(unchecked, server, asked_for)}")

# %% [markdown]
# The last column is what `verify=False` buys: an encrypted connection to anybody at all.

# %% [markdown]
# ## 11. The audit trail
#
# The refund limit went from 50 to 5000 and back. In the log that was a sentence, `refund limit 50 -> 5000`, readable
# for people. An **audit event** says it in fields: who, did what, to which object, from what to what, and did it
# work? ECS has names for most of it; what changed in which object stands under `audit.`, which ECS leaves to you.
#
# A failed attempt is an event as well: somebody who may not change the limit and tries is news.

# %% exercise="changes_between"
def changes_between(before, after):
    """Return what differs between two states of an object, as a list.

    A state is a dict; None when the object did not exist. For each
    field that differs there is a dict with "field", its name; "from",
    its value before; "to", its value after. Where a state lacks the
    field, that key is left out. Each value goes through your
    redact_value under the field's name. They are sorted by field.
    """
    # BEGIN SOLUTION
    old, new = before or {}, after or {}
    changes = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            change = {"field": name}
            if name in old:
                change["from"] = redact_value(name, old[name])
            if name in new:
                change["to"] = redact_value(name, new[name])
            changes.append(change)
    return changes
    # END SOLUTION


# %% check="changes_between"
dojo.check("changes_between")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A changed password must appear as changed, and must not appear. In which order do you compare and redact?
# </details>
#
# <details><summary>Hint 2</summary>
#
# With `old, new = before or {}, after or {}` the missing state needs no special case any more. The names to look at are
# `sorted({*old, *new})`, and a field differs when `old.get(name) != new.get(name)`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each name that differs begin with `change = {"field": name}`; `if name in old:`, set `change["from"]` to
# `redact_value(name, old[name])`; the same with `new` and `"to"`; then append it.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.audit` ([all topics](../quizzes/README.md))

# %% exercise="audit_event"
def audit_event(user, action, target, before, after, outcome="success"):
    """Return the fields of an audit event as a dict.

    - "event.kind" is "event", "event.category" ["configuration"],
      "event.type" ["creation"] when before is None, ["deletion"] when
      after is None, else ["change"]; "event.action" is the action;
    - "event.outcome" is the outcome, "success" or "failure"; for any
      other, raise a ValueError;
    - "user.name" is the user, "audit.target.id" the target,
      "audit.changes" what changes_between says.
    """
    # BEGIN SOLUTION
    if outcome not in ("success", "failure"):
        raise ValueError(f"{outcome!r} is no outcome")
    kind = "creation" if before is None else "change"
    kind = "deletion" if after is None else kind
    return {"event.kind": "event", "event.category": ["configuration"],
            "event.type": [kind], "event.action": action,
            "event.outcome": outcome, "user.name": user,
            "audit.target.id": target,
            "audit.changes": changes_between(before, after)}
    # END SOLUTION


# %% check="audit_event"
dojo.check("audit_event")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# An empty state is a state: `{}` and `None` mean different things here.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Ask with `is None`. A category and a type are lists in ECS, since an event may have several.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `if outcome not in ("success", "failure"): raise ValueError(…)`. The type is `["creation"]` if `before is None`,
# `["deletion"]` if `after is None`, else `["change"]`. The rest is one dict.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.audit` ([all topics](../quizzes/README.md))

# %% exercise="who_changed_what"
def who_changed_what(events):
    """Return all changes in a list of events (dicts), oldest first.

    A change is one entry in the "audit.changes" of an event whose
    "event.outcome" is "success". It is a tuple (time, user, target,
    field, before, after): time is "@timestamp", target
    "audit.target.id"; before and after are None where the entry lacks
    "from" or "to". Sort by time; within one event the entries keep
    their order. Events without "audit.changes" are passed over.
    """
    # BEGIN SOLUTION
    changes = []
    for e in sorted(events, key=lambda e: e["@timestamp"]):
        if "audit.changes" in e and e["event.outcome"] == "success":
            for one in e["audit.changes"]:
                changes.append((e["@timestamp"], e["user.name"],
                                e["audit.target.id"], one["field"],
                                one.get("from"), one.get("to")))
    return changes
    # END SOLUTION


# %% check="who_changed_what"
dojo.check("who_changed_what")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Sort the events before you take them apart: times in this form sort as text.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two loops: over the events that are audit events and worked, and over the entries of each. `sorted(events, key=…)`
# makes a new list and leaves the old one alone.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each entry append `(e["@timestamp"], e["user.name"], e["audit.target.id"], one["field"], one.get("from"),
# one.get("to"))`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.audit` ([all topics](../quizzes/README.md))

# %%
def change(minute, *what, **more):
    record = made(minute, "shop.audit", "%s by %s", what[1], what[0])
    vars(record).update(audit_event(*what, **more))
    return format_record(record)


# %%
# NBVAL_CHECK_OUTPUT
trail = [*TRUE_LINES[:3], change(37, "rob", "set limit", "refunds",
                                 {"limit": 50}, {"limit": 5000}),
         change(46, "rob", "set limit", "refunds", {"limit": 5000},
                {"limit": 50, "password": "x1"}),
         change(39, "eve", "set limit", "refunds", {"limit": 5000},
                {"limit": 9000}, outcome="failure")]
for one in who_changed_what([json.loads(line) for line in trail]):
    print(*one)

# %% [markdown]
# ## 12. What may be deleted?
#
# Logs cost money, and logs with personal data *must* go after a time. But three things are stronger than age: an
# archive that has **not been shipped** to the central store exists only here; one under **legal hold** is evidence;
# and a rule by size alone would delete last night's attack because somebody flooded the log.
#
# So deletion is a decision of its own: first choose, then show, then remove.

# %%
DAY = 86_400


class Archive(NamedTuple):
    name: str
    closed: int  # when, in seconds
    size: int  # bytes
    shipped: bool = True
    held: bool = False


# %%
class Rule(NamedTuple):
    """What is None sets no limit."""

    max_age: int | None = None  # seconds since it was closed
    max_files: int | None = None
    max_bytes: int | None = None


# %% exercise="choose_expired"
def choose_expired(archives, rule, now):
    """Return the archives that may be removed, the oldest first.

    An archive has expired when
    - now - closed is more than rule.max_age, or
    - it is not among the rule.max_files newest archives, or
    - it and all newer archives together have more than rule.max_bytes.
    Archives that are held, or not shipped, count in all of this, but
    they are never chosen. The archives come in any order.
    """
    # BEGIN SOLUTION
    chosen, total = [], 0
    newest = sorted(archives, key=lambda a: a.closed, reverse=True)
    for place, one in enumerate(newest, 1):
        total += one.size
        expired = any(limit is not None and value > limit
                      for value, limit in ((now - one.closed, rule.max_age),
                                           (place, rule.max_files),
                                           (total, rule.max_bytes)))
        if expired and one.shipped and not one.held:
            chosen.append(one)
    return chosen[::-1]
    # END SOLUTION


# %% check="choose_expired"
dojo.check("choose_expired")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go from the newest to the oldest: then "among the newest" is a place in the list, and "it and all newer ones" a sum
# that grows.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A limit of `None` means no limit, and a limit of 0 is one: ask `limit is not None`. Add to the sum before you decide
# about holds, since held archives count too.
# </details>
#
# <details><summary>Hint 3</summary>
#
# In `for place, one in enumerate(newest, 1):` compare three pairs, `(now - one.closed, rule.max_age)`,
# `(place, rule.max_files)` and `(total, rule.max_bytes)`, with `limit is not None and value > limit`. Append when it
# has expired, is shipped and is not held; return the list reversed.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.retention` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
kept = [Archive(f"shop.{n}", NIGHT - n * DAY, 4_000_000, shipped=n != 5,
                held=n == 6) for n in range(1, 9)]
for rule in (Rule(max_age=6 * DAY), Rule(max_files=3),
             Rule(max_bytes=10_000_000)):
    names = [one.name for one in choose_expired(kept, rule, NIGHT)]
    print(rule, "\n   removes", *names)

# %% [markdown]
# shop.5 was never shipped and shop.6 is evidence: no rule touches them.
#
# Deleting has one more trap: the copy on last month's backup tape. **Crypto-shredding** is the way out. Archives
# that must vanish together (one month, one customer) get a key of their own, and when their time is up, you destroy
# *the key*. Every copy, wherever it lies, is noise from then on. `decrypt_archive` has already shown you what that
# looks like: `the key '2026-02' is not on the ring`. It is also why keys need backups of their own and an owner: lose
# one by accident, and you have shredded.

# %% [markdown]
# ## Summary
#
# - Redact the finished message, every extra and the whole exception; a filter on `record.msg` misses most of it.
# - Measure leaks *and* false hits, and let a cheap pre-filter pay for the common case.
# - Set the mode where the file is opened: each rotation opens a new one. Modes are sets of bits.
# - A hash chain finds every clumsy change and names the line. Who can write the file can also chain it anew.
# - Signed checkpoints need a key that the forger lacks; a witness needs only a memory that the forger cannot reach.
# - What was written since the last checkpoint is not yet protected. Sign when a log is closed.
# - Encrypt archives with an authenticated cipher, the key's id in the header, and the name bound to the content.
# - An audit event names who, what, before, after and outcome. Retention chooses first, and never what is held or not
#   shipped.

# %% [markdown]
# ## In production
#
# logdojo's own setup does all of this in a running service; `LogSettings` switches it on:
#
# - [redaction](../src/logdojo/logsetup/redaction/__init__.py) on every handler, also on those of other libraries, with
#   a pre-filter of a few microseconds;
# - [files](../src/logdojo/logsetup/files/handler.py) that keep their mode through rotation, compression and
#   encryption;
# - a chain that goes on over rotations and restarts and with several processes, signed checkpoints, and a witness
#   ([integrity](../src/logdojo/logsetup/integrity/__init__.py));
# - archives under AES-256-GCM and a ring of keys ([encryption](../src/logdojo/logsetup/encryption/__init__.py)): each
#   archive has a key of its own, wrapped by one of the ring, so that a change of keys rewrites no content;
# - [audit events](../src/logdojo/logsetup/audit/event.py) that no level can switch off, and
#   [retention](../src/logdojo/logsetup/retention/rule.py) that writes down what it removed.
#
# In a terminal: `logdojo logs seal` signs and `logdojo logs verify` names what was done to a log; `review` reports
# modes, owners, gaps and who changed what; `retain` removes by rule, `encrypt` and `decrypt` turn archives, `ship`
# sends on. Here is your night in it, and rob again:

# %% tags=["measure"]
from logdojo.logsetup.files.handler import LogFileHandler
from logdojo.logsetup.integrity import Chain
from logdojo.logsetup.integrity.keys import new_signing_key
from logdojo.logsetup.integrity.sealer import Sealer
from logdojo.logsetup.integrity.verify import verify

with tempfile.TemporaryDirectory() as folder:
    log, key = Path(folder) / "shop.jsonl", new_signing_key()
    with contextlib.closing(LogFileHandler(log, chain=Chain())) as file:
        for record in night():
            file.handle(record)
    Sealer(log, key).checkpoint()
    log.write_bytes(log.read_bytes().replace(b'"rob"', b'"will"'))
    for finding in verify(log, [key.public]).findings:
        print(finding)

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. How do you keep passwords and tokens out of a log? Where do they hide?
# 2. Your redaction takes 30 µs a record. What do you do?
# 3. A rotated log file is suddenly readable for everybody. Why, and what mends it?
# 4. Somebody says: "our log has a hash chain, so it cannot be forged." What do you answer?
# 5. How do you notice that the end of a log was cut off?
# 6. Which log lines can an attacker still change in a log with signed checkpoints?
# 7. An encrypted archive from last year must be read. What has to be in place?
# 8. A customer asks you to delete everything about them. What about the backups?
#
# More of them, with key points and model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell,
# `from logdojo.widgets import quiz` and `quiz.ask(objective="log.integrity")`.
#
# ## Further reading
#
# - [OWASP Logging Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html): what must
#   not be in a log
# - [CWE-532](https://cwe.mitre.org/data/definitions/532.html): sensitive data in log files
# - B. Schneier and J. Kelsey, *Secure Audit Logs to Support Computer Forensics*, 1999: a key that changes with each
#   record, so that a key stolen today cannot re-seal yesterday
# - [RFC 9162](https://www.rfc-editor.org/rfc/rfc9162): certificate transparency, signed logs with witnesses at work
# - [NIST SP 800-38D](https://csrc.nist.gov/pubs/sp/800/38/d/final): GCM, and why a nonce must not repeat
# - NIST SP 800-92, *Guide to Computer Security Log Management*
#
# **Next:** lab 05 reads logs of many sources into one store.
