"""Which setting matters: against the textbook's sums of squares, SciPy's analysis of variance, and projections."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

from eegnets.config import InputError
from eegnets.effects import effects


def runs(rng, shape=(2, 3, 2), seeds=3):
    """A balanced sweep over settings a, b, c (integers), with a score that depends on a and on a times b."""
    rows = [(*place, seed) for place in product(*map(range, shape)) for seed in range(seeds)]
    table = pd.DataFrame(rows, columns=[*"abc"[: len(shape)], "seed"])
    return table.assign(score=0.7 + 0.05 * table["a"] + 0.02 * table["a"] * table["b"] + 0.02 * rng.random(len(table)))


def shares(found):
    return {effect.setting: effect.share for effect in found.effects}


@pytest.mark.parametrize("seed", range(5))
def test_in_a_balanced_sweep_shares_are_the_textbooks_and_add_up_to_all(seed):
    table = runs(np.random.default_rng(seed))
    found = effects(table, ["a", "b", "c"], "score")
    total = ((table["score"] - table["score"].mean()) ** 2).sum()
    for name in "abc":
        means = table.groupby(name)["score"].transform("mean")
        assert shares(found)[name] == pytest.approx(((means - table["score"].mean()) ** 2).sum() / total)
    assert sum(shares(found).values()) + found.interplay + found.seeds == pytest.approx(1)
    assert found.overlap == 0
    assert (found.n, found.combinations) == (36, 12)
    assert found.spread == pytest.approx(table["score"].std())


@pytest.mark.parametrize("seed", range(5))
def test_where_runs_are_missing_a_share_is_what_the_fit_loses_by_projections(seed):
    rng = np.random.default_rng(seed)
    table = runs(rng).sample(25, random_state=seed)
    found = effects(table, ["a", "b", "c"], "score")
    y = table["score"].to_numpy()
    one_hot = {name: pd.get_dummies(table[name]).to_numpy(float) for name in "abc"}

    def explained(names):
        basis = linalg.orth(np.column_stack([np.ones(len(y)), *(one_hot[name] for name in names)]))
        return float(np.sum((basis @ (basis.T @ y) - y.mean()) ** 2))

    total = float(np.sum((y - y.mean()) ** 2))
    for name in "abc":
        mine = (explained("abc") - explained("abc".replace(name, ""))) / total
        assert shares(found)[name] == pytest.approx(mine)
    assert sum(shares(found).values()) + found.overlap + found.interplay + found.seeds == pytest.approx(1)


def test_a_setting_that_is_alone_in_effect_has_scipys_p():
    """With a second setting nested in nothing but one run elsewhere, F is that of SciPy's one-way analysis."""
    rng = np.random.default_rng(0)
    first = pd.DataFrame({"a": np.repeat([0, 1, 2], 6), "b": 0, "score": rng.random(18)})
    lonely = pd.DataFrame({"a": [0], "b": [1], "score": [5.0]})
    found = effects(pd.concat([first, lonely]), ["a", "b"], "score")
    oracle = stats.f_oneway(*(group["score"] for _, group in first.groupby("a")))
    assert next(effect.p for effect in found.effects if effect.setting == "a") == pytest.approx(oracle.pvalue)


def test_a_setting_that_does_nothing_looks_so_as_often_as_chance_says():
    ps, extra = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        table = runs(rng, (2, 2), 4).assign(score=rng.standard_normal(16))
        (one,) = [effect for effect in effects(table, ["a", "b"], "score").effects if effect.setting == "a"]
        ps.append(one.p)
        extra.append(one.share - one.by_chance)
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(extra) == pytest.approx(0, abs=0.015)


def test_runs_that_only_repeat_others_prove_nothing():
    table = runs(np.random.default_rng(0), seeds=1)
    found = effects(pd.concat([table, table]), [name for name in table.columns if name != "score"], "score")
    assert found.seeds == 0
    assert all(math.isnan(effect.p) for effect in found.effects)


def test_names_and_order_of_runs_do_not_matter():
    table = runs(np.random.default_rng(1))
    renamed = table.sample(frac=1, random_state=0).assign(a=lambda t: t["a"].map({0: "ReLU", 1: "ELU"}))
    before, after = effects(table, ["a", "b", "c"], "score"), effects(renamed, ["c", "b", "a"], "score")
    assert shares(after) == pytest.approx(shares(before))
    assert (after.interplay, after.seeds) == pytest.approx((before.interplay, before.seeds))


def test_without_a_second_seed_nothing_is_said_of_chance():
    found = effects(runs(np.random.default_rng(0), seeds=1), ["a", "b", "c"], "score")
    assert math.isnan(found.seeds)
    assert all(math.isnan(effect.p) and math.isnan(effect.by_chance) for effect in found.effects)
    assert sum(shares(found).values()) + found.interplay == pytest.approx(1)


def test_two_settings_that_never_vary_apart_explain_nothing_alone():
    table = runs(np.random.default_rng(0), (2, 2)).assign(twin=lambda t: t["a"] * 10)
    found = effects(table, ["a", "b", "twin"], "score")
    assert shares(found)["a"] == shares(found)["twin"] == pytest.approx(0)
    assert found.overlap > 0.3


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [0, 1], "b": [0, 0], "score": [0.5, 0.6]}),
        pd.DataFrame({"a": [0, 1], "b": [0, 1], "score": [0.5, 0.5]}),
        pd.DataFrame({"a": [0, 1], "b": [0, 1], "score": [0.5, None]}),
        pd.DataFrame({"a": [], "b": [], "score": []}),
    ],
)
def test_too_little_is_told_in_words(table):
    with pytest.raises(InputError, match="two settings or more"):
        effects(table, ["a", "b"], "score")
