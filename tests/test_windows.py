"""Windows: the one product is the convolution, and its statistics are those of the samples themselves."""

import pytest
import torch
from torch.nn import functional

from eegnets import windows

every_filter = pytest.mark.parametrize(("n_taps", "padding"), [(51, 25), (5, 0), (8, 4), (3, 1), (4, 2)])


@pytest.fixture
def X():
    """Trials that drift around 5 µV, float64 (3, 2, 90)."""
    draw = torch.randn((3, 2, 90), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return draw + 0.3 * draw.cumsum(2) + 5


def samples(X, n_taps, padding):
    """All samples under a filter at each of its places, (places, n_chans, n_taps)."""
    return functional.pad(X, (padding, padding)).unfold(2, n_taps, 1).transpose(1, 2).flatten(0, 1)


@every_filter
def test_mean_and_second_moments_are_those_of_the_samples_under_the_filter(X, n_taps, padding):
    found = windows.moments(windows.Prepared(X, windows.lag_products(X, n_taps)), n_taps, padding)
    seen = samples(X, n_taps, padding)
    torch.testing.assert_close(found.mean, seen.mean(0), rtol=1e-12, atol=1e-12)
    wanted = torch.einsum("pck,pdl->ckdl", seen, seen) / len(seen)
    torch.testing.assert_close(found.second, wanted, rtol=1e-12, atol=1e-12)


def test_lag_products_are_sums_over_each_trial_however_many_there_are():
    X = torch.randn((windows.AT_ONCE + 2, 2, 40), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = windows.lag_products(X, 4)
    assert found.shape == (len(X), 2, 2, 4)
    for lag in range(4):
        wanted = torch.einsum("nat,nbt->nab", X[..., : 40 - lag], X[..., lag:])
        torch.testing.assert_close(found[..., lag], wanted, rtol=1e-12, atol=1e-12)


@every_filter
def test_rows_times_the_matrix_are_the_convolution_and_its_gradients(X, n_taps, padding):
    draw = torch.Generator().manual_seed(2)
    filters = torch.randn((6, 2, n_taps), generator=draw, dtype=torch.float64, requires_grad=True)
    added = torch.randn(6, generator=draw, dtype=torch.float64, requires_grad=True)
    cut = windows.rows(X, n_taps, padding, torch.float64)
    found = (cut @ windows.Toeplitz.apply(filters, added, torch.float64)).view(len(X), -1, 6).transpose(1, 2)
    wanted = functional.conv1d(X, filters, added, padding=padding)
    found = found[..., : wanted.shape[2]]
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    weight = torch.randn(wanted.shape, generator=draw, dtype=torch.float64)
    gradients = [torch.autograd.grad((weight * out).sum(), (filters, added)) for out in (found, wanted)]
    torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


def test_what_few_digits_cannot_hold_of_what_is_added_stands_in_a_second_row():
    added = torch.tensor([1.0009765625], dtype=torch.float64)  # 1 + 2**-10: bfloat16 has 8 binary digits
    matrix = windows.Toeplitz.apply(torch.zeros((1, 1, 3), dtype=torch.float64), added, torch.bfloat16)
    assert matrix[-windows.BIASES :].double().sum(0).tolist() == [added.item()] * windows.STEP


@every_filter
@pytest.mark.parametrize("biased", [True, False])
def test_maps_under_filters_are_pytorchs_convolution_with_its_gradients(n_taps, padding, biased):
    draw = torch.Generator().manual_seed(2)
    X, filters, bias = (
        torch.randn(shape, generator=draw, dtype=torch.float64, requires_grad=True)
        for shape in ((3, 60, 4), (5, 4, n_taps), (5,))
    )
    found = windows.convolved(X, filters, bias if biased else None, padding)
    wanted = functional.conv1d(X.mT, filters, bias if biased else None, padding=padding).mT
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    weight, inputs = torch.randn(found.shape, generator=draw, dtype=torch.float64), [X, filters, bias][: 2 + biased]
    of_found, of_wanted = (torch.autograd.grad((maps * weight).sum(), inputs) for maps in (found, wanted))
    torch.testing.assert_close(of_found, of_wanted, rtol=1e-12, atol=1e-12)
