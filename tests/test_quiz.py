"""You against the network: the order, the score, and the rhythm of a trial that was made to have one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from eegnets.evaluation import wilson_interval
from eegnets.quiz import hint_words, order, rhythm_changes, shown_channels, side_words, tally, task_window
from eegnets.trials import Trials

NAMES = ("left hand", "right hand")


def one(weaker, to=0.5, windows=True):
    """A trial of 6 s at 125 Hz whose 10 and 20 Hz waves shrink on one channel `to` that amplitude at 3 s."""
    times = np.arange(750) / 125
    X = np.tile(np.sin(2 * np.pi * 10 * times) + np.sin(2 * np.pi * 20 * times), (2, 1))
    X[weaker, times >= 3.0] *= to
    about = {"y": [weaker], "split": ["test"], "subject": ["A"], "number": [1]}
    spans = {"cue": (3.0, 4.25), "imagery": (3.5, 6.0)} if windows else {}
    return Trials(X=X[None], sfreq=125.0, ch_names=("C3", "C4"), class_names=NAMES, windows=spans, **about)


def test_every_trial_of_known_class_is_asked_once_in_an_order_of_the_seed():
    y = np.array([0, 1, -1, 0, 1, 1])
    assert sorted(order(y, 3)) == [0, 1, 3, 4, 5]
    assert order(y, 3).tolist() == order(y, 3).tolist()
    assert len({tuple(order(y, seed)) for seed in range(20)}) > 10


def test_the_score_counts_right_ones_and_the_last_in_a_row():
    stands = tally([True, False, True, True])
    assert (stands.n, stands.right, stands.streak) == (4, 3, 2)
    assert stands.interval == wilson_interval(3, 4)
    assert (tally([]).n, tally([]).streak, tally([True, False]).streak) == (0, 0, 0)


@pytest.mark.parametrize(("weaker", "hand"), [(0, "right hand"), (1, "left hand")])
def test_a_rhythm_of_half_the_amplitude_has_three_quarters_less_power_and_speaks_for_the_other_side(weaker, hand):
    found = rhythm_changes(one(weaker)).set_index("band")
    assert found.iloc[:, weaker].to_dict() == pytest.approx({"mu": -75, "beta": -75}, abs=3)
    assert found.iloc[:, 1 - weaker].to_dict() == pytest.approx({"mu": 0, "beta": 0}, abs=3)
    assert f"speaks for the {hand}" in side_words(found.reset_index(), NAMES)


def test_where_mu_grows_on_both_sides_the_weaker_speaks_and_equals_speak_for_nobody():
    grown = pd.DataFrame({"band": ["mu"], "C3": [515.0], "C4": [324.0]})
    assert "mu is weaker at C4 than at C3: that speaks for the left hand" in side_words(grown, NAMES)
    equal = pd.DataFrame({"band": ["mu"], "C3": [-20.0], "C4": [-20.0]})
    assert "speaks for neither hand" in side_words(equal, NAMES)


def test_nothing_is_told_where_nothing_can_be_known():
    assert rhythm_changes(one(0, windows=False)).empty
    assert side_words(rhythm_changes(one(0, windows=False)), NAMES) == ""
    assert side_words(pd.DataFrame({"band": ["mu"], "C3": [1.0], "C4": [2.0]}), ("feet", "tongue")) == ""
    slow = replace(one(0), sfreq=40.0)  # beta ends above half of it
    assert rhythm_changes(slow)["band"].tolist() == ["mu"]


def test_the_hint_names_the_electrode_of_each_hand_where_both_are_there():
    assert hint_words(one(0)) == "For the left hand they do so at C4, for the right hand at C3."
    assert hint_words(replace(one(0), ch_names=("Cz", "C4"))) == ""
    assert hint_words(replace(one(0), class_names=("feet", "tongue"))) == ""


def test_the_task_is_the_window_that_begins_last_and_the_channels_are_the_hands():
    assert task_window({"cue": (3, 4.25), "imagery": (3.5, 6)}) == ("imagery", (3.5, 6))
    assert task_window({}) is None
    assert shown_channels(["Fz", "C3", "Cz", "C4"]) == ["C3", "C4"]
    assert shown_channels(["A", "B", "C"]) == ["A", "B"]


def test_more_classes_than_digits_can_be_guessed():
    def ask():
        import numpy as np

        from eegnets.trials import Trials
        from eegnets.ui.quizzing import _ask

        about = {"y": [0], "split": ["test"], "subject": ["A"], "number": [1], "sfreq": 10.0, "ch_names": ("C3",)}
        _ask(Trials(X=np.zeros((1, 1, 20)), class_names=tuple(f"task {i}" for i in range(12)), **about))

    app = AppTest.from_function(ask).run()
    assert not app.exception
    assert len(app.button) == 12
