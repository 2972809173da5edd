"""The measures against scikit-learn and SciPy, on random answers and at the edges."""

import math
import warnings

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix
from torch import nn

from eegnets.config import InputError
from eegnets.evaluation import (
    accuracy,
    calibration,
    cohen_kappa,
    confusion,
    error_by_chance,
    paired_test,
    probabilities,
    score,
    wilson_interval,
)
from eegnets.models import MODELS, build


def random_answers(seed):
    """A class count, and labels with answers that are right more often than not."""
    rng = np.random.default_rng(seed)
    n_classes, n = int(rng.integers(2, 6)), int(rng.integers(2, 80))
    y = rng.integers(0, n_classes, n)
    predicted = np.where(rng.random(n) < rng.random(), y, rng.integers(0, n_classes, n))
    return n_classes, y, predicted


@pytest.mark.parametrize("seed", range(40))
def test_accuracy_kappa_and_confusion_are_scikit_learns(seed):
    n_classes, y, predicted = random_answers(seed)
    assert accuracy(y, predicted) == pytest.approx(accuracy_score(y, predicted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns where kappa is not defined
        assert cohen_kappa(y, predicted) == pytest.approx(cohen_kappa_score(y, predicted), nan_ok=True)
    expected = confusion_matrix(y, predicted, labels=range(n_classes))
    np.testing.assert_array_equal(confusion(y, predicted, n_classes), expected)


@pytest.mark.parametrize("seed", range(40))
def test_the_interval_solves_wilsons_equation(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 500))
    correct, confidence = int(rng.integers(0, n + 1)), float(rng.uniform(0.5, 0.999))
    z = stats.norm.ppf(0.5 + confidence / 2)
    low, high = wilson_interval(correct, n, confidence)
    assert 0 <= low <= correct / n <= high <= 1
    for bound in (low, high):  # each bound is z standard errors, its own, away from what was seen
        assert (correct / n - bound) ** 2 == pytest.approx(z**2 * bound * (1 - bound) / n, abs=1e-12)


def test_more_trials_or_less_confidence_narrow_the_interval():
    def width(*arguments):
        low, high = wilson_interval(*arguments)
        return high - low

    assert width(80, 100) > width(800, 1000)
    assert width(80, 100, 0.95) > width(80, 100, 0.5)


def test_without_trials_nothing_is_known():
    assert math.isnan(accuracy([], []))
    assert math.isnan(cohen_kappa([], []))
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert confusion([], [], 2).tolist() == [[0, 0], [0, 0]]
    assert paired_test([], [], []) == 1.0


def test_kappa_of_one_class_throughout_is_undefined():
    assert math.isnan(cohen_kappa([1, 1, 1], [1, 1, 1]))
    assert cohen_kappa([1, 1, 1], [1, 0, 1]) == 0.0


@pytest.mark.parametrize(("y", "predicted", "kappa"), [([0, 1], [0, 1], 1), ([0, 1], [1, 0], -1), ([0, 1], [0, 0], 0)])
def test_kappa_is_one_for_all_right_and_minus_one_for_all_swapped(y, predicted, kappa):
    assert cohen_kappa(y, predicted) == kappa


def test_confusion_counts_the_true_class_in_rows():
    assert confusion([0, 0, 1], [1, 1, 1], 3).tolist() == [[0, 2, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(("y", "predicted"), [([0, 2], [0, 1]), ([0, -1], [0, 1]), ([0, 1], [0, 5])])
def test_a_label_out_of_range_is_refused(y, predicted):
    with pytest.raises(InputError, match="from 0 to 1"):
        confusion(y, predicted, 2)


@pytest.mark.parametrize("measure", [accuracy, cohen_kappa, lambda y, p: confusion(y, p, 2)])
def test_unequal_lengths_are_refused(measure):
    with pytest.raises(InputError, match=r"\(3,\) and \(2,\)"):
        measure([0, 1, 1], [0, 1])


@pytest.mark.parametrize("seed", range(20))
def test_the_paired_test_is_the_sign_test_on_the_trials_one_alone_got_right(seed):
    rng = np.random.default_rng(seed)
    y, first, second = rng.integers(0, 2, (3, int(rng.integers(5, 60))))
    gains = (first == y).astype(int) - (second == y).astype(int)
    wins, losses = int((gains > 0).sum()), int((gains < 0).sum())
    tail = sum(math.comb(wins + losses, k) for k in range(min(wins, losses) + 1)) / 2 ** (wins + losses)
    assert paired_test(y, first, second) == pytest.approx(min(1.0, 2 * tail))
    assert paired_test(y, first, second) == paired_test(y, second, first)


def test_equal_answers_are_no_difference():
    assert paired_test([0, 1, 1], [0, 0, 1], [0, 0, 1]) == 1.0


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build("EEGNet", n_chans=3, n_times=64, n_outputs=4, F1=2, F2=3, kernel_length=5)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(0, 10, (11, 3, 64)).astype(np.float32)


def test_probabilities_are_the_softmax_of_the_logits(network, X):
    with torch.no_grad():
        logits = network.eval()(torch.as_tensor(X)).double().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = probabilities(network, X)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 4, 11, 1000])
def test_the_batch_size_changes_no_probability(network, X, batch_size):
    np.testing.assert_allclose(probabilities(network, X, batch_size), probabilities(network, X), rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_no_trials_give_no_rows_but_a_column_for_each_class(name):
    model = build(name, n_chans=2, n_times=80, n_outputs=3)
    assert probabilities(model, np.zeros((0, 2, 80), dtype=np.float32)).shape == (0, 3)


def test_the_model_is_left_as_it_was(network, X):
    network.train()
    network.firstconv.eval()  # a part frozen by its owner stays frozen
    before = {name: value.clone() for name, value in network.state_dict().items()}
    probabilities(network, X)
    assert network.training
    assert network.depthwiseConv[4].training
    assert not network.firstconv[1].training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


def test_the_mode_comes_back_even_after_an_error(network):
    network.train()
    with pytest.raises(InputError):
        probabilities(network, np.zeros((1, 3, 63), dtype=np.float32))
    assert network.training


def test_a_score_gathers_the_measures():
    given = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.5, 0.5]])
    scores = score(given, [0, 1, 0, 1], ["left", "right"])
    assert (scores.n, scores.accuracy, scores.kappa) == (4, 0.5, 0.0)
    assert scores.confusion.tolist() == [[1, 1], [1, 1]]
    assert scores.interval == wilson_interval(2, 4)
    assert scores.class_names == ("left", "right")


def test_trials_of_unknown_class_are_not_scored():
    scores = score(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), [0, -1, 1], ["left", "right"])
    assert (scores.n, scores.accuracy) == (2, 1.0)


@pytest.mark.parametrize("y", [[], [-1, -1]])
def test_a_score_of_no_trial_is_open(y):
    scores = score(np.full((len(y), 2), 0.5), y, ["left", "right"])
    assert scores.n == 0
    assert math.isnan(scores.accuracy)
    assert scores.interval == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2,)])
def test_a_score_refuses_shapes_that_do_not_fit(shape):
    with pytest.raises(InputError, match=r"\(2, 2\); got"):
        score(np.zeros(shape), [0, 1], ["left", "right"])


def test_any_network_with_a_parameter_can_answer(X):
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)).double()  # inputs follow the weights' type
    assert probabilities(flat, X).shape == (11, 2)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_is_scikit_learns_curve_with_its_counts(seed):
    rng = np.random.default_rng(seed)
    given = rng.dirichlet([1, 1], 200)
    y = rng.integers(0, 2, 200)
    found = calibration(given, y)
    sure, right = given.max(axis=1), given.argmax(axis=1) == y
    accurate, confidence = calibration_curve(right, sure, n_bins=20)  # ten of them above one half
    np.testing.assert_allclose(found.accuracy, accurate)
    np.testing.assert_allclose(found.confidence, confidence)
    inside = [((sure > low) & (sure <= high)).sum() for low, high in zip(found.low, found.high, strict=True)]
    assert found.trials.tolist() == inside
    assert found.error == pytest.approx(np.abs(confidence - accurate) @ inside / 200)


def test_who_is_as_right_as_sure_has_no_calibration_error_and_who_is_always_wrong_has_it_all():
    given = np.tile([0.75, 0.25], (40, 1))
    assert calibration(given, np.arange(40) % 4 == 0).error == pytest.approx(0)
    assert calibration(np.tile([1.0, 0.0], (9, 1)), np.ones(9)).error == pytest.approx(1)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_error_by_chance_is_what_true_probabilities_show_and_shrinks_with_the_trials(classes):
    rng, found = np.random.default_rng(1), {}
    for n in (50, 2000):
        given = rng.dirichlet([1] * classes, n)
        told = [calibration(given, rng.multinomial(1, given).argmax(axis=1)).error for _ in range(300)]
        found[n] = error_by_chance(given)
        assert found[n] == pytest.approx(np.mean(told), rel=0.1)
    assert found[50] > 3 * found[2000]
    assert error_by_chance(np.tile([1.0] + [0.0] * (classes - 1), (9, 1))) == 0


def test_calibration_leaves_unknown_classes_out_and_is_nan_where_nothing_is_left():
    given = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert calibration(given, [0, -1]).trials.tolist() == [1]
    assert math.isnan(calibration(given, [-1, -1]).error)
    assert len(calibration(given[:0], []).trials) == 0
