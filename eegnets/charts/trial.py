"""One trial as it was recorded: a line for each channel over time, with the task's windows shaded."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.trials import Trials

CHANNEL_HEIGHT = 160  # px
SCALE_BARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # µV
WINDOW_COLOURS = ("#c77a00", "#2f86c9", "#17936a", "#b8629a")


def trial_table(trials: Trials, index: int) -> pd.DataFrame:
    """One trial as rows of time (s), channel, voltage (µV) and `row`: the voltage moved up to its channel's place.

    A missing sample is NaN.
    """
    apart = channel_distance(trials, index)
    rows = trials.X[index] + apart * np.arange(trials.n_chans)[::-1, None]
    return pd.DataFrame(
        {
            "time": np.tile(trials.times, trials.n_chans),
            "channel": np.repeat(trials.ch_names, trials.n_times),
            "voltage": trials.X[index].ravel(),
            "row": rows.ravel(),
        }
    )


def channel_distance(trials: Trials, index: int) -> float:
    """How far apart the channels of a trial are drawn, µV: the whole reach of nearly all samples."""
    return 2.2 * float(np.nanquantile(np.abs(trials.X[index]), 0.998)) if np.isfinite(trials.X[index]).any() else 1.0


def trial_chart(trials: Trials, index: int) -> alt.LayerChart:
    """The channels of one trial under each other on one scale, as EEG is read on paper, windows shaded."""
    apart = channel_distance(trials, index)
    places = [apart * place for place in range(trials.n_chans - 1, -1, -1)]
    names = dict(zip(places, trials.ch_names, strict=True))
    label = " : ".join(f"abs(datum.value - {place}) < 1e-6 ? '{name}'" for place, name in names.items()) + " : ''"
    x = alt.X("time:Q", title="Time after trial start (s)", scale=alt.Scale(domain=[0, trials.n_times / trials.sfreq]))
    y = alt.Y(
        "row:Q",
        title="Channels, voltage in µV",
        scale=alt.Scale(domain=[-0.6 * apart, apart * (trials.n_chans - 0.4)], nice=False),
        axis=alt.Axis(values=places, labelExpr=label),
    )
    tooltip = [
        "channel",
        alt.Tooltip("time:Q", format=".3f", title="s"),
        alt.Tooltip("voltage:Q", format=".1f", title="µV"),
    ]
    line = alt.Chart(trial_table(trials, index)).mark_line(strokeWidth=1, color="#7d8a96", clip=True)
    lines = line.encode(x=x, y=y, detail="channel:N", tooltip=tooltip)
    height = CHANNEL_HEIGHT * min(trials.n_chans, 5)
    return alt.layer(*_shades(trials), lines, *_scale_bar(trials, apart)).properties(height=height)


def _shades(trials: Trials) -> list[alt.Chart]:
    """A shaded span for each window of the task, named in the legend."""
    if not trials.windows:
        return []
    names = list(trials.windows)
    data = pd.DataFrame([(name, *trials.windows[name]) for name in names], columns=["window", "start", "stop"])
    colours = [WINDOW_COLOURS[i % len(WINDOW_COLOURS)] for i in range(len(names))]
    scale = alt.Scale(domain=names, range=colours)
    colour = alt.Color("window:N", title="Window", scale=scale, legend=alt.Legend(orient="top"))
    return [alt.Chart(data).mark_rect(opacity=0.18).encode(x="start:Q", x2="stop:Q", color=colour)]


def _scale_bar(trials: Trials, apart: float) -> list[alt.Chart]:
    """How many µV so much height is."""
    size = max((bar for bar in SCALE_BARS if bar <= 0.4 * apart), default=SCALE_BARS[0])
    at = 0.985 * trials.n_times / trials.sfreq
    data = pd.DataFrame({"time": [at], "low": [-0.55 * apart], "high": [-0.55 * apart + size], "words": [f"{size} µV"]})
    base = alt.Chart(data).encode(x="time:Q")
    bar = base.mark_rule(strokeWidth=3, color="#7d8a96").encode(y="low:Q", y2="high:Q")
    words = base.mark_text(align="right", dx=-6, dy=-6, color="#7d8a96").encode(y="low:Q", text="words:N")
    return [bar, words]
