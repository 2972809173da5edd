"""The average over a class's trials, with the interval that holds the true mean 95 times in 100."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from eegnets.charts.style import TALL, class_encodings, titled
from eegnets.charts.windows import window_shades


def average_chart(
    averages: pd.DataFrame,
    channel: str,
    class_names: Sequence[str],
    quantity: str,
    unit: str,
    windows: Mapping[str, tuple[float, float]],
) -> alt.LayerChart:
    """One channel over time: rows of time (s), channel, class, mean, low, high in `unit`; the task's windows shaded."""
    mine = averages[averages["channel"] == channel]
    encodings = class_encodings(class_names)
    axis = f"{quantity} ({unit})"
    tooltip = [alt.Tooltip("class:N"), alt.Tooltip("time:Q", format=".2f", title="s")]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".2f", title=f"{name} ({unit})") for name in ("mean", "low", "high")]
    base = alt.Chart(mine).encode(
        x=alt.X("time:Q", title="Time after trial start (s)", scale=alt.Scale(nice=False)), tooltip=tooltip
    )
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title=axis), y2=alt.Y2("high:Q"), color=encodings["color"]
    )
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("mean:Q", title=axis), **encodings)
    title = titled(f"{quantity}, {channel}", "mean over trials with its 95 % interval")
    return alt.layer(*window_shades(windows), band, lines, title=title, height=TALL)
