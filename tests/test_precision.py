"""Precision: float32 is untouched unless bfloat16 is asked for, which then agrees within noise and is recorded."""

from dataclasses import asdict

import pytest
import torch

from eegnets.config import InputError, RunConfig, TrainingConfig
from eegnets.models import MODELS, build
from eegnets.runs import RunStore
from eegnets.training import ENGINES, PRECISIONS, State, fit, in_bfloat16
from eegnets.trials import split

every_network = pytest.mark.parametrize("name", MODELS)
every_engine = pytest.mark.parametrize("engine", ENGINES)


def network(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(name, n_chans=2, n_times=128, n_outputs=2, dropout=0.0)


def history(trials, name, **settings):
    config = TrainingConfig(epochs=4, batch_size=8, device="cpu", **settings)
    return [asdict(record) | {"seconds": 0} for record in fit(network(name), *split(trials, 0.2, 0), config)]


@every_engine
def test_float32_is_the_default_and_nothing_stands_between_it_and_its_engine(engine):
    config = TrainingConfig(device="cpu", engine=engine)
    assert config.precision == "float32"
    assert State(network("EEGNet"), config).logits is ENGINES[engine].logits


def test_a_stored_run_without_a_precision_was_float32():
    stored = RunConfig().to_dict()
    del stored["training"]["precision"]
    assert RunConfig.from_dict(stored).training.precision == "float32"


@every_network
@every_engine
def test_losses_in_bfloat16_stay_close_and_are_not_the_same(tiny_trials, name, engine):
    exact, short = (history(tiny_trials, name, engine=engine, precision=precision) for precision in PRECISIONS)
    assert exact != short
    for one, other in zip(exact, short, strict=True):
        for fold in ("train", "validation", "test"):
            assert other[f"{fold}_loss"] == pytest.approx(one[f"{fold}_loss"], abs=0.05)


@every_network
@every_engine
def test_trials_that_drift_far_from_zero_are_read_as_well_as_by_the_plain_network(name, engine):
    drift = torch.randn((8, 2, 128), generator=torch.Generator().manual_seed(1)).cumsum(2) + 20
    exact, plain, short = (
        compute(network(name).train(), drift).detach()
        for compute in (
            ENGINES["plain"].logits,
            in_bfloat16(ENGINES["plain"].logits),
            in_bfloat16(ENGINES[engine].logits),
        )
    )
    noise = (plain - exact).abs().max()
    assert noise > 0
    assert (short - exact).abs().max() < 3 * noise + 0.02


@every_engine
def test_weights_logits_and_gradients_stay_float32(engine):
    model = network("EEGNet").train()
    logits = in_bfloat16(ENGINES[engine].logits)(model, torch.randn(4, 2, 128))
    logits.sum().backward()
    assert logits.dtype == torch.float32
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert {parameter.grad.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_run_records_its_precision(tmp_path):
    run = RunStore(tmp_path).create(RunConfig().with_(precision="bfloat16"))
    assert RunStore(tmp_path).get(run.id).config.training.precision == "bfloat16"


def test_an_unknown_precision_is_refused_with_what_there_is():
    with pytest.raises(InputError, match="float32, bfloat16"):
        TrainingConfig(precision="float16")
