"""Learning curves: accuracy and loss over epochs, of one run by fold or of several runs side by side."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from eegnets.charts.hover import reading_strips
from eegnets.charts.style import (
    ACTIVATION_COLOURS,
    CHANGE_COLOUR,
    DASHES,
    FOLD_COLOURS,
    FOLD_DASHES,
    HEIGHT,
    LEGEND,
    LINE,
    OTHER_COLOURS,
    worded,
)
from eegnets.translation import N_, _, with_unit

FOLDS = tuple(FOLD_COLOURS)
TITLES = {N_("accuracy"): N_("Accuracy"), N_("loss"): N_("Loss")}
UNITS = {"accuracy": N_("share of trials"), "loss": N_("nats per trial")}

History = Sequence[Mapping[str, Any]]


def axis_title(metric: str) -> str:
    """What an axis of that figure is called, with its unit."""
    return with_unit(_(TITLES[metric]), _(UNITS[metric]))


def chart_title(metric: str, fold: str) -> str:
    """What a chart of that figure on the trials of one fold is called."""
    return _("{figure} on the {fold} trials", figure=_(TITLES[metric]), fold=_(fold))


def fold_table(history: History, metric: str) -> pd.DataFrame:
    """One run's `metric` ("accuracy" or "loss") as rows of epoch, fold, value; absent folds are left out."""
    rows = [
        (record["epoch"], fold, record[f"{fold}_{metric}"])
        for record in history
        for fold in FOLDS
        if record[f"{fold}_{metric}"] is not None
    ]
    return pd.DataFrame(rows, columns=["epoch", "fold", "value"])


def fold_curves(
    history: History, metric: str, epochs: int, underway: Mapping[str, Any] | None = None
) -> alt.LayerChart:
    """Train, validation and test curves of one run; the axis spans all `epochs` from the first, so nothing jumps.

    underway: how far the epoch in work has come, as `Run.underway` gives it: a ring at what it has seen so far. An
    empty one keeps the place for the ring: a chart of other layers would be put together anew.
    """
    data = fold_table(history, metric)
    shown = [fold for fold in FOLDS if fold in set(data["fold"])] or list(FOLDS)  # an empty legend upsets Vega's layout
    title, legend = _("Trials"), worded(LEGEND, {fold: _(fold) for fold in shown})
    encodings = {
        "color": alt.Color(
            "fold:N", title=title, legend=legend, scale=_scale(shown, [FOLD_COLOURS[fold] for fold in shown])
        ),
        "strokeDash": alt.StrokeDash(
            "fold:N", title=title, legend=legend, scale=_scale(shown, [FOLD_DASHES[fold] for fold in shown])
        ),
    }
    so_far = [] if not underway else [underway[f"train_{metric}"]]
    lines, changed = _lines(data, metric, epochs, encodings, "fold", _(TITLES[metric]), so_far), changes(history)
    if len(changed):
        lines += _change_marks(changed)
    return lines if underway is None else lines + _ring(underway, metric)


def _ring(underway: Mapping[str, Any], metric: str) -> alt.Chart:
    rows = pd.DataFrame(columns=["epoch", "value", "seen"])
    if underway:
        rows.loc[0] = underway["epoch"], underway[f"train_{metric}"], _("{seen} of {trials}", **underway)
    ring = alt.Chart(rows).mark_point(size=80, strokeWidth=2, color=FOLD_COLOURS["train"])
    tooltip = [
        alt.Tooltip("epoch:Q", title=_("Epoch")),
        alt.Tooltip("value:Q", title=_(TITLES[metric]), format=".4f"),
        alt.Tooltip("seen:N", title=_("training trials so far")),
    ]
    return ring.encode(x=alt.X("epoch:Q"), y=alt.Y("value:Q"), tooltip=tooltip)


def changes(history: History) -> pd.DataFrame:
    """Where a setting was changed while the run trained: rows of epoch (the first with the new value) and words."""
    names = {"learning_rate": _("learning rate"), "weight_decay": _("weight decay")}
    rows = [
        (after["epoch"], f"{words} {before[name]:g} → {after[name]:g}")
        for before, after in pairwise(history)
        for name, words in names.items()
        if before[name] != after[name]
    ]
    table = pd.DataFrame(rows, columns=["epoch", "change"])
    return table.groupby("epoch", as_index=False).agg(", ".join) if rows else table


def _change_marks(changed: pd.DataFrame) -> alt.Chart:
    marks = alt.Chart(changed).mark_rule(color=CHANGE_COLOUR, strokeDash=[4, 4], strokeWidth=2)
    tooltip = [alt.Tooltip("epoch:Q", title=_("From epoch")), alt.Tooltip("change:N", title=_("change"))]
    return marks.encode(x=alt.X("epoch:Q"), tooltip=tooltip)


def run_table(histories: Mapping[str, History], metric: str, fold: str) -> pd.DataFrame:
    """Several runs' `metric` on one fold as rows of epoch, run, value; `histories` maps a label to a history."""
    key = f"{fold}_{metric}"
    rows = [
        (record["epoch"], label, record[key])
        for label, history in histories.items()
        for record in history
        if record[key] is not None
    ]
    return pd.DataFrame(rows, columns=["epoch", "run", "value"])


def run_curves(
    histories: Mapping[str, History], activations: Mapping[str, str], metric: str, fold: str, epochs: int
) -> alt.LayerChart:
    """One curve a run; a run's colour is its activation's where no two runs share one, and its dash is its own."""
    labels, title, legend = list(histories), _("Run"), LEGEND.copy()
    legend.columns = 1  # names beside each other do not fit
    colours, dashes = run_colours(labels, activations), _cycled(DASHES, len(labels))
    encodings = {
        "color": alt.Color("run:N", title=title, legend=legend, scale=_scale(labels, colours)),
        "strokeDash": alt.StrokeDash("run:N", title=title, legend=legend, scale=_scale(labels, dashes)),
    }
    chart = _lines(run_table(histories, metric, fold), metric, epochs, encodings, "run", chart_title(metric, fold))
    return chart.properties(height=HEIGHT + 60 + LINE * len(labels))


def run_colours(labels: Sequence[str], activations: Mapping[str, str]) -> list[str]:
    """A colour for each run: its activation's own, or the palette in turn where runs share an activation."""
    names = [activations[label] for label in labels]
    if len(set(names)) == len(names) and set(names) <= set(ACTIVATION_COLOURS):
        return [ACTIVATION_COLOURS[name] for name in names]
    return _cycled(OTHER_COLOURS, len(labels))


def _cycled(palette: Sequence[Any], n: int) -> list[Any]:
    return [palette[i % len(palette)] for i in range(n)]


def _scale(domain: Sequence[str], values: Sequence[Any]) -> alt.Scale:
    return alt.Scale(domain=list(domain), range=list(values))


def _lines(
    data: pd.DataFrame,
    metric: str,
    epochs: int,
    encodings: dict[str, Any],
    series: str,
    title: str,
    so_far: Sequence[float] = (),
) -> alt.LayerChart:
    x = alt.X(
        "epoch:Q",
        title=_("Epoch"),
        scale=alt.Scale(domain=[1, max(epochs, 2)], nice=False),
        axis=alt.Axis(tickMinStep=1),
    )
    y = alt.Y("value:Q", title=axis_title(metric), scale=_y_scale(data["value"], so_far, metric))
    base = alt.Chart(data).encode(x=x, y=y, **encodings)
    lines = base.mark_line(clip=True, point=len(data) <= 3 * len(encodings), strokeWidth=2)
    strips = reading_strips(data, x, "epoch", series, title=_("Epoch"), number=".4f")
    return alt.layer(lines, strips, title=title, height=HEIGHT)


def _y_scale(values: pd.Series, so_far: Sequence[float], metric: str) -> alt.Scale:
    """Accuracies between chance and all right; losses from zero, without letting one wild epoch flatten the rest."""
    if metric == "accuracy":
        return alt.Scale(domain=[min([0.4, *values, *so_far]), 1.0], nice=False)
    high = values.quantile(0.98) * 1.1 if len(values) else 0.8
    return alt.Scale(domain=[0, _rounded_up(max([0.1, high, *so_far]))], nice=False)


def _rounded_up(value: float) -> float:
    """The next number of one digit, or of two that begin with 1: a scale that moves seldom is easier to follow."""
    digit = math.floor(math.log10(value / 2))
    return round(math.ceil(value / 10**digit) * 10**digit, max(-digit, 0))


def describe_curves(history: History, metric: str) -> str:
    """The curves in a sentence, for those who do not see them."""
    if not history:
        return _("{figure} over epochs: no epoch has ended yet.", figure=_(TITLES[metric]))
    first, last = history[0], history[-1]
    parts = [
        _("{fold} from {first:.3f} to {last:.3f}", fold=_(fold), first=first[key], last=last[key])
        for fold in FOLDS
        for key in [f"{fold}_{metric}"]
        if last[key] is not None
    ]
    told = _("{figure} over {n} epochs: {folds}.", figure=_(TITLES[metric]), n=last["epoch"], folds=_(", ").join(parts))
    marks = [
        _("From epoch {epoch}: {change}.", epoch=epoch, change=words)
        for epoch, words in changes(history).itertuples(index=False)
    ]
    return " ".join([told, *marks])
