"""A race says what its numbers say, and no more."""

import re

import numpy as np
import pandas as pd
import pytest
from histories import epoch_record
from scipy import stats

from eegnets.evaluation import wilson_interval
from eegnets.race import INSTRUMENTS, Racer, Verdict, against, before_and_after, curves, read
from eegnets.statistics import Difference
from eegnets.translation import ENGLISH, ask_for_language


def reading(epoch, *, flat=0.0, silent=0.0, gradient=1.0):
    bend = {"flat": flat, "silent": silent, "slope": 1 - flat, "input_mean": 0.0, "input_std": 1.0}
    layers = {"first": {"gradient": gradient, "weights": 1.0}, "last": {"gradient": 5.0, "weights": 2.0}}
    return {"epoch": epoch, "bends": {"bend": bend}, "layers": layers, "seconds": 0.01}


def racer(activation, seed=0, accuracies=(0.6, 0.7, 0.8), **figures):
    history = [epoch_record(i + 1, accuracy) for i, accuracy in enumerate(accuracies)]
    return Racer(activation, seed, history, [reading(epoch, **figures) for epoch in range(len(accuracies) + 1)])


def said(*racers, n_test=0):
    return Verdict(racers, n_test).sentences()


def test_nothing_is_said_before_everyone_has_ended_an_epoch():
    assert said(racer("ELU"), racer("ReLU", accuracies=())) == []
    assert said() == []


def test_the_reports_claim_is_found_where_it_holds_and_only_there():
    slopes, *_ = said(racer("ELU"), racer("ReLU", flat=0.5))
    assert "ELU 0%, ReLU 50%" in slopes
    assert "For ReLU the gradient does end below zero" in slopes
    slopes, *_ = said(racer("ELU"), racer("LeakyReLU"))
    assert "with none of these" in slopes


def test_silent_units_are_told_apart_from_silent_values():
    assert "none is dead" in said(racer("ELU"), racer("ReLU", flat=0.5))[1]
    assert "ReLU 25%" in said(racer("ELU"), racer("ReLU", flat=0.5, silent=0.25))[1]


def test_the_gradient_is_a_ratio_to_relus_in_the_first_layer():
    assert "ELU 3.00 times" in said(racer("ELU", gradient=3.0), racer("ReLU", gradient=1.0))[2]


def test_a_network_that_no_gradient_passes_is_told_in_words_and_has_no_ratio():
    words = said(racer("ELU"), racer("Tanh", gradient=3.0), racer("ReLU", gradient=0.0))
    assert words[2] == "In 3 of 3 epochs no gradient reached the first layer of ReLU."
    assert "nan" not in " ".join(words)
    words = said(racer("ELU", gradient=0.0), racer("Tanh", gradient=3.0), racer("ReLU"))
    assert words[2] == "Gradient that reached the first layer, against ReLU's: Tanh 3.00 times."
    assert words[3] == "In 3 of 3 epochs no gradient reached the first layer of ELU."


def test_epochs_without_a_gradient_count_in_its_mean():
    half_dead = Racer("ELU", 0, [epoch_record(1), epoch_record(2)], [reading(i, gradient=i % 2) for i in range(3)])
    words = said(half_dead, racer("ReLU"))
    assert "ELU 0.50 times" in words[2]
    assert words[3] == "In 1 of 2 epochs no gradient reached the first layer of ELU."


def test_a_gradient_that_is_no_number_at_the_first_layer_is_not_taken_from_another():
    words = said(racer("ELU", gradient=None), racer("ReLU", gradient=None))
    assert "first layer" not in " ".join(words)


def test_one_seed_tells_nothing_apart():
    last = said(racer("ELU", accuracies=(0.9,)), racer("ReLU", accuracies=(0.5,)), n_test=100)[-1]
    assert "cannot tell a difference from luck" in last
    low, high = wilson_interval(70, 100)
    assert f"±{50 * (high - low):.0f} points" in last
    assert "interval 3" not in last


def test_the_interval_over_seeds_is_students_on_the_differences():
    elu, relu = [0.80, 0.83, 0.85], [0.79, 0.80, 0.84]
    racers = [racer("ELU", seed, (0.5, value)) for seed, value in enumerate(elu)]
    racers += [racer("ReLU", seed, (0.5, value)) for seed, value in enumerate(relu)]
    differences = 100 * (np.array(elu) - relu)
    low, high = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences))
    last = said(*racers)[-1]
    assert (
        f"{differences.mean():+.1f} points (95 % interval {low:.1f} to {high:.1f}) – no difference can be told".replace(
            "-", "−"
        )
        in last
    )


def test_a_difference_that_every_seed_shows_is_called_one():
    racers = [racer("ELU", seed, (0.9 + 0.001 * seed,)) for seed in range(3)]
    racers += [racer("ReLU", seed, (0.5,)) for seed in range(3)]
    assert " – a difference" in said(*racers)[-1]


def test_only_epochs_that_all_have_reached_count():
    last = said(racer("ELU", accuracies=(0.5, 0.9)), racer("ReLU", accuracies=(0.7,)))[-1]
    assert last.startswith("Test accuracy after epoch 1: ELU 50.0%, ReLU 70.0%.")


def test_without_relu_the_first_racer_is_the_measure():
    assert "Against ELU: Tanh" in said(racer("Tanh"), racer("ELU"))[-1]


def test_without_instruments_the_scores_still_speak():
    silent = [Racer(name, 0, [epoch_record(1)]) for name in ("ELU", "ReLU")]
    assert len(said(*silent)) == 2


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("flat", [0.0, 0.5])
def test_a_verdict_is_told_in_the_readers_language(seeds, flat):
    racers = [
        racer(name, seed, (0.5, 0.7 + 0.01 * seed * place), flat=flat, silent=flat, gradient=1.0 + seed * place)
        for place, name in enumerate(("ReLU", "ELU", "Tanh"))
        for seed in range(seeds)
    ]
    ask_for_language(lambda: "zh-TW")
    try:
        sentences = said(*racers, n_test=100)
    finally:
        ask_for_language(lambda: ENGLISH)
    names = re.compile("ReLU|ELU|Tanh|epoch|nats?")
    assert not re.search("[A-Za-z]{2}", names.sub("", " ".join(sentences)))
    assert "百分點" in sentences[-1]


def test_a_difference_that_the_digits_do_not_show_is_none():
    tiny = Difference(-1e-5, -2e-5, -1e-6, 3, 0.01)
    assert against(tiny, "nats", 1) == "as good as none"
    assert "a difference" in against(tiny, "nats", 10_000)


@pytest.mark.parametrize("name", list(INSTRUMENTS))
def test_every_instrument_is_a_table_of_layers_and_epochs(name):
    table = read([racer("ELU"), racer("ReLU", seed=1)], name)
    assert set(table["epoch"]) == {0, 1, 2, 3}
    assert table.groupby(["layer", "activation", "seed", "epoch"]).size().eq(1).all()


def test_a_reading_that_is_no_number_is_left_out():
    assert read([racer("ELU", gradient=None)], "gradient")["layer"].unique().tolist() == ["last"]
    assert curves([Racer("ELU", 0, [epoch_record(1, validation=None)])], "validation_accuracy").empty


def test_before_is_the_untrained_network_and_after_the_latest():
    changing = Racer("ReLU", 0, [epoch_record(1)], [reading(0, flat=0.5), reading(1, flat=0.25)])
    table = before_and_after([changing]).set_index("figure")
    pd.testing.assert_series_equal(
        table.loc["Values without slope", ["before", "after"]],
        pd.Series({"before": 0.5, "after": 0.25}, name="Values without slope"),
        check_dtype=False,
    )
