"""Activations against each other over epochs: one line each, the mean over seeds, with every seed faint under it."""

import altair as alt
import pandas as pd

from eegnets.charts.hover import reading_strips
from eegnets.charts.style import HEIGHT, activation_encodings
from eegnets.translation import _


def race_curves(table: pd.DataFrame, activations: list[str], title: str, y_title: str, epochs: int) -> alt.LayerChart:
    """One line for each activation; rows of activation, seed, epoch, value (at least one).

    The axis spans all `epochs` from the start, so that nothing jumps while the lines grow.
    """
    means = table.groupby(["activation", "epoch"], sort=False, as_index=False)["value"].mean()
    x = alt.X(
        "epoch:Q", title=_("Epoch"), scale=alt.Scale(domain=[0, epochs], nice=False), axis=alt.Axis(tickMinStep=1)
    )
    y = alt.Y("value:Q", title=y_title, scale=alt.Scale(zero=False, padding=8))
    looks = activation_encodings(activations)
    line = alt.Chart(means).mark_line(strokeWidth=2.5, point=len(means) <= 3 * len(activations)).encode(x, y, **looks)
    layers = [line, reading_strips(means, x, "epoch", "activation", title=_("Epoch"), number=".4g")]
    if table["seed"].nunique() > 1:
        faint = alt.Chart(table).mark_line(opacity=0.3, strokeWidth=1)
        layers.insert(0, faint.encode(x, y, detail=["activation:N", "seed:N"], color=looks["color"]))
    return alt.layer(*layers, title=title, height=HEIGHT)


def describe_race(table: pd.DataFrame, title: str) -> str:
    """The lines in words, for those who do not see them."""
    parts = []
    for name, rows in table.groupby("activation", sort=False):
        ends = rows.groupby("epoch")["value"].mean()
        text = _("{name} from {first:.3g} to {last:.3g} at epoch {epoch}")
        parts.append(text.format(name=name, first=ends.iloc[0], last=ends.iloc[-1], epoch=ends.index[-1]))
    return _("{title} over epochs: {parts}.", title=title, parts=_("; ").join(parts))
