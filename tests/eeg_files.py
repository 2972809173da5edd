"""Small recordings in the formats that amplifiers write, made here: EDF+, BDF+, BrainVision, EEGLAB, FIF."""

import numpy as np
from scipy.io import savemat


def write_edf(path, names, signal, sfreq, marks=(), unit="uV"):
    """An EDF+, or BDF+ by the name, of 1-s records; signal (n_chans, n_samples), marks (onset, duration, text)."""
    bdf = path.suffix == ".bdf"
    width, kind = (3, "BDF") if bdf else (2, "EDF")
    n_records, top = signal.shape[1] // sfreq, 2 ** (8 * width - 1) - 1
    texts = [_annotations(second, marks) for second in range(n_records)]
    room = -(-max(map(len, texts)) // width)  # samples that the longest annotation takes
    labels = [*names, f"{kind} Annotations"]
    n = len(labels)
    limit = 3276.7 if unit == "uV" else 3.2767
    columns = [
        (16, labels),
        (80, [""] * n),
        (8, [unit] * (n - 1) + [""]),
        (8, [f"{-limit:.8g}"] * (n - 1) + ["-1"]),
        (8, [f"{limit:.8g}"] * (n - 1) + ["1"]),
        (8, [str(-top)] * n),
        (8, [str(top)] * n),
        (80, [""] * n),
        (8, [str(sfreq)] * (n - 1) + [str(room)]),
        (32, [""] * n),
    ]
    first = b"\xffBIOSEMI" if bdf else b"0".ljust(8)
    fixed = f"{'X X X X':80}{'Startdate 01-JAN-2020 X X X':80}01.01.2000.00.00{256 * (n + 1):<8}{kind + '+C':44}"
    fixed += f"{n_records:<8}{1:<8}{n:<4}"
    head = first + fixed.encode() + "".join(text.ljust(size) for size, texts_ in columns for text in texts_).encode()
    digital = np.rint(np.asarray(signal) / limit * top).astype("<i4")
    with path.open("wb") as file:
        file.write(head)
        for second, text in enumerate(texts):
            block = np.ascontiguousarray(digital[:, second * sfreq : (second + 1) * sfreq])
            file.write(block.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
            file.write(text.ljust(room * width, b"\0"))
    return path


def _annotations(second, marks):
    lists = [f"+{second}\x14\x14\0"]
    lists += [f"+{onset:g}\x15{length:g}\x14{text}\x14\0" for onset, length, text in marks if int(onset) == second]
    return "".join(lists).encode()


def write_brainvision(path, names, signal, sfreq, marks=()):
    """A header .vhdr, its .vmrk and its .eeg (float32 µV) side by side."""
    data, marker = path.with_suffix(".eeg"), path.with_suffix(".vmrk")
    channels = "\n".join(f"Ch{i}={name},,1,µV" for i, name in enumerate(names, 1))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={data.name}\nMarkerFile={marker.name}\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(names)}\nSamplingInterval={1e6 / sfreq:g}\n\n"
        f"[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n\n[Channel Infos]\n{channels}\n",
        encoding="utf-8",
    )
    lines = [f"Mk{i}=Stimulus,{text},{round(onset * sfreq) + 1},1,0" for i, (onset, _, text) in enumerate(marks, 1)]
    marker.write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={data.name}\n\n[Marker Infos]\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    data.write_bytes(np.ascontiguousarray(signal.T, dtype="<f4").tobytes())
    return path


def write_eeglab(path, names, signal, sfreq, marks=()):
    """A .set with its data inside, µV."""
    event = np.array([(text, onset * sfreq + 1) for onset, _, text in marks], dtype=[("type", "O"), ("latency", "O")])
    chanlocs = np.array([(name,) for name in names], dtype=[("labels", "O")])
    eeg = {
        "setname": "made",
        "nbchan": float(len(names)),
        "pnts": float(signal.shape[1]),
        "trials": 1.0,
        "srate": float(sfreq),
        "xmin": 0.0,
        "xmax": (signal.shape[1] - 1) / sfreq,
        "data": signal,
        "chanlocs": chanlocs,
        "event": event,
        "epoch": np.array([]),
        "icawinv": np.array([]),
    }
    savemat(path, {"EEG": eeg}, appendmat=False)
    return path


def write_fif(path, names, signal, sfreq, marks=()):
    """MNE's own format, volts."""
    import mne

    raw = mne.io.RawArray(signal * 1e-6, mne.create_info(list(names), sfreq, "eeg"), verbose="ERROR")
    raw.set_annotations(mne.Annotations(*zip(*marks, strict=True)) if marks else mne.Annotations([], [], []))
    raw.save(path, verbose="ERROR", overwrite=True)
    return path
