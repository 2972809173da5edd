"""What networks answer to one trial, and where in it one of them looked."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import CHANGE_SCALE, class_encodings, titled
from eegnets.trials import Trials

BAR = 26  # px, height of a network's bar
CHANNEL_HEIGHT = 90  # px


def probability_chart(answered: pd.DataFrame, class_names: tuple[str, ...]) -> alt.LayerChart:
    """A bar a network, parted by class; `answered` has the column `network` and one of probabilities a class."""
    rows = answered.melt("network", list(class_names), "class", "probability")
    colour = class_encodings(class_names)["color"]
    x = alt.X("probability:Q", title="Probability (0 to 1)", scale=alt.Scale(domain=[0, 1]), stack="zero")
    y = alt.Y("network:N", title=None, sort=list(answered["network"]), axis=alt.Axis(labelLimit=320))
    tooltip = [alt.Tooltip("network:N"), alt.Tooltip("class:N"), alt.Tooltip("probability:Q", format=".3f")]
    order = alt.Order("class:N")
    bars = alt.Chart(rows).mark_bar().encode(x=x, y=y, color=colour, order=order, tooltip=tooltip)
    middle = alt.Chart(pd.DataFrame({"half": [0.5]})).mark_rule(strokeDash=[4, 4]).encode(x="half:Q")
    title = titled("What each network answers", "dashed: neither class is likelier")
    return alt.layer(bars, middle, title=title, height=max(BAR * len(answered), 2 * BAR))


def saliency_table(trials: Trials, saliency: np.ndarray) -> pd.DataFrame:
    """Rows of time (s), channel and pull, one for each of at most 250 stretches of the trial."""
    pieces = np.array_split(np.arange(trials.n_times), min(trials.n_times, 250))
    pulls = np.stack([saliency[:, piece].sum(axis=1) for piece in pieces], axis=1)
    times = np.array([trials.times[piece].mean() for piece in pieces])
    return pd.DataFrame(
        {
            "time": np.tile(times, trials.n_chans),
            "channel": np.repeat(trials.ch_names, len(times)),
            "pull": pulls.ravel(),
        }
    )


def saliency_chart(trials: Trials, saliency: np.ndarray, class_name: str) -> alt.Chart:
    """How each stretch of a trial pulled towards a class or away from it, a row a channel."""
    rows = saliency_table(trials, saliency)
    x = alt.X("time:Q", title="Time after trial start (s)", scale=alt.Scale(domain=[0, trials.n_times / trials.sfreq]))
    y = alt.Y("pull:Q", title="Pull (logit)")
    colour = alt.condition("datum.pull > 0", alt.value(CHANGE_SCALE[-2]), alt.value(CHANGE_SCALE[1]))
    tooltip = [
        alt.Tooltip("channel:N"),
        alt.Tooltip("time:Q", format=".2f", title="s"),
        alt.Tooltip("pull:Q", format=".3f", title="pull (logit)"),
    ]
    bars = alt.Chart(rows).mark_bar(size=2).encode(x=x, y=y, color=colour, tooltip=tooltip, row=alt.Row("channel:N"))
    title = titled(f"Where the network saw “{class_name}”", "above zero: for it; below: against it")
    return bars.properties(title=title, height=CHANNEL_HEIGHT)
