"""The average over a class's trials, with the interval that holds the true mean 95 times in 100."""

import math
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from eegnets.charts.hover import reading_strips
from eegnets.charts.style import TALL, class_encodings, titled
from eegnets.charts.windows import window_shades
from eegnets.charts.words import in_words
from eegnets.translation import _, with_unit


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
    axis = with_unit(quantity, unit)
    x = alt.X("time:Q", title=_("Time after trial start (s)"), scale=alt.Scale(nice=False))
    base = alt.Chart(mine).encode(x=x)
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title=axis), y2=alt.Y2("high:Q"), color=encodings["color"]
    )
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("mean:Q", title=axis), **encodings)
    title = titled(f"{quantity}, {channel}", _("mean over trials with its 95 % interval"))
    ends = zip(mine["mean"], mine["low"], mine["high"], strict=True)
    read = mine.assign(reading=[_reading(*of_one, unit) for of_one in ends])
    strips = reading_strips(read, x, "time", "class", title="s", value="reading", place=".2f")
    return alt.layer(*window_shades(windows), band, lines, strips, title=title, height=TALL)


def _reading(mean: float, low: float, high: float, unit: str) -> str:
    """A mean and its interval, which a single trial has not."""
    between = "" if math.isnan(low) else f" ({low:.2f} – {high:.2f})"
    return f"{mean:.2f}{between} {unit}".replace("-", "−")
