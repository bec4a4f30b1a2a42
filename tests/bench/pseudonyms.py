"""Pseudonyms: prefixes and one-to-one on a million pairs, collisions in a million values a class, speed.

    python -m tests.bench.pseudonyms

Pairs of addresses are random, half of them made to share a random number of leading bits. Speeds are of values that
were not met before, per CPU second. Consistency compares the digests of all classes over fresh processes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from logdojo.anonymize.pseudonyms import CLASSES, CryptoPan, Pseudonyms
from logdojo.anonymize.pseudonyms.addresses import Addresses
from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.logsetup.redaction.cards import check_digit

KEY = b"a key of the benchmark, 32 bytes"
PAIRS = 1_000_000
VALUES = 1_000_000
_FAST = 100_000


def prefixes(name: str, of: Callable[[bytes], bytes], bits: int, *, pairs: int = PAIRS) -> None:
    """Print how many pairs share exactly as many leading bits as before, and how many pseudonyms were given twice."""
    rng = random.Random(bits)
    wrong, size, seen, values = 0, bits // 8, set(), set()
    for turn in range(pairs):
        a, b = rng.getrandbits(bits), rng.getrandbits(bits)
        if turn % 2:
            low = rng.randrange(bits + 1)
            b = a >> low << low | b & ((1 << low) - 1)
        x, y = (int.from_bytes(of(each.to_bytes(size, "big")), "big") for each in (a, b))
        wrong += (a ^ b).bit_length() != (x ^ y).bit_length()
        values |= {a, b}
        seen |= {x, y}
    print(f"{name:<34}{pairs:>12,} pairs{wrong:>8,} wrong{len(values) - len(seen):>8,} collisions")


def values_of(class_name: str, count: int) -> Iterator[str]:
    """Yield different values of a class."""
    for n in range(count):
        match class_name:
            case "ip":
                yield f"{81 + n // 16_000_000}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
            case "mac":
                yield f"3c:52:{n >> 24 & 255:02x}:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"
            case "account":
                yield f"{482_913_000_000 + n:012d}"
            case "user_id" | "digits":
                yield f"{20_000_000 + n}"
            case "access_key":
                yield f"AKIA{n:016d}"
            case "principal":
                yield f"AROA{n:016d}"
            case "arn":
                yield f"arn:aws:iam::482913570062:user/u{n}"
            case "uuid":
                yield f"{n:08x}-1234-4234-8234-123456789abc"
            case "email":
                yield f"u{n}@corp.com"
            case "domain":
                yield f"d{n}.com"
            case "phone":
                yield f"+49 30 {n:08d}"
            case "card":
                front = f"411111{n:09d}"
                yield front + check_digit(front)
            case _:
                yield f"n{n}"


def collisions(count: int = VALUES) -> None:
    """Print how many different pseudonyms the values of each class get, and how quickly."""
    print(f"\n{'class':<14}{'values':>12}{'different':>12}{'values a CPU second':>22}  example")
    for class_name in CLASSES:
        make = getattr(Pseudonyms(KEY), class_name)  # without the memory of recent ones
        values = list(values_of(class_name, count))
        start = time.process_time()
        out = [make(value) for value in values]
        rate = count / (time.process_time() - start)
        print(f"{class_name:<14}{count:>12,}{len(set(out)):>12,}{rate:>22,.0f}  {values[7]} -> {out[7]}")


def speeds() -> None:
    """Print new random addresses a CPU second."""
    rng = random.Random(5)
    texts = {
        "v4": [str(ipaddress.IPv4Address(rng.getrandbits(32))) for _ in range(_FAST)],
        "v6": [str(ipaddress.IPv6Address(rng.getrandbits(128))) for _ in range(_FAST // 5)],
    }
    print(f"\n{'new random addresses a CPU second':<40}{'BLAKE2b':>12}{'Crypto-PAn':>12}")
    for name, values in texts.items():
        row = f"{name:<40}"
        for scheme in (lambda: Addresses(Keyed(KEY)), lambda: CryptoPan(KEY)):
            best = 0.0
            for _ in range(3):
                of = scheme().ip
                start = time.process_time()
                for value in values:
                    of(value)
                best = max(best, len(values) / (time.process_time() - start))
            row += f"{best:>12,.0f}"
        print(row)


def digest(key: bytes) -> str:
    """Return a digest over pseudonyms of every class."""
    names = Pseudonyms(key)
    out = [names.of(name, value) for name in CLASSES for value in values_of(name, 1_000)]
    return hashlib.sha256("\n".join(out).encode()).hexdigest()


def consistency(processes: int = 4) -> None:
    """Print whether fresh processes with other hash seeds give the same pseudonyms, and what another key shares."""
    code = f"from tests.bench.pseudonyms import digest; print(digest({KEY!r}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout.strip()
        for seed in range(processes)
    }
    print(f"\n{processes} processes, {len(CLASSES)} classes x 1,000 values: {len(found)} different result(s)")
    ours, theirs = Pseudonyms(KEY), Pseudonyms(KEY[::-1])
    same = {
        name: sum(ours.of(name, value) == theirs.of(name, value) for value in values_of(name, 10_000))
        for name in CLASSES
    }
    print(
        f"another key, {len(CLASSES)} x 10,000 values: equal pseudonyms: {({n: c for n, c in same.items() if c}) or 0}"
    )


def main() -> None:
    """Print everything."""
    ours, aes = Addresses(Keyed(KEY)), CryptoPan(KEY)
    prefixes("IPv4, BLAKE2b, special ranges kept", ours._v4.of, 32)
    prefixes("IPv6, BLAKE2b, special ranges kept", ours._v6.of, 128)
    prefixes("IPv4, Crypto-PAn", aes._v4.of, 32)
    prefixes("IPv6, Crypto-PAn", aes._v6.of, 128)
    speeds()
    consistency()
    collisions()


if __name__ == "__main__":
    main()
