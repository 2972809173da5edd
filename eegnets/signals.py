"""Trials as signals: spectra, rhythms that weaken and return, class averages.

Gaps are closed as for training, by the training trials' channel means, where a single trial's measure needs every
sample. What is told of a class leaves trials with gaps out: the edges of a closed gap are steps, and a step has power
at all frequencies. In one simulated person, one such trial in twelve made 25 to 34 Hz seem to grow by 170 %.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy  # signal and stats come when they are used: half a second that most beginnings do without
from numpy.lib.stride_tricks import sliding_window_view

from eegnets.config import InputError
from eegnets.translation import _
from eegnets.trials import Trials

SEGMENT = 2.0  # s of signal in a Welch segment: half a hertz between frequencies
STEP = 0.1  # s between the columns of a map
LOWEST, HIGHEST = 4, 34  # Hz: theta to beta; the Graz recordings end at 30
CYCLES = 0.5  # s: a wavelet of f Hz has f / 2 cycles, so that all rows of a map are equally sharp in time
BANDS = {"mu": (8.0, 13.0), "beta": (15.0, 26.0)}  # Hz
CONFIDENCE = 0.95


def complete(trials: Trials) -> np.ndarray:
    """X without gaps, float64 µV, (n_trials, n_chans, n_times): they become the channel means of the training trials.

    Where there is no training trial, the means are of all. Raises InputError where a channel has no sample at all.
    """
    training = trials.of_split("train")
    return trials.filled((training if len(training) else trials).channel_means()).X.astype(np.float64)


def has_gap(trials: Trials) -> np.ndarray:
    """Which trials miss a sample, bool, (n_trials,)."""
    return np.isnan(trials.X).any(axis=(1, 2))


def classes(trials: Trials) -> Iterator[tuple[str, np.ndarray]]:
    """Each class that has trials, with the mask (n_trials,) of those without a gap; of all where each has one."""
    whole = ~has_gap(trials)
    for label, name in enumerate(trials.class_names):
        members = trials.y == label
        if members.any():
            yield name, members & whole if (members & whole).any() else members


class Spectra(NamedTuple):
    """Power by frequency: `freqs`, Hz, (n_freqs,), and `power`, µV²/Hz, (n_trials, n_chans, n_freqs)."""

    freqs: np.ndarray
    power: np.ndarray


def spectra(trials: Trials) -> Spectra:
    """Welch's spectrum of every trial and channel: the mean over segments of 2 s that overlap by half.

    Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio 15 (1967) 70-73.
    """
    segment = min(round(SEGMENT * trials.sfreq), trials.n_times)
    return Spectra(*scipy.signal.welch(complete(trials), trials.sfreq, nperseg=segment, axis=-1))


def class_spectra(trials: Trials, found: Spectra) -> pd.DataFrame:
    """Spectra by class as rows of frequency (Hz), channel, class, and power, low, high (µV²/Hz).

    Power varies from trial to trial by factors, so `power` is the geometric mean and `low` to `high` are one standard
    deviation of its logarithm to either side: two trials in three lie there.
    """
    freqs, tables = found.freqs[1:], []  # 0 Hz is the offset, which Welch removes
    for name, members in classes(trials):
        logs = np.log(np.maximum(found.power[members, :, 1:], 1e-12))  # (n_members, n_chans, n_freqs)
        mean, spread = logs.mean(axis=0), logs.std(axis=0)
        columns = {"power": mean, "low": mean - spread, "high": mean + spread}
        tables.append(_rows(trials, "frequency", freqs, name, {key: np.exp(log) for key, log in columns.items()}))
    return pd.concat(tables, ignore_index=True) if tables else _no_rows("frequency", "power", "low", "high")


def _rows(trials: Trials, axis: str, along: np.ndarray, name: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Arrays (n_chans, len(along)) of one class as the rows of a table."""
    places = {axis: np.tile(along, trials.n_chans), "channel": np.repeat(trials.ch_names, len(along)), "class": name}
    return pd.DataFrame(places | {key: values.ravel() for key, values in columns.items()})


def _no_rows(axis: str, *columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=[axis, "channel", "class", *columns])


class PowerMap(NamedTuple):
    """Power by time and frequency, the mean over each class's trials of one person.

    times: s, (n_times,); freqs: Hz, (n_freqs,); power: class -> (n_chans, n_freqs, n_times), NaN where the wavelet
    would reach beyond the trial; counts: class -> number of trials.
    """

    times: np.ndarray
    freqs: np.ndarray
    power: dict[str, np.ndarray]
    counts: dict[str, int]


def power_maps(trials: Trials) -> list[PowerMap]:
    """The `power_map` of each person; raises InputError as it does."""
    return [power_map(trials.of_subjects([subject])) for subject in trials.subjects]


def power_map(trials: Trials) -> PowerMap:
    """Time-frequency power of each class by Morlet wavelets; raises InputError for trials under 1 s or 10 Hz.

    Tallon-Baudry & Bertrand, "Oscillatory gamma activity in humans", Trends Cogn. Sci. 3 (1999) 151-162. As MNE's
    `tfr_array_morlet`, but worked out for the columns of the map alone, all rows by one product: a tenth of its time,
    for which the first visitor waits.
    """
    from mne.time_frequency import morlet  # 0.3 s

    if trials.n_times < trials.sfreq:
        length = trials.n_times / trials.sfreq
        raise InputError(
            _("a map over time and frequency takes trials of 1 s or more; these have {length:.2g} s.", length=length)
        )
    freqs = np.arange(LOWEST, min(HIGHEST, 0.45 * trials.sfreq) + 0.5)
    if not len(freqs):
        raise InputError(
            _(
                "a map over time and frequency begins at {low:g} Hz, for which {rate:g} samples a second are too few.",
                low=LOWEST,
                rate=trials.sfreq,
            )
        )
    every = max(round(STEP * trials.sfreq), 1)
    times, X = trials.times[::every], complete(trials)
    X = X - X.mean(axis=-1, keepdims=True)  # or an offset would end in a jump at both ends, which is all frequencies
    wavelets = np.array(morlet(trials.sfreq, freqs, freqs * CYCLES, zero_mean=True))  # (n_freqs, length)
    reach = wavelets.shape[1] // 2
    padded = np.pad(X, ((0, 0), (0, 0), (reach, reach)))
    pieces = sliding_window_view(padded, wavelets.shape[1], axis=-1)[..., ::every, :]
    edge = CYCLES / np.pi  # s: two standard deviations of the wavelet
    inside = (times >= edge) & (times <= trials.times[-1] - edge)
    power = {name: _mean_power(pieces, np.flatnonzero(members), wavelets) for name, members in classes(trials)}
    masked = {name: np.where(inside, values, np.nan) for name, values in power.items()}
    return PowerMap(times, freqs, masked, {name: int(members.sum()) for name, members in classes(trials)})


def _mean_power(pieces: np.ndarray, members: np.ndarray, wavelets: np.ndarray) -> np.ndarray:
    """Mean over trials of the power of pieces (n_trials, n_chans, n_pieces, length): (n_chans, n_freqs, n_pieces)."""
    total = np.zeros((pieces.shape[1], pieces.shape[2], len(wavelets)))
    for some in np.array_split(members, -(-len(members) // 32)):  # a copy of all pieces would be large
        parts = (np.tensordot(pieces[some], part, axes=(-1, -1)) for part in (wavelets.real, wavelets.imag))
        total += sum(np.square(part).sum(axis=0) for part in parts)
    return total.swapaxes(1, 2) / len(members)


def default_baseline(trials: Trials) -> tuple[float, float]:
    """The seconds to compare with: from 0.5 s to halfway to the task's first window; else the whole trial.

    Only halfway, since the time just before the cue need not be free of the class: in the recording of BCI Competition
    III, data set IIIb, the power at 8 to 12 Hz on C3 against C4 tells left from right with an area under the curve of
    0.84 from 1.5 to 2.9 s, before the cue at 3 s, and of 0.52, chance, from 0.5 to 1.5 s.
    """
    stop = min((window[0] for window in trials.windows.values()), default=0.0) / 2
    return (0.5, stop) if stop >= 1.0 else (0.0, trials.n_times / trials.sfreq)


def erd(people: Sequence[PowerMap], ch_names: tuple[str, ...], baseline: tuple[float, float]) -> pd.DataFrame:
    """Change of power against a baseline (start, stop; s): rows of time, frequency, channel, class, change (percent).

    Below zero the rhythm is weaker (event-related desynchronisation, ERD), above it is stronger (ERS), as in
    Pfurtscheller & Lopes da Silva, Clin. Neurophysiol. 110 (1999) 1842-1857. The baseline is that of all classes
    together: a class that already differs there is seen to, where its own baseline would hide it and bend all that
    follows. Each person is compared with their own baseline, and weighs as much as any other who has the class,
    however large their rhythms. Raises InputError where the baseline holds no column of the map.
    """
    changes: dict[str, list[np.ndarray]] = {}
    for found in people:
        if found.power:
            rest = _rest(found, baseline)[..., None]
            for name, power in found.power.items():
                changes.setdefault(name, []).append(100 * (power / rest - 1))
    if not changes:
        return _no_rows("time", "frequency", "change")
    times, freqs = np.meshgrid(people[0].times, people[0].freqs)
    tables = []
    for name, of_people in changes.items():
        for channel, values in zip(ch_names, np.mean(of_people, axis=0), strict=True):
            places = {"time": times.ravel(), "frequency": freqs.ravel(), "channel": channel, "class": name}
            tables.append(pd.DataFrame(places | {"change": values.ravel()}))
    return pd.concat(tables, ignore_index=True).dropna()


def _rest(found: PowerMap, baseline: tuple[float, float]) -> np.ndarray:
    """A person's mean power in the baseline, over the trials of all classes, (n_chans, n_freqs)."""
    within = (found.times >= baseline[0]) & (found.times <= baseline[1])
    within &= np.isfinite(next(iter(found.power.values()))[0, 0])
    if not within.any():
        raise InputError(
            _(
                "the baseline from {start:g} to {stop:g} s holds no power; choose a longer one between 0 and {end:.1f} "
                "s, away from the ends.",
                start=baseline[0],
                stop=baseline[1],
                end=found.times[-1],
            )
        )
    rest = sum(found.counts[name] * power[..., within].mean(axis=-1) for name, power in found.power.items())
    return rest / sum(found.counts.values())


def band_power(trials: Trials, band: tuple[float, float], smooth: float = 0.25) -> np.ndarray:
    """Power in a band (low, high; Hz) over time, µV², (n_trials, n_chans, n_times), averaged over `smooth` seconds.

    The filter is run forwards and backwards, so that nothing is late. Raises InputError for a band
    that the rate cannot hold.
    """
    if band[1] >= trials.sfreq / 2:
        raise InputError(
            _(
                "the band from {low:g} to {high:g} Hz must end below half the rate; these trials have {rate:g} samples "
                "a second.",
                low=band[0],
                high=band[1],
                rate=trials.sfreq,
            )
        )
    sections = scipy.signal.butter(4, band, "bandpass", fs=trials.sfreq, output="sos")
    squared = both_ways(sections, complete(trials)) ** 2
    return scipy.ndimage.uniform_filter1d(squared, max(round(smooth * trials.sfreq), 1), axis=-1)


def both_ways(sections: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Filter along the last axis forwards and backwards, with SciPy's padding, or less in a signal that is shorter."""
    padding = min(3 * (2 * len(sections) + 1), X.shape[-1] - 1)
    return scipy.signal.sosfiltfilt(sections, X, axis=-1, padlen=padding)


def class_averages(trials: Trials, values: np.ndarray, at_most: int = 400) -> pd.DataFrame:
    """The mean over each class's trials: rows of time (s), channel, class, and mean, low, high in the unit of `values`.

    values: (n_trials, n_chans, n_times); low to high is the 95 % confidence interval of the mean (Student's t), NaN for
    a single trial. Of more than `at_most` samples, every second (third, ...) is kept.
    """
    every = -(-trials.n_times // at_most)
    times, tables = trials.times[::every], []
    for name, members in classes(trials):
        mean, half = _mean_and_half(values[members][..., ::every])
        tables.append(_rows(trials, "time", times, name, {"mean": mean, "low": mean - half, "high": mean + half}))
    return pd.concat(tables, ignore_index=True) if tables else _no_rows("time", "mean", "low", "high")


def _mean_and_half(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis, and half its confidence interval."""
    n = len(values)
    error = values.std(axis=0, ddof=min(n - 1, 1)) / np.sqrt(n)
    return values.mean(axis=0), scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * error
