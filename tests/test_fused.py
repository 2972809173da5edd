"""The faster engine against the plain networks: logits, gradients, running statistics, and how dropout draws."""

import copy
import io

import pytest
import torch
from torch.nn import functional

from eegnets import fused, passes
from eegnets.activations import ACTIVATIONS
from eegnets.config import InputError, TrainingConfig
from eegnets.models import MODELS, build
from eegnets.separable import truly_separable
from eegnets.training import ENGINES, State, fit, in_bfloat16
from eegnets.trials import split
from eegnets.windows import Prepared

every_network = pytest.mark.parametrize("name", MODELS)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
# (batch, n_chans, n_times), EEGNet's taps: one trial, lengths with and without a window that is not full, even taps,
# many channels, more trials than are computed together
SHAPES = [
    ((4, 2, 128), 51),
    ((1, 1, 131), 51),
    ((5, 3, 200), 7),
    ((3, 2, 144), 8),
    ((3, 22, 130), 51),
    ((2 * passes.PART + 3, 2, 128), 3),
]
CHANGES = ["hook", "hook on gradients", "frozen", "gradient of X", "many channels", "half precision", "subclass"]
every_shape = pytest.mark.parametrize(("shape", "n_taps"), SHAPES)


@pytest.fixture
def pair():
    """A maker of a network and its copy, float64, with scales and shifts that are not those of the start."""

    def make(name, n_chans=2, n_times=128, dropout=0.0, dtype=torch.float64, kernel_length=51, **options):
        sizes = {"kernel_length": kernel_length} if name == "EEGNet" else {}
        with torch.random.fork_rng():
            torch.manual_seed(3)
            model = build(name, n_chans=n_chans, n_times=n_times, n_outputs=3, dropout=dropout, **options, **sizes)
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter.data += 0.5 * torch.randn_like(parameter)
        model = model.to(dtype=dtype, memory_format=torch.channels_last)
        return model, copy.deepcopy(model)

    return make


def batch(shape, dtype=torch.float64):
    """Trials that drift, around 5 µV, and their labels."""
    draw = torch.Generator().manual_seed(1)
    X = torch.randn(shape, generator=draw, dtype=dtype)
    return X + 0.2 * X.cumsum(2) + 5, torch.randint(3, shape[:1], generator=draw)


def step(compute, model, X, y):
    """Logits, gradients and buffers of a training step, by name."""
    logits = compute(model, X)
    functional.cross_entropy(logits, y).backward()
    gradients = {f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()}
    return {"logits": logits.detach()} | gradients | {name: buffer.double() for name, buffer in model.named_buffers()}


def far(found, wanted):
    """The largest difference, as a share of the largest value where that is above 1."""
    return ((found.double() - wanted.double()).abs().max() / wanted.double().abs().max().clamp(min=1)).item()


@every_shape
@every_activation
@every_network
def test_a_step_is_the_plain_networks_to_nine_digits(pair, name, activation, shape, n_taps):
    plain, fast = pair(name, *shape[1:], activation=activation, kernel_length=n_taps)
    X, y = batch(shape)
    assert fused.applies(fast, X)
    wanted, found = step(ENGINES["plain"].logits, plain, X, y), step(fused.logits, fast, X, y)
    assert {what: far(found[what], wanted[what]) for what in wanted if far(found[what], wanted[what]) > 1e-9} == {}


@every_activation
@every_network
def test_a_step_in_float32_strays_no_further_than_float32_does(pair, name, activation):
    """The bound is 1e-5, or where the plain network itself is further from its float64 self, twice that."""
    plain, fast = pair(name, dtype=torch.float32, activation=activation)
    X, y = batch((8, 2, 128), torch.float32)
    exact = step(ENGINES["plain"].logits, copy.deepcopy(plain).double(), X.double(), y)
    wanted, found = step(ENGINES["plain"].logits, plain, X, y), step(fused.logits, fast, X, y)
    strayed = {what: (far(found[what], exact[what]), far(wanted[what], exact[what])) for what in exact}
    assert {what: both for what, both in strayed.items() if both[0] > max(1e-5, 2 * both[1])} == {}


@every_network
@pytest.mark.parametrize(
    "options", [{"alpha": 0.5}, {"alpha": 2.0}, {"activation": "LeakyReLU", "negative_slope": 0.2}]
)
def test_a_step_with_an_activation_of_other_settings_is_the_plain_networks(pair, name, options):
    plain, fast = pair(name, **options)
    if name == "DeepConvNet":
        for model in (plain, fast):  # filters that are turned around
            model.conv2[1].weight.data[:5] *= -1
    X, y = batch((4, 2, 128))
    wanted, found = step(ENGINES["plain"].logits, plain, X, y), step(fused.logits, fast, X, y)
    assert {what for what in wanted if far(found[what], wanted[what]) > 1e-9} == set()


@every_network
def test_a_step_with_the_same_dropout_is_the_plain_networks(pair, name, monkeypatch):
    """Both take their masks, by turns of the layers, out of the same drawn numbers."""
    plain, fast = pair(name, dropout=0.5)
    X, y = batch((20, 2, 128))
    turn = {"plain": 0, "fused": 0}

    def kept(engine, shape):  # (batch, n_times, n_maps)
        turn[engine] += 1
        return (torch.rand(shape, generator=torch.Generator().manual_seed(turn[engine])) < 0.5).double()

    def factors(drop, shape, X, share=1.0):
        return kept("fused", shape) * share / (1 - drop.p)

    def forward(drop, out):  # (batch, n_maps, 1, n_times)
        return out * kept("plain", out.squeeze(2).mT.shape).mT.unsqueeze(2) / (1 - drop.p)

    monkeypatch.setattr(fused, "dropout_factors", factors)
    monkeypatch.setattr(torch.nn.Dropout, "forward", forward)
    wanted, found = step(ENGINES["plain"].logits, plain, X, y), step(fused.logits, fast, X, y)
    assert turn["plain"] == turn["fused"] > 0
    assert {what for what in wanted if far(found[what], wanted[what]) > 1e-9} == set()


@every_network
@every_activation
def test_in_evaluation_every_activation_gives_the_plain_networks_logits(pair, name, activation):
    plain, fast = (model.eval() for model in pair(name, activation=activation))
    X, _ = batch((passes.PART + 3, 2, 128))
    with torch.inference_mode():
        assert far(fused.logits(fast, X), plain(X)) < 1e-9


@every_network
def test_flat_trials_far_from_zero_give_finite_logits(pair, name):
    model, _ = pair(name)
    assert fused.logits(model, torch.full((4, 2, 128), 3e5, dtype=torch.float64)).isfinite().all()


def test_statistics_keep_all_digits_in_bfloat16():
    X = torch.randn((64 * passes.PART, 8, 3), generator=torch.Generator().manual_seed(0)) + 3
    weight, bias = torch.ones(3), torch.zeros(3)
    _, *wanted = passes.LargerOfTwoNormed.apply(X.clone(), weight, bias, 1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        _, *found = passes.LargerOfTwoNormed.apply(X.clone(), weight, bias, 1e-5)
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


@every_shape
@every_network
def test_in_evaluation_the_logits_are_those_of_the_running_statistics_which_stay(pair, name, shape, n_taps):
    plain, fast = pair(name, *shape[1:], kernel_length=n_taps)
    X, y = batch(shape)
    step(ENGINES["plain"].logits, plain, X, y)
    fast.load_state_dict(plain.state_dict())
    with torch.inference_mode():
        assert far(fused.logits(fast.eval(), X), plain.eval()(X)) < 1e-9
    assert all(torch.equal(kept, plain.state_dict()[what]) for what, kept in fast.state_dict().items())


def test_the_first_normalisations_shift_has_a_gradient_of_exactly_nothing(pair):
    model, _ = pair("EEGNet")
    step(fused.logits, model, *batch((4, 2, 128)))
    assert not model.firstconv[1].bias.grad.any()


@every_network
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_unusual_is_left_to_the_network_itself(pair, name, change):
    model, _ = pair(name, n_chans=350 if change == "many channels" else 2)
    X, _ = batch((2, model.n_chans, 128))
    if change == "hook":
        model.classify.register_forward_hook(lambda *_: None)
    elif change == "hook on gradients":
        model.classify.register_full_backward_pre_hook(lambda *_: None)
    elif change == "frozen":
        next(layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)).eval()
    elif change == "gradient of X":
        X.requires_grad_()
    elif change == "half precision":
        model, X = model.bfloat16(), X.bfloat16()
    elif change == "subclass":
        model.__class__ = type("Other", (type(model),), {})
    assert not fused.applies(model, X)
    assert fused.logits(model, X).shape == (2, 3)


def test_a_network_with_another_layer_in_it_is_left_to_itself(pair):
    model = truly_separable(pair("EEGNet")[0]).double()
    X, _ = batch((2, 2, 128))
    assert not fused.fits(model)
    assert fused.logits(model, X).shape == (2, 3)


@every_network
def test_trials_that_were_prepared_give_the_same_step(pair, name):
    one, other = pair(name)
    X, y = batch((12, 2, 128))
    order = torch.tensor([7, 0, 3, 11])
    wanted = step(fused.logits, one, X[order], y[order])
    prepared = fused.prepare(other, X)
    assert isinstance(prepared, Prepared)
    found = step(fused.logits, other, prepared[order], y[order])
    assert {what for what in wanted if far(found[what], wanted[what]) > 1e-12} == set()


@every_network
def test_of_trials_that_would_need_too_much_memory_nothing_is_kept(pair, monkeypatch, name):
    X, _ = batch((12, 2, 128))
    monkeypatch.setattr(fused, "MOST_KEPT", fused.prepare(pair(name)[0], X).lags.nbytes)
    assert isinstance(fused.prepare(pair(name)[0], X), Prepared)
    assert fused.prepare(pair(name)[0], torch.cat([X, X[:1]])).shape == (13, 2, 128)


@every_network
def test_in_bfloat16_a_step_strays_little_further_than_the_plain_networks(pair, name):
    plain, fast = pair(name, dtype=torch.float32)
    X, y = batch((32, 2, 128), torch.float32)
    exact = step(ENGINES["plain"].logits, copy.deepcopy(plain).double(), X.double(), y)
    strayed = []
    for model, engine in ((plain, "plain"), (fast, "fused")):
        short = step(in_bfloat16(ENGINES[engine].logits), model, X, y)
        strayed.append(sum(far(short[what], exact[what]) for what in exact))
    assert 0 < strayed[1] < 2 * strayed[0]


@every_network
def test_a_trial_of_another_shape_is_refused_as_the_network_refuses_it(pair, name):
    model, _ = pair(name)
    with pytest.raises(InputError, match=r"trials \(batch, 2, 128\); got the shape \(4, 2, 100\)"):
        fused.logits(model, torch.zeros(4, 2, 100, dtype=torch.float64))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.3])
def test_dropout_silences_its_share_and_keeps_the_mean(share):
    drop = torch.nn.Dropout(share)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        left = passes.dropout_factors(drop, (50, 40, 1, 101), torch.empty(0))
    kept = left != 0
    assert torch.allclose(left[kept], torch.tensor(1 / (1 - share)))
    for axes in ((0, 1), (0, 3), (1, 3)):
        spread = (share * (1 - share) / (kept.numel() / kept.float().mean(axes, keepdim=True).numel())) ** 0.5
        assert (kept.float().mean(axes) - (1 - share)).abs().max() < 5 * spread
    assert passes.dropout_factors(drop.eval(), (2, 3), torch.empty(0)) is None


@every_network
def test_without_dropout_a_run_is_the_plain_one(pair, name, tiny_trials):
    folds = split(tiny_trials, 0.2, seed=0)
    losses = []
    for engine, model in zip(ENGINES, pair(name, dtype=torch.float32), strict=True):
        records = fit(model, *folds, TrainingConfig(epochs=3, batch_size=8, device="cpu", engine=engine))
        losses.append([loss for record in records for loss in (record.train_loss, record.test_loss)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@every_network
def test_a_run_with_dropout_is_taken_up_number_for_number(pair, name, tiny_trials):
    folds, settings = split(tiny_trials, 0.2, seed=0), TrainingConfig(epochs=4, batch_size=8, device="cpu")
    whole, left = (State(model, settings) for model in pair(name, dropout=0.25, dtype=torch.float32))
    ended = [record.train_loss for record in fit(whole.model, *folds, settings, state=whole)]
    started = fit(left.model, *folds, settings, state=left)
    begun = [next(started).train_loss for _ in range(2)]
    file = io.BytesIO()
    torch.save(left.state_dict(), file)
    file.seek(0)
    again = State(pair(name, dropout=0.25, dtype=torch.float32)[0], settings)
    again.load_state_dict(torch.load(file, weights_only=True))
    assert begun + [record.train_loss for record in fit(again.model, *folds, settings, state=again)] == ended


def test_the_form_offers_exactly_the_engines_that_there_are():
    assert set(TrainingConfig.table()["engine"].choices) == set(ENGINES)
