"""One trial as it was recorded: a line for each channel over time, with the task's windows shaded and gaps marked."""

import json

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.hover import reading_strips
from eegnets.charts.style import MISSING_COLOUR, QUIET, SIGNAL_COLOUR, titled
from eegnets.charts.windows import window_shades
from eegnets.translation import _
from eegnets.trials import Trials

CHANNEL_HEIGHT = 160  # px
READ = 8  # channels that the pointer reads: of more, no tooltip tells
SCALE_BARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # µV


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


def trial_chart(trials: Trials, index: int, *, filled: bool = False) -> alt.LayerChart:
    """The channels of one trial under each other on one scale, as EEG is read on paper.

    filled: the trials are as a network takes them, which does not tell any more where samples were missing.
    """
    apart = channel_distance(trials, index)
    places = [apart * place for place in range(trials.n_chans - 1, -1, -1)]
    names = dict(zip(places, trials.ch_names, strict=True))
    label = (
        " : ".join(f"abs(datum.value - {place}) < 1e-6 ? {json.dumps(name)}" for place, name in names.items()) + " : ''"
    )
    x = alt.X(
        "time:Q", title=_("Time after trial start (s)"), scale=alt.Scale(domain=[0, trials.n_times / trials.sfreq])
    )
    y = alt.Y(
        "row:Q",
        title=_("Channels, voltage in µV"),
        scale=alt.Scale(domain=[-0.6 * apart, apart * (trials.n_chans - 0.4)], nice=False),
        axis=alt.Axis(values=places, labelExpr=label),
    )
    table = trial_table(trials, index)
    line = alt.Chart(table).mark_line(strokeWidth=1, color=SIGNAL_COLOUR, clip=True)
    lines = line.encode(x=x, y=y, detail=alt.Detail("channel:N"))
    named = table[table["channel"].isin(trials.ch_names[:READ])]
    named = named.assign(channel=named["channel"] + " (µV)")
    strips = reading_strips(named, x, "time", "channel", title="s", value="voltage", number=".1f", place=".3f")
    height = CHANNEL_HEIGHT * min(trials.n_chans, 5)
    gaps = gap_table(trials, index)
    missing = _("no sample missing")
    if len(gaps):
        missing = _("missing samples, framed in red: {n}", n=gaps["samples"].sum())
    elif filled:
        missing = _("as the network takes it: missing samples are filled")
    layers = [*window_shades(trials.windows), lines, strips, *_gap_marks(gaps), *_scale_bar(trials, apart)]
    return alt.layer(*layers, title=titled(trial_title(trials, index), missing), height=height)


def gap_table(trials: Trials, index: int) -> pd.DataFrame:
    """Where samples are missing: rows of channel, start, stop (s), samples, and the heights low, high of the mark."""
    apart = channel_distance(trials, index)
    rows = []
    for i, channel in enumerate(trials.ch_names):
        missing = np.isnan(trials.X[index, i]).astype(int)
        edges = np.flatnonzero(np.diff(missing, prepend=0, append=0)).reshape(-1, 2)
        place = apart * (trials.n_chans - 1 - i)
        for start, stop in edges.tolist():
            span = (start / trials.sfreq, stop / trials.sfreq, stop - start)
            rows.append((channel, *span, place - 0.45 * apart, place + 0.45 * apart))
    return pd.DataFrame(rows, columns=["channel", "start", "stop", "samples", "low", "high"])


def _gap_marks(gaps: pd.DataFrame) -> list[alt.Chart]:
    """A framed block over each gap; its frame shows even where a single sample is missing."""
    if gaps.empty:
        return []
    tooltip = [
        alt.Tooltip("channel:N", title=_("channel")),
        alt.Tooltip("start:Q", format=".3f", title=_("from (s)")),
        alt.Tooltip("samples:Q", title=_("samples missing")),
    ]
    marks = alt.Chart(gaps).mark_rect(color=MISSING_COLOUR, fillOpacity=0.35, stroke=MISSING_COLOUR, strokeWidth=1.5)
    return [
        marks.encode(x=alt.X("start:Q"), x2=alt.X2("stop:Q"), y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), tooltip=tooltip)
    ]


def trial_title(trials: Trials, index: int) -> str:
    """Which trial it is and of which class, in a line."""
    return _(
        "Subject {who}, trial {number} ({part}): {label}",
        who=trials.subject[index],
        number=trials.number[index],
        part=_(str(trials.split[index])),
        label=_(trials.class_names[trials.y[index]]) if trials.y[index] >= 0 else _("class unknown"),
    )


def _scale_bar(trials: Trials, apart: float) -> list[alt.Chart]:
    """How many µV so much height is."""
    size = max((bar for bar in SCALE_BARS if bar <= 0.4 * apart), default=SCALE_BARS[0])
    at = 0.985 * trials.n_times / trials.sfreq
    data = pd.DataFrame({"time": [at], "low": [-0.55 * apart], "high": [-0.55 * apart + size], "words": [f"{size} µV"]})
    base = alt.Chart(data).encode(x=alt.X("time:Q"))
    bar = base.mark_rule(strokeWidth=3, color=SIGNAL_COLOUR).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    words = base.mark_text(align="right", dx=-6, dy=-6, color=QUIET).encode(y=alt.Y("low:Q"), text=alt.Text("words:N"))
    return [bar, words]
