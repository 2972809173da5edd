"""How long a page takes in a real browser: from one page to the next, and to answer while two runs train.

From the project's root (needs Chromium and the packages of requirements-dev.txt):

    python -m benchmarks.page_speed [--times 5] [--epochs 200]

Each is timed by the browser: from the click until the page's heading stands, and until the server has run the page and
the browser has taken it up, its charts drawn or in work. Every page has been open once before. The two runs are EEGNets
on the simulated source that this app's workers carry out meanwhile; how much of a core the browser needs to watch them
is counted last.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page, expect, sync_playwright

from eegnets.config import RunConfig
from eegnets.runs import Run, RunStore
from tests.browser.conftest import FLAGS, Server, executable
from tests.settling import settled

PAGES = ("Trials", "Train", "Compare", "Activations", "Network", "Classify", "Devices")
# Milliseconds from an act until `there` holds, and until the server has run the page and the browser has taken it up.
TIMED = """async ([act, there]) => {
    const app = document.querySelector("[data-testid=stApp]"), began = performance.now()
    let ran = false, seen = 0
    const state = () => app.dataset.testScriptState
    const look = new MutationObserver(() => { ran = ran || state() === "running" })
    look.observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]})
    eval(act)
    while (!(seen && ran && state() === "notRunning")) {
        await new Promise(requestAnimationFrame)
        seen = seen || (eval(there) && performance.now() - began)
    }
    look.disconnect()
    return [seen, performance.now() - began]
}"""
CLICK = "document.evaluate({path!r}, document, null, 9).singleNodeValue.click()"
KEY = """for (const kind of ["keydown", "keyup"]) document.activeElement.dispatchEvent(
    new KeyboardEvent(kind, {key: "ArrowRight", code: "ArrowRight", keyCode: 39, bubbles: true}))"""


def timed(page: Page, act: str, there: str) -> tuple[float, float]:
    """Seconds until something is there, and until all is."""
    seen, done = page.evaluate(TIMED, [act, there])
    settled(page)
    return seen / 1e3, done / 1e3


def switches(page: Page, times: int) -> pd.DataFrame:
    """Seconds from a click in the menu until the page's heading stands, and until all of it does."""
    found = []
    for number in range(times + 1):  # the first opens every page, and does not count
        for name in PAGES:
            path = f"//*[@data-testid='stSidebarNav']//a[contains(., '{name}')]"
            there = f"document.querySelector('h1')?.innerText.trim() === {name!r}"
            seconds = timed(page, CLICK.format(path=path), there)
            found += [{"page": name, "heading": seconds[0], "all": seconds[1]}] * bool(number)
    return pd.DataFrame(found).groupby("page", sort=False).agg(["median", "max"])


def answers(page: Page, url: str, times: int) -> pd.DataFrame:
    """Seconds until a click on the next trial and a step of a slider are answered."""
    found = []
    for name, address in {"next trial": "trials", "slider of a curve": "activations"}.items():
        page.goto(f"{url}/{address}?subjects=A")
        settled(page)
        for _ in range(times):
            if address == "trials":
                act = CLICK.format(path="//button[contains(., 'Next')]")
            else:
                page.get_by_role("slider").first.focus()
                act = KEY
            found.append({"act": name, "answered": timed(page, act, "true")[1]})
    return pd.DataFrame(found).groupby("act", sort=False).agg(["median", "max"])


def watching(page: Page, url: str, runs: list[Run], seconds: float = 20.0) -> pd.DataFrame:
    """The share of a core that a page takes in the browser while it shows one run, and while it shows all."""
    counter, found = page.context.new_cdp_session(page), []
    counter.send("Performance.enable")

    def busy() -> float:
        return next(
            m["value"] for m in counter.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    for name, shown in {"one run": runs[:1], "its curves beside another's": runs}.items():
        page.goto(f"{url}/train?{'&'.join(f'run={run.id}' for run in shown)}")
        settled(page)
        before, began = busy(), time.perf_counter()
        page.wait_for_timeout(seconds * 1e3)
        found.append({"watched": name, "of a core": (busy() - before) / (time.perf_counter() - began)})
    return pd.DataFrame(found).set_index("watched")


def main() -> int:
    """Print the medians and the longest, in seconds."""
    parser = argparse.ArgumentParser(description="How long a page takes, and answers while two runs train.")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200, help="of the two runs")
    asked = parser.parse_args()
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        server = Server(Path(folder) / "runs")
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{server.url}/?subjects=A")
        settled(page)
        tables = {"page switch": switches(page, asked.times), "at rest": answers(page, server.url, asked.times)}
        store = RunStore(Path(folder) / "runs")
        runs = [store.create(RunConfig().with_(epochs=asked.epochs, seed=seed, threads=1)) for seed in (0, 1)]
        while not all(run.history() for run in runs):
            time.sleep(0.1)
        tables["while two runs train"] = answers(page, server.url, asked.times)
        watched = watching(page, server.url, runs)
        if not all(run.status.state == "running" for run in runs):
            print("a run ended meanwhile: take more epochs")
        server.forget_runs()
        server.stop()
        browser.close()
    for title, table in tables.items():
        print(f"\n{title} (s)\n{table.round(2).to_string()}")
    print(f"\nto watch them (share of a core)\n{watched.round(2).to_string()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
