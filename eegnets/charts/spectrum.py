"""The spectrum of one trial against what is usual in each class."""

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.hover import reading_strips
from eegnets.charts.style import SIGNAL_COLOUR, TALL, class_encodings, titled
from eegnets.charts.words import in_words
from eegnets.translation import _

LOWEST = 1e-2  # µV²/Hz, where the axis begins: beneath it lies no rhythm
FLOOR = 1e-4  # µV²/Hz: a logarithm has no zero
DECADES = [10.0**power for power in range(-2, 7)]


def spectrum_chart(
    classes: pd.DataFrame, freqs: np.ndarray, power: np.ndarray, channel: str, class_names: Sequence[str]
) -> alt.LayerChart:
    """One channel: the trial's power (freqs, Hz; power, µV²/Hz), and each class's mean with its spread.

    `classes` has rows of frequency, channel, class, power, low, high; power is drawn on a logarithmic axis.
    """
    powers = ["power", "low", "high"]
    mine = classes[classes["channel"] == channel]
    mine = in_words(mine.assign(**mine[powers].astype(float).clip(lower=FLOOR)), "class")
    trial = pd.DataFrame({"frequency": freqs[1:], "power": np.maximum(power[1:], FLOOR)})
    top = max(mine["high"].max(), trial["power"].max()) if len(mine) else trial["power"].max()
    scale = alt.Scale(type="log", domain=[LOWEST, 2 * max(top, LOWEST)], nice=False)
    encodings = class_encodings([_(name) for name in class_names])
    x = alt.X("frequency:Q", title=_("Frequency (Hz)"), scale=alt.Scale(nice=False))
    base = alt.Chart(mine).encode(x=x)
    band = base.mark_area(opacity=0.16, clip=True).encode(
        y=_y("low", scale), y2=alt.Y2("high:Q"), color=encodings["color"]
    )
    means = base.mark_line(strokeWidth=2, clip=True).encode(y=_y("power", scale), **encodings)
    line = alt.Chart(trial).mark_line(strokeWidth=1.5, color=SIGNAL_COLOUR, clip=True)
    line = line.encode(x=x, y=_y("power", scale))
    read = pd.concat([trial.assign(**{"class": _("this trial")}), mine])
    read["reading"] = [f"{power:.3g} µV²/Hz" for power in read["power"]]
    strips = reading_strips(read, x, "frequency", "class", title="Hz", value="reading", place=".1f")
    under = _("grey: this trial; bands: two trials in three of a class")
    title = titled(_("Spectrum, {channel}", channel=channel), under)
    return alt.layer(band, means, line, strips, title=title, height=TALL)


def _y(column: str, scale: alt.Scale) -> alt.Y:
    axis = alt.Axis(values=DECADES, format="~g")
    return alt.Y(f"{column}:Q", title=_("Power (µV²/Hz)"), scale=scale, axis=axis)
