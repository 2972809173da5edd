"""What all runs together say: the lab report's tables made anew, and how much the best test epoch flatters."""

from typing import Any

import pandas as pd
import streamlit as st

from eegnets.charts.comparison import flattery_chart
from eegnets.report import (
    DECAYS,
    FORMATS,
    READING,
    TIMES,
    TITLES,
    Report,
    common_words,
    make_report,
    missing_configs,
    score_grid,
)
from eegnets.runs import asked, distinct
from eegnets.statistics import flattery, flattery_words
from eegnets.sweep import seconds_expected
from eegnets.timing import EPOCHS, time_table
from eegnets.translation import _
from eegnets.ui.drawing import show
from eegnets.ui.scores import score_choice
from eegnets.ui.state import owner, runner

Rows = list[dict[str, Any]]


def report_panel(rows: Rows) -> None:
    """The report's two tables for the score that the reader picks, what they say, and the times; to take along."""
    st.markdown(
        _(
            "Testing accuracy by network and activation, with and without weight decay, as the lab report has it, out "
            "of the finished runs here. The report counts the best test epoch of one run."
        )
    )
    names = sorted({row["source"] for row in rows if row["state"] == "finished"})
    words = _("Data of the runs")
    source = st.segmented_control(words, names, key="of", bind="query-params") if len(names) > 1 else None
    report = make_report(rows, source)
    _tables(report, score_choice("report_score", "best_test"))
    _start_missing(report, rows)
    for sentence in report.findings:
        st.markdown(f"- {sentence}")
    _times(report)
    with st.container(horizontal=True):
        for form, ending in (("markdown", "md"), ("csv", "csv"), ("json", "json")):
            name = {"markdown": "Markdown"}.get(form, form.upper())
            words = _("All tables ({format})", format=name)
            st.download_button(words, FORMATS[form](report), f"report.{ending}", on_click="ignore")


def _tables(report: Report, key: str) -> None:
    """A table with weight decay and one without; a cell that is picked leads to its runs."""
    for decay in DECAYS:
        table = score_grid(report, key, decay)
        st.markdown(_("**{table}**, per cent", table=_(TITLES[decay]).capitalize()))
        picked = st.dataframe(
            table,
            hide_index=True,
            column_config={"Network": _("Network")},
            alt=table.rename(columns=_).to_string(index=False),
            key=f"cells_{key}_{decay:g}",
            on_select="rerun",
            selection_mode="single-cell",
        )
        for row, activation in picked.selection.cells:
            _runs_link(report, key, decay, table["Network"][row], activation)
    st.caption(
        _(
            "Each cell: {reading}; a click on it leads to its runs. Runs: {common}",
            reading=_(READING),
            common=common_words(report),
        )
    )


def _times(report: Report) -> None:
    """How long the runs took, beside the report's."""
    words = _(TIMES, epochs=EPOCHS)
    st.markdown(f"**{words[0].upper()}{words[1:]}**")
    took = time_table(report.times)
    st.dataframe(took, hide_index=True, alt=took.to_string(index=False))
    st.caption(
        _(
            "Ours: the mean of the runs above, scaled to as many epochs, ± half of the 95 % interval. Fewer trials "
            "take less time, so compare devices with each other: the report's graphics card was 9 times as fast as its "
            "processor."
        )
    )


def _runs_link(report: Report, score: str, decay: float, model: str, activation: str) -> None:
    """The way to the runs of a cell."""
    place = (score, decay, model, activation)
    for cell in report.cells:
        if (cell.score, cell.weight_decay, cell.model, cell.activation) == place and cell.runs:
            words = _(
                "The {n} runs of {model} {activation}, weight decay {decay:g}",
                n=len(cell.runs),
                model=model,
                activation=activation,
                decay=decay,
            )
            link = {"run": list(cell.runs), "view": "Runs"}
            st.page_link("pages/compare.py", label=words, icon=":material/stacked_line_chart:", query_params=link)


def _start_missing(report: Report, rows: Rows) -> None:
    at_work = [str(asked(row).with_(threads=None).to_dict()) for row in rows if row["state"] in ("queued", "running")]
    missing = [config for config in missing_configs(report) if str(config.to_dict()) not in at_work]
    if not missing:
        return
    seconds = seconds_expected(missing, rows)
    words = _("Start the {n} missing runs", n=len(missing))
    if seconds:
        minutes = max(seconds / 60, 1)
        words = _("Start the {n} missing runs, about {minutes:.0f} min of training", n=len(missing), minutes=minutes)
    if st.button(words, icon=":material/play_arrow:"):
        runner().submit_group(missing, owner=owner())
        st.rerun()


def flattery_panel(rows: Rows, source: str) -> None:
    """How far the best test epoch lies above the honest scores, over finished runs: a sentence and a chart."""
    st.markdown(
        _(
            "The best test epoch is chosen by looking at the very trials that it reports on. Of many noisy epochs the "
            "luckiest is taken, so the figure lies above what the network would reach on new trials."
        )
    )
    which, words = _counted(rows, source)
    st.caption(words)
    finished = distinct(row for row in which if row["state"] == "finished")
    found = flattery(pd.DataFrame(finished, columns=["id", "last", "best_validation", "best_test"]))
    if found.empty:
        st.info(_("No finished run with test trials yet."), icon=":material/hourglass_empty:")
        return
    st.markdown(flattery_words(found))
    show(flattery_chart(found), key="flattery", alt=flattery_words(found))


def _counted(rows: Rows, source: str) -> tuple[Rows, str]:
    """The runs of a lesson where the address names them, or else those on the source; and which they are, in words."""
    ids = st.query_params.get_all("run") if "lesson" in st.query_params else []
    if ids:
        return [row for row in rows if row["id"] in ids], _("Counted here: the finished runs of this lesson.")
    words = _("Counted here: the finished runs on {source}, the data chosen in the sidebar.", source=source)
    return [row for row in rows if row.get("source") == source], words
