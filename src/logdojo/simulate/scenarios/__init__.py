"""Every kind of session that can happen; an attack stands beside the benign sessions that look like it.

hosts           SSH: guessing, spraying, moving on
network         firewall: scans, administration ports
cloud_access    AWS: sign-ins, looking around, keys and accounts
cloud_data      AWS: recording switched off, data carried away
"""

from __future__ import annotations

from typing import Final

from logdojo.simulate.scenarios import cloud_access, cloud_data, hosts, network
from logdojo.simulate.stage import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    *hosts.SCENARIOS,
    *network.SCENARIOS,
    *cloud_access.SCENARIOS,
    *cloud_data.SCENARIOS,
)
"""All scenarios."""
ATTACKS: Final = tuple(s for s in SCENARIOS if s.attack)
"""Those to be found."""
TWINS: Final = tuple(s for s in SCENARIOS if s.twin_of)
"""The benign ones that look like an attack."""
BACKGROUND: Final = tuple(s for s in SCENARIOS if not s.attack and not s.twin_of)
"""The plain rest."""
LABELS: Final = ("benign", *sorted({s.label for s in ATTACKS}))
"""What a line can be labelled with, ``benign`` first."""
