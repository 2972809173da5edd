"""The simulated people beside the recordings that they are built after, and what a classifier makes of them.

From the project's root:

    EEGNETS_DATA=DIR python -m benchmarks.calibrate_simulated [--seeds 0,1,2] [--difficulties 0.5] [--epochs 30]

DIR holds S4b and X11b (whole, or the first trials of their files) and O3VR, whichever there are; --epochs 0 leaves out
the network. Ends with status 2 where DIR holds none of them.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import signal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from eegnets import models, training
from eegnets.config import DataConfig, TrainingConfig
from eegnets.sources import SOURCES, data_root, load
from eegnets.trials import Trials, split

AFTER = {"A": "S4b", "B": "X11b"}
EXCERPT = Path("course-npz-excerpt") / "first87.npz"  # NAME_train, NAME_test: (87, 750, 2), µV, no labels
BANDS = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30)}
RHYTHMS = {"mu": (8, 13), "beta": (14, 25)}
REST, IMAGINING, LATE = (-1.5, -0.1), (0.75, 1.75), (2.2, 2.8)  # s after the cue
CUE = 3.0  # s
# O3VR's cue is marked at 3 s too, but evokes a wave at 1.2 s, and the hands part from 1.5 s on.
CUES = {"O3VR": 1.0}


def recordings(root: Path) -> dict[str, Trials]:
    """S4b, X11b and O3VR, as far as they are in `root`."""
    found = {}
    for source, who in (("course-npz", "S4b"), ("course-npz", "X11b"), ("graz-iiib", "O3VR")):
        if who in SOURCES[source].state(root).subjects:
            found[who] = load(DataConfig(source, (who,)))
        elif (root / EXCERPT).is_file() and source == "course-npz":
            found[who] = excerpt(root / EXCERPT, who)
    return found


def excerpt(path: Path, who: str) -> Trials:
    """The trials, of unknown class, that the two files of one person begin with."""
    with np.load(path, allow_pickle=False) as stored:
        parts = {fold: stored[f"{who}_{fold}"] for fold in ("train", "test")}
    X = np.concatenate(list(parts.values())).transpose(0, 2, 1)
    return Trials(
        X=X,
        y=np.full(len(X), -1),
        split=np.repeat(list(parts), [len(part) for part in parts.values()]),
        subject=np.repeat(who, len(X)),
        number=np.arange(1, len(X) + 1),
        sfreq=125.0,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
    )


def whole(trials: Trials) -> Trials:
    """The trials without a gap."""
    return trials.take(~np.isnan(trials.X).any(axis=(1, 2)))


def spectrum(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Hz, and the median over trials of the power density, µV²/Hz, (2, n_freqs)."""
    hz, density = signal.welch(whole(trials).X, trials.sfreq, nperseg=250, nfft=500)
    return hz, np.median(density, axis=0)


def peaks(trials: Trials) -> str:
    """Where mu is strongest, of C3 and of C4."""
    hz, density = spectrum(trials)
    inside = (hz >= 7) & (hz <= 14)
    return " / ".join(f"{hz[inside][channel[inside].argmax()]:.2f}" for channel in density)


def distance(trials: Trials, other: Trials) -> float:
    """Root mean square of the difference of two spectra from 1 to 30 Hz, dB."""
    hz, density = spectrum(trials)
    inside = (hz >= 1) & (hz <= 30)
    difference = 10 * np.log10(density / spectrum(other)[1])[:, inside]
    return float(np.sqrt(np.square(difference).mean()))


def cue_of(trials: Trials) -> float:
    """When the person saw the cue, s."""
    return CUES.get(trials.subjects[0], CUE)


def extreme(trials: Trials, window: tuple[float, float], sign: int) -> str:
    """Height and time of the highest (or lowest) point of the average over trials and channels in a window."""
    mean = sign * np.nanmean(trials.X, axis=(0, 1))
    inside = np.flatnonzero((trials.times >= window[0]) & (trials.times < window[1]))
    peak = inside[mean[inside].argmax()]
    return f"{sign * mean[peak]:+.1f} at {trials.times[peak]:.2f}"


def change(trials: Trials, rhythm: str, window: tuple[float, float]) -> str:
    """Power in a window after the cue against rest, %, of C3 and of C4."""
    if not len(trials):
        return "-"
    since_cue = trials.times - cue_of(trials)
    sos = signal.butter(4, RHYTHMS[rhythm], "bandpass", fs=trials.sfreq, output="sos")
    power = np.square(signal.sosfiltfilt(sos, trials.X)).mean(axis=0)  # (2, n_times)
    there, rest = (power[:, (since_cue >= a) & (since_cue < b)].mean(axis=-1) for a, b in (window, REST))
    return " / ".join(f"{100 * (after / before - 1):+.0f}" for after, before in zip(there, rest, strict=True))


def measures(trials: Trials) -> Iterator[tuple[str, str]]:
    """Everything that is compared: a name with its unit, and the figure."""
    (hz, density), cue = spectrum(trials), cue_of(trials)
    missing = np.isnan(trials.X)
    yield "trials", str(len(trials))
    yield "spread (µV), C3 / C4", " / ".join(f"{sd:.1f}" for sd in np.nanstd(trials.X, axis=(0, 2)))
    yield "largest (µV)", f"{np.nanmax(np.abs(trials.X)):.0f}"
    yield "samples missing (%)", f"{100 * missing.mean():.2f}"
    yield "trials with a gap (%)", f"{100 * missing.any(axis=(1, 2)).mean():.0f}"
    for band, (low, high) in BANDS.items():
        yield f"{band} (µV²)", f"{density[:, (hz >= low) & (hz < high)].sum(axis=1).mean() * hz[1]:.2f}"
    yield "mu peak (Hz), C3 / C4", peaks(trials)
    yield "evoked by the start (µV at s)", extreme(trials, (0, 0.6), 1)
    yield "evoked by the cue (µV at s)", extreme(trials, (cue, cue + 0.4), 1)
    yield "lowest after the cue (µV at s)", extreme(trials, (cue + 0.4, cue + 2.0), -1)
    yield from changes(trials)


def changes(trials: Trials) -> Iterator[tuple[str, str]]:
    """How imagery changes the rhythms: in all trials, and for each hand where the classes are known."""
    asked = (("mu", IMAGINING, "mu"), ("beta", IMAGINING, "beta"), ("beta", LATE, "beta late"))
    groups = {"both": trials} | {name: trials.take(trials.y == i) for i, name in enumerate(trials.class_names)}
    for name, group in groups.items():
        for rhythm, window, label in asked:
            yield f"{label} (%), {name}, C3 / C4", change(whole(group), rhythm, window)


def side_by_side(real: dict[str, Trials], simulated: Trials) -> pd.DataFrame:
    """A column a person, each simulated one behind the one whose measure it was built to."""
    columns: dict[str, dict[str, str]] = {}
    for who in simulated.subjects:
        mine, model = simulated.of_subjects([who]), real.get(AFTER[who])
        if model is not None:
            columns[AFTER[who]] = dict(measures(model))
        columns[f"{who} (simulated)"] = dict(measures(mine))
        if model is not None:
            columns[f"{who} (simulated)"]["distance of spectra (dB)"] = f"{distance(mine, model):.1f}"
    columns |= {who: dict(measures(trials)) for who, trials in real.items() if who not in columns}
    return pd.DataFrame(columns).fillna("-")


def lda_accuracy(trials: Trials) -> float:
    """Of a discriminant on the log power of mu and beta during imagery, on the test trials."""
    filled = trials.filled(trials.of_split("train").channel_means())
    start, stop = (round(second * trials.sfreq) for second in trials.windows["imagery"])
    features = []
    for band in RHYTHMS.values():
        sos = signal.butter(4, band, "bandpass", fs=trials.sfreq, output="sos")
        features.append(np.log(np.square(signal.sosfiltfilt(sos, filled.X)[..., start:stop]).mean(axis=-1)))
    X, train = np.hstack(features), trials.split == "train"
    return LinearDiscriminantAnalysis().fit(X[train], trials.y[train]).score(X[~train], trials.y[~train])


def eegnet_accuracies(trials: Trials, epochs: int, seed: int) -> list[training.EpochEnd]:
    """The history of the lab report's EEGNet."""
    folds = split(trials, validation=0.0, seed=seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = models.build("EEGNet", n_chans=2, n_times=trials.n_times, n_outputs=2)
    config = TrainingConfig(epochs=epochs, validation=0.0, seed=seed, device="cpu")
    return list(training.fit(model, folds.train, None, folds.test, config))


def accuracies(difficulty: float, data_seed: int, seeds: list[int], epochs: int) -> Iterator[dict[str, object]]:
    """One row a network's seed; one row in all where no network is asked for."""
    trials = load(DataConfig("simulated", options={"difficulty": difficulty, "seed": data_seed}))
    row = {"difficulty": difficulty, "data seed": data_seed, "LDA": f"{lda_accuracy(trials):.3f}"}
    for seed in seeds if epochs else []:
        history = eegnet_accuracies(trials, epochs, seed)
        shown = {f"epoch {r.epoch}": f"{r.test_accuracy:.3f}" for r in history if r.epoch in (1, 3, 10, epochs)}
        yield row | {"network seed": seed} | shown | {"train, last": f"{history[-1].train_accuracy:.3f}"}
    if not epochs:
        yield row


def numbers(text: str) -> list[float]:
    """Numbers between commas."""
    return [float(part) for part in text.split(",")]


def main() -> int:
    """Print both tables; the status is 2 where there is nothing to compare with."""
    parser = argparse.ArgumentParser(description="The simulated people beside the recordings they are built after.")
    parser.add_argument("--seeds", type=numbers, default=[0, 1, 2], help="of the data and of the network")
    parser.add_argument("--difficulties", type=numbers, default=[0.5])
    parser.add_argument("--epochs", type=int, default=30)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    real = recordings(data_root())
    if not real:
        print(f"No S4b, X11b or O3VR in {data_root()}; set EEGNETS_DATA to a folder that holds them.", file=sys.stderr)
        return 2
    print(side_by_side(real, load(DataConfig("simulated"))).to_string(), flush=True)
    seeds = [int(seed) for seed in asked.seeds]
    for difficulty in asked.difficulties:
        rows = [row for seed in seeds for row in accuracies(difficulty, seed, seeds, asked.epochs)]
        print(f"\n{pd.DataFrame(rows).to_string(index=False)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
