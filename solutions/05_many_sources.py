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
# # Lab 05: Many sources, one store
#
# **120 minutes · moderate · 2 CPU cores, no network · lab 01, some SQL; lab 03 helps**
#
# At the end you will be able to
#
# - bring five formats into one store, each line once, also through a rotation and a kill;
# - ask what one address did everywhere, who sat behind it, and draw a dashboard's numbers yourself;
# - ship to Elasticsearch and to Splunk, and know what their answers promise and what they do not;
# - find the root cause of an outage in a log, and repair the caller;
# - say which of seven thousand events to look at first, with reasons, and measure how often you are right.
#
# In an interview you will be able to answer *how do you manage logs from many sources*, *how do you decide which logs
# to watch live* and *tell me about a time when logs found the problem*.

# %%
import hashlib
import json
import random
import re
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from logdojo import dojo

dojo.lab("05_many_sources")

# %%
import duckdb
import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
from logdojo.course.incident import INCIDENT, SOURCES, incident_day
from logdojo.parse import parse_line
from logdojo.settings import Settings
from logdojo.widgets.theme import LIGHT, themed

SMOKE = Settings().profile == "smoke"

# %% [markdown]
# ## The problem: five files, one intruder
#
# It is Monday, 13:30. The cloud has raised an alarm: a new access key was made with nora's account, from an address that
# nobody knows. Five devices of a small company have written logs all day: a firewall, the SSH servers, the web servers,
# the cloud, and the proxy over which everything inside goes out. The day is simulated, so the truth about each line is
# known; you will need it at the end.

# %%
day = incident_day(seed=5)
KIND = {form: source for source, form in SOURCES.items()}
folder = Path(tempfile.mkdtemp(prefix="lab05-"))
for source in SOURCES:
    lines = [one.line for one in day if KIND[one.format] == source]
    path = folder / f"{source}.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.name:13} {len(lines):5,}  {lines[100][:57]}")

# %% [markdown]
# What did the address do, everywhere? The tool that everybody knows is `grep`:

# %%
# NBVAL_CHECK_OUTPUT
SUSPECT = next(one.slots["source.ip"] for one in day
               if one.slots.get("event.action") == "CreateAccessKey"
               and one.scenario == INCIDENT)
found = []
for source in SOURCES:
    lines = (folder / f"{source}.log").read_text("utf-8").splitlines()
    hits = [line for line in lines if SUSPECT in line]
    found += hits
    print(f"grep -c {SUSPECT} {source + '.log':13} {len(hits):3}  "
          f"{hits[0][:33]}")

# %% [markdown]
# 75 lines in five dialects, and not one question answered. (Not even that number is right: `grep` compares letters, and
# one of the lines is about 198.19.198.*137*.) Which came first? There are five ways to write a time, and `sort` knows
# none of them:

# %%
# NBVAL_CHECK_OUTPUT
truth = {one.line: one.time for one in day}
times = [truth[line] for line in sorted(found)]
places = sorted(times)
wrong = sum(a != b for a, b in zip(times, places))
print(f"after `sort`, {wrong} of {len(found)} lines stand in a wrong place")
for line in sorted(found)[::18]:
    print("·", line[:70])

# %% [markdown]
# And who was it? The firewall writes no names, the proxy writes the address of a *server*, and `nora` may be nora or
# somebody with her password. The answer is in the files, but it lies *between* them.
#
# What is needed is old and simple: **one time, one set of names, one place.** You build it in this lab, small but whole.

# %% [markdown]
# ## 1. One time
#
# | source | writes | trap |
# |---|---|---|
# | proxy | `1736169069.369` | seconds since 1970: good for machines, bad for eyes |
# | cloud | `2025-01-06T13:15:00Z` | none: this is how it should be |
# | web | `06/Jan/2025:14:15:00 +0100` | its own order, and a zone that must be counted |
# | sshd | `Jan  6 13:15:00` | **no year and no zone** |
#
# The last one is no accident of history but the classic syslog header (RFC 3164), still written by half the world's
# machines. The year has to come from somebody who was there: the collector knows when it *received* the line. A line
# cannot be from the future, a clock that is an hour fast excepted. In the night to the first of January this is the
# difference between "just now" and "a year ago".

# %% exercise="event_time"
def event_time(text, received):
    """Return the moment that a text names: a datetime in UTC.

    The text is one of
    - digits, perhaps with a fraction: seconds since 1970 in UTC;
    - ISO 8601 with a "T" and a zone, such as 2025-01-06T14:00:00+01:00;
    - 06/Jan/2025:14:00:00 +0100, as web servers write it;
    - Jan  6 14:00:00, in UTC and without a year. Take the latest year
      that makes no moment more than a day after `received` (a datetime
      in UTC). Feb 29 is only in years that have one.
    What comes with another zone is converted to UTC.
    """
    # BEGIN SOLUTION
    if re.fullmatch(r"[\d.]+", text):
        return datetime.fromtimestamp(float(text), UTC)
    if "T" in text:
        return datetime.fromisoformat(text).astimezone(UTC)
    if "/" in text:
        form = "%d/%b/%Y:%H:%M:%S %z"
        return datetime.strptime(text, form).astimezone(UTC)
    for year in range(received.year + 1, received.year - 9, -1):
        try:
            moment = datetime.strptime(f"{year} {text} +0000",
                                       "%Y %b %d %H:%M:%S %z")
        except ValueError:
            continue
        if moment <= received + timedelta(days=1):
            return moment.astimezone(UTC)
    # END SOLUTION


# %% check="event_time"
dojo.check("event_time")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four cases, and each can be told by one look: only digits, a `T`, a `/`, or none of these.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `datetime.fromtimestamp(…, UTC)` for the first, `datetime.fromisoformat` for the second, `datetime.strptime` with `%z`
# for the third; `.astimezone(UTC)` converts. For the last, try the years from `received.year + 1` down.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `datetime.strptime(f"{year} {text} +0000", "%Y %b %d %H:%M:%S %z")`, and the first moment that is
# `<= received + timedelta(days=1)` is the one. 29 February raises a `ValueError` in most years: go on to the next one.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
midnight = datetime(2025, 1, 1, 0, 0, 5, tzinfo=UTC)
for text in ("1736169069.369", "2025-01-06T14:15:00+01:00",
             "06/Jan/2025:14:15:00 +0100", "Jan  6 13:15:00",
             "Dec 31 23:59:58", "Jan  1 00:00:04", "Feb 29 12:00:00"):
    print(f"{text:27} {event_time(text, midnight).isoformat(' ')}")

# %% [markdown]
# ## 2. One set of names
#
# `src`, `srcip`, `id.orig_h`, `sourceIPAddress`, `client`: every vendor has a word of its own for the same thing. A
# query that must know them all is never written. So each line is **normalized** once, when it comes in, to the names of
# the [Elastic Common Schema](https://www.elastic.co/docs/reference/ecs) that you know from lab 01: `source.ip`,
# `user.name`, `event.outcome`. What one vendor calls `403` and another `AccessDenied` both becomes `failure`.
#
# logdojo reads four of the five formats for you. The proxy is yours. Squid writes ten words a line:
#
#     1736122518.181  46 10.10.1.143 TCP_MISS/200 4868 GET http://www.shop.example/a ismael HIER_DIRECT/198.19.1.2 -
#
# time, milliseconds, client, result/status, bytes, method, address, user, way/server, kind of content. A `-` stands for
# nothing.

# %% exercise="parse_proxy"
def parse_proxy(line):
    """Return a line of the proxy as a flat dict of ECS names.

    "@timestamp" (event_time's, as .isoformat() writes it), "source.ip",
    "destination.ip" (the server behind the slash), "user.name",
    "http.request.method", "url.original", and as numbers
    "http.response.status_code" and "http.response.bytes";
    "event.dataset": "squid.access", "event.kind": "event", and
    "event.outcome": "failure" from status 400 on, else "success".
    A field whose value is "-" is not in the dict.

    A line that has not these ten words, or no number where one must be,
    gives {"event.kind": "pipeline_error", "error.message": why}, and no
    exception. "event.original" is the line, in both cases.
    """
    # BEGIN SOLUTION
    try:
        when, _, client, code, size, method, url, user, way, _ = line.split()
        status = int(code.split("/")[1])
        event = {"@timestamp": event_time(when, None).isoformat(),
                 "source.ip": client, "destination.ip": way.split("/")[1],
                 "user.name": user, "http.request.method": method,
                 "url.original": url, "http.response.bytes": int(size),
                 "http.response.status_code": status,
                 "event.dataset": "squid.access", "event.kind": "event",
                 "event.outcome": "failure" if status >= 400 else "success"}
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        event = {"event.kind": "pipeline_error", "error.message": str(error)}
    event["event.original"] = line
    return {name: value for name, value in event.items() if value != "-"}
    # END SOLUTION


# %% check="parse_proxy"
dojo.check("parse_proxy")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `line.split()` without an argument takes any run of blanks. Ten names on the left side of the `=` take ten words, or
# raise a `ValueError`, and that is already half of the error handling.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `int(code.split("/")[1])` is the status. Put everything that can fail into one `try`, and what is wrong with a foreign
# line, such as a missing slash, into the `except`: `ValueError`, `IndexError`, `AttributeError`, `TypeError`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `when, _, client, code, size, method, url, user, way, _ = line.split()`; build the dict with all fields; in the
# `except`, `event = {"event.kind": "pipeline_error", "error.message": str(error)}`; then set `event["event.original"]`
# and return `{name: value for name, value in event.items() if value != "-"}`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %% [markdown]
# A rejected line is **kept** and marked, never dropped: the day on which a vendor changes its format is the day on which
# you want to count rejects. How good is the parser? The simulator knows what stands in each line:

# %%
RECEIVED = datetime(2025, 1, 7, tzinfo=UTC)


def read_event(source, line):
    """Return a line of any of the five sources as flat ECS names."""
    if source == "proxy":
        return parse_proxy(line)
    event = parse_line(line).flat()
    if event.get("logdojo.time.year_inferred"):
        # The library had to guess from today's clock; we know better.
        event["@timestamp"] = event_time(line[:15], RECEIVED).isoformat()
    return event


# %%
# NBVAL_CHECK_OUTPUT
right, wanted, late = Counter(), Counter(), Counter()
for one in day:
    source = KIND[one.format]
    event = read_event(source, one.line)
    wanted[source] += len(one.slots)
    right[source] += sum(str(event.get(name)).lower() == str(value).lower()
                         for name, value in one.slots.items())
    moment = datetime.fromisoformat(event["@timestamp"]).timestamp()
    late[source] = max(late[source], abs(moment - one.time))
for source in SOURCES:
    print(f"{source:9} {right[source] / wanted[source]:6.1%} of the fields,"
          f" time off by {late[source]:.1f} s at most")

# %% [markdown]
# ## 3. Each line once
#
# A collector follows a file that grows. Every few minutes or megabytes the file is **rotated**: renamed to `auth.log.1`,
# and a new one begins under the old name. And the collector itself is killed and started again, by an update or by the
# kernel. It must then go on where it stopped. Where was that?
#
# - *Line number or byte offset*: worthless when the file under the name is another one by now.
# - *Inode number*: names the file itself, until it is deleted and the next file gets the same number.
# - *Fingerprint of the beginning and an offset*: the first line holds a time and a port; no two files begin alike.

# %%
def fingerprint(path):
    """Return a name for a file by its first line; "" while it has none."""
    with open(path, "rb") as file:
        first = file.readline()
    whole = first.endswith(b"\n")
    return hashlib.sha256(first).hexdigest()[:16] if whole else ""


# %% exercise="read_new"
def read_new(path, place):
    """Return what is new in a log that is rotated: (found, place).

    place is (fingerprint, offset in bytes) of what was read so far;
    ("", 0) at the very beginning. path.1, where it exists, is the file
    before path (f"{path}.1").

    found is a list of (fingerprint, offset, line), oldest first: the
    rest of the file that place names, then the file after it. The
    offset is where the line begins. A line is text (UTF-8, with
    errors="surrogateescape") without its line end; one that has no line
    end yet is not whole, and not taken. When place names neither file,
    both are new from their beginning.

    The new place is behind the last line taken, or the old place when
    there was none.
    """
    # BEGIN SOLUTION
    files = [one for one in (f"{path}.1", path) if Path(one).exists()]
    names = [fingerprint(one) for one in files]
    name, offset = place
    known = name != "" and name in names
    first, offset = (names.index(name), offset) if known else (0, 0)
    found = []
    for file, name in list(zip(files, names))[first:]:
        *lines, _ = Path(file).read_bytes()[offset:].split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "surrogateescape")
            found.append((name, offset, text))
            offset += len(line) + 1
            place = (name, offset)
        offset = 0
    return found, place
    # END SOLUTION


# %% check="read_new"
dojo.check("read_new")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# List the files that exist, oldest first, and their fingerprints. If the place's fingerprint is one of them, begin
# there, at its offset; if not, begin with the first file at 0. Every file after that one is read from 0.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Count in bytes, not in letters: read with `read_bytes()`, cut at `b"\n"`, add `len(line) + 1`, and decode at the end.
# `splitlines()` would cut at other signs too. And a fingerprint of `""` names no file: ("", 0) is the very beginning.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `*lines, _ = Path(file).read_bytes()[offset:].split(b"\n")` gives the whole lines, and what is not whole in `_`. For
# each: append `(name, offset, line.decode("utf-8", "surrogateescape"))`, then `offset += len(line) + 1` and
# `place = (name, offset)`. After each file `offset = 0`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Once, whatever happens
#
# A collector does two things: store the lines, and write down its place. A kill can come in between.
#
# - Place first: what was read and not stored is **lost**.
# - Store first: what was stored is read again, and stored **twice**.
#
# There is no third order. The way out is to make the second time harmless: each event gets an **id that is computed from
# what it is**, and the store takes each id once. Then storing is *idempotent*: done twice, it is as done once.

# %% exercise="event_id"
def event_id(source, name, offset, line):
    """Return the id of a line: 32 letters of 0-9 and a-f.

    The same source, name (a fingerprint), offset and line give the same
    id, in every process and on every machine. Any other line, also one
    with the same text at another place, has another one.

    A line may hold what is no UTF-8: its odd bytes are then surrogates,
    which .encode("utf-8", "surrogateescape") turns back into bytes.
    """
    # BEGIN SOLUTION
    named = "\0".join((source, name, str(offset), line))
    data = named.encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()[:32]
    # END SOLUTION


# %% check="event_id"
dojo.check("event_id")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A hash function of `hashlib` over bytes that hold all four. Python's own `hash()` gives other numbers in each process,
# and `uuid4` in each call.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Put something between the four that cannot be in them: without it, offset 1 and a line `2x` look like offset 12 and a
# line `x`. `"\0"` is good, or `json.dumps([…])`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `"\0".join((source, name, str(offset), line)).encode("utf-8", "surrogateescape")`, then
# `hashlib.sha256(…).hexdigest()[:32]`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %% [markdown]
# Try it: a log is written and rotated twice, and the collector is killed again and again, between its two steps or after
# them. (A kill is played here by jumping out; logdojo's own tests use `kill -9`.)

# %%
def survive(order, seed):
    """Return (lost, doubled) of 400 lines under one order of steps."""
    dice, place, stored = random.Random(seed), ("", 0), []
    path = folder / f"{order.replace(' ', '-')}-{seed}.log"
    for number in range(400):
        with path.open("a") as file:
            file.write(f"{number} " + "x" * dice.randrange(9) + "\n")
        if dice.random() < 0.1 or number in (149, 299, 399):
            place = one_round(order, path, place, stored, dice)
        if number in (150, 300):
            path.replace(f"{path}.1")
    place = one_round(order, path, place, stored, random.Random(1))
    kept = stored if order != "store first, ids" else dict(stored).items()
    count = Counter(line for _, line in kept)
    return 400 - len(count), sum(count.values()) - len(count)


# %%
def one_round(order, path, place, stored, dice):
    """Read and store once, perhaps killed in between; return the place."""
    found, behind = read_new(path, place)
    events = [(event_id("test", *one), one[2]) for one in found]
    killed = dice.random() < 0.15
    if order == "place first" and killed:
        return behind
    stored += events
    return place if killed and order != "place first" else behind


# %%
ORDERS = ("place first", "store first", "store first, ids")
faults = {order: np.sum([survive(order, seed) for seed in range(10)], axis=0)
          for order in ORDERS}
for order, (lost, doubled) in faults.items():
    print(f"{order:17} of 4,000 lines {lost:4} lost, {doubled:5} doubled")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for n, (name, hatch) in enumerate((("lost", ""), ("doubled", "//"))):
        places = [row + 0.4 * n for row in range(len(faults))]
        bars = axes.barh(places, [one[n] for one in faults.values()], 0.36,
                         label=name, hatch=hatch, color=LIGHT.series[1 + n])
        axes.bar_label(bars, padding=3)
    axes.set_yticks([row + 0.2 for row in range(len(faults))], faults)
    axes.set(xlabel="of 4,000 lines")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    dojo.show(figure, "With the place first, lines are lost; with the store"
              " first, lines are doubled; with ids neither happens.")

# %% [markdown]
# **What the plot shows.** Neither order is safe; the one that stores first loses nothing, and the ids take away what it
# doubles. "Exactly once" is always made of these two parts: *at least once*, and a receiver that knows what it has. You
# will see it twice more below.

# %% [markdown]
# ## 4. One place
#
# The store is DuckDB: one file, SQL, columns. Each event gets **tags**, which say what the collector knows and the line
# does not: its source, whose it is, how severe, and who may see it. Secrets do not get in at all: `redact_text` is yours
# from lab 04.

# %%
from my_soc import redact_text

TAGS = {  # source: tenant, who may see it
    "firewall": ("network", "internal"), "sshd": ("servers", "personal"),
    "web": ("shop", "internal"), "cloud": ("cloud", "restricted"),
    "proxy": ("office", "personal")}
TEXTS = ("id source tenant sensitivity source_ip destination_ip "
         "user_name host action outcome line").split()
COLUMNS = pa.schema([*((name, pa.string()) for name in TEXTS),
                     ("severity", pa.int64()), ("time", pa.timestamp("us"))])


# %%
ECS = {"source_ip": "source.ip", "destination_ip": "destination.ip",
       "user_name": "user.name", "host": "host.name",
       "outcome": "event.outcome"}


def row_of(source, name, offset, line):
    """Return a line as a row of the store, with its id and its tags."""
    event = read_event(source, line)
    row = {column: event.get(field) for column, field in ECS.items()}
    moment = event.get("@timestamp")
    row["time"] = moment and datetime.fromisoformat(moment).replace(
        tzinfo=None)  # UTC, as everything in the store
    row["action"] = event.get("event.action") or event.get("url.original")
    return row | tagged(source, event) | {
        "id": event_id(source, name, offset, line), "line": redact_text(line)}


# %%
def tagged(source, event):
    """Return the tags of an event."""
    tenant, sensitivity = TAGS[source]
    usual = 4 if event.get("event.outcome") == "failure" else 6
    return {"source": source, "tenant": tenant, "sensitivity": sensitivity,
            "severity": event.get("log.syslog.severity.code", usual)}


def new_store():
    """Return a connection to an empty store in memory."""
    con = duckdb.connect()
    con.execute("CREATE TABLE events (id VARCHAR PRIMARY KEY, " + ", ".join(
        f"{one} VARCHAR" for one in TEXTS[1:])
        + ", severity BIGINT, time TIMESTAMP)")
    return con


# %% [markdown]
# A database that stores columns hates single rows: each statement has a price, whether it carries one row or ten
# thousand. So rows come in **batches**, as an Arrow table: `pa.Table.from_pylist(rows, COLUMNS)`. DuckDB reads a Python
# variable by its name, `SELECT * FROM batch`; `INSERT … BY NAME` goes by the columns' names and not by their order; and
# `ON CONFLICT DO NOTHING` leaves alone what is there.

# %% exercise="append"
def append(con, rows):
    """Store rows (a list of dicts) that are not there yet; return how many.

    Goes into the table events with one INSERT for all rows. A row whose
    id is in the table already, or comes twice in rows, is stored once,
    and what is stored already stays as it is. A column that a row lacks
    is NULL. Without rows the store is not asked at all.
    """
    # BEGIN SOLUTION
    if not rows:
        return 0
    batch = pa.Table.from_pylist(rows, COLUMNS)
    con.register("batch", batch)
    return con.execute("INSERT INTO events BY NAME SELECT * FROM batch "
                       "ON CONFLICT DO NOTHING").fetchone()[0]
    # END SOLUTION


# %% check="append"
dojo.check("append")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make the Arrow table, then one `con.execute("INSERT …")`. Its `fetchone()` says how many rows went in.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `INSERT OR REPLACE` would write over what is there, together with everything that somebody has noted on it since;
# `ON CONFLICT DO NOTHING` does not.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `batch = pa.Table.from_pylist(rows, COLUMNS)`, `con.register("batch", batch)`, and
# `con.execute("INSERT INTO events BY NAME SELECT * FROM batch ON CONFLICT DO NOTHING").fetchone()[0]`. Before that,
# `if not rows: return 0`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
store = new_store()
for again in ("first time", "once more, from the start"):
    new = {}
    for source in SOURCES:
        found, _ = read_new(folder / f"{source}.log", ("", 0))
        new[source] = append(store, [row_of(source, *one) for one in found])
    print(f"{again:26}", new)
for *tags, events, worst in store.execute("""
        SELECT source, tenant, sensitivity, count(*), min(severity)
        FROM events GROUP BY ALL ORDER BY ALL""").fetchall():
    print(" · ".join(tags), f"· {events:,} events, most severe: {worst}")

# %% tags=["measure"]
def speed(size):
    """Return rows a second, appended `size` at a time."""
    con, rows = new_store(), [{"id": str(n)} for n in range(20 * size)]
    start = time.perf_counter()
    for first in range(0, len(rows), size):
        append(con, rows[first:first + size])
    return len(rows) / (time.perf_counter() - start)


sizes = (1, 10, 100, 1_000) if SMOKE else (1, 10, 100, 1_000, 10_000)
speeds = {size: speed(size) for size in sizes}
for size, rows in speeds.items():
    print(f"{size:6,} rows at a time {rows:10,.0f} rows a second")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
    axes.loglog(list(speeds), list(speeds.values()), "o-",
                color=LIGHT.series[2])
    for size, rows in speeds.items():
        axes.annotate(f"{rows:,.0f}", (size, rows), (8, -12),
                      textcoords="offset points")
    axes.set(xlabel="rows in one append", ylabel="rows a second")
    axes.margins(0.15)
    axes.grid(axis="y")
    dojo.show(figure, "Rows stored in a second grow with the size of the"
              " batch, at first nearly in proportion.")

# %% [markdown]
# **What the plot shows.** Each append has a fixed price, so ten rows cost about as much as one. From some thousand on,
# the rows themselves are what costs. A batch also fails or succeeds as a whole, and the ids make a second try harmless.

# %% [markdown]
# ## 5. Questions across sources
#
# Now the question from the beginning. The address stands in *two* roles: the firewall sees it as a source, the proxy as
# a destination. And not everyone may see everything: that is what the tag `sensitivity` is for.

# %% exercise="timeline"
def timeline(con, address, may_see):
    """List what an address did and what was done to it, in order of time.

    Returns (time, source, user_name, action, outcome) of each event whose
    source_ip or destination_ip is the address, and whose sensitivity is
    one of may_see (a set of texts); oldest first, at the same time by id.

    address comes from people: whatever it holds, it is a value and never
    a part of the SQL.
    """
    # BEGIN SOLUTION
    return con.execute("""
        SELECT time, source, user_name, action, outcome FROM events
        WHERE (source_ip = ? OR destination_ip = ?)
          AND list_contains(?, sensitivity)
        ORDER BY time, id""", [address, address, list(may_see)]).fetchall()
    # END SOLUTION


# %% check="timeline"
dojo.check("timeline")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One `SELECT` with two conditions. Write `?` where a value belongs, and give the values as a list to `execute`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `AND` binds closer than `OR`: put the two addresses into parentheses, or the second condition guards only half of the
# answer. `list_contains(?, sensitivity)` asks whether a value is in a list.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `WHERE (source_ip = ? OR destination_ip = ?) AND list_contains(?, sensitivity) ORDER BY time, id`, with
# `[address, address, list(may_see)]`, and `.fetchall()` at the end.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %%
ALL = {"internal", "personal", "restricted"}
steps = timeline(store, SUSPECT, ALL)
seen = None
for moment, source, user, action, outcome in steps:
    if (source, user, outcome) != seen:
        print(f"{moment:%H:%M:%S} {source:9} {user or '-':9} "
              f"{outcome or '-':8} {action[:32] if action else '-'}")
    seen = (source, user, outcome)
print(len(steps), "events;", len(timeline(store, SUSPECT, {"internal"})),
      "of them for who may see internal logs alone")

# %% [markdown]
# Read it aloud, it is a story: odd pages, closed ports, guessed names, then nora's password; data that leaves a server
# of ours by way of the proxy; and then the cloud, with nora's key. No single file tells it.
#
# And the first line, at 09:57? Somebody in the office opened a page on that machine. An address may have been anybody's
# in the morning.
#
# **First seen** is the next question that every analyst asks. `arg_min(source, time)` is the source of the earliest
# event. Addresses from outside, in more than three sources, and not for long:

# %%
# NBVAL_CHECK_OUTPUT
for address, first, place, sources, stayed in store.execute("""
        SELECT source_ip, min(time), arg_min(source, time),
            count(DISTINCT source) AS sources, max(time) - min(time) AS stay
        FROM events WHERE source_ip NOT LIKE '10.%' GROUP BY source_ip
        HAVING sources > 3 AND stay < INTERVAL 4 HOUR
        ORDER BY sources DESC, source_ip""").fetchall():
    print(f"{address:15} first seen {first:%H:%M} in {place}, in {sources} "
          f"sources, for {stayed.total_seconds() / 60:.0f} minutes")

# %% [markdown]
# **Who was it?** A firewall writes no names. But somebody signed in from that address not long ago, and another log
# wrote it down. Joining *each event with the last sign-in before it* is called an **as-of join**, and DuckDB has it
# built in:
#
#     SELECT … FROM a ASOF JOIN b ON a.key = b.key AND a.time >= b.time
#
# gives for each row of `a` the one latest row of `b` that is not later.

# %% exercise="who_was"
def who_was(con, hours):
    """Say who sat behind the events that have no user: {id: user_name}.

    An event without user_name is given the user of the latest event with
    the same source_ip that has a user_name and outcome "success", at the
    same time or before, at most `hours` (a whole number) ago. A failed
    sign-in proves nothing. Events for which there is none are left out.
    """
    # BEGIN SOLUTION
    return dict(con.execute("""
        SELECT e.id, u.user_name FROM events e ASOF JOIN
            (SELECT source_ip, time, user_name FROM events
             WHERE user_name IS NOT NULL AND outcome = 'success') u
        ON e.source_ip = u.source_ip AND e.time >= u.time
        WHERE e.user_name IS NULL AND e.time - u.time <= to_hours(?)
        """, [hours]).fetchall())
    # END SOLUTION


# %% check="who_was"
dojo.check("who_was")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Right side of the join: only events that prove something, a user and a success. Left side: all events; `WHERE` keeps
# those without a user.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The limit belongs into the `WHERE`: `e.time - u.time <= to_hours(?)`. An ordinary join on `source_ip` would give every
# earlier user, and people change seats.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `FROM events e ASOF JOIN (SELECT source_ip, time, user_name FROM events WHERE user_name IS NOT NULL AND outcome =
# 'success') u ON e.source_ip = u.source_ip AND e.time >= u.time`, the `WHERE` as above and with
# `e.user_name IS NULL`; `dict(….fetchall())` makes pairs a dict.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.central` ([all topics](../quizzes/README.md))

# %%
for hours in (1, 8, 24):
    names = who_was(store, hours)
    rows = store.execute("SELECT id, source FROM events "
                         "WHERE user_name IS NULL").fetchall()
    known = Counter(source for one, source in rows if one in names)
    every = Counter(source for _, source in rows)
    print(f"{hours:2} h:", ", ".join(
        f"{source} {known[source] / every[source]:.0%} named"
        for source in sorted(every)))

# %% [markdown]
# The longer the time, the more events get a name, and the more of the names are wrong: addresses are shared, and handed
# out anew. Evidence by join is a lead, not a proof. Say "from the address that nora had used 20 minutes before".

# %% [markdown]
# ## 6. A dashboard is three aggregations
#
# Kibana, Grafana, Splunk: behind every dashboard there are three questions. *How many in each piece of time?* (a **date
# histogram**), *which are the most?* (**top n**), *which with which?* (a **heat map**). The first has a trap: a piece of
# time in which nothing happened gives no row, and a line drawn over the rows hides the hole. But silence is a finding:
# a log that stops may have been stopped.

# %% exercise="date_histogram"
def date_histogram(con, minutes, since, until):
    """Count events by piece of time and source: [(start, {source: n})].

    The pieces are `minutes` long and follow each other from `since` on
    (both datetimes without a zone, as the store's); events at `until` or
    later do not count. Every piece that begins before `until` is there,
    in order, also one in which nothing happened: its dict is empty.
    """
    # BEGIN SOLUTION
    counts = con.execute("""
        SELECT time_bucket(to_minutes(?), time, ?::TIMESTAMP) AS start,
            source, count(*) FROM events WHERE time >= ? AND time < ?
        GROUP BY ALL""", [minutes, since, since, until]).fetchall()
    pieces, start = {}, since
    while start < until:
        pieces[start] = {}
        start += timedelta(minutes=minutes)
    for start, source, count in counts:
        pieces[start][source] = count
    return list(pieces.items())
    # END SOLUTION


# %% check="date_histogram"
dojo.check("date_histogram")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two parts: ask the store for the counts, and make all pieces yourself, empty ones too. Then put the counts in.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `time_bucket(to_minutes(?), time, ?::TIMESTAMP)` is the start of an event's piece, counted from the moment given last.
# Without it, pieces would begin at full hours, and those of the store and yours might not meet.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `SELECT time_bucket(to_minutes(?), time, ?::TIMESTAMP) AS start, source, count(*) FROM events WHERE time >= ? AND
# time < ? GROUP BY ALL` with `[minutes, since, since, until]`; a `while start < until` loop that fills a dict with
# `{}`; then `pieces[start][source] = count`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.elk` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
MONDAY = datetime(2025, 1, 6)
hourly = date_histogram(store, 60, MONDAY, MONDAY + timedelta(days=1))
heat = np.array([[counts.get(source, 0) for _, counts in hourly]
                 for source in SOURCES])
top = store.execute("""
    SELECT source_ip, count(*) AS n FROM events
    WHERE outcome = 'failure' AND source_ip IS NOT NULL
    GROUP BY source_ip ORDER BY n DESC, source_ip LIMIT 8""").fetchall()
print("events by hour, from midnight on:")
for source, row in zip(SOURCES, heat):
    print(f"{source:9}", " ".join(f"{count:3}" for count in row))
print("most failures:", ", ".join(f"{ip} {n}" for ip, n in top[:4]))

# %% tags=["measure"]
def draw(left, right, below):
    for n, source in enumerate(SOURCES):
        left.bar(range(24), heat[n], bottom=heat[:n].sum(axis=0),
                 label=source, color=(*LIGHT.series, "#8a3ffc")[n],
                 hatch=("", "//", "..", "xx", "--")[n], edgecolor="white")
    left.legend(fontsize=8)
    addresses, failures = zip(*top)
    right.barh(addresses, failures, color=LIGHT.series[2])
    right.bar_label(right.containers[0], padding=3)
    right.invert_yaxis()
    below.imshow(heat, cmap=LIGHT.ramp, aspect="auto")
    for (row, column), value in np.ndenumerate(heat):
        color = "white" if value > heat.max() / 2 else LIGHT.ink
        below.text(column, row, value, ha="center", va="center", fontsize=8,
                   color=color)


# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplot_mosaic("AB;CC", figsize=(10, 6),
                                      layout="constrained")
    draw(axes["A"], axes["B"], axes["C"])
    axes["A"].set(title="Date histogram", xlabel="hour", ylabel="events")
    axes["B"].set(title="Top addresses by failures", xlabel="failures")
    axes["B"].margins(x=0.15)
    axes["C"].set(title="Heat map", xlabel="hour")
    axes["C"].set_yticks(range(5), list(SOURCES))
    axes["C"].set_xticks(range(24))
    dojo.show(figure, "Events by hour and source, the eight addresses with"
              " most failures, and a heat map of source by hour.")

# %% [markdown]
# **What the plot shows.** The day of a company: most in working hours, and a peak at one in the morning, when jobs and
# scanners run. In these two charts the intruder is nowhere to be seen. In the third its address is on top, and below it
# stand seven harmless ones: expired passwords, crawlers, the licensed scanner. A dashboard shows what is *much*: a log
# that fell silent, an outage, a scan. An attack is seldom much; for that you need questions, and section 10.

# %% [markdown]
# ## 7. To Elasticsearch and back
#
# When one machine is not enough, the store is a cluster, very often Elasticsearch or its relative OpenSearch. *Logstash*
# or an agent does what you did in sections 1 to 3, *Kibana* draws section 6. Events go in with a **bulk** request, whose
# body is NDJSON: one line that says what to do, one line with the document, again and again. `create` with an `_id` of
# your own is idempotent: the second time it answers 409, and changes nothing. With no id, each retry makes copies.

# %% exercise="bulk_body"
def bulk_body(lines, index):
    r"""Return the body of a bulk request, as bytes.

    lines are JSON objects as bytes, each with an "event.id". For each,
    the body has two lines:

        {"create": {"_index": index, "_id": that event.id}}
        the document

    Each line ends with "\n", the last one too. A document is one line,
    also when it was written over several. Without lines, b"".
    """
    # BEGIN SOLUTION
    body = []
    for line in lines:
        document = json.loads(line)
        action = {"_index": index, "_id": document["event.id"]}
        body += [json.dumps({"create": action}), json.dumps(document)]
    return "".join(f"{one}\n" for one in body).encode()
    # END SOLUTION


# %% check="bulk_body"
dojo.check("bulk_body")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Read each document with `json.loads`, to get at its id, and write it again with `json.dumps`, which makes one line.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `index` instead of `create` would write over what is there. The line end after the last line is part of the format:
# without it the server refuses the request.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Collect `json.dumps({"create": {"_index": index, "_id": document["event.id"]}})` and `json.dumps(document)` in a list,
# then `"".join(f"{one}\n" for one in body).encode()`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.elk` ([all topics](../quizzes/README.md))

# %%
from logdojo.course.searching import search_server
from my_soc import deliver, next_delay

ECS_OF = {"id": "event.id", "time": "@timestamp", "source": "labels.source",
          "action": "event.action", "line": "event.original", **ECS}
MAPPING = {"mappings": {"properties": {
    "@timestamp": {"type": "date"}, "source.ip": {"type": "ip"},
    "destination.ip": {"type": "ip"}, "labels.source": {"type": "keyword"}}}}


# %%
def documents():
    """Return all events of the store as lines of JSON."""
    rows = store.execute(f"SELECT {', '.join(ECS_OF)} FROM events")
    return [json.dumps({name: value.isoformat() + "Z" if name[0] == "@"
                        else value for name, value in zip(ECS_OF.values(), row)
                        if value is not None}).encode()
            for row in rows.fetchall()]


# %% [markdown]
# One document more is planted, whose address is no address: a **poison document**. The server takes the whole batch with
# status 200 and refuses this one *inside* the answer; who looks at the 200 alone loses events and never knows. And every
# fifth answer gets lost on its way. `deliver` and `next_delay` are what you built in lab 03 (or logdojo's, if you did
# not).

# %%
poison = json.dumps({"event.id": "poison", "source.ip": "printer-3"})
batch = [*documents(), poison.encode()]
sent = Counter()


def post_to(server):
    def post(lines):
        answer = server.call("POST", "/_bulk", bulk_body(lines, "events"))
        sent["requests"] += 1
        if sent["requests"] % 5 == 0:
            raise OSError("the answer got lost")
        sent.update(item["create"]["status"] for item in answer[1]["items"])
        return answer
    return post


# %%
def ship_all(server):
    """Ship all documents in batches; return the dead letters."""
    dead, rng = [], random.Random(5)
    for first in range(0, len(batch), 500):
        dead += deliver(batch[first:first + 500], post_to(server),
                        lambda seconds: None, rng)
    return dead


# %%
QUESTION = {  # what did the suspect do, and how much of it in five minutes?
    "size": 3, "sort": ["@timestamp"], "query": {"bool": {"should": [
        {"term": {"source.ip": SUSPECT}},
        {"term": {"destination.ip": SUSPECT}}]}},
    "aggs": {"pieces": {"date_histogram": {
        "field": "@timestamp", "fixed_interval": "5m",
        "min_doc_count": 1}, "aggs": {
            "sources": {"terms": {"field": "labels.source"}}}}}}

# %% tags=["measure"]
with search_server() as server:
    print(server.said)
    server.call("PUT", "/events", json.dumps(MAPPING).encode())
    for again in ("first time", "once more"):
        sent.clear()
        dead = ship_all(server)
        server.call("POST", "/events/_refresh")
        count = server.call("GET", "/events/_count")[1]["count"]
        print(f"{again}: {sent['requests']} requests, {count:,} there; of "
              f"the answers {sent[201]:,} new, {sent[409]:,} known, "
              f"{sent[400]} refused")
    print("dead:", dead[0][1][:70])
    answer = server.call("POST", "/events/_search",
                         json.dumps(QUESTION).encode())[1]

# %% tags=["measure"]
print(answer["hits"]["total"]["value"], "hits; the first:")
for hit in answer["hits"]["hits"]:
    print("·", hit["_source"]["@timestamp"], hit["_source"]["labels.source"])
for piece in answer["aggregations"]["pieces"]["buckets"]:
    print(piece["key_as_string"][11:16], {
        one["key"]: one["doc_count"] for one in piece["sources"]["buckets"]})
mine = date_histogram(store, 5, MONDAY + timedelta(hours=13),
                      MONDAY + timedelta(hours=14))
print("the store has", len(steps), "events of the suspect, and",
      len(mine), "pieces of this hour")

# %% [markdown]
# The same story, from another store. Compare the requests: the second time nothing was new and nothing was doubled. What
# a real cluster adds: a template that gives each new index its types, data streams, and a policy that rolls indices over
# and deletes them by age.

# %% [markdown]
# ## 8. To Splunk, with an acknowledgement
#
# Splunk takes events at its **HTTP event collector** (HEC). Its answer of 200 says *received*, which is not *indexed*:
# the indexer behind it may still lose them. So the answer holds an `ackId`, and the sender **asks for it** at another
# address until the indexer says yes. No yes in time: send again. Splunk has no ids of documents, so after a lost answer
# an event is there twice. Your event id goes along as a field, and a search takes copies out: `| dedup event_id`.

# %%
EVENT, ACK = "/services/collector/event", "/services/collector/ack"


def hec_body(rows):
    """Return events for HEC: JSON objects, one behind the other."""
    return b"".join(json.dumps({
        "time": row["time"].replace(tzinfo=UTC).timestamp(),
        "source": row["source"], "event": row["line"],
        "fields": {"event_id": row["id"]}}).encode() for row in rows)


# %% exercise="send_hec"
def send_hec(body, post, sleep, rng):
    """Send a batch and wait until it is indexed; return whether it is.

    post(path, body) returns (status, answer), an int and a dict, or
    raises OSError when no answer came.
    - Post the body to EVENT. After 200, answer["ackId"] is a number.
    - Up to five times: post {"acks": [number]}, as JSON in bytes, to ACK.
      JSON has only text for names: answer["acks"] has str(number) ->
      True or False. True: done, return True. Else sleep(0.1).
    - After OSError, 429, 500 and above, or no True: a miss. Call
      sleep(next_delay(attempt, rng)), attempt being 0, 1, 2, 3, and do
      all of it again. After four misses, return False.
    - Any other status: RuntimeError with the status in its message.
    """
    # BEGIN SOLUTION
    for attempt in range(4):
        try:
            status, answer = post(EVENT, body)
            for _ in range(5 if status == 200 else 0):
                asked = json.dumps({"acks": [answer["ackId"]]}).encode()
                said = post(ACK, asked)[1].get("acks", {})
                if said.get(str(answer["ackId"])):
                    return True
                sleep(0.1)
        except OSError:
            status = 503
        if status not in (200, 429) and status < 500:
            raise RuntimeError(f"the collector answers {status}")
        sleep(next_delay(attempt, rng))
    return False
    # END SOLUTION


# %% check="send_hec"
dojo.check("send_hec")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two loops, one in the other: up to four sendings, and in each up to five questions.
# </details>
#
# <details><summary>Hint 2</summary>
#
# One `try` around both posts: a lost answer to the question, too, means that you cannot know, and send again. The answer
# to a question may have no "acks" at all, when the collector is busy: `.get("acks", {})`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for attempt in range(4):`, in a `try`: post, and after 200 `for _ in range(5):` post to ACK, `if
# said.get(str(answer["ackId"])): return True`, `sleep(0.1)`; `except OSError: status = 503`; then raise for what is
# neither 200, 429 nor from 500 on; `sleep(next_delay(attempt, rng))`. `return False` at the very end.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.splunk` ([all topics](../quizzes/README.md))

# %% [markdown]
# A small collector runs in this notebook, on this machine only. It will be busy once, lose an answer, and once receive a
# batch and never index it.

# %%
from logdojo.course.hec import HecServer

TOKEN = "5d1e0f2a-lab-only"


def post_hec(path, body):
    request = urllib.request.Request(collector.url + path, body, {
        "Authorization": f"Splunk {TOKEN}",
        "X-Splunk-Request-Channel": "0c5b9a3e-7d41-4a53-9d0f-6f5d3a1b2c4d"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


# %% tags=["measure"]
# NBVAL_CHECK_OUTPUT
names = ["id", "time", "source", "line"]
rows = [dict(zip(names, row)) for row in store.execute(
    "SELECT id, time, source, line FROM events ORDER BY time, id LIMIT 1000"
).fetchall()]
with HecServer(token=TOKEN, polls_until_indexed=1) as collector:
    collector.faults.extend(["busy", "", "lost answer", "", "never indexed"])
    for first in range(0, 1000, 250):
        done = send_hec(hec_body(rows[first:first + 250]), post_hec,
                        lambda seconds: None, random.Random(5))
        print(f"batch from {first:3}: indexed {done}")
ids = [one["fields"]["event_id"] for one in collector.events]
print(f"{len(rows):,} sent, {len(ids):,} events there, {len(set(ids)):,} "
      "after dedup event_id")

# %% [markdown]
# Nothing lost, one batch there twice: *at least once*, made *exactly once* by an id, but here only when somebody asks.
# In Splunk's search language your section 5 would read like this:
#
#     index=soc "198.19.198.1" | dedup event_id | sort _time | table _time source user action outcome
#     index=soc outcome=failure | timechart span=1h count by source
#     index=soc outcome=failure | top limit=8 source_ip

# %% [markdown]
# ## 9. A time when logs found the problem
#
# Another day, another shop: since noon, customers complain that they cannot pay, *now and then*. Each order makes four
# calls, to the stock, to an address service, to a mail service and to a payment partner; the log has a line for each
# call and one for the request, tied together by `trace.id`. Three theories are in the room: the release at eleven, the
# mail service ("look at all those errors!"), and the data base.

# %%
# NBVAL_CHECK_OUTPUT
from logdojo.course.outage import RELEASE, Partner, outage_day

events = outage_day(seed=5)
errors = Counter((one["event.action"], one.get("service.target.name", "-"))
                 for one in events if one["event.outcome"] == "failure")
print(f"{len(events):,} events; the release: {RELEASE:%H:%M}; failures:")
for (action, target), count in errors.most_common():
    print(f"{action:8} {target:10} {count:4}")

# %% [markdown]
# Counting errors blames the loudest. Two better questions about each service: how many of the *failed requests* had a
# failed call to it (what it **explains**), and how many of the requests with such a call *failed* (how much it
# **hurts**)?

# %% exercise="blame"
def blame(events):
    """Say what each failing service has to do with failing requests.

    events are flat dicts: "event.action" ("call", "request" or another
    word), "event.outcome", "trace.id"; a call has "service.target.name".
    Return a list of (service, explains, hurts), one for each service of
    which a call failed:

    explains  of the traces whose request failed, the share that has a
              failed call to it; 0 when no request failed
    hurts     of the traces with a failed call to it, the share whose
              request failed

    The largest explains comes first, equal ones in order of name. A
    trace counts once, also with several failed calls (a retry).
    """
    # BEGIN SOLUTION
    requests, calls = set(), {}
    for event in events:
        if event["event.outcome"] != "failure":
            continue
        trace = event["trace.id"]
        if event["event.action"] == "request":
            requests.add(trace)
        elif event["event.action"] == "call":
            calls.setdefault(event["service.target.name"], set()).add(trace)
    table = [(name, len(traces & requests) / max(1, len(requests)),
              len(traces & requests) / len(traces))
             for name, traces in calls.items()]
    return sorted(table, key=lambda one: (-one[1], one[0]))
    # END SOLUTION


# %% check="blame"
dojo.check("blame")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Collect sets of traces: one of those whose request failed, and one for each service. Then `&` gives what two have in
# common.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Both shares have the same numerator, `len(traces & requests)`. Explains divides it by the failed requests, hurts by the
# traces of the service. `max(1, …)` saves you from a division by zero.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `calls.setdefault(event["service.target.name"], set()).add(trace)` for failed calls, `requests.add(trace)` for failed
# requests; then a list of `(name, len(traces & requests) / max(1, len(requests)), len(traces & requests) /
# len(traces))`, sorted by `key=lambda one: (-one[1], one[0])`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.story` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
print("service     explains   hurts")
for service, explains, hurts in blame(events):
    print(f"{service:11} {explains:8.0%}{hurts:8.0%}")
calls = [one for one in events if one["event.action"] == "call"]
for name in ("payments", "mail"):
    slow = [one["event.duration"] / 1e9 for one in calls
            if one["service.target.name"] == name
            and one["event.outcome"] == "failure"]
    print(f"a failed call to {name} takes {np.median(slow):.1f} s")

# %%
def share_by(minutes, action, target=None):
    """Return the share of failures in each piece of the day, from 8."""
    bad, every = np.zeros(600 // minutes), np.zeros(600 // minutes)
    for one in events:
        if (one["event.action"] == action
                and one.get("service.target.name") == target):
            at = datetime.fromisoformat(one["@timestamp"])
            piece = (at.hour * 60 + at.minute - 480) // minutes
            if piece < len(every):
                every[piece] += 1
                bad[piece] += one["event.outcome"] == "failure"
    return bad / np.maximum(every, 1)


# %%
# NBVAL_CHECK_OUTPUT
print("failed, in %, from hour  " + " ".join(f"{h:3}" for h in range(8, 18)))
for name, target in (("requests", None), ("calls to payments", "payments"),
                     ("calls to mail", "mail")):
    shares = share_by(60, "call" if target else "request", target)
    print(f"{name:25}" + " ".join(f"{100 * one:3.0f}" for one in shares))

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    hours = 8 + np.arange(60) / 6
    for n, (name, target, style) in enumerate((
            ("requests", None, "-s"), ("payments", "payments", "--^"),
            ("mail", "mail", ":o"))):
        share = share_by(10, "call" if target else "request", target)
        axes.plot(hours, 100 * share, style, label=name, ms=9 - 3 * n,
                  color=LIGHT.series[n])
    axes.axvline(RELEASE.hour, color=LIGHT.ink, ls="-.")
    axes.text(RELEASE.hour, 62, " release", va="top")
    axes.set(xlabel="hour of the day", ylabel="failed, in percent")
    axes.legend(loc="upper left")
    dojo.show(figure, "Failed requests rise and fall with failed payment"
              " calls, in six bursts; mail fails evenly all day.")

# %% [markdown]
# **What the plot shows.** The requests fail in the same six bursts as the calls to the payment partner, and the first
# burst comes an hour after the release. The mail service is the loudest and hurts nobody. The root cause: a third party
# that is away now and then, *and a caller that gives up at the first miss*. The first half is the partner's, the second
# is yours.
#
# The remedy has four parts: a **time limit**, so that nobody waits ten seconds; a **retry with backoff and jitter**, so
# that a miss of seconds is bridged and the partner is not trampled; a **key** that names the payment, so that trying
# again does not charge twice; and a **fallback** for when it takes longer: take the order, charge later.

# %% exercise="call_partner"
def call_partner(call, key, fallback, sleep, rng, tries=5):
    """Call a partner that is away now and then; return (answer, how).

    call(key) returns the answer, or raises OSError (a TimeoutError is
    one) when none came: then try again, `tries` times in all, each time
    with the same key. Before try 2, 3, … call sleep(next_delay(attempt,
    rng, base=0.5, cap=8)) with attempt 0, 1, … After the last miss the
    answer is fallback(key), at once.

    how is "at once", "retried" or "fallback". Any other error of call is
    no miss but a fault, and goes to the caller.
    """
    # BEGIN SOLUTION
    for attempt in range(tries):
        if attempt:
            sleep(next_delay(attempt - 1, rng, base=0.5, cap=8))
        try:
            return call(key), "retried" if attempt else "at once"
        except OSError:
            pass
    return fallback(key), "fallback"
    # END SOLUTION


# %% check="call_partner"
dojo.check("call_partner")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A loop over the tries, with a `return` in the middle of it: the first answer ends everything.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Wait *before* the second try and those after it, not after the last one: nobody gains by that wait. Catch `OSError`
# and nothing else: a `ValueError` from the partner ("this card is no card") will not go away by asking again.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for attempt in range(tries):`, `if attempt: sleep(next_delay(attempt - 1, rng, base=0.5, cap=8))`, then
# `try: return call(key), "retried" if attempt else "at once"` and `except OSError: pass`. Behind the loop
# `return fallback(key), "fallback"`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.story` ([all topics](../quizzes/README.md))

# %% [markdown]
# Four callers, the same partner, two thousand orders. Time is the partner's own clock, so nobody has to wait.

# %%
def impatient(partner, key, tries, new_keys):
    for attempt in range(tries):
        try:
            name = f"{key}.{attempt}" if new_keys else key
            return partner.charge(name), "paid"
        except OSError:
            pass
    return None, "failed"


def patient(partner, key):
    return call_partner(partner.charge, key, lambda key: "charge it later",
                        partner.sleep, random.Random(key))


# %%
WAYS = {"gives up": lambda one, key: impatient(one, key, 1, False),
        "again, new keys": lambda one, key: impatient(one, key, 5, True),
        "again, one key": lambda one, key: impatient(one, key, 5, False),
        "yours": patient}
results = {}
for name, way in WAYS.items():
    partner, how = Partner(seed=5), Counter()
    for order in range(2_000):
        partner.sleep(1)
        how[way(partner, f"o{order}")[1]] += 1
    results[name] = (how["failed"], how["fallback"], partner.doubled(),
                     partner.calls)
print(f"{'':16} failed  charged later  charged twice  calls")
for name, (failed, later, twice, calls) in results.items():
    print(f"{name:16} {failed:6}{later:15}{twice:15}{calls:7,}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    for n, (what, hatch) in enumerate((("failed", ""), ("charged later", "//"),
                                       ("charged twice", "xx"))):
        places = [row + 0.27 * n for row in range(4)]
        bars = axes.barh(places, [one[n] for one in results.values()], 0.25,
                         label=what, hatch=hatch, color=LIGHT.series[1 + n])
        axes.bar_label(bars, padding=3)
    axes.set_yticks([row + 0.27 for row in range(4)], list(results))
    axes.set(xlabel="of 2,000 orders")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.legend(loc="center right")
    dojo.show(figure, "Giving up fails one order in ten; again with new"
              " keys charges twice; yours fails none and doubles none.")

# %% [markdown]
# **What the plot shows.** Trying again at once helps some, since the partner is often still away; with a new key for each
# try it charges people twice, which is worse than the outage. With waiting, one key and a fallback, no order fails. What
# is still missing for a large shop is a *circuit breaker*: after many misses, stop asking for a while.
#
# In an interview, tell it in this order: what people saw, which theories there were, **the question that separated
# them**, what the log said, what you changed, and how you knew that it helped.

# %% [markdown]
# ## 10. What to look at first
#
# Seven thousand events, one analyst, twenty looks. Most devices send a *severity*, so sort by it? It says how bad an
# event is for the device that wrote it, and knows nothing of what you own. Five things make an event worth a look:
#
# | evidence | here |
# |---|---|
# | what kind of event it is | a new key, a recorder switched off |
# | what it happened to | a gateway, a data base |
# | whether it is unusual | an address in many sources, many failures before |
# | what the law says of it | tagged `restricted` |
# | what happened before | an address from an earlier incident |
#
# Each has a **weight** between 0 and 1, and takes that share of what is *still missing* to 100. So more evidence never
# lowers a score, nothing goes beyond 100, and the points of the reasons add up to it. A score without reasons is no use
# to anyone who has to decide.

# %%
CLASSES = {"StopLogging": 0.6, "DeleteTrail": 0.6, "DeleteFlowLogs": 0.6,
           "CreateAccessKey": 0.35, "CreateUser": 0.35,
           "AttachUserPolicy": 0.35, "AttachRolePolicy": 0.35,
           "PutBucketPolicy": 0.35, "PutBucketAcl": 0.35,
           "ssh_login": 0.1}
ASSETS = {"gw": 0.15, "db": 0.2, "bastion": 0.2, "files": 0.1}
BEFORE = {"198.51.100.7", "203.0.113.200"}

# %% exercise="priority"
def priority(row, sources, failures):
    """Return (score from 0 to 100, reasons) of an event.

    row is a row of the store; sources says in how many sources its
    source_ip was seen in the last hour, failures how often it failed in
    the last half hour. The weights:

    "class"     CLASSES of the action; 0 where it is not in there
    "asset"     ASSETS of the host's name before its first "-"; else 0
    "sources"   0.2 for each source beyond the second, at most 0.6
    "failures"  0.05 for each failure once there are five, at most 0.6
    "tagged"    0.05 for the sensitivity "restricted"
    "before"    0.4 when source_ip is in BEFORE

    The heaviest first, of equal ones the order above: each takes its
    share of what is missing to 100. reasons is the list of
    (name, points) in that order; what weighs 0 is no reason. The points
    add up to the score.
    """
    # BEGIN SOLUTION
    weights = {
        "class": CLASSES.get(row["action"], 0),
        "asset": ASSETS.get((row["host"] or "").split("-")[0], 0),
        "sources": min(0.6, 0.2 * max(0, sources - 2)),
        "failures": min(0.6, 0.05 * failures) if failures >= 5 else 0,
        "tagged": 0.05 if row["sensitivity"] == "restricted" else 0,
        "before": 0.4 if row["source_ip"] in BEFORE else 0}
    missing, reasons = 100.0, []
    for name in sorted(weights, key=weights.get, reverse=True):
        if weights[name]:
            reasons.append((name, missing * weights[name]))
            missing -= missing * weights[name]
    return 100 - missing, reasons
    # END SOLUTION


# %% check="priority"
dojo.check("priority")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two parts: a dict with the six weights, then a loop over them from the heaviest on that keeps count of what is missing.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `missing` begins at 100. A weight takes `missing * weight` points, and that much less is missing afterwards. Adding the
# weights up instead would go beyond 100. `host` may be None: `(row["host"] or "")`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `min(0.6, 0.2 * max(0, sources - 2))`; `min(0.6, 0.05 * failures) if failures >= 5 else 0`;
# `for name in sorted(weights, key=weights.get, reverse=True):` (Python's sort keeps equal ones in order, also in
# reverse), append `(name, missing * weights[name])`, subtract the same. Return `100 - missing, reasons`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.priority` ([all topics](../quizzes/README.md))

# %% [markdown]
# The history comes from the store: windows that look back from each event over those of the same address.

# %%
HISTORY = """
    SELECT id, action, host, sensitivity, source_ip, severity,
        count(DISTINCT source) OVER (PARTITION BY source_ip ORDER BY time
            RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW),
        count(*) FILTER (outcome = 'failure') OVER (
            PARTITION BY source_ip ORDER BY time
            RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND CURRENT ROW)
    FROM events WHERE source_ip IS NOT NULL ORDER BY time, id"""


# %%
FIELDS = ("id", "action", "host", "sensitivity", "source_ip", "severity")


def judged(con):
    """Return (score, row, reasons) of all events with an address."""
    for *values, sources, failures in con.execute(HISTORY).fetchall():
        row = dict(zip(FIELDS, values))
        yield (*priority(row, sources, failures), row)


# %%
ranked = sorted(judged(store), key=lambda one: -one[0])
print("score  reasons")
for score, reasons, row in ranked[:24:4]:
    print(f"{score:5.0f}  {row['action'] or '-'} from {row['source_ip']}: "
          + ", ".join(f"{name} +{points:.0f}" for name, points in reasons))

# %% [markdown]
# Is it any good? Four days of four companies, whose every line is labelled, and **precision at 20**: of the first twenty
# events on the list, how many belong to an attack? Beside it the naive order, most severe first. Where events have the
# same score, chance decides, so the mean of fifty shuffles is taken.

# %%
def attacks_of(seed):
    """Fill a store with one company's day; return it, and its attacks."""
    con, bad, rows = new_store(), {}, []
    for number, one in enumerate(incident_day(seed=seed)):
        row = row_of(KIND[one.format], "day", number, one.line)
        rows.append(row)
        if one.label != "benign":
            bad[row["id"]] = one.scenario
    append(con, rows)
    return con, bad


# %%
def precision_at(count, events, key, bad):
    """Return the mean precision at `count`, equal ones in any order."""
    events, dice = list(events), random.Random(1)
    best = []
    for _ in range(50):
        dice.shuffle(events)
        first = sorted(events, key=key)[:count]
        best.append(sum(one[2]["id"] in bad for one in first) / count)
    return sum(best) / len(best)


# %% tags=["measure"]
table = {}
for seed in (5, 6) if SMOKE else (5, 6, 7, 8):
    con, bad = attacks_of(seed)
    events_of_day = list(judged(con))
    table[seed] = (
        len(bad) / con.execute("SELECT count(*) FROM events").fetchone()[0],
        precision_at(20, events_of_day, lambda one: one[2]["severity"], bad),
        precision_at(20, events_of_day, lambda one: -one[0], bad))

# %% tags=["measure"]
print("company  attacks  by severity  by your score")
for seed, (share, naive, mine) in table.items():
    print(f"{seed:7} {share:8.1%} {naive:12.2f} {mine:14.2f}")
print("mean    ", " ".join(f"{value:12.3f}" for value in np.mean(
    list(table.values()), axis=0)))

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for n, (what, hatch) in enumerate(zip(
            ("any order", "by severity", "by your score"), ("", "//", ".."))):
        places = [row + 0.27 * n for row in range(len(table))]
        bars = axes.barh(places, [one[n] for one in table.values()], 0.25,
                         label=what, hatch=hatch, color=LIGHT.series[n])
        axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_yticks([row + 0.27 for row in range(len(table))],
                    [f"company {seed}" for seed in table])
    axes.set(xlabel="precision at 20", xlim=(0, 1.45))
    axes.invert_yaxis()
    axes.legend(loc="center right")
    dojo.show(figure, "Precision at 20 is near the share of attacks in any"
              " order and by severity, and far higher by the score.")

# %% [markdown]
# **What the plot shows.** Sorted by severity, a look at twenty events finds one or two, not much better than chance:
# firewalls call every refused packet a warning. Your score finds an attack most of the time. But look at *which* one:

# %%
con, bad = attacks_of(5)
first = sorted(judged(con), key=lambda one: -one[0])[:20]
print("in the first twenty:", dict(Counter(
    bad.get(row["id"], "benign") for _, _, row in first)))
print("attacks of the day, in events:", dict(Counter(bad.values())))

# %% [markdown]
# Twenty places, and nearly all of them show one incident; the other attacks of the day are further down. So a real list
# has one item for each *incident*, not for each event; it learns what is usual for whom over days; and it knows patterns
# over several events. That is what logdojo's own list does: `logdojo watch --help`. And your weights were chosen by
# hand, on companies that resemble these: measure again on your own labelled events before you believe them.

# %% [markdown]
# ## Summary
#
# - One time, one set of names, one place; a line that cannot be read is kept and marked.
# - A place in a log is a fingerprint and an offset. Store first, then write down the place.
# - An id that is computed from the event makes every second try harmless: in your store, in Elasticsearch, and with
#   `dedup` in Splunk.
# - Values are parameters, never text in SQL. Tags say whose an event is and who may see it.
# - As-of joins put a name to an address; a dashboard is three aggregations, and empty pieces count.
# - A 200 is no promise: look inside a bulk answer, and wait for Splunk's acknowledgement.
# - The loudest error is seldom the cause: ask what it explains and what it hurts. Retry with backoff, one key, a fallback.
# - A priority has reasons that add up, and a precision that was measured.
#
# ## In production
#
# logdojo's own parts: [parse](../src/logdojo/parse/registry.py) knows more than a hundred formats;
# [tailing](../src/logdojo/store/collecting/tailing.py) and [collector](../src/logdojo/store/collecting/collector.py)
# collect exactly once, also under `kill -9`; [duck](../src/logdojo/store/duck.py) and
# [opensearch](../src/logdojo/store/opensearch.py) are one store with two homes;
# [splunk](../src/logdojo/logsetup/shipping/splunk.py) waits for acknowledgements; and
# [priorities](../src/logdojo/triage/priorities/prioritizer.py) gives reasons. From a terminal: `logdojo collect`,
# `logdojo store`, `logdojo watch`.

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. How do you manage logs from many sources?
# 2. A syslog line has no year. Where do you get it from, and what goes wrong on New Year's Eve?
# 3. What does "exactly once" mean, and what is it made of?
# 4. The bulk request was answered with 200. What do you check?
# 5. What is the difference between received and indexed, and how does a sender know?
# 6. How do you find out who was behind an address at a given time, and how sure are you?
# 7. How do you decide which logs to watch live?
# 8. Tell me about a time when logs led to the root cause of an outage.
# 9. When is a retry harmful?
#
# More of them, with key points and model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell,
# `from logdojo.widgets import quiz` and `quiz.ask(objective="log.central")`.
#
# ## Further reading
#
# - [Elastic Common Schema](https://www.elastic.co/docs/reference/ecs), the names used here
# - [OpenSearch: bulk](https://docs.opensearch.org/latest/api-reference/document-apis/bulk/), answers item by item
# - [Splunk: HEC indexer acknowledgment](https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck)
# - [DuckDB: AsOf joins](https://duckdb.org/docs/stable/guides/sql_features/asof_join)
# - CISA, ASD and partners: *Priority logs for SIEM ingestion* (2025)
# - Nygard: *Release It!*, the chapters on stability patterns
# - RFC [3164](https://www.rfc-editor.org/rfc/rfc3164) and [5424](https://www.rfc-editor.org/rfc/rfc5424): the two syslogs
#
# **Next:** lab 06 makes a data set for a model out of lines like these.
