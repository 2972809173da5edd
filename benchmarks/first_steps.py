"""What a newcomer waits for: the first page, the first point of the first network's curve, its last epoch.

From the project's root (needs Chromium and the packages of requirements-dev.txt):

    python -m benchmarks.first_steps [--times 3] [--reading 3]

`--reading`: seconds between the page and the click, in which the worker gets ready. Every time starts a server of its
own with an empty folder of runs; the cache of trials is empty the first time. The first point is the ring of the epoch
in work, at the loss of the training trials seen so far; the first epoch is the first whole one.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, expect, sync_playwright

from eegnets.runs import RunStore
from tests.browser.conftest import FLAGS, Server, executable

POINT = "[data-testid=stVegaLiteChart] .mark-symbol.role-mark path"  # of a curve


def measured(browser: Browser, folder: Path, reading: float) -> dict[str, float]:
    """Seconds from `streamlit run` and from the click, and those of an epoch."""
    began = time.monotonic()
    server = Server(folder / "runs")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(server.url)
    button = page.get_by_role("button", name="Train your first network")
    expect(button).to_be_enabled()
    usable = time.monotonic() - began
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    drawn = time.monotonic() - began
    time.sleep(reading)
    button.click()
    clicked = time.monotonic()
    page.wait_for_url(re.compile("/train.*run="))
    expect(page.locator(POINT).first).to_be_visible()
    first_point = time.monotonic() - clicked
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 30"))).to_be_visible()
    first_epoch = time.monotonic() - clicked
    expect(page.get_by_text("Finished").first).to_be_visible()
    finished = time.monotonic() - clicked
    seconds = [record["seconds"] for record in RunStore(server.runs).runs()[0].history()]
    page.close()
    server.stop()
    return {
        "page usable": usable,
        "first trial drawn": drawn,
        "click to first point": first_point,
        "click to first epoch": first_epoch,
        "click to finished": finished,
        "an epoch (median)": sorted(seconds)[len(seconds) // 2],
    }


def main() -> int:
    """Print a column a time, in seconds."""
    parser = argparse.ArgumentParser(description="How long a newcomer waits.")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--reading", type=float, default=3.0, help="seconds before the click")
    asked = parser.parse_args()
    expect.set_options(timeout=180_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        columns = {}
        for number in range(1, asked.times + 1):
            with tempfile.TemporaryDirectory() as folder:
                columns[f"time {number} (s)"] = measured(browser, Path(folder), asked.reading)
        browser.close()
    print(pd.DataFrame(columns).round(2).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
