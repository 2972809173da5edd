"""What the first layers listen for: kernels in time with their frequency responses, and weights of the electrodes.

EEGNet's first convolution has kernels in time alone, and each feeds a few filters in space. DeepConvNet's first two
convolutions have no bend between them: together they are one filter in time for every electrode.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy  # its parts come when they are used
import torch
from torch import nn

from eegnets.explain import layer_values
from eegnets.signals import spectra
from eegnets.translation import N_
from eegnets.trials import Trials

N_FREQS = 512  # points from 0 Hz to half the rate: an eighth of a hertz at 125 Hz
RHYTHMS = {"delta": (0, 4), "theta": (4, 8), "alpha/mu": (8, 13), "beta": (13, 30), N_("above"): (30, np.inf)}  # Hz
SPATIAL = {"EEGNet": "depthwiseConv.0", "DeepConvNet": "conv1.0"}  # the layer that mixes the electrodes
ANSWERING = (8.0, 30.0)  # Hz: the rhythms that imagery changes, mu and beta


class FirstLayers(NamedTuple):
    """The linear layers before the first bend, float64.

    kernels: (n_kernels, n_samples), filters in time, in the order of the convolution that they are made by.
    joint: (n_filters, n_chans, n_samples), what each filter in space does to each electrode, over time.
    weights: (n_filters, n_chans) where a filter in space is one number an electrode (EEGNet); else None.
    kernel_of: (n_filters,), the kernel that a filter in space listens to (EEGNet); else None, as it hears all of them.
    """

    kernels: np.ndarray
    joint: np.ndarray
    weights: np.ndarray | None
    kernel_of: np.ndarray | None


def first_layers(model: nn.Module) -> FirstLayers:
    """The filters of an EEGNet or a DeepConvNet, without biases and batch norms: these change size, not pitch."""
    if hasattr(model, "firstconv"):
        kernels, weights = _array(model.firstconv[0]), _array(model.depthwiseConv[0])[:, 0, :, 0]
        kernels = kernels[:, 0, 0]  # (F1, n_samples)
        kernel_of = np.arange(len(weights)) // (len(weights) // len(kernels))
        return FirstLayers(kernels, weights[:, :, None] * kernels[kernel_of][:, None], weights, kernel_of)
    kernels, mixing = _array(model.conv0)[:, 0, 0], _array(model.conv1[0])[..., 0]  # (25, 5) and (25, 25, n_chans)
    return FirstLayers(kernels, np.einsum("fkc,kt->fct", mixing, kernels), None, None)


def _array(layer: nn.Module) -> np.ndarray:
    return layer.weight.detach().cpu().double().numpy()


def response(kernels: np.ndarray, sfreq: float, freqs: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """How much louder or quieter a sine leaves each kernel, by its frequency: (freqs, Hz), (n_kernels, n_freqs).

    kernels: (n_kernels, n_samples). The gain is linear: 1 leaves a sine as it is. freqs: all of them, unless given.
    """
    freqs = np.linspace(0, sfreq / 2, N_FREQS) if freqs is None else freqs
    return freqs, np.abs(np.stack([scipy.signal.freqz(kernel, worN=freqs, fs=sfreq)[1] for kernel in kernels]))


def decibels(gain: np.ndarray) -> np.ndarray:
    """Gain against each kernel's own loudest frequency, dB, no lower than -40; (…, n_freqs)."""
    loudest = np.maximum(gain.max(axis=-1, keepdims=True), np.finfo(float).tiny)
    return np.maximum(20 * np.log10(np.maximum(gain / loudest, 1e-12)), -40.0)


def peaks(kernels: np.ndarray, sfreq: float) -> np.ndarray:
    """The frequency that leaves each kernel loudest, Hz, (n_kernels,)."""
    freqs, gain = response(kernels, sfreq)
    return freqs[gain.argmax(axis=1)]


def rhythm(hz: float) -> str:
    """The name of the band that a frequency lies in."""
    return next(name for name, (low, high) in RHYTHMS.items() if low <= hz < high)


def kernel_table(kernels: np.ndarray, sfreq: float) -> pd.DataFrame:
    """A row a kernel, the lowest first: kernel (from 1), peak (Hz), rhythm, gain (at the peak), within (8 to 30 Hz).

    `within` is the share of its gain squared, over all frequencies, that lies where imagery changes the rhythms.
    """
    freqs, gain = response(kernels, sfreq)
    top = gain.argmax(axis=1)
    power = gain**2
    inside = (freqs >= ANSWERING[0]) & (freqs <= ANSWERING[1])
    table = pd.DataFrame(
        {
            "kernel": np.arange(len(kernels)) + 1,
            "peak": freqs[top],
            "rhythm": [rhythm(hz) for hz in freqs[top]],
            "gain": gain.max(axis=1),
            "within": power[:, inside].sum(axis=1) / np.maximum(power.sum(axis=1), np.finfo(float).tiny),
        }
    )
    return table.sort_values(["peak", "kernel"], ignore_index=True)


def within(model: nn.Module, trials: Trials) -> float:
    """The share of what the kernels let through of these trials that lies between 8 and 30 Hz, their mean, 0..1.

    That is a kernel's gain squared times the mean spectrum (Welch): above the band of a recording there is nothing that
    a kernel could let through, however large its gain.
    """
    found = spectra(trials)
    _freqs, gain = response(first_layers(model).kernels, trials.sfreq, found.freqs)
    heard = gain**2 * found.power.mean(axis=(0, 1))
    inside = (found.freqs >= ANSWERING[0]) & (found.freqs <= ANSWERING[1])
    return float((heard[:, inside].sum(axis=1) / np.maximum(heard.sum(axis=1), np.finfo(float).tiny)).mean())


def sides(model: nn.Module, trials: Trials, left: int, right: int, window: tuple[float, float]) -> pd.DataFrame:
    """How one-sided each filter in space is, and what its output says of the classes: a row a filter.

    left, right: channels over the left and the right half of the head (C3 and C4). Columns: filter (from 1); peak (Hz);
    side, -1 for a filter of the left electrode alone, 1 for the right one's, from the gain at their peaks; and

    - apart: by how many standard deviations the log power of its output within `window` (start, stop; s) is higher in
      trials of the second class than in those of the first (Cohen's d, pooled);
    - used: the correlation of that power, over trials, with the network's lead for the second class.

    Imagery of a hand weakens the rhythms of the other side: where the classes are left and right hand, a filter that
    hears mu or beta on the right electrode should have both above zero, on the left electrode below.
    """
    found = first_layers(model)
    gains = np.stack([response(found.joint[:, c], trials.sfreq)[1] for c in (left, right)])  # (2, n_filters, n_freqs)
    freqs = response(found.joint[:1, 0], trials.sfreq)[0]
    ends = gains.max(axis=-1)
    power, lead = _filter_power(model, trials, window)
    first, second = power[trials.y == 0], power[trials.y == 1]
    pooled = np.sqrt((first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)) / 2)
    return pd.DataFrame(
        {
            "filter": np.arange(len(found.joint)) + 1,
            "peak": freqs[gains.max(axis=0).argmax(axis=1)],
            "side": (ends[1] - ends[0]) / np.maximum(ends.sum(axis=0), np.finfo(float).tiny),
            "apart": (second.mean(axis=0) - first.mean(axis=0)) / np.maximum(pooled, np.finfo(float).tiny),
            "used": [scipy.stats.pearsonr(column, lead).statistic for column in power.T],
        }
    )


def _filter_power(
    model: nn.Module, trials: Trials, window: tuple[float, float], batch: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Log power of each filter's output within a window, (n_trials, n_filters), and the lead for the second class."""
    start, stop = (round(end * trials.sfreq) for end in window)
    powers, leads = [], []
    for begin in range(0, len(trials), batch):
        values = layer_values(model, torch.from_numpy(trials.X[begin : begin + batch]))
        output = values[SPATIAL[type(model).__name__]].after[:, :, 0, start:stop].double()
        powers.append(torch.log(output.var(dim=-1)).numpy())
        logits = list(values.values())[-1].after.double()
        leads.append((logits[:, 1] - logits[:, 0]).numpy())
    return np.concatenate(powers), np.concatenate(leads)
