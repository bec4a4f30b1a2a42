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
# # Lab 02: Structured events with context
#
# **90 minutes · moderate · 2 CPU cores, no network · lab 01, and you have seen `async def` once**
#
# At the end you will be able to
#
# - put the ids of user, session, transaction and trace on every record, also on those of other people's libraries;
# - carry them into threads, executors and asyncio tasks, without leaving them behind for the next job;
# - pass a trace on to the next service in a header, and read such a header from a stranger safely;
# - get one and the same line from `logging`, structlog and Loguru, without the secrets that two of them print.
#
# In an interview you will be able to explain *how to follow one request through a system that handles many at once*,
# and *what structlog and Loguru give and cost*, each with numbers that you measured yourself.

# %%
import asyncio
import contextvars
import copy
import functools
import io
import json
import logging
import logging.config
import random
import re
import secrets
import sys
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

# %%
import statistics
import tempfile
import time
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from logdojo import dojo
from logdojo.logsetup.testing import fresh_logging

dojo.lab("02_structured_context")

# %%
from my_soc import format_record, make_config

# %% [markdown]
# Those two are yours, if you passed them in lab 01: `format_record` writes one record as one line of JSON, and
# `make_config` makes a dict for `dictConfig`. Where one is missing, logdojo's own part stands in, and the line above
# says so.
#
# ## The problem: which machine did not start?
#
# A small cloud starts virtual machines. Each start is one request with six steps, and the service handles many
# requests at once: while one waits for a disk, another one goes on. The next cells simulate a rush of forty requests.

# %%
STEPS = ["POST /servers", "looking for a host", "2 GB claimed",
         "fetching the image", "image written"]


async def boot(number, dice, note):
    """Start one virtual machine; note(number, text) writes a line."""
    for _ in range(dice.randrange(60)):  # it comes some time in the rush
        await asyncio.sleep(0)
    for step in STEPS:
        note(number, step)
        for _ in range(dice.randrange(1, 9)):  # others go on meanwhile
            await asyncio.sleep(0)
    note(number, "disk is full" if number % 13 == 7 else "running")


# %%
def run(coroutine):
    """Run a coroutine apart: a notebook has a running loop already."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, coroutine).result()


async def rush(note, requests=40, seed=7):
    dice = random.Random(seed)
    await asyncio.gather(*(boot(n, dice, note) for n in range(requests)))


# %%
lines = []  # pairs: the request's number, which no reader of the log sees
run(rush(lambda number, text: lines.append((number, text))))
texts = [text for _, text in lines]
middle = texts.index("disk is full")
for text in texts[middle - 7 : middle + 7]:
    print("INFO cloud.compute:", text)

# %% [markdown]
# One of those lines says that a disk is full. Whose machine was that? The log does not tell, and no amount of reading
# will make it tell. An analyst who must answer anyway makes a rule. Two of them are natural:
#
# - *newest*: a line belongs to the request that came in last;
# - *queue*: each step is done in the order of arrival, so the line belongs to the oldest request that waits for it.

# %%
def guess_newest(texts):
    request = -1
    for text in texts:
        request += text == STEPS[0]
        yield request


def guess_queue(texts):
    """The n-th line with a step belongs to the n-th request."""
    count = Counter()
    for text in texts:
        step = "end" if text in ("running", "disk is full") else text
        yield count[step]
        count[step] += 1


# %%
# NBVAL_CHECK_OUTPUT
came = [number for number, text in lines if text == STEPS[0]]
for name, guess in ("newest", guess_newest), ("queue", guess_queue):
    pairs = zip(lines, guess(texts), strict=True)
    wrong = sum(number != came[mine] for (number, _), mine in pairs)
    print(f"{name}: {wrong} of {len(lines)} lines go to a wrong request")

# %% [markdown]
# Two lines of three go to the wrong request, with the better of the two rules. Think of what that means in a
# security incident: you accuse the wrong user.
#
# The cure is old and simple: give each request an **id** and write it into every line. OpenStack, the cloud that this
# one is modeled on, has `[req-…]` in each line for this reason. All the rest of this lab is about the word
# *every*. Nobody wants to hand an id through forty functions, and the library that you call does not
# take one. So the id has to travel on its own.

# %% [markdown]
# ## 1. Where does an id live?
#
# It must be reachable from everywhere in one request, and from nowhere in another. Here are the two places that come
# to mind first: a global object, and `threading.local`, which gives each thread attributes of its own.
#
# `ECS` maps what a caller says to the name that the field has in the Elastic Common Schema.

# %%
ECS = {"user": "user.id", "session": "session.id",
       "transaction": "transaction.id", "trace": "trace.id"}

# %%
class GlobalContext:
    def __init__(self):
        self.ids = {}

    def current(self):
        return self.ids

    def bind(self, **ids):
        named = {ECS[name]: value for name, value in ids.items()}
        self.ids = self.ids | named


# %%
class ThreadContext(threading.local):
    def __init__(self):  # runs once in each thread
        self.ids = {}

    current = GlobalContext.current
    bind = GlobalContext.bind

# %% [markdown]
# Now try them. Fourteen users are served at once, by threads or by asyncio tasks. Each request binds its user, lets
# the others go on, and then looks whose id it finds. A wrong one, or none, counts.

# %%
USERS = "ada ben cleo dan emil fay gus hana ivo jan kim lea mia noa".split()


def is_wrong(context, user):
    return context.current().get("user.id") != user


# %%
def with_threads(context, carry):
    together = threading.Barrier(len(USERS))

    def request(user):
        context.bind(user=user)
        together.wait()  # the others bind theirs
        return is_wrong(context, user)

    with ThreadPoolExecutor(len(USERS)) as pool:
        return list(pool.map(request, USERS))


# %%
def with_tasks(context, carry):
    async def request(user):
        context.bind(user=user)
        await asyncio.sleep(0)  # the others bind theirs
        return is_wrong(context, user)

    async def all_at_once():
        return await asyncio.gather(*map(request, USERS))

    return run(all_at_once())


def percent_wrong(situation, context, carry=None):
    wrong = situation(context, carry)
    return 100 * sum(wrong) / len(wrong)


# %%
# NBVAL_CHECK_OUTPUT
for make in GlobalContext, ThreadContext:
    for situation in with_threads, with_tasks:
        share = percent_wrong(situation, make())
        print(f"{make.__name__} {situation.__name__}: {share:.0f} % wrong")

# %% [markdown]
# A global holds whoever came last. `threading.local` is right for threads and no better than a global for asyncio,
# where *all* tasks run in one thread and take turns at each `await`.
#
# The standard library's answer is the **context variable**. `ContextVar("ids", default=…)` has `get()` and `set()`
# like a box, but each thread and each asyncio task looks into its own box. A task starts with a *copy* of the
# boxes of the code that made it.
#
# Two things need care. `set()` returns a *token*, and `reset(token)` puts back what was there before. And what is
# *in* the box is shared as long as nobody sets a new value: if you change a dict in place, everybody sees it.

# %% exercise="Context"
class Context:
    """The ids of the work at hand; no other task or thread sees them.

    - Each Context() has ids of its own, and begins without any.
    - current() returns them as a new dict: ECS name -> value.
    - bind(user="u1", trace="4bf9…") sets ids from here on. Ids that
      are not given stay; one that is given as None is taken away.
    - `with context.scope(user="u1"):` binds the same way, but for the
      block only. At its end all ids are those of before, also when the
      block raised, and also when more was bound inside it.
    Names are those of ECS above. Keep the ids in a ContextVar.
    """

    def __init__(self):
        # BEGIN SOLUTION
        self._ids = ContextVar("ids", default={})
        # END SOLUTION

    def current(self):
        # BEGIN SOLUTION
        return dict(self._ids.get())
        # END SOLUTION

    def bind(self, **ids):
        # BEGIN SOLUTION
        ids = self.current() | {ECS[n]: v for n, v in ids.items()}
        self._ids.set({n: v for n, v in ids.items() if v is not None})
        # END SOLUTION

    @contextmanager
    def scope(self, **ids):
        # BEGIN SOLUTION
        token = self._ids.set(self.current())
        try:
            self.bind(**ids)
            yield
        finally:
            self._ids.reset(token)
        # END SOLUTION


# %% check="Context"
dojo.check("Context")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One box is enough: a `ContextVar` that holds one dict with all ids. Make it in `__init__`. Each method reads the
# box, makes a *new* dict and, if need be, sets it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# In `bind`, join what is there with what is new: `old | new` makes a new dict of two. Then leave out the values that
# are `None`. In `scope`, take the token of a `set()` *before* anything is bound, and `reset` it in a `finally`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `self._ids = ContextVar("ids", default={})`; `current` returns `dict(self._ids.get())`. In `bind`:
# `ids = self.current() | {ECS[n]: v for n, v in ids.items()}`, then `self._ids.set({… if v is not None})`. In `scope`:
# `token = self._ids.set(self.current())`, then `try:` with `self.bind(**ids)` and `yield`, then `finally:` with
# `self._ids.reset(token)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.context` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
for situation in with_threads, with_tasks:
    share = percent_wrong(situation, Context())
    print(f"Context {situation.__name__}: {share:.0f} % wrong")

# %% [markdown]
# ## 2. An id on every record
#
# An id in a box is not yet in a line. The place where every record comes by is a **filter**: an object with a method
# `filter(record)` that is asked whether the record may pass, and that may change it on the way.

# %% exercise="ContextFilter"
class ContextFilter(logging.Filter):
    """Give each record the ids of the code that logs it.

    ContextFilter(context) takes an object whose current() returns a
    dict of ids. filter(record) makes each id an attribute of the
    record, under its own name ("user.id"); a later formatter finds it
    there like an extra. An attribute that the record has already, such
    as an extra of the same name, stays. Every record passes.
    """

    def __init__(self, context):
        # BEGIN SOLUTION
        super().__init__()
        self.context = context
        # END SOLUTION

    def filter(self, record):
        # BEGIN SOLUTION
        for name, value in self.context.current().items():
            if name not in vars(record):
                setattr(record, name, value)
        return True
        # END SOLUTION


# %% check="ContextFilter"
dojo.check("ContextFilter")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What does a filter say to let a record pass? A method that returns nothing returns `None`, and that counts as no.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `record.user.id = …` cannot be written, but `setattr(record, "user.id", …)` can. `vars(record)` is the dict of all
# attributes that a record has. Ask the context in `filter`, not in `__init__`: the ids change all the time.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Keep the context with `self.context = context` (and call `super().__init__()`). In `filter`:
# `for name, value in self.context.current().items():` and `vars(record).setdefault(name, value)`; then
# `return True`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.context` ([all topics](../quizzes/README.md))

# %% [markdown]
# And where does the filter belong? Loggers take filters, and handlers too. Try the root logger, since all records
# climb up to it, and a handler of it.

# %%
class JsonFormatter(logging.Formatter):
    def format(self, record):
        return format_record(record)


# %%
def line_of_a_library(place, context):
    """Log from a library, with the filter on "root" or "handler"."""
    out = io.StringIO()
    with fresh_logging() as root, context.scope(user="ada"):
        handler = logging.StreamHandler(out)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        target = root if place == "root" else handler
        target.addFilter(ContextFilter(context))
        logging.getLogger("some.library").warning("slow answer")
    return json.loads(out.getvalue())


# %%
# NBVAL_CHECK_OUTPUT
for place in "root", "handler":
    user = line_of_a_library(place, Context()).get("user.id")
    print(f"filter on the {place}: the library's line has user {user}")

# %% [markdown]
# A logger's filter is asked only for records that are *made* at this very logger. A record that climbs up from
# `some.library` meets handlers, as you saw in lab 01, and so it meets only filters of handlers. Nearly all lines
# of a real service come from child loggers.
#
# So every handler needs the filter, and the configuration is the place to say so. A dictConfig names its filters
# under `filters`, as it does formatters, and a handler lists the names that it wants.

# %% exercise="add_context"
def add_context(config, context):
    """Return a dictConfig like `config` whose handlers all add ids.

    - It has a filter "ids" that is a ContextFilter over `context`.
    - Each handler uses it, after the filters that it uses already.
    - Loggers stay as they are, and so do other filters.
    - The dict that was given, and what is in it, does not change.
    - Streams and formatters are the same objects as before.
    """
    # BEGIN SOLUTION
    filters = {**config.get("filters", {}),
               "ids": {"()": ContextFilter, "context": context}}
    handlers = {name: {**one, "filters": [*one.get("filters", []), "ids"]}
                for name, one in config["handlers"].items()}
    return {**config, "filters": filters, "handlers": handlers}
    # END SOLUTION


# %% check="add_context"
dojo.check("add_context")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `{**config, "filters": …}` is a new dict with one entry replaced. Nothing is changed in place if you build each
# level that differs this way. `copy.deepcopy` goes too far: what happens to a stream that is copied?
# </details>
#
# <details><summary>Hint 2</summary>
#
# A filter of your own is written like a formatter of your own: `{"()": ContextFilter, "context": context}`; all
# other keys become arguments. For the handlers, `one.get("filters", [])` are those that it has.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `handlers = {name: {**one, "filters": [*one.get("filters", []), "ids"]} for name, one in
# config["handlers"].items()}`, the filters in the same style, and at the end
# `return {**config, "filters": filters, "handlers": handlers}`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.config` ([all topics](../quizzes/README.md))

# %%
def set_up(stream, context):
    """Apply your configuration of lab 01, with ids."""
    config = make_config(stream, JsonFormatter, {"some.library": "DEBUG"})
    logging.config.dictConfig(add_context(config, context))


# %%
context = Context()  # one for the whole application
with fresh_logging():
    out = io.StringIO()
    set_up(out, context)
    with context.scope(user="ada", session="s-17"):
        logging.getLogger("some.library").debug("connection reused")
    logging.getLogger("shop").info("tidying up")
print(out.getvalue())

# %% [markdown]
# ## 3. Into threads and executors
#
# An asyncio task starts with a copy of the ids. A *thread* starts with none. And a service that wants to do something
# slow on the side hands it to a pool of threads. Try two situations:
#
# - `pool_jobs`: a request binds its user and hands a job to a pool. Whose id does the job find?
# - `next_job`: the job itself binds the user, which seems to help. Then the *next* job on the same thread, some
#   housekeeping that belongs to nobody, looks for ids and should find none.

# %%
def pool_jobs(context, carry):
    go = threading.Event()
    jobs = []

    def job(user):
        go.wait()
        return is_wrong(context, user)

    with ThreadPoolExecutor(2) as pool:
        for user in USERS:
            context.bind(user=user)
            jobs.append(pool.submit(carry(job), user))
        go.set()
        return [job.result() for job in jobs]


# %%
def next_job(context, carry):
    def job(user):
        context.bind(user=user)

    def housekeeping():
        return bool(context.current())

    found = []
    with ThreadPoolExecutor(1) as pool:
        for user in USERS:
            pool.submit(carry(job), user).result()
            found.append(pool.submit(carry(housekeeping)).result())
    return found


# %%
# NBVAL_CHECK_OUTPUT
def just(function):
    return function


def apart(situation, make, carry):
    """Measure in a thread of its own, so that nothing stays behind."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(percent_wrong, situation, make(), carry).result()


for situation in pool_jobs, next_job:
    share = apart(situation, Context, just)
    print(f"Context {situation.__name__}: {share:.0f} % wrong")

# %% [markdown]
# Both fail completely. In the pool every id is gone. And what a job binds stays on the thread, so that the next job
# acts under the name of a user who has nothing to do with it. In a log that is worse than no name at all: it is
# evidence, and it is false.
#
# The tool is `contextvars.copy_context()`: a copy of *all* boxes at this moment. `copied.run(function, …)` calls a
# function inside that copy; what it sets stays in there. One trap: a copy can only be entered once at a time, and a
# second thread that tries gets a `RuntimeError`. But a copy can be copied again.

# %% exercise="carried"
def carried(function):
    """Return a function that does the same under the ids of this moment.

    - It takes the arguments of `function`, keyword ones too, and
      returns or raises what that does.
    - Wherever it is called, `function` finds the context variables as
      they are now, in the code that calls carried(). All of them, and
      not only yours.
    - What `function` sets is gone afterwards, and the thread that
      called has the context variables of before.
    - Many threads may call it at the same time.
    """
    # BEGIN SOLUTION
    context = contextvars.copy_context()

    @functools.wraps(function)
    def inside(*args, **kwargs):
        return context.copy().run(function, *args, **kwargs)

    return inside
    # END SOLUTION


# %% check="carried"
dojo.check("carried")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two moments matter: when `carried` is called, and when what it returns is called. In which of them do you have to
# copy the context?
# </details>
#
# <details><summary>Hint 2</summary>
#
# In both. The first copy keeps the ids of this moment. For each call make a copy of *that* copy and run the function
# in it, so that two threads never enter the same one.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `context = contextvars.copy_context()`, then an inner `def inside(*args, **kwargs):` that returns
# `context.copy().run(function, *args, **kwargs)`, then `return inside`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.context` ([all topics](../quizzes/README.md))

# %% [markdown]
# Nobody will remember to write `carried` at each call. So put it where the calls go through: an executor whose
# `submit` does it. Its `map` calls `submit` and is covered as well.

# %%
class ContextExecutor(ThreadPoolExecutor):
    def submit(self, function, /, *args, **kwargs):
        return super().submit(carried(function), *args, **kwargs)


with ContextExecutor(2) as pool, context.scope(user="mia"):
    print(list(pool.map(lambda n: (n, context.current()), range(2))))

# %% [markdown]
# Time to see all of it together: four situations, four places to keep an id.

# %%
# NBVAL_CHECK_OUTPUT
SITUATIONS = [with_threads, with_tasks, pool_jobs, next_job]
WAYS = {"global": (GlobalContext, just),
        "threading.local": (ThreadContext, just),
        "contextvars": (Context, just),
        "with carried": (Context, carried)}
mixed = {way: [apart(one, *parts) for one in SITUATIONS]
         for way, parts in WAYS.items()}
print(f"{'% wrong':16}", *(f"{s.__name__:>12}" for s in SITUATIONS))
for way, shares in mixed.items():
    print(f"{way:16}", *(f"{share:12.0f}" for share in shares))

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for n, (way, hatch) in enumerate(zip(WAYS, ("//", "..", "xx", ""))):
        places = [row + 0.2 * (n - 1.5) for row in range(len(SITUATIONS))]
        bars = axes.barh(places, mixed[way], 0.18, label=way, hatch=hatch,
                         color=LIGHT.series[n])
        axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set_yticks(range(4), [one.__name__ for one in SITUATIONS])
    axes.set(xlabel="percent of records with a wrong id or none",
             xlim=(0, 110))
    axes.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=4)
    dojo.show(figure, "Percent of records with a wrong id, for four places"
              " to keep it; the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Four groups of bars, one for each column of the table above it. A global is wrong nearly
# everywhere, `threading.local` is right for threads only, a context variable also for tasks; the last row of the
# table, with `carried`, is zero throughout.
#
# What else moves work to other threads? `asyncio.to_thread` copies the context by itself, `loop.run_in_executor` does
# not: give it `carried(function)`. A `threading.Thread` wants `target=carried(function)`. A *process* pool cannot be
# helped this way, since a context cannot be pickled. There the id has to travel as a value, like to another machine.

# %% [markdown]
# ## 4. To the next service, and back
#
# The shop calls the payment service, which calls the bank. To follow one order through all three, they agree on a
# header. The W3C's *Trace Context* is the standard:
#
# ```text
# traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
#              |  |                                |                |
#        version  trace id, 16 bytes               parent id,       flags; the lowest
#                 the same in all services         8 bytes          bit: sampled
# ```
#
# A header comes from outside, so it is an **attack surface**. What it says goes into every line of the request.
# A colleague's first version, and what strangers send it:

# %%
GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def naive_parse(header):
    version, trace, parent, flags = header.split("-")
    if len(trace) == 32 and int(trace, 16) and int(parent, 16):
        return trace, parent, flags == "01"
    return None


for header in (GOOD, GOOD.replace("4bf9", "+b_9"),
               GOOD.replace("00f067aa0ba902b7", " 7\n"),
               GOOD.replace("4bf9", "٤bf٩"), GOOD[:-1] + "3"):
    print(f"{naive_parse(header)}")

# %% [markdown]
# `int(text, 16)` is generous: it takes signs, underscores, white space and the digits of every script on earth. Here
# a line break got through into a value that is about to be sent on in a header, which is how response splitting
# begins; in the fourth line two digits are Arabic, so that a search for the id will not find it. The last header is
# sampled (3 has the lowest bit), but the answer says no. And a header with too few parts raises an exception, so
# that a stranger can make every request fail.
#
# The opposite of generous is a pattern for exactly what is allowed. Beware of two generous spots in `re`: `\d` takes
# all digits, and `$` also matches in front of a line break at the end. `re.fullmatch` has no such weakness.

# %% exercise="parse_traceparent"
def parse_traceparent(header):
    """Return (trace id, parent id, sampled) of a header, or None.

    - The form is version-trace-parent-flags, with 2, 32, 16 and 2
      characters from 0-9 and a-f, lower case only.
    - None for anything else, also for values that are no text; it
      never raises.
    - None for version "ff", and for a trace id or parent id that is
      all zeros.
    - Version "00" ends there. A later version may go on with a hyphen
      and more, which is ignored.
    - sampled is True when the lowest bit of the flags is set.
    """
    # BEGIN SOLUTION
    form = (r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"
            r"(-.*)?")
    found = isinstance(header, str) and re.fullmatch(form, header)
    if not found:
        return None
    version, trace, parent, flags, more = found.groups()
    if version == "ff" or (version == "00" and more):
        return None
    if not int(trace, 16) or not int(parent, 16):
        return None
    return trace, parent, bool(int(flags, 16) & 1)
    # END SOLUTION


# %% check="parse_traceparent"
dojo.check("parse_traceparent")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write one pattern with a group for each part. After it has matched, little is left to check: zeros, `ff`, and what
# may follow.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `[0-9a-f]{32}` is the trace id; write the class out instead of `\w` or `\d`. An optional group `(-.*)?` at the end
# is `None` when nothing follows. Ask `isinstance(header, str)` before you match.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `found = re.fullmatch(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", header)`, then
# `version, trace, parent, flags, more = found.groups()`. Zeros are `not int(trace, 16)`, sampled is
# `bool(int(flags, 16) & 1)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.context` ([all topics](../quizzes/README.md))

# %% [markdown]
# Now the way out. Each service keeps the trace id and puts an id of its own in the place of the parent, so that one
# sees later who called whom. Where a request comes without a header, or with a bad one, a new trace begins.
#
# An id that others can guess lets them write lines into somebody else's trace. And the module `random`, once seeded
# or forked, says the same things twice. `secrets` does neither.

# %% exercise="next_traceparent"
def next_traceparent(header):
    """Return the header for a call to the next service.

    - It has the trace id and the sampled bit of `header`, and a new
      random parent id.
    - When `header` is not valid (see parse_traceparent), a new trace
      begins: a random trace id, sampled.
    - The version is 00, the flags are 01 or 00.
    - Random ids come from the module secrets, not from random.
    """
    # BEGIN SOLUTION
    found = parse_traceparent(header)
    trace, _, sampled = found or (secrets.token_hex(16), "", True)
    return f"00-{trace}-{secrets.token_hex(8)}-{int(sampled):02x}"
    # END SOLUTION


# %% check="next_traceparent"
dojo.check("next_traceparent")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Your `parse_traceparent` tells you both: whether the header is good, and what is in it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `secrets.token_hex(16)` is 32 hexadecimal digits: 16 *bytes*. Do not send the flags on as they came: a bit that you
# do not know may mean something that you do not do.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `trace, _, sampled = parse_traceparent(header) or (secrets.token_hex(16), "", True)`, then an f-string:
# `f"00-{trace}-{secrets.token_hex(8)}-{int(sampled):02x}"`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.context` ([all topics](../quizzes/README.md))

# %% [markdown]
# ## 5. The rush again, with ids
#
# All parts go to work. A *middleware* is what stands around each request: it reads the header, opens a scope and
# closes it. The steps of `boot` log as before and know nothing of ids. The image comes from a library with a logger
# of its own, in a thread of a pool, and a second service takes the payment.

# %%
def bill(headers):
    """The second service: all it gets is a header."""
    trace, _, _ = parse_traceparent(headers["traceparent"])
    with context.scope(trace=trace, user=None, transaction="bill"):
        logging.getLogger("billing").info("billed")


def download():
    """Somebody else's library, slow and in a thread."""
    logging.getLogger("imagelib.http").info("GET /image")


# %%
async def serve(number, dice, pool):
    """The middleware around one request."""
    header = next_traceparent(None)
    trace, _, _ = parse_traceparent(header)
    log = logging.getLogger("cloud.compute")

    def note(n, text):  # n is the truth, for counting only
        log.info(text, extra={"true.number": n})

    user = USERS[number % len(USERS)]
    with context.scope(user=user, transaction="boot", trace=trace):
        await boot(number, dice, note)
        await asyncio.wrap_future(pool.submit(download))
        bill({"traceparent": next_traceparent(header)})


# %%
async def traced_rush(requests=40, seed=7):
    dice = random.Random(seed)
    with ContextExecutor(4) as pool:
        await asyncio.gather(*(serve(n, dice, pool)
                               for n in range(requests)))


out = io.StringIO()
with fresh_logging():
    set_up(out, context)
    run(traced_rush())
events = [json.loads(line) for line in out.getvalue().splitlines()]
print(out.getvalue().splitlines()[-1])

# %%
# NBVAL_CHECK_OUTPUT
traces = defaultdict(list)
for event in events:
    traces[event.get("trace.id")].append(event)
whole = Counter(
    tuple(sorted(Counter(e["log.logger"] for e in group).items()))
    for group in traces.values())
numbers = [{e.get("true.number") for e in group} - {None}
           for group in traces.values()]
print("lines:", len(events), "without a trace:", len(traces[None]))
print("traces that hold two requests:", sum(len(n) > 1 for n in numbers))
for loggers, count in whole.items():
    print(f"{count} traces with {dict(loggers)}")

# %% [markdown]
# Forty traces, each with its six steps, one line of the library and one of the second service, and no line in a wrong
# place. The question from the beginning is now a query:

# %%
# NBVAL_CHECK_OUTPUT
for group in traces.values():
    if any(event["message"] == "disk is full" for event in group):
        print(group[0]["user.id"], "->", [e["message"] for e in group])

# %% [markdown]
# And it tells more than we asked: all three were billed for a machine that never ran. No single service could have
# shown that.
#
# ## 6. structlog: a chain of processors
#
# Many services use structlog instead of `logging`. Its idea: an event is a *dict* from the start, and a chain of
# plain functions turns it into a line. Each **processor** takes `(logger, method, event)` and returns the event; the
# last one returns what is written. `method` is the name of the method that was called, and the message stands under
# `"event"`.
#
# Two log formats in one company are one too many. So let structlog write *your* line of lab 01. The bridge is a
# `LogRecord`, since that is what `format_record` reads; `make_record` makes one.

# %%
def make_record(name, level, message, fields, exc_info=None):
    """Make a LogRecord; no field replaces a part of it."""
    record = logging.makeLogRecord(
        {"name": name, "levelname": level.upper(), "msg": message,
         "exc_info": exc_info,
         "levelno": getattr(logging, level.upper(), logging.INFO)})
    taken = {*vars(record), "message", "asctime"}
    vars(record).update({f"labels.{field}" if field in taken else field:
                         value for field, value in fields.items()})
    return record


LEVELS = {"warn": "warning", "exception": "error", "fatal": "critical"}

# %% exercise="structlog_chain"
def structlog_chain(context):
    """Return a list of structlog processors that end in your line.

    - The last one returns format_record(make_record(…)) of the event.
    - The message is the value of "event"; the logger's name is that of
      "logger", or "root" without one. Neither is a field as well.
    - The level is the method's name; LEVELS has those that differ.
    - Fields are context.current() and all other values of the event; a
      value of the event wins.
    - "exc_info" is no field. It may be True (the exception that is
      being handled), an exception, a tuple of three, or a false value.
    """
    # BEGIN SOLUTION
    def add_ids(logger, method, event):
        return {**context.current(), **event}

    def write_line(logger, method, event):
        error = event.pop("exc_info", None)
        if isinstance(error, BaseException):
            error = type(error), error, error.__traceback__
        elif error and not isinstance(error, tuple):
            error = sys.exc_info()
        level = LEVELS.get(method, method)
        name, message = event.pop("logger", "root"), event.pop("event")
        return format_record(make_record(name, level, message, event, error))

    return [add_ids, write_line]
    # END SOLUTION


# %% check="structlog_chain"
dojo.check("structlog_chain")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two inner functions are enough: one puts the ids in, one makes the line. Both see `context`, since they are defined
# inside.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `{**a, **b}` is a dict in which b wins. Take out what is no field with `event.pop(name, default)`; what is left are
# the fields. `sys.exc_info()` gives the tuple of the exception that is being handled.
# </details>
#
# <details><summary>Hint 3</summary>
#
# In the second function: `error = event.pop("exc_info", None)`; an exception becomes
# `(type(error), error, error.__traceback__)`, `True` becomes `sys.exc_info()`. Then
# `format_record(make_record(event.pop("logger", "root"), LEVELS.get(method, method), event.pop("event"), event,
# error))`; arguments are evaluated from left to right, so the pops come before `event` is read.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.structlog` ([all topics](../quizzes/README.md))

# %%
import structlog

# %%
def structured(stream, context):
    """Make a structlog logger that writes your line."""
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=structlog_chain(context),
        wrapper_class=structlog.make_filtering_bound_logger("INFO"))
    return log.bind(logger=__name__)


# %%
out = io.StringIO()
with context.scope(user="ada", trace=GOOD[3:35]):
    structured(out, context).info("order paid", order=17)
print(out.getvalue())

# %% [markdown]
# structlog has context variables of its own, `structlog.contextvars.bind_contextvars` and the processor
# `merge_contextvars`. Had we used them, lines from `logging` would not have the ids. One place for the ids, and
# bridges to it, is the better order.

# %% [markdown]
# ## 7. Loguru, and what it tells about you
#
# Loguru is loved for needing no setup: `from loguru import logger`, and colored lines come out, with stack traces
# that show the value of every variable. That last thing is on unless you say `diagnose=False`. Here a payment fails,
# and a card number is a local variable at that moment.

# %%
CARD = "-".join(["4111"] * 4)


def send(card, amount):
    return f"{amount} from {card}"


def charge(order, card):
    return send(card, order["total"] / order["items"])


# %%
def fail(log):
    """Log the exception of a payment that failed."""
    try:
        charge({"total": 9, "items": 0}, CARD)
    except ZeroDivisionError:
        log.exception("order not charged")


# %%
import loguru

loguru.logger.remove()  # from now on, copies of it begin without sinks
out = io.StringIO()
default = copy.deepcopy(loguru.logger)
default.add(out)
fail(default)
print(*out.getvalue().splitlines()[-12:], sep="\n")

# %% [markdown]
# There it is, in a file that is kept for months and read by many. `serialize=True`, which makes JSON, has it too.
#
# Write a **sink** instead. Loguru calls a sink, any function, with a message whose attribute `record` is a dict. From
# it you take what belongs into your line. Its keys: `"name"` (of the module), `"level"` (with `.name`), `"message"`,
# `"extra"` (a dict with everything bound) and `"exception"` (`None`, or a tuple of three).

# %% exercise="set_up_loguru"
def set_up_loguru(logger, stream, context):
    """Let a Loguru logger write your line to `stream`, and only there.

    - Each record from DEBUG up becomes one line: the format_record of a
      make_record, and a line break.
    - Fields are context.current() and the record's extra, which wins.
    - The sinks that the logger had are gone: the one that Loguru starts
      with prints local variables to standard error.
    - Loguru itself does not look at local variables any more: showing
      one means calling its repr(), which may be slow, or raise.
    """
    # BEGIN SOLUTION
    def sink(message):
        entry = message.record
        record = make_record(entry["name"], entry["level"].name,
                             entry["message"],
                             context.current() | entry["extra"],
                             entry["exception"])
        stream.write(format_record(record) + "\n")

    logger.remove()
    logger.add(sink, format="{message}", backtrace=False, diagnose=False)
    # END SOLUTION


# %% check="set_up_loguru"
dojo.check("set_up_loguru")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three things: a function that writes one line, taking the old sinks off, adding yours. `logger.remove()` and
# `logger.add(…)` do the last two; look at the parameters of `add`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The sink gets one argument, `message`. Do not write `str(message)`: that is Loguru's own text. Take the parts out of
# `message.record`, and say `diagnose=False` to `add`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# In the sink: `entry = message.record`, then `make_record(entry["name"], entry["level"].name, entry["message"],
# context.current() | entry["extra"], entry["exception"])`, then `stream.write(format_record(record) + "\n")`. Below
# it: `logger.remove()` and `logger.add(sink, format="{message}", backtrace=False, diagnose=False)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.loguru` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### The same line, three times
#
# One event through each of the three front doors. Time and place of the call must differ; all else should not.

# %%
def through_logging(stream):
    set_up(stream, context)
    return logging.getLogger(__name__)


def through_structlog(stream):
    return structured(stream, context)


# %%
def through_loguru(stream):
    logger = copy.deepcopy(loguru.logger)
    set_up_loguru(logger, stream, context)
    return logger


DOORS = {"logging": through_logging, "structlog": through_structlog,
         "Loguru": through_loguru}


# %%
# NBVAL_CHECK_OUTPUT
VARIES = ("@timestamp", "log.origin", "error.stack_trace")
seen = []
for door in DOORS.values():
    out = io.StringIO()
    with fresh_logging(), context.scope(user="ada", session="s-1"):
        fail(door(out))
    event = json.loads(out.getvalue())
    seen.append({name: value for name, value in event.items()
                 if not name.startswith(VARIES)})
print("the same:", seen[0] == seen[1] == seen[2])
for name in "log.level", "message", "user.id", "error.type":
    print(f"{name:12} {seen[0][name]}")

# %% [markdown]
# ### Who prints the secret?
#
# structlog's `dict_tracebacks`, which its documentation recommends for JSON, collects local variables too.

# %%
def structlog_default(stream):
    return structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(default=str)],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"))


def loguru_default(stream, **options):
    logger = copy.deepcopy(loguru.logger)
    logger.add(stream, **options)
    return logger


# %%
# NBVAL_CHECK_OUTPUT
OTHERS = {"structlog, dict_tracebacks": structlog_default,
          "Loguru, as it comes": loguru_default,
          "Loguru, serialize": functools.partial(loguru_default,
                                                 serialize=True)}
for name, door in (OTHERS | DOORS).items():
    out = io.StringIO()
    with fresh_logging():
        fail(door(out))
    whose = "yours through " if name in DOORS else ""
    print(f"{out.getvalue().count(CARD):2} times in {whose}{name}")

# %% [markdown]
# ## 8. What each gives, and what it costs
#
# Last, the price. Each way writes the same 2,000 events with an order number and two ids to a file. Processor time
# counts, and the median of seven rounds. Two more take part: structlog's own JSON without a bridge, and the part of
# logdojo that does what you built, `setup()` and `scope()`.

# %%
from logdojo.logsetup import LogSettings, scope, setup, shutdown

IDS = {"user": "ada", "trace": GOOD[3:35]}


def through_logdojo(stream):
    setup(LogSettings(console=False, file=Path(stream.name)))
    return logging.getLogger(__name__)


# %%
def json_structlog(stream):
    """structlog's own fast lane: no record, no logging."""
    return structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[
            lambda logger, method, event: {**context.current(), **event},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"))


# %%
def measure(door, call, events=2000):
    """Return microseconds of processor time and bytes of one record."""
    with (tempfile.TemporaryDirectory() as folder, fresh_logging(),
          context.scope(**IDS), scope(**IDS)):
        file = Path(folder) / "app.jsonl"
        with file.open("w", encoding="utf-8") as stream:
            log = door(stream)
            start = time.process_time()
            for number in range(events):
                call(log, number)
            seconds = time.process_time() - start
        shutdown()  # of logdojo's; nothing to do for the others
        return 1e6 * seconds / events, file.stat().st_size / events


# %%
def with_extra(log, number):
    log.info("order paid", extra={"order": number})


def with_keyword(log, number):
    log.info("order paid", order=number)


# %% tags=["measure"]
def loguru_serialize(stream):
    return loguru_default(stream, serialize=True)


WRITERS = {
    "logging + your line": (through_logging, with_extra),
    "structlog + your line": (through_structlog, with_keyword),
    "Loguru + your line": (through_loguru, with_keyword),
    "structlog, own JSON": (json_structlog, with_keyword),
    "Loguru, serialize": (loguru_serialize, with_keyword),
    "logging, logdojo's own": (through_logdojo, with_extra),
}

# %% tags=["measure"]
runs = defaultdict(list)
for _ in range(7):  # in rounds, so that a busy moment hits all of them
    for name, how in WRITERS.items():
        runs[name].append(measure(*how))
price = {name: statistics.median(cost for cost, _ in found)
         for name, found in runs.items()}
size = {name: found[0][1] for name, found in runs.items()}

# %% tags=["measure"]
print(f"{'way':22} {'µs a record':>11} {'bytes a record':>14}")
for name, cost in price.items():
    print(f"{name:22} {cost:11.1f} {size[name]:14.0f}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    axes.margins(y=0.1)
    axes.plot(price.values(), price.keys(), "o", color=LIGHT.series[2])
    for name, cost in price.items():
        axes.annotate(f"{cost:.1f} µs, {size[name]:.0f} bytes",
                      (cost, name), (9, -4), textcoords="offset points")
    axes.set_xlim(0, max(price.values()) * 1.6)
    axes.grid(axis="x")
    axes.set_xlabel("microseconds of processor time a record")
    axes.invert_yaxis()
    dojo.show(figure, "Processor time a record for six ways to write it;"
              " the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Six dots, one for each row of the table above it. Your line costs about the same behind
# `logging` and behind structlog, and a little more behind Loguru, which prepares its own text first. structlog's own
# JSON is cheap: it makes no `LogRecord` and never asks which line of which file made the call. Loguru's `serialize`
# writes each record twice over, once as text and once as fields, and that is what its bytes are. logdojo's row shows
# that a record can hold file, line, function, process and thread, and still cost little: what is the same each time
# is encoded once.
#
# | | gives | costs |
# |---|---|---|
# | **logging** | every library uses it; handlers and filters for everything | a format that you write yourself; ids by a filter |
# | **structlog** | events as dicts, `bind`, a chain that you can read and test, speed | libraries still log elsewhere and need a bridge; `dict_tracebacks` shows locals |
# | **Loguru** | nothing to set up, pleasant on a terminal | one global logger for all; shows locals unless told not to; large JSON |
#
# In a service the ids and the line matter more than the front door. With one context and one formatter behind all
# three, you can use each where it is already in use.

# %% [markdown]
# ## Summary
#
# - Without an id, lines of concurrent requests cannot be told apart; every rule of thumb accuses somebody wrong.
# - A global mixes everything, `threading.local` mixes asyncio tasks, a context variable mixes neither.
# - Replace what is in a context variable, never change it in place, and put it back with the token.
# - Filters that add ids belong on handlers. Those of a logger do not see what its children log.
# - Threads of a pool start without ids and keep what a job left there. Run each job in a copy of the context.
# - A header from outside is matched in full, or dropped; a bad one never stops a request.
# - One formatter behind `logging`, structlog and Loguru gives one line. Switch off whatever shows local variables.
#
# ## In production
#
# logdojo's own part keeps one context for a whole application, and `setup()` puts its filter on every handler.
#
# - [context](../src/logdojo/logsetup/context.py): `bind`, `scope` and the filter, with the ids encoded only once;
# - [carrying](../src/logdojo/logsetup/carrying.py): threads, executors and also *processes*, to which the ids travel
#   as text, and `install()` for libraries that make threads of their own;
# - [traceparent](../src/logdojo/logsetup/traceparent.py): headers in and out;
# - [bridges](../src/logdojo/logsetup/bridges/structlog.py) to structlog and
#   [Loguru](../src/logdojo/logsetup/bridges/loguru.py), which hand a record to `logging`, so that levels, redaction
#   and rotation are the same for all three.

# %%
import logdojo.logsetup.bridges.loguru as loguru_bridge
import logdojo.logsetup.bridges.structlog as structlog_bridge


def three_doors(file):
    """Log the same failure through all three, set up by logdojo."""
    setup(LogSettings(console=False, file=file))
    structlog_bridge.configure()
    sink = loguru_bridge.attach()
    for log in (logging.getLogger(__name__),
                structlog.get_logger(__name__), loguru.logger):
        fail(log)
    loguru.logger.remove(sink)
    structlog.reset_defaults()


# %%
with tempfile.TemporaryDirectory() as folder, fresh_logging():
    file = Path(folder) / "app.jsonl"
    with scope(user="ada", session="s-17"):
        three_doors(file)
    shutdown()
    written = file.read_text(encoding="utf-8")
for line in written.splitlines():
    event = json.loads(line)
    print(event["message"], event["user.id"], event["error.type"],
          event["log.origin.function"])
print("card numbers:", written.count(CARD))

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. How do you follow one request through a service that handles a thousand at once?
# 2. Why is `threading.local` not enough in an asyncio service?
# 3. Where do you put a filter that adds ids, and why not on the root logger?
# 4. What happens to ids in a thread pool, and what can go wrong with a thread that is used again?
# 5. What is in a traceparent header, and what do you check before you trust one?
# 6. structlog or Loguru: what does each give, what does it cost, and what must you switch off?
# 7. Why may an exception in a log show its causes, but not the variables of its frames?
#
# More of them, with key points and model answers: `logdojo quiz ask --objective log.context`, and the same for
# `log.structlog` and `log.loguru`.
#
# ## Further reading
#
# - [contextvars](https://docs.python.org/3/library/contextvars.html) and PEP 567, on how tasks get their copy
# - [Logging Cookbook](https://docs.python.org/3/howto/logging-cookbook.html): adding contextual information
# - [W3C Trace Context](https://www.w3.org/TR/trace-context/): the header, and rules for those who pass it on
# - [structlog](https://www.structlog.org/en/stable/): processors, context variables, performance
# - [Loguru](https://loguru.readthedocs.io/en/stable/resources/recipes.html): security considerations in its recipes
# - [CWE-209](https://cwe.mitre.org/data/definitions/209.html): error messages that hold sensitive information
#
# **Next:** lab 03 writes such lines fast, from many processes, and loses none of them when one is killed.
