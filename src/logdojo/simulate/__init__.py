"""Labelled firewall, cloud and host traffic of an invented company → raw lines.

A label belongs to a whole session. Each attack has benign twins made of the same templates, names, addresses and hours,
so that only the pattern of a session (how many, how varied, in which order, refused or not) tells them apart.

    timeline    sessions start, play at the same time, and come out as one stream
    scenarios   what happens in a session
    stage       a scenario's clock, chance and variant
    sshd, iptables, cloudtrail    how it is written down
    names, awscalls    the invented company, and AWS's vocabulary
    company     the whole company over days: fifteen sources, sixteen kinds of attack over several of them
"""

from __future__ import annotations

from logdojo.simulate.company import CompanyLine, company_days
from logdojo.simulate.scenarios import LABELS
from logdojo.simulate.timeline import SimulatedLine, simulate

__all__ = ["LABELS", "CompanyLine", "SimulatedLine", "company_days", "simulate"]
