"""Audit events: who did what to whom, with what outcome, and what changed by it.

event    the event, and the calls that log one past every level
changes  before and after → the list of what changed, sensitive values masked
"""

from logdojo.logsetup.audit.event import AuditEvent, audit, audited

__all__ = ["AuditEvent", "audit", "audited"]
