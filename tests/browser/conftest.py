"""A real JupyterLab on a copy of the labs, and a real Chromium to use it with."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90
expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Args:
        url: its address, without the path.
        token: what lets a browser in.
        folder: the copied labs that it shows.
        settings: folder of its settings.
    """

    url: str
    token: str
    folder: Path
    settings: Path

    def set(self, plugin: str, **values: object) -> None:
        """Write the settings of one of its plugins; they count from the next page on."""
        package, name = plugin.split(":")
        path = self.settings / package / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")

    def open(self, page: Page, notebook: str) -> Locator:
        """Open a notebook and wait for its kernel; return its cells."""
        page.goto(f"{self.url}/lab/tree/{notebook}?token={self.token}&reset")
        cells = page.locator(".jp-Notebook .jp-Cell")
        expect(cells.first).to_be_visible(timeout=60_000)
        # Cells that are run before the kernel has answered are dropped without a word.
        expect(page.get_by_role("button", name="| Idle")).to_be_visible(timeout=60_000)
        return cells


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("jupyter")
    labs = home / "course" / "labs"
    shutil.copytree(ROOT / "labs", labs, ignore=shutil.ignore_patterns("my_soc", ".ipynb_checkpoints"))
    shutil.copytree(ROOT / "quizzes", home / "course" / "quizzes")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), labs, home / "settings")
    # No question about news, no look for updates: the test must not depend on a network.
    lab.set("@jupyterlab/apputils-extension:notification", fetchNews="false", checkForUpdates=False)
    lab.set("@jupyterlab/notebook-extension:tracker", windowingMode="none")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_WORKSPACES_DIR", "HOME")
    folders = {name: str(home / name.lower()) for name in names}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"),
        *("--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={lab.token}"),
        *(f"--ServerApp.root_dir={labs}", "--LabApp.extension_manager=readonly"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    for folder in folders.values():
        Path(folder).mkdir()
    environment = {**os.environ, **folders, "JUPYTERLAB_SETTINGS_DIR": str(lab.settings)}
    with (home / "jupyter.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait(lab, server, home / "jupyter.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(START_SECONDS * 4):
        try:
            with urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=5):  # noqa: S310, our own server
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            assert server.poll() is None, log.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.25)
    pytest.fail(f"JupyterLab did not answer: {log.read_text(encoding='utf-8')[-2000:]}")


# Playwright keeps an event loop running in this thread; it must end with this folder, or no later test can start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium browser; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


@pytest.fixture
def picture(page: Page) -> Any:
    """Return a function that keeps what the page shows, under a name."""
    SCREENSHOTS.mkdir(exist_ok=True)

    def take(name: str, near: Locator | None = None) -> Path:
        if near is not None:
            near.scroll_into_view_if_needed()
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
