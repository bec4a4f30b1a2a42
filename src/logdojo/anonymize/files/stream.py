"""A source that comes by once: each line goes out as soon as it came in, with what earlier lines have told."""

from __future__ import annotations

from logdojo.anonymize.audit import leaks
from logdojo.anonymize.files.hand import Hand, Recipe
from logdojo.anonymize.files.reading import Progress, Readable, Writable, blocks, cut_end
from logdojo.anonymize.files.tally import Tally


def anonymize_stream(stream: Readable, out: Writable, recipe: Recipe, *, progress: Progress | None = None) -> Tally:
    """Write the lines of a stream without their sensitive values.

    After each read, which brings what the writer has written so far, the output is flushed: a slow writer's line does
    not wait for the next.

    Args:
        stream: what is read.
        out: where the lines go, with the ends they have.
        recipe: how.
        progress: told of bytes read.

    Returns:
        What was counted; ``leaks`` are for the caller to judge.

    Raises:
        OSError: the output cannot be written.
    """
    hand, tally = Hand(recipe), Tally()
    source = hand.source()
    for block in blocks(stream, max_bytes=recipe.max_bytes):
        cut = [cut_end(line) for line in block]
        texts = [bare.decode("utf-8", "surrogateescape") for bare, _ in cut]
        for redacted, (_, end) in zip(hand.redacted(texts, source, tally), cut, strict=True):
            source.learn(redacted.edits)
            out.write(redacted.text.encode() + end)
            for class_name in sorted(set(leaks(redacted, common=source.common_words, names=source.names))):
                tally.leak(tally.lines, class_name)
        out.flush()
        if progress is not None:
            progress(sum(map(len, block)))
    tally.missed = source.names.missed
    return tally
