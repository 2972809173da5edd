"""Full and separable convolutions: counts of real modules against the formulas, and the networks' own."""

import itertools

import pytest
import torch

from eegnets.models import EEGNet
from eegnets.separable import counts, expected_ratio, n_weights, separable, truly_separable


@pytest.mark.parametrize(
    ("n_in", "n_out", "kernel_size"), list(itertools.product([1, 16, 32], [1, 8, 32], [(1, 15), (3, 3), (5, 5)]))
)
def test_counts_and_ratio_are_the_formulas(n_in, n_out, kernel_size):
    found = counts(n_in, n_out, kernel_size)
    area = kernel_size[0] * kernel_size[1]
    assert found == (n_in * n_out * area, n_in * area, n_in * n_out)
    assert found.ratio == pytest.approx(expected_ratio(n_out, kernel_size))


def test_the_labs_layer_is_full_and_a_true_one_is_smaller():
    model = EEGNet(2, 750, 2)
    assert n_weights(model) == 17_874
    smaller = truly_separable(model)
    assert n_weights(smaller) == 4_018
    assert smaller.eval()(torch.zeros(1, 2, 750)).shape == (1, 2)


def test_a_separable_convolution_is_a_full_one_of_a_kind():
    """With the products of its weights, a full convolution answers the same: it can do less, not something else."""
    torch.manual_seed(0)
    depthwise, pointwise = pair = separable(4, 6, (1, 5))
    X = torch.randn(2, 4, 1, 30)
    full = torch.nn.functional.conv2d(X, pointwise.weight * depthwise.weight[:, 0][None], padding=(0, 2))
    torch.testing.assert_close(pair(X), full)
