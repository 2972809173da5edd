"""One trial as it was recorded: a line for each channel over time, with the task's windows shaded."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.trials import Trials

CHANNEL_HEIGHT = 110  # px
WINDOW_COLOURS = ("#c77a00", "#2f86c9", "#17936a", "#b8629a")


def trial_table(trials: Trials, index: int) -> pd.DataFrame:
    """One trial as rows of time (s), channel, voltage (µV); a missing sample is NaN."""
    return pd.DataFrame(
        {
            "time": np.tile(trials.times, trials.n_chans),
            "channel": np.repeat(trials.ch_names, trials.n_times),
            "voltage": trials.X[index].ravel(),
        }
    )


def trial_chart(trials: Trials, index: int) -> alt.VConcatChart:
    """The channels of one trial under each other on one time axis and one scale, windows shaded."""
    data = trial_table(trials, index)
    reach = float(np.nanmax(np.abs(trials.X[index]), initial=1.0))
    rows = [_channel(data, trials, name, reach, last=name == trials.ch_names[-1]) for name in trials.ch_names]
    return alt.vconcat(*rows, spacing=4)


def _channel(data: pd.DataFrame, trials: Trials, name: str, reach: float, *, last: bool) -> alt.LayerChart:
    end = trials.n_times / trials.sfreq
    title = "Time after trial start (s)" if last else None
    x = alt.X("time:Q", title=title, scale=alt.Scale(domain=[0, end], nice=False), axis=alt.Axis(labels=last))
    y = alt.Y("voltage:Q", title=f"{name} (µV)", scale=alt.Scale(domain=[-reach, reach]))
    tooltip = [alt.Tooltip("time:Q", format=".3f", title="s"), alt.Tooltip("voltage:Q", format=".1f", title="µV")]
    line = alt.Chart(data[data["channel"] == name]).mark_line(strokeWidth=1, color="#808a94")
    lines = line.encode(x=x, y=y, tooltip=tooltip)
    return alt.layer(_shades(trials), lines).properties(height=CHANNEL_HEIGHT, width="container")


def _shades(trials: Trials) -> alt.Chart:
    names = list(trials.windows)
    data = pd.DataFrame([(name, *trials.windows[name]) for name in names], columns=["window", "start", "stop"])
    colours = [WINDOW_COLOURS[i % len(WINDOW_COLOURS)] for i in range(len(names))]
    colour = alt.Color("window:N", title="Window", scale=alt.Scale(domain=names, range=colours))
    return alt.Chart(data).mark_rect(opacity=0.18).encode(x="start:Q", x2="stop:Q", color=colour)
