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
# # Lab 03: Fast and lossless
#
# **120 minutes · demanding · 2 CPU cores, no network · lab 01; you have used `with`, generators and bytes**
#
# At the end you will be able to
#
# - say what a queue, a buffer and a plain write lose when a process is killed, and what each of them costs;
# - write a log that several processes share, rotate and compress, and that loses no line;
# - ship a log to a server that fails in every way a server can, so that each record arrives exactly once.
#
# In an interview you will be able to answer *how do you keep logging from slowing an application down* and *what
# happens to your logs when the process is killed*, with numbers that you measured yourself.

# %%
import atexit
import errno
import fileinput
import gzip
import json
import logging
import os
import queue
import random
import stat
import subprocess
import sys
import tempfile

# %%
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from logging.handlers import MemoryHandler, QueueHandler, QueueListener
from pathlib import Path
from statistics import median

# %%
try:
    import fcntl
except ImportError:  # Windows; section 4 says what that means
    fcntl = None
    os.fchmod = lambda fd, mode: None

from logdojo import dojo

dojo.lab("03_fast_and_lossless")

# %%
from logdojo.logsetup.testing import fresh_logging
from logdojo.settings import Settings

settings = Settings()
dice = random.Random(settings.seed)
# How much is measured: log calls, kills, records of each process.
CALLS, KILLS, COUNT = {"smoke": (500, 2, 400),
                       "laptop": (5_000, 5, 4_000),
                       "gpu": (50_000, 30, 8_000)}[settings.profile]

# %% [markdown]
# ## The problem: the last seconds are missing
#
# Saturday, 23:47. The order service of a parcel shop needs more memory than there is, and the kernel ends it:
#
# ```
# Nov 21 23:47:12 parcel kernel: Out of memory: Killed process 4211 (python3)
#   total-vm:2411724kB, anon-rss:1961204kB, file-rss:0kB, shmem-rss:0kB, UID:33
# ```
#
# On Monday, customers hold confirmations for orders that the log has never heard of. Somebody had read that logging
# is slow, and had put a buffer in front of the file: `MemoryHandler(1000)` writes when a thousand records are there.
# Nobody has been told what the buffer does when its process is killed.
#
# You are about to be told. Below is the service. It logs an order and then *confirms* it, by a line on its standard
# output: from that moment on the record counts as accepted.

# %%
scratch = tempfile.TemporaryDirectory(prefix="lab03-")
folder = Path(scratch.name)

# %%
(folder / "service.py").write_text('''import logging, os, sys
import places
how, log, run, count = sys.argv[1:]
orders = logging.getLogger("shop.orders")
orders.setLevel(logging.INFO)
getattr(places, how)(orders, log)
os.write(1, b"ready\\n")
os.read(0, 1)  # wait until all services are ready
for number in range(int(count)):
    name = f"{run}-{number}"
    orders.info("order %d", number, extra={"event.id": name})
    os.write(1, name.encode() + b"\\n")  # the confirmation
''');

# %% [markdown]
# Where the lines go is decided in `places.py`, which grows through the lab: one function for each way of writing. The
# lines themselves are made by your `format_record` from lab 01.

# %%
def place(source):
    """Add to places.py, which the service imports."""
    with (folder / "places.py").open("a") as file:
        file.write(source)


place('''
import sys
sys.stdout = sys.stderr  # standard output is for confirmations

import logging, time
from logging.handlers import MemoryHandler, RotatingFileHandler
from logging.handlers import TimedRotatingFileHandler
from my_soc import format_record
''')

# %%
place('''
class Lines(logging.Formatter):
    def format(self, record):
        return format_record(record)

def file(orders, log, make=logging.FileHandler, **options):
    handler = make(log, **options)
    handler.setFormatter(Lines())
    orders.addHandler(handler)
    return handler

def memory(orders, log):
    orders.addHandler(MemoryHandler(1000, target=file(orders, log)))
    del orders.handlers[0]  # not to the file without the buffer
''')

# %% [markdown]
# The next cell starts services and kills them. `Popen.kill()` sends `SIGKILL`, as `kill -9` and the kernel do: the
# process gets no chance to do anything any more. (On Windows it is `TerminateProcess`, which is just as final.)

# %%
def child(*command, **pipes):
    """Start a Python script that finds my_soc where this notebook does."""
    paths = [os.getcwd(), os.environ.get("PYTHONPATH")]
    found = os.pathsep.join(path for path in paths if path)
    with (folder / "errors.txt").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, *map(str, command)], stderr=errors,
            env={**os.environ, "PYTHONPATH": found}, **pipes)


# %%
def start(how, log, *runs, count=10**9):
    """Start a service for each run; let them go when all are ready."""
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    started = [child(folder / "service.py", how, log, run, count,
                     bufsize=0, **pipes) for run in runs]
    for service in started:
        if service.stdout.read(6) != b"ready\n":
            raise RuntimeError((folder / "errors.txt").read_text()[-900:])
    for service in started:
        service.stdin.write(b"!")
    return started


# %%
def kill_after(service, confirmed):
    """Kill -9 after so many confirmations; return all that were given."""
    got = service.stdout.read(65_536)
    while got.count(b"\n") < confirmed:
        got += service.stdout.read(65_536)
    service.kill()
    with service:  # waits for its end and closes the pipes
        got += service.stdout.readall()
    return got.decode().split()


# %% tags=["measure"]
log = folder / "saturday.jsonl"
[service] = start("memory", log, "saturday")
confirmed = kill_after(service, 4_600)
last = json.loads(log.read_text().splitlines()[-1])
print("last line of the log: ", last["message"])
print("last confirmed to a customer: order", confirmed[-1].split("-")[1])

# %% [markdown]
# Every order between the two was accepted, confirmed, logged by `orders.info`, and is gone. The log does not even say
# that something is missing: its last line looks as good as any.

# %% [markdown]
# ## 1. Count what is lost
#
# "Some lines are missing" is no finding. Before you change anything, count, and count three things. A record is
# **lost** when it was accepted and stands in no whole line. A line is **torn** when it was cut, or when two lines ran
# into each other. And a cure for losses may write records **twice**.
#
# The record's own id makes that possible. Without an id in each record nobody can count any of it.

# %% exercise="count_lost"
def count_lost(accepted, lines):
    """Compare accepted records with the lines of a log.

    accepted is a list of ids; lines are bytes, as a file opened with
    "rb" gives them. Return a dict with three numbers:

    "lost"     accepted ids that stand in no whole line;
    "torn"     lines that are not whole. A whole line ends in b"\\n" and
               is a JSON object with an "event.id";
    "doubled"  whole lines whose id stood in a whole line before.

    A line of white space only is passed over: it counts as nothing.
    """
    # BEGIN SOLUTION
    seen, torn, doubled = set(), 0, 0
    for line in lines:
        if not line.strip():
            continue
        try:
            found = json.loads(line)["event.id"]
        except (ValueError, KeyError, TypeError):
            found = None
        if found is None or not line.endswith(b"\n"):
            torn += 1
        else:
            doubled += found in seen
            seen.add(found)
    return {"lost": len(set(accepted) - seen),
            "torn": torn, "doubled": doubled}
    # END SOLUTION


# %% check="count_lost"
dojo.check("count_lost")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go through the lines once and keep the set of ids that you have seen in whole lines. At the end, which accepted ids
# are not in it?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `json.loads` takes bytes. It raises `ValueError` for what is no JSON; `[...]["event.id"]` raises `KeyError` or, when
# the JSON is a list or a number, `TypeError`. The last line of a file may lack its `b"\n"`: then its end is missing.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each line that is not blank: `try: found = json.loads(line)["event.id"]`, and `found = None` in the `except`.
# Torn when `found is None or not line.endswith(b"\n")`; otherwise `doubled += found in seen` and `seen.add(found)`.
# Lost is `len(set(accepted) - seen)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.async` ([all topics](../quizzes/README.md))

# %% tags=["measure"]
with log.open("rb") as file:
    print(f"{len(confirmed)} accepted:", count_lost(confirmed, file))

# %% [markdown]
# ## 2. The usual advice: a queue
#
# "Logging is slow, so do it in another thread." The standard library has the parts: a `QueueHandler` puts each record
# into a queue, and a `QueueListener` takes them out in a thread of its own and hands them to the real handler.
#
# ```
# orders.info(…) → QueueHandler → queue in memory → QueueListener (a thread) → the real handler → file
# ```
#
# Two things are easily forgotten. The listener hands *every* record on, whatever level the real handler has, unless
# told otherwise. And when the program ends in the normal way, records that still wait in the queue are gone, unless
# somebody calls `listener.stop()`.

# %% exercise="through_queue"
def through_queue(logger, handler):
    """Let a logger hand its records to a queue, and a thread to handler.

    - The logger's only handler is a QueueHandler on a new, unbounded
      queue, so that a call never waits for `handler`.
    - A QueueListener passes the records to `handler`, those only whose
      level `handler` wants.
    - A normal end of the program loses nothing: listener.stop is
      registered with atexit.
    - Return the listener, started.
    """
    # BEGIN SOLUTION
    waiting = queue.Queue()
    listener = QueueListener(waiting, handler, respect_handler_level=True)
    listener.start()
    atexit.register(listener.stop)
    logger.handlers[:] = [QueueHandler(waiting)]
    return listener
    # END SOLUTION


# %% check="through_queue"
dojo.check("through_queue")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four objects: the queue, the handler that fills it, the listener that empties it, the logger. Which of them know the
# queue?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `queue.Queue()` has no limit. `QueueListener(waiting, handler, respect_handler_level=True)` must be started. Other
# handlers of the logger have to go: assign to `logger.handlers[:]`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Make queue and listener, `listener.start()`, `atexit.register(listener.stop)` (without parentheses behind `stop`),
# `logger.handlers[:] = [QueueHandler(waiting)]`, and return the listener.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.async` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### What does it cost the caller?
#
# The queue was meant to save the caller time. Measure it: CPU time of the calling thread, and of the whole process,
# for each record. For comparison, a call that writes nothing because its level is switched off (lab 01 measured
# several ways of writing such a call; this is the good one).

# %%
def through_file(logger, handler):
    logger.handlers[:] = [handler]


def through_memory(logger, handler):
    buffer = MemoryHandler(1000, target=handler)
    logger.handlers[:] = [buffer]
    return buffer


class Lines(logging.Formatter):
    def format(self, record):
        return format_record(record)


# %%
from my_soc import format_record


def attached(attach, handler, level):
    """Return a logger that writes through handler, and what ends it."""
    logger = logging.getLogger("cost")
    logger.setLevel(level)
    logger.propagate = False
    handler.setFormatter(Lines())
    return logger, attach(logger, handler)


# %%
def cost(attach, handler, calls, level=logging.INFO):
    """Return µs of CPU a record: the caller's thread, all threads."""
    with fresh_logging():
        logger, end = attached(attach, handler, level)
        caller, process = time.thread_time(), time.process_time()
        for number in range(calls):
            logger.info("order %d", number, extra={"event.id": number})
        caller = time.thread_time() - caller
        if isinstance(end, QueueListener):
            atexit.unregister(end.stop)
            end.stop()
        process = time.process_time() - process
    return caller / calls * 1e6, process / calls * 1e6


# %% [markdown]
# ## 3. A handler that a kill cannot hurt
#
# What *is* safe? A line that the kernel has. When `os.write` returns, the bytes are in the kernel's page cache, and
# killing the process takes nothing out of it. (A power cut does: that takes an `os.fsync`, which waits for the disk
# and costs milliseconds. Keep it for records that are worth it.) `FileHandler` is safe for the same reason, since it
# flushes after each record. It leaves three things open:
#
# - Is a line *one* write? Only then can several processes append to one file with `O_APPEND` and never cut into each
#   other's lines.
# - Who may read the file? `open()` gives it what the umask of the day allows.
# - What if the disk takes only a part of the line? `os.write` then returns a smaller number and raises nothing. The
#   half line stays, and the next record is glued to it: one short write, two records unreadable.
#
# `blank` helps with the last one. It overwrites what was written of the half line with spaces and a line end. That
# needs no new room on the disk and moves nothing, so it hurts no other process, and readers pass blank lines over.

# %%
def blank(fd, start, length):
    """Overwrite a piece of the file with spaces and a line end."""
    if fcntl is None:  # Windows: end the half line, at least
        os.write(fd, b"\n")
        return
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    # With O_APPEND, every write would go to the end.
    fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_APPEND)
    os.pwrite(fd, b" " * (length - 1) + b"\n", start)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags)


# %% [markdown]
# And one thing that a kill itself can do: it may strike in the middle of a write, since the kernel copies a line page by
# page. Then half a line stands at the end, of a record that had not been accepted yet. No record is lost by that, until
# the next one is glued to it. `mend` looks for such a half when the file is opened.

# %%
def mend(fd):
    """Blank half a line that a kill has left at the end of the file."""
    size = os.fstat(fd).st_size
    if fcntl is None or not size or os.pread(fd, 1, size - 1) == b"\n":
        return
    os.write(fd, b"\n")  # another's write, if one is going on, ends first
    end = os.lseek(fd, 0, os.SEEK_CUR)
    data = os.pread(fd, end, 0)
    start = data.rfind(b"\n", 0, -1) + 1
    try:
        json.loads(data[start:])
    except ValueError:
        blank(fd, start, end - start)


# %% exercise="AppendHandler"
class AppendHandler(logging.Handler):
    """Append each record to a file with one write.

    `write` stands for os.write, so that a full disk can be played.
    """

    def __init__(self, path, mode=0o640, write=os.write):
        super().__init__()
        self.path, self.mode, self.write = Path(path), mode, write
        self.fd = self.open_file()
        mend(self.fd)

    def emit(self, record):
        try:
            self.append(self.format(record).encode() + b"\n")
        except Exception:
            self.handleError(record)  # never into the application

    def open_file(self):
        """Open self.path with os.open; return the descriptor.

        It can be read, for mend, and every write appends. A missing file
        is made. The file has exactly the permissions self.mode, whatever
        the umask, and never more than these.
        """
        # BEGIN SOLUTION
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        fd = os.open(self.path, flags, self.mode)
        os.fchmod(fd, self.mode)
        return fd
        # END SOLUTION

    def append(self, line):
        """Write a line with one self.write(self.fd, line).

        Where only a part was taken, blank that part at once and try
        once more; where the second try is cut short too, blank that
        part and raise OSError(errno.ENOSPC, "disk full").
        os.lseek(self.fd, 0, os.SEEK_CUR) says where the part ends.
        """
        # BEGIN SOLUTION
        for _ in range(2):
            done = self.write(self.fd, line)
            if done == len(line):
                return
            if done:
                end = os.lseek(self.fd, 0, os.SEEK_CUR)
                blank(self.fd, end - done, done)
        raise OSError(errno.ENOSPC, "disk full")
        # END SOLUTION

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        super().close()


# %% check="AppendHandler"
dojo.check("AppendHandler")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Keep the two apart. `open_file` is three or four lines: which flags make a file that is only ever appended to?
# `append` is a loop of two tries: what is true when all went well?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Flags are joined with `|`: `os.O_RDWR | os.O_CREAT | os.O_APPEND`. The umask takes bits away from the mode given
# to `os.open`, so set it again with `os.fchmod(fd, …)`. `self.write` returns how many bytes were taken; the part that was
# taken ends at the position and begins that many bytes before it.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for _ in range(2):` then `done = self.write(self.fd, line)`; return when `done == len(line)`; otherwise, if `done`
# is not 0, `end = os.lseek(self.fd, 0, os.SEEK_CUR)` and `blank(self.fd, end - done, done)`. Behind the loop, raise.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.async` ([all topics](../quizzes/README.md))

# %% [markdown]
# Now the costs, all in one run.

# %% tags=["measure"]
costs = {}
for name, attach, make, level in (
    ("switched off", through_file, logging.FileHandler, logging.WARNING),
    ("file", through_file, logging.FileHandler, logging.INFO),
    ("memory", through_memory, logging.FileHandler, logging.INFO),
    ("queue", through_queue, logging.FileHandler, logging.INFO),
    ("append", through_file, AppendHandler, logging.INFO),
):
    runs = [cost(attach, make(folder / f"{name}.cost"), CALLS, level)
            for _ in range(3)]
    costs[name] = [median(one) for one in zip(*runs)]

# %% tags=["measure"]
print(f"{'µs of CPU a record':20} caller  all threads")
for name, (caller, process) in costs.items():
    print(f"{name:20} {caller:6.1f} {process:12.1f}")
more = costs["queue"][1] / costs["file"][1]
print(f"The queue costs the process {more:.1f} times what the file costs.")

# %% [markdown]
# Compare the rows *file* and *queue*. The caller no longer makes the line and writes it, but it pays for the queue: the
# `QueueHandler` puts the message together (its arguments may change before the thread gets to them), copies the
# record, and takes the queue's lock. And then a thread does all the work after all, in the same process and under the
# same interpreter lock, so that a busy service waits for it anyway. In the right column the queue always costs more
# than the file. The cheapest call is the first one: the record that nobody needs, at a level that is off.

# %% [markdown]
# ### Kill them all
#
# Five services: each way of writing once, and the queue a second time before a slow disk (1 ms a record), since slow
# places are what people use queues for. Each is killed several times, at a random moment.

# %%
place('''
def queue(orders, log, make=logging.FileHandler):
    from my_soc import through_queue
    through_queue(orders, file(orders, log, make))

class SlowFile(logging.FileHandler):
    def emit(self, record):
        time.sleep(0.001)
        super().emit(record)

def slow_queue(orders, log):
    queue(orders, log, SlowFile)
''')

# %%
place('''
def append(orders, log):
    from my_soc import AppendHandler
    file(orders, log, AppendHandler)
''')
NAMES = {"slow_queue": "queue, slow disk", "queue": "queue",
         "memory": "MemoryHandler", "file": "FileHandler",
         "append": "your AppendHandler"}

# %% tags=["measure"]
lost = {how: [] for how in NAMES}
for number in range(KILLS):
    wanted = dice.randint(1_200, 4_000)
    for how in NAMES:
        log = folder / f"{how}-{number}.jsonl"
        [service] = start(how, log, "k")
        accepted = kill_after(service, wanted)
        log.touch()  # the queue may not have written anything
        with log.open("rb") as file:
            lost[how].append((len(accepted), count_lost(accepted, file)))

# %% tags=["measure"]
share = {how: [100 * found["lost"] / total for total, found in runs]
         for how, runs in lost.items()}
print(f"{KILLS} kills each: {'accepted':>12} {'lost':>7}"
      f"{'median %':>10}{'worst %':>9}{'torn':>6}")
for how, runs in lost.items():
    print(f"{NAMES[how]:20}{sum(total for total, _ in runs):9,}",
          f"{sum(found['lost'] for _, found in runs):7,}",
          f"{median(share[how]):9.1f}{max(share[how]):9.1f}",
          f"{sum(found['torn'] for _, found in runs):5}")

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
    for row, how in enumerate(NAMES):
        axes.plot(share[how], [row] * KILLS, "o", alpha=0.6,
                  color=LIGHT.series[2], clip_on=False, zorder=3)
    axes.set_yticks(range(len(NAMES)), list(NAMES.values()))
    axes.set_xlim(0, 100)
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.set_xlabel("% of the accepted records lost, one dot a kill")
    dojo.show(figure, "Share of records lost at each kill, for five ways of"
              " writing; the table above has medians and worst values.")

# %% [markdown]
# **What the plot shows.** One dot for each kill, one row for each way of writing, with medians and worst cases in the
# table above. The two queues and the `MemoryHandler` lose what still waits in memory, and how much that is depends on
# the moment; the two rows at the bottom have all their dots at zero. A queue in front of a *slow* place loses nearly
# everything, which is to say that it works worst exactly where it is recommended.
#
# A torn line, where the last column counts one, is the line that was being written when the kill came; its record had
# not been accepted.
#
# So: **write first.** For a local file there is no reason for a queue. For a slow place there is a better way, which
# is section 5: write to the file at once, and let another process carry the lines away.

# %% [markdown]
# ## 4. Rotation with several processes
#
# A log must not grow for ever: at some size it is put aside and a new file is begun. `RotatingFileHandler` does that,
# and its documentation says that several processes must not share one. Many web servers run four workers with one
# configuration, and so they do share one.

# %%
place('''
def by_size(orders, log):
    file(orders, log, RotatingFileHandler,
         maxBytes=32_768, backupCount=500)

def by_time(orders, log):
    file(orders, log, TimedRotatingFileHandler, when="S")
    orders.addFilter(lambda record: time.sleep(0.001) or True)
''')

# %%
def nothing(*_):
    """Do nothing, where something could be done."""


def run_four(how, log, count, meanwhile=nothing):
    """Let four services share a log; return what they confirmed."""
    log.parent.mkdir()
    services = start(how, log, *"abcd", count=count)
    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(one.communicate) for one in services]
        while not all(end.done() for end in ends):
            meanwhile()
            time.sleep(0.005)
    return b"".join(end.result()[0] for end in ends).decode().split()


# %%
def theirs(log):
    """Open all files that the standard library made of a log."""
    return fileinput.input(sorted(log.parent.glob("*")), mode="rb")


# %% tags=["measure"]
rotated = {}
for how, name, count in (("by_size", "stdlib, by size", COUNT),
                         ("by_time", "stdlib, by time", min(COUNT, 1_500))):
    log = folder / how / "app.jsonl"
    accepted = run_four(how, log, count)
    with theirs(log) as lines:
        rotated[name] = len(accepted), count_lost(accepted, lines)
    print(name, rotated[name])

# %% [markdown]
# No call raised anything; at most, a traceback stood on standard error, where nobody looks. What happened: archives are
# numbered, so at each rotation all of them move up by one, `.1` to `.2`, `.2` to `.3`. When two processes do that at
# the same time, one of them makes room by removing what the other has just moved there: a whole file of records. By
# time it is worse, since all four move their file to the *same* dated name, and the last one wins.
#
# Three ideas are enough to mend it:
#
# 1. **One name, one time.** An archive gets a name that no other has ever had: the moment, in microseconds.
# 2. **One at a time, and look again.** Who wants to rotate takes an exclusive lock first (`flock` on a lock file: the
#    kernel gives it back when the holder dies). Somebody else may have rotated while you waited, so *look again*
#    under the lock.
# 3. **A file is its inode, not its name.** Your descriptor stays with the file through any rename. `is_at` tells
#    whether the name still leads to your file; if not, somebody has rotated, and you open the new one.
#
# Windows has neither `flock` nor leave to rename a file that another process holds open. There the rule is one file
# for each process; exercises `rotate_if_needed` and `compress` need Linux, macOS or WSL.

# %%
from logdojo.logsetup.files.archives import Segment, next_stamp, segments


def is_at(fd, path):
    """Tell whether the open file is still the one that path names."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


# %%
def new_archive(path):
    """Return a name for an archive of the log that no other has."""
    stamp = next_stamp(path, datetime.now(UTC))
    return path.with_name(f"{path.name}.{stamp}")


print(new_archive(Path("app.jsonl")))

# %% exercise="rotate_if_needed"
def rotate_if_needed(fd, path, max_bytes):
    """Rotate a full log; tell whether the caller must open it anew.

    fd is the descriptor that the caller writes to, path the log's Path.

    - fd's file is at path and smaller than max_bytes: return False,
      without touching any lock.
    - Otherwise open f"{path}.lock" and take its exclusive lock with
      fcntl.flock, waiting for it. Under the lock look again whether fd's
      file is still at path; only then rename it to new_archive(path).
    - Return True.
    """
    # BEGIN SOLUTION
    if is_at(fd, path) and os.fstat(fd).st_size < max_bytes:
        return False
    with open(f"{path}.lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_at(fd, path):
            os.rename(path, new_archive(path))
    return True
    # END SOLUTION


# %% check="rotate_if_needed"
dojo.check("rotate_if_needed")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write it for one process first: three lines without a lock. Then ask at each line what another process may have done
# just before it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `os.fstat(fd).st_size` is the size of *your* file, whatever its name is now. The lock is held from
# `fcntl.flock(lock, fcntl.LOCK_EX)` until the lock file is closed, so the rename belongs inside the `with` block.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Return `False` if `is_at(fd, path) and os.fstat(fd).st_size < max_bytes`. Then `with open(f"{path}.lock", "ab") as
# lock:`, `fcntl.flock(lock, fcntl.LOCK_EX)`, `if is_at(fd, path): os.rename(path, new_archive(path))`, and behind the
# block `return True`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.rotation` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Compress an archive
#
# JSON lines shrink to a tenth under gzip. Compressing means: write the new form, remove the old one. Two things can go
# wrong, and both lose records without a sound.
#
# - The process is killed in the middle. So the new file is written *beside* its place, forced to the disk with
#   `fsync`, and renamed: a rename happens whole or not at all. You will need that twice, here and for the cursor of
#   section 5, so it gets its own function.
# - Some process still writes to the archive, since it has not noticed the rotation yet. So each writer holds a
#   *shared* lock on the file that it writes to, and only who gets the *exclusive* one may touch an archive.

# %% exercise="write_whole"
def write_whole(path, data, mode=0o640):
    """Write bytes to a file, whole or not at all.

    - Write to f"{path}.part" first, flush, and force it to the disk with
      os.fsync; then os.replace it over path.
    - Where anything fails before that, path stays as it was.
    - The file has exactly the permissions `mode`, whatever the umask,
      before the first byte of data is in it.
    """
    # BEGIN SOLUTION
    part = f"{path}.part"
    with open(part, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    # END SOLUTION


# %% check="write_whole"
dojo.check("write_whole")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which line is the moment at which the new content takes the place of the old? Everything that can fail has to stand
# above it.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `file.write` only fills a buffer of Python's. `file.flush()` hands it to the kernel, and `os.fsync(file.fileno())`
# waits for the disk. All that happens before the rename, while the file is open.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `with open(part, "wb") as file:` then `os.fchmod(file.fileno(), mode)`, `file.write(data)`, `file.flush()`,
# `os.fsync(file.fileno())`. Behind the block, `os.replace(part, path)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.rotation` ([all topics](../quizzes/README.md))

# %% exercise="compress"
def compress(archive):
    """Compress an archive that nobody writes to any more.

    - Open the archive and ask for its exclusive lock without waiting:
      fcntl.LOCK_EX | fcntl.LOCK_NB. BlockingIOError means that somebody
      still writes there: return None and change nothing.
    - Under the lock, read it and write the gzip form with write_whole to
      f"{archive}.gz", with the permissions that the archive has.
    - Only then remove the archive. Return the new Path.
    """
    # BEGIN SOLUTION
    packed = Path(f"{archive}.gz")
    with open(archive, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        write_whole(packed, gzip.compress(file.read()), mode)
        os.unlink(archive)
    return packed
    # END SOLUTION


# %% check="compress"
dojo.check("compress")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The order is everything: lock, read, write, remove. What would be lost if you read before you have the lock?
# </details>
#
# <details><summary>Hint 2</summary>
#
# The lock belongs to the open file, so everything happens inside `with open(archive, "rb") as file:`. The permissions
# are `stat.S_IMODE(os.fstat(file.fileno()).st_mode)`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)`, `except BlockingIOError: return None`. Then
# `write_whole(packed, gzip.compress(file.read()), mode)`, `os.unlink(archive)`, and return `packed`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.rotation` ([all topics](../quizzes/README.md))

# %% [markdown]
# Your parts make a handler that rotates. It takes the shared lock when it opens the file, and then looks *again*
# whether the file is still at its place, since it may have been rotated and compressed between the two steps.

# %%
place('''
def rotating(orders, log):
    import fcntl, os
    from logdojo.logsetup.files.locks import is_at
    from my_soc import AppendHandler, rotate_if_needed

    class Rotating(AppendHandler):
        def open_file(self):
            while True:
                fd = super().open_file()
                fcntl.flock(fd, fcntl.LOCK_SH)
                if is_at(fd, self.path):
                    return fd
                os.close(fd)
''')

# %%
place('''
        def append(self, line):
            if rotate_if_needed(self.fd, self.path, 32_768):
                old, self.fd = self.fd, self.open_file()
                os.close(old)  # and with it the shared lock
            super().append(line)

    file(orders, log, Rotating)
''')


# %%
def compress_all(log):
    """Compress what can be compressed now; the rest another time."""
    return [compress(one.path) for one in segments(log)
            if not one.live and not one.compressed]


def lines_of(log):
    """Yield the lines of a log with all its archives."""
    for segment in segments(log):
        with segment.open() as file:
            yield from file


# %% tags=["measure"]
log = folder / "yours" / "app.jsonl"
tries = []
accepted = run_four("rotating", log, COUNT,
                    meanwhile=lambda: tries.extend(compress_all(log)))
compress_all(log)
rotated["yours, with gzip"] = (len(accepted),
                               count_lost(accepted, lines_of(log)))
print(len(segments(log)), "files;", tries.count(None), "times an archive",
      "could not be compressed yet, since a process still wrote to it")

# %% tags=["measure"]
print(f"{'4 processes':18}{'records':>8}{'lost':>7}{'%':>7}{'doubled':>9}"
      f"{'torn':>6}")
percent = {}
for name, (total, found) in rotated.items():
    percent[name] = 100 * found["lost"] / total
    print(f"{name:18}{total:8,}{found['lost']:7,}{percent[name]:7.1f}"
          f"{found['doubled']:9}{found['torn']:6}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.2), layout="constrained")
    bars = axes.barh(list(percent), list(percent.values()), 0.6,
                     color=LIGHT.series[1:4])
    axes.bar_label(bars, [f"{one:.1f} %" for one in percent.values()],
                   padding=4)
    axes.set_xlim(0, 100)
    axes.invert_yaxis()
    axes.set_xlabel("% of the records lost in rotation, 4 processes")
    dojo.show(figure, "Share of records lost when four processes rotate one"
              " log, for three ways; the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** One bar for each way, with its number at the end and the rest in the table above. The
# standard library's two handlers lose records in silence, by time far more than by size; your rotation loses none,
# although archives are compressed while four processes write.

# %% [markdown]
# ## 5. Write first, ship later
#
# Logs have to leave the machine: to Elasticsearch, OpenSearch or Splunk. The network is slow and fails, so it must
# never stand between the application and its own file. This takes the place of the queue:
#
# ```
# orders.info(…) → one write → file → a shipper, another process → server
#                               └─ cursor: "up to here, everything was acknowledged"
# ```
#
# The file *is* the queue: it survives a kill, it is as large as the disk, and it was there anyway.
#
# ### What the server says
#
# One request for each record would be slow, so many go in one *bulk* request. Here is one to a small server that
# speaks as Elasticsearch does. Order 2 was free, and someone wrote that into a field for numbers.

# %%
from logdojo.course.flaky import FlakyServer, bulk_body, bulk_post


def make_line(number):
    amount = 9.5 if number % 50 != 2 else "free"
    return json.dumps({"event.id": f"s-{number}",
                       "order.amount": amount}).encode() + b"\n"


print(bulk_body([make_line(1), make_line(2)]).decode())

# %%
# NBVAL_CHECK_OUTPUT
with FlakyServer(seed=3, faults=0) as server:
    status, answer = bulk_post(server.port)([make_line(1), make_line(2)])
print("status", status)
for item in answer["items"]:
    print(item["create"])

# %% [markdown]
# The status is 200, and one record was refused. Who looks at the status only loses it. See what the shipper loses
# that everybody writes first, when the server also fails now and then: 429 (too many requests), 503 (not available),
# a connection that breaks before the answer, and, inside a 200, single records that are put off.

# %%
# NBVAL_CHECK_OUTPUT
def naive_ship(lines, post):
    for first in range(0, len(lines), 20):
        try:
            post(lines[first : first + 20])
        except OSError:
            pass  # logging must never stop the service


lines = [make_line(number) for number in range(1_000)]
with FlakyServer(seed=3) as server:
    naive_ship(lines, bulk_post(server.port))
print(f"sent 1000, stored {len(server.stored)}")
print(dict(server.seen))

# %% [markdown]
# ### Batches
#
# A server limits how long a request may be, and you want to limit how many records are at stake. So a batch is full
# at a number of records or of bytes, whichever comes first.

# %% exercise="batches"
def batches(lines, max_records, max_bytes):
    """Yield lists of lines, in order, each line in exactly one.

    A list has at most max_records lines, and at most max_bytes bytes
    unless it is a single line that is longer than that. Each list is as
    long as these rules allow, and none is empty. `lines` may be endless,
    so nothing waits for its end.
    """
    # BEGIN SOLUTION
    batch, size = [], 0
    for line in lines:
        full = len(batch) == max_records or size + len(line) > max_bytes
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch
    # END SOLUTION


# %% check="batches"
dojo.check("batches")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Ask before you add a line: would the batch be too long with it?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Keep the batch and its size in bytes. A batch that is empty is never too long, whatever the line: that is the case
# of one very long line. What is left when the lines end?
# </details>
#
# <details><summary>Hint 3</summary>
#
# `if batch and (len(batch) == max_records or size + len(line) > max_bytes):` then `yield batch` and begin with
# `batch, size = [], 0`, a *new* list. Add the line and its length in any case. Behind the loop, yield what is left.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.batching` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Back off, with jitter
#
# A server that says 503 is overloaded, and a thousand clients that try again at once keep it so. Each try waits twice
# as long as the one before: that is *exponential back-off*. But if all clients failed at the same moment, they still
# all come back at the same moment, so the wait is drawn at random between 0 and that time: that is *full jitter*. And
# if the server says when to come back, nobody comes earlier.

# %% exercise="next_delay"
def next_delay(attempt, rng, at_least=0.0, base=0.05, cap=2.0):
    """Return how many seconds to wait before the next try.

    attempt is 0 after the first failure, then 1, 2, … without limit.
    The wait is at_least plus a random time. That time is drawn with rng
    (a random.Random) evenly between 0 and a longest wait: base, doubled
    `attempt` times, but no more than cap.
    """
    # BEGIN SOLUTION
    longest = min(cap, base * 2 ** min(attempt, 64))
    return at_least + rng.uniform(0, longest)
    # END SOLUTION


# %% check="next_delay"
dojo.check("next_delay")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two steps: how long may the wait be at most, and which time between 0 and that is drawn?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `base * 2**attempt` is the doubled base and `min(cap, …)` limits it; `rng.uniform(0, longest)` draws. What does
# Python say to `0.05 * 2**5000`?
# </details>
#
# <details><summary>Hint 3</summary>
#
# `longest = min(cap, base * 2 ** min(attempt, 64))`, and return `at_least + rng.uniform(0, longest)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.batching` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Read the answer, item by item
#
# | status of an item | what it means | what to do |
# |---|---|---|
# | 200, 201 | stored | done |
# | 409 | a record with this id is there already | done: an earlier try arrived, and its answer got lost |
# | 429, 500 and above | not now | try again |
# | anything else | never: this record is not acceptable | dead letter, with the reason |
#
# The second row is what makes "exactly once" possible. You cannot avoid sending twice, since a lost answer looks like
# a lost request. But when each record has an id, the server can see that it has it already.

# %% exercise="split_results"
def split_results(answer, batch):
    """Sort the lines of a batch by what the server says about each.

    answer["items"] has one item a line, in the order of the batch, such
    as {"create": {"status": 400, "error": {"reason": "…"}}}; the one key
    of an item may have another name. Return three lists, by the table
    above: lines that are done, lines to try again, and dead letters,
    each a pair (line, reason).

    An answer with more or fewer items than lines says nothing for sure:
    then all lines are to be tried again.
    """
    # BEGIN SOLUTION
    items = answer.get("items", [])
    if len(items) != len(batch):
        return [], list(batch), []
    done, retry, dead = [], [], []
    for line, item in zip(batch, items):
        [result] = item.values()
        status = result["status"]
        if status in (200, 201, 409):
            done.append(line)
        elif status == 429 or status >= 500:
            retry.append(line)
        else:
            dead.append((line, result["error"]["reason"]))
    return done, retry, dead
    # END SOLUTION


# %% check="split_results"
dojo.check("split_results")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two sequences of the same length, side by side. Make sure first that they are of the same length.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `zip(batch, items)` pairs them, and stops silently at the shorter one: hence the test of the lengths. An item is a
# dict with one value: `[result] = item.values()`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# With `status = result["status"]`: `in (200, 201, 409)` is done, `== 429` or `>= 500` is to try again, and everything
# else is dead, as `(line, result["error"]["reason"])`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.batching` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Deliver a batch
#
# Now the loop around these parts. It ends when nothing is left to try again, and not before: the file waits, and the
# application does not notice. Only one thing stops it: an answer that says that *we* are wrong, such as 401 (no
# permission). Trying again is no help there, and calling the records dead would throw good ones away.

# %% exercise="deliver"
def deliver(batch, post, sleep, rng):
    """Send a batch until no line is left to try; return dead letters.

    post(lines) returns (status, answer), or raises OSError when no answer
    came. After status 200, split_results says what is left; after 429,
    500 and above, or OSError, it is all lines of that try. After any
    other status, raise RuntimeError with the status in its message.

    Before each further try call sleep(next_delay(attempt, rng, wish)):
    wish is the answer's "retry_after", or 0 where it has none.
    An empty batch is not sent.
    """
    # BEGIN SOLUTION
    dead, left, attempt = [], batch, 0
    while left:
        try:
            status, answer = post(left)
        except OSError:
            status, answer = 503, {}
        if status == 200:
            _, left, refused = split_results(answer, left)
            dead += refused
        elif status != 429 and status < 500:
            raise RuntimeError(f"the server answers {status}")
        if left:
            sleep(next_delay(attempt, rng, answer.get("retry_after", 0)))
        attempt += 1
    return dead
    # END SOLUTION


# %% check="deliver"
dojo.check("deliver")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `while left:` is the whole idea. After each try, `left` is what has to be tried again: nothing, a part, or all.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Treat an `OSError` as if the server had said 503. After a 200, `_, left, refused = split_results(answer, left)`.
# Sleep only when something is left.
# </details>
#
# <details><summary>Hint 3</summary>
#
# In the loop: `try: status, answer = post(left)`, `except OSError: status, answer = 503, {}`; the 200 as above and
# `dead += refused`; `elif status != 429 and status < 500:` raise; `if left:` sleep; and count the attempt.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.batching` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Ship a file, from where you stopped
#
# The shipper is a process too, and gets killed like any other. What it must remember is one number: up to which byte
# everything has been acknowledged. It keeps it in a small file, the **cursor**. Everything depends on the order:
#
# - Commit *before* the answer, and a kill between the two loses the batch.
# - Commit *after* the answer, and a kill between the two sends the batch again; the server answers 409, and no record
#   is there twice.
#
# These three are given: complete lines, a place for dead letters, and reading the cursor.

# %%
def whole_lines(file):
    """Yield complete lines; one that is still being written can wait."""
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield line


# %%
def bury(dead, refused):
    """Append dead letters to a file, and wait until the disk has them."""
    with open(dead, "a") as file:
        for line, reason in refused:
            letter = {"reason": reason, "line": line.decode()}
            file.write(json.dumps(letter) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_cursor(cursor):
    return int(cursor.read_bytes()) if cursor.exists() else 0


# %% exercise="ship"
def ship(segment, cursor, post, dead, sleep=time.sleep, rng=random):
    """Send what is new in a log file; return the position behind it.

    segment.open() gives the file's content, also of a compressed one.
    The position, in bytes of that content, up to which everything was
    acknowledged, is kept as digits in the file `cursor` (a Path).

    - Begin at read_cursor(cursor); take whole_lines, in batches of at
      most 100 lines and 16384 bytes.
    - Deliver the lines of each batch that are not blank, then bury what
      was refused in the file `dead`.
    - Only then move the cursor behind the batch, blank lines counted,
      with write_whole.
    """
    # BEGIN SOLUTION
    position = read_cursor(cursor)
    with segment.open() as file:
        file.seek(position)
        for batch in batches(whole_lines(file), 100, 16_384):
            records = [line for line in batch if line.strip()]
            bury(dead, deliver(records, post, sleep, rng))
            position += sum(map(len, batch))
            write_whole(cursor, str(position).encode())
    return position
    # END SOLUTION


# %% check="ship"
dojo.check("ship")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Say the order aloud: read the cursor, open, go there; for each batch deliver, bury, commit. A position counts bytes,
# and bytes of lines that you did not send count too.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `file.seek(position)` works for compressed files as well. `file.tell()` is no help while a generator reads ahead;
# add the lengths of the batch's lines instead: `position += sum(map(len, batch))`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for batch in batches(whole_lines(file), 100, 16_384):` make `records`, the lines with `line.strip()`; then
# `bury(dead, deliver(records, post, sleep, rng))`; then add the lengths, and `write_whole(cursor,
# str(position).encode())`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.batching` ([all topics](../quizzes/README.md))

# %% [markdown]
# The same thousand lines, to a server with the same faults:

# %%
# NBVAL_CHECK_OUTPUT
thousand = folder / "thousand.jsonl"
thousand.write_bytes(b"".join(lines))
with FlakyServer(seed=3) as server:
    end = ship(Segment(thousand), folder / "thousand.cursor",
               bulk_post(server.port), folder / "thousand.dead",
               rng=random.Random(5))
letters = (folder / "thousand.dead").read_text().splitlines()
print(f"sent 1000, stored {len(server.stored)}, dead {len(letters)}")
print("the cursor is at the end:", end == thousand.stat().st_size)
print(letters[0])

# %% [markdown]
# Nothing is missing: stored and dead letters add up to a thousand, and each dead letter says why. The twenty free
# orders wait for a person who repairs the field, and they have held up nobody else.
#
# ### Die between any two steps
#
# Is the order of steps right? One kill proves little, so die *everywhere*: a trace function raises at the first line
# of your functions, and a new shipper takes over; then at the second line, and so on to the last.

# %%
class Killed(BaseException):
    pass


def die_at(step, functions):
    """Return a trace function that raises at the step-th line."""
    left = iter(range(step))
    own = {function.__code__ for function in functions}

    def each_line(frame, event, arg):
        if event == "line" and next(left, None) is None:
            raise Killed
        return each_line

    return lambda frame, *_: each_line if frame.f_code in own else None


# %%
def store_in(stored, again):
    """Return a post that keeps lines by id; it counts repetitions."""
    def post(lines):
        names = [json.loads(line)["event.id"] for line in lines]
        again.extend(name for name in names if name in stored)
        items = [{"create": {"status": 409 if name in stored else 201}}
                 for name in names]
        stored.update(zip(names, lines))
        return 200, {"items": items}
    return post


# %%
def survive(step, cursor, post):
    """Ship, die at a step, ship again; tell whether it came to dying."""
    fields = (Segment(few), cursor, post, folder / "none.dead")
    before = sys.gettrace()
    sys.settrace(die_at(step, (ship, deliver, write_whole, bury)))
    try:
        ship(*fields)
    except Killed:
        sys.settrace(before)
        ship(*fields)
        return True
    finally:
        sys.settrace(before)
    return False


# %% tags=["measure"]
few = folder / "few.jsonl"
few.write_bytes(b"".join(lines[:250]))
steps, missing, again = 0, 0, []
while True:
    stored, cursor = {}, folder / f"step-{steps}.cursor"
    if not survive(steps, cursor, store_in(stored, again)):
        break
    missing += 250 - len(stored)
    steps += 1
print(f"died at {steps} different steps: {missing} records missing;")
print(f"{len(again)} were sent again, and the server had them already")

# %% [markdown]
# ## 6. All of it, killed for real
#
# An exception still closes files on its way out; `kill -9` does not. So, to end with: a service that logs and rotates
# is killed again and again, its archives are compressed meanwhile, a shipper sends to the failing server and is killed
# too. At the end you compare what was confirmed to customers with what stands in the file and at the server.
#
# An archive changes its name when it is closed, and again when it is compressed. What never changes is its first
# line. So each file's cursor is named after the fingerprint of its first line.

# %%
(folder / "shipper.py").write_text('''import pathlib, sys, time
from logdojo.course.flaky import bulk_post
from logdojo.errors import InputError
from logdojo.logsetup.files.archives import segments
from my_soc import ship
log, post = pathlib.Path(sys.argv[1]), bulk_post(int(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    for one in segments(log):
        try:
            if name := one.fingerprint():
                ship(one, log.with_name(name), post, log.with_name("dead"))
        except InputError:
            pass  # renamed a moment ago: it comes in the next round
    time.sleep(0.01)
''');

# %%
def carry(log, port, rounds=10**6):
    """Start a shipper."""
    return child(folder / "shipper.py", log, port, rounds,
                 stdout=subprocess.DEVNULL)


def account(accepted, log, server):
    """Compare confirmations with the files and with the server."""
    files = count_lost(accepted, lines_of(log))
    return {"confirmed": len(accepted),
            "files": len(segments(log)),
            **{f"{name} in the files": n for name, n in files.items()},
            "missing at the server": len({*accepted} - {*server.stored}),
            "sent again, kept once": server.seen["already there"]}


# %%
def kill_all(how, upkeep=nothing):
    """Kill service and shipper again and again; return the account."""
    (folder / f"all-{how}").mkdir()
    log, accepted = folder / f"all-{how}" / "app.jsonl", []
    with FlakyServer(seed=11) as server:
        for number in range(KILLS):
            shipper = carry(log, server.port)
            [service] = start(how, log, f"r{number}")
            accepted += kill_after(service, dice.randint(500, 2_000))
            upkeep(log)
            shipper.kill()
            shipper.wait()
        AppendHandler(log).close()  # mends, as a restart would
        carry(log, server.port, rounds=2).wait()
        return account(accepted, log, server)


# %% [markdown]
# Beside your pipeline runs the library's own logging setup, with the same rotation, before the same shipper. It
# compresses its archives itself.

# %%
place('''
def library(orders, log):
    from pathlib import Path
    from logdojo.logsetup import LogSettings, setup
    setup(LogSettings(file=Path(log), console=False,
                      max_bytes=32_768, compress=True))
''')

# %% tags=["measure"]
accounts = {"yours": kill_all("rotating", upkeep=compress_all),
            "logdojo": kill_all("library")}
print(f"{f'{KILLS} kills of each':24}" + "".join(f"{n:>10}" for n in accounts))
for what in accounts["yours"]:
    print(f"{what:24}" + "".join(f"{one[what]:10,}"
                                for one in accounts.values()))

# %% [markdown]
# Zero lost, zero torn, zero twice, zero missing at the server, although everything was killed at random and the
# server failed at every third request. The last row is the price, and it is small: some records were sent a second
# time, and the server knew them by their id.

# %% [markdown]
# ## Summary
#
# - A record is safe from `kill -9` when `write` has returned, and not before. A queue or a buffer in the process
#   loses what it holds.
# - A queue does not make logging cheap: it moves the work to another thread of the same process, and adds to it.
# - Count with ids: lost, torn, doubled. Without an id in each record nobody can.
# - One line is one `write` with `O_APPEND`; a short write is repaired at once.
# - Rotate under a lock, look again under the lock, and give each archive a name of its own. Touch an archive only when
#   no process writes to it.
# - Write first, ship later: the file is the queue, the cursor is the memory.
# - Read bulk answers item by item; back off with jitter; send again what is not acknowledged; commit last.
#
# ## In production
#
# logdojo's own part does the same for a real service. [appending](../src/logdojo/logsetup/files/appending.py) and
# [rotation](../src/logdojo/logsetup/files/rotation.py) are the grown-up forms of your `AppendHandler` and
# `rotate_if_needed`: they rotate by time as well, follow an outside `logrotate`, survive a fork, and count what a full
# disk has cost. [shipping](../src/logdojo/logsetup/shipping/__init__.py) speaks to Elasticsearch, OpenSearch and
# Splunk.
#
# Whether a queue in the process is ever right? Yes, for records that you can afford to lose, before a place that is
# slow: a debug trace to a screen, say. Never for the audit trail.

# %%
scratch.cleanup()

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. How do you keep logging from slowing an application down, and what does each way cost?
# 2. The process is killed with `kill -9`. Which log records survive, and why?
# 3. Four worker processes share one rotating log. What happens with the standard library's handlers?
# 4. How do you compress an archive without losing the last lines of a process that still writes to it?
# 5. The log server answers 200. Is everything stored?
# 6. How do you get "exactly once", when a lost answer cannot be told from a lost request?
# 7. What are back-off and jitter for?
#
# More of them, with key points and model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell,
# `from logdojo.widgets import quiz` and `quiz.ask(objective="log.async")`.
#
# ## Further reading
#
# - [Logging cookbook](https://docs.python.org/3/howto/logging-cookbook.html): what the standard library says about
#   queues and about logging to one file from several processes
# - [open(2)](https://man7.org/linux/man-pages/man2/open.2.html) and
#   [flock(2)](https://man7.org/linux/man-pages/man2/flock.2.html): `O_APPEND` and locks, as Linux keeps them
# - [Bulk API of Elasticsearch](https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk)
# - [Exponential backoff and jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), with
#   simulations
#
# **Next:** lab 04 takes the secrets out of the log, and makes every later change to it show.
