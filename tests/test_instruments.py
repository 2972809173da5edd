"""The instruments show what is the case, and change nothing."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from eegnets import experiment, instruments
from eegnets.activations import ACTIVATIONS
from eegnets.config import RunConfig
from eegnets.explain import bends, leaves, slopes
from eegnets.models import MODELS, build
from eegnets.run_folder import RunError
from eegnets.runs import RunStore
from eegnets.trials import split

every_network = pytest.mark.parametrize("name", list(MODELS))


def network(name, activation, **options):
    torch.manual_seed(0)
    return build(name, n_chans=2, n_times=128, n_outputs=2, activation=activation, **options).eval()


@pytest.fixture
def fold(tiny_trials):
    return instruments.probe(split(tiny_trials, 0.0, 0).train, torch.device("cpu"))


def config(**settings):
    return RunConfig().with_(device="cpu", threads=1, batch_size=8, epochs=3).with_(**settings)


def figures(run):
    return [{key: value for key, value in record.items() if key != "seconds"} for record in run.history()]


@pytest.fixture
def store(tmp_path, monkeypatch, tiny_trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials)
    return RunStore(tmp_path / "runs")


def make_negative(model):
    """Shift every bend's inputs far below zero."""
    for before in [layer for name, layer in leaves(model).items() if isinstance(layer, torch.nn.BatchNorm2d)][-2:]:
        torch.nn.init.constant_(before.bias, -50.0)


@every_network
@pytest.mark.parametrize("activation", ["ELU", "LeakyReLU"])
def test_no_unit_of_a_bend_that_always_slopes_is_silent(name, activation, fold):
    model = network(name, activation)
    make_negative(model)
    for bend in instruments.read(model, fold)["bends"].values():
        assert bend["silent"] == bend["flat"] == 0


@every_network
def test_a_relu_whose_inputs_are_all_negative_is_silent(name, fold):
    model = network(name, "ReLU")
    make_negative(model)
    last = list(instruments.read(model, fold)["bends"].values())[-1]
    assert last["silent"] == last["flat"] == 1
    assert last["slope"] == 0
    assert last["input_mean"] == pytest.approx(-50, abs=10)


def test_one_live_sample_is_enough_for_a_unit_not_to_be_silent():
    inputs = torch.full((3, 4, 1, 5), -1.0)
    inputs[2, 1, 0, 3] = 1.0
    read = instruments._bend(torch.nn.ReLU(), inputs)
    assert read["silent"] == 0.75
    assert read["flat"] == pytest.approx(59 / 60)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_slopes_are_the_derivative_of_the_formula(activation):
    x = torch.linspace(-4, 4, 33, dtype=torch.float64).view(1, 3, 1, 11)
    layer = ACTIVATIONS[activation].make(3).double()
    np.testing.assert_allclose(slopes(layer, x), ACTIVATIONS[activation].derivative(x), atol=1e-9)


@every_network
def test_norms_are_those_of_autograd(name, fold):
    model = network(name, "ELU")
    read = instruments.read(model, fold)["layers"]
    functional.cross_entropy(model(fold.X), fold.y).backward()
    for layer, norms in read.items():
        parameters = list(leaves(model)[layer].parameters())
        for key, tensors in {"gradient": [p.grad for p in parameters], "weights": parameters}.items():
            whole = torch.cat([tensor.detach().flatten() for tensor in tensors])
            assert norms[key] == pytest.approx(whole.norm().item(), rel=1e-5)


def test_the_probe_is_the_same_every_time_and_of_every_class(tiny_trials):
    train = split(tiny_trials, 0.0, 0).train
    first, second = (instruments.probe(train, torch.device("cpu")) for _ in range(2))
    assert torch.equal(first.X, second.X)
    assert set(first.y.tolist()) == {0, 1}


def test_a_figure_that_is_none_is_told_as_none(fold):
    model = network("EEGNet", "ELU")
    torch.nn.init.constant_(model.classify[0].weight, float("nan"))
    assert instruments.read(model, fold)["layers"]["classify.0"] == {"gradient": None, "weights": None}


@every_network
@pytest.mark.parametrize("engine", ["fused", "plain"])
def test_reading_changes_no_result(store, name, engine):
    histories = []
    for on in (False, True):
        run = store.create(config(name=name, engine=engine, instruments=on))
        experiment.execute(run)
        histories.append(figures(run))
        assert [record["epoch"] for record in run.instruments()] == ([0, 1, 2, 3] if on else [])
    assert histories[0] == histories[1]


def test_a_run_that_was_left_has_every_reading_once(store):
    def read(run):
        return [{k: v for k, v in record.items() if k != "seconds"} for record in run.instruments()]

    whole, left = (store.create(config(instruments=True)) for _ in range(2))
    experiment.execute(whole)
    left.ask(action="step")
    experiment.execute(left)
    left.append_instruments({"epoch": 2})  # a kill came between this line and the state to go on from
    left.requeue()
    experiment.execute(left)
    assert read(left) == read(whole)


def test_a_damaged_line_is_told(store):
    run = store.create(config())
    (run.path / "instruments.jsonl").write_text("{]\n")
    with pytest.raises(RunError, match=r"instruments\.jsonl has a damaged line"):
        run.instruments()


def test_a_bend_without_a_unit_to_lose_is_read_in_every_network():
    for name in MODELS:
        assert bends(network(name, "Maxout"))
