"""Means, differences and flattery over runs, against SciPy's own tests and by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eegnets.config import InputError
from eegnets.evaluation import paired_test, wilson_interval
from eegnets.statistics import (
    by_subject,
    compare_predictions,
    false_alarms,
    flattery,
    judged,
    mean_interval,
    paired_difference,
)


@pytest.mark.parametrize("seed", range(20))
def test_the_interval_of_a_mean_is_scipys(seed):
    rng = np.random.default_rng(seed)
    values, confidence = rng.random(int(rng.integers(2, 12))), float(rng.uniform(0.5, 0.99))
    found, oracle = mean_interval(values, confidence), stats.ttest_1samp(values, 0).confidence_interval(confidence)
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), oracle.low, oracle.high))
    assert found.n == len(values)


def test_one_value_has_no_interval_and_none_has_no_mean():
    one, none = mean_interval([0.8]), mean_interval([])
    assert (one.mean, one.n) == (0.8, 1)
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert math.isnan(none.mean)
    assert none.n == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_difference_over_seeds_is_scipys_paired_test(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 10))
    a, b = rng.random((2, n))
    found, oracle = paired_difference(dict(enumerate(a)), dict(enumerate(b))), stats.ttest_rel(a, b)
    interval = oracle.confidence_interval(0.95)
    assert (found.low, found.high, found.p) == pytest.approx((interval.low, interval.high, oracle.pvalue))
    assert found.mean == pytest.approx((a - b).mean())
    assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_only_seeds_that_both_have_are_paired():
    found = paired_difference({0: 0.9, 1: 0.8, 2: 0.1}, {1: 0.7, 0: 0.7, 5: 0.0})
    assert found.n == 2
    assert found.mean == pytest.approx(0.15)


def test_what_a_seed_does_to_both_does_not_widen_the_interval():
    luck = dict(enumerate([0.6, 0.7, 0.8, 0.9]))
    gains = [0.02, 0.03, 0.02, 0.03]
    found = paired_difference({seed: value + gains[seed] for seed, value in luck.items()}, luck)
    assert found.high - found.low == pytest.approx(2 * stats.t.ppf(0.975, 3) * stats.sem(gains))


@pytest.mark.parametrize(("first", "n", "p"), [({}, 0, math.nan), ({0: 0.5}, 1, math.nan), ({0: 0.5, 1: 0.5}, 2, 1.0)])
def test_without_a_spread_no_difference_is_claimed(first, n, p):
    found = paired_difference(first, first)
    assert found.n == n
    assert found.p == pytest.approx(p, nan_ok=True)


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_equal_differences_are_no_proof(seeds):
    lower = {seed: 0.6 + 0.01 * seed for seed in range(seeds)}
    found = paired_difference({seed: score + 1 / 15 for seed, score in lower.items()}, lower)
    assert (found.n, found.mean) == (seeds, pytest.approx(1 / 15))
    assert all(math.isnan(figure) for figure in (found.low, found.high, found.p))


def predictions(rng, n):
    left = rng.random(n)
    table = pd.DataFrame({"trial": np.arange(n), "subject": "A", "label": rng.choice(["left", "right"], n)})
    return table.assign(left=left, right=1 - left)


@pytest.mark.parametrize("seed", range(10))
def test_two_runs_are_compared_trial_by_trial_in_whatever_order_they_stand(seed):
    rng = np.random.default_rng(seed)
    first = predictions(rng, 40)
    left = rng.random(40)
    second = first.assign(left=left, right=1 - left)
    found = compare_predictions(first, second.sample(frac=1, random_state=seed))
    truth = (first["label"] == "right").astype(int)
    answers = [(table["right"] > table["left"]).astype(int) for table in (first, second)]
    right = [int((answer == truth).sum()) for answer in answers]
    assert found.correct == tuple(right)
    assert found.intervals == (wilson_interval(right[0], 40), wilson_interval(right[1], 40))
    assert found.alone[0] - found.alone[1] == right[0] - right[1]
    assert found.p == paired_test(truth, *answers)


@pytest.mark.parametrize(
    "change",
    [lambda table: table[:-1], lambda table: table.assign(subject="B"), lambda table: table.assign(label="left")],
)
def test_runs_on_other_trials_are_not_paired(change):
    table = predictions(np.random.default_rng(0), 10)
    with pytest.raises(InputError, match="the same test trials"):
        compare_predictions(table, change(table))


def test_flattery_is_best_less_honest_in_points_and_never_negative():
    rows = pd.DataFrame(
        {"id": ["a", "b", "c"], "last": [0.7, 0.9, None], "best_validation": [0.75, None, None],
         "best_test": [0.8, 0.9, None]}
    )  # fmt: skip
    found = flattery(rows).set_index(["id", "honest"])["points"]
    assert found.to_dict() == pytest.approx({("a", "last"): 10, ("b", "last"): 0, ("a", "best_validation"): 5})


def test_chance_finds_something_among_many_comparisons():
    assert false_alarms(0) == 0
    assert false_alarms(1) == pytest.approx(0.05)
    draws = np.random.default_rng(0).random((20_000, 6)) < 0.05
    assert false_alarms(6) == pytest.approx(draws.any(axis=1).mean(), abs=0.01)


def test_a_class_may_be_called_right():
    answers = pd.DataFrame({"trial": [1, 2], "subject": "A", "label": ["right", "left"]})
    found = judged(answers.assign(left=[0.2, 0.4], right=[0.8, 0.6]), ("left", "right"))
    assert found["right"].tolist() == [0.8, 0.6]
    assert found["correct"].tolist() == [True, False]


def test_each_subject_is_counted_by_itself_and_unknown_labels_nowhere():
    table = pd.DataFrame(
        {"trial": [1, 2, 1, 2, 3], "subject": list("AABBB"), "label": ["l", "r", "l", "", "r"],
         "l": [0.9, 0.8, 0.5, 0.9, 0.1], "r": [0.1, 0.2, 0.5, 0.1, 0.9]}
    )  # fmt: skip
    found = judged(table, ("l", "r"))
    assert found["answer"].tolist() == ["l", "l", "l", "l", "r"]
    assert found["correct"].tolist() == [True, False, True, False, True]
    rows = by_subject(found, ("l", "r")).set_index("subject")
    assert rows.loc["A", ["trials", "right", "accuracy"]].tolist() == [2, 1, 0.5]
    assert rows.loc["B", ["trials", "right", "accuracy"]].tolist() == [2, 2, 1.0]
    assert tuple(rows.loc["A", ["low", "high"]]) == wilson_interval(1, 2)
