"""What to look at first: each event and each source gets a score from 0 to 100, and every point has its reason.

reasons        evidence → a score, whose reasons add up to it
sighting       an event in plain, bounded values; the clock of the stream
vocabulary     which events matter by their class, which requests are odd, what tags mean (data)
assets         what the company owns        incidents   what happened before
usual          what is usual for whom, over days          habits      of one source
meetings       which address a machine has
behaviors      patterns over several events, told apart from the honest work that looks like them
detections     Sigma rules, as evidence        (sigma_rules, rules)
cases          what belongs to one actor and one time; one incident is one item
prioritizer    events in, priorities out     review      the list of the day
"""

from logdojo.triage.priorities.assets import Asset, Assets
from logdojo.triage.priorities.incidents import Incident, Incidents
from logdojo.triage.priorities.prioritizer import Prioritizer
from logdojo.triage.priorities.reasons import Evidence, Priority, Reason, combined
from logdojo.triage.priorities.review import ALARM, Item, Review, review
from logdojo.triage.priorities.usual import Usual

__all__ = [
    "ALARM",
    "Asset",
    "Assets",
    "Evidence",
    "Incident",
    "Incidents",
    "Item",
    "Prioritizer",
    "Priority",
    "Reason",
    "Review",
    "Usual",
    "combined",
    "review",
]
