"""Flags of trials: every fault is found where it was put in, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
from recordings import SFREQ, noise, recording, with_gap

from eegnets.quality import FLAGS, counts, flags, trial_list
from eegnets.signals import band_power


def _missing(X):
    X[0, 1, 300] = np.nan


def _rail(X):
    X[0, 0, 300:306] = 45.0


def _rail_cut_out(X):
    X[0, 0, 298:308] = [30, 41, 44.9, np.nan, np.nan, np.nan, np.nan, 45, 40, 25]


def _flat(X):
    X[0, 1, 300:365] = X[0, 1, 300]


def _large(X):
    X[0] *= 3


def _blink(X):
    X[0] += 45 * np.exp(-0.5 * ((np.arange(750) / SFREQ - 2) / 0.1) ** 2)


def _mains(X):
    X[0] += 4 * np.sin(2 * np.pi * 50 * np.arange(750) / SFREQ)


def _american_mains(X):
    X[0] += 4 * np.sin(2 * np.pi * 60 * np.arange(750) / SFREQ)


FAULTS = [
    ("missing", _missing),
    ("at the rail", _rail),
    ("at the rail", _rail_cut_out),
    ("flat", _flat),
    ("large", _large),
    ("blink-like", _blink),
    ("mains", _mains),
    ("mains", _american_mains),
]


@pytest.mark.parametrize(("name", "spoil"), FAULTS)
def test_each_flag_is_raised_by_the_trial_built_to_have_it_and_by_no_clean_one(name, spoil):
    X = noise(100)
    assert not flags(recording(X)).to_numpy().any()
    spoil(X)
    found = flags(recording(X))
    assert found[name].tolist() == [True] + 99 * [False]


@pytest.mark.parametrize("sfreq", [SFREQ, 50.0, 10.0])
def test_flat_is_half_a_second_wherever_it_begins_and_no_less(sfreq):
    half = round(sfreq / 2)
    for begin in (0, 7, 100 - half):
        X = noise(2)[..., :100]
        X[0, 1, begin : begin + half] = 3.0
        assert flags(recording(X, sfreq=sfreq, windows={}))["flat"].tolist() == [True, False]
        for place, other in ((begin + half // 2, np.nan), (begin + half - 1, 4.0)):  # missing; one sample too short
            spoilt = X.copy()
            spoilt[0, 1, place] = other
            assert not flags(recording(spoilt, sfreq=sfreq, windows={}))["flat"].any()


@pytest.mark.parametrize("n_times", [1, 2, 20, 27, 28])
def test_trials_of_few_samples_have_flags_and_power_all_the_same(n_times):
    trials = recording(noise(4)[..., :n_times], windows={})
    assert len(flags(trials)) == 4
    assert band_power(trials, (8.0, 13.0)).shape == (4, 2, n_times)


def test_a_gap_amid_ordinary_voltages_is_not_the_rails():
    X = with_gap(noise(100))
    X[0, 0, 199] = X[0, 0, 260] = 1.0
    found = flags(recording(X))
    assert found["missing"].iloc[0]
    assert not found["at the rail"].any()


def test_there_is_a_fault_for_every_flag():
    assert {name for name, _ in FAULTS} == set(FLAGS)


def test_a_person_is_measured_by_their_own_trials():
    small, big = noise(50, seed=1), 6 * noise(50, seed=2)
    trials = recording(np.concatenate([small, big]))
    both = replace(trials, subject=np.repeat(["A", "B"], 50))
    assert flags(trials)["large"].any()
    assert not flags(both)["large"].any()


def test_a_slow_wave_on_one_channel_alone_is_no_blink():
    X = noise(100)
    X[0, 0] += 45 * np.exp(-0.5 * ((np.arange(750) / SFREQ - 2) / 0.1) ** 2)
    assert not flags(recording(X))["blink-like"].any()


def test_the_list_tells_of_each_trial_what_it_is(tiny_trials):
    table = trial_list(tiny_trials)
    assert table["number"].tolist() == tiny_trials.number.tolist()
    assert table["class"].tolist() == [tiny_trials.class_names[label] for label in tiny_trials.y]
    assert table["span"].to_numpy() == pytest.approx(np.ptp(tiny_trials.X, axis=-1).max(axis=1))
    assert set(FLAGS) <= set(table.columns)


def test_the_list_calls_an_unknown_class_so():
    trials = recording(noise(4), y=np.array([-1, 0, 1, -1]))
    assert trial_list(trials)["class"].tolist() == ["unknown", "left hand", "right hand", "unknown"]


def test_counts_add_up(tiny_trials):
    counted = counts(trial_list(tiny_trials))
    assert counted["trials"].sum() == len(tiny_trials)
    mask = (tiny_trials.subject == "B") & (tiny_trials.split == "test") & (tiny_trials.y == 1)
    row = counted.query("subject == 'B' and split == 'test' and `class` == 'right hand'")
    assert row["trials"].tolist() == [mask.sum()]
