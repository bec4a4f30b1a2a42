"""Raw line → verdict: parse, anonymize, render with history, look up, ask the model for what was not seen before.

One verdict a line, in order, whatever the line holds. Log text is data: it reaches the model only as masked text
between control tokens, and what comes back is a choice among fixed labels.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logdojo.anonymize import Anonymizer
from logdojo.dataset.history import History
from logdojo.dataset.render import render_event, template
from logdojo.events import LogEvent
from logdojo.model.labels import Labels, load_labels
from logdojo.model.loader import load_base, model_folder
from logdojo.model.scorer import Scorer
from logdojo.model.threshold import decide
from logdojo.parse import parse_line
from logdojo.triage.explain import explain
from logdojo.triage.priority import priority, severity
from logdojo.triage.verdict import UNPARSED, Verdict

DEFAULT = "tiny-triage"
_CACHE = 100_000
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class _Read:
    """A line that was read, ready for the model."""

    event: LogEvent
    text: str
    history: str


class Triage:
    """Gives a verdict for each line.

    Args:
        scorer: a fine-tuned model.
        key: key of the pseudonyms in explanations; a random one when None.
    """

    def __init__(self, scorer: Scorer, *, key: bytes | None = None) -> None:
        self.scorer = scorer
        self._anonymizer = Anonymizer(key or secrets.token_bytes(32))
        self._history = History()
        self._cache: OrderedDict[str, np.ndarray] = OrderedDict()

    @classmethod
    def load(cls, path: str | Path = DEFAULT, *, key: bytes | None = None) -> Triage:
        """Load a fine-tuned model: ``tiny-triage``, which is shipped, or the folder of a run.

        Raises:
            ModelError: there is no fine-tuned model at ``path``.
        """
        folder = model_folder(str(path))
        labels = load_labels(folder)
        return cls(Scorer(load_base(str(path)), labels), key=key)

    def verdicts(self, lines: Iterable[str]) -> Iterator[Verdict]:
        """Yield one verdict a line, in order; lines are read and scored in small batches."""
        pending: list[_Read] = []
        for line in lines:
            pending.append(self._read(line))
            if len(pending) >= _CHUNK:
                yield from self._judge(pending)
                pending = []
        yield from self._judge(pending)

    def _read(self, line: str) -> _Read:
        event = parse_line(line)
        if event.error:
            return _Read(event, "", "")
        event = self._anonymizer.event(event)
        history = self._history.observe(event)
        return _Read(event, render_event(event, history=history), history)

    def _judge(self, pending: list[_Read]) -> Iterator[Verdict]:
        known = self._look_up([read.text for read in pending if not read.event.error])
        labels = self.scorer.labels
        for read in pending:
            if read.event.error:
                yield Verdict(UNPARSED, 0.0, "info", 0, "", f"Not read: {read.event.error}", "", self.scorer.base.name)
                continue
            yield verdict_of(known[read.text], labels, read.event, history=read.history, model=self.scorer.base.name)

    def _look_up(self, texts: list[str]) -> dict[str, np.ndarray]:
        """Return the probabilities of each distinct text, asking the model only for texts it has not seen lately."""
        wanted = dict.fromkeys(texts)
        known = {text: self._cache[text] for text in wanted if text in self._cache}
        new = [text for text in wanted if text not in known]
        known |= dict(zip(new, self.scorer.probabilities(new), strict=True))
        for text in wanted:
            self._cache[text] = known[text]
            self._cache.move_to_end(text)
        while len(self._cache) > _CACHE:
            self._cache.popitem(last=False)
        return known


def verdict_of(probabilities: np.ndarray, labels: Labels, event: LogEvent, *, history: str, model: str) -> Verdict:
    """Turn a model's probabilities into a verdict on an anonymized event.

    Args:
        probabilities: ``(labels,)``.
        labels: what the model can say, and from which threshold on it says anything but benign.
        event: the anonymized event, for template and explanation.
        history: what ``History.observe`` told; "" when there is none.
        model: name of the model.
    """
    index = int(decide(probabilities[None], labels.benign, labels.threshold)[0])
    label, probability = labels.names[index], float(probabilities[index])
    return Verdict(
        label=label,
        probability=probability,
        severity=severity(label).label,
        priority=priority(label, probability),
        attack=labels.attacks.get(label, ""),
        explanation=explain(label, event, history),
        template=template(event),
        model=model,
    )
