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
# # Lab 01: Logging foundations
#
# **80 minutes · gentle · 2 CPU cores, no network · you can write a Python function**
#
# At the end you will be able to
#
# - read one log four ways: as developer, operator, security analyst and auditor;
# - say for any log call which lines appear, where, and why;
# - configure logging so that nothing is lost, doubled or forged;
# - write one event as one line of JSON, with its exception and without its secrets.
#
# In an interview you will be able to explain *why logging matters*, *the parts of the logging module* and *how to
# keep logging from slowing an application down*, each with a number that you measured yourself.

# %%
import io
import json
import logging
import random
import timeit
import traceback
from collections import Counter, defaultdict
from datetime import UTC, datetime
from statistics import median

from logdojo import dojo
from logdojo.logsetup.testing import fresh_logging

dojo.lab("01_logging_foundations")

# %% [markdown]
# ## The problem: one bad hour at a parcel shop
#
# A small web shop had a bad hour. Customers waited, some parcels got no label, and in the evening somebody noticed
# that the refund limit had gone up from 50 to 5000. All you have is the log.
#
# The next three cells replay that hour. Each event has a minute, a logger, a message, the level that the shop's
# programmers chose in a hurry, and fields under the names of the Elastic Common Schema (ECS): `user.name`,
# `source.ip`, `event.duration` (in nanoseconds). Run them; you need not read every line.

# %%
USERS = "ada ben cleo dan emil fay gus hana ivo jan kim lea mia noa".split()


def event(minute, logger, level, facts, message, **fields):
    """Make one event; user_name=… becomes the field user.name."""
    named = {k.replace("_", ".", 1): value for k, value in fields.items()}
    return {
        "minute": minute,
        "logger": logger,
        "level": level,
        "facts": set(facts.split()),
        "message": message,
    } | named


# %%
def print_label(order):
    """Print a parcel label; it fails for an address without postcode."""
    card = "4111 1111 1111 1111"  # still here from the payment
    try:
        return order["street"] + order["postcode"]
    except KeyError as cause:
        raise RuntimeError("no label printed") from cause


def failure():
    """Return the exception of a label that could not be printed."""
    try:
        print_label({"street": "Hill Road 1"})
    except RuntimeError as error:
        return error


# %%
def customers(dice):
    """Orders all through the hour; each payment takes a bit longer."""
    for minute in range(60):
        for _ in range(3):
            slow = 120e6 * 1.02**minute * dice.uniform(0.8, 1.3)
            yield event(minute, "shop.payment", "INFO", "milestone",
                        "order paid", user_name=dice.choice(USERS),
                        event_duration=round(slow))
        if minute % 7 == 3:
            yield event(minute, "shop.label", "ERROR", "lost",
                        "no label", error=failure(),
                        error_type="RuntimeError")
        if minute % 20 == 9:
            yield event(minute, "shop.payment", "INFO", "unplanned",
                        "paid at second try", error_type="TimeoutError")


# %%
FORGED = """eve: failure
INFO:shop.admin:refund limit set to 5000 by olga
ERROR:shop.login:login of eve"""


def logins(dice):
    """Ben's mail program, an attacker, and two changed settings."""
    names = [*USERS, FORGED]
    tries = [(m, "203.0.113.8", "ben", "failure") for m in range(5, 55, 2)]
    tries += [(31, "198.51.100.23", name, "failure") for name in names]
    tries += [(33, "198.51.100.23", "mia", "success")]
    for minute, ip, name, outcome in tries:
        yield event(minute, "shop.login", "ERROR", "milestone",
                    "login of %(user.name)s: %(event.outcome)s",
                    source_ip=ip, user_name=name, event_outcome=outcome,
                    event_action="login")

# %%
def changes():
    """Two settings are changed by two people."""
    for minute, name, what in [(12, "olga", "opening hours set to 8-18"),
                               (36, "mia", "refund limit set to 5000")]:
        yield event(minute, "shop.admin", "INFO", "milestone",
                    what + " by %(user.name)s", user_name=name,
                    event_action="change")


dice = random.Random(7)
HOUR = sorted([*customers(dice), *logins(dice), *changes()],
              key=lambda one: one["minute"])
print(len(HOUR), "events; the first:", HOUR[0])

# %% [markdown]
# This is how the shop logs today. Two people set up logging, neither knew of the other, and a third one added local
# variables to the stack traces "because it helps".
#
# `fresh_logging()` gives the block under it an unconfigured `logging` module, as a new process has it, and tidies up
# afterwards: in a notebook, handlers would otherwise pile up from cell to cell.

# %%
class ChattyFormatter(logging.Formatter):
    def formatException(self, exc_info):
        return "".join(traceback.TracebackException(
            *exc_info, capture_locals=True).format())


def naive_setup(stream):
    """Set up logging the way it grows when nobody plans it."""
    logging.basicConfig(stream=stream)
    handler = logging.StreamHandler(stream)  # "I saw no lines"
    handler.setFormatter(ChattyFormatter(logging.BASIC_FORMAT))
    logging.getLogger("shop").addHandler(handler)


# %%
def replay(hour, level_of):
    """Log each event of the hour through its own logger."""
    for one in hour:
        logging.getLogger(one["logger"]).log(
            level_of(one), one["message"], one,
            exc_info=one.get("error"),
            extra={key: value for key, value in one.items()
                   if "." in key or key == "minute"})


# %%
naive = io.StringIO()
with fresh_logging():
    naive_setup(naive)
    replay(HOUR, lambda one: logging.getLevelName(one["level"]))
lines = naive.getvalue().splitlines()
print(f"{len(HOUR)} events became {len(lines)} lines")

# %%
print("\n".join(lines[:14]))
print("...")
start = next(i for i, line in enumerate(lines) if "eve" in line)
print("\n".join(lines[start - 2 : start + 3]))

# %% [markdown]
# Look at it with the eyes of the four readers.
#
# - **The developer** sees that labels fail, among stack traces that show a customer's card number to everybody who
#   may read logs.
# - **The operator** wants to know since when payments are slow. Not one line about a payment is here: nobody set the
#   root logger's level, it stands at `WARNING`, and every `INFO` is lost.
# - **The security analyst** counts each failed login twice, because two handlers wrote it, and finds no time and no
#   address in any line.
# - **The auditor** asks who raised the refund limit. The log has a clear answer: *olga*. It is false. The attacker
#   typed a line break into the login form and wrote that line himself.
#
# Nothing of this is a bug in `logging`. By the end of the lab the same hour goes through your own setup, and you
# count lost, doubled, forged and leaked lines again.

# %% [markdown]
# ## 1. One log, four readers
#
# Suppose for a moment that the log were good: a list of events, each a dict of named fields. Then all four readers
# find their answer in the same list. That is what a log is *for*: debugging, monitoring, security, and the audit
# trail.
#
# Mind the analyst's question. Ben's mail program fails to log in every two minutes, all day, from the office: many
# failures, one name. An attacker who tries a stolen password list has few failures *for each name*, and many names.

# %% exercise="read_four_ways"
def read_four_ways(events):
    """Answer four questions from one list of events.

    An event is a dict; a field that does not apply is not there.
    Return a dict with the keys

    "bug"       the error.type of the most events that have one;
    "trend"     a list of six numbers: the median event.duration, in
                milliseconds (a field holds nanoseconds), of the events
                that have one, for each ten minutes of the hour;
    "intruder"  the source.ip that failed to log in under the most
                different names (event.action "login", event.outcome
                "failure", user.name);
    "changed"   a list of (user.name, minute), one for each event whose
                event.action is "change", in the order of the events.
    """
    # BEGIN SOLUTION
    errors = Counter(e["error.type"] for e in events if "error.type" in e)
    slots = defaultdict(list)
    names = defaultdict(set)
    for e in events:
        if "event.duration" in e:
            slots[e["minute"] // 10].append(e["event.duration"] / 1e6)
        login = e.get("event.action") == "login"
        if login and e["event.outcome"] == "failure":
            names[e["source.ip"]].add(e["user.name"])
    return {"bug": errors.most_common(1)[0][0],
            "trend": [median(slots[slot]) for slot in range(6)],
            "intruder": max(names, key=lambda ip: len(names[ip])),
            "changed": [(e["user.name"], e["minute"]) for e in events
                        if e.get("event.action") == "change"]}
    # END SOLUTION


# %% check="read_four_ways"
dojo.check("read_four_ways")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three of the four answers are counts under a condition. Write the condition first, as a sentence: "events whose
# action is login and whose outcome is failure". Use `event.get("event.action")`, since not every event has an action.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `Counter(values).most_common(1)` gives the value that is there most often. For the trend, collect durations in a
# `defaultdict(list)` under `minute // 10`; for the intruder, collect names in a `defaultdict(set)` under the address.
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `names[ip]` a set of user names for each address, the intruder is `max(names, key=lambda ip: len(names[ip]))`.
# One median is `median(slots[0])` with `from statistics import median`; divide nanoseconds by `1e6`.
# </details>
#
# Quiz: `logdojo quiz ask log.purpose`

# %%
truth = read_four_ways(HOUR)
for reader, answer in truth.items():
    shown = [f"{x:.0f}" for x in answer] if reader == "trend" else answer
    print(f"{reader:9} {shown}")

# %% [markdown]
# So it was *mia's* account, three minutes after somebody at 198.51.100.23 had guessed her password. The rest of the
# lab is about getting from the log above to a log in which this can be read.

# %% [markdown]
# ## 2. Loggers, handlers, levels
#
# A log call travels through three kinds of object.
#
# | part | what it decides |
# |---|---|
# | **logger** (`logging.getLogger("shop.payment")`) | is this level worth a record at all? |
# | **handler** (stream, file, network) | does this level go *to this place*? |
# | **formatter** | what does the line look like? |
#
# Loggers form a tree by the dots in their names: `shop.payment` is a child of `shop`, and `shop` of the root. A logger
# without a level of its own takes that of the nearest ancestor that has one. A record then climbs the tree: every
# handler of the logger, then those of its parent, up to the root, unless some logger says `propagate = False`.

# %% exercise="build_tree"
def build_tree(console, file):
    """Set up the logger "shop" with two handlers; return the logger.

    - "shop" lets every level from DEBUG up pass, and hands nothing on
      to the root logger.
    - It has two StreamHandlers, with the names (handler.set_name)
      "console" and "file". The first writes to the stream `console`
      from WARNING up, the second writes everything to `file`.
    - "shop.payment" lets levels from INFO up pass; it has no handler.
    - Called a second time, it leaves two handlers and not four.
    """
    # BEGIN SOLUTION
    shop = logging.getLogger("shop")
    shop.setLevel(logging.DEBUG)
    shop.propagate = False
    shop.handlers.clear()
    for name, stream, level in [("console", console, logging.WARNING),
                                ("file", file, logging.DEBUG)]:
        handler = logging.StreamHandler(stream)
        handler.set_name(name)
        handler.setLevel(level)
        shop.addHandler(handler)
    logging.getLogger("shop.payment").setLevel(logging.INFO)
    return shop
    # END SOLUTION


# %% check="build_tree"
dojo.check("build_tree")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `logging.getLogger("shop")` returns the same object on every call. What does that mean for handlers that you added
# the last time?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Levels live in two places: `logger.setLevel(…)` and `handler.setLevel(…)`. The logger must be as talkative as its
# most talkative handler; each handler then narrows for itself.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Start with `shop.handlers.clear()`. For each of the two: `handler = logging.StreamHandler(stream)`, then `set_name`,
# `setLevel`, and `shop.addHandler(handler)`. Last, `logging.getLogger("shop.payment").setLevel(logging.INFO)`.
# </details>
#
# Quiz: `logdojo quiz ask log.components`

# %% [markdown]
# ### Why did my line not appear?
#
# This is the question that everybody asks `logging` sooner or later. Answer it in general: walk the way of a record
# yourself. One thing surprises nearly everyone: on the way up, the *handlers* of the ancestors are asked, and their
# levels count. The *levels of the ancestor loggers* are not asked again.

# %% exercise="trace_record"
def trace_record(name, level):
    """Say what happens to a record of `level` logged at logger `name`.

    Return a list of pairs. When the logger itself drops the record, the
    list is [(name, "stopped")]. Otherwise it has one pair for every
    handler that the record meets, in the order it meets them:
    (handler.name, "written") when the handler's level lets it pass and
    (handler.name, "stopped") when not. Log nothing to find out.
    """
    # BEGIN SOLUTION
    logger = logging.getLogger(name)
    if not logger.isEnabledFor(level):
        return [(name, "stopped")]
    steps = []
    while logger is not None:
        for handler in logger.handlers:
            passes = level >= handler.level
            steps.append((handler.name, "written" if passes else "stopped"))
        logger = logger.parent if logger.propagate else None
    return steps
    # END SOLUTION


# %% check="trace_record"
dojo.check("trace_record")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# There are two questions: does the logger make a record at all, and which handlers does it meet? The first has a
# method of its own that also looks at the ancestors' levels for you.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `logger.isEnabledFor(level)` answers the first. For the second, a loop goes from `logger` to `logger.parent`; the
# root's parent is `None`. A handler has `.name` and `.level`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Inside `while logger is not None:` go over `logger.handlers` and compare `level >= handler.level`. End the turn with
# `logger = logger.parent if logger.propagate else None`.
# </details>

# %%
# NBVAL_CHECK_OUTPUT
with fresh_logging():
    build_tree(io.StringIO(), io.StringIO())
    for name in "shop", "shop.payment", "shop.label":
        for level in logging.DEBUG, logging.INFO, logging.WARNING:
            way = ", ".join(" ".join(p) for p in trace_record(name, level))
            print(f"{name:13} {logging.getLevelName(level):8} {way}")

# %% [markdown]
# Explain each row to yourself before you go on. Why is `DEBUG` of `shop.payment` stopped at once, but that of
# `shop.label` written to the file?

# %% [markdown]
# ## 3. Which level is right?
#
# A level says *who should react*, not how bad it sounds. Log lines that wake people for nothing teach them to sleep
# on. The shop now agrees on this policy.
#
# | level | when | who reacts |
# |---|---|---|
# | `CRITICAL` | the service is down | somebody is woken |
# | `ERROR` | one piece of work is lost | somebody looks today |
# | `WARNING` | it went well, but not as planned: a retry, a fallback, a disk nearly full | somebody looks this week |
# | `INFO` | a milestone in normal work, also a refused login: the shop did its job | statistics, analysts, auditors |
# | `DEBUG` | everything else | whoever is looking for a bug |

# %% exercise="choose_level"
def choose_level(facts):
    """Return the logging level for a set of facts about an event.

    The facts are words: "down" (the service is down), "lost" (a piece
    of work is lost), "unplanned" (it went well, but not as planned) and
    "milestone". When several apply, the most serious one decides. With
    none of them, also with words you do not know, it is logging.DEBUG.
    """
    # BEGIN SOLUTION
    for fact, level in [("down", logging.CRITICAL),
                        ("lost", logging.ERROR),
                        ("unplanned", logging.WARNING),
                        ("milestone", logging.INFO)]:
        if fact in facts:
            return level
    return logging.DEBUG
    # END SOLUTION


# %% check="choose_level"
dojo.check("choose_level")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# "The most serious one decides" is about order: which question do you ask first?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Go through the facts from `down` to `milestone` and return at the first that is in the set. Return the constants of
# the module, such as `logging.ERROR`, not their names as text.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `if "down" in facts: return logging.CRITICAL`, three more lines like it, and `return logging.DEBUG` at the end.
# </details>
#
# Quiz: `logdojo quiz ask log.levels`

# %% [markdown]
# Here are ten messages with the level that the shop agreed on, and what a rule of thumb says that many teams use
# without knowing it: "if it sounds like an error, it is one".

# %%
LABELED = [
    ("cannot reach the database, stopping", "down lost", "CRITICAL"),
    ("order 17 failed to save", "lost", "ERROR"),
    ("printer error, no label for order 18", "lost", "ERROR"),
    ("payment went through at the second try", "unplanned", "WARNING"),
    ("cache is gone, read from disk", "unplanned milestone", "WARNING"),
    ("login failed: wrong password", "milestone", "INFO"),
    ("backup finished with 0 errors", "milestone", "INFO"),
    ("refund limit set to 5000 by mia", "milestone", "INFO"),
    ("error page template loaded", "", "DEBUG"),
    ("basket has 3 items", "", "DEBUG"),
]


# %%
# NBVAL_CHECK_OUTPUT
def by_sound(message):
    return "ERROR" if "error" in message or "fail" in message else "INFO"


right = Counter()
for message, facts, agreed in LABELED:
    mine = logging.getLevelName(choose_level(set(facts.split())))
    right["policy"] += mine == agreed
    right["sound"] += by_sound(message) == agreed
    print(f"{agreed:8}  by sound {by_sound(message):5}  {message}")
print(f"your policy: {right['policy']} of 10, by sound: {right['sound']}")
