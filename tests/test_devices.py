"""A graphics card: what is recorded on it and replayed is what would have been computed, and a run there is a run."""

import io
import itertools
import runpy
from dataclasses import asdict

import pytest
import torch
from torch.nn import functional

from eegnets import experiment, show_code, training
from eegnets.activations import ACTIVATIONS
from eegnets.classification import shape_of
from eegnets.config import RunConfig, TrainingConfig
from eegnets.devices import Card
from eegnets.evaluation import probabilities
from eegnets.models import MODELS, build
from eegnets.optimizers import OPTIMIZERS
from eegnets.runs import RunStore
from eegnets.training import ENGINES, PRECISIONS, State, fit
from eegnets.trials import split
from eegnets.weights import load_run

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="a graphics card (CUDA) is needed")
every_network = pytest.mark.parametrize("name", MODELS)
ALIKE = 1e-4  # relative: what a few epochs make of the last digits of float32


@pytest.fixture
def folds(tiny_trials):
    """20 trials to train on, so that batches of 8 leave 4 over; 4 to validate, 16 to test."""
    return split(tiny_trials, 0.2, seed=0)


def network(name="EEGNet", **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(name, n_chans=2, n_times=128, n_outputs=2, **options)


def config(**settings):
    return TrainingConfig(epochs=4, batch_size=8, device="cuda").with_(**settings)


def figures(records):
    """Records without what depends on the clock."""
    return [{name: value for name, value in asdict(record).items() if name != "seconds"} for record in records]


def history(folds, name="EEGNet", *, max_norm=False, options=None, **settings):
    settings = config(**settings)
    return figures(fit(network(name, **options or {}), *folds, settings, max_norm=max_norm))


def with_rate_of_its_own(folds):
    """A history whose learning rate changes on the way."""
    settings = config()
    state = State(network(), settings)
    records = []
    for record in fit(state.model, *folds, settings, state=state):
        records.append(record)
        state.adjust(learning_rate=0.01 / record.epoch)
    return figures(records)


@pytest.fixture
def replays(monkeypatch):
    """How often something was replayed rather than computed."""
    seen = []

    class Graph(torch.cuda.CUDAGraph):
        def replay(self):
            seen.append(self)
            super().replay()

    monkeypatch.setattr("torch.cuda.CUDAGraph", Graph)
    return seen


@pytest.fixture
def computed(folds, monkeypatch):
    """A history of which nothing is recorded, by the same optimiser."""

    def train(history=history, **settings):
        with monkeypatch.context() as patch:
            patch.setattr(State, "repeated", lambda state, work: work)
            return history(folds, **settings)

    return train


@every_network
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_replayed_is_what_would_be_computed_number_for_number(folds, computed, replays, name, optimizer):
    wanted = computed(name=name, optimizer=optimizer)
    assert not replays
    assert history(folds, name, optimizer=optimizer) == wanted
    # Four epochs of batches of 8, 8 and 4 trials and two other folds: each size's first batch and each first fold come.
    assert len(replays) == 4 * 5 - 4


@every_network
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_can_be_recorded(folds, computed, name, activation):
    options = {"activation": activation}
    assert history(folds, name, options=options) == computed(name=name, options=options)


@every_network
@pytest.mark.parametrize("settings", [{"max_norm": True}, {"precision": "bfloat16"}, {"batch_size": 20}])
def test_whatever_is_set_is_recorded(folds, computed, name, settings):
    assert history(folds, name, **settings) == computed(name=name, **settings)


def test_what_is_recorded_follows_a_changed_learning_rate(folds, computed):
    changed = with_rate_of_its_own(folds)
    assert changed == computed(with_rate_of_its_own) != history(folds)


@every_network
def test_without_dropout_the_engines_differ_by_the_last_digits(folds, name):
    fused, plain = (history(folds, name, options={"dropout": 0.0}, engine=engine) for engine in ENGINES)
    losses = [[record["train_loss"] for record in records] for records in (fused, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=ALIKE)


@every_network
def test_the_same_seed_gives_the_same_history_and_another_seed_another(folds, name):
    assert history(folds, name, seed=3) == history(folds, name, seed=3) != history(folds, name, seed=4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_stored_state_goes_on_number_for_number(folds, optimizer):
    settings, file = config(optimizer=optimizer), io.BytesIO()
    state = State(network(), settings)
    started = list(itertools.islice(fit(state.model, *folds, settings, state=state), 2))
    torch.save(state.state_dict(), file)
    file.seek(0)
    again = State(network(), settings.with_(seed=99))
    again.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    rest = fit(again.model, *folds, settings, state=again)
    assert figures([*started, *rest]) == history(folds, optimizer=optimizer)


@every_network
@pytest.mark.parametrize("first", ["cpu", "cuda"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_state_goes_on_on_another_device(folds, name, first, optimizer):
    """Without dropout, whose draws are each device's own."""
    options, second = {"dropout": 0.0}, {"cpu": "cuda", "cuda": "cpu"}[first]
    settings = config(optimizer=optimizer, device=first)
    state = State(network(name, **options), settings)
    started = list(itertools.islice(fit(state.model, *folds, settings, state=state), 2))
    again = State(network(name, **options), settings.with_(device=second))
    again.load_state_dict(state.state_dict())
    rest = list(fit(again.model, *folds, settings.with_(device=second), state=again))
    losses = [record.train_loss for record in [*started, *rest]]
    whole = history(folds, name, options=options, optimizer=optimizer, device=first)
    assert losses == pytest.approx([record["train_loss"] for record in whole], rel=ALIKE)


@every_network
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_is_the_plain_networks_on_the_processor(folds, name, activation):
    """In float32 too: products with 10 binary digits, which PyTorch by itself allows convolutions, would stray more."""
    plain, *others = (network(name, dropout=0.0, activation=activation) for _ in range(5))
    exact = a_step(ENGINES["plain"], plain.double(), folds.train)
    for engine, dtype in itertools.product(ENGINES.values(), (torch.float64, torch.float32)):
        with Card().used():
            found = a_step(engine, others.pop().to("cuda", dtype), folds.train)
        bound = 1e-9 if dtype is torch.float64 else 1e-5
        assert [far(*tensors) < bound for tensors in zip(found, exact, strict=True)] == [True] * len(exact)


def a_step(engine, model, train):
    """Logits and every parameter's gradient, of whatever precision and device the model has."""
    like = next(model.parameters())
    logits = engine.logits(model, torch.from_numpy(train.X).to(like))
    functional.cross_entropy(logits, torch.from_numpy(train.y).to(like.device)).backward()
    return [logits.detach(), *(parameter.grad for parameter in model.parameters())]


def far(found, wanted):
    """Relative; gradients that are nothing but rounding count as that of a step that matters."""
    return float((found.cpu().double() - wanted).norm() / wanted.norm().clamp(min=1e-2))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_two_fits_in_turns_are_as_each_alone(folds, precision):
    first, second = config(seed=1, precision=precision), config(seed=2, precision=precision)
    together = list(zip(fit(network(), *folds, first), fit(network(), *folds, second), strict=True))
    for settings, records in zip((first, second), zip(*together, strict=True), strict=True):
        assert figures(records) == figures(fit(network(), *folds, settings))


def test_fitting_leaves_the_cards_own_random_stream_and_ways_alone(folds):
    before, ways = torch.cuda.get_rng_state(), torch.backends.cudnn.allow_tf32
    history(folds)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert torch.backends.cudnn.allow_tf32 == ways


def test_a_run_on_the_card_says_so_and_its_weights_answer_on_the_processor(tmp_path, monkeypatch, tiny_trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials)
    run = RunStore(tmp_path).create(RunConfig().with_(device="auto", batch_size=8, epochs=3, threads=1))
    result = experiment.execute(run)
    assert (result["status"], run.conditions()["device"]) == ("finished", "cuda")
    there = probabilities(load_run(run), tiny_trials.of_split("test").X)
    assert there == pytest.approx(run.predictions()[list(tiny_trials.class_names)].to_numpy(), abs=1e-3)


def test_the_script_of_a_run_on_the_card_repeats_it(tmp_path, monkeypatch, tiny_trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials)
    monkeypatch.chdir(tmp_path)
    for name in ("allow_tf32", "deterministic"):  # the script sets them, for good
        monkeypatch.setattr(torch.backends.cudnn, name, getattr(torch.backends.cudnn, name))
    config = RunConfig().with_(device="cuda", engine="plain", batch_size=8, epochs=3, threads=1)
    run = RunStore(tmp_path).create(config)
    experiment.execute(run)
    assert show_code.exact(run, shape_of(run))
    (tmp_path / "code.py").write_text(show_code.script(run, shape_of(run)), encoding="utf-8")
    (tmp_path / f"{run.id}.npz").write_bytes(show_code.exported(run))
    losses = [record["train_loss"] for record in runpy.run_path("code.py")["history"]]
    assert losses == pytest.approx([record["train_loss"] for record in run.history()], rel=1e-6)


def test_the_rehearsal_makes_the_card_ready(monkeypatch):
    seen = []
    real = training.fit
    monkeypatch.setattr(training, "fit", lambda *given: seen.append(given[-1].device) or real(*given))
    experiment.rehearse()
    assert seen == ["cuda", "cpu"]
