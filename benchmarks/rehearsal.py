"""A newcomer's path: clone, install, start and open everything as README.md says it, and tell what went wrong.

From the project's root:

    python -m benchmarks.rehearsal [--here] [--no-tests] [--pictures DIR]

It is run like a benchmark and is no test, because it installs the project from the network, for minutes. It clones
what is committed, makes a fresh environment, runs README's two commands as they stand there, opens every page in both
languages, both themes, on a wide screen and on a phone, follows every link inside the app, and trains the first network
by a click. Ends with status 1 if anything was wrong. `--here` takes this checkout and this environment.

The pictures of the Chinese pages need a font that has the characters: `apt-get install fonts-noto-cjk`.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from playwright.sync_api import Error, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT, answers, executable, free_port, note
from tests.settling import settled

LANGUAGES = {"en": "", "zh-TW": "lang=zh-TW"}
SIZES = {"wide": 1280, "phone": 390}
# What fills a page that would else only ask for a choice.
VIEWS = {"classify": "network=simulated-eegnet-relu", "network": "network=simulated-eegnet-relu"}
OVERFLOW = """() => Math.max(...[document.documentElement, document.querySelector("[data-testid=stMain]")]
    .map(element => element.scrollWidth - element.clientWidth))"""
HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"
# Streamlit leaves the address in a link that is disabled.
LINKS = "() => [...document.querySelectorAll('a[href]:not([disabled])')].map(a => a.href)"


def commands(readme: str) -> list[str]:
    """README's two commands: its first two code blocks; the one starts the app, the other runs the tests."""
    start, test = re.findall(r"^```\n(.+?)\n```$", readme, re.MULTILINE | re.DOTALL)[:2]
    assert "streamlit run" in start, f"README's first code block does not start the app: {start}"
    assert "pytest" in test, f"README's second code block does not run the tests: {test}"
    return [start, test]


class Rehearsal:
    """What was opened, and what was wrong."""

    def __init__(self, pictures: Path | None) -> None:
        self.pictures, self.opened = pictures, 0
        self.wrong: list[str] = []
        self.links: dict[str, str] = {}  # address -> where it was found

    def say(self, where: str, what: str) -> None:
        """Something is wrong."""
        self.wrong.append(f"{where}: {what}")
        print("WRONG", self.wrong[-1], flush=True)

    def look(self, page: Page, where: str) -> None:
        """Wait until a page is drawn, and note what it complains about."""
        try:
            expect(page.get_by_role("heading", level=1).first).to_be_visible()
            settled(page)
        except (AssertionError, Error) as problem:
            self.say(where, str(problem).partition("\n")[0])
        for test_id in ("stException", "stAlertContentError"):
            for shown in page.get_by_test_id(test_id).all():
                self.say(where, f"{test_id}: {shown.inner_text()}")
        if page.get_by_text("Page not found").count():
            self.say(where, "the page is not found")
        for error in page.errors:
            self.say(where, f"console: {error}")
        page.errors.clear()
        self.opened += 1

    def walk(self, page: Page, url: str) -> None:
        """Every page in every language, size and theme."""
        for name in sorted(path.stem for path in (ROOT / "pages").glob("*.py")):
            for language, query in LANGUAGES.items():
                page.set_viewport_size({"width": 1280, "height": 800})
                page.goto(f"{url}/{'' if name == 'start' else name}?{query}&{VIEWS.get(name, '')}")
                self.look(page, f"{name} {language}")
                for link in page.evaluate(LINKS):
                    address = urldefrag(link).url
                    if urlsplit(address).netloc == urlsplit(url).netloc:
                        self.links.setdefault(address, f"{name} {language}")
                self.vary(page, f"{name}-{language}")

    def vary(self, page: Page, name: str) -> None:
        """One page, opened already, in every size and theme; a picture of each."""
        for size, width in SIZES.items():
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 800})
                self.look(page, f"{name} {size} {theme}")
                if page.evaluate(OVERFLOW) > 0:
                    self.say(f"{name} {size} {theme}", "is wider than the screen")
                if self.pictures:
                    # The page scrolls inside the window, so all of it is seen only where the window is as high.
                    page.set_viewport_size({"width": width, "height": min(page.evaluate(HEIGHT) + 20, 6000)})
                    settled(page)
                    page.screenshot(path=self.pictures / f"{name}-{size}-{theme}.png")
        page.emulate_media(color_scheme="light")

    def follow(self, page: Page) -> None:
        """Every link inside the app that any page has."""
        page.set_viewport_size({"width": 1280, "height": 800})
        for address, found in self.links.items():
            page.goto(address)
            self.look(page, f"{address}, linked from {found}")

    def first_network(self, page: Page, url: str) -> None:
        """The first network, by a click, to its last epoch."""
        page.goto(url)
        self.look(page, "start")
        page.get_by_role("button", name="Train your first network").click()
        try:
            expect(page.get_by_text("Finished").first).to_be_visible(timeout=600_000)
        except AssertionError as problem:
            self.say("the first network", str(problem).partition("\n")[0])
        self.look(page, "the first network")
        self.vary(page, "first-network")


@contextlib.contextmanager
def served(command: str, folder: Path, environment: dict[str, str], work: Path) -> Iterator[str]:
    """The app, started by README's command in a folder; gives its address and stops it in the end."""
    port = free_port()
    own = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true", "EEGNETS_RUNS": str(work / "runs")}
    own |= {"EEGNETS_DATA": str(work / "data")}  # a newcomer has no recordings yet
    with (work / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=folder,
            env=environment | own,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 1800  # the first start installs PyTorch
            while not answers(f"http://localhost:{port}/_stcore/health"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"`{command}` did not start the app:\n{(work / 'server.log').read_text()}")
                time.sleep(0.5)
            yield f"http://localhost:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def prepared(here: bool, work: Path) -> tuple[Path, dict[str, str]]:
    """The folder and the environment to rehearse in: this checkout and Python, or a clone and a fresh one."""
    if here:
        folder, binaries = ROOT, Path(sys.executable).parent
    else:
        folder = work / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        venv.create(work / "venv", with_pip=True)
        binaries = work / "venv" / ("Scripts" if os.name == "nt" else "bin")
    return folder, os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}


def main() -> None:
    """Rehearse, tell, and exit 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="this checkout and environment, nothing is installed")
    parser.add_argument("--no-tests", action="store_true", help="leave README's second command out")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="keep a picture of every page here")
    asked = parser.parse_args()
    if asked.pictures:
        asked.pictures = asked.pictures.absolute()
        asked.pictures.mkdir(parents=True, exist_ok=True)
    rehearsal = Rehearsal(asked.pictures)
    work = Path(tempfile.mkdtemp())
    try:
        folder, environment = prepared(asked.here, work)
        start, test = commands((folder / "README.md").read_text(encoding="utf-8"))
        if asked.here:  # what stands before the last && installs
            start, test = (command.rpartition("&&")[2].strip() for command in (start, test))
        print("$", start, flush=True)
        with served(start, folder, environment, work) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
            expect.set_options(timeout=60_000)
            page = browser.new_page()
            page.errors = []
            page.on("console", lambda message: note(page, message))
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            rehearsal.walk(page, url)
            rehearsal.follow(page)
            rehearsal.first_network(page, url)
            browser.close()
        _, trouble, after = (work / "server.log").read_text().partition("Traceback")
        if trouble:
            rehearsal.say("the server's log", trouble + after)
        if not asked.no_tests:
            print("$", test, flush=True)
            if subprocess.run(test, shell=True, cwd=folder, env=environment).returncode:
                rehearsal.say("the tests", "failed")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{rehearsal.opened} views, {len(rehearsal.links)} links inside the app, {len(rehearsal.wrong)} wrong")
    raise SystemExit(bool(rehearsal.wrong))


if __name__ == "__main__":
    main()
