"""``logdojo logs …``: verify, review and ship what an application has logged; one module a command."""

from __future__ import annotations

import importlib
import pkgutil

import typer


def register(app: typer.Typer) -> None:
    """Add the group ``logs`` with the commands of all modules in this folder."""
    group = typer.Typer(no_args_is_help=True, help="Verify, review, ship and retain an application's logs.")
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        importlib.import_module(f"{__name__}.{module.name}").register(group)
    app.add_typer(group, name="logs")
