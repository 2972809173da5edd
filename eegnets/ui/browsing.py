"""Going through trials: filters, the one before and the next, a row that opens its trial; all in the address."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st

from eegnets.charts.spectrum import spectrum_chart
from eegnets.charts.trial import trial_chart, trial_title
from eegnets.signals import FLAGS
from eegnets.trials import SPLITS
from eegnets.ui.survey import Survey

COLUMNS = {
    "subject": "Subject",
    "number": st.column_config.NumberColumn("Number", help="The trial's number within its subject."),
    "split": "Split",
    "class": "Class",
    "span": st.column_config.NumberColumn("Span (µV)", format="%.0f", help="Highest less lowest voltage."),
}
COLUMNS |= {name: st.column_config.CheckboxColumn(name.capitalize(), help=flag.rule) for name, flag in FLAGS.items()}


def filtered(found: Survey) -> np.ndarray:
    """The trials of the splits, classes and flags that are picked, (n_shown,); none picked means all."""
    rules = " ".join(f"**{name}**: {flag.rule}" for name, flag in FLAGS.items())
    with st.container(horizontal=True):
        splits = _pills("Split", SPLITS)
        classes = _pills("Class", found.trials.class_names)
        flags = _pills("Flag", tuple(FLAGS), f"Trials with any of these, told by rule, not by eye. {rules}")
    return found.rows(splits, classes, flags)


def _pills(name: str, choices: Sequence[str], help_: str | None = None) -> list[str]:
    picked = st.pills(
        name,
        choices,
        selection_mode="multi",
        default=[],
        key=name.lower(),
        bind="query-params",
        on_change=_first,
        help=help_,
        width="content",
        wrap=True,
    )
    return list(picked or [])


def _first() -> None:
    st.session_state.trial = 1


def channel_picker(ch_names: tuple[str, ...]) -> list[str]:
    """Which channels to draw; nothing is asked where there are but two."""
    if len(ch_names) <= 2:
        return list(ch_names)
    some = list(ch_names[:2])
    picked = st.pills(
        "Channels", ch_names, selection_mode="multi", default=some, key="channels", bind="query-params", wrap=True
    )
    return list(picked or some)


@st.fragment
def trial_browser(found: Survey, shown: np.ndarray, channels: Sequence[str], link: Callable[[int], None]) -> None:
    """The trial that is open, and the list of those `shown`; moving to another trial draws only this again.

    link: draws a link to wherever else a trial can go, given its index.
    """
    index = int(shown[stepper(len(shown), "trial", _step) - 1])
    link(index)
    title = trial_title(found.trials, index)
    st.altair_chart(trial_chart(found.trials, index), key="waveform", alt=f"EEG over time. {title}")
    for column, channel in zip(st.columns(len(channels)), channels, strict=True):
        power = found.spectra.power[index, found.trials.ch_names.index(channel)]
        names, freqs = found.trials.class_names, found.spectra.freqs
        chart = spectrum_chart(found.class_spectra, freqs, power, channel, names)
        column.altair_chart(chart, key=f"spectrum_{channel}", alt=f"Spectrum of the trial and of each class, {channel}")
    st.dataframe(
        found.listed.iloc[shown],
        height=260,
        hide_index=True,
        key="table",
        on_select=_open_row,
        selection_mode="single-row",
        column_config=COLUMNS,
        alt="The trials and what may be wrong with them; picking a row opens its trial",
    )


def stepper(n: int, key: str, step: Callable[[int, int], None] | None = None) -> int:
    """Which of the `n` trials is open, from 1; with the one before and the next.

    step: called with (by, n) where more than the number has to move.
    """
    step = step or partial(_move, key)
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        st.button("Previous", icon=":material/arrow_back:", shortcut="Left", on_click=step, args=(-1, n))
        place = st.number_input(f"Trial, of {n}", 1, n, key=key, bind="query-params", width=112)
        st.button("Next", icon=":material/arrow_forward:", shortcut="Right", on_click=step, args=(1, n))
    return place


def bounded(label: str, n: int, key: str, *, start: int = 1, help_: str | None = None) -> int:
    """A whole number from 1 to `n`, in the address; one that was chosen where there were more is brought down."""
    if (st.session_state.get(key) or 1) > n:
        st.session_state[key] = n
    return st.number_input(f"{label}, of {n}", 1, n, start, key=key, bind="query-params", width=130, help=help_)


def _move(key: str, by: int, n: int) -> None:
    """To the next or the one before; after the last comes the first."""
    st.session_state[key] = (st.session_state[key] - 1 + by) % n + 1


def _step(by: int, n: int) -> None:
    """To another trial, and to its row in the table."""
    _move("trial", by, n)
    st.session_state.table = {"selection": {"rows": [st.session_state.trial - 1], "columns": [], "cells": []}}


def _open_row() -> None:
    rows = st.session_state.table.selection.rows
    if rows:
        st.session_state.trial = rows[0] + 1
