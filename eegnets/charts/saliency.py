"""Where in a trial a network looked: each stretch's pull towards a class or away from it, a row a channel."""

import json
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import LESS, MORE, QUIET, SIGNAL_COLOUR, titled
from eegnets.translation import _
from eegnets.trials import Trials

if TYPE_CHECKING:
    from eegnets.saliency import Occlusion

CHANNEL_HEIGHT = 90  # px
AROUND = 90  # px, the titles and the axis
PIECES = 250  # of a trial, at most: more cannot be told apart on a screen
FOR, AGAINST = MORE, LESS


def gradient_table(trials: Trials, pulls: np.ndarray) -> pd.DataFrame:
    """A map of samples (n_chans, n_times) as rows of start, stop (s), channel, pull; a pull is its stretch's sum."""
    pieces = np.array_split(np.arange(trials.n_times), min(trials.n_times, PIECES))
    edges = np.array([*(piece[0] for piece in pieces), trials.n_times]) / trials.sfreq
    summed = np.stack([pulls[:, piece].sum(axis=1) for piece in pieces], axis=1)
    return _rows(trials, edges[:-1], edges[1:], summed)


def occlusion_table(trials: Trials, found: "Occlusion") -> pd.DataFrame:
    """Covered stretches as rows of start, stop (s), channel, pull: each is drawn at its middle, up to the next."""
    middles = (found.starts + found.width / 2) / trials.sfreq
    half = np.diff(middles).min() / 2 if len(middles) > 1 else found.width / 2 / trials.sfreq
    return _rows(trials, middles - half, middles + half, found.drops)


def _rows(trials: Trials, start: np.ndarray, stop: np.ndarray, pulls: np.ndarray) -> pd.DataFrame:
    channels = np.repeat(trials.ch_names, len(start))
    times = {"start": np.tile(start, trials.n_chans), "stop": np.tile(stop, trials.n_chans)}
    return pd.DataFrame({"channel": channels} | times | {"pull": pulls.ravel()})


def saliency_chart(trials: Trials, rows: pd.DataFrame, words: str, under: str) -> alt.LayerChart:
    """Bars of a table's pulls around a line for each channel, on the time axis of the trial above."""
    apart = 2.2 * float(rows["pull"].abs().max()) or 1.0
    places = apart * np.arange(trials.n_chans)[::-1]
    base = rows["channel"].map(dict(zip(trials.ch_names, places, strict=True))).astype(float)
    rows = rows.assign(base=base, top=base + rows["pull"])
    names = zip(places, trials.ch_names, strict=True)
    labels = [f"abs(datum.value - {place}) < {0.01 * apart} ? {json.dumps(name)}" for place, name in names]
    x_scale = alt.Scale(domain=[0, trials.n_times / trials.sfreq])
    y = alt.Y(
        "base:Q",
        title=_("Channels, pull (logits)"),
        scale=alt.Scale(domain=[-0.55 * apart, apart * (trials.n_chans - 0.45)], nice=False),
        axis=alt.Axis(values=places.tolist(), labelExpr=" : ".join([*labels, "''"])),
    )
    tooltip = [
        alt.Tooltip("channel:N", title=_("channel")),
        alt.Tooltip("start:Q", format=".2f", title=_("from (s)")),
        alt.Tooltip("stop:Q", format=".2f", title=_("to (s)")),
        alt.Tooltip("pull:Q", format=".4f", title=_("pull (logits)")),
    ]
    x = alt.X("start:Q", title=_("Time after trial start (s)"), scale=x_scale)
    colour = alt.ColorValue(AGAINST, condition={"test": "datum.pull > 0", "value": FOR})
    bars = (
        alt.Chart(rows)
        .mark_rect(aria=False)
        .encode(x=x, x2=alt.X2("stop:Q"), y=y, y2=alt.Y2("top:Q"), color=colour, tooltip=tooltip)
    )
    lines = alt.Chart(pd.DataFrame({"base": places})).mark_rule(color=SIGNAL_COLOUR, opacity=0.6).encode(y=y)
    layers = [bars, lines, *_scale_bar(trials, apart)]
    return alt.layer(*layers, title=titled(words, under), height=AROUND + CHANNEL_HEIGHT * min(trials.n_chans, 6))


def _scale_bar(trials: Trials, apart: float) -> list[alt.Chart]:
    """How many logits so much height is: a round figure of 1, 2 or 5."""
    power = 10.0 ** np.floor(np.log10(0.4 * apart))
    size = power * max(digit for digit in (1, 2, 5) if digit * power <= 0.4 * apart)
    at = 0.985 * trials.n_times / trials.sfreq
    data = {
        "start": [at],
        "low": [-0.5 * apart],
        "high": [-0.5 * apart + size],
        "words": [_("{size:g} logits", size=size)],
    }
    base = alt.Chart(pd.DataFrame(data)).encode(x=alt.X("start:Q"), y=alt.Y("low:Q"))
    bar = base.mark_rule(strokeWidth=3, color=SIGNAL_COLOUR).encode(y2=alt.Y2("high:Q"))
    return [bar, base.mark_text(align="right", dx=-6, dy=-6, color=QUIET).encode(text=alt.Text("words:N"))]


def describe_saliency(rows: pd.DataFrame, words: str) -> str:
    """The chart in words: the strongest stretch of each channel."""
    strongest = rows.loc[rows.groupby("channel", sort=False)["pull"].apply(lambda pull: pull.abs().idxmax())]
    text = _("{channel}: strongest at {start:.2f} s, {pull:+.3f} logits")
    told = [text.format(channel=row.channel, start=row.start, pull=row.pull) for row in strongest.itertuples()]
    channels = _("; ").join(told)
    return f"{words}. {channels}."
