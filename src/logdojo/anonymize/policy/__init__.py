"""The field policy: what the name of a field says about its value, and what is done to such values."""

from __future__ import annotations

from logdojo.anonymize.policy.rules import Policy, load_policy, words_of

__all__ = ["Policy", "load_policy", "words_of"]
