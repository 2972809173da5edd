"""The average over a class's trials, with the interval that holds the true mean 95 times in 100."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from eegnets.charts.style import TALL, class_encodings, titled
from eegnets.charts.windows import window_shades
from eegnets.charts.words import in_words
from eegnets.translation import N_, _

ENDS = (N_("mean"), N_("low"), N_("high"))


def average_chart(
    averages: pd.DataFrame,
    channel: str,
    class_names: Sequence[str],
    quantity: str,
    unit: str,
    windows: Mapping[str, tuple[float, float]],
) -> alt.LayerChart:
    """One channel over time: rows of time (s), channel, class, mean, low, high in `unit`; the task's windows shaded."""
    mine = in_words(averages[averages["channel"] == channel], "class")
    encodings = class_encodings([_(name) for name in class_names])
    axis = f"{quantity} ({unit})"
    tooltip = [alt.Tooltip("class:N", title=_("class")), alt.Tooltip("time:Q", format=".2f", title="s")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".2f", title=f"{_(name)} ({unit})") for name in ENDS]
    base = alt.Chart(mine).encode(
        x=alt.X("time:Q", title=_("Time after trial start (s)"), scale=alt.Scale(nice=False)), tooltip=tooltip
    )
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title=axis), y2=alt.Y2("high:Q"), color=encodings["color"]
    )
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("mean:Q", title=axis), **encodings)
    title = titled(f"{quantity}, {channel}", _("mean over trials with its 95 % interval"))
    return alt.layer(*window_shades(windows), band, lines, title=title, height=TALL)
