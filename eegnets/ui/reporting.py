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
from eegnets.runs import SCORES, asked
from eegnets.statistics import flattery, flattery_words
from eegnets.sweep import seconds_expected
from eegnets.timing import time_table
from eegnets.ui.panels import SCORE_HELP
from eegnets.ui.state import owner, runner

Rows = list[dict[str, Any]]


def report_panel(rows: Rows) -> None:
    """The report's two tables for the score that the reader picks; one click starts what is missing."""
    st.markdown(
        "Testing accuracy by network and activation, with and without weight decay, as the lab report has it, out of "
        "the finished runs here. The report counts the best test epoch of one run."
    )
    names = sorted({row["source"] for row in rows if row["state"] == "finished"})
    source = st.segmented_control("Data of the runs", names, key="of", bind="query-params") if len(names) > 1 else None
    report = make_report(rows, source)
    score = st.segmented_control(
        "Test accuracy",
        list(SCORES.values()),
        default=SCORES["best_test"],
        required=True,
        key="report_score",
        bind="query-params",
    )
    key = next(name for name, words in SCORES.items() if words == score)
    st.caption(SCORE_HELP[key])
    for decay in DECAYS:
        table = score_grid(report, key, decay)
        st.markdown(f"**{TITLES[decay].capitalize()}**, per cent")
        picked = st.dataframe(
            table,
            hide_index=True,
            alt=table.to_string(index=False),
            key=f"cells_{key}_{decay:g}",
            on_select="rerun",
            selection_mode="single-cell",
        )
        for row, activation in picked.selection.cells:
            _runs_link(report, key, decay, table["Network"][row], activation)
    st.caption(f"Each cell: {READING}; a click on it leads to its runs. Runs: {common_words(report)}")
    _start_missing(report, rows)
    for sentence in report.findings:
        st.markdown(f"- {sentence}")
    st.markdown(f"**{TIMES[0].upper()}{TIMES[1:]}**")
    took = time_table(report.times)
    st.dataframe(took, hide_index=True, alt=took.to_string(index=False))
    st.caption(
        "Ours: the mean of the runs above, scaled to as many epochs, ± half of the 95 % interval. Fewer trials take "
        "less time, so compare devices with each other: the report's graphics card was 9 times as fast as its "
        "processor."
    )
    with st.container(horizontal=True):
        for form, ending in (("markdown", "md"), ("csv", "csv"), ("json", "json")):
            name = {"markdown": "Markdown"}.get(form, form.upper())
            st.download_button(f"All tables ({name})", FORMATS[form](report), f"report.{ending}", on_click="ignore")


def _runs_link(report: Report, score: str, decay: float, model: str, activation: str) -> None:
    """The way to the runs of a cell."""
    place = (score, decay, model, activation)
    for cell in report.cells:
        if (cell.score, cell.weight_decay, cell.model, cell.activation) == place and cell.runs:
            words = f"The {len(cell.runs)} runs of {model} {activation}, weight decay {decay:g}"
            link = {"run": list(cell.runs), "view": "Runs"}
            st.page_link("pages/compare.py", label=words, icon=":material/stacked_line_chart:", query_params=link)


def _start_missing(report: Report, rows: Rows) -> None:
    at_work = [str(asked(row).with_(threads=None).to_dict()) for row in rows if row["state"] in ("queued", "running")]
    missing = [config for config in missing_configs(report) if str(config.to_dict()) not in at_work]
    if not missing:
        return
    seconds = seconds_expected(missing, rows)
    about = f", about {max(seconds / 60, 1):.0f} min of training" if seconds else ""
    if st.button(f"Start the {len(missing)} missing runs{about}", icon=":material/play_arrow:"):
        runner().submit_group(missing, owner=owner())
        st.rerun()


def flattery_panel(table: pd.DataFrame) -> None:
    """How far the best test epoch lies above the honest scores, over all finished runs: a sentence and a chart."""
    found = flattery(table[table["state"] == "finished"])
    st.markdown(
        "The best test epoch is chosen by looking at the very trials that it reports on. Of many noisy epochs the "
        "luckiest is taken, so the figure lies above what the network would reach on new trials."
    )
    if found.empty:
        st.info("No finished run with test trials yet.", icon=":material/hourglass_empty:")
        return
    st.markdown(flattery_words(found))
    st.altair_chart(flattery_chart(found), key="flattery", alt=flattery_words(found))
