"""A strip that follows the pointer and reads every curve at that place: a curve itself tells only its first point."""

import altair as alt
import pandas as pd
from pandas.api.types import is_numeric_dtype

from eegnets.charts.style import NEUTRAL
from eegnets.translation import _

FROM, TO = "strip from", "strip to"
MOST = 1200  # values that can be read off a chart: the browser puts all of them into words when it draws


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
    place: formats of the values and of the place. Of more than MOST values, places at even distances are read.
    """
    wide = data.pivot_table(index=field, columns=series, values=value, sort=False, aggfunc="first").reset_index()
    wide = wide.sort_values(field)[:: -(-wide.size // MOST) or 1]
    wide.columns = [str(column) for column in wide.columns]
    names = [column for column in wide.columns if column != field]
    tooltip = [
        alt.Tooltip(f"{field}:Q", title=title, format=place) if place else alt.Tooltip(f"{field}:Q", title=title)
    ]
    how = {"type": "quantitative", "format": number} if is_numeric_dtype(data[value]) else {"type": "nominal"}
    tooltip += [alt.Tooltip(field=_escaped(name), title=_(name), **how) for name in names]
    half = wide[field].diff().min() / 2 if len(wide) > 1 else 0.5
    strips = alt.Chart(wide.assign(**{FROM: wide[field] - half, TO: wide[field] + half}))
    first = x.copy()
    first.shorthand = f"{FROM}:Q"
    here = alt.selection_point("here", on="pointerover", clear="pointerout", empty=False)
    seen = alt.OpacityValue(0, condition={"param": here.name, "empty": False, "value": 0.3})
    strip = strips.mark_rect(color=NEUTRAL, aria=False, clip=True)
    return strip.encode(x=first, x2=alt.X2(f"{TO}:Q"), opacity=seen, tooltip=tooltip).add_params(here)


def _escaped(name: str) -> str:
    """A column name as Vega-Lite reads it literally: dots and brackets would walk into objects."""
    return name.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[").replace("]", "\\]")
