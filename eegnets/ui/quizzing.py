"""The quiz on a page: a trial without its class, the reader's answer, then the network's and the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from eegnets.charts.trial import trial_chart, trial_title
from eegnets.quiz import Tally, order, rhythm_changes, side_words, tally, task_window
from eegnets.signals import BANDS, default_baseline
from eegnets.trials import Trials


@st.fragment
def quiz(who: str, fold: Trials, table: pd.DataFrame) -> None:
    """You against the network `who`: trials of a split in an order by chance, one guess each; `table`: its answers."""
    asked = _asked(who, fold)
    guesses = st.session_state.guesses
    _scores(fold, table, asked, guesses)
    if not len(asked):
        st.info("Of no trial is the class known: nobody could say who is right.", icon=":material/help:")
        return
    done = st.session_state.get("revealed", False)
    place = len(guesses) - 1 if done else len(guesses)
    if place >= len(asked):
        st.success("These were all trials. Another order begins anew.", icon=":material/flag:")
        return
    index = int(asked[place])
    shown = fold if done else replace(fold, y=np.full(len(fold), -1))
    st.altair_chart(trial_chart(shown, index), key="quiz_trial", alt=trial_title(shown, index))
    if done:
        _reveal(fold, table, index, guesses[-1])
    else:
        _ask(fold.class_names)


def _asked(who: str, fold: Trials) -> np.ndarray:
    """The trials in the order of the reader's number; another network, split or number begins anew."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        help_ = "The same number gives everybody the same trials in the same order."
        seed = st.number_input("Order", 0, 9999, 1, key="order", bind="query-params", width=112, help=help_)
        st.button("Begin anew", icon=":material/restart_alt:", on_click=_reset)
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
    columns = st.columns(2)
    _standing(columns[0], "You", tally([label == guess for label, guess in zip(truth, guesses, strict=True)]))
    _standing(columns[1], "The network", tally(network))


def _standing(column: st.delta_generator.DeltaGenerator, who: str, stands: Tally) -> None:
    low, high = stands.interval
    share = (
        f"{stands.right / stands.n:.0%} right, 95 % interval {low:.0%} to {high:.0%}" if stands.n else "no trial yet"
    )
    streak = f" · {stands.streak} in a row" if stands.streak > 1 else ""
    value = f"{stands.right} of {stands.n}"
    column.metric(who, value, delta=share + streak, delta_color="off", delta_arrow="off")


def _ask(class_names: tuple[str, ...]) -> None:
    st.markdown("**Which was it?** Look where the fast waves become smaller once the task begins.")
    keys = ["Left", "Right"] if len(class_names) == 2 else [str(i + 1) for i in range(len(class_names))]
    with st.container(horizontal=True):
        for i, (name, key) in enumerate(zip(class_names, keys, strict=False)):
            st.button(name.capitalize(), key=f"guess_{i}", shortcut=key, on_click=_guess, args=(i,), type="primary")


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
    words = f"It was **{truth}**. You said {fold.class_names[guess]}; the network said {answer}, {sure:.0%} sure."
    if guess == fold.y[index]:
        st.success(words, icon=":material/check:")
    else:
        st.warning(words, icon=":material/close:")
    st.button("Next trial", icon=":material/arrow_forward:", shortcut="Enter", on_click=_next, type="primary")
    _rhythms(fold, index)


def _rhythms(fold: Trials, index: int) -> None:
    changes, task = rhythm_changes(fold.take(np.array([index]))), task_window(fold.windows)
    if changes.empty or task is None:
        return
    start, stop = default_baseline(fold)
    st.markdown(
        f"**What the rhythm looked like**: power during “{task[0]}” ({task[1][0]:g} to {task[1][1]:g} s) against "
        f"the baseline ({start:g} to {stop:g} s). {side_words(changes, fold.class_names)}"
    )
    names = {name: f"{name} ({low:g}–{high:g} Hz)" for name, (low, high) in BANDS.items()}
    percent = {c: st.column_config.NumberColumn(c, format="%+.0f %%") for c in changes.columns[1:]}
    columns = {"band": "Rhythm"} | percent
    alt = changes.round().to_string(index=False)
    st.dataframe(
        changes.assign(band=changes["band"].map(names)),
        hide_index=True,
        width="content",
        column_config=columns,
        alt=alt,
    )
    st.caption("Mu alone tells about two trials in three rightly (63 % of O3VR's test trials): one trial is noisy.")
