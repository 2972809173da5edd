"""How long the server works on each part of the page Network when something in it is moved.

From the project's root:

    python -m benchmarks.redraw_network [--moves 10]

Prints processor milliseconds, the median over moves and the slowest; ends with status 1 where a median is 150 ms or
more. Each part is a fragment, run as a server would by Streamlit's AppTest, whose own bookkeeping is counted in.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from streamlit.testing.v1 import AppTest


def part(name: str) -> None:
    """One part of the page by itself, on the first shipped network and the simulated trials."""
    from eegnets.config import DataConfig
    from eegnets.ui import listening, looking
    from eegnets.ui.state import trials

    recorded = trials(DataConfig("simulated", ("A",)))
    looked = looking.network_to_look_at(recorded, "simulated")
    if name == "trial":
        looking.inside(looked, looking.whole(recorded, "test"))
    elif name == "kernel":
        listening.first_layer(looked)
    else:
        listening.calculator()


MOVES: dict[str, tuple[str, Callable[[AppTest, int], object]]] = {
    "another trial": ("trial", lambda app, i: app.number_input(key="trial").set_value(i + 2)),
    "another layer": ("trial", lambda app, i: app.selectbox(key="layer").select_index(i % 12 + 2)),
    "another map": ("trial", lambda app, i: app.number_input(key="map").set_value(i % 15 + 2)),
    "another sample": ("trial", lambda app, i: app.number_input(key="sample").set_value(i + 2)),
    "another kernel": ("kernel", lambda app, i: app.number_input(key="kernel").set_value(i % 15 + 2)),
    "a slider of the calculator": ("calculator", lambda app, i: app.slider(key="k").set_value(i + 2)),
}


def run(app: AppTest) -> float:
    """Processor milliseconds of one run; raises what the app raised."""
    began = time.process_time()
    app.run()
    if app.exception:
        raise SystemExit(app.exception[0].value)
    return 1000 * (time.process_time() - began)


def main() -> None:
    """Open, move, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=10)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    slow = False
    for words, (name, move) in MOVES.items():
        app = AppTest.from_function(part, args=(name,), default_timeout=120)
        run(app)
        spent = []
        for i in range(asked.moves):
            move(app, i)
            spent.append(run(app))
        middle = statistics.median(spent)
        print(f"{words:28} {middle:4.0f} ms (slowest {max(spent):.0f})", flush=True)
        slow |= middle >= 150
    raise SystemExit(slow)


if __name__ == "__main__":
    main()
