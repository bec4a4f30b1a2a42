"""Raw line → verdict.

verdict       what is said about a line
priority      label, probability and history → severity and priority
explain       the same in plain language, with the line's own values
priorities    what to look at first among events and sources, with reasons
pipeline      parse, anonymize, render, look up, ask the model
"""

from logdojo.triage.pipeline import Triage, verdict_of
from logdojo.triage.verdict import UNPARSED, Verdict

__all__ = ["UNPARSED", "Triage", "Verdict", "verdict_of"]
