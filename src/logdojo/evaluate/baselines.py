"""What any model must beat. Both read exactly the text that the model reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from logdojo.dataset.examples import Example

_WORD = r"[^\s=,:;\"'\[\]()]+"


def majority(train: Sequence[Example], test: Sequence[Example], names: Sequence[str]) -> np.ndarray:
    """Return ``(test, labels)`` probabilities of always saying the training part's shares."""
    counts = Counter(e.label for e in train)
    row = np.array([counts[name] for name in names], dtype=np.float64)
    return np.tile(row / row.sum(), (len(test), 1))


def tfidf_logistic(train: Sequence[Example], test: Sequence[Example], names: Sequence[str], *, seed: int) -> np.ndarray:
    """Return ``(test, labels)`` probabilities of TF-IDF with balanced logistic regression.

    Words 1–2 and characters 3–5, as in the measured baselines of the field; fitted on the training part only.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, max_features=200_000),
    )
    classifier = LogisticRegression(max_iter=1_000, class_weight="balanced", random_state=seed)
    pipeline = make_pipeline(features, classifier)
    pipeline.fit([e.text for e in train], [e.label for e in train])
    out = np.zeros((len(test), len(names)))
    scores = pipeline.predict_proba([e.text for e in test])
    for column, name in enumerate(pipeline.classes_):
        out[:, list(names).index(name)] = scores[:, column]
    return out
