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
# # Lab 07: Anonymize before you train
#
# **75 minutes · moderate · 2 CPU cores, no network · lab 01, and you have seen a regular expression**
#
# At the end you will be able to
#
# - break an "anonymized" log within a second, and say why it broke;
# - replace addresses and names by keyed pseudonyms under which a log stays useful;
# - clean JSON by its field names and free text by its forms, without harming timestamps;
# - count what leaked, instead of hoping.
#
# In an interview you will be able to explain *how to prepare sensitive logs for training a language model* and *why
# hashing is not anonymizing*, with a leak rate that you measured yourself.

# %%
import hashlib
import ipaddress
import itertools
import json
import random
import re
import string
import time
from collections import Counter

from logdojo import dojo

dojo.lab("07_anonymize")

# %% [markdown]
# ## The problem: a log for somebody outside
#
# The parcel shop of lab 01 wants a language model that reads its logs. An outside company will train it, so the log
# leaves the house. It holds what all such logs hold: who logged in, from where, on which machine, with which token.
#
# The next cells simulate that log. Each function makes one kind of line and says three things about it: the
# line, the sensitive values in it, and the values that must survive because a model needs them.

# %%
PEOPLE = ("ada ben cleo dan emil fay gus hana ivo jan kim lea mia noa "
          "olga pia rob sue tom una vera will xenia yara").split()
HOSTS = ["web1", "web2", "pay1"]


def some_user(dice):
    return "ben" if dice.random() < 0.25 else dice.choice(PEOPLE)


def some_address(dice):
    """A customer: all of them use one provider, 198.18.0.0/15."""
    tail = dice.randrange(256), dice.randrange(1, 255)
    return f"198.{dice.choice((18, 19))}.{tail[0]}.{tail[1]}"


# %%
def sshd(dice, clock):
    host, user, ip = dice.choice(HOSTS), some_user(dice), some_address(dice)
    port = str(dice.randrange(30000, 60000))
    kind = dice.choice(("invalid user ", ""))
    line = (f"Mar 02 {clock} {host} sshd[{dice.randrange(9999)}]: "
            f"Failed password for {kind}{user} from {ip} port {port} ssh2")
    known = [("host", host), ("user", user), ("ip", ip)]
    return line, known, [f"Mar 02 {clock}", f"port {port}"]


# %%
def payment(dice, clock):
    user, ip = some_user(dice), some_address(dice)
    stamp = f"2026-03-02-{clock.replace(':', '.')}.{dice.randrange(9)}00"
    line = (f"{stamp} pay1 payd[88]: user={user} paid from {ip}, "
            f"client ShopApp/4.2.0.17, receipt in /home/{user}/last.pdf")
    known = [("host", "pay1"), ("user", user), ("ip", ip)]
    return line, known, [stamp, "ShopApp/4.2.0.17"]


# %%
def cloudtrail(dice, clock):
    user, ip = some_user(dice), some_address(dice)
    token = f"{dice.getrandbits(80):020x}"
    account = dice.choice(("111122223333", "444455556666"))
    line = json.dumps({
        "eventTime": f"2026-03-02T{clock}Z", "eventName": "GetObject",
        "userIdentity": {"userName": user, "accountId": account},
        "sourceIPAddress": dice.choice((ip, "backup.amazonaws.com")),
        "requestParameters": {"sessionToken": token}})
    known = [("user", user), ("account", account), ("secret", token)]
    if ip in line:
        known.append(("ip", ip))
    return line, known, [f"2026-03-02T{clock}Z", "GetObject"]


# %%
def firewall(dice, clock):
    host, port = dice.choice(HOSTS), str(dice.randrange(1, 1024))
    pair = (some_address(dice), f"10.0.3.{dice.randrange(1, 9)}")
    if dice.random() < 0.2:
        pair = (f"2001:db8:5::{dice.randrange(1, 99):x}", "fd00::3:1")
    line = (f"Mar 02 {clock} {host} kernel: DROP IN=eth0 OUT= "
            f"SRC={pair[0]} DST={pair[1]} PROTO=TCP DPT={port}")
    known = [("host", host), ("ip", pair[0]), ("ip", pair[1])]
    return line, known, [f"Mar 02 {clock}", f"DPT={port}"]


# %%
def corpus(seed, size):
    dice = random.Random(seed)
    for n in range(size):
        minute, second = divmod(n * 67, 60)  # one line every 67 seconds
        clock = f"{minute // 60 % 24:02}:{minute % 60:02}:{second:02}"
        make = dice.choice((sshd, payment, cloudtrail, firewall))
        yield make(dice, clock)


CORPUS = list(corpus(seed=7, size=1200))
for make in sshd, payment, cloudtrail, firewall:
    print(make(random.Random(3), "09:31:07")[0], "\n")

# %% [markdown]
# A colleague wrote an anonymizer in ten minutes: find addresses and names, put the first eight digits of their
# SHA-256 in their place. "It is a hash, nobody can turn it back."

# %%
def hashed(value):
    return hashlib.sha256(value.encode()).hexdigest()[:8]


def naive_redact(line):
    line = re.sub(r"\d+\.\d+\.\d+\.\d+", lambda m: hashed(m[0]), line)
    return re.sub(r"(user[ =])(\w+)", lambda m: m[1] + hashed(m[2]), line)


for line, _, _ in CORPUS[:6]:
    print(naive_redact(line))

# %% [markdown]
# It looks safe. Now sit on the other side of the table: you got this file, and you have no key, no access, only a
# laptop. You know that the shop's customers use one provider, and you can guess that user names are short.
#
# Nobody has to turn a hash *back*. You turn all possible values *forward* and compare.

# %%
def break_hashes(lines):
    """Try every address of the provider and every name up to 4 letters."""
    addresses = (f"198.{a}.{b}.{c}" for a in (18, 19)
                 for b in range(256) for c in range(256))
    names = ("".join(letters) for size in (2, 3, 4)
             for letters in itertools.product(string.ascii_lowercase,
                                              repeat=size))
    seen = set(re.findall(r"\b[0-9a-f]{8}\b", "\n".join(lines)))
    guesses = itertools.chain(addresses, names)
    return {digits: guess for guess in guesses
            if (digits := hashed(guess)) in seen}


# %% tags=["measure"]
given_away = [naive_redact(line) for line, _, _ in CORPUS]
start = time.perf_counter()
broken = break_hashes(given_away)
seconds = time.perf_counter() - start
addresses = sum("." in guess for guess in broken.values())
print(f"{addresses} addresses and {len(broken) - addresses} names in "
      f"{seconds:.1f} s; for example:")
for digits, guess in list(broken.items())[:2] + list(broken.items())[-3:]:
    print(digits, "is", guess)

# %% [markdown]
# About a second. All 4.3 billion IPv4 addresses take this one core an hour or two, and a graphics card less than a
# second. Cutting the hash shorter does not help, nor does a longer one: the *values* are few, so they can all be
# tried. A salt that is written into the file does not help either. What is missing is a secret.
#
# And look again at the first lines: the timestamp of the payment service is gone, and so is the version of its
# client. What is worse, names of users and machines and a session token are all still there. You will measure that
# at the end. First you build each part properly.

# %% [markdown]
# ## 1. Find addresses, and nothing else
#
# A pattern proposes, a validator decides. `999.1.1.1` has the form of an address and is none. `ShopApp/4.2.0.17` has
# even the values of one; what gives the version away is what stands *around* it. A redactor that destroys versions
# takes from the model what tells a patched client from an old one.

# %% exercise="find_ips"
def find_ips(text):
    """Return where IPv4 addresses stand: a list of (start, stop).

    - text[start:stop] is the address; the list is in text order.
    - Each of the four parts is a number up to 255, and none but 0
      itself begins with a 0.
    - Directly in front stands no letter, digit, dot or underscore.
    - A slash in front is fine (/10.0.0.1), but not one behind a letter
      (ShopApp/4.2.0.17): that is a version.
    - Directly behind stands no letter, digit or underscore, and no dot
      with a digit (1.2.3.4.5). The full stop of a sentence is fine.
    """
    # BEGIN SOLUTION
    pattern = (r"(?<![\w.])(?<![A-Za-z]/)"
               r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
               r"(?!\w|\.\d)")
    return [match.span() for match in re.finditer(pattern, text)
            if all(int(part) < 256 and part == str(int(part))
                   for part in match[0].split("."))]
    # END SOLUTION


# %% check="find_ips"
dojo.check("find_ips")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write the pattern for four groups of digits first. Then add conditions on the surroundings that do not become part
# of the match: look-behind `(?<!…)` and look-ahead `(?!…)`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `\w` is a letter, digit or underscore, so `(?<![\w.])` covers the third rule. Two look-behinds may follow each
# other; the second one says "no letter and slash". Check the values afterwards, in Python.
# </details>
#
# <details><summary>Hint 3</summary>
#
# The pattern is `r"(?<![\w.])(?<![A-Za-z]/)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)"`. Return `match.span()` for
# each match of `re.finditer` whose parts, `match[0].split(".")`, all have `int(part) < 256` and
# `part == str(int(part))`.
# </details>

# %%
# NBVAL_CHECK_OUTPUT
probe = "ShopApp/4.2.0.17 from /198.18.7.44:80, not 256.1.1.1. By 10.0.3.9."
print([probe[start:stop] for start, stop in find_ips(probe)])

# %% [markdown]
# ## 2. A pseudonym that nobody can recompute
#
# A **keyed hash** mixes a secret into every digest. Whoever has the key gets the same pseudonym for the same value,
# today and next month, so you can still count, join and follow a user. Whoever lacks it cannot try values: without
# the key there is nothing to compare with.
#
# BLAKE2b, in Python's standard library, takes a `key` of up to 64 bytes, and a `person` of up to 16 bytes that keeps
# uses apart: a user called `web1` and a host called `web1` must not get the same digits.

# %% exercise="keyed_pseudonym"
def keyed_pseudonym(key, kind, value):
    """Return a pseudonym such as "user-3f9a2c41b07d".

    - It is the kind, a hyphen, and 12 hexadecimal digits (6 bytes) of
      the BLAKE2b digest of the value, with `key` (bytes) as its key and
      the kind as its person.
    - "Ben" and "ben" get the same one: use value.casefold().
    - A key of fewer than 16 bytes raises a ValueError that does not
      show the key.
    """
    # BEGIN SOLUTION
    if len(key) < 16:
        raise ValueError("the key needs at least 16 bytes")
    digest = hashlib.blake2b(value.casefold().encode(), digest_size=6,
                             key=key, person=kind.encode())
    return f"{kind}-{digest.hexdigest()}"
    # END SOLUTION


# %% check="keyed_pseudonym"
dojo.check("keyed_pseudonym")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# All you need is one call of `hashlib.blake2b`. Look up its keyword arguments with `help(hashlib.blake2b)`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `hashlib.blake2b(data, digest_size=6, key=…, person=…)`: data and person are bytes, so `.encode()` both. A digest of
# six bytes has twelve hexadecimal digits; do not cut a longer one, since `digest_size` is mixed into the result.
# </details>
#
# <details><summary>Hint 3</summary>
#
# First `if len(key) < 16: raise ValueError("the key needs at least 16 bytes")`, then
# `digest = hashlib.blake2b(value.casefold().encode(), digest_size=6, key=key, person=kind.encode())`, and
# `return f"{kind}-{digest.hexdigest()}"`.
# </details>
#
# Quiz: [items on llm.preprocess](../quizzes/llm_training.yaml)

# %%
KEY = hashlib.sha256(b"for this lab only").digest()
for kind, value in ("user", "web1"), ("host", "web1"), ("user", "WEB1"):
    print(kind, value, keyed_pseudonym(KEY, kind, value))

# %% [markdown]
# In real life a key is made by `secrets.token_bytes(32)`, lives in a secret store, and never travels with the log.

# %% [markdown]
# ## 3. Addresses that keep their neighborhood
#
# `ip-9f31…` hides too much. An analyst, and a model, must see that forty attackers come from *one network*. A
# **prefix-preserving** scheme keeps exactly that: two addresses that share their first *n* bits get pseudonyms that
# share their first *n* bits, and no more.
#
# The construction is short (Xu and others, *Crypto-PAn*, 2002). Go through the 32 bits from the left. Bit *i* is
# flipped or not, and a keyed hash of the *i* bits before it decides:
#
# ```text
# address    1 1 0 0 0 1 1 0 …
# flip       0 1 1 0 1 0 0 1 …   flip[i] = one bit of hash(key, address bits 0 … i-1)
# pseudonym  1 0 1 0 1 1 1 1 …
# ```
#
# Equal prefixes see equal flips. At the first bit where two addresses differ, both see the *same* flip, so the
# pseudonyms differ there too. That is the whole proof, also that no two addresses collide.

# %% exercise="prefix_preserving"
def prefix_preserving(key, address):
    """Return the prefix-preserving pseudonym of an IPv4 address.

    `address` and the result are texts such as "198.18.7.44". Write the
    address as 32 characters "0" and "1". Bit i (from the left, from 0)
    is flipped when the flip bit is 1: the lowest bit of the one-byte
    BLAKE2b digest of the i characters in front of it, with `key`.
    """
    # BEGIN SOLUTION
    bits = f"{int(ipaddress.IPv4Address(address)):032b}"
    mapped = 0
    for i, bit in enumerate(bits):
        digest = hashlib.blake2b(bits[:i].encode(), digest_size=1, key=key)
        flip = digest.digest()[0] & 1
        mapped = mapped << 1 | int(bit) ^ flip
    return str(ipaddress.IPv4Address(mapped))
    # END SOLUTION


# %% check="prefix_preserving"
dojo.check("prefix_preserving")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps: text to bits, a loop over the bits, bits to text. `int(ipaddress.IPv4Address(address))` does most of
# the first, `ipaddress.IPv4Address(number)` most of the last.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `f"{number:032b}"` keeps leading zeros. In the loop, hash `bits[:i].encode()`: the bits of the *address*, not those
# of the result. The flip is `digest()[0] & 1`, and `^` flips.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Inside `for i, bit in enumerate(bits):` write `flip = hashlib.blake2b(bits[:i].encode(), digest_size=1,
# key=key).digest()[0] & 1` and `mapped = mapped << 1 | int(bit) ^ flip`. At the end
# `return str(ipaddress.IPv4Address(mapped))`.
# </details>

# %%
neighbors = ["198.18.7.44", "198.18.7.45", "198.18.9.1", "203.0.113.9"]
for address in neighbors:
    print(f"{address:12} {prefix_preserving(KEY, address)}")

# %% [markdown]
# The price: whoever can *put* an address into the log (an attacker can, by connecting) finds its pseudonym and learns
# the one of every prefix of it. Keeping structure always gives something away; decide it on purpose.

# %% [markdown]
# ## 4. The field's name knows best
#
# In `{"userName": "jan"}` nothing about the *value* says that it is a name. General redactors that search texts for
# known forms leave two thirds of user names in real logs, because they do not look at the key. The cure is dull and
# works best of all: a **policy**, a table from field names to classes.
#
# Vendors spell the same name in many ways, so compare names without case and signs: `userName`, `user_name` and
# `user.name` are all `username`.

# %%
POLICY = {
    "username": "user", "user": "user", "accountid": "account",
    "sourceipaddress": "ip", "clientip": "ip", "hostname": "host",
    "password": "secret", "sessiontoken": "secret", "apikey": "secret",
}

# %% exercise="mask_by_field"
def mask_by_field(value, policy, key, name=""):
    """Return a JSON value without its sensitive values.

    - Dicts and lists are walked to any depth and keep their form; what
      came in is not changed. Elements of a list have the list's name.
    - policy maps a name, in lower case and without signs (only a-z and
      0-9), to a class. A name it does not know: the value stays.
    - None and "" stay. Class "secret" becomes "[secret]".
    - Class "ip" becomes prefix_preserving(key, value) if the whole
      value is one IPv4 address, else the keyed_pseudonym of a "host".
    - Any other class: keyed_pseudonym of str(value), also of a number.
    """
    # BEGIN SOLUTION
    if isinstance(value, dict):
        return {field: mask_by_field(inner, policy, key, field)
                for field, inner in value.items()}
    if isinstance(value, list):
        return [mask_by_field(one, policy, key, name) for one in value]
    kind = policy.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    if kind is None or value in (None, ""):
        return value
    if kind == "secret":
        return "[secret]"
    if kind == "ip" and find_ips(str(value)) == [(0, len(str(value)))]:
        return prefix_preserving(key, value)
    kind = "host" if kind == "ip" else kind
    return keyed_pseudonym(key, kind, str(value))
    # END SOLUTION


# %% check="mask_by_field"
dojo.check("mask_by_field")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The function calls itself. Three cases: a dict, a list, and everything else. Only the third one replaces anything.
# What must each call hand on as `name`?
# </details>
#
# <details><summary>Hint 2</summary>
#
# For a dict, build a new one: `{field: mask_by_field(inner, policy, key, field) for …}`. For a list, hand on the name
# you were given. For the rest, look up `re.sub(r"[^a-z0-9]", "", name.lower())` with `policy.get`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# After the dict and the list: `if kind is None or value in (None, ""): return value`, then
# `if kind == "secret": return "[secret]"`. A whole address is `find_ips(value) == [(0, len(value))]`. Last,
# `keyed_pseudonym(key, kind, str(value))`, with `"host"` for an `"ip"` that is none.
# </details>
#
# Quiz: [items on log.sensitive](../quizzes/log_security.yaml)

# %%
event = json.loads(cloudtrail(random.Random(3), "09:31:07")[0])
print(json.dumps(mask_by_field(event, POLICY, KEY), indent=1))

# %% [markdown]
# ## 5. Free text: by form, by context, and timestamps first
#
# A line of sshd has no keys. Addresses are known by their form, names by the words around them. Two traps:
#
# - **Order.** `2026-03-02-09.31.07.120` is a timestamp of the payment database, and `09.31.07.120` in it looks like
#   an address. Whoever replaces addresses first has no time any more. So find timestamps *first* and protect them.
# - **Shifting ground.** Replace one match, and the places of all others move. So *collect* all places first, then
#   build the new line in one go, from left to right.

# %%
STAMP = re.compile(r"\d{4}-\d\d-\d\d[-T ]\d\d[.:]\d\d[.:]\d\d(?:\.\d+)?Z?"
                   r"|[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d")
NAMES = {  # group 1 of each pattern is the name
    "user": re.compile(r"(?:\buser[ =]|\bfor (?!invalid))([\w.-]+)"),
    "host": re.compile(r"^(?:\d\S+|[A-Z][a-z]{2} \d\d \S+) ([\w-]+) "),
}

# %% exercise="redact_line"
def redact_line(line, key):
    """Return a line of free text without addresses and names.

    - Each place of find_ips gets its prefix_preserving pseudonym.
    - For each kind and pattern in NAMES, the name that the pattern
      captured (group 1) gets its keyed_pseudonym.
    - A place that overlaps a match of STAMP stays as it is.
    - Where two places overlap, the one that starts first counts.
    - Everything else is copied unchanged.
    """
    # BEGIN SOLUTION
    stamps = [match.span() for match in STAMP.finditer(line)]
    places = [(start, stop, prefix_preserving(key, line[start:stop]))
              for start, stop in find_ips(line)]
    for kind, pattern in NAMES.items():
        for match in pattern.finditer(line):
            places.append((*match.span(1),
                           keyed_pseudonym(key, kind, match[1])))
    out, at = "", 0
    for start, stop, new in sorted(places):
        if start >= at and all(stop <= a or b <= start for a, b in stamps):
            out += line[at:start] + new
            at = stop
    return out + line[at:]
    # END SOLUTION


# %% check="redact_line"
dojo.check("redact_line")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make one list of `(start, stop, new text)` for everything you want to replace. Only then go through it, sorted, and
# remember how far you have copied.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A place `(start, stop)` is clear of a stamp `(a, b)` when `stop <= a or b <= start`. With `at` = the end of the last
# replacement, a place with `start < at` overlaps it and is skipped. `match.span(1)` is where the captured
# name stands.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `out, at = "", 0`, then `for start, stop, new in sorted(places):` and, if the place is free,
# `out += line[at:start] + new` and `at = stop`. At the end `return out + line[at:]`: the rest of the line.
# </details>

# %%
for make in sshd, payment, firewall:
    print(redact_line(make(random.Random(3), "09:31:07")[0], KEY))

# %% [markdown]
# ## 6. Count what leaked
#
# No anonymizer is complete, so its output is checked: does any value that we *know* to be sensitive still stand in
# it? This is an **audit**. It gives a number for each class, and it is the only argument that counts when somebody
# asks whether the data may leave the house.

# %% exercise="count_leaks"
def count_leaks(lines):
    """Count sensitive values that still stand in anonymized lines.

    `lines` is a list of (line after anonymizing, known), and known is a
    list of (kind, value). Return a dict: kind -> (leaked, known), how
    many of the known values of that kind still stand in their line, of
    how many. A kind without a leak is in it too.

    A value stands in a line when it is there as a whole: no letter or
    digit directly in front or behind. Case does not matter.
    """
    # BEGIN SOLUTION
    counts = {}
    for line, known in lines:
        for kind, value in known:
            whole = (rf"(?<![A-Za-z0-9]){re.escape(value)}"
                     r"(?![A-Za-z0-9])")
            found = re.search(whole, line, re.IGNORECASE) is not None
            leaked, total = counts.get(kind, (0, 0))
            counts[kind] = (leaked + found, total + 1)
    return counts
    # END SOLUTION


# %% check="count_leaks"
dojo.check("count_leaks")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two loops: over the lines, and over the values known in each. `jan` stands in `/home/jan/`, but not in `january`.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Put the value between `(?<![A-Za-z0-9])` and `(?![A-Za-z0-9])`. A value may hold signs that mean something in a
# pattern, such as the dots of an address: `re.escape(value)`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `found = re.search(whole, line, re.IGNORECASE) is not None` is True or False and counts as 1 or 0:
# `leaked, total = counts.get(kind, (0, 0))` and `counts[kind] = (leaked + found, total + 1)`.
# </details>
#
# Quiz: [items on llm.privacy](../quizzes/llm_training.yaml)

# %% [markdown]
# ## 7. Three anonymizers, one measure
#
# The colleague's, yours, and logdojo's own, on a part of the log that none of them was written for (another seed).
# Leaks are half of the truth: an anonymizer that deletes everything leaks nothing. So count **loss** too, the share
# of values a model needs (timestamps, ports, versions, actions) that are gone.

# %%
from logdojo.anonymize import Anonymizer

library = Anonymizer(KEY)


def your_redact(line):
    if line.startswith("{"):
        return json.dumps(mask_by_field(json.loads(line), POLICY, KEY))
    return redact_line(line, KEY)


WAYS = {"naive": naive_redact, "yours": your_redact,
        "logdojo": library.line}
UNSEEN = list(corpus(seed=2026, size=1200))


# %%
def measure(redact):
    """Return leaks by kind in percent, and the loss in percent."""
    done = [(redact(line), known, kept) for line, known, kept in UNSEEN]
    leaks = count_leaks([(line, known) for line, known, _ in done])
    needed = [(value in line) for line, _, kept in done for value in kept]
    percent = {kind: 100 * bad / total
               for kind, (bad, total) in sorted(leaks.items())}
    bad, total = map(sum, zip(*leaks.values(), strict=True))
    loss = 100 * (1 - sum(needed) / len(needed))
    return percent | {"all": 100 * bad / total, "loss": loss}


# %%
# NBVAL_CHECK_OUTPUT
results = {way: measure(redact) for way, redact in WAYS.items()}
rows = list(results["naive"])
print(f"{'percent':9}" + "".join(f"{way:>9}" for way in WAYS))
for row in rows:
    numbers = (f"{results[way][row]:9.1f}" for way in WAYS)
    print(f"{row:9}" + "".join(numbers))

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for n, (way, hatch) in enumerate(zip(WAYS, ("//", "..", ""))):
        places = [row + 0.27 * (n - 1) for row in range(len(rows))]
        bars = axes.barh(places, list(results[way].values()), 0.25,
                         label=way, hatch=hatch, color=LIGHT.series[1 + n])
        axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("percent leaked (last row: percent lost)")
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    dojo.show(figure, "Percent leaked by kind of value, for three ways;"
              " the table above has the numbers.")

# %% [markdown]
# **What the plot shows.** Three bars for each row of the table above it. The naive anonymizer leaves most accounts,
# hosts, users and secrets where they are, and destroys a quarter of what a model needs. Yours has two bars left, for
# addresses and users, and loses nothing. The library has none.
#
# Be careful with that zero, and with the naive row for addresses. The hashed addresses count as gone here, though you
# broke them all. And this log was made by the people who wrote the library. On lines of real services that its rules
# were not written for, it left no address, but 6 in 100 user names. A leak rate is a floor: the real one is higher.
#
# What still leaks in yours? Look at it, not at the number:

# %%
for line, known, _ in UNSEEN[:80]:
    after = your_redact(line)
    leaks = count_leaks([(after, known)])
    kinds = [kind for kind, (bad, _) in leaks.items() if bad]
    if kinds:
        print(", ".join(kinds), "|", after[:78])

# %% [markdown]
# Two causes: IPv6, which you never looked for, and a name that the line gave away *twice*, once as `user=` and once
# in a path. The library **propagates**: what it learnt from one place of a line it hunts for in the rest. It guards
# this with a list of common words, or a user called `test` would blank half the log.
#
# ### Is it still useful?
#
# Who sends the most, by network? The question has the same answer before and after, under other names.

# %%
# NBVAL_CHECK_OUTPUT
def networks(redact):
    found = Counter()
    for line, _, _ in UNSEEN:
        for start, stop in find_ips(new := redact(line)):
            found[new[start:stop].rpartition(".")[0]] += 1
    return sorted(found.values(), reverse=True)


raw, yours = networks(str), networks(your_redact)
print("the five largest networks, before:", raw[:5])
print("the five largest networks, after: ", yours[:5])
print("the same for all of them:", raw == yours)

# %% [markdown]
# ### What a pseudonym does not hide
#
# Everybody in the office knows that ben's mail program logs in all day. So whose pseudonym is the most frequent one?

# %%
def most_frequent(redact):
    users = Counter()
    for line, _, _ in UNSEEN:
        users.update(NAMES["user"].findall(redact(line)))
    return users.most_common(2)


print("before:", most_frequent(str))
print("after: ", most_frequent(your_redact))

# %% [markdown]
# Pseudonyms keep patterns, since that is what they are for, and patterns can name a person. The GDPR therefore calls
# such data *pseudonymized*, still personal, and not *anonymous*. It lowers the risk; it does not end your duties. A
# model adds its own risk: what it has read often enough it may say again. It cannot say a name it never read.

# %% [markdown]
# ## Summary
#
# - A hash without a key hides nothing that can be guessed: all values are tried forward.
# - A keyed pseudonym is the same for the same value, in every file, and cannot be recomputed by others.
# - Prefix-preserving addresses keep networks visible, at a known price.
# - The field's name knows more than any pattern; the policy is data, not code.
# - In free text: timestamps first, collect places, write once.
# - Leak and loss are measured on lines that the rules were not written for.
#
# ## In production
#
# logdojo's own part is [anonymize](../src/logdojo/anonymize/anonymizer.py). It does what you built, and what you met
# the edge of: [general.yaml](../src/logdojo/anonymize/policy/general.yaml) knows some hundred field names and their endings,
# [addresses](../src/logdojo/anonymize/pseudonyms/addresses.py) keeps private addresses private and does IPv6,
# [detectors](../src/logdojo/anonymize/detectors/forms.py) stay linear in time on hostile lines, and
# [audit](../src/logdojo/anonymize/audit.py) fails the command when a value is left, naming line and class and never
# the value. A line that cannot be read is withheld whole, so that the count of lines stays.
#
# On the command line: `logdojo anonymize --key-file key.txt app.log > shareable.log`.

# %%
print(library.line("from 10.0.3.9 and fe80::1 by <jan@shop.com>"))
print(library.line('{"x-forwarded-for": "198.18.7.44, 10.0.3.9"}'))
print(library.line("user=jan token=abc123 saved /home/jan/a.txt"))
print(library.line("caf\udce9 user=jan"))

# %% [markdown]
# ## Interview questions
#
# Answer aloud, in two minutes each, and use a number from this lab.
#
# 1. How do you prepare sensitive logs for training a language model?
# 2. Why is hashing IP addresses not anonymizing them, and what does a key change?
# 3. What does prefix-preserving mean, how does it work, and what does it give away?
# 4. How do you find names, which have no form that a pattern could match?
# 5. How do you know that your anonymizer works? What do you measure besides leaks?
# 6. Is pseudonymized data still personal data?
#
# More of them, with model answers: `logdojo quiz ask`.
#
# ## Further reading
#
# - Xu, Fan, Ammar, Moon: *Prefix-preserving IP address anonymization* (ICNP 2002)
# - [BLAKE2 in the Python documentation](https://docs.python.org/3/library/hashlib.html#blake2): key and person
# - [OWASP Logging Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html): data to
#   exclude from logs
# - NIST SP 800-188, *De-Identifying Government Datasets*
# - EDPB, *Guidelines 01/2025 on Pseudonymisation*
# - Carlini and others: *Extracting training data from large language models* (USENIX Security 2021)
#
# **Next:** lab 08 builds the transformer that will read these lines.
