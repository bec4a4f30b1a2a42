"""Sensitive value → a keyed pseudonym that looks like what it stands for."""

from __future__ import annotations

from logdojo.anonymize.pseudonyms.makers import CLASSES, Pseudonyms

__all__ = ["CLASSES", "Pseudonyms"]
