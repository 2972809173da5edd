"""How good a network is on many trials: scores, by subject, how sure it is, and the trials behind each cell."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from eegnets.charts.calibration import calibration_chart, describe_calibration
from eegnets.charts.confusion import confusion_chart
from eegnets.config import DataConfig, InputError
from eegnets.evaluation import calibration, error_by_chance, score
from eegnets.runs import Run
from eegnets.statistics import by_subject, judged
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.choices import pill
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import choose_data
from eegnets.ui.identity import BY_NUMBER
from eegnets.ui.links import class_words
from eegnets.ui.state import frame_params, trials


@st.cache_data(max_entries=32, show_spinner=False)
def _error_by_chance(probabilities: np.ndarray) -> float:
    return error_by_chance(probabilities)


def _without_a_network(recorded: Trials) -> None:
    """How far one gets on the same test trials without a network: what a score is to be compared with."""
    try:
        linear, same, usual = _baseline(recorded)
    except InputError:  # a rate too slow for the rhythms, a class alone: there is nothing to compare with
        return
    st.caption(
        _(
            "Without a network, on these test trials: a linear classifier of the power of mu and beta is correct in "
            "**{linear:.1%}**, who always answers “{usual}” in {same:.1%}.",
            linear=linear,
            same=same,
            usual=class_words(usual),
        )
    )


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_NUMBER)
def _baseline(recorded: Trials) -> tuple[float, float, str]:
    from eegnets.baseline import without_a_network  # brings scikit-learn

    return without_a_network(recorded)


def test_panel(run: Run) -> None:
    """What the kept weights say of the test trials; a trial that is picked opens on the page Classify."""
    predictions = run.predictions()
    if predictions is None or predictions.empty:
        return
    names = tuple(predictions.columns[3:])
    table = judged(predictions, names)
    people = tuple(table["subject"].unique())
    data = run.config.data if len(people) < 2 else replace(run.config.data, subjects=people)
    recorded = None
    with contextlib.suppress(InputError):  # the data have gone
        recorded = trials(data)
    leave = partial(_leave_for, run.id, data)
    scores_panel(table, names, _("The kept weights on the test trials"), "test", leave, recorded)
    if "left_for" in st.session_state:
        st.switch_page("pages/classify.py", query_params=frame_params() | st.session_state.pop("left_for"))


def _leave_for(network: str, data: DataConfig, place: int) -> None:
    choose_data(data)  # the sidebar's fields are theirs alone: no address may set them while they are on the page
    st.session_state.left_for = {"part": "test", "answer": str(place), "network": network}


def scores_panel(
    table: pd.DataFrame,
    class_names: tuple[str, ...],
    who: str,
    part: str,
    open_trial: Callable[[int], None],
    recorded: Trials | None = None,
) -> None:
    """How good answers are where the class is known, and the list of them; `open_trial` gets a place, from 1.

    recorded: the data whose test trials these are, to tell how far one gets on them without a network.
    """
    known = table[table["label"].isin(class_names)]
    if known.empty:
        st.info(_("Of no trial is the class known: nothing can be counted."), icon=":material/help:")
        trial_list(table, "answers", open_trial)
        return
    truth = known["label"].map(class_names.index).to_numpy()
    probabilities = known[list(class_names)].to_numpy()
    scores, sure = score(probabilities, truth, class_names), calibration(probabilities, truth)
    low, high = scores.interval
    st.markdown(
        _(
            "**{who}:** {n} of known class, accuracy {accuracy:.1%} (95 % interval {low:.1%} to {high:.1%}), Cohen's "
            "kappa {kappa:.2f}, expected calibration error {error:.1%} (of so many trials {by_chance:.1%} if all "
            "probabilities were true).",
            who=who,
            n=scores.n,
            accuracy=scores.accuracy,
            low=low,
            high=high,
            kappa=scores.kappa,
            error=sure.error,
            by_chance=_error_by_chance(probabilities),
        )
    )
    if recorded is not None:
        _without_a_network(recorded)
    left, right = st.columns(2, gap="large")
    with left:
        counts = scores.confusion.tolist()
        spoken = _("Confusion matrix, rows shown, columns answered: {counts}", counts=counts)
        chart = shared(confusion_chart, scores.confusion, class_names, part)
        show(chart, key="confusion", alt=spoken, on_select=_pick_cell, selection_mode="cell")
    with right:
        show(shared(calibration_chart, sure, len(class_names), part), key="calibration", alt=describe_calibration(sure))
    _subjects(table, class_names)
    trial_list(_of_cell(table, class_names), "answers", open_trial)


def _cell(true: str, predicted: str) -> str:
    return f"{true} → {predicted}"


def _pick_cell() -> None:
    """A click on the matrix picks its cell below; a click beside its cells takes it back."""
    clicked = st.session_state.confusion.selection.cell
    st.session_state.cell = _cell(clicked[0]["shown"], clicked[0]["answered"]) if clicked else None


def _of_cell(table: pd.DataFrame, class_names: tuple[str, ...]) -> pd.DataFrame:
    """The trials of the cell that is picked; all while none is."""
    words = {_cell(true, predicted): _cell(_(true), _(predicted)) for true in class_names for predicted in class_names}
    picked = pill(
        _("Trials, shown → answered"),
        list(words),
        None,
        "cell",
        words.__getitem__,
        help=_("The cells of the confusion matrix; none picked means all trials. A row of the list opens its trial."),
    )
    mine = [_cell(true, predicted) == picked for true, predicted in zip(table["label"], table["answer"], strict=True)]
    return table[mine] if picked else table


def _subjects(table: pd.DataFrame, class_names: tuple[str, ...]) -> None:
    rows = by_subject(table, class_names)
    if len(rows) < 2:
        return
    number, interval = st.column_config.NumberColumn, _("95 % interval (Wilson).")
    columns = {
        "subject": _("Subject"),
        "trials": _("Trials"),
        "right": _("Correct"),
        "accuracy": number(_("Accuracy"), format="percent"),
        "low": number(_("from"), format="percent", help=interval),
        "high": number(_("to"), format="percent", help=interval),
    }
    words = _("How good it is on each subject, with the interval")
    st.dataframe(rows, hide_index=True, width="content", column_config=columns, key="by_subject", alt=words)


def trial_list(table: pd.DataFrame, key: str, open_trial: Callable[[int], None]) -> None:
    """A list of answers; a row that is picked opens its trial, whose place (from 1) is the table's index."""
    if table.empty:
        st.caption(_("No trial is there."))
        return

    def opened() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            open_trial(int(table.index[rows[0]]) + 1)

    text = st.column_config.TextColumn
    columns = {name: _(name) for name in table.columns}
    columns |= {
        "trial": st.column_config.NumberColumn(_("Trial"), help=_("Its number within its subject.")),
        "subject": _("Subject"),
        "label": text(_("Shown"), help=_("The class that was asked for, where it is known.")),
        "answer": text(_("Answered"), help=_("The likeliest class.")),
        "correct": st.column_config.CheckboxColumn(_("Correct")),
    }
    st.dataframe(
        table.assign(label=table["label"].map(_), answer=table["answer"].map(_)),
        height=min(260, 38 + 35 * len(table)),
        hide_index=True,
        key=key,
        on_select=opened,
        selection_mode="single-row",
        column_config=columns,
        alt=_("Trials with the probabilities, the answer and whether it is correct; picking a row opens its trial"),
    )
