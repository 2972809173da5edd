"""What it costs to ask a network: one trial, the next trial on the page, a whole test set, and ten uploads in a row.

From the project's root:

    python -m benchmarks.classify [--uploads 10]

Each figure stands beside its bound; ends with status 1 where one is missed. The page is run by Streamlit's AppTest, as
a server would, its own bookkeeping counted in. Memory is what the process holds after a collection; that of the first
four uploads is not compared, since the page remembers as many.
"""

import argparse
import gc
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from eegnets import sources
from eegnets.classification import Classifier
from eegnets.runs import shipped

REMEMBERED = 4  # uploads that the page keeps
missed = []


def milliseconds(act: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def tell(what: str, value: float, bound: float, unit: str) -> None:
    """A line, and a note where the bound is missed."""
    print(f"{what:56}{value:10.1f} {unit:4} (bound {bound:g})")
    if value >= bound:
        missed.append(what)


def held() -> float:
    """MB that the process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def networks() -> None:
    """One trial, and all test trials, without a page."""
    for name in ("o3vr-eegnet-elu", "o3vr-deepconvnet-elu"):
        run = shipped().get(name)
        if not sources.SOURCES[run.config.data.source].state(sources.data_root()).subjects:
            print(f"{name}: its recordings are not here")
            continue
        classifier, recorded = Classifier(run), sources.load(run.config.data)
        fold = classifier.fold(recorded, "test")
        one = fold.take(np.array([0]))
        classifier.answers(one)
        single = statistics.median(milliseconds(lambda one=one, c=classifier: c.answers(one)) for _ in range(10))
        tell(f"{name}, one trial", single, 100, "ms")
        whole = milliseconds(lambda c=classifier, r=recorded: c.answers(c.fold(r, "test")))
        tell(f"{name}, its {len(fold)} test trials", whole, 1000, "ms")


def run(app: AppTest) -> float:
    """Milliseconds of one run of a page; raises what the app raised."""
    spent = milliseconds(app.run)
    if app.exception:
        raise SystemExit(app.exception[0].value)
    return spent


def page(view: str) -> AppTest:
    """The page Classify with a shipped network, opened."""
    app = AppTest.from_file(str(Path("app.py").resolve()), default_timeout=120)
    PagesManager.uses_pages_directory = False  # AppTest forgets that the app has called st.navigation
    app.query_params["network"], app.query_params["subjects"] = "simulated-eegnet-elu", "A"
    app.query_params["view"] = view
    app.run()
    app.switch_page("pages/classify.py")
    run(app)
    return app


def part() -> None:
    """The part of the page that moves from trial to trial, by itself."""
    from eegnets.runs import shipped
    from eegnets.ui.classifying import answer_browser, answers_of
    from eegnets.ui.state import trials

    run = shipped().get("simulated-eegnet-elu")
    answer_browser(run, *answers_of(run, trials(run.config.data), "test"))


def moves() -> None:
    """The next trial on the page: the answers of six networks, and where one of them looked."""
    app = AppTest.from_function(part, default_timeout=120)
    run(app)
    spent = []
    for _ in range(20):
        next(button for button in app.button if button.label == "Next").click()
        spent.append(run(app))
    print(f"{'the next trial drawn: six networks, where one looked':56}{statistics.median(spent):10.1f} ms")


def uploads(n: int) -> None:
    """Files of 500 trials, one after the other."""
    app, sizes, spent = page("Your files"), [], []
    for i in range(n):
        file = io.BytesIO()
        np.save(file, 5 * np.random.default_rng(i).standard_normal((500, 2, 750)).astype(np.float32))
        uploader = next(found for found in app.file_uploader if "classify" in found.label)
        uploader.set_value([(f"upload-{i}.npy", file.getvalue(), "application/octet-stream")])
        spent.append(run(app))
        sizes.append(held())
    print(f"{'an upload of 500 trials, the whole page drawn anew':56}{statistics.median(spent):10.1f} ms")
    after = sizes[REMEMBERED:]
    half = len(after) // 2
    grown = statistics.median(after[-half:]) - statistics.median(after[:half])
    print("MB held after each:", " ".join(f"{size:.0f}" for size in sizes))
    tell("growth, later uploads against earlier ones", grown, 5, "MB")


def main() -> None:
    """Ask, move, upload, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=10)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    networks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EEGNETS_RUNS"] = folder
        moves()
        uploads(asked.uploads)
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
