"""What the first layers hear, against SciPy and against sines that are sent through the network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import signal

from eegnets.filters import RHYTHMS, decibels, first_layers, kernel_table, peaks, response, rhythm, sides, within
from eegnets.models import MODELS, build

SFREQ = 125.0


@pytest.fixture(params=list(MODELS))
def model(request):
    torch.manual_seed(0)
    return build(request.param, n_chans=2, n_times=750, n_outputs=2)


def test_the_response_is_scipys_and_decibels_are_of_it(model):
    kernels = first_layers(model).kernels
    freqs, gain = response(kernels, SFREQ)
    for kernel, own in zip(kernels, gain, strict=True):
        _, oracle = signal.freqz(kernel, worN=freqs, fs=SFREQ)
        np.testing.assert_allclose(own, np.abs(oracle), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(decibels(gain).max(axis=-1), 0)
    np.testing.assert_allclose(
        decibels(gain), np.maximum(20 * np.log10(gain / gain.max(axis=1, keepdims=True)), -40), atol=1e-9
    )


def test_a_sine_leaves_the_first_convolution_as_loud_as_the_response_says(model):
    kernels = first_layers(model).kernels
    convolution = model.firstconv[0] if hasattr(model, "firstconv") else model.conv0
    for hz in (4.0, 10.0, 20.0, 40.0):
        freqs, gain = response(kernels, SFREQ)
        sine = torch.sin(2 * torch.pi * hz * torch.arange(750) / SFREQ).view(1, 1, 1, -1)
        with torch.no_grad():
            out = convolution(sine.expand(1, 1, 2, -1))[0, :, 0]
            out = (out if convolution.bias is None else out - convolution.bias[:, None])[:, 100:600]  # whole periods
        loudness = out.double().square().mean(dim=1).sqrt().numpy() * np.sqrt(2)
        expected = [np.interp(hz, freqs, row) for row in gain]
        np.testing.assert_allclose(loudness, expected, atol=2e-3)


def test_the_joint_filters_are_the_two_convolutions(model):
    found = first_layers(model)
    X = torch.randn(1, 1, 2, 200, dtype=torch.float64)
    model = model.double()
    with torch.no_grad():
        if hasattr(model, "firstconv"):
            out = model.depthwiseConv[0](model.firstconv[0](X))[0, :, 0, 25:-25]
        else:
            still = model.conv1[0](model.conv0(torch.zeros_like(X)))
            out = (model.conv1[0](model.conv0(X)) - still)[0, :, 0]
    joint = torch.from_numpy(found.joint)
    own = torch.nn.functional.conv2d(X, joint[:, None].to(X))[0, :, 0]
    torch.testing.assert_close(own, out)


def test_a_kernel_that_is_a_rhythm_hears_it():
    times = np.arange(51) / SFREQ
    kernels = np.stack([np.hanning(51) * np.cos(2 * np.pi * hz * times) for hz in (40, 10, 20, 6)])
    np.testing.assert_allclose(peaks(kernels, SFREQ), [40, 10, 20, 6], atol=0.6)
    table = kernel_table(kernels, SFREQ)
    assert table["kernel"].tolist() == [4, 2, 3, 1]
    assert table["rhythm"].tolist() == ["theta", "alpha/mu", "beta", "above"]
    assert table["within"].round(1).tolist()[1:] == [0.9, 1.0, 0.0]


def test_what_a_kernel_lets_through_is_its_gain_on_the_spectrum_of_the_trials(tiny_trials):
    """Trials of 6 and 20 Hz, the first of twice the power: a kernel of one sample lets a third of it through."""
    times = np.arange(512) / tiny_trials.sfreq
    both = np.sqrt(2) * np.sin(2 * np.pi * 6 * times) + np.sin(2 * np.pi * 20 * times)
    trials = replace(tiny_trials, X=np.tile(both.astype(np.float32), (40, 2, 1)))
    model = build("EEGNet", n_chans=2, n_times=512, n_outputs=2, kernel_length=15)
    with torch.no_grad():
        model.firstconv[0].weight.zero_()
        model.firstconv[0].weight[..., 7] = 1.0
    assert within(model, trials) == pytest.approx(1 / 3, abs=0.01)


def test_every_frequency_has_one_rhythm():
    edges = [low for low, _ in RHYTHMS.values()]
    assert [rhythm(hz) for hz in edges] == list(RHYTHMS)
    assert rhythm(1e4) == "above"


def test_a_filter_on_one_electrode_is_on_its_side_and_tells_the_classes_apart(tiny_trials):
    """In the tiny world, class 0 is loud on C3 and class 1 on C4."""
    torch.manual_seed(0)
    model = build("EEGNet", n_chans=2, n_times=128, n_outputs=2, kernel_length=15)
    with torch.no_grad():
        model.depthwiseConv[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(16, 1).view(32, 1, 2, 1))
    found = sides(model.eval(), tiny_trials, 0, 1, (0.0, 2.0))
    assert found["side"].tolist() == [-1.0, 1.0] * 16
    assert (found["apart"] * found["side"] > 0).all()
    assert found["used"].between(-1, 1).all()
