from __future__ import annotations

import json
import subprocess
import sys

import pytest

import logdojo


def measure(code: str) -> object:
    """Run code in a fresh process; return the JSON that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_is_light():
    """``import logdojo`` loads next to nothing, and the learner's side of the course no torch."""
    code = (
        "import sys, json; before = set(sys.modules); import logdojo; new = sorted(set(sys.modules) - before)\n"
        "from logdojo import dojo; heavy = [m for m in ('torch', 'transformers', 'datasets') if m in sys.modules]\n"
        "print(json.dumps([new, heavy]))"
    )
    new, heavy = measure(code)  # type: ignore[misc]
    assert "logdojo" in new
    assert not {"torch", "numpy", "pydantic", "IPython", "yaml"} & set(new)
    assert heavy == []


def test_importing_is_quick():
    """``import logdojo`` takes less than 0.3 s: the best of three, since other work may run beside it."""
    code = "import time, json; t = time.perf_counter(); import logdojo; print(json.dumps(time.perf_counter() - t))"
    assert min(float(str(measure(code))) for _ in range(3)) < 0.3


def test_public_names_are_few_and_there():
    """At most twelve names, drawn in the docstring's route, each of which can be loaded."""
    assert len(logdojo.__all__) <= 12
    assert set(logdojo.__all__) == set(logdojo._HOMES) <= set(dir(logdojo))
    for name in logdojo.__all__:
        assert getattr(logdojo, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        logdojo.nothing  # noqa: B018
