"""Event or line → the same without sensitive values.

The route inside: ``reading`` tells the places and names of a line's values → ``policy`` says what each name means →
``detectors`` search what no field claimed, timestamps protected → ``pseudonyms`` replace → ``propagation`` hunts for
learnt names in the rest of the line and of its source → ``audit`` proves it. ``files`` does so with whole files, many
files and streams.
"""

from __future__ import annotations

from logdojo.anonymize.anonymizer import Anonymizer, Redacted
from logdojo.anonymize.audit import Audit
from logdojo.anonymize.policy import Policy, load_policy
from logdojo.anonymize.pseudonyms import Pseudonyms

__all__ = ["Anonymizer", "Audit", "Policy", "Pseudonyms", "Redacted", "load_policy"]
