"""How the power of every rhythm changes over a trial: blue where it weakens (ERD), red where it grows (ERS)."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.hover import lit_by_pointer
from eegnets.charts.pictures import map_picture, stretched
from eegnets.charts.style import CHANGE_SCALE, HEIGHT, RULE_COLOUR
from eegnets.translation import _

HERTZ = 1.0  # from one frequency of a map to the next
TOGETHER = (2, 3)  # frequencies and times that are read as one: a single cell is smaller than a finger
ENLARGED = (8, 6)  # pixels of the picture for one cell


def erd_chart(
    changes: pd.DataFrame, class_name: str, channel: str, windows: Mapping[str, tuple[float, float]]
) -> alt.LayerChart:
    """The map of one class and channel out of rows of time (s), frequency (Hz), channel, class, change (percent).

    Colours end at -100 %, where nothing is left of a rhythm, and at its double, on every map: maps can be compared. The
    map is a picture; the pointer reads the mean of the cells of `TOGETHER` about it. A line stands where each of the
    task's windows begins.
    """
    mine = changes[(changes["class"] == class_name) & (changes["channel"] == channel)]
    table = mine.pivot_table(index="frequency", columns="time", values="change", dropna=False)
    blocks = _blocks(mine, table)
    scale = alt.Scale(domain=[-100, -50, 0, 50, 100], range=list(CHANGE_SCALE), clamp=True)
    spans = {
        "x": alt.X("begin:Q", title=_("Time after trial start (s)"), scale=_between(blocks["begin"], blocks["end"])),
        "x2": alt.X2("end:Q"),
        "y": alt.Y("above:Q", title=_("Frequency (Hz)"), scale=_between(blocks["below"], blocks["above"])),
        "y2": alt.Y2("below:Q"),
    }
    here, seen = lit_by_pointer(1)
    read = (
        alt.Chart(blocks)
        .mark_rect(clip=True, aria=False)
        .encode(
            color=alt.Color("change:Q", title=_("Change (%)"), scale=scale, legend=alt.Legend(orient="right")),
            opacity=seen,
            tooltip=[
                alt.Tooltip("seconds:N", title="s"),
                alt.Tooltip("hertz:N", title="Hz"),
                alt.Tooltip("change:Q", format="+.0f", title=_("% (mean)")),
            ],
            **spans,
        )
        .add_params(here)
    )
    begins = pd.DataFrame([(_(name), window[0]) for name, window in windows.items()], columns=["window", "begins"])
    line = alt.Chart(begins).mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=RULE_COLOUR)
    line = line.encode(
        x=alt.X("begins:Q"),
        tooltip=[alt.Tooltip("window:N", title=_("window")), alt.Tooltip("begins:Q", title=_("begins (s)"))],
    )
    layers = [stretched(_whole(blocks, table), **spans), read, line]
    return alt.layer(*layers, title=f"{channel}, {_(class_name)}", height=HEIGHT - 60)


def _blocks(mine: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The cells of a map by blocks of `TOGETHER`: their edges, these in words, and their mean change."""
    rows, columns = TOGETHER
    row = table.index.get_indexer(mine["frequency"]) // rows
    column = table.columns.get_indexer(mine["time"]) // columns
    blocks = mine.groupby([row, column]).agg(
        begin=("time", "min"),
        end=("time", "max"),
        below=("frequency", "min"),
        above=("frequency", "max"),
        change=("change", "mean"),
    )
    blocks = blocks.reset_index(drop=True)
    blocks["seconds"] = [
        f"{first:.1f} – {last:.1f}" for first, last in zip(blocks["begin"], blocks["end"], strict=True)
    ]
    blocks["hertz"] = [f"{low:g} – {high:g}" for low, high in zip(blocks["below"], blocks["above"], strict=True)]
    half = np.diff(table.columns[:2]).sum() / 2
    return blocks.assign(
        begin=blocks["begin"] - half,
        end=blocks["end"] + half,
        below=blocks["below"] - HERTZ / 2,
        above=blocks["above"] + HERTZ / 2,
    )


def _whole(blocks: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The one row of the picture: its edges and its address; none of an empty map."""
    if table.empty:
        return pd.DataFrame(columns=["begin", "end", "below", "above", "url"])
    edges = {"begin": min, "end": max, "below": min, "above": max}
    found = {name: [edge(blocks[name])] for name, edge in edges.items()}
    return pd.DataFrame(found | {"url": [map_picture(table.to_numpy()[::-1], (-100, 100), CHANGE_SCALE, ENLARGED)]})


def _between(low: pd.Series, high: pd.Series) -> alt.Scale:
    return alt.Scale(domain=[low.min(), high.max()], nice=False) if len(low) else alt.Scale(nice=False)


def describe_erd(changes: pd.DataFrame, class_name: str, channel: str) -> str:
    """The map in a sentence, for those who do not see it."""
    mine = changes[(changes["class"] == class_name) & (changes["channel"] == channel)]
    about = {"channel": channel, "name": _(class_name)}
    if mine.empty:
        return _("Change of power on {channel}, {name}: no trials.", **about)
    low, high = mine.loc[mine["change"].idxmin()], mine.loc[mine["change"].idxmax()]
    least, most = (
        _(
            "{change:+.0f} % at {frequency:.0f} Hz and {time:.1f} s",
            change=row["change"],
            frequency=row["frequency"],
            time=row["time"],
        )
        for row in (low, high)
    )
    return _("Change of power on {channel}, {name}: least {least}, most {most}.", **about, least=least, most=most)
