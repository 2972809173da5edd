"""What one gets without a network: where the rhythm tells the classes apart, where nothing does, what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from eegnets import sources
from eegnets.baseline import band_powers, linear_accuracy, without_a_network
from eegnets.config import DataConfig, InputError


def test_a_rhythm_on_the_side_of_the_class_is_read_and_nothing_where_the_labels_are_drawn_by_chance(tiny_trials):
    linear, same, usual = without_a_network(tiny_trials)
    assert linear > 0.9
    assert (same, usual) == (0.5, "left hand")
    rng = np.random.default_rng(0)
    drawn = [without_a_network(replace(tiny_trials, y=rng.permutation(tiny_trials.y)))[0] for _ in range(20)]
    assert 0.35 < np.mean(drawn) < 0.65


def test_power_is_that_of_the_band_after_the_cue(tiny_trials):
    """A sine of amplitude a has the power a²/2."""

    def powers(amplitude):
        X = np.tile((amplitude * np.sin(2 * np.pi * 10 * tiny_trials.times)).astype(np.float32), (3, 2, 1))
        return np.exp(band_powers(replace(tiny_trials.take(np.arange(3)), X=X)))

    after = tiny_trials.times >= tiny_trials.windows["cue"][1]
    mu, beta = np.split(powers(np.where(after, 4.0, 0.0)), 2, axis=1)
    assert mu.shape == (3, 2)
    assert mu == pytest.approx(8, rel=0.2)
    assert (beta < 1).all()
    assert (powers(np.where(after, 0.0, 4.0)) < 1).all()


def test_trials_of_unknown_class_teach_and_count_nothing(tiny_trials):
    y = np.where(np.arange(40) < 4, -1, tiny_trials.y)
    some = replace(tiny_trials, y=y)
    features = band_powers(some)
    assert linear_accuracy(some, features) == linear_accuracy(some.take(y >= 0), features[y >= 0])


@pytest.mark.parametrize("change", [{"y": np.zeros(40, dtype=int)}, {"split": np.repeat("train", 40)}])
def test_where_nothing_can_be_learned_or_tested_it_says_so(tiny_trials, change):
    with pytest.raises(InputError, match="two classes, and test trials"):
        without_a_network(replace(tiny_trials, **change))


def test_a_rate_too_slow_for_beta_is_refused(tiny_trials):
    with pytest.raises(InputError, match="must end below half the rate"):
        without_a_network(replace(tiny_trials, sfreq=40.0))


def test_trials_without_a_task_have_no_such_baseline(tiny_trials):
    with pytest.raises(InputError, match="no window of a task"):
        without_a_network(replace(tiny_trials, windows={}))


def test_on_the_simulated_people_it_lies_where_a_lab_would_find_it():
    linear, same, _usual = without_a_network(sources.load(DataConfig("simulated", ("A", "B"))))
    assert 0.70 < linear < 0.85
    assert same == pytest.approx(0.5, abs=0.05)
