"""The quiz on a page: a trial without its class, the reader's answer, then the network's and the truth."""

from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pandas as pd
import streamlit as st

from eegnets.charts.trial import trial_chart, trial_title
from eegnets.quiz import Tally, hint_words, order, rhythm_changes, side_words, tally, task_window
from eegnets.signals import BANDS, default_baseline
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.drawing import show
from eegnets.ui.links import as_written, class_words, without_links


@st.fragment
def quiz(who: str, fold: Trials, table: pd.DataFrame) -> None:
    """You against the network `who`: trials of a split in an order by chance, one guess each; `table`: its answers."""
    play, stand = st.columns([4, 1], gap="medium")  # below each other on a phone: the trial comes first
    asked = _asked(who, fold)
    guesses = st.session_state.guesses
    with stand:
        _scores(fold, table, asked, guesses)
    with play:
        _play(fold, table, asked, guesses)


def _play(fold: Trials, table: pd.DataFrame, asked: np.ndarray, guesses: list[int]) -> None:
    """The trial that is asked for, or the last one with its answers."""
    if not len(asked):
        st.info(_("Of no trial is the class known: nobody could say which answer is correct."), icon=":material/help:")
        return
    done = st.session_state.get("revealed", False)
    place = len(guesses) - 1 if done else len(guesses)
    if place >= len(asked):
        st.success(_("These were all trials. Another order begins anew."), icon=":material/flag:")
        return
    index = int(asked[place])
    shown = fold if done else replace(fold, y=np.full(len(fold), -1))
    show(trial_chart(shown, index, filled=True), key="quiz_trial", alt=trial_title(shown, index))
    if done:
        _reveal(fold, table, index, guesses[-1])
    else:
        _ask(fold)


def _asked(who: str, fold: Trials) -> np.ndarray:
    """The trials in the order of the reader's number; another network, split or number begins anew."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        help_ = _("The same number gives everybody the same trials in the same order.")
        seed = st.number_input(_("Order"), 0, 9999, 1, key="order", bind="query-params", width=112, help=help_)
        st.button(_("Begin anew"), icon=":material/restart_alt:", on_click=_reset)
    about = f"{who} {seed} {len(fold)} {fold.subjects} {sorted(set(fold.split))}"
    if st.session_state.get("quiz") != about:
        st.session_state.quiz = about
        _reset()
    return order(fold.y, seed)


def _reset() -> None:
    st.session_state.guesses, st.session_state.revealed = [], False


def _scores(fold: Trials, table: pd.DataFrame, asked: np.ndarray, guesses: list[int]) -> None:
    """How the reader and the network stand on the trials so far."""
    truth = fold.y[asked[: len(guesses)]]
    answers = table["answer"].iloc[asked[: len(guesses)]]
    network = [fold.class_names[label] == answer for label, answer in zip(truth, answers, strict=True)]
    _standing(_("You"), tally([label == guess for label, guess in zip(truth, guesses, strict=True)]))
    _standing(_("The network"), tally(network))


def _standing(who: str, stands: Tally) -> None:
    low, high = stands.interval
    if stands.n:
        text = _("{share:.0%} correct, 95 % interval {low:.0%} to {high:.0%}")
        told = [text.format(share=stands.right / stands.n, low=low, high=high)]
    else:
        told = [_("no trial yet")]
    if stands.streak > 1:
        told.append(_("{n} in a row", n=stands.streak))
    st.metric(who, _("{right} of {n}", right=stands.right, n=stands.n))
    st.caption(" · ".join(told))


def _ask(fold: Trials) -> None:
    hint = hint_words(fold)
    asked = _("**Which was it?** Look where the fast waves become smaller once the task begins.")
    st.markdown(f"{asked} {without_links(hint)}")
    keys = ["Left", "Right"] if len(fold.class_names) == 2 else list("123456789")
    with st.container(horizontal=True):
        for i, (name, key) in enumerate(zip_longest(fold.class_names, keys[: len(fold.class_names)])):
            words = as_written(_(name).capitalize())
            st.button(words, key=f"guess_{i}", shortcut=key, on_click=_guess, args=(i,), type="primary")


def _guess(label: int) -> None:
    if not st.session_state.revealed:  # a key pressed twice guesses once
        st.session_state.guesses = [*st.session_state.guesses, label]
        st.session_state.revealed = True


def _next() -> None:
    st.session_state.revealed = False


def _reveal(fold: Trials, table: pd.DataFrame, index: int, guess: int) -> None:
    """The truth, who saw it, and what the rhythm looked like."""
    truth, answer = fold.class_names[fold.y[index]], table["answer"].iloc[index]
    sure = float(table[answer].iloc[index])
    words = _(
        "It was **{truth}**. You said {guess}; the network said {answer}, {sure:.0%} sure.",
        truth=class_words(truth),
        guess=class_words(fold.class_names[guess]),
        answer=class_words(answer),
        sure=sure,
    )
    if guess == fold.y[index]:
        st.success(words, icon=":material/check:")
    else:
        st.warning(words, icon=":material/close:")
    st.button(_("Next trial"), icon=":material/arrow_forward:", shortcut="Enter", on_click=_next, type="primary")
    _rhythms(fold, index)


def _rhythms(fold: Trials, index: int) -> None:
    changes, task = rhythm_changes(fold.take(np.array([index]))), task_window(fold.windows)
    if changes.empty or task is None:
        return
    start, stop = default_baseline(fold)
    words = _(
        "**What the rhythm looked like**: power during “{task}” ({begin:g} to {end:g} s) against the baseline "
        "({start:g} to {stop:g} s).",
        task=class_words(task[0]),
        begin=task[1][0],
        end=task[1][1],
        start=start,
        stop=stop,
    )
    st.markdown(f"{words} {without_links(side_words(changes, fold.class_names))}")
    names = {name: f"{_(name)} ({low:g}–{high:g} Hz)" for name, (low, high) in BANDS.items()}
    percent = {c: st.column_config.NumberColumn(c, format="%+.0f %%") for c in changes.columns[1:]}
    columns = {"band": _("Rhythm")} | percent
    alt = changes.round().assign(band=changes["band"].map(_)).rename(columns={"band": _("band")})
    st.dataframe(
        changes.assign(band=changes["band"].map(names)),
        hide_index=True,
        width="content",
        column_config=columns,
        alt=alt.to_string(index=False),
    )
    st.caption(_("Mu alone tells about two trials in three (63 % of O3VR's test trials): one trial is noisy."))
