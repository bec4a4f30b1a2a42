"""The thirteen labs: what each builds, what it needs, and where its files lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from logdojo.errors import CourseError, UsageError


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab of the course.

    Args:
        number: place in the course, from 1.
        name: short name, as in ``logging_foundations``.
        title: the notebook's title.
        builds: what the learner has built at its end, in one clause.
        minutes: time a learner needs.
        difficulty: in words.
        hardware: what it runs on.
        prerequisites: slugs of the labs that come before it.
        syllabus: ids of the syllabus rows that it covers; the quiz items of the same ids go with it.
        parts: exercise → ``module:attribute`` of the library's own part, which later labs use where the learner has
            not passed the exercise.
        cell_seconds: time that one cell may take in grading.
    """

    number: int
    name: str
    title: str
    builds: str
    minutes: int
    difficulty: str
    syllabus: tuple[str, ...]
    prerequisites: tuple[str, ...] = ()
    hardware: str = "2 CPU cores, no network"
    parts: Mapping[str, str] = field(default_factory=dict)
    cell_seconds: float = 10.0

    @property
    def slug(self) -> str:
        """Number and name, as the files are called: ``01_logging_foundations``."""
        return f"{self.number:02}_{self.name}"


LABS: Final[tuple[Lab, ...]] = (
    Lab(
        1,
        "logging_foundations",
        "Logging foundations",
        "a logging configuration that is safe to apply twice, and one JSON object a line under ECS names",
        80,
        "gentle",
        ("log.purpose", "log.components", "log.levels", "log.config", "log.format", "log.exceptions", "log.lazy"),
        parts={
            "format_exception_safely": "logdojo.logsetup.formatters:exception_fields",
            "format_record": "logdojo.logsetup.formatters:format_record",
            "make_config": "logdojo.course.parts:make_config",
        },
    ),
    Lab(
        2,
        "structured_context",
        "Structured events with context",
        "request and user ids that follow an event through threads and asyncio, also with structlog and Loguru",
        90,
        "moderate",
        ("log.context", "log.structlog", "log.loguru"),
        ("01_logging_foundations",),
        parts={"carried": "logdojo.logsetup.carrying:carry"},
    ),
    Lab(
        3,
        "fast_and_lossless",
        "Fast and lossless",
        "a log file, a rotation and a batch shipper that lose nothing when a process is killed",
        120,
        "demanding",
        ("log.async", "log.batching", "log.rotation"),
        ("01_logging_foundations",),
        parts={
            name: f"logdojo.course.lossless_parts:{name}"
            for name in (
                "count_lost",
                "through_queue",
                "AppendHandler",
                "rotate_if_needed",
                "write_whole",
                "compress",
                "batches",
                "next_delay",
                "split_results",
                "deliver",
                "ship",
            )
        },
    ),
    Lab(
        4,
        "secure_logs",
        "Logs that keep secrets and show tampering",
        "a redaction filter, encrypted archives, a signed hash chain and a retention rule",
        150,
        "demanding",
        ("log.sensitive", "log.access", "log.encryption", "log.integrity", "log.audit", "log.retention"),
        ("01_logging_foundations", "02_structured_context"),
        parts={
            name: f"logdojo.course.secure_parts:{name}"
            for name in ("redact_text", "redact_value", "redact_record", "open_private", "link", "verify_chain")
        },
    ),
    Lab(
        5,
        "many_sources",
        "Many sources, one store",
        "five sources in one store, questions across them, shipping to Elasticsearch and Splunk, and a priority list",
        120,
        "moderate",
        ("log.central", "log.elk", "log.splunk", "log.story", "log.priority"),
        ("01_logging_foundations",),
        cell_seconds=60.0,
    ),
    Lab(
        6,
        "log_dataset",
        "From logs to a data set",
        "a labelled data set without copies or secrets, splits that share no scenario, and its data sheet",
        120,
        "moderate",
        ("llm.collect", "llm.what", "llm.applications"),
        ("05_many_sources",),
        parts={
            name: f"logdojo.course.dataset_parts:{name}"
            for name in (
                "find_secrets_and_people",
                "normalize",
                "label_sessions",
                "deduplicate",
                "minhash",
                "mine_template",
                "group_split",
                "shared_between",
                "prevalence",
                "at_base_rate",
                "data_sheet",
                "wrong_in_sheet",
                "perplexity",
            )
        },
        cell_seconds=60.0,
    ),
    Lab(
        7,
        "anonymize",
        "Anonymize before you train",
        "detectors, a field policy and keyed pseudonyms; leak and loss measured; a table in which nobody can be found",
        150,
        "demanding",
        ("llm.preprocess", "llm.privacy"),
        ("01_logging_foundations",),
        parts={"redact_line": "logdojo.course.parts:redact_line"},
    ),
    Lab(
        8,
        "transformer_from_tensors",
        "A transformer from tensors",
        "a byte-level BPE, causal self-attention and a small decoder that is pre-trained on logs",
        120,
        "demanding",
        ("llm.transformer", "llm.tokenize", "llm.pretrain", "llm.perplexity"),
        ("06_log_dataset",),
    ),
    Lab(
        9,
        "finetune",
        "Fine-tune a small model on security logs",
        "a training loop that turns a small language model into a log classifier, and its comparison with TF-IDF",
        90,
        "demanding",
        ("llm.finetune", "llm.select"),
        ("07_anonymize",),
        hardware="2 CPU cores, no network; a GPU for the larger version",
        cell_seconds=60.0,
    ),
    Lab(
        10,
        "evaluate_honestly",
        "Evaluate honestly",
        "precision, recall, F1, calibration, bits per byte and BLEU by hand, on splits that do not flatter",
        75,
        "moderate",
        ("llm.evaluate", "llm.bleu"),
        ("09_finetune",),
        cell_seconds=60.0,
    ),
    Lab(
        11,
        "responsible_model",
        "A model you can answer for",
        "measures of bias, memorization and explanation, and a model card written from the run",
        90,
        "demanding",
        ("llm.bias", "llm.interpret", "llm.transparency"),
        ("10_evaluate_honestly",),
        cell_seconds=60.0,
    ),
    Lab(
        12,
        "deploy_and_iterate",
        "Deploy and iterate",
        "a streaming triage service with a template cache, a drift alarm and one turn of the feedback loop",
        90,
        "demanding",
        ("llm.deploy", "llm.monitor", "llm.generate", "llm.challenges"),
        ("09_finetune",),
        cell_seconds=60.0,
    ),
    Lab(
        13,
        "incident_room",
        "The incident room",
        "an incident solved with your own pipeline, from raw lines to a report that a manager can act on",
        120,
        "demanding",
        ("llm.soc", "llm.benefits"),
        ("04_secure_logs", "07_anonymize", "12_deploy_and_iterate"),
        cell_seconds=60.0,
    ),
)


def find_lab(text: str) -> Lab:
    """Return the lab that ``text`` names: ``1``, ``01``, ``01_logging_foundations`` or ``logging_foundations``.

    Raises:
        UsageError: no lab is called that.
    """
    wanted = text.strip().removesuffix(".ipynb").removesuffix(".py")
    for lab in LABS:
        if wanted in {lab.slug, lab.name} or (wanted.isascii() and wanted.isdigit() and int(wanted) == lab.number):
            return lab
    raise UsageError(f"no lab is called {text!r}", hint=f"labs are 01 to {len(LABS):02}, such as {LABS[0].slug}")


@dataclass(frozen=True, slots=True)
class Course:
    """The folder that holds ``labs/`` and ``solutions/``."""

    root: Path

    @property
    def labs(self) -> Path:
        """Learners' notebooks, public checks and data."""
        return self.root / "labs"

    @property
    def solutions(self) -> Path:
        """Sources, solution notebooks and hidden checks."""
        return self.root / "solutions"

    def source(self, lab: Lab) -> Path:
        """Return the path of the lab's one source."""
        return self.solutions / f"{lab.slug}.py"

    def public_checks(self, lab: Lab) -> Path:
        """Return the path of the checks that learners have."""
        return self.labs / "checks" / f"{lab.slug}.py"

    def hidden_checks(self, lab: Lab) -> Path:
        """Return the path of the checks that only a grader has."""
        return self.solutions / "checks" / f"{lab.slug}.py"

    def check_files(self, lab: Lab) -> list[Path]:
        """Return the check files of the lab that exist, public ones first."""
        return [p for p in (self.public_checks(lab), self.hidden_checks(lab)) if p.is_file()]

    def released(self) -> list[Lab]:
        """Return the labs whose source exists."""
        return [lab for lab in LABS if self.source(lab).is_file()]


def find_course(start: Path | None = None) -> Course:
    """Return the course that ``start`` (the working folder when not given) lies in.

    Raises:
        CourseError: neither ``start`` nor a folder above it holds ``labs/`` and ``solutions/``.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "labs").is_dir() and (folder / "solutions").is_dir():
            return Course(folder)
    raise CourseError(f"{start}: no folder labs/ with solutions/ here or above", hint="run this inside the repository")
