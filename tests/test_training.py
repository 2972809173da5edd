"""Fitting: the same seed gives the same figures, the figures are what they say, and to leave is to stop."""

import io
import itertools
import json
import math
import re
import time
from dataclasses import asdict

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from eegnets.config import InputError, TrainingConfig
from eegnets.devices import resolve_device
from eegnets.evaluation import accuracy, probabilities
from eegnets.models import MODELS, build
from eegnets.optimizers import OPTIMIZERS
from eegnets.training import ENGINES, Diverged, State, evaluate, fit, to_device
from eegnets.trials import split

CPU = torch.device("cpu")
KEYS = [
    "epoch",
    *("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy"),
    *("seconds", "learning_rate", "weight_decay"),
]
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)
every_network = pytest.mark.parametrize("name", MODELS)


def config(**settings):
    return TrainingConfig(epochs=3, batch_size=8, device="cpu").with_(**settings)


@pytest.fixture
def folds(tiny_trials):
    """20 trials to train on, so that batches of 8 leave 4 over; 4 to validate, 16 to test."""
    return split(tiny_trials, 0.2, seed=0)


@pytest.fixture
def network():
    """A maker of networks that all begin with the same weights."""

    def make(name="EEGNet", n_times=128, **options):
        sizes = {"F1": 2, "F2": 3, "kernel_length": 5} if name == "EEGNet" else {}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return build(name, n_chans=2, n_times=n_times, n_outputs=2, **sizes | options)

    return make


def figures(records):
    """Records without what depends on the clock."""
    return [{name: value for name, value in asdict(record).items() if name != "seconds"} for record in records]


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@every_network
def test_the_same_seed_gives_the_same_history_number_for_number(folds, network, name):
    first, second = (figures(fit(network(name), *folds, config(seed=5))) for _ in range(2))
    assert len(first) == 3
    assert first == second


def test_another_seed_gives_another_history_from_the_same_weights(folds, network):
    assert figures(fit(network(), *folds, config(seed=1))) != figures(fit(network(), *folds, config(seed=2)))


def test_the_seed_draws_the_order_of_trials_even_without_dropout(folds, network):
    first, second = (figures(fit(network(dropout=0.0), *folds, config(seed=seed))) for seed in (1, 2))
    assert first != second


def test_a_network_learns_what_there_is_to_learn(folds, network):
    *_, last = fit(network(), *folds, config(epochs=40, learning_rate=0.01))
    assert min(last.train_accuracy, last.validation_accuracy, last.test_accuracy) > 0.9


def test_a_record_holds_plain_numbers_under_the_names_of_the_history(folds, network):
    started = time.perf_counter()
    records = list(fit(network(), *folds, config(learning_rate=0.002, weight_decay=0.03)))
    wall = time.perf_counter() - started
    for record in map(asdict, records):
        assert list(record) == KEYS
        assert {type(value) for value in record.values()} == {int, float}
        assert json.loads(json.dumps(record)) == record
        assert (record["learning_rate"], record["weight_decay"]) == (0.002, 0.03)
    assert [record.epoch for record in records] == [1, 2, 3]
    assert 0 < sum(record.seconds for record in records) <= wall


def watch(layer):
    """What goes into and comes out of a layer, or a whole network, as it learns: a list of pairs, one a batch."""
    seen = []

    def note(module, inputs, output):
        if module.training:
            seen.append((inputs[0].detach().numpy(), output.detach().numpy().astype(float)))

    layer.register_forward_hook(note)
    return seen


def labels_of(batch, fold):
    """The labels of trials that are told by their samples."""
    return fold.y[[int(np.flatnonzero((trial == fold.X).all(axis=(1, 2)))[0]) for trial in batch]]


def test_train_figures_are_the_mean_over_the_trials_of_the_epoch_as_the_network_learned(folds, network):
    model = network()
    seen = watch(model)
    for record in fit(model, *folds, config()):
        y = np.concatenate([labels_of(X, folds.train) for X, _ in seen])
        logits = np.concatenate([out for _, out in seen])
        nats = logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]
        assert [len(X) for X, _ in seen] == [8, 8, 4]
        assert record.train_loss == pytest.approx(nats.mean(), rel=1e-6)
        assert record.train_accuracy == np.mean(logits.argmax(axis=1) == y)
        seen.clear()


def test_every_trial_is_seen_once_an_epoch_in_another_order_each_time(folds, network):
    model = network()
    seen, orders = watch(model), []
    for _ in fit(model, *folds, config()):
        orders.append(np.concatenate([X for X, _ in seen])[:, 0, 0])
        seen.clear()
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.sort(folds.train.X[:, 0, 0]))
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(orders, 2))


def test_the_order_of_trials_does_not_hang_on_what_the_network_draws(folds, network):
    orders = []
    for dropout in (0.0, 0.5):
        model = network(dropout=dropout)
        seen = watch(model)
        list(fit(model, *folds, config()))
        orders.append(np.concatenate([X for X, _ in seen]))
    np.testing.assert_array_equal(*orders)


def test_every_epoch_and_every_seed_silences_other_values(folds, network):
    silenced = []
    for seed in (1, 2):
        model = network(dropout=0.5)
        seen = watch(model.separableConv[4])
        list(fit(model, *folds, config(batch_size=20, seed=seed)))
        silenced += [out == 0 for _, out in seen]
    assert len(silenced) == 6
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(silenced, 2))


def test_validation_and_test_figures_are_taken_after_the_epoch_in_evaluation_mode(folds, network):
    model = network()
    for record in fit(model, *folds, config()):
        for fold, loss, share in (
            (folds.validation, record.validation_loss, record.validation_accuracy),
            (folds.test, record.test_loss, record.test_accuracy),
        ):
            given = probabilities(model, fold.X)
            assert loss == pytest.approx(-np.log(given[np.arange(len(fold)), fold.y]).mean(), rel=1e-5)
            assert share == accuracy(fold.y, given.argmax(axis=1))


def test_who_knows_nothing_loses_the_logarithm_of_the_number_of_classes(folds, network):
    model = network()
    torch.nn.init.zeros_(model.classify[0].weight)
    torch.nn.init.zeros_(model.classify[0].bias)
    assert evaluate(model, to_device(folds.test, CPU)).mean(len(folds.test)).loss == pytest.approx(math.log(2))


@pytest.mark.parametrize("size", [1, 5, 16, 1000])
def test_evaluating_in_smaller_passes_changes_no_figure(folds, network, monkeypatch, size):
    model, fold = network(), to_device(folds.test, CPU)
    whole = evaluate(model, fold).mean(len(fold.y))
    monkeypatch.setattr("eegnets.training.EVALUATION_BATCH", size)
    assert evaluate(model, fold).mean(len(fold.y)) == pytest.approx(whole)


def test_evaluation_leaves_weights_running_statistics_and_gradients_as_they_were(folds, network):
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, to_device(folds.test, CPU))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_running_statistics_are_learned_from_training_batches_alone(folds, network):
    model = network()
    list(fit(model, *folds, config()))
    counts = [value.item() for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")]
    assert counts == [3 * 3] * 3  # epochs × batches, in each of the three layers


def test_nothing_is_learned_from_validation_and_test_trials(folds, network):
    watched, alone = network(), network()
    with_others = figures(fit(watched, *folds, config()))
    without = figures(fit(alone, folds.train, None, None, config()))
    for name in ("train_loss", "train_accuracy"):
        assert [record[name] for record in with_others] == [record[name] for record in without]
    assert torch.equal(weights(watched), weights(alone))


@pytest.mark.parametrize("absent", ["validation", "test"])
def test_a_fold_that_is_not_there_has_no_figures(folds, network, absent):
    for record in map(asdict, fit(network(), *folds._replace(**{absent: None}), config())):
        empty = {name for name, value in record.items() if value is None}
        assert empty == {f"{absent}_loss", f"{absent}_accuracy"}


ORACLES = {
    "Adam": lambda ps: torch.optim.Adam(ps, lr=0.02, weight_decay=0.3),
    "AdamW": lambda ps: torch.optim.AdamW(ps, lr=0.02, weight_decay=0.3),
    "SGD": lambda ps: torch.optim.SGD(ps, lr=0.02, weight_decay=0.3, momentum=0.7),
    "RMSprop": lambda ps: torch.optim.RMSprop(ps, lr=0.02, weight_decay=0.3),
}


def test_training_does_without_pytorchs_compiler(warm_workers):
    """A worker has trained on noise before it takes a run."""
    script = "[name in __import__('sys').modules for name in ('eegnets.training', 'torch._dynamo')]"
    assert warm_workers._idle[-1].submit(eval, script).result(60) == [True, False]


@every_optimizer
@pytest.mark.parametrize("engine", ENGINES)
def test_every_step_is_pytorchs_own_on_the_same_gradients(folds, network, optimizer, engine):
    settings = config(optimizer=optimizer, learning_rate=0.02, weight_decay=0.3, momentum=0.7, engine=engine)
    model, twin = network(), network()
    state, oracle = State(model, settings), ORACLES[optimizer](twin.parameters())

    def follow(*_):
        for mine, other in zip(twin.parameters(), model.parameters(), strict=True):
            mine.grad = other.grad.clone()
        oracle.step()

    state.optimizer.register_step_pre_hook(follow)
    before = weights(model)
    list(fit(model, *folds, settings, state=state))
    digits = {"rtol": 0, "atol": 0} if engine == "plain" else {"rtol": 1e-4, "atol": 1e-6}  # all weights in one go
    torch.testing.assert_close(weights(model), weights(twin), **digits)
    assert not torch.equal(weights(model), before)


def test_gradients_do_not_pile_up_from_batch_to_batch(folds, network):
    settings = config(batch_size=20, optimizer="SGD", learning_rate=1e-7, weight_decay=0.0)
    model, gradients = network(dropout=0.0), []
    state = State(model, settings)
    state.optimizer.register_step_pre_hook(lambda *_: gradients.append(model.classify[0].weight.grad.clone()))
    list(fit(model, *folds, settings, state=state))
    torch.testing.assert_close(gradients[2], gradients[0])  # so small are the steps


def test_the_form_offers_exactly_the_optimisers_that_there_are():
    assert set(TrainingConfig.table()["optimizer"].choices) == set(OPTIMIZERS)


def longest(model):
    """The length (L2) of the longest filter, as a share of what max norm allows."""
    dense = model.classify[0].weight.norm(dim=1).max() / 0.5
    filters = [m.weight.flatten(1).norm(dim=1).max() / 2 for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    return max(dense, *filters).item()


@pytest.mark.parametrize("max_norm", [True, False])
def test_max_norm_bounds_the_filters_after_every_step(folds, network, max_norm):
    model, lengths = network(), []
    settings = config(learning_rate=0.3)  # steps so long that one of them passes the bounds

    def look():
        lengths.append(longest(model))
        return False

    list(fit(model, *folds, settings, max_norm=max_norm, stop=look))
    after_a_step = [*lengths[1:], longest(model)]
    assert len(after_a_step) == 9
    assert all((length <= 1 + 1e-4) == max_norm for length in after_a_step)


@pytest.mark.parametrize("alone", [True, False])
def test_a_huge_learning_rate_ends_in_words_after_records_that_are_finite(folds, network, alone):
    settings = config(epochs=50, optimizer="SGD", learning_rate=100.0, weight_decay=10.0)
    others = {"validation": None, "test": None} if alone else {}
    records = []
    with pytest.raises(Diverged, match="try a learning rate of 10 instead of 100") as ended:
        records.extend(fit(network(), *folds._replace(**others), settings))
    fold = "train" if alone else "(train|validation|test)"
    assert re.search(f"diverged in epoch {len(records) + 1}: the {fold} loss is no longer a finite", str(ended.value))
    assert 0 < len(records) < 50
    assert all(math.isfinite(value) for record in records for value in asdict(record).values() if value is not None)


@pytest.mark.parametrize("batches", [0, 1, 3, 4, 7])
def test_stop_ends_before_the_next_batch_and_a_part_of_an_epoch_leaves_no_record(folds, network, batches):
    model, asked = network(), itertools.count()
    seen = watch(model)
    records = list(fit(model, *folds, config(), stop=lambda: next(asked) == batches))
    assert len(seen) == batches
    assert [record.epoch for record in records] == list(range(1, batches // 3 + 1))


def test_how_far_an_epoch_has_come_can_be_read_after_every_batch_and_changes_nothing(folds, network):
    read = []
    records = list(fit(network(), *folds, config(), watch=lambda look: read.append(look())))
    assert figures(records) == figures(fit(network(), *folds, config()))
    assert [(told.epoch, told.seen) for told in read] == [(epoch, seen) for epoch in (1, 2, 3) for seen in (8, 16, 20)]
    assert {told.trials for told in read} == {20}
    for record, last in zip(records, read[2::3], strict=True):
        assert (last.train_loss, last.train_accuracy) == (record.train_loss, record.train_accuracy)


def test_an_abandoned_generator_can_be_taken_up_with_its_state(folds, network):
    model, settings = network(), config()
    state = State(model, settings)
    started = fit(model, *folds, settings, state=state)
    first = next(started)
    started.close()
    assert state.epoch == 1
    rest = fit(model, *folds, settings, state=state)
    assert figures([first, *rest]) == figures(fit(network(), *folds, settings))
    assert list(fit(model, *folds, settings, state=state)) == [], "no epoch is left"


@every_optimizer
def test_a_stored_state_goes_on_number_for_number_in_another_network(folds, network, optimizer):
    settings = config(optimizer=optimizer, epochs=4, learning_rate=0.01)
    state, file = State(network(), settings), io.BytesIO()
    started = list(itertools.islice(fit(state.model, *folds, settings, state=state), 2))
    torch.save(state.state_dict(), file)
    file.seek(0)
    again = State(network(), settings.with_(seed=99))
    again.load_state_dict(torch.load(file, weights_only=True))
    rest = fit(again.model, *folds, settings, state=again)
    assert figures([*started, *rest]) == figures(fit(network(), *folds, settings))


@every_network
@pytest.mark.parametrize("batch_size", [1, 19])
def test_a_batch_of_one_trial_is_learned_from_however_short(folds, network, name, batch_size):
    shortest = next(n for n in itertools.count(1) if MODELS[name].length_out(n) == 1)
    train = folds.train.__class__(**vars(folds.train) | {"X": folds.train.X[:, :, :shortest]})
    (record,) = fit(network(name, shortest), train, None, None, config(batch_size=batch_size, epochs=1))
    assert math.isfinite(record.train_loss)


def test_batches_of_one_class_are_learned_from(folds, network):
    left = np.flatnonzero(folds.train.y == 0)
    train = folds.train.take(np.append(left, np.flatnonzero(folds.train.y == 1)[0]))
    model = network()
    seen = watch(model)
    (record,) = fit(model, train, folds.validation, folds.test, config(batch_size=4, epochs=1))
    assert any(len(set(labels_of(X, train))) == 1 for X, _ in seen)
    assert all(math.isfinite(loss) for loss in (record.train_loss, record.validation_loss, record.test_loss))


def test_neither_order_nor_dropout_depends_on_who_else_draws(folds, network):
    calm = figures(fit(network(), *folds, config()))
    torch.manual_seed(123)
    disturbed = []
    for record in fit(network(), *folds, config()):
        torch.rand(7)
        np.random.default_rng().random()
        disturbed.append(record)
    assert figures(disturbed) == calm


def test_fitting_leaves_the_programs_own_random_stream_alone(folds, network):
    before = torch.get_rng_state()
    list(fit(network(), *folds, config()))
    assert torch.equal(torch.get_rng_state(), before)


def test_two_fits_in_turns_are_as_each_alone(folds, network):
    first, second = config(seed=1), config(seed=2)
    together = list(zip(fit(network(), *folds, first), fit(network(), *folds, second), strict=True))
    for settings, records in zip((first, second), zip(*together, strict=True), strict=True):
        assert figures(records) == figures(fit(network(), *folds, settings))


@pytest.fixture
def machine(monkeypatch):
    """A machine with the graphics that one says."""

    def has(cuda=False, mps=False):
        monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)

    return has


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(machine, name, folds, network):
    machine()
    with pytest.raises(InputError, match=rf"device '{name}' is not on this machine; it has cpu\. Choose auto or cpu"):
        resolve_device(name)
    with pytest.raises(InputError, match=name):
        next(fit(network(), *folds, config(device=name)))


@pytest.mark.parametrize(
    ("there", "best"),
    [({}, "cpu"), ({"mps": True}, "mps"), ({"cuda": True}, "cuda"), ({"cuda": True, "mps": True}, "cuda")],
)
def test_auto_takes_the_graphics_card_if_there_is_one(machine, there, best):
    machine(**there)
    assert resolve_device("auto").type == best
    assert resolve_device("cpu").type == "cpu"
