"""Secrets → ``[redacted]``, in every part of a record, at little cost for records without one.

prefilter   a clean line is told by a few substring searches; almost every line ends here
names       which names have a secret as their value
pairs       name=value in free text, in all its spellings; values says where a value ends
tokens      secrets that show by their own form: JWTs, keys with prefixes, URLs with logins, private keys
cards       payment card numbers
commands    passwords on command lines
literals    an application's own secrets, given as values
redactor    Redactor: all of the above for lines, texts, values and records
filters     RedactionFilter for any handler; install() puts it on every handler there is
"""

from logdojo.logsetup.redaction.filters import Cleans, RedactionFilter, install, uninstall
from logdojo.logsetup.redaction.redactor import Redactor

__all__ = ["Cleans", "RedactionFilter", "Redactor", "install", "uninstall"]
