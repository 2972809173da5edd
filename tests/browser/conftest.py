"""A real server and a real browser; without a browser the tests skip, unless EEGNETS_REQUIRE asks for one."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from eegnets.config import InputError
from eegnets.runs import RunStore

ROOT = Path(__file__).parents[2]
# Debian's Chromium without windows comes first: it draws the same pages with a tenth less of the processor's time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Closed networks refuse what a browser asks for in the background, and each refusal would look like the app's error.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--process-per-site"]


def executable():
    """The path of a browser that is installed, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def playwright():
    """Playwright, where there is a browser for it."""
    if executable() is None:
        reason = f"a browser is needed: install one of {', '.join(BROWSERS)}"
        if "browser" in os.environ.get("EEGNETS_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browser(playwright):
    """A browser that nobody has used, for windows of several people."""
    opened = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
    yield opened
    opened.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=1).read() == b"ok"
    except OSError:
        return False


class Server:
    """`streamlit run app.py` on a folder of runs of its own."""

    def __init__(self, runs, port=None, *options):
        self.runs = runs
        self.port = port or free_port()
        self.options = options
        self.url = f"http://localhost:{self.port}"
        self.start()

    def start(self):
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        command += [f"--server.port={self.port}", *self.options]
        environment = os.environ | {"EEGNETS_RUNS": str(self.runs)}
        self.log = (self.runs.parent / "server.log").open("a")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while not answers(f"{self.url}/_stcore/health"):
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def forget_runs(self):
        """Stop what still trains, and leave an empty folder of runs."""
        store, deadline = RunStore(self.runs), time.monotonic() + 60
        while runs := store.runs():
            assert time.monotonic() < deadline, "a run did not stop"
            for run in runs:
                with contextlib.suppress(InputError):  # it has ended
                    run.stop()
                with contextlib.suppress(InputError):  # somebody still works on it
                    store.delete(run.id)
            time.sleep(0.05)
        store.trash.empty()

    def said(self):
        """All that its log holds."""
        return (self.runs.parent / "server.log").read_text()

    def complaints(self, since=0):
        """What the log says from its first traceback on, of what came `since`; nothing where all went well."""
        _, trouble, after = self.said()[since:].partition("Traceback")
        return trouble + after


@pytest.fixture
def with_secrets(tmp_path):
    """A maker of a server of its own, given what its secrets.toml says of its address."""
    started = []

    def make(secrets):
        port, file = free_port(), tmp_path / "secrets.toml"
        file.write_text(secrets(f"http://localhost:{port}"))
        started.append(Server(tmp_path / "runs", port, f"--secrets.files={file}"))
        return started[-1]

    yield make
    for server in started:
        server.forget_runs()
        server.stop()
        assert server.complaints() == ""


@pytest.fixture(scope="session")
def _running(tmp_path_factory):
    """One server for all files: to start one takes seconds."""
    running = Server(tmp_path_factory.mktemp("app") / "runs")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(_running):
    """The server, without runs at first; and it has nothing to complain about."""
    _running.forget_runs()
    since = len(_running.said())
    yield _running
    assert _running.complaints(since) == ""


@pytest.fixture(scope="session")
def _window(playwright, _running, tmp_path_factory):
    """One window for all tests, with a folder: what is there of Streamlit's own code need not be compiled again.

    Its first page stays at the server: the process that draws it draws the tests' too (`--process-per-site`), and a
    new process for each would cost more than to open the page.
    """
    settings = {"executable_path": executable(), "args": FLAGS, "viewport": {"width": 1280, "height": 800}}
    window = playwright.chromium.launch_persistent_context(tmp_path_factory.mktemp("window"), **settings)
    window.pages[0].goto(f"{_running.url}/_stcore/health")
    yield window
    window.close()


@pytest.fixture
def page(_window, server):
    """A browser page that remembers what went wrong in it."""
    with _window.expect_page() as opening:
        _window.pages[0].evaluate("open()")
    opened = opening.value
    opened.set_default_timeout(60_000)
    opened.errors = []
    opened.on("console", lambda message: note(opened, message))
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    for left in _window.pages[1:]:  # without any, the window would close
        left.close()


def note(page, message):
    """Keep errors; Streamlit looking for its server below a page's own address is how it finds it, not an error."""
    probing = "/_stcore/" in message.location.get("url", "")
    if message.type == "error" and not probing:
        page.errors.append(message.text)


@pytest.fixture
def picture(page):
    """Save a screenshot in the folder that EEGNETS_PICTURES names, for people to look at."""
    folder = os.environ.get("EEGNETS_PICTURES")

    def take(name):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take
