"""Seconds per epoch as bars, a bar a way to train; and this machine's beside the lab report's."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from eegnets.bench_results import ENGINES, USUAL, Result
from eegnets.charts.style import NEUTRAL, OTHER_COLOURS, QUIET, titled
from eegnets.translation import _, ngettext

BAR = 22  # px
AXIS = alt.Axis(tickCount=5)
ENGINE_COLOURS = dict(zip(ENGINES, (NEUTRAL, OTHER_COLOURS[6], OTHER_COLOURS[0]), strict=True))
SHOWN = {
    "engine": lambda value: _("usual loop") if value == USUAL else value,
    "precision": str,
    "device": str,
    "threads": lambda value: ngettext("{n} thread", "{n} threads", value),
    "batch_size": lambda value: _("batch {n}", n=value),
}  # how a value of a case is called beside its bar


def bench_table(found: Sequence[Result], network: str) -> pd.DataFrame:
    """A network's results, the fastest first: `Result.row`, way (what differs, in words) and reading (figures)."""
    mine = sorted((result for result in found if result.case.model == network), key=lambda result: result.seconds)
    varies = [name for name in SHOWN if len({getattr(result.case, name) for result in found}) > 1] or ["engine"]
    rows = [
        result.row()
        | {
            "way": ", ".join(SHOWN[name](getattr(result.case, name)) for name in varies),
            "reading": _reading(result),
        }
        for result in mine
    ]
    return pd.DataFrame(rows)


def _reading(result: Result) -> str:
    seconds = f"{result.seconds:.3g} " + _("s")
    return f"{seconds} · {result.ratio:.1f} ×" if result.ratio == result.ratio else seconds


def bench_bars(table: pd.DataFrame, network: str) -> alt.LayerChart:
    """Bars of seconds per epoch with lines from the fastest to the slowest; rows of `bench_table`, at least one."""
    y = alt.Y(
        "way:N",
        title=None,
        sort=list(table["way"]),
        axis=alt.Axis(labelLimit=260, labelOverlap=False, labelFlush=False),
    )
    top = 1.75 * float(table["slowest"].max())  # room for the words behind the longest bar
    x = alt.X(
        "seconds:Q",
        title=_("Seconds per epoch"),
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=AXIS,
    )
    tooltip = [
        alt.Tooltip("way:N", title=network),
        alt.Tooltip("seconds:Q", title=_("Seconds per epoch (median)"), format=".4g"),
        alt.Tooltip("fastest:Q", title=_("Fastest"), format=".4g"),
        alt.Tooltip("slowest:Q", title=_("Slowest"), format=".4g"),
        alt.Tooltip("epochs:Q", title=_("Epochs measured")),
        alt.Tooltip("ratio:Q", title=_("Times as fast as the usual loop"), format=".2f"),
    ]
    colours = alt.Scale(domain=list(ENGINE_COLOURS), range=list(ENGINE_COLOURS.values()))
    bars = alt.Chart(table).mark_bar().encode(x, y, color=alt.Color("engine:N", scale=colours, legend=None))
    spread = (
        alt.Chart(table).mark_rule(color=NEUTRAL, strokeWidth=2).encode(alt.X("fastest:Q"), y, x2=alt.X2("slowest:Q"))
    )
    words = alt.Chart(table).mark_text(align="left", dx=6, color=QUIET, fontSize=12)
    words = words.encode(alt.X("slowest:Q"), y, text=alt.Text("reading:N"))
    layers = [layer.encode(tooltip=tooltip) for layer in (bars, spread, words)]
    under = _("line: fastest to slowest; ×: against the usual loop of the same device, threads and batch")
    return alt.layer(*layers).properties(title=titled(network, under), height=BAR * len(table) + 90)


def report_bars(table: pd.DataFrame) -> alt.LayerChart:
    """Bars of seconds for 500 epochs: rows of who, whose ("lab report" or "here"), seconds."""
    y = alt.Y(
        "who:N",
        title=None,
        sort=list(table["who"]),
        axis=alt.Axis(labelLimit=260, labelOverlap=False, labelFlush=False),
    )
    top = 1.2 * float(table["seconds"].max())
    x = alt.X(
        "seconds:Q",
        title=_("Seconds for 500 epochs"),
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=AXIS,
    )
    tooltip = [alt.Tooltip("who:N", title=_("Where")), alt.Tooltip("seconds:Q", title=_("Seconds"), format=".1f")]
    colour = alt.condition("datum.whose == 'here'", alt.value(OTHER_COLOURS[0]), alt.value(NEUTRAL))
    bars = alt.Chart(table).mark_bar().encode(x, y, color=colour, tooltip=tooltip)
    words = alt.Chart(table).mark_text(align="left", dx=6, color=QUIET, fontSize=12)
    words = words.encode(x, y, text=alt.Text("seconds:Q", format=".0f"), tooltip=tooltip)
    title = titled(
        _("EEGNet, 500 epochs"),
        _("1,080 training, 1,080 test trials; grey: the lab report, blue: here"),
    )
    return alt.layer(bars, words).properties(title=title, height=28 * len(table) + 90)


def describe_bars(table: pd.DataFrame, network: str) -> str:
    """The bars in words: the fastest and the slowest way."""
    first, last = table.iloc[0], table.iloc[-1]
    return _(
        "{network}, seconds per epoch of {n} ways to train: {first} is the fastest with {fastest}; {last} the slowest "
        "with {slowest}.",
        network=network,
        n=len(table),
        first=first["way"],
        fastest=first["reading"],
        last=last["way"],
        slowest=last["reading"],
    )
