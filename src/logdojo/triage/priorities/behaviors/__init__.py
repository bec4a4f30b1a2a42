"""Patterns over several events that no single event shows, each beside the honest work that looks like it.

signins     many accounts from one address, one account many times, one user in two places
movement    from machine to machine
clouds      refusals, recorders off, machines everywhere, a bucket opened and emptied
websites    odd requests, and what follows them
traffic     many ports, a pace with jitter, collected and carried off, names that talk
"""

from __future__ import annotations

from logdojo.triage.priorities.behaviors.clouds import Everywhere, OpenedAndEmptied, RecordingOff, Refusals
from logdojo.triage.priorities.behaviors.movement import Chain
from logdojo.triage.priorities.behaviors.signins import ManyAccounts, OneAccount, TwoPlaces
from logdojo.triage.priorities.behaviors.traffic import CallsHome, CarriesOff, ManyPorts, TalksInNames
from logdojo.triage.priorities.behaviors.websites import OddVisitor
from logdojo.triage.priorities.findings import Behavior

__all__ = ["all_behaviors"]


def all_behaviors() -> tuple[Behavior, ...]:
    """Return one of each behavior, with nothing seen yet."""
    return (
        *(ManyAccounts(), OneAccount(), TwoPlaces(), Chain()),
        *(Refusals(), RecordingOff(), Everywhere(), OpenedAndEmptied()),
        *(OddVisitor(), ManyPorts(), CallsHome(), CarriesOff(), TalksInNames()),
    )
