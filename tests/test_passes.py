"""Passes over maps: what PyTorch's own layers give, and their gradients, however many trials go together."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eegnets.passes import (
    PART,
    SLOPES,
    BentSums,
    LargerOfTwo,
    LargerOfTwoNormed,
    Reduce,
    ReducedProduct,
    by_hand,
    dropout_factors,
)

every_bend = pytest.mark.parametrize("bend", SLOPES)
MANY = PART + 3  # trials: a part that is full, and one that is not


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def images(X):
    """(batch, n_times, n_maps) as PyTorch's layers take it."""
    return X.transpose(1, 2).unsqueeze(2)


def maps(image):
    return image.squeeze(2).transpose(1, 2)


def same(found, wanted, *inputs):
    """That two results are alike, and their gradients to the inputs under the same weights."""
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    weight = drawn(*wanted.shape, seed=9)
    gradients = [torch.autograd.grad((weight * out).sum(), inputs) for out in (found, wanted)]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-12)


@every_bend
@pytest.mark.parametrize("n", [1, 4])
def test_sums_of_an_activation_are_its_pooled_means_and_the_rest_has_no_gradient(bend, n):
    X = drawn(MANY, 23, 5).requires_grad_()
    bend = bend()
    found = Reduce.apply(X.clone(), BentSums(bend, n, 23 // n), None) / n
    same(found, maps(functional.avg_pool2d(bend(images(X)), (1, n))), X)


@every_bend
def test_a_reduced_product_is_the_reduction_of_the_product_and_factors_multiply_it(bend):
    rows, matrix = drawn(MANY, 6, 7), drawn(7, 4 * 5, seed=1).requires_grad_()
    factors = drawn(MANY, 11, 5, seed=2)
    sums = BentSums(bend(), 2, 11)
    found = ReducedProduct.apply(rows, matrix, 5, sums, factors)
    values = sums.bend(rows @ matrix).view(MANY, 24, 5)[:, :22]
    same(found, values.unflatten(1, (11, 2)).sum(2) * factors, matrix)


def test_the_larger_of_two_is_max_pooling_with_ties_to_the_first():
    X = drawn(MANY, 23, 5)
    X[:, 1] = X[:, 0]
    X.requires_grad_()
    same(Reduce.apply(X.clone(), LargerOfTwo(11), None), maps(functional.max_pool2d(images(X), (1, 2))), X)


def test_the_larger_of_two_normed_is_a_batch_normalisation_and_max_pooling():
    X, weight, bias = drawn(MANY, 23, 5) + 40, drawn(5, seed=1).abs(), drawn(5, seed=2)
    inputs = [tensor.requires_grad_() for tensor in (X, weight, bias)]
    found, mean, variance = LargerOfTwoNormed.apply(X.clone(), weight, bias, 1e-5)
    normed = functional.batch_norm(images(X), None, None, weight, bias, training=True, eps=1e-5)
    same(found, maps(functional.max_pool2d(normed, (1, 2))), *inputs)
    torch.testing.assert_close(mean, X.mean((0, 1)))
    torch.testing.assert_close(variance, X.var((0, 1), correction=0))


def test_a_second_gradient_of_the_same_result_is_refused_not_wrong():
    X = drawn(2, 8, 3).requires_grad_()
    out, *_ = LargerOfTwoNormed.apply(X.clone(), drawn(3).abs(), drawn(3), 1e-5)
    out.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace operation"):
        out.sum().backward()


def test_an_elu_of_another_alpha_is_left_to_pytorch():
    assert by_hand(nn.ELU())
    assert not by_hand(nn.ELU(alpha=0.5))


def test_all_is_silenced_where_the_share_is_one_and_a_share_scales_what_is_left():
    assert not dropout_factors(nn.Dropout(1.0), (4, 5), torch.empty(0)).any()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kept = dropout_factors(nn.Dropout(0.5), (40, 50), torch.empty(0), 0.25)
    assert set(kept.flatten().tolist()) == {0.0, 0.5}
    assert set(dropout_factors(nn.Dropout(0.5).eval(), (4, 5), torch.empty(0), 0.25).flatten().tolist()) == {0.25}
