"""Runs side by side: what differs, who is alike, curves smoothed and averaged, against NumPy by hand."""

import numpy as np
import pandas as pd
import pytest
from histories import epoch_record
from scipy import stats

from eegnets.comparison import (
    POINTS,
    alike,
    curve_table,
    differing,
    group_table,
    ranked,
    settings_of,
    smoothed,
    thinned,
)
from eegnets.config import SETTINGS, RunConfig


def histories(*lengths, seed=0):
    rng = np.random.default_rng(seed)
    return {f"run {i}": [epoch_record(e + 1, rng.random()) for e in range(n)] for i, n in enumerate(lengths)}


def values(history):
    return [record["test_accuracy"] for record in history]


def test_only_what_differs_is_shown():
    base = RunConfig().with_(epochs=7)
    found = differing({"a": base, "b": base.with_(activation="ReLU", seed=1), "c": base.with_(activation="ReLU")})
    assert found.loc["activation"].tolist() == ["ELU", "ReLU", "ReLU"]
    assert found.loc["seed"].tolist() == [0, 1, 0]
    assert set(found.index) == {"activation", "seed"}


def test_a_setting_left_open_differs_from_one_that_is_given():
    found = differing({"open": RunConfig(), "given": RunConfig().with_(dropout=0.5)})
    assert found.loc["dropout"].tolist() == [None, 0.5]


def test_twins_and_single_runs_differ_in_nothing():
    assert differing({"a": RunConfig(), "b": RunConfig()}).empty
    assert differing({"a": RunConfig()}).empty


def test_every_setting_can_differ():
    assert settings_of(RunConfig()).keys() == {rule.key for rule in SETTINGS.values()}


def test_an_option_of_the_source_counts_as_a_setting():
    easy, hard = (RunConfig(RunConfig().data.with_(options={"difficulty": x})) for x in (0.1, 0.9))
    assert differing({"a": easy, "b": hard}).loc["data_difficulty"].tolist() == [0.1, 0.9]


def test_runs_are_alike_in_what_is_asked():
    base = RunConfig()
    configs = {f"{bend} {seed}": base.with_(activation=bend, seed=seed) for bend in ("ELU", "ReLU") for seed in (0, 1)}
    different = differing(configs)
    assert alike(different, ["activation"]) == {name: name.split()[0] for name in configs}
    assert len(set(alike(different, ["activation", "seed"]).values())) == 4
    assert set(alike(different, []).values()) == {"all"}
    assert alike(different, ["activation", "gone"]) == alike(different, ["activation"])


def test_runs_are_ranked_by_size_and_names_as_where_they_are_picked():
    asked = [("Tanh", 0.1), ("ELU", 1e-5), ("ELU", 0.1), ("ReLU", 10), ("ELU", 0.01)]
    configs = {str(i): RunConfig().with_(activation=bend, weight_decay=decay) for i, (bend, decay) in enumerate(asked)}
    different = differing(configs)
    assert ranked(different, ["activation", "weight_decay"]) == ["1", "4", "2", "3", "0"]
    assert ranked(different, ["weight_decay", "gone"]) == ["1", "4", "0", "2", "3"]
    given = differing({"given": RunConfig().with_(dropout=0.5), "open": RunConfig()})
    assert ranked(given, ["dropout"]) == ["open", "given"]


def test_seconds_add_up_and_missing_folds_are_left_out():
    histories = {"a": [epoch_record(1), epoch_record(2)], "b": [epoch_record(1) | {"test_accuracy": None}], "c": []}
    table = curve_table(histories, "test_accuracy")
    assert table["run"].tolist() == ["a", "a"]
    assert table["seconds"].tolist() == [0.5, 1.0]


@pytest.mark.parametrize("some", [{}, {"a": []}])
def test_no_epochs_make_an_empty_table(some):
    table = curve_table(some, "test_accuracy")
    assert table.empty
    assert group_table(smoothed(table, 0.5), {}).empty
    assert thinned(table, "run").empty


def test_a_curve_smoothed_at_zero_is_the_raw_curve():
    table = curve_table(histories(20, 5), "test_accuracy")
    assert smoothed(table, 0).equals(table)


@pytest.mark.parametrize("weight", [0.1, 0.6, 0.95])
def test_smoothing_weighs_the_past_of_its_own_run_and_no_future(weight):
    made = histories(12, 7)
    table = smoothed(curve_table(made, "test_accuracy"), weight)
    for run, history in made.items():
        raw = np.array(values(history))
        expected = [
            np.average(raw[: i + 1], weights=weight ** np.arange(i, -1, -1, dtype=float)) for i in range(len(raw))
        ]
        assert table.loc[table["run"] == run, "value"].to_numpy() == pytest.approx(expected)


def test_a_group_is_its_mean_with_the_interval_of_those_that_got_so_far():
    made = histories(6, 4, 4, 5)
    groups = {"run 0": "x", "run 1": "x", "run 2": "x", "run 3": "y"}
    found = group_table(curve_table(made, "test_accuracy"), groups).set_index(["group", "epoch"])
    for epoch in range(1, 7):
        reached = [values(made[run])[epoch - 1] for run in ("run 0", "run 1", "run 2") if len(made[run]) >= epoch]
        row = found.loc[("x", epoch)]
        assert (row["n"], row["value"]) == (len(reached), pytest.approx(np.mean(reached)))
        if len(reached) > 1:
            oracle = stats.ttest_1samp(reached, 0).confidence_interval(0.95)
            assert (row["low"], row["high"]) == pytest.approx((oracle.low, oracle.high))
        else:
            assert np.isnan(row["low"])


def test_a_group_of_one_is_the_run_itself_without_an_interval():
    made = histories(5)
    found = group_table(curve_table(made, "test_accuracy"), {"run 0": "x"})
    assert found["value"].tolist() == values(made["run 0"])
    assert found[["low", "high"]].isna().all(axis=None)
    assert found["seconds"].tolist() == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5])


@pytest.mark.parametrize("length", [1, POINTS, POINTS + 1, 5 * POINTS + 3])
def test_thinning_keeps_the_ends_and_at_most_what_can_be_seen(length):
    table = pd.DataFrame({"run": "a", "epoch": np.arange(length)})
    kept = thinned(table, "run")["epoch"]
    assert (kept.iloc[0], kept.iloc[-1]) == (0, length - 1)
    assert len(kept) <= POINTS + 1
    assert length > POINTS or len(kept) == length
