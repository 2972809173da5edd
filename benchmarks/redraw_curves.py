"""How long the server works to draw the curves of the page Activations anew when a slider is moved.

From the project's root:

    python -m benchmarks.redraw_curves [--moves 20] [--functions 6]

Prints milliseconds, the median over moves; ends with status 1 where a move takes 150 ms or more. Streamlit's AppTest
runs the part as a server would, and its own bookkeeping is counted in.
"""

import argparse
import statistics

from streamlit.testing.v1 import AppTest

from benchmarks.redraw_trial import run


def part() -> None:
    """The part of the page that moves, by itself."""
    from eegnets.ui.bending import curves_part

    curves_part()


def main() -> None:
    """Open, move, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--functions", type=int, default=6, choices=range(1, 12), metavar="1..11")
    asked = parser.parse_args()
    app = AppTest.from_function(part, default_timeout=120)
    app.query_params["functions"] = _names(asked.functions)
    first = run(app)
    moves = []
    for move in range(asked.moves):
        app.slider(key="curve_alpha").set_value(1 + 0.1 * (move + 1))
        moves.append(run(app))
    middle = statistics.median(moves)
    print(f"first {first:.0f} ms, slider moved {middle:.0f} ms (slowest {max(moves):.0f})")
    raise SystemExit(middle >= 150)


def _names(n: int) -> list[str]:
    from eegnets.activations import ACTIVATIONS

    return list(ACTIVATIONS)[:n]  # the first, ELU, is the one whose slider moves


if __name__ == "__main__":
    main()
