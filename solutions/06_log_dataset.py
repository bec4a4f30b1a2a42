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
# # Lab 06: From logs to a data set
#
# **120 minutes · moderate · 2 CPU cores, no network · lab 05; you have seen regular expressions and `Counter`**
#
# At the end you will be able to
#
# - show why a model that scores near 1 may have learned nothing, and find the leak that did it;
# - turn raw lines into a data set without secrets, without copies, with labels and with splits that do not flatter;
# - write a data sheet whose numbers are computed, and refuse one whose numbers are not;
# - say what a large language model is, and watch a very small one predict the next word.
#
# In an interview you will be able to answer *how do you build training data from logs* and *how do you know that your
# test set is honest*, with numbers that you measured yourself.

# %%
import hashlib
import json
import math
import random
import re
import zlib
from collections import Counter, defaultdict
from datetime import UTC, datetime

from logdojo import dojo

dojo.lab("06_log_dataset")

# %%
import matplotlib.pyplot as plt
import numpy as np
from logdojo.parse import parse_line
from logdojo.settings import Settings
from logdojo.simulate import simulate
from logdojo.simulate.names import PEOPLE
from logdojo.widgets.theme import LIGHT, themed

settings = Settings()
LINES = {"smoke": 2_000, "laptop": 6_000, "gpu": 20_000}[settings.profile]

# %% [markdown]
# ## The problem: a model that looks brilliant
#
# A company has a day of logs: a firewall, some SSH servers, a cloud account. In every session somebody works, or
# somebody attacks, and for each attack there are honest people who do nearly the same: a licensed scanner beside a
# port scan, a forgotten password beside a guessed one. The day is simulated, so the truth about each line is known.

# %%
day = list(simulate(LINES, seed=6))
attacks = sum(one.label != "benign" for one in day)
print(f"{len(day):,} lines, {len({one.session for one in day})} sessions, "
      f"{len({one.scenario for one in day})} scenarios; "
      f"{attacks / len(day):.0%} of the lines belong to attacks")
for one in day[::LINES // 4][:4]:
    print(f"{one.label:10} {one.line[:66]}")

# %% [markdown]
# A colleague has trained a classifier on it: TF-IDF (how often each word stands in a line, weighted by how rare it is)
# and logistic regression. It is a good baseline, and an hour's work. Cross-validation in three parts, the rows
# shuffled, as every tutorial does it. `hold_out` is what will make the difference in a moment.

# %%
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline


def new_model():
    return make_pipeline(
        TfidfVectorizer(token_pattern=r"[A-Za-z]+|\d+", sublinear_tf=True),
        LogisticRegression(C=10, class_weight="balanced", solver="liblinear"))


# %%
def cross_validate(texts, labels, hold_out):
    """Return accuracy and macro-F1, with whole groups held out."""
    texts, truth = np.array(texts, dtype=object), np.array(labels)
    said = np.empty_like(truth)
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=0)
    for train, test in folds.split(texts, truth, hold_out):
        said[test] = new_model().fit(texts[train], truth[train]).predict(
            texts[test])
    return (said == truth).mean(), f1_score(truth, said, average="macro")


# %%
is_attack = [int(one.label != "benign") for one in day]
splits = {"rows": list(range(len(day))),
          "sessions": [one.session for one in day],
          "scenarios": [one.scenario for one in day]}
always = max(np.mean(is_attack), 1 - np.mean(is_attack))
scores = {what: cross_validate([one.line for one in day], is_attack, groups)
          for what, groups in splits.items()}
print(f"{'held out':12} accuracy  macro-F1")
for what, (accuracy, f1) in scores.items():
    print(f"{what:12} {accuracy:8.3f}  {f1:8.3f}")
print(f"{'always benign':12} {always:7.3f}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for n, (name, hatch) in enumerate((("accuracy", ""), ("macro-F1", "//"))):
        places = [row + 0.4 * n for row in range(len(scores))]
        bars = axes.barh(places, [one[n] for one in scores.values()], 0.36,
                         label=name, hatch=hatch, color=LIGHT.series[2 - n])
        axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.axvline(always, color=LIGHT.ink, ls=":", label="always benign")
    axes.set_yticks([row + 0.2 for row in range(len(scores))], scores)
    axes.set(xlim=(0, 1.3), xlabel="score of the same model")
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    dojo.show(figure, "Accuracy and macro-F1 fall from near 1 with rows held"
              " out to near one half with scenarios held out.")

# %% [markdown]
# **What the plot shows.** The same model on the same lines: brilliant when single rows are held out, worse than always
# saying "benign" when whole scenarios are. Nothing about the model changed. The test changed.
#
# The first test asked: *have you seen this attack before?* Its lines had been torn out of sessions whose other lines
# were in the training part, with the same address, the same user, the same minute. The last test asks what a security
# team wants to know: *will you see through an attack that you have not met?*
#
# How would you have noticed without the last row? By looking for near twins. The rest of this lab builds the data set
# that does not fool you, and the tools that would have warned you.

# %% [markdown]
# ## 1. What must not get in
#
# Before anything else: what a model has read, it may say again. Nothing can be taken out of trained weights, so
# secrets and people stay out of the data. Here are the lines again, with some of the shop's own application among them,
# whose developers have not done lab 04.

# %%
def application_lines(dice):
    """Yield (line, the secret in it)."""
    for number in range(12):
        secret = f"{dice.getrandbits(96):024x}"
        text = dice.choice((f"login user=ben password={secret} ok",
                            f"GET /orders?page=2&api_key={secret}&n=5",
                            f"sent 'Authorization: Bearer {secret}'",
                            '{"note": "reset", "Token": "' + secret + '"}',
                            f"mailed {secret}@example.org, he asked twice"))
        yield f"Oct 15 07:{number:02}:00 shop-1 shop[88]: {text}", secret


planted = list(application_lines(random.Random(6)))
raw = [one.line for one in day] + [line for line, _ in planted]
print(*[line[:76] for line, _ in planted[:5]], sep="\n")

# %% [markdown]
# The staff list comes from human resources. It is the best detector of names that there is, and the only one that needs
# no model.

# %% exercise="find_secrets_and_people"
def find_secrets_and_people(text, people):
    """List what must not get into a data set: sorted (kind, value).

    - "secret": the value behind a word that ends with password,
      passwd, token, secret or api_key (any case), perhaps a quote, then
      = or :, perhaps blanks, perhaps a quote.
    - "secret": the word behind "Bearer" and blanks.
      Both end before a blank, a quote (" or ') or one of , ; &
    - "person": an e-mail address, such as jo.doe+x@mail.example.org.
    - "person": a name of the set `people` (all lower case) that stands
      as a whole word, in any case; letters and digits make a word. The
      value is the name in lower case.
    A value that begins with [ or < is a placeholder and no finding.
    Nothing is listed twice.
    """
    # BEGIN SOLUTION
    name = r"(?:password|passwd|token|secret|api_key)[\"']?\s*[=:]\s*[\"']?"
    value = r"([^\s\"',;&\[<][^\s\"',;&]*)"
    found = {("secret", one) for start in (rf"(?i:{name})", r"\bBearer\s+")
             for one in re.findall(start + value, text)}
    mail = r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"
    found |= {("person", one) for one in re.findall(mail, text)}
    words = re.findall(r"[^\W_]+", text.casefold())
    found |= {("person", one) for one in words if one in people}
    return sorted(found)
    # END SOLUTION


# %% check="find_secrets_and_people"
dojo.check("find_secrets_and_people")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Four small searches, one after the other, into one set. For the names you need no pattern for each: cut the text into
# words and ask which of them are in the set.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `re.findall` with one group returns the groups. `(?i:…)` ignores case in a part of a pattern. A value is
# `[^\s\"',;&]+`, and its first character must not be `[` or `<` either. `[^\W_]+` is a run of letters and digits.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `value = r"([^\s\"',;&\[<][^\s\"',;&]*)"` behind `r"(?i:(?:password|passwd|token|secret|api_key)[\"']?\s*[=:]\s*[\"']?)"`
# and behind `r"\bBearer\s+"`; `r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"` for addresses; and `one in people` for each `one` of
# `re.findall(r"[^\W_]+", text.casefold())`. Return `sorted(found)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %% [markdown]
# Finding is for the audit. The cleaning itself you have built already: `redact_text` in lab 04 hides secrets, and
# `redact_line` in lab 07 gives people pseudonyms. (If you have not been there yet, logdojo's own parts stand in.) What
# the audit still finds afterwards is blanked without mercy.

# %%
from my_soc import redact_line, redact_text

KEY = hashlib.sha256(b"for this lab only").digest()
STAFF = {*PEOPLE, "ben"}


def clean(line):
    line = redact_line(redact_text(line), KEY)
    for kind, value in find_secrets_and_people(line, STAFF):
        whole = rf"(?<![^\W_]){re.escape(value)}(?![^\W_])"
        line = re.sub(whole, f"<{kind}>", line, flags=re.IGNORECASE)
    return line


# %%
def audit(lines):
    """Count findings by kind, and the planted secrets that are left."""
    kinds = Counter(kind for line in lines
                    for kind, _ in find_secrets_and_people(line, STAFF))
    text = "\n".join(lines)
    return kinds["secret"], kinds["person"], sum(
        secret in text for _, secret in planted)


cleaned = [clean(line) for line in raw]
print(f"{'':14}   secrets    people   planted")
for name, lines in (("before", raw), ("after", cleaned)):
    print(f"{name:14}" + "".join(f"{n:10,}" for n in audit(lines)))
print(*[line[:76] for line in cleaned[-12:-7]], sep="\n")

# %% [markdown]
# Zero after the cleaning is what `clean` promises by construction. It says nothing about names that are not on the list
# and secrets without a telling word in front; lab 07 measures those.

# %% [markdown]
# ## 2. What does not vary
#
# Two lines that differ in their time and in a port are the same line for a model that learns behavior. To see that they
# are the same, everything that always varies must go. First, JSON is turned into words, so that both kinds of log can be
# treated alike:

# %%
def leaves(node, name=""):
    """Yield name=value for each value in a JSON document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, name)
    else:
        yield f"{name}={node}"


def as_words(line):
    return " ".join(leaves(json.loads(line))) if line[:1] == "{" else line


# %% [markdown]
# These patterns are given. The last one is greedy on purpose: sixteen letters, digits and hyphens in a row, with a
# letter and a digit among them, are an identifier. Pseudonyms are such, too.

# %%
VARIES = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?",
     "<time>"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", "<time>"),
    (r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5,}\b", "<mac>"),
    (r"(?<=SHA256:)\S+", "<id>"),
    (r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}", "<id>"),
)

# %% exercise="normalize"
def normalize(text):
    """Replace what varies from line to line, and keep the rest.

    In this order:
    - what a pattern in VARIES matches becomes its placeholder;
    - four numbers of up to three digits, joined by dots, become <ip>;
    - a number that touches no letter, digit or underscore becomes <num>
      when its value is 1024 or more; a fraction such as .25 belongs to
      it. Smaller numbers stay: known ports, status codes, counts.
    Then each run of white space becomes one blank, and none is left at
    the two ends.
    """
    # BEGIN SOLUTION
    for pattern, placeholder in VARIES:
        text = re.sub(pattern, placeholder, text)
    text = re.sub(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "<ip>", text)
    text = re.sub(r"\b\d+(?:\.\d+)?\b",
                  lambda m: "<num>" if float(m[0]) >= 1024 else m[0], text)
    return " ".join(text.split())
    # END SOLUTION


# %% check="normalize"
dojo.check("normalize")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go from the special to the general: once times and addresses are placeholders, the numbers that are left are plain.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `re.sub` takes a function in place of the new text: it gets the match, and returns what stands there afterwards. `\b`
# is where a word begins or ends; `ssh2` and `v1024x` then hold no number.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Loop over VARIES with `text = re.sub(pattern, placeholder, text)`; then `r"\b\d{1,3}(?:\.\d{1,3}){3}\b"`; then
# `re.sub(r"\b\d+(?:\.\d+)?\b", lambda m: "<num>" if float(m[0]) >= 1024 else m[0], text)`; at last
# `" ".join(text.split())`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
print(normalize("Oct 15 07:01:14 gw-2 sshd[2462738]: Failed password for "
                "user-8ee9bee37124 from 198.18.177.35 port 11201 ssh2"))
print(normalize("[53939932.856984]  [UFW BLOCK] SRC=10.0.3.9 TTL=46 DPT=22"))

# %% [markdown]
# Now each line becomes a **row**. `source` and `user` come from the parser; they are kept beside the text, and no model
# will read them.

# %%
def row_of(one, line):
    event = parse_line(one.line)
    return {"text": normalize(as_words(line)), "time": one.time,
            "session": one.session, "scenario": one.scenario,
            "format": one.format, "source": event.text("source.ip"),
            "host": event.text("host.name"), "user": event.text("user.name")}


rows = [row_of(*pair) for pair in zip(day, cleaned)]
for name, texts in (("raw lines", [one.line for one in day]),
                    ("normalized", [row["text"] for row in rows])):
    print(f"{name:12} {len(set(texts)):6,} different of {len(texts):,}")

# %% [markdown]
# ## 3. A label belongs to a session
#
# Where do labels come from? From a red team's notebook, from incident tickets, from an alarm that somebody has checked.
# All of them say *this address, from then to then, was that*. Lines are labelled by looking which interval they fall
# into, and three things go wrong:
#
# - Many lines hold no address. `session closed for user jo` is as much a part of the intrusion as the line before it.
# - An attack begins before anybody notices. So the label must go to the whole **session**.
# - Two notebooks disagree. Then *nobody* knows the label, and the session must not be used until somebody has looked.

# %%
def reports_of(day, rows):
    """Make the red team's notebook; each attack is noticed late."""
    times = defaultdict(list)
    for one, row in zip(day, rows):
        if one.label != "benign" and row["source"]:
            times[one.session, row["source"], one.label].append(one.time)
    return [(source, seen[len(seen) // 3], seen[-1], label)
            for (_, source, label), seen in times.items()]


notebook = reports_of(day, rows)
# Three tickets, by somebody who took an attack for the licensed scanner.
tickets = [(*report[:3], "benign") for report in notebook[:9:3]]
reports = notebook + tickets
print(len(reports), "reports, such as", reports[0])

# %% exercise="label_sessions"
def label_sessions(rows, reports):
    """Label whole sessions; return two dicts, (labels, conflicts).

    Each row has "session", "source" and "time"; each report is
    (source, start, end, label). A report is about a row when the source
    is the same and the time lies from start to end, both included. A
    row whose source is "" is in no report.

    labels     session -> the label of all reports about its rows;
               "benign" where there is none
    conflicts  session -> sorted list of the labels, where reports about
               it say different things; such a session is not in labels

    Every session is in one of the two.
    """
    # BEGIN SOLUTION
    found = {row["session"]: set() for row in rows}
    for row in rows:
        for source, start, end, label in reports:
            if row["source"] == source != "" and start <= row["time"] <= end:
                found[row["session"]].add(label)
    labels, conflicts = {}, {}
    for session, said in found.items():
        if len(said) > 1:
            conflicts[session] = sorted(said)
        else:
            labels[session] = said.pop() if said else "benign"
    return labels, conflicts
    # END SOLUTION


# %% check="label_sessions"
dojo.check("label_sessions")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First collect: for each session the *set* of labels that any report gives to any of its rows. Only then decide.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Begin with `{row["session"]: set() for row in rows}`, so that sessions without a report are there too. An empty set
# means benign, one label is the label, two are a conflict. A report that says "benign" is a label like any other.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Two loops, rows outside and reports inside, with `if row["source"] == source != "" and start <= row["time"] <= end:`.
# Then go through the sets: `conflicts[session] = sorted(said)` when there are two or more, else
# `labels[session] = said.pop() if said else "benign"`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %%
labels, conflicts = label_sessions(rows, reports)
for session, said in conflicts.items():
    print(session, "is called", " and ".join(said))


def line_alone(row):
    return next((label for source, start, end, label in notebook
                 if row["source"] == source and start <= row["time"] <= end),
                "benign")


# %%
known = [row for row in rows if row["session"] in labels]
truth = {one.session: one.label for one in day}
wrong = {"line by line": line_alone,
         "by session": lambda row: labels[row["session"]]}
for name, label_of in wrong.items():
    missed = sum(label_of(row) != truth[row["session"]] for row in known)
    print(f"{name:13} {missed:5,} of {len(known):,} lines labelled wrong")
rows = [{**row, "label": labels[row["session"]]} for row in known]

# %% [markdown]
# Label noise puts a ceiling on every number that comes later: whoever trains on line-by-line labels is told that the
# last lines of an intrusion are benign, and is marked wrong for knowing better.
#
# Sessions are given here. In real life you make them: an SSH connection by host and process id, a cloud session by its
# access key, else the same source with no gap longer than, say, half an hour.

# %% [markdown]
# ## 4. Copies
#
# A log says the same thing thousands of times. Copies make training slow, let the commonest line rule everything, and
# end up on both sides of a split. So each text is kept once, **with its count**, since how often a thing happens is
# information that nobody can bring back.
#
# And a text may have been seen under two labels. Keep both rows and say so: such a text cannot be judged by itself, by
# no model, and the share of such lines is a bound that you want to know before you train.

# %% exercise="deduplicate"
def deduplicate(rows, key):
    """Keep one row of each kind; return two lists, (kept, conflicts).

    - Rows are of one kind when key(row) and row["label"] are the same.
    - kept holds, for each kind, a copy of its first row with "count":
      how many rows it stands for. A row that already has a "count"
      stands for that many. The order is that of the first rows.
    - conflicts holds each key that came with two labels or more, once,
      in the order of their first rows.
    - The rows that are given stay as they are.
    """
    # BEGIN SOLUTION
    kept, labels = {}, {}
    for row in rows:
        name = key(row)
        kind = kept.setdefault((name, row["label"]), {**row, "count": 0})
        kind["count"] += row.get("count", 1)
        labels.setdefault(name, set()).add(row["label"])
    return (list(kept.values()),
            [name for name, found in labels.items() if len(found) > 1])
    # END SOLUTION


# %% check="deduplicate"
dojo.check("deduplicate")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A dict keeps the order in which its keys came. What would be the key under which you keep a row?
# </details>
#
# <details><summary>Hint 2</summary>
#
# Keep rows under the pair `(key(row), row["label"])`. `{**row, "count": 0}` is a copy. For the conflicts, note beside
# it which labels each `key(row)` has come with.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `kind = kept.setdefault((name, row["label"]), {**row, "count": 0})`, then `kind["count"] += row.get("count", 1)` and
# `labels.setdefault(name, set()).add(row["label"])`. At the end the values of `kept`, and the names whose set of labels
# has more than one.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %%
texts, unclear = deduplicate(rows, key=lambda row: row["text"])
unclear = set(unclear)
both = sum(row["text"] in unclear for row in rows)
print(f"{len(rows):,} lines, {len(texts):,} examples, "
      f"counts add up: {sum(row['count'] for row in texts) == len(rows)}")
print(f"{len(unclear)} texts stand under two labels; "
      f"{both / len(rows):.0%} of all lines are such texts")
print("the commonest:", max(texts, key=lambda row: row["count"])["text"][:60])

# %% [markdown]
# Read the second line again. For that share of the log, no model on earth can tell an attack from its honest twin by
# one line alone. What tells them apart is the session: how many, how varied, in which order. Lab 09 gives the model a
# view of it.

# %% [markdown]
# ### Near copies
#
# Two requests to a bucket that differ in one name are no copies, and yet a model that has seen one knows the other. How
# alike are they? Cut both into **shingles**, overlapping runs of three words; the share of shingles they have in common
# is their *Jaccard similarity*. Comparing every pair is out of the question for a million lines, so each text gets a
# short **signature** whose equal places estimate that share. This is MinHash (Broder, 1997), and nearly every large
# language model's training data went through it.
#
# Why it works: apply one random function to all shingles of both texts. The smallest value of all belongs to some
# shingle, each with the same chance. The two minima are equal just when that one is a shingle of both.

# %%
PRIME = (1 << 61) - 1
dice = random.Random(6)
# Each pair (a, b) is one random function: x -> (a * x + b) % PRIME.
FUNCTIONS = [(dice.randrange(1, PRIME), dice.randrange(PRIME))
             for _ in range(32)]

# %% exercise="minhash"
def minhash(text, functions):
    """Return the MinHash signature of a text, a tuple of numbers.

    - The shingles are all runs of three words, joined by one blank. A
      text of fewer than three words is one shingle as a whole.
    - x is zlib.crc32 of a shingle's bytes in UTF-8.
    - For each pair (a, b) of functions, in order, the signature holds
      the smallest (a * x + b) % PRIME of all shingles.
    """
    # BEGIN SOLUTION
    words = text.split()
    shingles = {" ".join(words[at:at + 3])
                for at in range(max(1, len(words) - 2))}
    numbers = [zlib.crc32(one.encode()) for one in shingles]
    return tuple(min((a * x + b) % PRIME for x in numbers)
                 for a, b in functions)
    # END SOLUTION


# %% check="minhash"
dojo.check("minhash")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps: words to shingles, shingles to numbers (once), then one minimum for each function.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `words[at:at + 3]` for every `at` from 0 to `len(words) - 3`. When there are fewer than three words, `at = 0` alone
# gives the whole text; `max(1, …)` sees to that.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `shingles = {" ".join(words[at:at + 3]) for at in range(max(1, len(words) - 2))}`;
# `numbers = [zlib.crc32(one.encode()) for one in shingles]`;
# `tuple(min((a * x + b) % PRIME for x in numbers) for a, b in functions)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %%
def alike(one, other):
    """Estimate the Jaccard similarity from two signatures."""
    return sum(a == b for a, b in zip(one, other)) / len(one)


def jaccard(one, other):
    one, other = ({*zip(words, words[1:], words[2:])}
                  for words in (one.split(), other.split()))
    return len(one & other) / max(1, len(one | other))


# %%
some = [row["text"] for row in texts if row["format"] == "sshd"][:40]
pairs = [(one, other) for one in some for other in some if one < other]
exact = np.array([jaccard(*pair) for pair in pairs])
for size in (4, 32, 128):
    more = [(dice.randrange(1, PRIME), dice.randrange(PRIME))
            for _ in range(size)]
    signed = {text: minhash(text, more) for text in some}
    error = [alike(signed[one], signed[other]) for one, other in pairs]
    print(f"{size:4} functions: mean error of the similarity "
          f"{abs(np.array(error) - exact).mean():.3f}")

# %% [markdown]
# Signatures also say *whom to compare*. Cut each into eight bands of four numbers: two texts are compared only when
# they agree in a whole band. Texts with similarity .8 agree in at least one of eight with 98 in 100 chances, texts with
# .2 with about 1 in 100.

# %%
def leaders(texts, least=0.8):
    """Return text -> the first text that it is a near copy of."""
    bands, signed, found = defaultdict(list), {}, {}
    for text in dict.fromkeys(texts):
        sign = signed[text] = minhash(text, FUNCTIONS)
        keys = [(at, sign[at:at + 4]) for at in range(0, 32, 4)]
        near = (other for key in keys for other in bands[key]
                if alike(sign, signed[other]) >= least)
        found[text] = next(near, text)
        if found[text] == text:
            for key in keys:
                bands[key].append(text)
    return found


# %%
leader = leaders(row["text"] for row in texts)
near, _ = deduplicate(texts, key=lambda row: leader[row["text"]])
print(f"{len(texts):,} different texts, {len(near):,} without near copies")
pair = next((one, other) for one, other in leader.items() if one != other)
for text in pair:
    print("·", text[:76])

# %% [markdown]
# ## 5. Templates
#
# MinHash asks how alike two texts are. A **template** says *what* they share: `Failed password for <*> from <ip> port
# <*> ssh2`. Templates give a line its kind, and a data set its table of contents; and lab 12 answers a million lines
# with a hundred verdicts, one a template.
#
# Drain (He and others, 2017) finds them while lines stream by. It never compares a line with all templates, only with
# those of the same number of words and the same first words. So the header, time and host, must be taken off before:
# otherwise all lines begin alike.

# %% exercise="mine_template"
def mine_template(text, groups, similarity=0.6):
    """Return the template of a text: a list of words, known or new.

    - The words of the text are what blanks separate.
    - groups is a dict: (number of words, first word, second word) ->
      list of templates. It begins empty and grows. A text of one word
      has "" for the second, an empty one for both.
    - Of the templates in the text's group, take the one that has the
      same word in the most places; of equal ones the first.
    - If those places are at least `similarity` of all: put "<*>" into
      the template in each place where the words differ. It is changed
      in place and returned.
    - Otherwise the words become a new template, at the group's end.
    """
    # BEGIN SOLUTION
    words = text.split()
    key = (len(words), *(words + ["", ""])[:2])
    group = groups.setdefault(key, [])

    def shared(template):
        return sum(map(str.__eq__, template, words))

    best = max(group, key=shared, default=None)
    if best is None or shared(best) < similarity * len(words):
        group.append(words)
        return words
    best[:] = [a if a == b else "<*>" for a, b in zip(best, words)]
    return best
    # END SOLUTION


# %% check="mine_template"
dojo.check("mine_template")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which group, which template in it, is it close enough? If so, make it more general; otherwise begin a new one. The
# list itself is the template's identity, so change it in place.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `groups.setdefault(key, [])` gives the group's list. `max(group, key=shared, default=None)` is the best one, and of
# equal ones the first. `best[:] = …` changes a list in place, `best = …` would not.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `key = (len(words), *(words + ["", ""])[:2])`; `shared(template)` counts `a == b` over `zip(template, words)`; when
# `best is None or shared(best) < similarity * len(words)`, append `words` and return them; else
# `best[:] = [a if a == b else "<*>" for a, b in zip(best, words)]` and return `best`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
def message(row):
    return row["text"].removeprefix("<time> ").partition(" ")[2]


groups = {}
mined = [mine_template(message(row), groups) for row in rows]
kinds = Counter(" ".join(template) for template in mined)
# Only now is each template as general as it gets.
rows = [{**row, "template": " ".join(template)}
        for row, template in zip(rows, mined)]
print(f"{len(rows):,} lines, {len(kinds)} templates; the largest:")
for template, count in kinds.most_common(5):
    print(f"{count:6,}  {template[:68]}")

# %% [markdown]
# How good is it? The library's miner does the same with more care. How often do the two agree whether two lines are of
# one kind? The *adjusted Rand index* is 1 when they always do, and 0 when they agree as chance would.

# %%
from logdojo.parse.templates import Templates
from sklearn.metrics import adjusted_rand_score

library = Templates()
theirs = [library.add(message(row)).id for row in rows]
agreement = adjusted_rand_score(theirs, [row["template"] for row in rows])
covered = sum(count for _, count in kinds.most_common(10)) / len(rows)
print(f"yours {len(kinds)} templates, logdojo's {len(library)}; "
      f"adjusted Rand index {agreement:.2f}")
print(f"your ten largest hold {covered:.0%} of the lines")

# %% [markdown]
# ### What each step removed
#
# From here on, an *example* is a text without near copies, with its count.

# %%
leader = {row["text"]: leader[row["text"]] for row in rows}
examples, _ = deduplicate(rows, key=lambda row: leader[row["text"]])
labelled = {one.line for one in day if one.session in labels}
steps = {"lines": len(rows), "different lines": len(labelled),
         "normalized": len(texts), "without near copies": len(examples),
         "templates": len(kinds)}
for name, count in steps.items():
    print(f"{name:20} {count:6,}   {count / len(rows):6.1%}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    bars = axes.barh(list(steps), list(steps.values()), color=LIGHT.series[2])
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.set(xlabel="how many are left", xlim=(0, 1.15 * len(rows)))
    axes.invert_yaxis()
    dojo.show(figure, "Lines left after each step; normalizing removes"
              " the most, and only a few in a hundred are templates.")

# %% [markdown]
# **What the plot shows.** Exact copies of raw lines are rare, because the time differs. Normalizing makes most copies
# visible, near copies are a good part of the rest, and the templates are few.

# %% [markdown]
# ## 6. A split that holds groups together
#
# Deduplicated is not yet safe: examples of one session, or of one scenario, still resemble each other more than they
# resemble the future. So a split takes whole **groups**. It should also be *stratified*, with each label on both sides
# as far as there are groups for it, and repeatable: the same seed, the same split, whatever the order of the rows.

# %% exercise="group_split"
def group_split(rows, group, share, seed):
    """Split rows into two lists, (train, test), by whole groups.

    - row[group] names a row's group; no group is on both sides.
    - A group's label is the "label" that most of its rows have; of
      equally many, the first in the alphabet.
    - Of the groups of each label, the part `share` goes to the test: the
      number is rounded with round(), but at least 1, and at least 1
      stays in train; of a single group, that means train.
    - Which ones, random.Random(seed) decides. The same seed gives the
      same groups, in whatever order the rows come.
    - Both lists keep the order of the rows, and lose none.
    """
    # BEGIN SOLUTION
    counts, by_label, test = {}, {}, set()
    for row in rows:
        counts.setdefault(row[group], Counter())[row["label"]] += 1
    for name in sorted(counts):
        label = max(sorted(counts[name]), key=counts[name].get)
        by_label.setdefault(label, []).append(name)
    chance = random.Random(seed)
    for label, names in sorted(by_label.items()):
        chance.shuffle(names)
        some = max(1, round(share * len(names)))
        test.update(names[:min(some, len(names) - 1)])
    return ([row for row in rows if row[group] not in test],
            [row for row in rows if row[group] in test])
    # END SOLUTION


# %% check="group_split"
dojo.check("group_split")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Decide about groups, not about rows. First find each group's label, then collect the groups of each label, then draw.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A set of texts has another order in each run of Python. Sort before you shuffle, at both places: the groups, and the
# labels. Shuffle with one `random.Random(seed)` of your own, not with the module's.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `counts` maps a group to a Counter of labels. For each name of `sorted(counts)`,
# `label = max(sorted(counts[name]), key=counts[name].get)`. For each label: shuffle its names,
# `some = max(1, round(share * len(names)))`, and `names[:min(some, len(names) - 1)]` go into the set `test`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.evaluate` ([all topics](../quizzes/README.md))

# %%
train, test = group_split(examples, "scenario", share=0.25, seed=1)
for name, part in (("train", train), ("test", test)):
    kinds_of = Counter(row["label"] for row in part)
    print(f"{name:6} {len(part):5,} examples of "
          f"{len({row['scenario'] for row in part})} scenarios:",
          ", ".join(sorted(kinds_of)))

# %% [markdown]
# ### Does anything leak?
#
# A split is a claim, and a claim can be checked: which values stand on both sides? Ask it for every name that could let
# a model cheat, and look at the answer *before* you look at the score.

# %% exercise="shared_between"
def shared_between(train, test, names):
    """Say what two lists of rows share.

    Return a dict: for each name in names, a pair
    - the share of rows in test whose value of that name occurs in
      train, from 0 to 1 (0 when test is empty);
    - the sorted list of the values that occur in both.
    None, "" and a missing value are no values: they are never shared.
    """
    # BEGIN SOLUTION
    found = {}
    for name in names:
        known = {row.get(name) for row in train} - {None, ""}
        hits = [row[name] for row in test if row.get(name) in known]
        found[name] = (len(hits) / max(1, len(test)), sorted(set(hits)))
    return found
    # END SOLUTION


# %% check="shared_between"
dojo.check("shared_between")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each name, a set of the values in train is all that you need. Then go through the rows of test.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The share counts *rows*, the list holds *values*: a single shared value can touch every row of the test. `row.get(name)`
# is None where there is no such value.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `known = {row.get(name) for row in train} - {None, ""}`;
# `hits = [row[name] for row in test if row.get(name) in known]`;
# `found[name] = (len(hits) / max(1, len(test)), sorted(set(hits)))`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.evaluate` ([all topics](../quizzes/README.md))

# %%
NAMES = ("scenario", "session", "source", "user", "host", "text", "template")
shuffled = random.Random(1).sample(rows, len(rows))
cut = len(rows) // 4
parts = {"rows": (shuffled[cut:], shuffled[:cut]),
         "sessions": group_split(rows, "session", 0.25, seed=1),
         "scenarios": group_split(rows, "scenario", 0.25, seed=1),
         "examples": (train, test)}
leaks = {name: shared_between(*part, NAMES) for name, part in parts.items()}
print(f"{'shared, in %':14}" + "".join(f"{name:>10}" for name in leaks))
for name in NAMES:
    print(f"{name:14}" + "".join(
        f"{100 * one[name][0]:10.0f}" for one in leaks.values()))

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    shades = np.array([[100 * one[name][0] for name in NAMES]
                       for one in leaks.values()])
    axes.imshow(shades, cmap=LIGHT.ramp, vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(shades):
        axes.text(column, row, f"{value:.0f}", ha="center", va="center",
                  color="white" if value > 50 else LIGHT.ink)
    axes.set_xticks(range(len(NAMES)), NAMES)
    axes.set_yticks(range(len(leaks)), leaks)
    axes.set(xlabel="what is shared", ylabel="what was split")
    dojo.show(figure, "Percent of test rows that share a value with the"
              " training part, by kind of value and by split.")

# %% [markdown]
# **What the plot shows.** In the first row nearly everything of the test was seen in training: that was the brilliant
# model. The last row shares no scenario and no session, and of texts only those few that stand under two labels.
# Templates stay shared, and should: an unseen attack is made of seen messages. Users and hosts stay shared in the
# *rows*; in the *text* they were cleaned away.
#
# Now the same model once more, on cleaned lines and on examples:

# %%
def score(rows, hold_out):
    return cross_validate([row["text"] for row in rows],
                          [int(row["label"] != "benign") for row in rows],
                          hold_out)


after = {}
for name, some in (("cleaned lines", rows), ("examples", examples)):
    after[name] = (score(some, list(range(len(some))))[1],
                   score(some, [row["scenario"] for row in some])[1])
print(f"{'macro-F1':14}   rows  scenarios  difference")
for name, (rosy, honest) in {
        "raw lines": (scores["rows"][1], scores["scenarios"][1]),
        **after}.items():
    print(f"{name:14} {rosy:6.3f} {honest:10.3f} {rosy - honest:11.3f}")

# %% [markdown]
# The flattering number has come down. The honest one was near chance, and stays there. That is what cleaning can do and what it cannot:
# it takes the lie out of the measure, and puts no knowledge into the model. When both numbers stand in a report, a
# reader sees at once how much of the first was memory.

# %% [markdown]
# ## 7. How common is it?
#
# A table of the classes belongs to every data set, in three counts: examples (what the model sees), lines (what the log
# holds) and sessions (what an analyst handles). They are three different base rates.

# %% exercise="prevalence"
def prevalence(rows):
    """Return a dict: label -> a dict of four numbers.

    "examples"  rows with that label
    "lines"     lines that they stand for: the sum of their "count",
                1 where a row has none
    "sessions"  how many different sessions these rows name
    "share"     their lines, as a share of the lines of all rows

    The label with the most lines comes first; of equal ones, the first
    in the alphabet.
    """
    # BEGIN SOLUTION
    total = sum(row.get("count", 1) for row in rows)
    table = {}
    for label in sorted({row["label"] for row in rows}):
        mine = [row for row in rows if row["label"] == label]
        lines = sum(row.get("count", 1) for row in mine)
        table[label] = {"examples": len(mine), "lines": lines,
                        "sessions": len({row["session"] for row in mine}),
                        "share": lines / total}
    return dict(sorted(table.items(), key=lambda one: -one[1]["lines"]))
    # END SOLUTION


# %% check="prevalence"
dojo.check("prevalence")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# First the total over all rows, then one label after the other.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `row.get("count", 1)` stands for a row's lines. Different sessions are counted with a set. Python's sort is stable:
# what was in alphabetical order stays so among equals.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each `label` of `sorted({row["label"] for row in rows})`, collect its rows and make the dict. At the end
# `dict(sorted(table.items(), key=lambda one: -one[1]["lines"]))`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.evaluate` ([all topics](../quizzes/README.md))

# %%
print(f"{'label':14} examples   lines  sessions   share")
for label, numbers in prevalence(examples).items():
    print(f"{label:14} {numbers['examples']:8,} {numbers['lines']:7,} "
          f"{numbers['sessions']:9,} {numbers['share']:7.1%}")

# %% [markdown]
# ### Keep the test honest
#
# For training you may thin out the benign class or weigh it less. The **test** is another matter. Precision depends on
# how common attacks are, and in a real company they are rare. Whoever tests on half attacks reports a precision that
# nobody will ever see. So bring the test to the base rate of the place where the model will work: drop rows, and never
# copy any.

# %% exercise="at_base_rate"
def at_base_rate(rows, share, seed):
    """Drop rows until the part `share` of them are attacks.

    Every "label" but "benign" is an attack.
    - The result has as many rows as the classes allow, rounded down:
      int(min(attacks / share, benign / (1 - share))).
    - Of these, round(that number * share) are attacks.
    - random.Random(seed) draws them; the same seed draws the same rows.
    - No row comes twice, the order stays, `rows` is not changed.
    - A share of 0 or less, or of 1 or more, raises a ValueError.
    """
    # BEGIN SOLUTION
    if not 0 < share < 1:
        raise ValueError(f"the share is {share}, not between 0 and 1")
    places = {True: [], False: []}
    for at, row in enumerate(rows):
        places[row["label"] != "benign"].append(at)
    total = int(min(len(places[True]) / share,
                    len(places[False]) / (1 - share)))
    few = round(total * share)
    chance = random.Random(seed)
    drawn = {*chance.sample(places[True], few),
             *chance.sample(places[False], total - few)}
    return [row for at, row in enumerate(rows) if at in drawn]
    # END SOLUTION


# %% check="at_base_rate"
dojo.check("at_base_rate")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many can there be in all, if no attack may be missing? And if no benign row may be missing? The smaller number
# counts.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Draw *positions* with `chance.sample(positions, number)`, and keep the rows at these positions: that keeps the order
# and takes no row twice, even when two rows are equal.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `total = int(min(attacks / share, benign / (1 - share)))`, `few = round(total * share)`; draw `few` of the positions
# of attacks and `total - few` of the benign ones into one set; return `[row for at, row in enumerate(rows) if at in
# drawn]`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.evaluate` ([all topics](../quizzes/README.md))

# %% [markdown]
# To see it, take the flattering model: trained on three quarters of the examples, any three quarters, and tested on the
# rest. Its recall and its false alarms do not change. Its precision does.

# %%
mixed = random.Random(2).sample(examples, len(examples))
held, learnt = mixed[:len(mixed) // 3], mixed[len(mixed) // 3:]
model = new_model().fit([row["text"] for row in learnt],
                        [row["label"] != "benign" for row in learnt])
alarm = dict(zip((row["text"] for row in held),
                 model.predict([row["text"] for row in held])))


def precision(rows):
    raised = [row for row in rows if alarm[row["text"]]]
    return sum(row["label"] != "benign" for row in raised) / len(raised)


# %%
RATES = (0.5, 0.3, 0.1, 0.03, 0.01)
measured = {rate: np.mean([precision(at_base_rate(held, rate, seed=n))
                           for n in range(20)]) for rate in RATES}


def expected(rate):
    """Return the precision that recall and false alarms lead to."""
    hit, false = (np.mean([alarm[row["text"]] for row in held
                           if (row["label"] != "benign") == kind])
                  for kind in (True, False))
    return hit * rate / (hit * rate + false * (1 - rate))


# %%
print("attacks   precision   by Bayes' rule")
for rate, value in measured.items():
    print(f"{rate:7.0%} {value:11.2f} {expected(rate):16.2f}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    line = np.geomspace(0.008, 0.6, 60)
    axes.plot(line, [expected(rate) for rate in line],
              color=LIGHT.series[1], label="by Bayes' rule")
    axes.plot(RATES, [measured[rate] for rate in RATES], "o",
              color=LIGHT.series[2], label="measured")
    axes.set(xscale="log", ylim=(0, 1), ylabel="precision",
             xlabel="share of attacks in the test")
    axes.set_xticks(RATES, [f"{rate:.0%}" for rate in RATES])
    axes.legend()
    dojo.show(figure, "Precision of one and the same model falls steeply as"
              " attacks become rarer in the test.")

# %% [markdown]
# **What the plot shows.** One model, one recall, one rate of false alarms, and a precision that falls to a tenth or less
# when one line in a hundred is an attack. A precision without a base rate is half a number.

# %% [markdown]
# ## 8. The data sheet
#
# A data set without a description is a rumor. Gebru and others (*Datasheets for Datasets*, 2021) ask seven groups of
# questions: why was it made, what is in it, how was it collected, what was done to it, what is it for, who may have it,
# who looks after it. Words have to be written by somebody who knows. **Numbers must not**: they are out of date with the
# next run. So they are computed here, and a sheet with other numbers is refused.

# %%
SECTIONS = ("Motivation", "Composition", "Collection", "Preprocessing",
            "Uses", "Distribution", "Maintenance")


def facts(rows, lines):
    """Compute what the data sheet says about a data set."""
    table = prevalence(rows)
    days = [datetime.fromtimestamp(row["time"], UTC) for row in rows]
    return {"lines": lines, "examples": len(rows),
            "scenarios": len({row["scenario"] for row in rows}),
            "templates": len({row["template"] for row in rows}),
            "first day": f"{min(days):%Y-%m-%d}",
            "last day": f"{max(days):%Y-%m-%d}",
            **{f"share of {label}": f"{one['share']:.3f}"
               for label, one in table.items()}}


# %% exercise="data_sheet"
def data_sheet(title, words, numbers):
    """Return a data sheet in Markdown.

    - It begins with "# " and the title. Each of SECTIONS follows in
      order: "## " and its name, and below it its text from `words`.
    - The text may hold names of numbers in braces, as in
      "made of {lines} lines"; they are replaced by their values.
    - Under the text of Composition stands the table of all numbers:
      "| number | value |", "|---|---|", then "| name | value |" each.
    - Between title, headings, texts and table is one blank line.
    - A ValueError names the section that has no text, or whose text
      holds a digit outside of braces: that number was typed.
    """
    # BEGIN SOLUTION
    sheet = [f"# {title}"]
    table = ["| number | value |", "|---|---|"]
    table += [f"| {name} | {value} |" for name, value in numbers.items()]
    for section in SECTIONS:
        text = words.get(section, "").strip()
        if not text:
            raise ValueError(f"{section} has no text")
        if re.search(r"\d", re.sub(r"\{[^}]*\}", "", text)):
            raise ValueError(f"{section} holds a number that was typed")
        sheet += [f"## {section}", text.format_map(numbers)]
        if section == "Composition":
            sheet.append("\n".join(table))
    return "\n\n".join(sheet) + "\n"
    # END SOLUTION


# %% check="data_sheet"
dojo.check("data_sheet")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Collect blocks in a list, and join them with blank lines at the very end. The table is one block of several lines.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `text.format_map(numbers)` puts the values in. Look for digits *before* that, in the text without its braces:
# `re.sub(r"\{[^}]*\}", "", text)`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# For each section: `text = words.get(section, "").strip()`; raise when it is empty, or when
# `re.search(r"\d", re.sub(r"\{[^}]*\}", "", text))`; `sheet += [f"## {section}", text.format_map(numbers)]`; after
# Composition the table. At the end `"\n\n".join(sheet) + "\n"`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %%
WORDS = {
    "Motivation": "Made to teach how a data set of logs is built, and to "
                  "train a small classifier of attacks.",
    "Composition": "{examples} texts that stand for {lines} log lines of a "
                   "firewall, SSH servers and a cloud account.",
    "Collection": "Simulated, from {first day} to {last day}. Labels come "
                  "from a red team's notebook, by session; sessions with "
                  "two labels were left out.",
    "Preprocessing": "Secrets hidden, people and addresses replaced by "
                     "pseudonyms, varying parts masked, near copies merged "
                     "with their count kept.",
}

# %%
WORDS |= {
    "Uses": "For learning. Not for judging people, and not for claims about "
            "real attacks. Hold whole scenarios out.",
    "Distribution": "May be shared: nobody in it exists.",
    "Maintenance": "Made anew by this lab; the seed is part of its source.",
}
numbers = facts(examples, sum(row["count"] for row in examples))
sheet = data_sheet("Data sheet: a day of logs", WORDS, numbers)
print(sheet[:1150])

# %% [markdown]
# ### Refuse a wrong one
#
# Somebody will edit the sheet by hand, or forget to write it anew. The check belongs into the same place as the tests
# of the code: it reads the sheet, compares it with the data, and fails the build.

# %% exercise="wrong_in_sheet"
def wrong_in_sheet(sheet, numbers):
    """Return what is wrong with a data sheet: a list of texts.

    One text for each of these, in this order, with the name in it:
    - a section of SECTIONS whose heading "## …" is missing, or under
      which nothing stands but blanks (SECTIONS' order);
    - a row "| name | value |" of the sheet whose value is not that of
      numbers, as str() writes it, or whose name is not in numbers at
      all (the sheet's order); the rows "| number | value |" and
      "|---|---|" are the table's head and are not meant;
    - a name of numbers that has no row (numbers' order).
    A sheet that is right gives an empty list.
    """
    # BEGIN SOLUTION
    parts = re.split(r"^## (.+?) *$", sheet, flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2]))
    wrong = [f"{one}: nothing is said" for one in SECTIONS
             if not texts.get(one, "").strip()]
    rows = re.findall(r"^\| (.+?) \| (.*?) \|$", sheet, re.MULTILINE)
    rows = [row for row in rows if row != ("number", "value")]
    wrong += [f"{name}: {value} is not {numbers.get(name, 'a known number')}"
              for name, value in rows
              if name not in numbers or value != str(numbers[name])]
    wrong += [f"{name}: no number is given"
              for name in numbers if name not in dict(rows)]
    return wrong
    # END SOLUTION


# %% check="wrong_in_sheet"
dojo.check("wrong_in_sheet")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three lists, one after the other: sections, rows of the sheet, names of the numbers.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `re.split(r"^## (.+?) *$", sheet, flags=re.MULTILINE)` gives what stands before the first heading, then heading, text,
# heading, text. `re.findall(r"^\| (.+?) \| (.*?) \|$", sheet, re.MULTILINE)` gives the rows as pairs.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `texts = dict(zip(parts[1::2], parts[2::2]))`, and a section is wrong when `not texts.get(one, "").strip()`. A row is
# wrong when `name not in numbers or value != str(numbers[name])`. A name is missing when it is not in `dict(rows)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.collect` ([all topics](../quizzes/README.md))

# %%
print("as written:   ", wrong_in_sheet(sheet, numbers))
typed = sheet.replace(f"| examples | {numbers['examples']} |",
                      "| examples | 10000 |")
print("edited:       ", wrong_in_sheet(typed, numbers))
grown = facts([*examples, {**examples[0], "label": "worm"}], len(rows) + 1)
for problem in wrong_in_sheet(sheet, grown)[:3]:
    print("one row more: ", problem)

# %% [markdown]
# ## 9. What will read all this: a language model
#
# A **language model** gives every possible next word a probability. That is all it does: *given these words, what comes
# next?* A **large** one has learned it from trillions of words with billions of adjustable numbers, and looks at
# thousands of words before it guesses. Writing a text means guessing, appending, and guessing again.
#
# The smallest one that deserves the name looks at *one* word and counts. It is called a bigram model, it was in use for
# decades, and it shows the principle in three lines.

# %%
START, END = "<start>", "<end>"


def steps_of(text):
    words = [START, *text.split(), END]
    return list(zip(words, words[1:]))


def learn(texts):
    """Return a bigram model: counts of pairs, of words, and the size."""
    pairs = Counter(step for text in texts for step in steps_of(text))
    words = Counter()
    for (word, _), count in pairs.items():
        words[word] += count
    return pairs, words, len(words)


# %%
def next_words(model, word):
    pairs, words, _ = model
    return [(after, count / words[word])
            for (before, after), count in pairs.most_common()
            if before == word][:4]


by_format = {name: [row["text"] for row in rows if row["format"] == name]
             for name in ("sshd", "iptables", "cloudtrail")}
ssh = learn(by_format["sshd"])
for word in ("Failed", "for", "port"):
    print(f"{word:7}", ", ".join(f"{after} {share:.2f}" for after, share
                                 in next_words(ssh, word)))

# %% [markdown]
# Let it write. Each next word is drawn with the probability that the model gives it:

# %%
def write(model, dice, longest=24):
    pairs, words, _ = model
    text = [START]
    while text[-1] != END and len(text) < longest:
        choices = {after: count for (before, after), count in pairs.items()
                   if before == text[-1]}
        text += dice.choices(list(choices), list(choices.values()))
    return " ".join(text[1:]).removesuffix(END)


for seed in range(3):
    print("·", write(ssh, random.Random(seed))[:76])

# %% [markdown]
# It looks like a log at a glance and is nonsense at a second: one word of memory is not enough. A transformer (lab 08)
# has the same task, the same output, and a memory of thousands of words.
#
# **How good is a language model?** Give it a text that it has not seen and take the probability of each word that
# really came. **Perplexity** says among how many equally likely words it was, on average, choosing. 1 means it knew;
# a thousand means it had no idea.
#
# A pair that was never seen would get probability 0 and make everything infinite, so every pair gets a little:
# `(count of the pair + 0.1) / (count of the first word + 0.1 · (size + 1))`.

# %% exercise="perplexity"
def perplexity(model, texts):
    """Return the perplexity of a bigram model on texts.

    model is (pairs, words, size) as learn() returns it.
    - The probability of each step (before, after) of steps_of(text) is
      (pairs[step] + 0.1) / (words[before] + 0.1 * (size + 1)).
    - Take the mean of -log(probability) over all steps of all texts,
      and return exp() of it.
    - Without any text it is infinite: float("inf").
    """
    # BEGIN SOLUTION
    pairs, words, size = model
    losses = [-math.log((pairs[step] + 0.1)
                        / (words[step[0]] + 0.1 * (size + 1)))
              for text in texts for step in steps_of(text)]
    if not losses:
        return math.inf
    return math.exp(sum(losses) / len(losses))
    # END SOLUTION


# %% check="perplexity"
dojo.check("perplexity")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One list with the loss, `-log(probability)`, of every step of every text. Mean, then exp.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Never multiply the probabilities themselves: a few hundred of them are 0.0 for a computer. Adding logarithms has no
# such limit. A long text counts for more than a short one, since it has more steps.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `losses = [-math.log((pairs[step] + 0.1) / (words[step[0]] + 0.1 * (size + 1))) for text in texts for step in
# steps_of(text)]`; `math.inf` when it is empty; else `math.exp(sum(losses) / len(losses))`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.what` ([all topics](../quizzes/README.md))

# %%
families = {name: group_split([row for row in rows if row["format"] == name],
                              "scenario", 0.25, seed=1)
            for name in by_format}
surprise = {}
for learnt_on, (train_rows, _) in families.items():
    model = learn(row["text"] for row in train_rows)
    surprise[learnt_on] = {
        read: perplexity(model, [row["text"] for row in test_rows])
        for read, (_, test_rows) in families.items()}
print(f"{'reads, after':14}" + "".join(f"{name:>12}" for name in surprise))
for name, found in surprise.items():
    print(f"{name:14}" + "".join(f"{found[read]:12,.1f}" for read in found))

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
    shades = np.array([list(one.values()) for one in surprise.values()])
    axes.imshow(np.log(shades), cmap=LIGHT.ramp, aspect="auto")
    middle = np.log(shades).mean()
    for (row, column), value in np.ndenumerate(shades):
        axes.text(column, row, f"{value:,.1f}", ha="center", va="center",
                  color="white" if np.log(value) > middle else LIGHT.ink)
    axes.set_xticks(range(len(surprise)), surprise)
    axes.set_yticks(range(len(surprise)), surprise)
    axes.set(xlabel="reads", ylabel="learnt from")
    dojo.show(figure, "Perplexity is low where a model reads the kind of log"
              " that it learnt from, and far higher elsewhere.")

# %% [markdown]
# **What the plot shows.** On its own kind of log, in scenarios that it has not seen, a model that only counts pairs
# chooses among a handful of words. On another kind it has no idea. A model knows what its data held, and nothing else:
# that is the argument for large and diverse collections, and it is why the data sheet says which sources are in.
#
# Perplexities compare only when the words are the same. Two models that cut text differently are compared in bits per
# byte (lab 10).

# %% [markdown]
# ### Families, and who they are
#
# | family | kind | what it is known for |
# |---|---|---|
# | GPT (OpenAI), Claude (Anthropic), Gemini (Google) | decoder, behind an interface | writing and reasoning; your logs leave the house |
# | Llama (Meta), Mistral, Qwen (Alibaba), Gemma (Google), DeepSeek | decoder, weights to download | run and fine-tuned at home; each has its own licence |
# | SmolLM, TinyLlama, Qwen and Gemma in their smallest sizes | small decoder | fits a laptop; lab 09 trains one of this size |
# | BERT, RoBERTa, ModernBERT | encoder | reads in both directions; classifies and searches, does not write |
# | T5, BART | encoder and decoder | translates one text into another |
#
# Pre-training on general text gives a **base** model, which continues texts. Fine-tuning on instructions and on
# people's preferences gives a **chat** model, which answers.
#
# ### What else they are used for
#
# Security is a small part of it. The same next-word machine does all of these, depending on how it is asked:
#
# | use | goes in | comes out |
# |---|---|---|
# | writing | "Invite the team to the review on Friday" | a friendly message of three sentences |
# | summary | forty lines of a failed deployment | "The database refused the migration; rolled back at 14:10" |
# | translation | "Zugriff verweigert" | "Access denied" |
# | question answering | a manual, and "How long are backups kept?" | "Thirty days; see section four" |
# | customer support | "My parcel has not moved for a week" | an apology, the tracking state, the next step |
# | content and code | "A regular expression for a German postcode" | `\b\d{5}\b`, and a caution about its limits |
#
# In each of them the limits are the same: it may say what is not so, it repeats what it has read, and somebody must
# answer for the result.

# %% [markdown]
# ## Summary
#
# - A random split of rows measures memory. Hold out whole sessions, and whole scenarios when that is the question.
# - Secrets and people are found and removed before anything else, and counted afterwards.
# - Normalize, then deduplicate exactly and nearly; keep counts, and count texts that stand under two labels.
# - A label belongs to a session. Where two reports disagree there is no label.
# - A split is a claim: check what its sides share, by name.
# - Precision needs a base rate. Thin out, never copy, and leave the test as rare as life.
# - A data sheet's words are written, its numbers are computed, and a wrong one is refused.
# - A language model predicts the next word; perplexity says how surprised it was.
#
# ## In production
#
# logdojo's own parts: [render](../src/logdojo/dataset/render.py) masks and renders an event by its fields,
# [splits](../src/logdojo/dataset/splits.py) makes three parts that share no group,
# [templates](../src/logdojo/parse/templates.py) mines in a stream and is merged across workers, and
# [anonymizer](../src/logdojo/anonymize/anonymizer.py) stands in front of all of it. `logdojo finetune --data` will not
# split a group.
#
# Two habits to take along: keep the raw lines apart and read-only, so that a better normalizer can be run again; and
# version the data set with its sheet, so that a model card can name what the model was trained on.

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. Walk through building a training set from firewall, host and cloud logs.
# 2. A colleague reports an accuracy of .98. What do you ask first?
# 3. How do you remove duplicates from a billion lines, and what do you keep of them?
# 4. Where do labels come from, what makes them wrong, and what do you do when two sources disagree?
# 5. How do you prove that a split does not leak?
# 6. Your model has a precision of .9 in the lab. What will the analysts see?
# 7. What belongs in a data sheet, and how do you keep it true?
# 8. What is a large language model, and how is it different from counting pairs of words?
#
# More of them, with key points and model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell,
# `from logdojo.widgets import quiz` and `quiz.ask(objective="llm.what")`.
#
# ## Further reading
#
# - Gebru and others: [Datasheets for Datasets](https://arxiv.org/abs/1803.09010) (2021)
# - Broder: *On the resemblance and containment of documents* (1997), where MinHash comes from
# - Lee and others: [Deduplicating Training Data Makes Language Models Better](https://arxiv.org/abs/2107.06499) (2022)
# - He and others: *Drain: An Online Log Parsing Approach with Fixed Depth Tree* (2017)
# - Arp and others: [Dos and Don'ts of Machine Learning in Computer Security](https://arxiv.org/abs/2010.09470) (2022)
# - Kapoor, Narayanan: [Leakage and the Reproducibility Crisis](https://arxiv.org/abs/2207.07048) (2023)
# - Jurafsky, Martin: [Speech and Language Processing](https://web.stanford.edu/~jurafsky/slp3/), the chapter on n-grams
#
# **Next:** lab 07 looks closely at what `redact_line` did here in one call.
