"""``logdojo doctor``: what this machine has, and what will be skipped on it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil

import typer

PACKAGES = ("torch", "transformers", "datasets", "safetensors", "scikit-learn", "jupyterlab", "ipywidgets", "nbval")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(doctor)


def doctor() -> None:
    """Print versions, device and dtype, and what will be skipped here."""
    from logdojo.model.device import choose_device, choose_dtype

    print(
        f"logdojo {importlib.metadata.version('logdojo')} on Python {platform.python_version()}, {platform.platform()}"
    )
    for name in PACKAGES:
        try:
            print(f"  {name:14} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"  {name:14} missing: pip install -c .ci/constraints.txt -e '.[dev]'")
    device = choose_device()
    print(f"  {'device':14} {device}, training in {choose_dtype(device)}, {os.cpu_count()} CPU cores")
    if device.type == "cpu":
        print("  skipped: the gpu profile (no CUDA device)")
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        print("  skipped: the browser test (no Chromium; on Debian: apt-get install chromium)")
