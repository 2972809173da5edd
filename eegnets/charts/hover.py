"""A strip that follows the pointer and reads every curve at that place: a curve itself tells only its first point."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import NEUTRAL
from eegnets.translation import _

MOST = 1200  # values that can be read off a chart: the browser puts all of them into words when it draws
FEW = 40  # places, up to which strips are wide, and paler
FROM, TO = "strip from", "strip to"


def reading_strips(
    data: pd.DataFrame,
    x: alt.X,
    field: str,
    series: str,
    *,
    title: str,
    value: str = "value",
    number: str = ".3f",
    place: str = "~g",
) -> alt.Chart:
    """The strips over `data`, rows of `field` (what `x` draws), `series` (which curve) and `value`, or words for it.

    title: what the place is called in the tooltip, where each curve has its name in the reader's language; number,
    place: formats of the values, as Python has them, and of the place, as d3 has them. Of more than MOST values, places
    at even distances are read, and the last.
    """
    wide = data.pivot_table(index=field, columns=series, values=value, sort=False, aggfunc="first").sort_index()
    step = -(-len(wide) * (len(wide.columns) + 1) // MOST) or 1
    wide = wide.iloc[sorted({*range(0, len(wide), step), len(wide) - 1})] if len(wide) else wide
    names = {f"curve {index}": str(name) for index, name in enumerate(wide.columns)}
    tooltip = [alt.Tooltip(f"{field}:Q", title=title, format=place)]
    tooltip += [alt.Tooltip(f"{column}:N", title=_(name)) for column, name in names.items()]
    places = wide.index.to_numpy(dtype=float)
    halves = np.diff(places, prepend=np.nan, append=np.nan) / 2  # on either side; at the ends, as on the other
    before, after = halves[:-1], halves[1:]
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    edges = {FROM: places - np.nan_to_num(before, nan=0.5), TO: places + np.nan_to_num(after, nan=0.5)}
    words = {column: [_words(found, number) for found in wide[name]] for column, name in zip(names, wide, strict=True)}
    strips = alt.Chart(pd.DataFrame({field: places} | words | edges))
    first = x.copy()
    first.shorthand = f"{FROM}:Q"
    here, seen = lit_by_pointer(0.3 if len(wide) > FEW else 0.12)
    strip = strips.mark_rect(color=NEUTRAL, aria=False, clip=True)
    return strip.encode(x=first, x2=alt.X2(f"{TO}:Q"), opacity=seen, tooltip=tooltip).add_params(here)


def lit_by_pointer(opacity: float) -> tuple[alt.Parameter, alt.OpacityValue]:
    """For marks that are seen under the pointer alone: what `add_params` takes, and what `encode` does."""
    here = alt.selection_point("here", on="pointerover", clear="pointerout", empty=False)
    return here, alt.OpacityValue(0, condition={"param": here.name, "empty": False, "value": opacity})


def _words(value: float | str, number: str) -> str:
    if isinstance(value, str):
        return value
    return "–" if np.isnan(value) else f"{value:{number}}".replace("-", "−")
