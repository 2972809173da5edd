"""A line that follows the pointer and reads every curve at that place."""

import altair as alt
import pandas as pd

from eegnets.translation import _


def reading_rule(
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
    """The rule over `data`, rows of `field` (what `x` draws), `series` (which curve) and `value`.

    title: what the place is called in the tooltip, where each curve has its name in the reader's language; number,
    place: formats of the values and of the place.
    """
    wide = data.pivot_table(index=field, columns=series, values=value, sort=False).reset_index()
    wide.columns = [str(column) for column in wide.columns]
    names = [column for column in wide.columns if column != field]
    nearest = alt.selection_point(nearest=True, on="pointerover", fields=[field], empty=False)
    tooltip = [
        alt.Tooltip(f"{field}:Q", title=title, format=place) if place else alt.Tooltip(f"{field}:Q", title=title)
    ]
    tooltip += [alt.Tooltip(field=_escaped(name), type="quantitative", title=_(name), format=number) for name in names]
    rule = alt.Chart(wide).mark_rule(color="gray")
    here = alt.OpacityValue(0, condition={"param": nearest.name, "empty": False, "value": 0.6})
    return rule.encode(x=x, opacity=here, tooltip=tooltip).add_params(nearest)


def _escaped(name: str) -> str:
    """A column name as Vega-Lite reads it literally: dots and brackets would walk into objects."""
    return name.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[").replace("]", "\\]")
