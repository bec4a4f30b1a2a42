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
# The next five cells make that hour. Each event has a minute, a logger, a message, the level that the shop's
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


def logins():
    """Ben's mail program, and an attacker who guesses a password."""
    bad, good = "198.51.100.23", "203.0.113.8"
    tries = [(m, good, "ben", "failure") for m in range(5, 55, 2)]
    tries += [(31, bad, name, "failure") for name in [*USERS, FORGED]]
    for minute, ip, name, outcome in [*tries, (33, bad, "mia", "success")]:
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
HOUR = sorted([*customers(dice), *logins(), *changes()],
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
# Quiz, in a terminal: `logdojo quiz ask --objective log.purpose` ([all topics](../quizzes/README.md))

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
# Quiz, in a terminal: `logdojo quiz ask --objective log.components` ([all topics](../quizzes/README.md))

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
#
# Quiz, in a terminal: `logdojo quiz ask --item log.components.ancestor-level`

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
# Quiz, in a terminal: `logdojo quiz ask --objective log.levels` ([all topics](../quizzes/README.md))

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

# %% [markdown]
# ## 4. Exceptions with their chain, without their secrets
#
# An exception in a log needs three things: what it was, what it said, and how it came about. The last one is a
# *chain*: `raise RuntimeError(…) from cause` keeps the `KeyError` that started it all, and without it the developer
# only learns that there is no label.
#
# What it must not have is the values of local variables. `capture_locals=True` wrote the card number into the shop's
# log; Loguru's `diagnose` and some error pages do it without being asked. Log files live long and have many readers.

# %% exercise="format_exception_safely"
def format_exception_safely(error):
    """Return the fields of an exception as a dict with three texts.

    "error.type"         the name of its class, as in "KeyError";
    "error.message"      what str() says about it;
    "error.stack_trace"  the stack trace as Python prints it, with all
                         exceptions that it was raised from, and without
                         the values of local variables.
    It works on an exception that was caught earlier, somewhere else.
    """
    # BEGIN SOLUTION
    return {
        "error.type": type(error).__name__,
        "error.message": str(error),
        "error.stack_trace": "".join(traceback.format_exception(error)),
    }
    # END SOLUTION


# %% check="format_exception_safely"
dojo.check("format_exception_safely")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `traceback.format_exc()` only works inside an `except` block. The module has a sister function that takes the
# exception.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `traceback.format_exception(error)` returns a list of texts and follows the chain for you. Nothing in it comes from
# local variables unless you ask for them.
# </details>
#
# <details><summary>Hint 3</summary>
#
# The stack trace is `"".join(traceback.format_exception(error))`, the type `type(error).__name__`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.exceptions` ([all topics](../quizzes/README.md))

# %%
told = format_exception_safely(failure())["error.stack_trace"]
print("cause kept:", "KeyError" in told)
print("card number in it:", "4111 1111" in told)

# %% [markdown]
# ## 5. One event, one line
#
# A log is read by programs long before a person looks at it. For a program the line is the event: a message with a
# line break makes two, and the second one says whatever an attacker typed. JSON solves this at the root, since a line
# break *inside* a JSON text is written as the two characters `\n`.
#
# It also gives every value a name. Take the names from a standard, here ECS, and each tool that reads it later
# already knows that `source.ip` is an address and `@timestamp` is UTC.

# %%
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}


def utc(seconds):
    """Return a moment as ECS has it: 2026-03-02T09:36:00.000Z."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(
        timespec="milliseconds")
    return text.replace("+00:00", "Z")


record = logging.makeLogRecord({"msg": "refund %s", "args": ("5000",),
                                "user.name": "mia"})
print({name for name in vars(record) if name not in STANDARD})

# %% exercise="format_record"
def format_record(record):
    """Return a logging.LogRecord as one line of JSON.

    - "@timestamp" is utc(record.created), "log.level" the level's name
      in lower case, "log.logger" the logger's name, "message" the
      finished message.
    - Every attribute that is not in STANDARD was given as extra= and
      keeps its name; it never replaces one of the four fields above.
    - A record with exc_info also has the fields of your
      format_exception_safely.
    - A value that JSON does not know is written as its str().
    - When the arguments do not fit the message, the line still comes:
      its message is str(record.msg).
    - The line holds no line break of any kind.
    """
    # BEGIN SOLUTION
    try:
        message = record.getMessage()
    except Exception:
        message = str(record.msg)
    fields = {name: value for name, value in vars(record).items()
              if name not in STANDARD}
    fields |= {"@timestamp": utc(record.created),
               "log.level": record.levelname.lower(),
               "log.logger": record.name,
               "message": message}
    if record.exc_info and record.exc_info[1]:
        fields |= format_exception_safely(record.exc_info[1])
    return json.dumps(fields, default=str)
    # END SOLUTION


# %% check="format_record"
dojo.check("format_record")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Build a dict first and turn it into text in the very last line. If you find yourself replacing `\n` by hand, there
# is a function that does it, and all its relatives, for you.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `record.getMessage()` puts the arguments into the message and raises when they do not fit: that is the place for a
# `try`. `vars(record)` gives all attributes of a record as a dict. `json.dumps` has a parameter `default`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Start with the extras, `{n: v for n, v in vars(record).items() if n not in STANDARD}`, then put your four fields on
# top with `|=`, then, `if record.exc_info`, those of `format_exception_safely(record.exc_info[1])`. Return
# `json.dumps(fields, default=str)`, which writes every line break, also U+2028, as an escape.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.format` ([all topics](../quizzes/README.md))

# %%
class JsonFormatter(logging.Formatter):
    def format(self, record):
        return format_record(record)


evil = logging.makeLogRecord({"name": "shop.login", "levelno": 20,
                              "levelname": "INFO", "args": (FORGED,),
                              "msg": "login of %s"})
print(JsonFormatter().format(evil))

# %% [markdown]
# ## 6. A configuration for the whole application
#
# A **library** takes a logger and logs; it never decides where lines go. The **application** decides, once, at its
# start, and `logging.config.dictConfig` lets it say everything in one piece of data. Three traps are in it:
#
# - `disable_existing_loggers` is true unless you say otherwise, and silences every logger that was made before, which
#   is to say all your libraries;
# - a handler on the root *and* on a child writes each record of the child twice;
# - a setup that *adds* handlers adds them again on the next call, in a notebook or after a reload.

# %% exercise="make_config"
def make_config(stream, formatter, levels):
    """Return a new dict for logging.config.dictConfig.

    - One StreamHandler writes to `stream`; its lines are made by
      `formatter`, a class (a "()" entry takes a class or function).
    - Records of all loggers reach it, each one once, also when the
      dict is applied twice. The level of the root logger is INFO.
    - `levels` is a dict, logger name -> level name, for loggers that
      are to be more or less talkative than the root.
    - Loggers that exist already stay enabled.
    """
    # BEGIN SOLUTION
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"log": {"class": "logging.StreamHandler",
                             "stream": stream,
                             "formatter": "line"}},
        "loggers": {name: {"level": level}
                    for name, level in levels.items()},
        "root": {"level": "INFO", "handlers": ["log"]},
    }
    # END SOLUTION


# %% check="make_config"
dojo.check("make_config")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# If every record climbs to the root anyway, how many loggers need a handler?
# </details>
#
# <details><summary>Hint 2</summary>
#
# The dict has the keys `version` (always 1), `disable_existing_loggers`, `formatters`, `handlers`, `loggers` and
# `root`. A handler names its class as text and its formatter by the name that you gave it.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `"formatters": {"line": {"()": formatter}}`, `"handlers": {"log": {"class": "logging.StreamHandler", "stream":
# stream, "formatter": "line"}}`, `"root": {"level": "INFO", "handlers": ["log"]}`, and `"loggers"` made by
# `{name: {"level": level} for name, level in levels.items()}`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.config` ([all topics](../quizzes/README.md))

# %% [markdown]
# ## 7. What does a line cost that is never written?
#
# Debug calls stay in the code when the service runs at `INFO`. Each still costs a little, and how much depends on how
# you write it. In `log.debug(f"order {order}")` Python builds the text first and asks the logger afterwards. In
# `log.debug("order %s", order)` the text is only built when a handler wants it. It also keeps the template `order %s`
# the same for all orders, so that a tool can count how often this *kind* of event happens.
#
# Arguments are computed in any case: `log.debug("%s", summarize(order))` calls `summarize` even when nobody listens.

# %% exercise="log_lazily"
def log_lazily(logger, order, summarize):
    """Log the order and its summary at level DEBUG.

    The finished message is "order ORDER: SUMMARY", with str(order) and
    str(summarize(order)). Its template is the same for every order.
    When DEBUG is off at `logger`, neither str(order) nor
    summarize(order) is computed, since both are slow.
    """
    # BEGIN SOLUTION
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("order %s: %s", order, summarize(order))
    # END SOLUTION


# %% check="log_lazily"
dojo.check("log_lazily")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two things must wait: making the text, and calling `summarize`. The logger does the first for you if you let it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Give the template and the values to `logger.debug` separately. For the call of `summarize`, ask the logger first
# whether anybody wants to know; you used that method in `trace_record`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `if logger.isEnabledFor(logging.DEBUG):` and under it `logger.debug("order %s: %s", …, …)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.lazy` ([all topics](../quizzes/README.md))

# %% [markdown]
# Now measure it. The order has 200 items, and writing it out takes a while; `DEBUG` is off throughout.

# %%
class Order(list):
    def __str__(self):
        return ", ".join(f"{n} x item {i}" for i, n in enumerate(self))


order = Order([1, 2] * 100)
quiet = logging.getLogger("measure")
quiet.setLevel(logging.INFO)
WAYS = {
    "f-string": lambda: quiet.debug(f"order {order}: {sum(order)}"),
    "%-style": lambda: quiet.debug("order %s: %s", order, sum(order)),
    "log_lazily": lambda: log_lazily(quiet, order, sum),
    "no call": lambda: None,
}

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

cost = {}
for way, call in WAYS.items():
    runs = timeit.repeat(call, number=500, repeat=7)
    cost[way] = min(runs) / 500 * 1e9
print(f"{'way':12} ns a call")
for way, nanoseconds in cost.items():
    print(f"{way:12} {nanoseconds:9,.0f}")
times = cost["f-string"] / cost["log_lazily"]
print(f"The f-string costs {times:,.0f} times what log_lazily costs.")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    axes.plot(cost.values(), cost.keys(), "o", color=LIGHT.series[2])
    for way, ns in cost.items():
        axes.annotate(f"{ns:,.0f} ns", (ns, way), (9, -4),
                      textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xlim(right=max(cost.values()) * 5)
    axes.grid(axis="x")
    axes.set_xlabel("nanoseconds for a call that writes nothing (log scale)")
    axes.invert_yaxis()
    dojo.show(figure, "What a call that writes nothing costs, for four"
              " ways of writing it; the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Four dots, one for each way, with the numbers of the table above it; each grid line
# stands for ten times the one before. The f-string pays for a text that nobody reads, %-style saves the text and still pays
# for `sum`, and with the guard a call that writes nothing costs little more than calling a function at all.

# %% [markdown]
# ## 8. The same hour, through your own logging
#
# Everything you built goes to work: `choose_level` decides the levels, `make_config` sets up, `format_record` and
# `format_exception_safely` write the lines. Then you count, for the old log and for yours: events that are lost,
# lines written twice, lines that belong to no event, and lines with a card number.

# %%
import logging.config

yours = io.StringIO()
with fresh_logging():
    logging.raiseExceptions = False  # a broken formatter loses lines
    for _ in range(2):  # a reload must not double anything
        config = make_config(yours, JsonFormatter, {"urllib3": "WARNING"})
        logging.config.dictConfig(config)
    replay(HOUR, lambda one: choose_level(one["facts"]))
print(yours.getvalue().partition("\n")[0])

# %%
def naive_key(line):
    return line.partition(":")[2]


def your_key(line):
    try:
        found = json.loads(line)
    except ValueError:
        return line  # no event looks like this
    return f"{found.get('log.logger')}:{found.get('message')}"


def true_key(one):
    return f"{one['logger']}:{one['message'] % one}"


# %%
def account(lines, key_of):
    """Compare the lines of a log with what really happened."""
    got = Counter(key_of(line) for line in lines)
    want = Counter(true_key(one) for one in HOUR)
    more = got - want
    return {
        "events lost": (want - got).total(),
        "written twice": sum(n for key, n in more.items() if key in want),
        "of no event": sum(n for key, n in more.items() if key not in want),
        "card numbers": sum("4111 1111" in line for line in lines),
    }


before = account(naive.getvalue().splitlines(), naive_key)
after = account(yours.getvalue().splitlines(), your_key)

# %%
# NBVAL_CHECK_OUTPUT
print(f"{'of ' + str(len(HOUR)) + ' events':15} naive  yours")
for what in before:
    print(f"{what:15} {before[what]:5}  {after[what]:5}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for shift, counts, name, hatch in ((-0.2, before, "naive", "//"),
                                       (0.2, after, "yours", "")):
        rows = [row + shift for row in range(len(counts))]
        bars = axes.barh(rows, list(counts.values()), 0.38, label=name,
                         hatch=hatch, color=LIGHT.series[1 + (shift > 0)])
        axes.bar_label(bars, padding=3)
    axes.set_yticks(range(len(before)), list(before))
    axes.set_xlabel("events or lines")
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    dojo.show(figure, "Events lost, doubled, forged and leaking, naive and"
              " yours; the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Four pairs of bars, one for each row of the table above it: the naive setup loses most
# events, and more than half of the lines it writes belong to no event; your bars are at zero. And the four readers now
# get their answers from the log itself:

# %%
# NBVAL_CHECK_OUTPUT
answers = read_four_ways([json.loads(line)
                          for line in yours.getvalue().splitlines()])
print("the same answers as from the truth:", answers == truth)
print("changed:", answers["changed"])

# %% [markdown]
# Olga is cleared. The evidence is a field that the attacker could not write into.

# %% [markdown]
# ## Summary
#
# - One log serves four readers; each needs named fields more than well-written sentences.
# - A logger's level is asked once, where the call is made; on the way up, only handlers are asked.
# - A level says who should react. A refused login is `INFO`: the service did its job.
# - Exceptions keep their chain and never their local variables.
# - One event is one line of JSON, whatever the message holds; a forged line is then just a strange name.
# - One `dictConfig` in the application, handlers on the root only, existing loggers left enabled.
# - Give template and values separately, and guard what is slow to compute.
#
# ## In production
#
# logdojo's own part does the same for a real service.
#
# - [configuration](../src/logdojo/logsetup/configuration.py) turns one frozen settings object into a plain dictConfig,
#   and `setup()` may be called again, after a reload or in a notebook.
# - [formatters](../src/logdojo/logsetup/formatters.py) writes the ECS line, and a second form for people at a terminal.
#   Its [encoding](../src/logdojo/logsetup/encoding.py) does once what is the same for each line.
# - [exceptions](../src/logdojo/logsetup/exceptions.py) keeps the whole chain and no local variable, also of exceptions
#   that cannot even be printed.
# - [plain](../src/logdojo/logsetup/plain.py) handles what this lab left out: NaN, values that contain themselves, a
#   megabyte in one field, broken `__str__` methods.
#
# Labs 02 to 04 build what surrounds it: ids in every record, files that lose nothing, and lines that keep secrets.
# `python -m logdojo.logsetup` shows one record in both of its forms.

# %%
from logdojo.logsetup import JsonFormatter as LibraryFormatter

evil.loop = {"nan": float("nan")}
evil.loop["itself"] = evil.loop
for name, value in json.loads(LibraryFormatter().format(evil)).items():
    print(f"{name:22} {value!r}")

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. Why is logging important, and who reads a log?
# 2. What are the parts of the logging module, and what does each of them decide?
# 3. A `DEBUG` line does not appear. How do you find out why?
# 4. Each line appears twice. What do you look at first?
# 5. How do you keep logging from slowing an application down?
# 6. What can go wrong when user input is logged, and what stops it?
#
# More of them, with key points and model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell,
# `from logdojo.widgets import quiz` and `quiz.ask(objective="log.components")`.
#
# ## Further reading
#
# - [Logging HOWTO](https://docs.python.org/3/howto/logging.html) and the flow chart in it
# - [Elastic Common Schema](https://www.elastic.co/docs/reference/ecs): the names of fields
# - [OWASP Logging Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html): what to log
#   for security, and what not
# - [CWE-117](https://cwe.mitre.org/data/definitions/117.html): forged log lines, and
#   [CWE-532](https://cwe.mitre.org/data/definitions/532.html): secrets in log files
# - NIST SP 800-92, *Guide to Computer Security Log Management*
#
# **Next:** lab 02 gives every record the ids of user, session and transaction, also across threads and asyncio.
