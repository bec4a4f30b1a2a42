"""The command line: one module a command group, found by listing this folder.

A module that offers commands has a function ``register(app)``. Results go to standard output, everything else to
standard error. Exit codes: 0 fine, 1 the work failed, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import pkgutil
import sys
from typing import Annotated

import typer

from logdojo.errors import LogdojoError


def build_app() -> typer.Typer:
    """Return the command tree of all modules in this folder."""
    app = typer.Typer(
        name="logdojo",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        register = getattr(importlib.import_module(f"{__name__}.{module.name}"), "register", None)
        if register is not None:
            register(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(importlib.metadata.version("logdojo"))
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """From a raw log line to a triage verdict, and the course about it."""


def main() -> None:
    """Run the command line; turn logdojo's own errors into one line and an exit code."""
    try:
        build_app()()
    except LogdojoError as error:
        print(f"logdojo: {error}", file=sys.stderr)
        if error.hint:
            print(f"  hint: {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away (``| head``). Point stdout at nothing, so that the interpreter's last flush is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
