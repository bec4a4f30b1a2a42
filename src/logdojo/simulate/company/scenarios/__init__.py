"""Every kind of session of the company; an attack stands beside the benign look-alikes that do nearly the same.

passwords   guessing, spraying, travelling too fast | expired and mistyped passwords, colleagues abroad
network     scanning, beacons, exfiltration, DNS tunnels | scanners, update checks, time, back-ups, uploads, long names
websites    a hole is used | scanners, load tests, crawlers, customers
clouds      rights, logging off, public buckets, stolen keys, mining | Terraform, new colleagues, trails that move, …
moves       remote desktop, shares, SSH | the jump host, Ansible, the night shift
routine     plain days
"""

from __future__ import annotations

from typing import Final

from logdojo.simulate.company.scenarios import clouds, moves, network, passwords, routine, websites
from logdojo.simulate.company.scene import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    *passwords.SCENARIOS,
    *network.SCENARIOS,
    *websites.SCENARIOS,
    *clouds.SCENARIOS,
    *moves.SCENARIOS,
    *routine.SCENARIOS,
)
"""All scenarios."""
ATTACKS: Final = tuple(s for s in SCENARIOS if s.techniques)
"""Those to be found."""
LOOKALIKES: Final = tuple(s for s in SCENARIOS if s.twin_of)
"""The benign ones that look like an attack."""
ROUTINE: Final = tuple(s for s in SCENARIOS if not s.techniques and not s.twin_of)
"""The plain rest."""
COMPANY_LABELS: Final = ("benign", *sorted({s.label for s in ATTACKS}))
"""What a line can be labelled with, ``benign`` first."""
