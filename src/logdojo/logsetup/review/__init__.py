"""The regular review of a log: who may read it, where it is silent, who changed what.

report  the whole review of one log
access  modes and owners of its files, against what is wished
gaps    silences, clocks that went back, records that were dropped
"""

from logdojo.logsetup.review.report import Review, review

__all__ = ["Review", "review"]
