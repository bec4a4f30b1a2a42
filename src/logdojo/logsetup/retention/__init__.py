"""How long archives are kept, what holds them back, and the record of what was removed.

rule       limits on age, size and number → which archives go, and their removal
holds      periods that must not be removed, whatever the rule says
disposals  what was removed, when, by whom, written down before it happens
journal    the small append-only files that holds and disposals lie in
"""

from logdojo.logsetup.retention.rule import Decision, Retention, apply, plan

__all__ = ["Decision", "Retention", "apply", "plan"]
