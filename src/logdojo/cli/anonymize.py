"""``logdojo anonymize``: lines in, lines out without sensitive values, same count and order."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final, cast

import typer

from logdojo.cli.keys import given_key
from logdojo.cli.streams import byte_progress, console
from logdojo.errors import InputError, LeakError, LogdojoError, UsageError
from logdojo.settings import Settings

if TYPE_CHECKING:
    from logdojo.anonymize.files import Recipe, Tally
    from logdojo.anonymize.files.reading import Readable

_RANDOM_KEY_BYTES: Final = 32
_SHOWN: Final = 5  # leaks named in an error
_QUIET_SECONDS: Final = 2.0


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(anonymize)


def anonymize(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Log files, plain or gzip; standard input when none is named.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the secret key, at least 16 bytes; without it, LOGDOJO_KEY.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder: each FILE becomes a file of its name there. A broken run goes on.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the files, or one large file.")] = 1,
    policy: Annotated[Path | None, typer.Option(help="Field policy in YAML; logdojo's own when left out.")] = None,
    report: Annotated[Path | None, typer.Option(help="JSON file for what was counted; it holds no value.")] = None,
) -> None:
    """Replace addresses, users, hosts, accounts and secrets in log lines by keyed pseudonyms.

    The same key gives the same pseudonyms in every run. Without a key a random one is made and thrown away. A file is
    read twice: what its last line tells is taken out of its first. Standard input comes by once. Exit code 1 means that
    the audit found an original value in the output, or that a file could not be read or written.
    """
    from logdojo.anonymize.files import Recipe, Tally
    from logdojo.anonymize.policy import load_policy

    settings = Settings()
    if out is not None and not files:
        raise UsageError("--out without files", hint="name the files that go into the folder")
    if workers > 1 and not files:
        raise UsageError("--workers without files", hint="standard input is one stream and is read by one process")
    load_policy(policy)
    recipe = Recipe(_key(key_file, settings), policy, settings.max_line_bytes, count_fields=report is not None)
    total = Tally()
    sources: dict[str, Tally] = {}
    failures: list[str] = []
    if out is not None:
        failures = _into_folder(files or [], out, recipe, workers, sources)
    elif files:
        _to_stdout(files, recipe, workers, sources)
    else:
        sources["standard input"] = _from_stdin(recipe)
    for tally in sources.values():
        total.add(tally)
    _summarize(total)
    if report is not None:
        _write_report(report, total, sources, failures)
    _judge(sources, failures)


def _from_stdin(recipe: Recipe) -> Tally:
    from logdojo.anonymize.files import anonymize_stream

    with _bar(None) as progress:
        out = _Lines(sys.stdout.buffer)
        tally = anonymize_stream(cast("Readable", sys.stdin.buffer), out, recipe, progress=progress)
        out.finish()
        return tally


def _to_stdout(files: list[Path], recipe: Recipe, workers: int, sources: dict[str, Tally]) -> None:
    from logdojo.anonymize.files import Hand, anonymize_file

    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: no such file", hint="name an existing file, or pipe lines into standard input")
    hand = Hand(recipe)
    with _bar(files) as progress:
        for file in files:
            out = _Lines(sys.stdout.buffer)
            sources[str(file)] = anonymize_file(file, out, recipe, hand=hand, workers=workers, progress=progress)
            out.finish()


def _into_folder(files: list[Path], folder: Path, recipe: Recipe, workers: int, sources: dict[str, Tally]) -> list[str]:
    from logdojo.anonymize.files import anonymize_files

    skipped, failures = 0, []
    with _bar(files) as progress:
        for done in anonymize_files(files, folder, recipe, workers=workers, progress=progress):
            sources[str(done.path)] = done.tally
            skipped += done.skipped
            failures += [done.error] if done.error else []
    if skipped:
        console.print(f"{skipped:,} of {len(files):,} files were done already", soft_wrap=True, highlight=False)
    return failures


class _Lines:
    """Standard output, where a last line without an end gets one.

    Raises:
        LogdojoError: it cannot be written.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._last = b"\n"

    def write(self, data: bytes) -> None:
        with _explained():
            self._out.write(data)
        self._last = data[-1:] or self._last

    def flush(self) -> None:
        with _explained():
            self._out.flush()

    def finish(self) -> None:
        if self._last != b"\n":
            self.write(b"\n")
        self.flush()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LogdojoError(
            f"standard output: cannot write: {error.strerror}",
            hint="make room where it goes; this output is incomplete",
        ) from error


@contextmanager
def _bar(files: list[Path] | None) -> Iterator[Callable[[int], None]]:
    """Yield what takes the bytes that were read, and shows them on a terminal when the work takes longer."""
    total = None if files is None else 2 * sum(file.stat().st_size for file in files if file.is_file())
    started, bar, task, seen = time.monotonic(), byte_progress(), None, 0

    def advance(size: int) -> None:
        nonlocal task, seen
        seen += size
        if task is None and time.monotonic() - started > _QUIET_SECONDS:
            bar.start()
            task = bar.add_task("anonymize", total=total)
        if task is not None:
            bar.update(task, completed=seen)

    try:
        yield advance
    finally:
        if task is not None:
            bar.stop()


def _key(key_file: Path | None, settings: Settings) -> bytes:
    key = given_key(key_file, settings)
    if key is not None:
        return key
    console.print(
        "no --key-file and no LOGDOJO_KEY: using a random key; these pseudonyms will not match those of any other run",
        style="yellow",
        soft_wrap=True,
    )
    return secrets.token_bytes(_RANDOM_KEY_BYTES)


def _summarize(total: Tally) -> None:
    replaced = ", ".join(f"{count:,} {name}" for name, count in total.replaced.most_common())
    learnt = f", and {total.propagated:,} known from other lines" if total.propagated else ""
    console.print(f"{total.lines:,} lines; replaced: {replaced or 'nothing'}{learnt}", soft_wrap=True, highlight=False)
    if total.withheld:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in total.withheld.most_common())
        console.print(f"withheld as [withheld: …] lines: {reasons}", soft_wrap=True, highlight=False, markup=False)
    if total.missed:
        console.print(
            f"{total.missed:,} names were too many to hunt for in other lines than their own",
            soft_wrap=True,
            highlight=False,
        )


def _write_report(path: Path, total: Tally, sources: dict[str, Tally], failures: list[str]) -> None:
    said: dict[str, Any] = total.as_json()
    del said["withheld_lines"], said["leaks"]
    said["unclaimed_default"] = "searched as free text"
    said["failures"] = failures
    said["sources"] = {name: tally.as_json() for name, tally in sources.items()}
    try:
        path.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise LogdojoError(f"{path}: cannot write: {error.strerror}", hint="name another file") from error


def _judge(sources: dict[str, Tally], failures: list[str]) -> None:
    """Raise when an original value stands in the output, or a file could not be read.

    Raises:
        LeakError: lines and classes are named, not the values.
        InputError: names the files.
    """
    found = [
        f"{name + ' ' if len(sources) > 1 else ''}line {line} ({class_name})"
        for name, tally in sources.items()
        for line, class_name in tally.leaks
    ]
    leaked = sum(tally.leaked for tally in sources.values())
    if leaked:
        more = f" and {leaked - _SHOWN} more" if leaked > _SHOWN else ""
        raise LeakError(
            f"original values stand in the output: {', '.join(found[:_SHOWN])}{more}",
            hint="do not share this output; add the field's name to a policy file, or report the line's form",
        )
    if failures:
        raise InputError(
            "; ".join(failures), hint="the other files are done; mend these and run the same command again"
        )
