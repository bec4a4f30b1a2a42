"""Sensitive value → a keyed pseudonym that looks like what it stands for.

keyed        BLAKE2b with a domain per class, and permutations built on it
prefixes     maps of addresses that keep common prefixes: the walk that every scheme shares
addresses    IP and MAC addresses as text
cryptopan    the AES scheme of Crypto-PAn, for pseudonyms that other tools understand
numbers      account ids, phone and card numbers that keep their form
makers       Pseudonyms: one maker a class
generalized  a coarser value instead of a pseudonym
reversible   an encrypted value that who has the key can read again
"""

from __future__ import annotations

from logdojo.anonymize.pseudonyms.cryptopan import CryptoPan
from logdojo.anonymize.pseudonyms.makers import CLASSES, Pseudonyms

__all__ = ["CLASSES", "CryptoPan", "Pseudonyms"]
