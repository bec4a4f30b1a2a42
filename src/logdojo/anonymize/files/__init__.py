"""Whole files, many files and streams → the same without sensitive values, in bounded memory.

    reading     a file, plain or gzip, → blocks of lines; a line of any length takes no more than the limit
    hand        what is done to one block: the first pass drafts and learns, the second finishes and audits
    passes      one source, read twice: each line is rewritten with all that the whole source has told
    stream      one source that comes by once: each line is rewritten with what earlier lines have told
    crew        blocks, or files, spread over processes; results in order, a bounded number under way
    batch       many files into a folder: whole or not at all, and none done twice
    manifest    what is done already, and with which key
    tally       what was counted

Covered: the same bytes come out however many processes work and however often a run was broken off. Not covered: names
that only another file tells; each file is a source of its own.
"""

from __future__ import annotations

from logdojo.anonymize.files.batch import anonymize_files
from logdojo.anonymize.files.hand import Hand, Recipe
from logdojo.anonymize.files.passes import anonymize_file
from logdojo.anonymize.files.stream import anonymize_stream
from logdojo.anonymize.files.tally import Tally

__all__ = ["Hand", "Recipe", "Tally", "anonymize_file", "anonymize_files", "anonymize_stream"]
