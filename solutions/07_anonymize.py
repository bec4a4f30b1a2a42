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
# **150 minutes · demanding · 2 CPU cores, no network · lab 01; lab 04 helps; you have seen a regular expression**
#
# At the end you will be able to
#
# - break an "anonymized" log within seconds, and say why it broke and what the next size up would cost;
# - find addresses, secrets and names, by form, by field and by what was learnt elsewhere, without harming timestamps;
# - replace them by keyed pseudonyms under which a log stays useful;
# - count what leaked *and* what was lost, on lines that your rules were not written for;
# - find a person in a table without names, and repair the table until you cannot.
#
# In an interview you will be able to explain *how to prepare sensitive logs for training a language model*, *why
# hashing is not anonymizing* and *what a leak rate does not prove*, with numbers that you measured yourself.

# %%
import hashlib
import ipaddress
import itertools
import json
import random
import re
import string
import time
from collections import Counter, defaultdict
from urllib.parse import quote

from logdojo import dojo

dojo.lab("07_anonymize")

# %% [markdown]
# ## The problem: a log for somebody outside
#
# The parcel shop of lab 01 wants a language model that reads its logs. An outside company will train it, so the log
# leaves the house. It holds what all such logs hold: who logged in, from where, on which machine, with which token.
#
# The next cells simulate that log in the forms that real services write. Each function makes one kind of line and says
# three things: the line, the sensitive values in it, and the values that must survive because a model needs them.

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
    return line, known, [("time", f"Mar 02 {clock}"),
                         ("number", f"port {port}"), ("word", "Failed")]


# %%
def payment(dice, clock):
    user, ip = some_user(dice), some_address(dice)
    stamp = f"2026-03-02-{clock.replace(':', '.')}.{dice.randrange(9)}00"
    line = (f"{stamp} pay1 payd[88]: user={user} paid from {ip}, "
            f"client ShopApp/4.2.0.17, receipt in /home/{user}/last.pdf")
    known = [("host", "pay1"), ("user", user), ("ip", ip)]
    return line, known, [("time", stamp), ("word", "ShopApp/4.2.0.17")]


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
    known += [("ip", ip)] if ip in line else []
    return line, known, [("time", f"2026-03-02T{clock}Z"),
                         ("word", "GetObject")]


# %%
def firewall(dice, clock):
    host, port = dice.choice(HOSTS), str(dice.randrange(1, 1024))
    pair = (some_address(dice), f"10.0.3.{dice.randrange(1, 9)}")
    if dice.random() < 0.2:
        pair = (f"2001:db8:5::{dice.randrange(1, 99):x}", "fd00::3:1")
    line = (f"Mar 02 {clock} {host} kernel: DROP IN=eth0 OUT= "
            f"SRC={pair[0]} DST={pair[1]} PROTO=TCP DPT={port}")
    known = [("host", host), ("ip", pair[0]), ("ip", pair[1])]
    return line, known, [("time", f"Mar 02 {clock}"), ("word", "DROP"),
                         ("number", f"DPT={port}")]


# %% [markdown]
# The web shop writes JSON, and puts the answer of another service into it as a *text*. It also says things to people.

# %%
def checkout(dice, clock):
    user, ip, other = some_user(dice), some_address(dice), some_user(dice)
    card = dice.choice(("4000 0012 3456 7899", "5200000000000114"))
    answer = json.dumps({"login": user, "clientIp": ip, "status": 402})
    line = json.dumps({
        "time": f"2026-03-02T{clock}Z", "level": "WARNING",
        "message": f"{other} could not help {user}: card {card} refused"
                   ", will retry",
        "upstream": answer})
    known = [("user", user), ("user", other), ("ip", ip), ("secret", card)]
    return line, known, [("time", f"2026-03-02T{clock}Z"), ("number", "402"),
                         ("word", "WARNING"), ("word", "will retry")]


# %%
def corpus(seed, size, makers):
    dice = random.Random(seed)
    for n in range(size):
        minute, second = divmod(n * 67, 60)  # one line every 67 seconds
        clock = f"{minute // 60 % 24:02}:{minute % 60:02}:{second:02}"
        yield dice.choice(makers)(dice, clock)


SEEN = (sshd, payment, cloudtrail, firewall, checkout)
CORPUS = list(corpus(seed=7, size=1200, makers=SEEN))
RAW = [line for line, _, _ in CORPUS]
for make in SEEN:
    print(make(random.Random(3), "09:31:07")[0], "\n")

# %% [markdown]
# A colleague wrote an anonymizer in ten minutes. He starts with the redaction of lab 04 (yours, if you have passed it),
# which takes out secrets. Then he puts the first eight digits of a SHA-256 in the place of each address and each name
# behind `user`. "It is a hash, nobody can turn it back."

# %%
from my_soc import redact_text


def hashed(value):
    return hashlib.sha256(value.encode()).hexdigest()[:8]


def naive_redact(line):
    line = re.sub(r"\d+\.\d+\.\d+\.\d+", lambda m: hashed(m[0]),
                  redact_text(line))
    return re.sub(r"(user[ =])(\w+)", lambda m: m[1] + hashed(m[2]), line)


for make in SEEN:
    print(naive_redact(make(random.Random(9), "09:31:07")[0]), "\n")

# %% [markdown]
# It looks clean at a glance. Look for a minute, as somebody outside would, and find
#
# - a user name in `"userName"`, another in a text that is JSON *within* JSON, and two in a sentence;
# - the owner of a home directory;
# - machines, an account number, and in some firewall lines an address of version 6;
# - a timestamp of the payment service that is gone, and with it the version of its client.
#
# You will measure all of it in section 9. First, the hashes.

# %% [markdown]
# ## 1. Break a hash without a key
#
# Sit on the other side of the table: you got this file, and you have no key, no access, only a laptop. You know that
# the shop's customers use one provider, and you can guess that user names are short.
#
# Nobody has to turn a hash *back*. You turn all possible values *forward* and compare.

# %% exercise="break_hashes"
def break_hashes(seen, guesses, hash_of):
    """Return a dict: hash -> list of the guesses that have this hash.

    - seen: the hashes in the file, a list, with repetitions.
    - guesses: possible values, one after the other; there may be
      billions, so go through them once and do not keep them.
    - hash_of(guess) gives the hash of one; ask once for each guess.
    Hashes that no guess has are not in the dict. A short hash may
    belong to several guesses: keep all of them, in their order.
    """
    # BEGIN SOLUTION
    wanted = set(seen)
    broken = defaultdict(list)
    for guess in guesses:
        digest = hash_of(guess)
        if digest in wanted:
            broken[digest].append(guess)
    return dict(broken)
    # END SOLUTION


# %% check="break_hashes"
dojo.check("break_hashes")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One loop over the guesses. What do you look up, and in what, so that looking up takes no longer when the file grows?
# </details>
#
# <details><summary>Hint 2</summary>
#
# `wanted = set(seen)` once, before the loop. In the loop: hash the guess, and if it is wanted, put the guess into the
# list of that hash. `defaultdict(list)` makes the list when it is needed.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `for guess in guesses:` `digest = hash_of(guess)` `if digest in wanted: broken[digest].append(guess)`, and at the end
# `return dict(broken)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
def likely_values():
    """Every address of the provider, every name of 2 to 4 letters."""
    yield from (f"198.{a}.{b}.{c}" for a in (18, 19)
                for b in range(256) for c in range(256))
    for size in (2, 3, 4):
        for letters in itertools.product(string.ascii_lowercase,
                                         repeat=size):
            yield "".join(letters)


given_away = "\n".join(map(naive_redact, RAW))
seen = re.findall(r"\b[0-9a-f]{8}\b", given_away)

# %% tags=["measure"]
start = time.perf_counter()
broken = break_hashes(seen, likely_values(), hashed)
seconds = time.perf_counter() - start
tried = sum(1 for _ in likely_values())
addresses = sum("." in guesses[0] for guesses in broken.values())
print(f"{tried:,} values tried in {seconds:.1f} s: {addresses} addresses and "
      f"{len(broken) - addresses} names broken, of {len(set(seen))} hashes")
for digits, guesses in [*broken.items()][:2] + [*broken.items()][-3:]:
    print(digits, "is", " or ".join(guesses))

# %% [markdown]
# You won. What would the next size up have cost? Your rate, extrapolated, and a rate of 2 · 10¹⁰ a second, the order
# of magnitude that password crackers report for SHA-256 on one graphics card:

# %% tags=["measure"]
SPACES = {"names of 4 letters": 26**4, "addresses of a provider": 2**17,
          "MACs of one vendor": 2**24, "all IPv4 addresses": 2**32,
          "account numbers": 10**12, "IPv6 interface ids": 2**64,
          "a key of 128 bits": 2**128}
rate = tried / seconds
print(f"{'':26}{'values':>10}{'this core':>14}{'one card':>14}")
for what, size in SPACES.items():
    hours, on_card = size / rate / 3600, size / 2e10
    print(f"{what:26}{size:10.1e}{hours:12.1e} h{on_card:12.1e} s")

# %% tags=["measure"]
import matplotlib.pyplot as plt
from logdojo.widgets.theme import LIGHT, themed

with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    times = [size / rate for size in SPACES.values()]
    axes.barh(list(SPACES), times, 0.6, color=LIGHT.series[2])
    for seconds_, name in (60, "minute"), (86400 * 365.0, "year"):
        axes.axvline(seconds_, color=LIGHT.ink, ls=":")
        axes.text(seconds_ * 2, -0.8, name, va="center")
    axes.set(xscale="log", xlabel="seconds on this core, logarithmic",
             ylim=(6.5, -1.2))
    dojo.show(figure, "Seconds to try all values: below a minute for names"
              " and a provider, hours for IPv4, never for a 128-bit key.")

# %% [markdown]
# **What the plot shows.** What logs mostly hold lies left of a year for this one core: names and one provider in a
# second, all IPv4 addresses in hours, all account numbers in weeks. A graphics card divides each time by tens of
# thousands, and who knows the provider or the staff list need not try them all. What is out of reach for good is the
# last row, and that is no value of a log: it is a **key**.
#
# A shorter hash does not help, it only adds a few wrong guesses. A longer one does not, either: the *values* are few. A
# salt that stands in the file is tried along with them. What is missing is a secret.

# %% [markdown]
# ## 2. Find addresses, and nothing else
#
# Now build each part properly. A pattern proposes, a validator decides. `999.1.1.1` has the form of an address and is
# none; `09:31:07` has the signs of one. `ShopApp/4.2.0.17` has even the values; what gives the version away is what
# stands *around* it. A redactor that destroys versions takes from the model what tells a patched client from an old one.
#
# The two patterns are given, since the one for version 6 is no pleasure. The rest is yours.

# %%
V4 = r"(?:\d{1,3}\.){3}\d{1,3}"
V6 = r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?<=::))"

# %% exercise="find_ips"
def find_ips(text):
    """Return where addresses stand: a list of (start, stop), in order.

    - What V4 or V6 matches counts when ipaddress.ip_address takes it;
      it raises a ValueError for 999.1.1.1, 01.2.3.4 and 09:31:07.
      "::" alone does not count.
    - Directly in front stands no letter, digit, dot or underscore; in
      front of V6 also no colon.
    - A slash in front is fine (/10.0.0.1), but not one behind a letter
      (ShopApp/4.2.0.17): that is a version.
    - Directly behind stands no letter, digit or underscore, and no dot
      with a digit (1.2.3.4.5). Behind V6, no dot or colon with a
      letter, digit or colon. The full stop of a sentence is fine.
    """
    # BEGIN SOLUTION
    v4 = rf"(?<![\w.])(?<![A-Za-z]/){V4}(?!\w|\.\d)"
    v6 = rf"(?<![\w.:])(?<![A-Za-z]/){V6}(?!\w|[.:][\w:])"
    found = []
    for match in re.finditer(rf"{v4}|{v6}", text):
        try:
            ipaddress.ip_address(match[0])
        except ValueError:
            continue
        if match[0] != "::":
            found.append(match.span())
    return found
    # END SOLUTION


# %% check="find_ips"
dojo.check("find_ips")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Put conditions on the surroundings around `V4` and `V6` that do not become part of the match: look-behind `(?<!…)`
# and look-ahead `(?!…)`. Then ask the validator about each match.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `\w` is a letter, digit or underscore, so `(?<![\w.])` covers the second rule. Two look-behinds may follow each
# other; the second one says "no letter and slash". `try: ipaddress.ip_address(match[0])` and `except ValueError:
# continue`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `rf"(?<![\w.])(?<![A-Za-z]/){V4}(?!\w|\.\d)"` and `rf"(?<![\w.:])(?<![A-Za-z]/){V6}(?!\w|[.:][\w:])"`, joined by `|`
# and given to `re.finditer`. Keep `match.span()` when the validator does not raise and `match[0] != "::"`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
probe = ("At 09:31:07 ShopApp/4.2.0.17 from /198.18.7.44:80, not 256.1.1.1, "
         "by [2001:db8::7] and fe80::1. MAC 02:68:87:6e:0a:46")
print([probe[start:stop] for start, stop in find_ips(probe)])

# %% [markdown]
# ## 3. Find secrets
#
# Some secrets have a form of their own: issuers give their keys a prefix so that they can be found. Others stand behind
# a telling name. Card numbers are plain digits, and so are order numbers; what tells them apart is a **check digit**
# (Luhn's formula). It catches every single mistyped digit, and for us it throws nine of ten other numbers out.

# %%
FORMS = (  # group 1 of each pattern is the secret
    r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b",
    r"\b(ghp_[A-Za-z0-9]{36})\b",
    r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})",
    r"""(?i:password|passwd|token|secret|api_?key)["']?[=:] ?["']?"""
    r"""([^\s"',;&\[]{4,})""",
)

# %% exercise="find_secrets"
def find_secrets(text):
    """Return where secrets stand: a sorted list of (start, stop).

    - For each pattern in FORMS: what its group 1 matches.
    - Card numbers: 13 to 19 digits, between two of them at most one
      blank or hyphen, no digit directly before or after, the first
      digit is 3, 4, 5 or 6, and Luhn's sum is a multiple of 10.
    Luhn's sum: from the right, the 1st, 3rd, 5th … digit as it is, the
    2nd, 4th, 6th … doubled, and of a doubled one the sum of its digits
    (8 doubled is 16, and counts 7). No place is listed twice.
    """
    # BEGIN SOLUTION
    found = {match.span(1) for form in FORMS
             for match in re.finditer(form, text)}
    card = r"(?<!\d)[3-6](?:[ -]?\d){12,18}(?!\d)"
    for match in re.finditer(card, text):
        digits = [int(char) for char in match[0] if char.isdigit()]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            found.add(match.span())
    return sorted(found)
    # END SOLUTION


# %% check="find_secrets"
dojo.check("find_secrets")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two parts into one set: a loop over FORMS, and a loop over candidates for cards that asks Luhn about each.
# `match.span(1)` is where group 1 stands.
# </details>
#
# <details><summary>Hint 2</summary>
#
# A candidate is `(?<!\d)[3-6](?:[ -]?\d){12,18}(?!\d)`: one digit, then 12 to 18 more, each perhaps behind a blank or
# hyphen. `digits[-1::-2]` are the 1st, 3rd, 5th … from the right, `digits[-2::-2]` the others.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `digits = [int(char) for char in match[0] if char.isdigit()]`; the doubled ones count
# `sum(divmod(2 * digit, 10))`, so that 16 gives 1 + 6. Add `match.span()` when the whole sum `% 10 == 0`, and return
# `sorted(found)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
probe = ("card 4000 0012 3456 7899, order 4000001234567898, token=9f31c07a "
         "AKIAIOSFODNN7EXAMPLE token_count=7")
print([probe[start:stop] for start, stop in find_secrets(probe)])

# %% [markdown]
# ## 4. A pseudonym that nobody can recompute
#
# A **keyed hash** mixes a secret into every digest. Whoever has the key gets the same pseudonym for the same value,
# today and next month, so you can still count, join and follow a user. Whoever lacks it cannot try values: without
# the key there is nothing to compare with.
#
# BLAKE2b, in Python's standard library, takes a `key` of up to 64 bytes, and a `person` of up to 16 bytes that keeps
# uses apart, a **domain** for each class: a user called `web1` and a host called `web1` must not get the same digits.

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
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
KEY = hashlib.sha256(b"for this lab only").digest()
for kind, value in ("user", "web1"), ("host", "web1"), ("user", "WEB1"):
    print(kind, value, keyed_pseudonym(KEY, kind, value))
values = [f"user {n}" for n in range(20_000)]
start = time.perf_counter()
names = {keyed_pseudonym(KEY, "user", value) for value in values}
spent = time.perf_counter() - start
print(f"{len(names):,} of {len(values):,} differ, "
      f"{len(values) / spent:,.0f} values a second")

# %% [markdown]
# Six bytes are 2⁴⁸ pseudonyms: among a million values the chance that any two collide is about 1 in 560. Who needs
# more takes more bytes.
#
# In real life a key is made by `secrets.token_bytes(32)`, lives in a secret store, and never travels with the log.

# %% [markdown]
# ## 5. Addresses that keep their neighborhood
#
# `ip-9f31…` hides too much. An analyst, and a model, must see that forty attackers come from *one network*. A
# **prefix-preserving** scheme keeps exactly that: two addresses that share their first *n* bits get pseudonyms that
# share their first *n* bits, and no more.
#
# The construction is short (Xu and others, *Crypto-PAn*, 2002). Go through the bits from the left. Bit *i* is flipped
# or not, and a keyed hash of the *i* bits before it decides:
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
    """Return the prefix-preserving pseudonym of an address.

    `address` and the result are texts such as "198.18.7.44" or
    "2001:db8::7". Write the address as 32 (version 6: 128) characters
    "0" and "1". Bit i (from the left, from 0) is flipped when the flip
    bit is 1: the lowest bit of the one-byte BLAKE2b digest of the i
    characters in front of it, with `key`.
    """
    # BEGIN SOLUTION
    original = ipaddress.ip_address(address)
    bits = f"{int(original):0{original.max_prefixlen}b}"
    mapped = 0
    for i, bit in enumerate(bits):
        digest = hashlib.blake2b(bits[:i].encode(), digest_size=1, key=key)
        flip = digest.digest()[0] & 1
        mapped = mapped << 1 | int(bit) ^ flip
    return str(type(original)(mapped))
    # END SOLUTION


# %% check="prefix_preserving"
dojo.check("prefix_preserving")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three steps: text to bits, a loop over the bits, bits to text. `original = ipaddress.ip_address(address)` knows both
# versions; `int(original)` is its number, `original.max_prefixlen` its number of bits.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `f"{number:032b}"` keeps leading zeros, and `f"{number:0{size}b}"` does it for any size. In the loop, hash
# `bits[:i].encode()`: the bits of the *address*, not those of the result. The flip is `digest()[0] & 1`, and `^` flips.
# </details>
#
# <details><summary>Hint 3</summary>
#
# Inside `for i, bit in enumerate(bits):` write `flip = hashlib.blake2b(bits[:i].encode(), digest_size=1,
# key=key).digest()[0] & 1` and `mapped = mapped << 1 | int(bit) ^ flip`. At the end
# `return str(type(original)(mapped))`, since `ipaddress.ip_address(7)` would guess version 4.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
neighbors = ["198.18.7.44", "198.18.7.45", "198.18.9.1", "203.0.113.9",
             "2001:db8:5::7", "2001:db8:5::8"]
for address in neighbors:
    print(f"{address:14} {prefix_preserving(KEY, address)}")

# %% [markdown]
# The price: whoever can *put* an address into the log (an attacker can, by connecting) finds its pseudonym and learns
# the one of every prefix of it. Keeping structure always gives something away; decide it on purpose.

# %% [markdown]
# ## 6. Free text: by form, by context, and timestamps first
#
# A line of sshd has no keys. Addresses are known by their form, names by the words around them. Two traps:
#
# - **Order.** `2026-03-02-09.31.07.120` is a timestamp of the payment database, and `09.31.07.120` in it may look like
#   an address. Whoever replaces addresses first has no time any more. So find timestamps *first* and protect them.
# - **Shifting ground.** Replace one match, and the places of all others move. So *collect* all places first, then
#   build the new line in one go, from left to right. It is also what stays fast: a text that is rewritten for each
#   match takes time that grows with the square of the matches.

# %%
STAMP = re.compile(r"\d{4}-\d\d-\d\d[-T ]\d\d[.:]\d\d[.:]\d\d(?:\.\d+)?Z?"
                   r"|[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d")
NAMES = {  # group 1 of each pattern is the name
    "user": re.compile(r"(?:\buser[ =]|\bfor (?!invalid))([\w.-]+)"),
    "host": re.compile(r"^(?:\d\S+|[A-Z][a-z]{2} \d\d \S+) ([\w-]+) "),
}

# %% exercise="redact_line"
def redact_line(line, key):
    """Return a line of free text without addresses, secrets and names.

    - Each place of find_ips gets its prefix_preserving pseudonym.
    - Each place of find_secrets becomes "[secret]".
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
    places += [(*place, "[secret]") for place in find_secrets(line)]
    for kind, pattern in NAMES.items():
        for match in pattern.finditer(line):
            places.append((*match.span(1),
                           keyed_pseudonym(key, kind, match[1])))
    out, at = [], 0
    for start, stop, new in sorted(places):
        if start >= at and all(stop <= a or b <= start for a, b in stamps):
            out += [line[at:start], new]
            at = stop
    return "".join([*out, line[at:]])
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
# `out, at = [], 0`, then `for start, stop, new in sorted(places):` and, if the place is free,
# `out += [line[at:start], new]` and `at = stop`. At the end `return "".join([*out, line[at:]])`: with the rest of the
# line.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %%
for make in sshd, payment, firewall:
    print(redact_line(make(random.Random(3), "09:31:07")[0], KEY))

# %% [markdown]
# ## 7. The field's name knows best
#
# In `{"userName": "jan"}` nothing about the *value* says that it is a name. General redactors that search texts for
# known forms leave two thirds of user names in real logs, because they do not look at the key. The cure is dull and
# works best of all: a **policy**, a table from field names to classes, and from classes to **operators**.
#
# Vendors spell the same name in many ways, and put words in front: `userName`, `user_name`, `remote.user.name`,
# `sourceIPAddress`. So names are cut into words, and an unseen vendor's name goes by its *ending*. Cut into words, not
# letters: `zip`, `description` and `trip` all end with `ip`.

# %%
POLICY = {  # words of a field's name, joined -> class
    "user": "user", "username": "user", "login": "user",
    "host": "host", "hostname": "host", "accountid": "account",
    "ip": "ip", "ipaddress": "ip", "clientip": "ip", "address": "place",
    "password": "secret", "token": "secret", "apikey": "secret",
    "birthdate": "date", "useragent": "keep", "eventname": "keep",
}

# %% exercise="field_class"
def field_class(name, policy):
    """Return the class of a field by its name, or "" for an unknown one.

    - Cut the name into words: at every sign (all but A-Z, a-z, 0-9),
      between a small letter and a capital (userName), before the last
      of several capitals if a small letter follows (IPAddress), and
      between letters and digits. Make them lower case.
    - Look the words up in policy, joined: all of them first, then
      without the first one, without the first two, and so on. The first
      that policy knows counts: "source.user_name" is found as
      "username", not as "sourceusername".
    """
    # BEGIN SOLUTION
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    for start in range(len(words)):
        ending = "".join(words[start:]).lower()
        if ending in policy:
            return policy[ending]
    return ""
    # END SOLUTION


# %% check="field_class"
dojo.check("field_class")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# One pattern for a word, given to `re.findall`, then a loop that leaves one more word out at the front each time.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Three kinds of word: capitals (`IP`), small letters perhaps with one capital in front (`Address`, `user`), digits. For
# the first kind, `[A-Z]+(?![a-z])` gives the last capital back when it begins the next word.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)`, then `for start in range(len(words)):` and
# `ending = "".join(words[start:]).lower()`; return `policy[ending]` if it is there, and `""` after the loop.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
for name in ("userName", "requestParameters.remote_user", "sourceIPAddress",
             "userAgent", "zip", "description", "X-Api-Key", "user_count"):
    print(f"{name:30}{field_class(name, POLICY) or '(unknown)'}")

# %% [markdown]
# Each class has an operator. There are more than "replace": **keep** what a model needs, **mask** what nobody needs,
# **pseudonymize** what must stay comparable, **generalize** what may stay roughly (the year of a date). A class
# without an operator is masked: when in doubt, close the door.

# %%
def keep(kind, value, key):
    return value


def mask(kind, value, key):
    return f"[{kind}]"


def pseudonym(kind, value, key):
    return keyed_pseudonym(key, kind, str(value))


def year(kind, value, key):
    found = re.match(r"\d{4}(?=-)", str(value))
    return found[0] if found else f"[{kind}]"


# %%
def address(kind, value, key):
    """A host may stand where an address is expected."""
    if find_ips(str(value)) == [(0, len(str(value)))]:
        return prefix_preserving(key, value)
    return keyed_pseudonym(key, "host", str(value))


OPERATORS = {"user": pseudonym, "host": pseudonym, "account": pseudonym,
             "ip": address, "secret": mask, "date": year, "keep": keep}


# %% [markdown]
# And there is JSON within JSON. Whoever treats it as one long text destroys it or overlooks it.

# %%
def as_json(text):
    """Return the dict or list that a text holds, else None."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict | list) else None


# %% exercise="mask_by_field"
def mask_by_field(value, policy, key, name=""):
    """Return a JSON value without its sensitive values.

    - Dicts and lists are walked to any depth and keep their form; what
      came in is not changed. Elements of a list have the list's name.
    - None and "" stay.
    - If field_class(name, policy) is a class: what OPERATORS has for it
      makes the new value, operator(kind, value, key). A class that
      OPERATORS does not have is masked.
    - An unknown name with a text that as_json() can read: the text of
      what was read and walked, json.dumps(…), under the same name.
    - Any other text under an unknown name: redact_line. Numbers, True
      and False under an unknown name stay.
    """
    # BEGIN SOLUTION
    if isinstance(value, dict):
        return {field: mask_by_field(inner, policy, key, field)
                for field, inner in value.items()}
    if isinstance(value, list):
        return [mask_by_field(one, policy, key, name) for one in value]
    if value in (None, ""):
        return value
    if kind := field_class(name, policy):
        return OPERATORS.get(kind, mask)(kind, value, key)
    inner = as_json(value)
    if inner is not None:
        return json.dumps(mask_by_field(inner, policy, key, name))
    return redact_line(value, key) if isinstance(value, str) else value
    # END SOLUTION


# %% check="mask_by_field"
dojo.check("mask_by_field")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The function calls itself. Cases, in this order: a dict, a list, nothing, a known name, an unknown one. What must each
# call hand on as `name`?
# </details>
#
# <details><summary>Hint 2</summary>
#
# For a dict, build a new one: `{field: mask_by_field(inner, policy, key, field) for …}`. For a list, hand on the name
# you were given. `OPERATORS.get(kind, mask)` is the operator, with `mask` for a class that has none.
# </details>
#
# <details><summary>Hint 3</summary>
#
# After the dict and the list: `if value in (None, ""): return value`, then `if kind := field_class(name, policy):
# return OPERATORS.get(kind, mask)(kind, value, key)`. Then `inner = as_json(value)`, and if it is not None
# `json.dumps(mask_by_field(inner, policy, key, name))`. Last, `redact_line(value, key)` for a text.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective log.sensitive` ([all topics](../quizzes/README.md))

# %%
for make in cloudtrail, checkout:
    event = json.loads(make(random.Random(3), "09:31:07")[0])
    print(json.dumps(mask_by_field(event, POLICY, KEY), indent=1))

# %% [markdown]
# `json.dumps` writes its own blanks and order of escapes, so lines change where nothing was sensitive. The library
# reads with the *places* of all values, and copies every other byte.

# %% [markdown]
# ## 8. What was learnt here is hunted there
#
# In `"message": "olga could not help jan"` there is no key and no form. But other lines of the same log say
# `"userName": "jan"`. What fields give away, free text can be searched for: **propagation**. It has one danger. A user
# called `test`, or `web`, or `in`, would blank half of the log. So it is guarded.

# %% exercise="spread_names"
def spread_names(text, learnt, common):
    """Return the text with learnt names replaced wherever they stand.

    - learnt: name in lower case -> its pseudonym. A name counts as a
      whole (no letter or digit directly in front or behind), in any
      case.
    - Guard: names of fewer than 3 characters, names of digits only and
      names in `common` are left alone.
    - Where two names could stand, the longer one counts: "jan.lee"
      before "jan". What was put in is not searched again.
    """
    # BEGIN SOLUTION
    names = [name for name in learnt if len(name) >= 3
             and not name.isdigit() and name not in common]
    if not names:
        return text
    longest = sorted(names, key=len, reverse=True)
    either = "|".join(map(re.escape, longest))
    whole = rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"
    return re.sub(whole, lambda match: learnt[match[0].lower()], text,
                  flags=re.IGNORECASE)
    # END SOLUTION


# %% check="spread_names"
dojo.check("spread_names")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Make *one* pattern out of all names, and go over the text once. Name after name, one after the other, would search
# what it has just put in.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `"|".join(map(re.escape, names))`: of several alternatives, `re` takes the first that fits, so sort by length, the
# longest first. Without any name the pattern would fit everywhere: return the text.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `whole = rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"` and `re.sub(whole, lambda match: learnt[match[0].lower()],
# text, flags=re.IGNORECASE)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %% [markdown]
# Now the pipeline. `learn` collects what fields and detectors tell about a line; what it collects is also what the
# audit will look for.

# %%
def claimed(node, name=""):
    """Yield (class, value) of what fields and detectors know in JSON."""
    if isinstance(node, dict):
        for field, inner in node.items():
            yield from claimed(inner, field)
    elif isinstance(node, list):
        for one in node:
            yield from claimed(one, name)
    elif kind := field_class(name, POLICY):
        if kind != "keep" and node not in (None, ""):
            yield kind, str(node)
    elif isinstance(node, str):
        yield from learn(node)


# %%
def learn(line):
    """Return the sensitive values that a line gives away."""
    if (document := as_json(line)) is not None:
        return set(claimed(document))
    found = {("ip", line[a:b]) for a, b in find_ips(line)}
    found |= {("secret", line[a:b]) for a, b in find_secrets(line)}
    found |= {(kind, match[1]) for kind, pattern in NAMES.items()
              for match in pattern.finditer(line)}
    stamps = " ".join(match[0] for match in STAMP.finditer(line))
    return {(kind, value) for kind, value in found if value not in stamps}


# %%
COMMON = {"admin", "root", "test", "guest", "user", "web", "mail", "deny"}


def names_of(originals):
    return {value.lower(): keyed_pseudonym(KEY, kind, value)
            for kind, value in originals if kind in ("user", "host")}


# %%
def redact_any(line):
    document = as_json(line)
    if document is None:
        return redact_line(line, KEY)
    return json.dumps(mask_by_field(document, POLICY, KEY))


def one_by_one(lines):
    """Your anonymizer, each line for itself."""
    return [redact_any(line) for line in lines]


# %%
def yours(lines):
    """Your anonymizer, with what all lines have told about each."""
    names = names_of(set().union(*map(learn, lines)))
    return [spread_names(line, names, COMMON) for line in one_by_one(lines)]


# %%
before = checkout(random.Random(3), "09:31:07")[0]
for after in one_by_one([before])[0], yours([before, *RAW])[0]:
    print(json.loads(after)["message"])
names = names_of({("user", "test"), ("user", "Jan"), ("host", "web1")})
print(spread_names("test of web1 by jan: /home/jan/janitor", names, COMMON))

# %% [markdown]
# ### The audit
#
# No anonymizer is complete, so its output is searched, before it leaves the house, for everything that is known to have
# been in the input. A finding **fails** the job. And it says where and what kind, never the value: the report of an
# audit is read by more people than the log.

# %% exercise="audit"
def audit(lines, originals):
    """Return where originals still stand: a sorted list (number, kind).

    - lines are those after anonymizing, numbered from 1; originals is a
      set of (kind, value).
    - Each line is searched for each original, also one that came from
      another line: as a whole (no letter or digit directly in front or
      behind), in any case, as it is and URL-encoded, quote(value, "").
    - Values of fewer than 3 characters are left out: they stand
      everywhere.
    - Nothing is listed twice, and the value is never named.
    """
    # BEGIN SOLUTION
    found = set()
    for kind, value in originals:
        if len(value) < 3:
            continue
        forms = f"{re.escape(value)}|{re.escape(quote(value, ''))}"
        whole = re.compile(rf"(?<![A-Za-z0-9])(?:{forms})(?![A-Za-z0-9])",
                           re.IGNORECASE)
        found |= {(number, kind) for number, line in enumerate(lines, 1)
                  if whole.search(line)}
    return sorted(found)
    # END SOLUTION


# %% check="audit"
dojo.check("audit")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For each original a pattern, for each pattern all lines. Collect pairs in a set.
# </details>
#
# <details><summary>Hint 2</summary>
#
# The pattern is an alternative of two forms, `re.escape(value)` and `re.escape(quote(value, ""))`, between
# `(?<![A-Za-z0-9])` and `(?![A-Za-z0-9])`. `jan@shop.example` is `jan%40shop.example` in a URL.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `found |= {(number, kind) for number, line in enumerate(lines, 1) if whole.search(line)}` with
# `whole = re.compile(rf"(?<![A-Za-z0-9])(?:{forms})(?![A-Za-z0-9])", re.IGNORECASE)`; skip `len(value) < 3`; return
# `sorted(found)`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.privacy` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
originals = set().union(*map(learn, RAW[:200]))
for way, after in (("one by one", one_by_one(RAW[:200])),
                   ("with names spread", yours(RAW[:200]))):
    findings = audit(after, originals)
    print(f"{way:18}", len(findings), "findings;",
          ", ".join(f"line {n}: {kind}" for n, kind in findings[:4]))

# %% [markdown]
# Zero findings, with an honest limit: the audit looks for what `learn` has found. A name that no field and no pattern
# has ever told is in no list, and passes. For that you need lines whose truth is known from elsewhere.

# %% [markdown]
# ## 9. Count what leaked, and what was lost
#
# Here the truth *is* known, since each simulated line came with its sensitive values, and with those that a model
# needs. An anonymizer that deletes everything leaks nothing: only both numbers together mean something.

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
# Quiz, in a terminal: `logdojo quiz ask --objective llm.privacy` ([all topics](../quizzes/README.md))

# %% exercise="count_losses"
def count_losses(lines):
    """Count needed values that are gone from anonymized lines.

    `lines` is a list of (line before, line after, needed), and needed
    is a list of (kind, value). Return a dict: kind -> (lost, needed).

    - A value counts as often as it stands in the line before, also
      within other words, with its case.
    - It is lost as often as it stands there less often afterwards; what
      stands there more often is no gain and offsets no loss.
    - A kind without a loss is in it too.
    """
    # BEGIN SOLUTION
    counts = {}
    for before, after, needed in lines:
        for kind, value in needed:
            times = before.count(value)
            missing = max(0, times - after.count(value))
            lost, total = counts.get(kind, (0, 0))
            counts[kind] = (lost + missing, total + times)
    return counts
    # END SOLUTION


# %% check="count_losses"
dojo.check("count_losses")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The same two loops as before. `"a-b-a".count("a")` is 2.
# </details>
#
# <details><summary>Hint 2</summary>
#
# Lost in one line is the difference of the two counts, but never less than nothing: `max(0, …)`.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `times = before.count(value)`, `missing = max(0, times - after.count(value))`, and the pair in the dict grows by
# `missing` and `times`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.preprocess` ([all topics](../quizzes/README.md))

# %% [markdown]
# ### Lines that nobody wrote rules for
#
# On lines that your rules were made with, you measure your diligence. So here are four kinds of line from systems that
# this lab has not shown until now: a web server, a firewall of another make, a directory service, a database. Their
# users have longer names, too.

# %%
def login(dice):
    return f"{some_user(dice)}.{dice.choice(('berg', 'lind', 'moss'))}"


def web_server(dice, clock):
    user, ip = login(dice), some_address(dice)
    stamp = f"[02/Mar/2026:{clock} +0000]"
    line = (f'{ip} - {user} {stamp} "GET /people/{user}/orders HTTP/1.1" '
            f'200 512 "-" "ShopApp/4.2.0.17"')
    return line, [("user", user), ("ip", ip)], [
        ("time", stamp), ("number", " 200 512 "),
        ("word", "ShopApp/4.2.0.17")]


# %%
def gateway(dice, clock):
    user, ip, host = login(dice), some_address(dice), "gw-7"
    line = (f'date=2026-03-02 time={clock} devname="{host}" srcip={ip} '
            f'unauthuser="{user}" srcname="{user}-laptop" action="deny" '
            f"dstport=445")
    known = [("host", host), ("host", f"{user}-laptop"), ("user", user),
             ("ip", ip)]
    return line, known, [("time", f"date=2026-03-02 time={clock}"),
                         ("word", 'action="deny"'), ("number", "dstport=445")]


# %%
def directory(dice, clock):
    user, admin = login(dice), login(dice)
    ip = f"2001:db8:77:{dice.randrange(9)}::{dice.randrange(1, 99):x}"
    mail, stamp = f"{user}@shop.example", f"2026-03-02T{clock}.120Z"
    line = json.dumps({
        "published": stamp, "eventType": "user.session.start",
        "actor": {"displayName": user, "alternateId": mail},
        "client": {"ipAddress": ip}, "outcome": {"result": "FAILURE"},
        "debug": json.dumps({"targetLogin": admin, "code": 42901})})
    known = [("user", user), ("user", admin), ("ip", ip), ("email", mail)]
    return line, known, [("time", stamp), ("number", "42901"),
                         ("word", "user.session.start"), ("word", "FAILURE")]


# %%
def database(dice, clock):
    user, ip = login(dice), some_address(dice)
    stamp, port = f"2026-03-02 {clock}.120 UTC", dice.randrange(3000, 65000)
    line = (f"{stamp} [771] LOG:  connection authorized: user={user} "
            f"database=orders host={ip} port={port} application=psql/16.2")
    return line, [("user", user), ("ip", ip)], [
        ("time", stamp), ("number", f"port={port}"), ("word", "psql/16.2")]


UNSEEN = (web_server, gateway, directory, database)
TESTS = {"seen": [list(corpus(2026, 100, (make,))) for make in SEEN],
         "held out": [list(corpus(2027, 125, (make,))) for make in UNSEEN]}

# %% [markdown]
# Each system writes a file of its own, and each file is anonymized by itself. Four ways: the colleague's, yours line by
# line, yours with names spread, and logdojo's own, which sees each file twice, so that it can learn names before
# it hunts for them, as yours does.

# %%
from logdojo.anonymize import Anonymizer

library = Anonymizer(KEY)
WAYS = {
    "naive": lambda lines: [naive_redact(line) for line in lines],
    "one by one": one_by_one,
    "yours": yours,
    "logdojo": lambda lines: [*library.lines(lines * 2)][len(lines):],
}


# %%
def percents(counts):
    bad, total = map(sum, zip(*counts.values(), strict=True))
    return {**{kind: 100 * part / whole for kind, (part, whole)
               in sorted(counts.items())}, "all": 100 * bad / total}


def measure(redact, files):
    """Return leaks and losses by kind, in percent."""
    leaks, losses = [], []
    for file in files:
        after = redact([line for line, _, _ in file])
        for new, (old, known, needed) in zip(after, file, strict=True):
            leaks.append((new, known))
            losses.append((old, new, needed))
    return percents(count_leaks(leaks)), percents(count_losses(losses))


# %%
results = {(test, way): measure(redact, files)
           for test, files in TESTS.items() for way, redact in WAYS.items()}
for test in TESTS:
    print(f"{test + ', percent':22}" + "".join(f"{w:>12}" for w in WAYS))
    for n, what in enumerate(("leaked", "lost")):
        for kind in results[test, "naive"][n]:
            numbers = (results[test, way][n][kind] for way in WAYS)
            print(f"{what:8}{kind:14}"
                  + "".join(f"{number:12.1f}" for number in numbers))
    print()

# %%
# NBVAL_CHECK_OUTPUT
for test in TESTS:
    print(f"{test:9} yours: {results[test, 'yours'][0]['all']:.1f} % leaked, "
          f"{results[test, 'yours'][1]['all']:.1f} % lost")

# %% tags=["measure"]
with themed(LIGHT):
    figure, both = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axes, n, what in zip(both, (0, 1), ("leaked", "lost")):
        for m, (test, hatch) in enumerate((("seen", ""), ("held out", "//"))):
            bars = axes.barh([row + 0.4 * m for row in range(len(WAYS))],
                             [results[test, way][n]["all"] for way in WAYS],
                             0.36, label=test, hatch=hatch,
                             color=LIGHT.series[2 - m])
            axes.bar_label(bars, fmt="%.1f", padding=3)
        axes.set(xlabel=f"percent {what}", xlim=(0, 100), yticks=
                 [0.2, 1.2, 2.2, 3.2], yticklabels=WAYS)
        axes.invert_yaxis()
    axes.legend()
    dojo.show(figure, "Percent leaked and lost: yours leaks none on seen"
              " lines, and more than a third on lines held out.")

# %% [markdown]
# **What the plot shows.** Each way has a bar for lines like those it was made with, and one for lines of other systems.
# The naive way leaks most of what there is and destroys times and versions. Yours leaks nothing on the lines that you
# had before your eyes, and more than a third on the others. That gap is the honest number. Whoever reports the first
# bar alone reports how well they know their own test.
#
# Spreading names has its price, too: yours lost words on the *seen* lines. One customer is called `will`, so each
# "will retry" became a pseudonym. Put `will` into `COMMON`, measure again, and the loss is gone; the leak is no longer
# zero. The library does not hunt for a short name that may be a word, so it loses next to nothing there and leaves
# names in sentences. On lines held out it leaks far less than yours, since its policy knows more fields; on the next
# kind of line that nobody thought of it will leak, too. There is no setting without a price; there is one that you
# chose and measured.
#
# What still leaks in yours? Look at it, not at the number:

# %%
def around(text, value):
    """Return what stands around a value, with names taken out."""
    at = text.lower().find(value.lower())
    part = text[max(0, at - 20):at + len(value) + 8]
    part = re.sub(rf"(?i){re.escape(value)}|user-\w+", "***", part)
    return re.sub(r"[\d.:]+", "0", part)


# %%
shown = Counter()
for file in TESTS["held out"]:
    after = yours([line for line, _, _ in file])
    for line, (_, known, _) in zip(after, file, strict=True):
        shown.update((kind, around(line, value)) for kind, value in known
                     if count_leaks([(line, [(kind, value)])])[kind][0])
for (kind, where), times in shown.most_common(6):
    print(f"{times:4} {kind:7} …{where}…")

# %% [markdown]
# Each of these lines is one entry for your policy. Add it, and the number falls, on *this* test. Then you need another
# test: lines by which rules were made are seen lines from then on.
#
# ### Is it still useful?
#
# Two questions that a model or an analyst would ask. Who sends the most, by network? And how many different lines does
# a model see, once what always varies is masked by `normalize` of lab 06?

# %%
from my_soc import normalize


def networks(lines):
    found = Counter()
    for line in lines:
        for start, stop in find_ips(line):
            if "." in line[start:stop]:
                found[line[start:stop].rpartition(".")[0]] += 1
    return sorted(found.values(), reverse=True)


# %%
raw = [line for line, _, _ in corpus(2028, 400, SEEN)]
redacted = {way: redact(raw) for way, redact in WAYS.items()}
print(f"{'':14}{'five largest networks':>26}{'different lines':>18}")
for way, lines in {"before": raw, **redacted}.items():
    forms = {normalize(line) for line in lines}
    print(f"{way:14}{str(networks(lines)[:5]):>26}{len(forms):18}")

# %% [markdown]
# Under your pseudonyms the largest networks are as large as before, under other names: prefixes are kept. (The naive
# way has no networks left.) And the number of different lines *falls*: names that look like words are now identifiers,
# and a normalizer can mask those. The naive way's hashes, eight digits without a mark, it takes for words, and their
# number grows.

# %% [markdown]
# ### What a leak rate does not prove
#
# Everybody in the office knows that ben's mail program logs in all day. So whose pseudonym is the most frequent one?

# %%
def most_frequent(lines):
    users = Counter()
    for line in lines:
        users.update(NAMES["user"].findall(line))
    return users.most_common(2)


print("before:", most_frequent(raw))
print("after: ", most_frequent(redacted["yours"]))

# %% [markdown]
# The leak rate of that line is zero, and you know who it is. A leak rate says that *these* values are not in the text
# any more. It says nothing about
#
# - **patterns**, which pseudonyms keep, since that is what they are for;
# - **hashes**: the naive way's addresses counted as gone, though you broke them all in section 1;
# - **values that nobody listed**: it is a floor, and the real rate is higher;
# - **what others know**. This is the next section.

# %% [markdown]
# ## 10. Find a person
#
# The company hands its sign-in statistics to a researcher. Names are gone, replaced by pseudonyms with a good key; no
# address is in it. Three columns are left that look harmless, and one that is not: who fell for the test of phishing.

# %%
CITIES = {"Bergen": "Norway", "Oslo": "Norway", "Turku": "Finland",
          "Porto": "Portugal", "Lisbon": "Portugal", "Malaga": "Spain",
          "Sevilla": "Spain", "Bari": "Italy", "Gdansk": "Poland",
          "Lodz": "Poland", "Brno": "Czechia", "Plzen": "Czechia"}
SIZES = 5, 9, 4, 9, 8, 6, 5, 4, 8, 6, 7, 5


# %%
def employee(n, dice):
    name = f"{PEOPLE[n % 24].title()} {string.ascii_uppercase[n // 24]}."
    return {"name": name, "city": dice.choices(list(CITIES), SIZES)[0],
            "site": dice.choice(("office", "depot", "shop")),
            "start": dice.choices(range(6, 12), (3, 5, 9, 9, 4, 2))[0]}


dice = random.Random(12)
STAFF = [employee(n, dice) for n in range(300)]


# %%
def published(person, dice):
    """Some days of one person, as the researcher sees them."""
    who = keyed_pseudonym(KEY, "person", person["name"])
    clicked = dice.random() < (0.9 if person["city"] == "Bari" else 0.2)
    row = {"who": who, "city": person["city"], "site": person["site"],
           "start": person["start"], "clicked": clicked}
    return [row] * dice.randrange(3, 9)


TABLE = [row for person in STAFF for row in published(person, dice)]
dice.shuffle(TABLE)
for row in TABLE[:3]:
    print(row)

# %% [markdown]
# The company's web page lists its people with city and site, so that customers find them, and says from which hour each
# can be reached. A name is in one table, a click in the other, and three columns are in both. Such columns, harmless
# alone and telling together, are called **quasi-identifiers**. Joining them is called **linkage**. Sweeney found the
# medical record of a governor that way, by birth date, sex and postcode, and those three are unique for most of the
# people of the United States.

# %% exercise="link_people"
def link_people(rows, staff, quasi):
    """Return whom the rows give away: a dict, pseudonym -> name.

    - rows: dicts with "who" and the columns in quasi; one person may
      have many rows. staff: dicts with "name" and the same columns.
    - A combination of the columns names a person when exactly one
      pseudonym has it in rows, and exactly one name has it in staff.
    - A pseudonym whose rows lead to different names is left out.
    """
    # BEGIN SOLUTION
    people, names, found = (defaultdict(set) for _ in range(3))
    for row in rows:
        people[tuple(row[column] for column in quasi)].add(row["who"])
    for one in staff:
        names[tuple(one[column] for column in quasi)].add(one["name"])
    for combination, who in people.items():
        if len(who) == len(names[combination]) == 1:
            found[min(who)] |= names[combination]
    return {who: min(one) for who, one in found.items() if len(one) == 1}
    # END SOLUTION


# %% check="link_people"
dojo.check("link_people")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two dicts with the same keys, the combinations: one to the set of pseudonyms that have it, one to the set of names.
# Sets, since many rows of one person are still one person.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `tuple(row[column] for column in quasi)` is a combination. Where both sets have one element, you have found somebody.
# Collect the names of a pseudonym in a set as well: a person may have rows with several combinations.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `people = defaultdict(set)`, `people[combination].add(row["who"])`, the same with `names` for the staff. Then for each
# combination with `len(who) == len(names[combination]) == 1` add the name to the set of that pseudonym, and keep
# pseudonyms whose set has one name.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.privacy` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
QUASI = ("city", "site", "start")
for columns in (("city",), ("city", "site"), QUASI):
    linked = link_people(TABLE, STAFF, columns)
    print(f"{' + '.join(columns):22} {len(linked):3} of {len(STAFF)} found")
clicks = {row["who"]: row["clicked"] for row in TABLE}
for who, name in [*linked.items()][:3]:
    print(f"{who} is {name}", "and clicked" if clicks[who] else "")

# %% [markdown]
# Not one column was wrong. The pseudonym is as good as ever, its key has never left the house, and it did not help:
# who is named by the *other* columns has a name.

# %% [markdown]
# ## 11. Repair it: k-anonymity
#
# A table is **k-anonymous** when each combination of quasi-identifiers in it belongs to at least *k* people. Linkage then
# ends at a group of *k*, not at a person. The usual way there is to **generalize**: a city becomes a country, an hour
# a part of the day, and at the end of each ladder stands `*`. Each step costs information, so climb as little as you can.

# %%
SOUTH = {"Portugal", "Spain", "Italy"}
LADDERS = {  # column -> what it shows, from exact to nothing
    "city": (str, CITIES.get,
             lambda city: "south" if CITIES[city] in SOUTH else "north",
             lambda city: "*"),
    "site": (str, lambda site: "*"),
    "start": (int, lambda hour: f"{hour // 2 * 2} to {hour // 2 * 2 + 1}",
              lambda hour: "early" if hour < 9 else "late",
              lambda hour: "*"),
}


# %% [markdown]
# Which column first? A simple rule (*Datafly*, Sweeney 1997): the one with the most different values. And mind what is
# counted: five *people*, not five *rows*. Somebody with five rows of their own is not hidden among five.

# %% exercise="make_k_anonymous"
def make_k_anonymous(rows, ladders, k):
    """Generalize rows until each combination belongs to k people.

    - ladders: column -> a sequence of functions, from exact to "*".
      Begin with the first function of each column, on the original
      value; one step up is the next function.
    - As long as a combination of the columns has fewer than k different
      "who", go one step up in the column that has the most different
      values now, among those that can go up; the first in ladders of
      those that are equal.
    - If no column can go up, raise a ValueError.
    Return (the new rows, column -> its step, from 0). What came in is
    not changed; other columns stay.
    """
    # BEGIN SOLUTION
    steps = dict.fromkeys(ladders, 0)
    while True:
        now = [{**row, **{column: ladders[column][step](row[column])
                          for column, step in steps.items()}} for row in rows]
        groups = defaultdict(set)
        for row in now:
            groups[tuple(row[column] for column in ladders)].add(row["who"])
        if all(len(people) >= k for people in groups.values()):
            return now, steps
        lower = [c for c in ladders if steps[c] + 1 < len(ladders[c])]
        if not lower:
            raise ValueError(f"fewer than {k} people in all")
        steps[max(lower, key=lambda c: len({row[c] for row in now}))] += 1
    # END SOLUTION


# %% check="make_k_anonymous"
dojo.check("make_k_anonymous")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A loop: make the rows at the present steps, count people for each combination, and stop or go one step up. Always begin
# from the original rows, since a ladder's functions take the original value.
# </details>
#
# <details><summary>Hint 2</summary>
#
# `{**row, **{column: ladders[column][step](row[column]) for column, step in steps.items()}}` is one new row. Count with
# `groups[combination].add(row["who"])`: a set, so that rows of one person count once.
# </details>
#
# <details><summary>Hint 3</summary>
#
# `lower = [c for c in ladders if steps[c] + 1 < len(ladders[c])]` can still go up, and
# `max(lower, key=lambda c: len({row[c] for row in now}))` is the one with the most values; `max` takes the first of
# equal ones. Return `now, steps` when `all(len(people) >= k for people in groups.values())`.
# </details>
#
# Quiz, in a terminal: `logdojo quiz ask --objective llm.privacy` ([all topics](../quizzes/README.md))

# %%
# NBVAL_CHECK_OUTPUT
safe, steps = make_k_anonymous(TABLE, LADDERS, 5)
print("steps:", steps)
groups = defaultdict(set)
for row in safe:
    groups[row["city"], row["site"], row["start"]].add(row["who"])
for group in sorted(groups, key=lambda one: len(groups[one]))[:4]:
    print(f"{len(groups[group]):3} people: {', '.join(map(str, group))}")
names = [{**one, **{c: LADDERS[c][step](one[c]) for c, step in steps.items()}}
         for one in STAFF]
print(len(link_people(safe, names, QUASI)), "people found by linkage")

# %% [markdown]
# ### The price
#
# How much is lost? A common measure: for each column, the share of its ladder that was climbed, and the mean of these.
# 0 is the original table, 1 is nothing but `*`.

# %%
def information_loss(steps):
    return sum(step / (len(LADDERS[column]) - 1)
               for column, step in steps.items()) / len(steps)


def price(k):
    rows, steps = make_k_anonymous(TABLE, LADDERS, k)
    staff = [{**one, **{c: LADDERS[c][s](one[c]) for c, s in steps.items()}}
             for one in STAFF]
    found = link_people(rows, staff, QUASI)
    return (100 * information_loss(steps), 100 * len(found) / len(STAFF),
            " ".join(f"{c}:{s}" for c, s in steps.items()))


# %%
# NBVAL_CHECK_OUTPUT
KS = (1, 2, 3, 5, 8, 12, 20, 40)
prices = [price(k) for k in KS]
print(f"{'k':>3}{'lost %':>9}{'found %':>9}  steps")
for k, (lost, found, text) in zip(KS, prices):
    print(f"{k:3}{lost:9.0f}{found:9.0f}  {text}")

# %% tags=["measure"]
with themed(LIGHT):
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for n, (name, marker) in enumerate((("information lost", "s"),
                                        ("people found by linkage", "o"))):
        values = [one[n] for one in prices]
        axes.plot(range(len(KS)), values, marker=marker, label=name,
                  color=LIGHT.series[1 + n], ls=("-", "--")[n])
    axes.set_xticks(range(len(KS)), KS)
    axes.set(xlabel="k: people in the smallest group", ylabel="percent",
             ylim=(-4, 104))
    axes.legend(loc="center right")
    dojo.show(figure, "From k = 1 to 2 the people found fall from 23 to 0 %,"
              " and the information lost climbs in steps from 0 to 78 %.")

# %% [markdown]
# **What the plot shows.** A good fifth of the information buys that nobody is found alone any more, and a third buys
# groups of five. What a larger *k* buys is not in the picture: somebody who guesses within a group is right once in
# *k*. The price comes in jumps, since a step up a ladder is for everybody. It is paid for the few rarest combinations:
# taking those rows *out* (suppression) is often cheaper than blurring all.
#
# ### Is k enough?
#
# Look at the column that nobody touched:

# %%
# NBVAL_CHECK_OUTPUT
clicked = defaultdict(dict)
for row in make_k_anonymous(TABLE, {"city": LADDERS["city"]}, 5)[0]:
    clicked[row["city"]][row["who"]] = row["clicked"]
for city, people in sorted(clicked.items()):
    print(f"{city:8} {len(people):3} people, "
          f"{sum(people.values()) / len(people):4.0%} clicked")

# %% [markdown]
# A question to think about before you unfold it: the table by city is 5-anonymous. You know that a colleague works in
# Bari. What have you learnt about her, without finding her row?
#
# <details><summary>An answer</summary>
#
# That she very likely clicked. All people of the group share the sensitive value, so that it does not matter which of
# them she is. **l-diversity** asks for at least *l* different sensitive values in each group, and t-closeness for
# a distribution that is near the one of the whole table. Neither protects against a second table that is published next
# year. **Differential privacy**, noise that is added to answers, bounds what any further table can reveal; what one
# publishes then are answers, or synthetic rows made from them, and not the table.
# </details>
#
# Pseudonyms keep patterns, and patterns can name a person. The GDPR therefore calls such data *pseudonymized*, still
# personal, and not *anonymous*. It lowers the risk; it does not end your duties. A model adds its own risk: what it has
# read often enough it may say again. It cannot say a name that it has never read.

# %% [markdown]
# ## Summary
#
# - A hash without a key hides nothing that can be guessed: all values are tried forward.
# - A keyed pseudonym is the same for the same value, in every file, and cannot be recomputed by others. Each class has
#   its own domain, and addresses keep their prefixes, at a known price.
# - The field's name knows more than any pattern: key, class, operator. The policy is data, and unseen vendors are met
#   by endings of whole words.
# - In free text: timestamps first, a validator behind each pattern, collect places, write once.
# - What was learnt from one place is hunted in the rest, guarded. The audit fails the job, and names no value.
# - Leak and loss, both, on lines that the rules were not written for.
# - A leak rate of zero proves no anonymity. Join the columns that are left, and see whom you find.
#
# ## In production
#
# logdojo's own part is [anonymize](../src/logdojo/anonymize/anonymizer.py). It does what you built, and what you met
# the edge of: [general.yaml](../src/logdojo/anonymize/policy/general.yaml) knows hundreds of field names and their
# endings, [addresses](../src/logdojo/anonymize/pseudonyms/addresses.py) keeps private addresses private, lines keep
# every byte that is not sensitive, detectors stay linear in time on hostile lines, and
# [audit](../src/logdojo/anonymize/audit.py) fails the command when a value is left, naming line and class and never
# the value. A line that cannot be read is withheld whole, so that the count of lines stays.
# [risk](../src/logdojo/anonymize/risk.py) counts *k* and *l*, names the smallest groups, and says which column to
# coarsen first. It counts records: give it one for each person.
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
# 5. How do you know that your anonymizer works? What do you measure besides leaks, and on which lines?
# 6. What should an audit report, and what must it not report?
# 7. A table has no names in it. How could somebody find me in it, and how do you repair that?
# 8. What does k-anonymity not protect against? What does l-diversity add?
# 9. Is pseudonymized data still personal data?
#
# More of them, with model answers: `logdojo quiz ask --number 10` in a terminal, or here in a cell, `from
# logdojo.widgets import quiz` and `quiz.ask(objective="llm.privacy")`.
#
# ## Further reading
#
# - Xu, Fan, Ammar, Moon: *Prefix-preserving IP address anonymization* (ICNP 2002)
# - [BLAKE2 in the Python documentation](https://docs.python.org/3/library/hashlib.html#blake2): key and person
# - [OWASP Logging Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html): data to
#   exclude from logs
# - Sweeney: *k-anonymity: a model for protecting privacy* (2002)
# - Machanavajjhala and others: *l-diversity: privacy beyond k-anonymity* (2007)
# - NIST SP 800-188, *De-Identifying Government Datasets*
# - EDPB, *Guidelines 01/2025 on Pseudonymisation*
# - Carlini and others: [Extracting Training Data from Large Language Models](https://arxiv.org/abs/2012.07805) (2021)
#
# **Next:** lab 08 builds the transformer that will read these lines.
