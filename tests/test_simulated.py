"""The simulated people: as many, as loud and as lateralised as they are said to be, and the same every time."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy import signal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eegnets import sources
from eegnets.config import DataConfig, InputError
from eegnets.sources.simulated import CUE, PEOPLE, RUN, SFREQ, TIMES, Simulated

BANDS = {"mu": (8, 13), "beta": (14, 25)}
REST, IMAGINING = (1.5, 2.9), (3.75, 4.75)

each_person = pytest.mark.parametrize("who", PEOPLE)
each_rhythm = pytest.mark.parametrize("rhythm", BANDS)


def make(subjects=(), difficulty=0.5, seed=0):
    return _make(subjects, difficulty, seed)


@cache
def _make(subjects, difficulty, seed):
    return Simulated().load(None, subjects, difficulty=difficulty, seed=seed)


@cache
def one(who):
    """One person's trials, the very same each time: what is filtered once is filtered for all tests."""
    return make().of_subjects([who])


@cache
def filtered(trials, low, high):
    """Of each trial the part between two frequencies, µV, (n_trials, 2, n_times)."""
    filled = trials.filled(trials.of_split("train").channel_means())
    return signal.sosfiltfilt(signal.butter(4, (low, high), "bandpass", fs=SFREQ, output="sos"), filled.X)


def log_power(trials, low, high, window):
    """(n_trials, 2), natural log of µV²."""
    inside = (window[0] <= TIMES) & (window[1] > TIMES)
    return np.log(np.square(filtered(trials, low, high)[..., inside]).mean(axis=-1))


def lda_accuracy(trials, window):
    """Of a discriminant on band power alone, fitted to the training trials, on the test trials."""
    features = np.hstack([log_power(trials, *band, window) for band in BANDS.values()])
    train = trials.split == "train"
    lda = LinearDiscriminantAnalysis().fit(features[train], trials.y[train])
    return lda.score(features[~train], trials.y[~train])


def opposite(trials):
    """Where the cortex opposite the hand is, (n_trials, 2): the right hand's is C3's, the left hand's C4's."""
    return np.stack([trials.y == 1, trials.y == 0], axis=1)


def test_two_people_of_540_training_and_540_test_trials():
    trials = make()
    assert trials.X.shape == (2160, 2, 750)
    assert (trials.X.dtype, trials.sfreq) == (np.float32, 125.0)
    assert (trials.subjects, trials.ch_names) == (("A", "B"), ("C3", "C4"))
    for who in trials.subjects:
        mine = trials.of_subjects([who])
        assert mine.number.tolist() == list(range(1, 1081))
        assert mine.split.tolist() == ["train"] * 540 + ["test"] * 540


@each_person
@pytest.mark.parametrize("split", ["train", "test"])
def test_both_hands_are_imagined_equally_often(who, split):
    trials = make().of_subjects([who]).of_split(split)
    assert trials.class_names == ("left hand", "right hand")
    assert np.bincount(trials.y).tolist() == [270, 270]


def test_the_windows_lie_inside_the_trial_and_begin_at_the_cue():
    trials = make()
    assert trials.windows["cue"][0] == CUE
    assert all(0 <= start < stop <= trials.n_times / trials.sfreq for start, stop in trials.windows.values())


def test_it_is_the_source_that_is_always_there(monkeypatch, tmp_path):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "nothing"))
    assert sources.check(DataConfig()).source == "simulated"
    assert sources.check(DataConfig()).options == {"difficulty": 0.5, "seed": 0}


def test_same_options_same_trials_to_the_last_bit():
    again = Simulated().load(None, ())
    assert again.X.tobytes() == make().X.tobytes()
    assert again.y.tobytes() == make().y.tobytes()


@pytest.mark.parametrize("options", [{"seed": 1}, {"difficulty": 0.6}])
def test_other_options_other_trials(options):
    assert not np.array_equal(make(**options).X, make().X, equal_nan=True)


def test_another_difficulty_changes_the_signal_but_not_the_noise_before_the_cue():
    assert np.array_equal(make(difficulty=1.0).y, make().y)
    before = CUE - 0.5 > TIMES
    np.testing.assert_allclose(make(difficulty=1.0).X[..., before], make().X[..., before], atol=0.2)


@each_person
def test_a_person_does_not_depend_on_who_else_is_asked_for(who):
    assert make((who,)).X.tobytes() == one(who).X.tobytes()


def test_an_impossible_difficulty_is_refused():
    with pytest.raises(InputError, match="difficulty takes a number from 0 to 1"):
        Simulated().load(None, (), difficulty=2)


@each_person
@each_rhythm
@pytest.mark.parametrize("hand", [0, 1])
def test_imagery_weakens_the_rhythm_over_the_opposite_hand_area(who, rhythm, hand):
    change = log_power(one(who), *BANDS[rhythm], IMAGINING) - log_power(one(who), *BANDS[rhythm], REST)
    mean = change[one(who).y == hand].mean(axis=0)
    contralateral, ipsilateral = mean[[1, 0]] if hand == 0 else mean
    assert contralateral < -0.1
    assert contralateral < ipsilateral - 0.2


@each_person
def test_beta_comes_back_stronger_than_it_was(who):
    trials = one(who)
    change = log_power(trials, *BANDS["beta"], (5.2, 5.8)) - log_power(trials, *BANDS["beta"], REST)
    there = opposite(trials)
    assert change[there].mean() > 0.3
    assert change[there].mean() > change[~there].mean() + 0.3


@each_person
def test_the_cortex_about_to_act_turns_negative(who):
    trials = one(who)
    X = trials.filled(trials.channel_means()).X[..., (TIMES > 3.9) & (TIMES < 4.7)].mean(axis=-1)
    right, left = (X[trials.y == hand] for hand in (1, 0))
    shift = (right[:, 0] - right[:, 1]).mean() - (left[:, 0] - left[:, 1]).mean()
    assert -4 < shift < -0.5


def test_nothing_before_the_cue_tells_the_hands_apart():
    assert lda_accuracy(make(), REST) == pytest.approx(0.5, abs=0.05)


@each_person
def test_mu_peaks_where_it_was_put(who):
    trials = one(who)
    X = trials.filled(trials.channel_means()).X
    hz, density = signal.welch(X, SFREQ, nperseg=250, nfft=1000)
    inside = (hz > 7) & (hz < 14)
    peaks = hz[inside][np.median(density, axis=0)[:, inside].argmax(axis=-1)]
    assert peaks == pytest.approx(PEOPLE[who].mu.hz, abs=0.4)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("who", "spread"), [("A", 8.5), ("B", 4.4)])
def test_spread_is_that_of_the_recordings(who, spread, seed):
    assert np.nanstd(make(seed=seed).of_subjects([who]).X) == pytest.approx(spread, rel=0.12)


def test_the_band_is_that_of_the_amplifier():
    hz, density = signal.welch(make(("B",)).X, SFREQ, nperseg=250)
    mean = density.mean(axis=(0, 1))
    assert mean[hz > 40].sum() < 0.01 * mean.sum()
    assert mean[hz == 0] < mean[hz == 1]


def test_only_a_has_gaps_and_they_are_few_and_short():
    a, b = (one(who).X for who in "AB")
    assert not np.isnan(b).any()
    missing = np.isnan(a)
    assert 0.0005 < missing.mean() < 0.005
    assert (missing.any(axis=2).sum(axis=1) == 1).any()  # sometimes one channel alone
    assert missing.sum(axis=-1).max() < 250
    assert 45 < np.nanmax(np.abs(a)) <= 50


@each_person
def test_the_cue_is_answered_within_a_quarter_of_a_second(who):
    trials = one(who)
    mean = np.nanmean(trials.X, axis=(0, 1))
    after = (TIMES > 3.0) & (TIMES < 3.3)
    assert TIMES[after][mean[after].argmax()] == pytest.approx(3.2, abs=0.03)
    assert mean[after].max() > 2.0


@each_person
def test_people_change_from_run_to_run(who):
    runs = log_power(one(who), *BANDS["mu"], REST).reshape(-1, RUN, 2)
    by_chance = runs.var(axis=1, ddof=1).mean(axis=0) / RUN
    assert (runs.mean(axis=1).var(axis=0, ddof=1) > 3 * by_chance).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_band_power_reads_the_hand_but_not_all_of_it(seed):
    trials = make(seed=seed)
    assert 0.70 < lda_accuracy(trials, trials.windows["imagery"]) < 0.85


def test_harder_is_harder():
    accuracies = [lda_accuracy(make(difficulty=d), make().windows["imagery"]) for d in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(easier > harder + 0.01 for easier, harder in pairwise(accuracies))
