"""How the power of every rhythm changes over a trial: blue where it weakens (ERD), red where it grows (ERS)."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from eegnets.charts.style import CHANGE_SCALE, HEIGHT, RULE_COLOUR
from eegnets.translation import _


def erd_chart(
    changes: pd.DataFrame, class_name: str, channel: str, windows: Mapping[str, tuple[float, float]]
) -> alt.LayerChart:
    """The map of one class and channel out of rows of time (s), frequency (Hz), channel, class, change (percent).

    Colours end at -100 %, where nothing is left of a rhythm, and at its double, on every map: maps can be compared. A
    line stands where each of the task's windows begins.
    """
    mine = changes[(changes["class"] == class_name) & (changes["channel"] == channel)]
    mine = mine[["time", "frequency", "change"]]
    step = _step(mine["time"])
    times = _between(mine["time"] - step / 2, mine["time"] + step / 2)
    rhythms = _between(mine["frequency"] - 0.5, mine["frequency"] + 0.5)
    scale = alt.Scale(domain=[-100, -50, 0, 50, 100], range=list(CHANGE_SCALE), clamp=True)
    tooltip = [
        alt.Tooltip("time:Q", format=".1f", title="s"),
        alt.Tooltip("frequency:Q", title="Hz"),
        alt.Tooltip("change:Q", format="+.0f", title="%"),
    ]
    map_ = (
        alt.Chart(mine)
        .transform_calculate(  # the browser finds the edges, so that only three numbers a cell go there
            begin=f"datum.time - {step / 2}",
            end=f"datum.time + {step}",  # cells overlap: no seams between them
            below="datum.frequency - 0.5",
            above="datum.frequency + 1",
        )
        .mark_rect(clip=True, aria=False)
        .encode(
            x=alt.X("begin:Q", title=_("Time after trial start (s)"), scale=times),
            x2=alt.X2("end:Q"),
            y=alt.Y("below:Q", title=_("Frequency (Hz)"), scale=rhythms),
            y2=alt.Y2("above:Q"),
            color=alt.Color("change:Q", title=_("Change (%)"), scale=scale, legend=alt.Legend(orient="right")),
            tooltip=tooltip,
        )
    )
    begins = pd.DataFrame([(_(name), window[0]) for name, window in windows.items()], columns=["window", "begins"])
    line = alt.Chart(begins).mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=RULE_COLOUR)
    line = line.encode(
        x=alt.X("begins:Q"),
        tooltip=[alt.Tooltip("window:N", title=_("window")), alt.Tooltip("begins:Q", title=_("begins (s)"))],
    )
    return alt.layer(map_, line, title=f"{channel}, {_(class_name)}", height=HEIGHT - 60)


def _step(times: pd.Series) -> float:
    places = times.drop_duplicates()
    return float(places.iloc[1] - places.iloc[0]) if len(places) > 1 else 0.0


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
