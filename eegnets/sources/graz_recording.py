"""One recording of the Graz set IIIb, out of the organisers' GDF or MATLAB file: signal, trial starts, cues.

The two hold the same: the MATLAB file is what BioSig made of the GDF, with NaN where the converter was at its rail.
"""

import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from eegnets.sources.base import MAX_BYTES, SourceError, unreadable
from eegnets.translation import N_, _

SFREQ = 125.0  # Hz; all three recordings (desc_IIIb.pdf, the organisers' description)
N_CHANS = 2
TRIAL_START, LEFT, RIGHT = "768", "769", "770"  # event codes of the GDF format; a withheld cue is 783

REPAIR = N_("Fetch it again, or copy it again from where it came.")


class Recording(NamedTuple):
    """signal: float32 µV, (2, n_samples), NaN where missing; start, cue: int64 (n_trials,).

    `start` counts samples from 0; `cue` is 0 left, 1 right, -1 where the organisers withheld it.
    """

    signal: np.ndarray
    start: np.ndarray
    cue: np.ndarray


def read(path: Path) -> Recording:
    """Read a .gdf, a .mat or a .zip with a .mat inside; raises SourceError for what is not such a recording."""
    recording = _read_gdf(path) if path.suffix == ".gdf" else _read_mat(path)
    if not len(recording.start):
        raise _broken(_("{path} has no trial: no trigger (event {code}) is in it.", path=path, code=TRIAL_START))
    _check_montage(path, len(recording.signal))
    if recording.start.min() < 0 or recording.start.max() >= recording.signal.shape[1]:
        raise _broken(_("{path} has triggers outside its {n} samples.", path=path, n=recording.signal.shape[1]))
    return recording


def _broken(words: str) -> SourceError:
    """The message for a file that is not what it should be, with its repair."""
    return SourceError(f"{words} {_(REPAIR)}")


def check(path: Path) -> None:
    """Look, by its header alone, whether a recording is what its name says and all there; raises SourceError."""
    if path.suffix == ".gdf":
        gdf_header(path)
    elif path.suffix == ".zip":
        _unpack(path)
    else:
        _mat_variables(path)


# GDF: an open format; the offsets are those of its versions 1 and 2 (Schlögl 2006, arXiv cs/0608052)


class Header(NamedTuple):
    """low, high: the converter's limits, µV, (n_chans,)."""

    low: np.ndarray
    high: np.ndarray


def gdf_header(path: Path) -> Header:
    """The limits of each channel; raises SourceError for a file that is no GDF or ends before its header says."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _parse_gdf(path, file, size)
    except OSError as error:
        raise unreadable(path, error) from error
    except struct.error as error:
        raise _cut(path, size, _("more")) from error


def _parse_gdf(path: Path, file: IO[bytes], size: int) -> Header:
    fixed = file.read(256)
    if fixed[:4] != b"GDF ":
        begin = fixed[:8]
        raise _broken(
            _("{path} is not a GDF file: it begins with {begin!r} instead of 'GDF 1.25'.", path=path, begin=begin)
        )
    first_version = fixed[4:5] == b"1"
    length = struct.unpack_from("<q", fixed, 184)[0] if first_version else 256 * struct.unpack_from("<H", fixed, 184)[0]
    n_records = struct.unpack_from("<q", fixed, 236)[0]
    n_chans = struct.unpack_from("<I" if first_version else "<H", fixed, 252)[0]
    _check_montage(path, n_chans)
    channels = file.read(256 * n_chans)
    low, high = (np.array(struct.unpack_from(f"<{n_chans}d", channels, n_chans * at)) for at in (104, 112))
    per_record = np.array(struct.unpack_from(f"<{n_chans}I", channels, n_chans * 216))
    kinds = struct.unpack_from(f"<{n_chans}I", channels, n_chans * 220)
    end = length + n_records * int(per_record @ [SAMPLE_BYTES.get(kind, 0) for kind in kinds])
    _check_events(path, file, size, end, first_version)
    return Header(low, high)


SAMPLE_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 16: 4, 17: 8}  # by the code of the sample's type


def _check_events(path: Path, file: IO[bytes], size: int, at: int, first_version: bool) -> None:
    if not 256 <= at <= size:
        raise _cut(path, size, str(at))
    file.seek(at)
    table = file.read(8)
    if not table:
        return  # a recording without events; read() says that it has no trial
    mode = table[0]
    count = struct.unpack_from("<I", table, 4)[0] if first_version else int.from_bytes(table[1:4], "little")
    end = at + 8 + count * (12 if mode == 3 else 6)
    if size < end:
        raise _cut(path, size, str(end))


def _cut(path: Path, size: int, expected: str) -> SourceError:
    came = {"path": path, "size": size, "expected": expected}
    return _broken(_("{path} ends too early: {size} bytes are here where its header speaks of {expected}.", **came))


def _read_gdf(path: Path) -> Recording:
    header = gdf_header(path)
    import mne  # here, since it takes half a second and most of the time the trials come out of the cache

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = mne.io.read_raw_gdf(path, verbose="ERROR")
            _check_rate(path, raw.info["sfreq"])
            signal = raw.get_data() * 1e6  # V -> µV
    except SourceError:
        raise
    except Exception as error:  # MNE raises many kinds for a file that is damaged inside
        raise _broken(_("{path} cannot be read as GDF ({error}).", path=path, error=error)) from error
    return Recording(_without_rail(signal, header), *_gdf_trials(raw.annotations))


def _without_rail(signal: np.ndarray, header: Header) -> np.ndarray:
    """NaN wherever the converter was at or beyond its limits, as BioSig writes it in the MATLAB file.

    The recordings hold the rail in breaks between runs (some 50 samples) and where a movement saturates it.
    """
    slack = 1e-6 * (header.high - header.low)  # a fifteenth of a 16-bit step: scaling to V and back rounds
    low, high = (header.low + slack)[:, None], (header.high - slack)[:, None]
    return np.where((signal <= low) | (signal >= high), np.nan, signal).astype(np.float32)


def _gdf_trials(annotations: Any) -> tuple[np.ndarray, np.ndarray]:
    sample = np.rint(np.asarray(annotations.onset) * SFREQ).astype(np.int64)
    code = np.array(list(annotations.description))  # MNE keeps them in a variable-width dtype
    start = np.sort(sample[code == TRIAL_START])
    cue = np.full(len(start), -1, dtype=np.int64)
    for label, name in enumerate((LEFT, RIGHT)):
        trial = np.searchsorted(start, sample[code == name], side="right") - 1
        cue[trial[trial >= 0]] = label
    return start, cue


def _check_montage(path: Path, n_chans: int) -> None:
    if n_chans != N_CHANS:
        raise _broken(_("{path} has {n} channels where C3 and C4 are expected.", path=path, n=n_chans))


def _check_rate(path: Path, sfreq: float) -> None:
    if sfreq != SFREQ:
        rates = {"rate": sfreq, "usual": SFREQ}
        raise _broken(
            _("{path} was sampled at {rate:g} Hz; the Graz IIIb recordings have {usual:g} Hz.", path=path, **rates)
        )


# MATLAB


def _read_mat(path: Path) -> Recording:
    stored = _mat_variables(path)
    try:
        header, signal = stored["HDR"], np.asarray(stored["s"], dtype=np.float32).T  # (2, n_samples)
        start = np.atleast_1d(header.TRIG).astype(np.int64) - 1  # MATLAB counts from 1
        label = np.atleast_1d(header.Classlabel).astype(float)  # 1 left, 2 right, NaN withheld
        sfreq = float(header.SampleRate)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise _broken(
            _("{path} lacks the organisers' variables s and HDR, or a part ({error}).", path=path, error=error)
        ) from error
    _check_rate(path, sfreq)
    if len(label) != len(start):
        raise _broken(_("{path} has {n} triggers but {m} class labels.", path=path, n=len(start), m=len(label)))
    return Recording(signal, start, np.where(np.isin(label, (1, 2)), np.nan_to_num(label) - 1, -1).astype(np.int64))


def _mat_variables(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat  # here, as above: the cache needs no SciPy

    content = _unpack(path) if path.suffix == ".zip" else _content(path)
    try:
        return loadmat(io.BytesIO(content), variable_names=("s", "HDR"), squeeze_me=True, struct_as_record=False)
    except Exception as error:  # SciPy raises nearly any kind for a damaged file
        raise _broken(_("{path} cannot be read as a MATLAB file ({error}).", path=path, error=error)) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _unpack(path: Path) -> bytes:
    """The .mat inside a .zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [entry for entry in archive.infolist() if entry.filename.endswith(".mat")]
            if len(inside) != 1 or inside[0].file_size > MAX_BYTES:
                raise _broken(
                    _("{path} holds {found} where one .mat is expected.", path=path, found=archive.namelist())
                )
            return archive.read(inside[0])
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _broken(_("{path} is no whole .zip file ({error}).", path=path, error=error)) from error
