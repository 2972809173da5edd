"""The task's windows, such as cue and imagery, as shaded and named spans behind whatever runs over time."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from eegnets.charts.style import QUIET, WINDOW_COLOURS
from eegnets.translation import _


def window_table(windows: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Rows of window, start, stop (s), colour, and `words`: the name, a line lower than the one before.

    On a narrow screen, names in one line would run into each other.
    """
    rows = [
        (_(name), start, stop, WINDOW_COLOURS[place % len(WINDOW_COLOURS)], "\n" * place + _(name))
        for place, (name, (start, stop)) in enumerate(windows.items())
    ]
    return pd.DataFrame(rows, columns=["window", "start", "stop", "colour", "words"])


def window_shades(windows: Mapping[str, tuple[float, float]]) -> list[alt.Chart]:
    """A span for each window (start, stop; s), and its name at its top; none where the task has no windows."""
    if not windows:
        return []
    base = alt.Chart(window_table(windows)).encode(x=alt.X("start:Q"))
    fill = alt.Fill("colour:N", scale=None)  # not `color`: it would split the legend of the classes in two
    words = base.mark_text(align="left", baseline="top", dx=3, fontSize=11, color=QUIET, lineBreak="\n")
    return [
        base.mark_rect(opacity=0.16).encode(x2=alt.X2("stop:Q"), fill=fill),
        words.encode(y=alt.value(2), text=alt.Text("words:N")),
    ]
