"""A small company over days: its people, machines, networks and clouds, and what all of its devices write.

timeline    days are planned, sessions play at once, lines come out in order of time
scenarios   what happens in a session: attacks beside their look-alikes, and plain days
acts        one happening, seen by several devices
firewalls, hosts, web, signins, awsapi    how each vendor writes it down
scene       a session's clock, chance and stage
world       people, servers, outside parties        rhythm, clocks    hours of the day, written times
chart       a day drawn
"""

from __future__ import annotations

from typing import Final

from logdojo.simulate.company.scenarios import ATTACKS, COMPANY_LABELS, LOOKALIKES, ROUTINE
from logdojo.simulate.company.timeline import CompanyLine, company_days

FORMATS: Final = (
    *("iptables", "pfsense", "asa", "panos", "fortigate", "vpcflow", "suricata", "dns", "squid", "nginx"),
    *("sshd", "sudo", "windows", "okta", "cloudtrail"),
)
"""The sources of the company."""

__all__ = ["ATTACKS", "COMPANY_LABELS", "FORMATS", "LOOKALIKES", "ROUTINE", "CompanyLine", "company_days"]
