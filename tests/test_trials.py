"""Laws of trials and of their split."""

from dataclasses import replace

import numpy as np
import pytest

from eegnets.config import InputError
from eegnets.trials import Trials, concatenate, place_in_split, split


def keys(trials):
    return set(zip(trials.subject.tolist(), trials.number.tolist(), strict=True))


def with_gaps(trials):
    X = trials.X.copy()
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    return replace(trials, X=X)


def test_arrays_take_the_types_of_the_contract(tiny_trials):
    kinds = [getattr(tiny_trials, name).dtype for name in ("X", "y", "number")]
    assert kinds == [np.float32, np.int64, np.int64]
    assert tiny_trials.times[-1] == pytest.approx(127 / 64)


def test_take_keeps_rows_together(tiny_trials):
    order = np.random.default_rng(0).permutation(len(tiny_trials))
    taken = tiny_trials.take(order)
    for row, origin in enumerate(order):
        assert np.array_equal(taken.X[row], tiny_trials.X[origin])
        assert (taken.y[row], taken.number[row]) == (tiny_trials.y[origin], tiny_trials.number[origin])


def test_subjects_come_in_order_of_appearance_and_can_be_chosen(tiny_trials):
    assert tiny_trials.subjects == ("A", "B")
    assert tiny_trials.of_subjects(["B"]).subjects == ("B",)
    assert len(tiny_trials.of_subjects([])) == len(tiny_trials)


def test_an_unknown_subject_is_named_with_those_there_are(tiny_trials):
    with pytest.raises(InputError, match=r"unknown subject 'Z'; choose from A, B"):
        tiny_trials.of_subjects(["Z"])


@pytest.mark.parametrize("validation", [0.0, 0.1, 0.25, 0.5])
def test_split_is_stratified_by_subject_and_class(tiny_trials, validation):
    folds = split(tiny_trials, validation, seed=3)
    for who in tiny_trials.subjects:
        for label in (0, 1):
            members = (tiny_trials.subject == who) & (tiny_trials.y == label) & (tiny_trials.split == "train")
            held = folds.validation
            count = 0 if held is None else int(((held.subject == who) & (held.y == label)).sum())
            assert count == round(validation * int(members.sum()))


def test_folds_are_disjoint_and_complete(tiny_trials):
    folds = split(tiny_trials, 0.25, seed=0)
    parts = [keys(fold) for fold in folds]
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == len(tiny_trials)
    assert keys(folds.test) == keys(tiny_trials.of_split("test"))


def test_the_seed_alone_draws_the_split(tiny_trials):
    first, again, other = (keys(split(tiny_trials, 0.25, seed).validation) for seed in (0, 0, 1))
    assert first == again != other


def test_no_share_means_no_validation_fold(tiny_trials):
    assert split(tiny_trials, 0.0, seed=0).validation is None
    assert split(tiny_trials.of_split("train"), 0.2, seed=0).test is None


@pytest.mark.parametrize("poisoned", ["validation", "test"])
def test_held_back_trials_do_not_touch_the_training_fold(tiny_trials, poisoned):
    trials = with_gaps(tiny_trials)
    clean = split(trials, 0.25, seed=0)
    theirs = keys(getattr(clean, poisoned))
    hit = np.array([(s, n) in theirs for s, n in zip(trials.subject.tolist(), trials.number.tolist(), strict=True)])
    dirty = split(replace(trials, X=np.where(hit[:, None, None], np.float32(1e6), trials.X)), 0.25, seed=0)
    assert np.array_equal(dirty.train.X, clean.train.X)
    assert not np.array_equal(getattr(dirty, poisoned).X, getattr(clean, poisoned).X)


def test_missing_samples_become_the_training_folds_channel_means(tiny_trials):
    trials = with_gaps(tiny_trials)
    folds = split(trials, 0.25, seed=0)
    rows = [i for i in range(len(trials)) if (trials.subject[i], trials.number[i]) in keys(folds.train)]
    means = np.nanmean(trials.X[rows].astype(np.float64), axis=(0, 2))
    gaps = np.isnan(trials.of_split("test").X)
    for channel in range(2):
        filled = folds.test.X[:, channel][gaps[:, channel]]
        assert filled == pytest.approx(means[channel], abs=1e-6)
    assert not any(np.isnan(fold.X).any() for fold in folds)


def test_filling_leaves_what_is_there_alone(tiny_trials):
    trials = with_gaps(tiny_trials)
    filled = trials.filled(trials.channel_means())
    there = ~np.isnan(trials.X)
    assert filled.X.dtype == np.float32
    assert np.array_equal(filled.X[there], trials.X[there])


def test_trials_of_unknown_class_are_left_out(tiny_trials):
    y = tiny_trials.y.copy()
    y[[0, 39]] = -1
    assert sum(len(fold) for fold in split(replace(tiny_trials, y=y), 0.25, seed=0)) == 38


def test_one_class_is_refused_by_name(tiny_trials):
    with pytest.raises(InputError, match=r"1 class \(right hand\); a classifier needs two"):
        split(tiny_trials.take(tiny_trials.y == 1), 0.2, seed=0)


def test_no_training_trial_is_refused(tiny_trials):
    with pytest.raises(InputError, match=r"0 class \(none\)"):
        split(tiny_trials.of_split("test"), 0.2, seed=0)


def test_a_channel_without_any_training_sample_is_named(tiny_trials):
    X = tiny_trials.X.copy()
    X[tiny_trials.split == "train", 1] = np.nan
    with pytest.raises(InputError, match=r"channel C4 has no sample in the training split"):
        split(replace(tiny_trials, X=X), 0.2, seed=0)


def test_what_is_saved_is_what_is_loaded(tiny_trials, tmp_path):
    trials = with_gaps(tiny_trials)
    trials.save(tmp_path / "deep" / "trials.npz")
    back = Trials.load(tmp_path / "deep" / "trials.npz")
    for name in ("X", "y", "split", "subject", "number"):
        assert np.array_equal(getattr(back, name), getattr(trials, name), equal_nan=name == "X")
    same = [(t.sfreq, t.ch_names, t.class_names, dict(t.windows)) for t in (back, trials)]
    assert same[0] == same[1]


def test_trials_without_windows_come_back_without(tiny_trials, tmp_path):
    replace(tiny_trials, windows={}).save(tmp_path / "t.npz")
    assert dict(Trials.load(tmp_path / "t.npz").windows) == {}


def test_a_failed_save_leaves_the_old_file_and_no_other(tiny_trials, tmp_path, monkeypatch):
    tiny_trials.save(tmp_path / "t.npz")
    before = (tmp_path / "t.npz").read_bytes()

    def full(file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        tiny_trials.save(tmp_path / "t.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["t.npz"]
    assert (tmp_path / "t.npz").read_bytes() == before


def test_concatenate_puts_one_after_the_other(tiny_trials):
    a, b = tiny_trials.of_subjects(["A"]), tiny_trials.of_subjects(["B"])
    assert np.array_equal(concatenate([a, b]).X, tiny_trials.X)
    assert concatenate([b, a]).subjects == ("B", "A")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: replace(t, X=t.X[:, :, :64]),
        lambda t: replace(t, sfreq=125.0),
        lambda t: replace(t, ch_names=("C4", "C3")),
        lambda t: replace(t, X=t.X[:, :1], ch_names=("C3",)),
    ],
    ids=["length", "rate", "order of channels", "number of channels"],
)
def test_concatenate_refuses_trials_of_another_kind(tiny_trials, change):
    with pytest.raises(InputError, match="do not go with 2 × 128 at 64 Hz; choose subjects of one kind"):
        concatenate([tiny_trials, change(tiny_trials)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((40, 128))}, r"an array \(n_trials, n_chans, n_times\); got the shape \(40, 128\)"),
        ({"y": np.zeros(39)}, "y has 39 entries for 40 trials"),
        ({"number": np.zeros(41)}, "number has 41 entries for 40 trials"),
        ({"ch_names": ("C3",)}, r"1 channel names \(C3\) for 2 channels"),
        ({"y": np.full(40, 2)}, "labels run from 2 to 2 for 2 classes"),
        ({"y": np.full(40, -2)}, "labels run from -2 to -2"),
        ({"split": np.full(40, "validation")}, "a split is one of train, test; got validation"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(tiny_trials, change, message):
    with pytest.raises(InputError, match=message):
        replace(tiny_trials, **change)


@pytest.mark.parametrize("index", [0, 13, 20, 39])
def test_a_trial_is_found_again_by_its_place_in_its_split(tiny_trials, index):
    part, place = place_in_split(tiny_trials, index)
    mine = tiny_trials.of_subjects([tiny_trials.subject[index]]).of_split(part)
    assert mine.number[place - 1] == tiny_trials.number[index]
