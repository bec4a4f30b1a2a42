"""Event or line → the same without sensitive values.

The route inside: ``jsontext`` and ``keyvalues`` read a line and keep its places → ``policy`` says what each field name
means → ``credentials``, ``names`` and ``detectors`` search what no field claimed, ``timestamps`` protected →
``pseudonyms`` replace → ``propagation`` hunts for learnt names in the rest of the line → ``audit`` proves it.
"""

from __future__ import annotations

from logdojo.anonymize.anonymizer import Anonymizer, Redacted
from logdojo.anonymize.audit import Audit
from logdojo.anonymize.policy import Policy, load_policy
from logdojo.anonymize.pseudonyms import Pseudonyms

__all__ = ["Anonymizer", "Audit", "Policy", "Pseudonyms", "Redacted", "load_policy"]
