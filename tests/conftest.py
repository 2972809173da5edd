"""What several tests stand on: a tiny world of trials, the real recordings where they are, a cache of their own."""

import os
from pathlib import Path

import numpy as np
import pytest

from eegnets.trials import Trials


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """No test reads or fills the cache of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def data_root():
    """The folder of real recordings; skips without one, unless EEGNETS_REQUIRE says that data must be there."""
    folder = os.environ.get("EEGNETS_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "real recordings are needed: set EEGNETS_DATA to the folder that holds them"
    if "data" in os.environ.get("EEGNETS_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def tiny_trials():
    """40 trials of two people, (40, 2, 128), µV: a 10 Hz rhythm on the channel of the class, in noise."""
    rng = np.random.default_rng(0)
    n, n_times, sfreq = 40, 128, 64.0
    y = np.arange(n) % 2
    X = rng.standard_normal((n, 2, n_times)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    X[np.arange(n), y] += 3 * np.sin(2 * np.pi * 10 * np.arange(n_times) / sfreq + phase)
    return Trials(
        X=X,
        y=y,
        split=np.tile(np.repeat(["train", "test"], [12, 8]), 2),
        subject=np.repeat(["A", "B"], 20),
        number=np.tile(np.arange(1, 21), 2),
        sfreq=sfreq,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        windows={"cue": (0.5, 0.75), "imagery": (0.75, 2.0)},
    )
