"""Going through trials: filters, the one before and the next, a row that opens its trial; all in the address."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from eegnets.charts.trial import trial_chart, trial_title
from eegnets.charts.words import in_words
from eegnets.quality import FLAGS
from eegnets.translation import _
from eegnets.trials import SPLITS
from eegnets.ui.choices import pills
from eegnets.ui.drawing import shared, show
from eegnets.ui.links import as_written, class_words
from eegnets.ui.survey import Survey, spectra_of


def filtered(found: Survey) -> np.ndarray:
    """The trials of the splits, classes and flags that are picked, (n_shown,); none picked means all."""
    rules = " ".join(f"**{_(name)}**: {_(flag.rule)}" for name, flag in FLAGS.items())
    how = _("Trials with any of these, told by rule, not by eye. {rules}", rules=rules)
    with st.container(horizontal=True):
        splits = _pills(_("Split"), SPLITS, "split")
        classes = _pills(_("Class"), found.trials.class_names, "class", words=class_words)
        flags = _pills(_("Flag"), tuple(FLAGS), "flag", how)
    return found.rows(splits, classes, flags)


def _pills(
    label: str, choices: Sequence[str], key: str, help_: str | None = None, words: Callable[[str], str] = _
) -> list[str]:
    return pills(label, choices, [], key, words, on_change=_first, help=help_, width="content", wrap=True)


def _first() -> None:
    """To the first trial of another list, and to its row."""
    st.session_state.trial = 1
    _tick()


def channel_picker(ch_names: tuple[str, ...]) -> list[str]:
    """Which channels to draw; nothing is asked where there are but two."""
    if len(ch_names) <= 2:
        return list(ch_names)
    some = list(ch_names[:2])
    picked = st.pills(
        _("Channels"),
        ch_names,
        selection_mode="multi",
        default=some,
        key="channels",
        bind="query-params",
        wrap=True,
        format_func=as_written,
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
    about = _("EEG over time. {title}", title=title)
    show(shared(trial_chart, found.trials, index), key="waveform", alt=about)
    for column, channel in zip(st.columns(len(channels)), channels, strict=True):
        about = _("Spectrum of the trial and of each class, {channel}", channel=channel)
        show(shared(spectra_of, found, index, channel), key=f"spectrum_{channel}", alt=about, place=column)
    st.dataframe(
        in_words(found.listed.iloc[shown], "split", "class"),
        height=260,
        hide_index=True,
        key="table",
        on_select=_open_row,
        selection_mode="single-row",
        column_config=_columns(),
        alt=_("The trials and what may be wrong with them; picking a row opens its trial"),
    )


def _columns() -> dict[str, Any]:
    """How the columns of the list are called."""
    columns = {
        "subject": _("Subject"),
        "number": st.column_config.NumberColumn(_("Number"), help=_("The trial's number within its subject.")),
        "split": _("Split"),
        "class": _("Class"),
        "span": st.column_config.NumberColumn(_("Span (µV)"), format="%.0f", help=_("Highest less lowest voltage.")),
    }
    flags = {
        name: st.column_config.CheckboxColumn(_(name).capitalize(), help=_(flag.rule)) for name, flag in FLAGS.items()
    }
    return columns | flags


def stepper(n: int, key: str, step: Callable[[int, int], None] | None = None) -> int:
    """Which of the `n` trials is open, from 1; with the one before and the next.

    step: called with (by, n) where more than the number has to move.
    """
    step = step or partial(_move, key)
    with st.container(horizontal=True, vertical_alignment="bottom", width="content", gap="xsmall"):
        st.button(_("Previous"), icon=":material/arrow_back:", shortcut="Left", on_click=step, args=(-1, n))
        place = st.number_input(_of(_("Trial"), n), 1, n, key=key, bind="query-params", width=112)
        st.button(_("Next"), icon=":material/arrow_forward:", shortcut="Right", on_click=step, args=(1, n))
    return place


def bounded(label: str, n: int, key: str, *, start: int = 1, help_: str | None = None) -> int:
    """A whole number from 1 to `n`, in the address; one that was chosen where there were more is brought down."""
    if (st.session_state.get(key) or 1) > n:
        st.session_state[key] = n
    return st.number_input(_of(label, n), 1, n, start, key=key, bind="query-params", width=130, help=help_)


def _of(label: str, n: int) -> str:
    return _("{label}, of {n}", label=label, n=n)


def _move(key: str, by: int, n: int) -> None:
    """To the next or the one before; after the last comes the first."""
    st.session_state[key] = (st.session_state[key] - 1 + by) % n + 1


def _step(by: int, n: int) -> None:
    """To another trial, and to its row in the table."""
    _move("trial", by, n)
    _tick()


def _tick() -> None:
    st.session_state.table = {"selection": {"rows": [st.session_state.trial - 1], "columns": [], "cells": []}}


def _open_row() -> None:
    rows = st.session_state.table.selection.rows
    if rows:
        st.session_state.trial = rows[0] + 1
