"""Trials of another kind brought to what a network takes: what stays as it was, what is told, what cannot be done."""

from dataclasses import replace

import numpy as np
import pytest

from eegnets import sources
from eegnets.classification import Classifier, Shape
from eegnets.config import InputError
from eegnets.fitting import fitted, likely_channels, likely_recipe, misfits, places, resampled
from eegnets.runs import shipped
from eegnets.sources.recipe import AXES, Preview
from eegnets.trials import Trials

SHAPE = Shape(2, 750, 125.0, ("C3", "C4"), ("left hand", "right hand"))


def made(sfreq=250.0, seconds=6.0, ch_names=("Fz", "C4", "C3"), hertz=(5.0, 20.0, 10.0), n=3, **about):
    """Trials whose channels are sines of known frequency, 10 µV."""
    times = np.arange(round(seconds * sfreq)) / sfreq
    X = np.tile(10 * np.sin(2 * np.pi * np.array(hertz)[:, None] * times), (n, 1, 1))
    given = {"y": np.arange(n) % 2, "class_names": ("left hand", "right hand")} | about
    rows = {"split": ["test"] * n, "subject": ["me"] * n, "number": np.arange(n) + 1}
    return Trials(X=X, sfreq=sfreq, ch_names=ch_names, **rows, **given)


def strongest(signal, sfreq):
    """The frequency of most power, Hz."""
    return np.fft.rfftfreq(len(signal), 1 / sfreq)[np.abs(np.fft.rfft(signal)).argmax()]


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 160.0, 250.0, 256.0, 512.0, 1000.0])
def test_a_10_hz_sine_stays_a_10_hz_sine_of_its_size(sfreq):
    times = np.arange(round(6 * sfreq)) / sfreq
    found = resampled(10 * np.sin(2 * np.pi * 10 * times), sfreq, 125.0)
    assert len(found) == 750
    assert strongest(found, 125.0) == 10
    inside = slice(25, -25)
    np.testing.assert_allclose(found[inside], (10 * np.sin(2 * np.pi * 10 * np.arange(750) / 125))[inside], atol=0.25)


def test_what_the_new_rate_cannot_hold_does_not_come_back_as_a_lower_frequency():
    times = np.arange(6000) / 1000
    assert np.abs(resampled(10 * np.sin(2 * np.pi * 100 * times), 1000.0, 125.0)[50:-50]).max() < 0.5


def test_fitted_trials_are_what_the_network_takes_with_the_right_channels():
    trials = made()
    channels = likely_channels(trials.ch_names, SHAPE)
    assert channels == ("C3", "C4")
    found = fitted(trials, SHAPE, channels)
    SHAPE.check(found)
    assert found.ch_names == ("C3", "C4")
    assert [strongest(channel, 125.0) for channel in found.X[0]] == [10, 20]
    assert found.y.tolist() == trials.y.tolist()


def test_trials_that_fit_are_left_as_they_are():
    trials = made(sfreq=125.0, ch_names=("C3", "C4"), hertz=(10, 20))
    assert misfits(trials, SHAPE, trials.ch_names) == []
    np.testing.assert_array_equal(fitted(trials, SHAPE, trials.ch_names).X, trials.X)


def test_what_is_longer_is_cut_where_it_is_said_and_what_is_shorter_is_filled_with_nothing():
    long = fitted(made(125.0, 8.0, ("C3", "C4"), (10, 20)), SHAPE, ("C3", "C4"), start=1.6)
    np.testing.assert_allclose(long.X, made(125.0, 8.0, ("C3", "C4"), (10, 20)).X[..., 200:950], atol=1e-6)
    short = fitted(made(125.0, 4.0, ("C3", "C4"), (10, 20)), SHAPE, ("C3", "C4"))
    assert (short.X[..., 500:] == 0).all()
    assert (short.X[..., :500] != 0).any()


def test_every_misfit_is_told_with_its_repair():
    told = misfits(made(seconds=4.0), SHAPE, ("C3", "C4"))
    assert [words.split(":")[0] for words in told] == ["channels", "rate", "length"]
    assert "3 are here (Fz, C4, C3) where the network takes 2 (C3, C4)" in told[0]
    assert "250 Hz where the network takes 125 Hz" in told[1]
    assert "4 s where the network takes 6 s. Repair: add 2 s of 0 µV" in told[2]
    assert "Repair: cut" in misfits(made(seconds=8.0), SHAPE, ("C3", "C4"))[2]
    turned = made(125.0, 6.0, ("C4", "C3"), (20, 10))
    assert "take C3, C4, in this order" in misfits(turned, SHAPE, likely_channels(turned.ch_names, SHAPE))[0]


def test_an_offset_as_amplifiers_have_it_is_told_and_taken_out():
    trials = made(125.0, 6.0, ("C3", "C4"), (10, 20))
    lifted = replace(trials, X=trials.X + np.array([[20.0], [0.0]], dtype=np.float32))
    levels = np.zeros(2)
    assert misfits(trials, SHAPE, trials.ch_names, levels) == []
    (told,) = misfits(lifted, SHAPE, lifted.ch_names, levels)
    assert "C3 lies +20 µV from where the network's training trials lie, and spreads by 7.07 µV" in told
    assert misfits(lifted, SHAPE, lifted.ch_names, np.array([20.0, 0.0])) == []  # of a network that knows no other
    assert misfits(lifted, SHAPE, lifted.ch_names) == []
    np.testing.assert_allclose(fitted(lifted, SHAPE, lifted.ch_names, levels=levels).X, trials.X, atol=1e-4)
    lifted.X[0, 0] = np.nan  # in one trial, then in all
    assert np.isnan(fitted(lifted, SHAPE, lifted.ch_names, levels=levels).X[0, 0]).all()
    lifted.X[:, 0] = np.nan
    assert misfits(lifted, SHAPE, lifted.ch_names, levels) == []


def test_a_network_that_is_lost_on_an_offset_is_itself_again_without_it():
    network = Classifier(shipped().get("simulated-eegnet-elu"))
    whole = sources.load(network.config.data)
    plain = network.fold(whole, "test").take(np.arange(200))
    lifted = replace(plain, X=plain.X + np.float32(20))
    levels = np.nanmean(whole.of_split("train").X, axis=(0, 2))

    def right(trials):
        answers = network.answers(trials)[list(plain.class_names)].to_numpy().argmax(axis=1)
        return float(np.mean(answers == plain.y))

    assert right(lifted) < right(plain) - 0.2
    assert right(fitted(lifted, network.shape, lifted.ch_names, levels=levels)) > right(plain) - 0.03


def test_gaps_do_not_spread_when_the_rate_changes():
    trials = made()
    trials.X[0, 2, 100:110] = np.nan
    assert np.isfinite(fitted(trials, SHAPE, ("C3", "C4")).X).all()


def test_classes_go_by_name_and_strange_ones_become_unknown():
    trials = made(n=3, y=[0, 1, 2], class_names=("right hand", "feet", "left hand"))
    assert fitted(trials, SHAPE, ("C3", "C4")).y.tolist() == [1, -1, 0]


def test_what_cannot_be_mended_is_refused():
    with pytest.raises(InputError, match=r"takes 2 channels \(C3, C4\); here are 1 \(Cz\)"):
        likely_channels(("Cz",), SHAPE)
    with pytest.raises(InputError, match="between 0 and 6 s; got 9 s"):
        fitted(made(), SHAPE, ("C3", "C4"), start=9.0)
    with pytest.raises(InputError, match="unknown channel"):
        fitted(made(), SHAPE, ("C3", "Oz"))
    assert likely_channels(("A", "B", "C"), SHAPE) == ("A", "B")


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((6, 2, 750), AXES[0]),
        ((6, 750, 2), AXES[1]),
        ((6, 22, 1000), AXES[0]),
        ((6, 1000, 22), AXES[1]),
        ((2, 750), AXES[0]),
        ((750, 2), AXES[1]),
    ],
)
def test_an_array_is_read_the_way_it_most_likely_lies(shape, axes):
    recipe = likely_recipe(Preview("arrays", {"y": (6,), "X": shape}), SHAPE)
    assert (recipe.axes, recipe.sfreq) == (axes, 125.0)
    assert recipe.names == (("C3", "C4") if 2 in shape[-2:] else ())


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        (("left hand", "right hand"), [0, 1]),
        (("right hand", "left hand"), [1, 0]),
        (("Left fist", "right"), [0, 1]),
        (("feet", "left hand"), [-1, 0]),
        (("left hand", "left foot", "right foot"), [0, -1, 1]),
        (("upright", "leftover"), [-1, -1]),
    ],
)
def test_classes_are_known_by_their_names_or_by_their_side(theirs, found):
    assert places(theirs, ("left hand", "right hand")) == found
