"""How long the server works to move the page Trials to the next trial, against opening the page.

From the project's root:

    python -m benchmarks.redraw_trial [--source simulated] [--moves 20]

Prints milliseconds, the median over moves, and their ratio to the first drawing of the same part, which measures every
trial; ends with status 1 where a move takes 150 ms or more. Streamlit's AppTest runs the part as a server would, and
its own bookkeeping is counted in.
"""

import argparse
import statistics
import time

from streamlit.testing.v1 import AppTest


def part(source: str) -> None:
    """The part of the page that moves, by itself."""
    import numpy as np

    from eegnets.config import DataConfig
    from eegnets.ui.browsing import trial_browser
    from eegnets.ui.state import trials
    from eegnets.ui.survey import survey

    found = survey(trials(DataConfig(source)))
    trial_browser(found, np.arange(len(found.trials)), found.trials.ch_names[:2], lambda index: None)


def run(app: AppTest) -> float:
    """Milliseconds of one run; raises what the app raised."""
    began = time.perf_counter()
    app.run()
    if app.exception:
        raise SystemExit(app.exception[0].value)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Open, move, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="simulated")
    parser.add_argument("--moves", type=int, default=20)
    asked = parser.parse_args()
    app = AppTest.from_function(part, args=(asked.source,), default_timeout=120)
    first = run(app)
    moves = []
    for _ in range(asked.moves):
        next(button for button in app.button if button.label == "Next").click()
        moves.append(run(app))
    middle = statistics.median(moves)
    print(f"first {first:.0f} ms, next trial {middle:.0f} ms (slowest {max(moves):.0f}), ratio {first / middle:.0f}")
    raise SystemExit(middle >= 150)


if __name__ == "__main__":
    main()
