"""The two networks against the lab report's listing and code, and the contract every network keeps."""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import torch
from torch import nn

from eegnets.activations import ACTIVATIONS
from eegnets.config import InputError, ModelConfig
from eegnets.models import MODELS, EEGNet, apply_max_norm, build, layer_table, model_options
from eegnets.seeding import seeded

LISTING = """\
EEGNet(
  (firstconv): Sequential(
    (0): Conv2d(1, 16, kernel_size=(1, 51), stride=(1, 1), padding=(0, 25), bias=False)
    (1): BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  )
  (depthwiseConv): Sequential(
    (0): Conv2d(16, 32, kernel_size=(2, 1), stride=(1, 1), groups=16, bias=False)
    (1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    (2): ELU(alpha=1.0)
    (3): AvgPool2d(kernel_size=(1, 4), stride=(1, 4), padding=0)
    (4): Dropout(p=0.25)
  )
  (separableConv): Sequential(
    (0): Conv2d(32, 32, kernel_size=(1, 15), stride=(1, 1), padding=(0, 7), bias=False)
    (1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
    (2): ELU(alpha=1.0)
    (3): AvgPool2d(kernel_size=(1, 8), stride=(1, 8), padding=0)
    (4): Dropout(p=0.25)
  )
  (classify): Sequential(
    (0): Linear(in_features=736, out_features=2, bias=True)
  )
)
"""

SIZES = {"n_chans": 2, "n_times": 750, "n_outputs": 2}  # the lab report's
BLOCKS = {
    "EEGNet": {"firstconv", "depthwiseConv", "separableConv", "classify"},
    "DeepConvNet": {"conv0", "conv1", "conv2", "conv3", "conv4", "classify"},
}
SHORTEST = {"EEGNet": 32, "DeepConvNet": 76}
EVERY_PAIR = list(itertools.product(MODELS, ACTIVATIONS))


def n_parameters(model):
    return sum(p.numel() for p in model.parameters())


def trials(n, n_chans, n_times, seed=0):
    return 10 * torch.randn(n, n_chans, n_times, generator=torch.Generator().manual_seed(seed))  # µV


class ReportEEGNet(nn.Module):
    """The network of the lab report's code, layer by layer; it takes (batch, 1, 2, 750)."""

    def __init__(self):
        super().__init__()
        self.firstconv = nn.Sequential(nn.Conv2d(1, 16, (1, 51), padding=(0, 25), bias=False), nn.BatchNorm2d(16))
        self.depthwiseConv = nn.Sequential(
            nn.Conv2d(16, 32, (2, 1), groups=16, bias=False),
            nn.BatchNorm2d(32),
            nn.ELU(),
            nn.AvgPool2d((1, 4)),
            nn.Dropout(0.25),
        )
        self.separableConv = nn.Sequential(
            nn.Conv2d(32, 32, (1, 15), padding=(0, 7), bias=False),
            nn.BatchNorm2d(32),
            nn.ELU(),
            nn.AvgPool2d((1, 8)),
            nn.Dropout(0.25),
        )
        self.classify = nn.Sequential(nn.Linear(736, 2))

    def forward(self, X):
        out = self.separableConv(self.depthwiseConv(self.firstconv(X)))
        return self.classify(out.view(out.shape[0], -1))


class ReportDeepConvNet(nn.Module):
    """The deep network of the lab report's code, for 2 channels and 750 samples."""

    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(1, 25, (1, 5))
        for number, (n_in, n_out, kernel) in enumerate(
            [(25, 25, (2, 1)), (25, 50, (1, 5)), (50, 100, (1, 5)), (100, 200, (1, 5))], start=1
        ):
            layers = nn.Conv2d(n_in, n_out, kernel), nn.BatchNorm2d(n_out), nn.ELU(), nn.MaxPool2d((1, 2))
            setattr(self, f"conv{number}", nn.Sequential(*layers, nn.Dropout(0.5)))
        self.classify = nn.Linear(8600, 2)

    def forward(self, X):
        out = self.conv4(self.conv3(self.conv2(self.conv1(self.conv0(X)))))
        return self.classify(out.view(out.shape[0], -1))


ORACLES = {"EEGNet": ReportEEGNet, "DeepConvNet": ReportDeepConvNet}


def test_eegnet_prints_as_the_lab_report_lists_it():
    printed = str(EEGNet(n_chans=2, n_times=750, n_outputs=2))
    assert [line.rstrip() for line in printed.splitlines()] == LISTING.splitlines()


@pytest.mark.parametrize(("name", "parameters", "features"), [("EEGNet", 17_874, 736), ("DeepConvNet", 150_977, 8_600)])
def test_the_reports_sizes_give_the_reports_counts(name, parameters, features):
    model = build(name, **SIZES)
    assert n_parameters(model) == n_parameters(ORACLES[name]()) == parameters
    assert [layer.in_features for layer in model.modules() if isinstance(layer, nn.Linear)] == [features]


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("training", [False, True])
def test_with_the_same_weights_it_answers_as_the_reports_code(name, training):
    model, oracle = build(name, **SIZES), ORACLES[name]()
    oracle.load_state_dict(model.state_dict())
    X = trials(3, 2, 750)
    answers = []
    for network, inputs in ((model, X), (oracle, X.unsqueeze(1))):
        network.train(training)
        torch.manual_seed(3)  # the same values are dropped in both
        logits = network(inputs)
        logits.square().sum().backward()
        answers.append((logits, *(p.grad for p in network.parameters()), *network.buffers()))
    for ours, theirs in zip(*answers, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", MODELS)
def test_weights_are_named_after_the_reports_layers(name):
    assert {key.split(".")[0] for key in build(name, **SIZES).state_dict()} == BLOCKS[name]


@pytest.mark.parametrize(("name", "activation"), EVERY_PAIR)
@pytest.mark.parametrize(("n_chans", "n_times", "n_outputs"), [(1, 101, 2), (5, 160, 4)])
def test_every_network_learns_with_every_activation(name, activation, n_chans, n_times, n_outputs):
    model = build(name, activation=activation, n_chans=n_chans, n_times=n_times, n_outputs=n_outputs)
    logits = model(trials(3, n_chans, n_times))
    assert logits.shape == (3, n_outputs)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, n_outputs - 1])).backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    assert model.classify.bias.grad.any() if name == "DeepConvNet" else model.classify[0].bias.grad.any()


@pytest.mark.parametrize(("name", "activation"), EVERY_PAIR)
def test_every_layer_has_an_activation_of_its_own(name, activation):
    model = build(name, activation=activation, n_chans=3, n_times=90, n_outputs=2)
    kind = type(ACTIVATIONS[activation].make(1))
    bends = [layer for _, layer in model.named_modules(remove_duplicate=False) if type(layer) is kind]
    assert len(bends) == len(set(map(id, bends))) == {"EEGNet": 2, "DeepConvNet": 4}[name]


@pytest.mark.parametrize("name", MODELS)
def test_settings_reach_the_layers(name):
    elu = build(name, activation="ELU", alpha=0.5, negative_slope=0.3, dropout=0.1, **SIZES)
    leaky = build(name, activation="LeakyReLU", negative_slope=0.3, alpha=0.5, dropout=0.0, **SIZES)
    assert {layer.alpha for layer in elu.modules() if isinstance(layer, nn.ELU)} == {0.5}
    assert {layer.p for layer in elu.modules() if isinstance(layer, nn.Dropout)} == {0.1}
    assert {layer.negative_slope for layer in leaky.modules() if isinstance(layer, nn.LeakyReLU)} == {0.3}
    assert {layer.p for layer in leaky.modules() if isinstance(layer, nn.Dropout)} == {0.0}


@pytest.mark.parametrize("name", MODELS)
def test_what_is_left_open_is_the_default_of_the_settings(name):
    defaults = ModelConfig()
    leaky = build(name, activation="LeakyReLU", **SIZES)
    slopes = {layer.negative_slope for layer in leaky.modules() if isinstance(layer, nn.LeakyReLU)}
    assert slopes == {defaults.negative_slope}
    assert {layer.p for layer in leaky.modules() if isinstance(layer, nn.Dropout)} == {MODELS[name].default_dropout}
    assert str(build(name, **SIZES)) == str(build(name, activation=defaults.activation, alpha=defaults.alpha, **SIZES))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_chans", [1, 2, 22])
def test_the_shortest_trial_works_and_one_sample_less_is_refused(name, n_chans):
    shortest = SHORTEST[name]
    model = build(name, n_chans=n_chans, n_times=shortest, n_outputs=3)
    assert model(trials(2, n_chans, shortest)).shape == (2, 3)
    for n_times in (shortest - 1, 5, 1):
        with pytest.raises(InputError, match=f"{name} takes n_times of {shortest} samples or more; got {n_times}"):
            build(name, n_chans=n_chans, n_times=n_times, n_outputs=3)


@pytest.mark.parametrize("kernel_length", [1, 4, 25, 64])
@pytest.mark.parametrize("separable_length", [1, 15, 16])
def test_eegnet_finds_its_shortest_trial_for_any_kernel(kernel_length, separable_length):
    with pytest.raises(InputError) as refused:
        EEGNet(2, 1, 2, kernel_length=kernel_length, separable_length=separable_length)
    shortest = int(str(refused.value).split(" samples")[0].split()[-1])
    EEGNet(2, shortest, 2, kernel_length=kernel_length, separable_length=separable_length)(trials(2, 2, shortest))
    with pytest.raises(InputError):
        EEGNet(2, shortest - 1, 2, kernel_length=kernel_length, separable_length=separable_length)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("size", "value", "least"),
    [("n_chans", 0, 1), ("n_times", 0, 1), ("n_outputs", 1, 2), ("n_chans", 2.5, 1), ("n_chans", True, 1)],
)
def test_sizes_that_cannot_work_are_refused(name, size, value, least):
    with pytest.raises(InputError, match=f"{size} takes a whole number, {least} or more; got {value}"):
        build(name, **{**SIZES, size: value})


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"name": "EEGnet"}, "unknown network 'EEGnet'; choose from EEGNet, DeepConvNet. Did you mean 'EEGNet'?"),
        ({"activation": "relu"}, "Did you mean 'ReLU'?"),
        ({"activation": "cosine"}, f"unknown activation 'cosine'; choose from {', '.join(ACTIVATIONS)}."),
        (
            {"f1": 8},
            "unknown option of EEGNet 'f1'; choose from F1, D, F2, kernel_length, separable_length. Did you mean 'F1'?",
        ),
        ({"name": "DeepConvNet", "F1": 8}, "DeepConvNet has no option 'F1'."),
        ({"F1": 0}, "F1 takes a whole number, 1 or more; got 0."),
        ({"dropout": 1.0}, "dropout takes a number from 0 to 0.95 (or nothing); got 1.0."),
        ({"alpha": -1}, "alpha takes a number from 0 to 10; got -1."),
        ({"negative_slope": 2, "activation": "ReLU"}, "negative_slope takes a number from 0 to 1; got 2."),
    ],
)
def test_a_wrong_choice_is_named_with_what_there_is(choice, message):
    with pytest.raises(InputError) as refused:
        build(**{"name": "EEGNet", **SIZES, **choice})
    assert message in str(refused.value)


def test_eegnets_options_are_its_sizes():
    sizes = {"F1": 16, "D": 2, "F2": 32, "kernel_length": 51, "separable_length": 15}
    assert model_options("EEGNet") == sizes
    assert model_options("DeepConvNet") == {}
    small = build("EEGNet", F1=3, D=4, F2=5, kernel_length=7, n_chans=6, n_times=64, n_outputs=2)
    shapes = [tuple(layer.weight.shape) for layer in small.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert shapes == [(3, 1, 1, 7), (12, 1, 6, 1), (5, 12, 1, 15), (2, 5 * 2)]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [(2, 3, 100), (2, 2, 99), (2, 1, 2, 100), (2, 100)])
def test_trials_of_another_shape_are_refused(name, shape):
    model = build(name, n_chans=2, n_times=100, n_outputs=2)
    with pytest.raises(InputError, match=r"reads trials \(batch, 2, 100\); got the shape"):
        model(torch.zeros(shape))


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_weights(name):
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([p.flatten() for p in build(name, n_chans=2, n_times=80, n_outputs=2).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("name", MODELS)
def test_the_memory_format_changes_no_answer(name):
    torch.manual_seed(0)
    model = build(name, activation="Maxout", n_chans=4, n_times=100, n_outputs=2).eval()
    X = trials(3, 4, 100)
    before = model(X)
    model = model.to(memory_format=torch.channels_last)
    assert model.state_dict()[next(key for key in model.state_dict() if "onv" in key)].shape[2] == 1
    torch.testing.assert_close(model(X), before)
    model.train()(X).sum().backward()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("activation", ["ELU", "Maxout"])
def test_the_layer_table_adds_up_to_the_network(name, activation):
    model = build(name, activation=activation, n_chans=3, n_times=130, n_outputs=4)
    table = layer_table(model)
    assert table.parameters.sum() == n_parameters(model)
    assert list(table.columns) == ["layer", "kind", "does", "shape", "parameters", "multiplications"]
    assert table.does.str.fullmatch(r"[^.].*\.").all()
    layers = dict(model.named_modules())
    assert [type(layers[name]).__name__ for name in table.layer] == list(table.kind)


@pytest.mark.parametrize("name", MODELS)
def test_the_layer_tables_shapes_are_those_of_real_outputs(name):
    model = build(name, n_chans=3, n_times=130, n_outputs=4).eval()
    table = layer_table(model).set_index("layer")
    out = trials(2, 3, 130).unsqueeze(1)
    for layer, module in ((layer, model.get_submodule(layer)) for layer in table.index):
        out = module(out.flatten(1) if isinstance(module, nn.Linear) else out)
        assert table["shape"][layer] == out.shape[1:]


def test_the_layer_table_counts_multiplications_as_by_hand():
    table = layer_table(EEGNet(**SIZES)).set_index("layer").multiplications
    assert table["firstconv.0"] == 16 * 2 * 750 * 51  # each value of 16 maps of 2 × 750: 51 weights
    assert table["depthwiseConv.0"] == 32 * 750 * 2  # a filter sees the 2 channels of one map alone
    assert table["depthwiseConv.1"] == 32 * 750
    assert table["separableConv.0"] == 32 * 187 * 32 * 15
    assert table["classify.0"] == 736 * 2
    assert table["depthwiseConv.3"] == table["depthwiseConv.4"] == 0
    maxout = layer_table(build("EEGNet", activation="Maxout", **SIZES)).set_index("layer").multiplications
    assert maxout["depthwiseConv.2"] == 2 * 32 * 750


@pytest.mark.parametrize("name", MODELS)
def test_the_layer_table_leaves_the_network_as_it_was(name):
    model = build(name, n_chans=3, n_times=130, n_outputs=2).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    layer_table(model)
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(layer._forward_hooks for layer in model.modules())


def grown(name):
    """A network whose filters are 0.01 to 30 times their first length."""
    torch.manual_seed(0)
    model = build(name, n_chans=3, n_times=130, n_outputs=3)
    with torch.no_grad():
        for layer in filtered(model):
            factors = torch.logspace(-2, 1.5, len(layer.weight)).reshape(-1, *[1] * (layer.weight.ndim - 1))
            layer.weight.mul_(factors)
    return model


def filtered(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("name", MODELS)
def test_max_norm_shortens_long_filters_alone_and_turns_none(name):
    model = grown(name)
    before = [layer.weight.detach().clone().flatten(1) for layer in filtered(model)]
    others = {key: value.clone() for key, value in model.state_dict().items() if value.ndim < 2}
    apply_max_norm(model)
    seen = set()
    for layer, old in zip(filtered(model), before, strict=True):
        limit = 2.0 if isinstance(layer, nn.Conv2d) else 0.5
        new, length = layer.weight.detach().flatten(1), old.norm(dim=1)
        long = length > limit
        assert torch.equal(new[~long], old[~long])
        torch.testing.assert_close(new[long], old[long] * (limit / length[long])[:, None], rtol=1e-5, atol=1e-7)
        assert (new.norm(dim=1) <= limit * (1 + 1e-6)).all()
        seen |= set(long.tolist())
    assert seen == {True, False}
    assert all(torch.equal(model.state_dict()[key], value) for key, value in others.items())


@pytest.mark.parametrize("name", MODELS)
def test_max_norm_twice_is_max_norm_once_and_learning_goes_on(name):
    model = grown(name)
    apply_max_norm(model)
    once = [p.detach().clone() for p in model.parameters()]
    apply_max_norm(model)
    for p, old in zip(model.parameters(), once, strict=True):
        torch.testing.assert_close(p.detach(), old, rtol=1e-6, atol=0)
    model(trials(2, 3, 130)).sum().backward()
    assert all(p.requires_grad and p.grad is not None for p in model.parameters())


def test_a_registered_network_has_what_build_and_the_pages_ask_for():
    assert list(MODELS) == [kind.__name__ for kind in MODELS.values()] == list(ModelConfig.table()["name"].choices)
    for name, kind in MODELS.items():
        model = build(name, n_chans=3, n_times=130, n_outputs=4)
        assert (model.n_chans, model.n_times, model.n_outputs) == (3, 130, 4)
        assert 0 < kind.default_dropout < 1
        assert "et al. (201" in kind.__doc__


def at_once(ask, n=8, times=6):
    """What many threads get that ask the same, each several times, with hardly a moment between them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(n) as pool:
            return list(pool.map(lambda _i: ask(), range(n * times)))
    finally:
        sys.setswitchinterval(before)


def test_a_network_that_many_look_at_at_once_has_the_same_layers_for_all():
    model = EEGNet(2, 200, 2)
    alone = layer_table(model)
    for table in at_once(lambda: layer_table(model)):
        pd.testing.assert_frame_equal(table, alone)


def test_many_who_draw_from_a_seed_at_once_draw_the_same():
    def draw():
        with seeded(7):
            return [float(torch.rand(1)) for _i in range(20)]

    alone = draw()
    assert all(drawn == alone for drawn in at_once(draw))
