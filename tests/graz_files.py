"""Recordings and label files as the organisers of Graz IIIb made them, small and written here."""

import struct

import numpy as np
from scipy.io import savemat

LOW, HIGH = (-34.0, -50.0), (42.0, 50.0)  # µV, the converter's limits on C3 and C4
STEP = 1000  # samples from one trial to the next
N_TRIALS = 12
CUES = [0, 1, -1, 0, -1, 1, 1, -1, 0, 1, -1, -1]  # -1: withheld
TRUE = [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0]


def digits(seed=0, n_trials=N_TRIALS):
    """What the converter wrote, int16, (2, n_samples)."""
    rng = np.random.default_rng(seed)
    return rng.integers(-20_000, 20_000, (2, n_trials * STEP + 500), dtype=np.int16)


def microvolts(digital):
    low, high = (np.array(limit)[:, None] for limit in (LOW, HIGH))
    return (digital + 32767.0) / 65534 * (high - low) + low


def events(cues=CUES):
    """(sample from 1, code) as the GDF's table has them."""
    code = {0: 769, 1: 770, -1: 783}
    return [
        event
        for i, cue in enumerate(cues)
        for event in ((i * STEP + 101, 768), (i * STEP + 476, 785), (i * STEP + 476, code[cue]), (i * STEP + 601, 781))
    ]


def write_gdf(path, digital, table, sfreq=125):
    """A GDF 1.25 as the organisers' are: int16, one sample a record, events of mode 3."""
    n_chans, n_samples = digital.shape
    fixed = b"GDF 1.25".ljust(168) + b"2004070600000000" + struct.pack("<q", 256 + 256 * n_chans)
    fixed = fixed.ljust(236) + struct.pack("<qIII", n_samples, 1, sfreq, n_chans)
    names = [b"+C3a-C3p", b"+C4a-C4p", b"+Cza-Czp"][:n_chans]
    low, high = (*LOW, -50.0)[:n_chans], (*HIGH, 50.0)[:n_chans]
    channels = b"".join(name.ljust(16) for name in names) + b" " * 80 * n_chans + b"uV      " * n_chans
    channels += struct.pack(f"<{n_chans}d", *low) + struct.pack(f"<{n_chans}d", *high)
    channels += struct.pack(f"<{n_chans}q", *[-32767] * n_chans) + struct.pack(f"<{n_chans}q", *[32767] * n_chans)
    channels += b"LP:    30 Hz; HP:  0.50 Hz; Notch: NaN".ljust(80) * n_chans
    channels += struct.pack(f"<{n_chans}I", *[1] * n_chans) + struct.pack(f"<{n_chans}I", *[3] * n_chans)
    position, code = (np.array(column) for column in zip(*table, strict=True)) if table else (np.array([]),) * 2
    tail = bytes([3]) + sfreq.to_bytes(3, "little") + struct.pack("<I", len(position))
    tail += position.astype("<u4").tobytes() + code.astype("<u2").tobytes()
    tail += np.zeros(len(position), "<u2").tobytes() + np.zeros(len(position), "<u4").tobytes()
    path.write_bytes(fixed + channels.ljust(256 * n_chans) + digital.T.astype("<i2").tobytes() + tail)
    return path


def write_mat(path, digital, cues=CUES):
    """The MATLAB file that BioSig makes of the same: NaN at the rail."""
    signal = np.where(np.abs(digital.astype(int)) >= 32767, np.nan, microvolts(digital))
    header = {
        "TRIG": np.arange(len(cues)) * STEP + 101,
        "Classlabel": np.where(np.array(cues) < 0, np.nan, np.array(cues) + 1.0),
        "SampleRate": 125,
    }
    savemat(path, {"s": signal.T, "HDR": header})
    return path


def write_labels(path, labels=TRUE, note=""):
    path.write_text(note + "".join(f"{label + 1}\n" for label in labels))
    return path
