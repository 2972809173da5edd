"""Each activation's formula and slope against PyTorch's module and autograd."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import eegnets
from eegnets.activations import ACTIVATIONS, FLAT, describe_flat, flat, flat_spans
from eegnets.config import ModelConfig

KINKS = {"ELU": 0.0, "ReLU": 0.0, "LeakyReLU": 0.0, "SELU": 0.0, "Maxout": 0.0}
GRID = np.linspace(-9, 9, 1801) + 0.003  # away from zero, where some bend sharply

# Every registered activation as it comes, and again with its parameters moved away from their defaults.
CASES = [(name, {}) for name in ACTIVATIONS] + [
    ("ELU", {"alpha": 0.3}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("Maxout", {"w1": 0.5, "b1": 1.0, "w2": -2.0, "b2": -0.25}),
]


def through_module(name, parameters, x):
    """What the module gives, and the slope that autograd finds, each (n,) float64."""
    module = ACTIVATIONS[name].make(1, **parameters).double()
    inputs = torch.tensor(x).reshape(-1, 1, 1, 1).requires_grad_()
    output = module(inputs)
    output.sum().backward()
    return output.detach().numpy().ravel(), inputs.grad.numpy().ravel()


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_formula_is_what_the_module_computes(name, parameters):
    values, _ = through_module(name, parameters, GRID)
    np.testing.assert_allclose(ACTIVATIONS[name].function(GRID, **parameters), values, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_derivative_is_what_autograd_finds(name, parameters):
    _, slopes = through_module(name, parameters, GRID)
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(GRID, **parameters), slopes, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_derivative_is_the_slope_of_the_formula(name, parameters):
    entry, step = ACTIVATIONS[name], 1e-6
    rise = entry.function(GRID + step, **parameters) - entry.function(GRID - step, **parameters)
    np.testing.assert_allclose(entry.derivative(GRID, **parameters), rise / (2 * step), atol=1e-5)


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_the_derivative_is_the_modules_own_choice(name):
    kink = np.array([KINKS[name]])
    _, slope = through_module(name, {}, kink)
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(kink), slope, rtol=1e-7)


def test_where_two_maxout_lines_meet_each_gives_half_its_slope():
    lines = {"w1": 2.0, "b1": 1.0, "w2": -1.0, "b2": 4.0}  # they meet at x = 1
    _, slope = through_module("Maxout", lines, np.array([1.0]))
    assert slope == ACTIVATIONS["Maxout"].derivative(1.0, **lines) == 0.5


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("part", ["function", "derivative"])
def test_huge_inputs_stay_finite_without_a_warning(name, part):
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        values = getattr(ACTIVATIONS[name], part)(np.array([-1e3, -745.0, -1.0, 0.0, 1.0, 745.0, 1e3]))
    assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("part", ["function", "derivative"])
def test_numbers_lists_and_arrays_of_any_shape_are_taken(name, part):
    compute = getattr(ACTIVATIONS[name], part)
    line = compute([-1, 0, 2])
    assert line.shape == (3,)
    assert line.dtype == np.float64
    assert compute(2) == line[2]
    assert compute(np.full((2, 5), -1)).tolist() == [[line[0]] * 5] * 2


def test_the_entries_stand_under_their_names():
    assert [entry.name for entry in ACTIVATIONS.values()] == list(ACTIVATIONS)
    assert {"ELU", "ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Maxout"} <= set(ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_entry_explains_itself(name):
    entry = ACTIVATIONS[name]
    assert entry.formula.count("{") == entry.formula.count("}")
    assert "x" in entry.formula
    assert entry.remark.endswith(".")
    assert any(year.isdigit() and len(year) == 4 for year in entry.source.replace("(", " ").replace(")", " ").split())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_settings_come_from_the_one_table_and_move_the_curve(name):
    entry = ACTIVATIONS[name]
    for parameter, rule in entry.parameters.items():
        assert rule == ModelConfig.table()[parameter]
        moved = {parameter: (rule.low + rule.default) / 2 + 0.1}
        below = np.array([-2.0])
        assert entry.function(below, **{parameter: rule.default}) == entry.function(below)
        assert entry.function(below, **moved) != entry.function(below)
        assert entry.derivative(below, **moved) != entry.derivative(below)


def test_pick_leaves_out_what_an_activation_does_not_have():
    settings = {"alpha": 0.5, "negative_slope": 0.2, "dropout": 0.1}
    picked = {name: entry.pick(settings) for name, entry in ACTIVATIONS.items() if entry.pick(settings)}
    assert picked == {"ELU": {"alpha": 0.5}, "LeakyReLU": {"negative_slope": 0.2}}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_make_is_a_new_module(name):
    make = ACTIVATIONS[name].make
    assert make(4) is not make(4)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (3, 4, 1, 6), (3, 4, 2, 3, 2)])
def test_maxout_bends_each_channel_by_its_own_lines(shape):
    maxout = ACTIVATIONS["Maxout"].make(4)
    with torch.no_grad():
        for p in maxout.parameters():
            p.copy_(torch.randn(4, generator=torch.Generator().manual_seed(p.numel())) + torch.arange(4))
        x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        out = maxout(x)
        assert out.shape == x.shape
        for channel in range(4):
            lines = {line: float(getattr(maxout, line)[channel]) for line in ("w1", "b1", "w2", "b2")}
            expected = ACTIVATIONS["Maxout"].function(x[:, channel].numpy(), **lines)
            np.testing.assert_allclose(out[:, channel].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_maxout_learns_four_numbers_a_channel_and_the_others_none():
    counts = {name: sum(p.numel() for p in entry.make(7).parameters()) for name, entry in ACTIVATIONS.items()}
    assert counts.pop("Maxout") == 4 * 7
    assert set(counts.values()) == {0}


def test_both_lines_of_maxout_receive_gradient():
    maxout = ACTIVATIONS["Maxout"].make(2)
    maxout(torch.tensor([[1.0, 2.0], [-1.0, -2.0]])).sum().backward()
    assert all((p.grad != 0).all() for p in maxout.parameters())


def test_listing_the_activations_does_not_import_torch():
    code = "import sys, eegnets.activations; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(eegnets.__file__).parents[1])


def test_flat_is_nearer_to_zero_than_the_threshold_and_exactly_zero_always():
    slopes = np.array([-0.1, -0.004, 0.0, 0.004, 0.005, 0.01])
    assert flat(slopes).tolist() == [False, True, True, True, False, False]
    assert flat(slopes, 0).tolist() == [False, False, True, False, False, False]


def test_leaky_relu_is_nowhere_flat_as_it_comes_not_even_in_single_precision():
    entry = ACTIVATIONS["LeakyReLU"]
    assert not flat(entry.derivative(GRID).astype(np.float32)).any()
    assert describe_flat("LeakyReLU") == "nowhere"
    assert describe_flat("LeakyReLU", negative_slope=0.0) == "up to 0.00"


@pytest.mark.parametrize(
    ("name", "edge"),
    [("ELU", np.log(FLAT)), ("Tanh", np.arctanh(np.sqrt(1 - FLAT))), ("Sigmoid", np.log(1 / FLAT))],
)
def test_the_stretches_end_where_the_slope_crosses_the_threshold(name, edge):
    x = np.linspace(-9, 9, 18_001)
    spans = flat_spans(x, ACTIVATIONS[name].derivative(x))
    assert spans[0][0] == -9
    assert abs(abs(spans[0][1]) - abs(edge)) < 0.011
    assert len(spans) == (1 if name == "ELU" else 2)
    for first, last in spans:
        inside = x[(x >= first) & (x <= last)]
        assert flat(ACTIVATIONS[name].derivative(inside)).all()


def test_where_a_function_turns_it_is_flat_for_a_moment():
    assert describe_flat("GELU").endswith("from -0.76 to -0.75")
    assert describe_flat("Tanh") == "up to -3.35, from 3.35"
    assert describe_flat("Maxout", w1=0.0, w2=0.0) == "everywhere"
    assert flat_spans(np.arange(3.0), np.ones(3)) == []
