"""Files of one's own: what is inside, how it becomes trials, and how what is wrong is refused."""

import errno
import io
import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from eeg_files import write_brainvision, write_edf, write_eeglab, write_fif
from graz_files import digits, events, microvolts, write_gdf

from eegnets import sources
from eegnets.config import DataConfig, InputError
from eegnets.sources import SOURCES, SourceError, files
from eegnets.sources.files import BEGINS, preview, read, safe_name, store
from eegnets.sources.recipe import AXES, Recipe, places
from eegnets.trials import split

SOURCE = SOURCES["files"]
RNG = np.random.default_rng(0)
X = np.round(10 * RNG.standard_normal((8, 3, 40)), 1)  # µV, (n_trials, n_chans, n_times)
Y = np.array([1, 2] * 4)
HANDS = {"1": "left", "2": "right"}
PLAIN = Recipe(sfreq=100, label="y", classes=HANDS)

SIGNAL = np.round(10 * RNG.standard_normal((3, 10 * 128)), 1)  # µV, (n_chans, n_samples)
MARKS = [(1, 0, "one"), (3, 0, "two"), (4.5, 0, "one"), (6, 0, "two"), (7, 0, "rest"), (9.75, 0, "one")]
CUT = Recipe(start=-0.5, stop=1.0, classes={"one": "left", "two": "right"})
RECORDINGS = {
    "a.edf": write_edf,
    "a.bdf": write_edf,
    "a.vhdr": write_brainvision,
    "a.set": write_eeglab,
    "a_raw.fif": write_fif,
}


def table(X, y=None, time=False):
    """The trials as a .csv text."""
    rows = [",".join([*(["trial"]), *(["label"] if y is not None else []), *(["time"] if time else []), "C3,Cz,C4"])]
    for i, trial in enumerate(X):
        for t, sample in enumerate(trial.T):
            about = [str(i), *([str(y[i])] if y is not None else []), *([f"{t / 100:.2f}"] if time else [])]
            rows.append(",".join([*about, *(f"{value:g}" for value in sample)]))
    return "\n".join(rows) + "\n"


def write_arrays(path, X=X, y=Y):
    if path.suffix == ".npz":
        np.savez(path, X=X, y=y)
    elif path.suffix == ".mat":
        scipy.io.savemat(path, {"X": X, "y": y})
    elif path.suffix == ".npy":
        np.save(path, X)
    else:
        path.write_text(table(X, y))
    return path


def write_recording(path, marks=MARKS, names=("C3", "Cz", "C4"), signal=SIGNAL):
    return RECORDINGS[path.name](path, list(names), signal, 128, marks)


# What is read


@pytest.mark.parametrize(("name", "label"), [("a.npz", "y"), ("a.mat", "y"), ("a.csv", "")])
def test_arrays_become_the_trials_that_they_hold(name, label, tmp_path):
    trials = read(write_arrays(tmp_path / name), PLAIN.with_(label=label))
    assert np.array_equal(trials.X, X.astype(np.float32))
    assert np.array_equal(trials.y, Y - 1)
    assert (trials.sfreq, trials.class_names) == (100.0, ("left", "right"))
    assert trials.ch_names == (("C3", "Cz", "C4") if name == "a.csv" else ("1", "2", "3"))


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_become_windows_around_their_marks(name, tmp_path):
    path = write_recording(tmp_path / name)
    marks = {f"Stimulus/{mark}" if name == "a.vhdr" else mark: hand for mark, hand in CUT.classes.items()}
    trials = read(path, replace(CUT, classes=marks))
    onsets = [1, 3, 4.5, 6]  # the last mark has no second behind it, and rest is no class
    expected = np.stack([SIGNAL[:, round((t - 0.5) * 128) : round((t + 1) * 128)] for t in onsets])
    assert np.abs(trials.X - expected).max() < 0.06, "µV; EDF has steps of 0.1 µV"
    assert trials.y.tolist() == [0, 1, 0, 1]
    assert (trials.sfreq, trials.ch_names) == (128.0, ("C3", "Cz", "C4"))
    assert trials.windows == {"after the mark": (0.5, 1.5)}


def test_a_gdf_recording_of_graz_gives_its_trials(tmp_path):
    path = write_gdf(tmp_path / "a.gdf", digits(), events())
    trials = read(path, Recipe(stop=6.0, start=-3.0, classes={"769": "left", "770": "right", "783": "?"}))
    whole = microvolts(digits())
    assert np.abs(trials.X[0] - whole[:, 100:1225]).max() < 1e-2
    assert trials.y.tolist() == [0, 1, -1, 0, -1, 1, 1, -1, 0, 1, -1, -1]


def test_marks_of_a_trigger_channel_are_found_where_there_are_no_others(tmp_path):
    import mne

    trigger = np.zeros(SIGNAL.shape[1])
    for onset, code in ((1, 7), (3, 8), (5, 7)):
        trigger[onset * 128 : onset * 128 + 5] = code
    info = mne.create_info(["C3", "C4", "STI"], 128, ["eeg", "eeg", "stim"])
    mne.io.RawArray(np.vstack([SIGNAL[:2] * 1e-6, trigger]), info, verbose="ERROR").save(tmp_path / "a_raw.fif")
    assert preview(tmp_path / "a_raw.fif").marks == {"marks": {"7": 2, "8": 1}}
    trials = read(tmp_path / "a_raw.fif", Recipe(stop=1.0, classes={"7": "left", "8": "right"}))
    assert trials.ch_names == ("C3", "C4")
    assert np.allclose(trials.X[1], SIGNAL[:2, 384:512], atol=1e-4)


@pytest.mark.parametrize("axes", AXES)
def test_the_axes_may_come_in_any_order_that_is_told(axes, tmp_path):
    order = [("trials", "channels", "samples").index(axis) for axis in axes.split()]
    path = write_arrays(tmp_path / "a.npz", X=X.transpose(order))
    assert np.array_equal(read(path, PLAIN.with_(axes=axes)).X, X.astype(np.float32))


def test_an_array_without_trials_is_one_trial_for_classification(tmp_path):
    trials = read(write_arrays(tmp_path / "a.npy", X=X[0]), Recipe(sfreq=100))
    assert np.array_equal(trials.X, X[:1].astype(np.float32))
    assert (trials.y.tolist(), trials.split.tolist(), trials.class_names) == ([-1], ["test"], ())


@pytest.mark.parametrize(("unit", "size"), [("µV", 1.0), ("mV", 1e-3), ("V", 1e-6)])
def test_every_unit_ends_as_microvolts(unit, size, tmp_path):
    path = write_arrays(tmp_path / "a.npz", X=X * size)
    assert np.allclose(read(path, PLAIN.with_(unit=unit)).X, X, rtol=1e-5)


def test_a_recording_that_says_its_unit_needs_none_and_one_that_does_not_takes_the_recipes(tmp_path):
    told = write_edf(tmp_path / "told.edf", ["C3"], SIGNAL[:1], 128, MARKS)
    mute = write_edf(tmp_path / "mute.edf", ["C3"], SIGNAL[:1] / 1000, 128, MARKS, unit="")
    assert (preview(told).unit, preview(mute).unit) == ("µV", None)
    assert np.allclose(read(told, CUT.with_(unit="V")).X, read(mute, CUT.with_(unit="mV")).X, atol=0.06)


def test_channels_are_taken_by_name_in_the_order_asked_for(tmp_path):
    path = write_recording(tmp_path / "a.edf")
    assert np.array_equal(read(path, CUT.with_(channels=("C4", "C3"))).X, read(path, CUT).X[:, [2, 0]])
    path = write_arrays(tmp_path / "a.npz")
    trials = read(path, PLAIN.with_(names=("C3", "Cz", "C4"), channels="C4"))
    assert trials.ch_names == ("C4",)
    assert np.array_equal(trials.X[:, 0], X[:, 2].astype(np.float32))


def test_channels_are_found_without_counting_all_for_each():
    class Name(str):
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other):
            Name.compared += 1
            return str.__eq__(self, other)

    names = tuple(Name(i) for i in range(300))
    assert places(PLAIN, names) == list(range(300))
    assert Name.compared < 10 * len(names)


def test_a_window_of_an_array_is_cut_from_each_trial(tmp_path):
    trials = read(write_arrays(tmp_path / "a.npz"), PLAIN.with_(start=0.1, stop=0.3))
    assert np.array_equal(trials.X, X[:, :, 10:30].astype(np.float32))


def test_a_table_with_times_tells_its_rate(tmp_path):
    (tmp_path / "a.csv").write_text(table(X, Y, time=True).replace(",", ";"))
    assert preview(tmp_path / "a.csv").sfreq == pytest.approx(100)
    assert read(tmp_path / "a.csv", Recipe(classes=HANDS)).sfreq == pytest.approx(100)


def test_64_channels_at_2_khz_come_down_to_125_hz_with_their_rhythm(tmp_path):
    times = np.arange(8 * 2000) / 2000
    names = [f"E{i}" for i in range(1, 65)]
    signal = np.linspace(10, 40, 64)[:, None] * np.sin(2 * np.pi * 10 * times)
    path = write_edf(tmp_path / "a.edf", names, signal, 2000, [(2, 0, "one"), (4, 0, "two")])
    trials = read(path, CUT.with_(resample=125, stop=2.0, start=0.0))
    assert trials.X.shape == (2, 64, 250)
    expected = np.linspace(10, 40, 64)[:, None] * np.sin(2 * np.pi * 10 * (2 + np.arange(250) / 125))
    assert np.abs(trials.X[0] - expected).max() < 0.5


def test_arrays_are_resampled_too(tmp_path):
    times = np.arange(400) / 200
    path = write_arrays(tmp_path / "a.npz", X=np.tile(20 * np.sin(2 * np.pi * 5 * times), (8, 2, 1)))
    trials = read(path, PLAIN.with_(sfreq=200, resample=100))
    assert (trials.n_times, trials.sfreq) == (200, 100)
    assert np.abs(trials.X - 20 * np.sin(2 * np.pi * 5 * times[::2]))[..., 20:-20].max() < 1


def sines(path, *parts, n=60, sfreq=128):
    """A recording of sines of so many Hz and µV, with marks at 30 and 32 s."""
    times = np.arange(n * sfreq) / sfreq
    signal = sum(microvolt * np.sin(2 * np.pi * hz * times + hz) for hz, microvolt in parts)
    return write_edf(path, ["C3"], signal[None] + 1, sfreq, [(30, 0, "one"), (32, 0, "two")])


def test_a_filter_takes_drift_and_mains_and_leaves_the_rhythm(tmp_path):
    one = CUT.with_(start=0.0, stop=2.0)
    rhythm = read(sines(tmp_path / "a.edf", (10, 20)), one).X
    path = sines(tmp_path / "b.edf", (10, 20), (50, 30), (0.02, 300))
    found = read(path, one.with_(low=0.5, high=30)).X
    assert np.abs(found - (rhythm - rhythm.mean())).max() < 3
    assert np.abs(read(path, one).X - rhythm).max() > 100
    drift = read(path, one.with_(high=30)).X - rhythm
    assert np.abs(drift).max() > 100, "it stays where nothing slow is taken out"
    assert np.abs(np.diff(drift)).max() < 1, "without the mains it is smooth"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": 30.0, "high": 8.0}, "from a lower to a higher frequency; got 30 to 8 Hz"),
        ({"high": 64.0}, "below half the rate of the recording, 64 Hz; got 64 Hz"),
        ({"low": 80.0}, "got 80 Hz"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(changes, words, tmp_path):
    path = write_recording(tmp_path / "a.edf")
    with pytest.raises(InputError, match=words):
        read(path, CUT.with_(**changes))


def test_trials_that_are_cut_are_not_filtered(tmp_path):
    with pytest.raises(InputError, match="filter the recording"):
        read(write_arrays(tmp_path / "a.npz"), PLAIN.with_(high=30.0))


def test_the_last_of_each_class_are_the_test(tmp_path):
    y = np.array([1, 1, 1, 1, 2, 2, 2, 2])
    trials = read(write_arrays(tmp_path / "a.npz", y=y), PLAIN.with_(test=0.5))
    assert trials.split.tolist() == ["train", "train", "test", "test"] * 2


def test_trials_of_unknown_class_are_never_learned_from(tmp_path):
    y = np.array([1, 2, 3, 1, 2, 3, 9, 9])
    path = write_arrays(tmp_path / "a.npz", y=y)
    trials = read(path, replace(PLAIN, classes={**HANDS, "3": "?"}))
    assert trials.y.tolist() == [0, 1, -1, 0, 1, -1], "9 is no class at all"
    assert set(split(trials, 0.0, 0).train.y) == {0, 1}


def test_infinite_samples_count_as_missing(tmp_path):
    broken = X.copy()
    broken[0, 0, :2] = np.inf, np.nan
    assert np.isnan(read(write_arrays(tmp_path / "a.npz", X=broken), PLAIN).X).sum() == 2


# What a preview says


def test_a_preview_of_arrays_says_shapes_and_labels(tmp_path):
    seen = preview(write_arrays(tmp_path / "a.npz"))
    assert (seen.kind, seen.shapes) == ("arrays", {"X": (8, 3, 40), "y": (8,)})
    assert seen.marks == {"y": {"1": 4, "2": 4}}


def test_one_channel_of_a_long_recording_is_no_list_of_labels(tmp_path):
    np.save(tmp_path / "a.npy", np.tile([1.0, 2.0], 60_000)[None])
    assert preview(tmp_path / "a.npy").marks == {}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_preview_of_a_recording_says_channels_rate_and_marks(name, tmp_path):
    seen = preview(write_recording(tmp_path / name))
    assert (seen.kind, seen.ch_names, seen.sfreq) == ("recording", ("C3", "Cz", "C4"), 128.0)
    assert seen.shapes == {"signal": (3, 1280)}
    assert sorted(seen.marks["marks"].values()) == [1, 2, 3]


# What is refused


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.mat", *RECORDINGS])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7])
def test_a_file_cut_short_is_refused_by_name(name, share, tmp_path):
    path = write_recording(tmp_path / name) if name in RECORDINGS else write_arrays(tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=path.name):
        read(path, CUT if name in RECORDINGS else PLAIN)


@pytest.mark.parametrize("suffix", BEGINS)
def test_another_kind_of_file_behind_the_ending_is_refused(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    for content in (b"\0\0\0\0<html>not found</html>", pickle.dumps([1, 2]), b""):
        path.write_bytes(content)
        for attempt in (preview, lambda path: read(path, PLAIN)):
            with pytest.raises(SourceError, match=rf"a\{suffix}"):
                attempt(path)


@pytest.mark.parametrize("name", ["a.pkl", "a", "a.fif.gz", "a.npz.exe"])
def test_an_unknown_ending_is_refused_with_the_list(name, tmp_path):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(SourceError, match=r"are not read; \.npz, \.npy, .*\.vhdr are"):
        preview(tmp_path / name)


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("exploded"),)


def test_objects_are_refused_and_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    box = np.array([Bomb()] * 8, dtype=object)
    np.savez(tmp_path / "a.npz", X=X, y=box)
    np.save(tmp_path / "a.npy", box)
    for name in ("a.npz", "a.npy"):
        with pytest.raises(SourceError, match=r"(?i)object"):
            read(tmp_path / name, PLAIN)
    assert not Path("exploded").exists()


def bomb(path):
    zeros = np.zeros((8, 3, 20_000))
    if path.suffix == ".npz":
        np.savez_compressed(path, X=zeros, y=Y)
    else:
        scipy.io.savemat(path, {"EEG" if path.suffix == ".set" else "X": zeros}, do_compression=True, appendmat=False)
    return path


@pytest.mark.parametrize("name", ["a.npz", "a.mat", "a.set"])
def test_a_small_file_that_unpacks_to_much_is_refused_before_it_does(name, tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.sources.array_file.MAX_BYTES", 100_000)
    path = bomb(tmp_path / name)
    assert path.stat().st_size < 20_000
    with pytest.raises(SourceError, match=r"would unpack to [\d,]+ bytes or more; at most 100,000 are read"):
        preview(path)


@pytest.mark.parametrize("name", ["a.mat", "a.set"])
def test_a_damaged_matlab_file_that_makes_the_reader_crash_is_refused_alive(name, tmp_path):
    path = write_recording(tmp_path / name) if name == "a.set" else write_arrays(tmp_path / name)
    content = path.read_bytes()
    at = content.index(np.float64(SIGNAL[0, 0] if name == "a.set" else X[0, 0, 0]).tobytes()) - 8
    path.write_bytes(content[:at] + b"\x40" + content[at + 1 :])  # a kind of number that there is not
    with pytest.raises(SourceError, match=f"{name}: the file is damaged"):
        preview(path)


def test_a_recording_larger_than_memory_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.sources.array_file.MAX_BYTES", 20_000)
    path = write_recording(tmp_path / "a.edf")
    with pytest.raises(SourceError, match="at most 20,000"):
        read(path, CUT)
    assert len(read(path, CUT.with_(channels="C3"))) == 4, "fewer channels are less"


def test_arrays_that_would_take_too_much_are_refused_before_they_are_made(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez(path, X=np.round(X).astype(np.int8), y=Y)
    monkeypatch.setattr("eegnets.sources.array_file.MAX_BYTES", 5_000)
    with pytest.raises(InputError, match=r"8 × 3 channels × 40 samples would take 7,680 bytes; at most 5,000"):
        read(path, PLAIN)
    fewer = PLAIN.with_(names=("C3", "Cz", "C4"), channels=("C3",))
    assert read(path, fewer).X.shape == (8, 1, 40)
    assert read(path, PLAIN.with_(stop=0.2)).X.shape == (8, 3, 20)
    with pytest.raises(InputError, match=r"8 × 1 channels × 400 samples"):
        read(path, fewer.with_(resample=1000))


def test_windows_of_a_recording_that_would_take_too_much_are_refused_before_they_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.sources.array_file.MAX_BYTES", 60_000)
    path = write_recording(tmp_path / "a.edf")
    assert len(read(path, CUT)) == 4
    with pytest.raises(InputError, match=r"5 × 3 channels × 640 samples would take 76,800 bytes"):
        read(path, CUT.with_(stop=4.5))
    with pytest.raises(InputError, match=r"1 × 3 channels × 12800 samples"):
        read(path, CUT.with_(resample=1280))


@pytest.mark.parametrize("kind", [np.int8, np.float16, np.float32])
def test_few_bytes_a_number_lose_nothing_by_their_unit(kind, tmp_path):
    signal = np.round(X).astype(kind)
    np.savez(tmp_path / "a.npz", X=signal, y=Y)
    np.testing.assert_array_equal(read(tmp_path / "a.npz", PLAIN.with_(unit="mV")).X, signal.astype(np.float32) * 1000)


def test_a_header_that_claims_more_than_its_file_holds_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 20, 2)})
    (tmp_path / "a.npy").write_bytes(header.getvalue())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue())
    for name in ("a.npy", "a.npz"):
        with pytest.raises(SourceError, match="damaged, cut short"):
            preview(tmp_path / name)


def test_a_file_cut_short_is_called_so_and_one_that_may_not_be_read_is_not(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"X": np.zeros((3, 2, 100))})
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(SourceError, match=r"a\.mat is damaged, cut short"):
        preview(path)

    def refused(*_arguments, **_keywords):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(SourceError, match="that you may read it"):
        preview(path)


@pytest.mark.parametrize("spelling", ["DataFile=", "DataFile = ", "datafile=", "DATAFILE : "])
@pytest.mark.parametrize("outside", ["../secret.eeg", "/etc/hostname", "absent.eeg"])
def test_a_brainvision_header_reads_no_file_elsewhere(outside, spelling, tmp_path):
    (tmp_path / "secret.eeg").write_bytes(bytes(4000))
    (tmp_path / "in").mkdir()
    path = write_recording(tmp_path / "in" / "a.vhdr")
    path.write_text(path.read_text("utf-8").replace("DataFile=a.eeg", f"{spelling}{outside}"), "utf-8")
    with pytest.raises(SourceError, match="which must lie beside it"):
        preview(path)


def test_a_brainvision_header_in_a_code_page_of_its_own_reads_no_marks_elsewhere(tmp_path):
    (tmp_path / "secret.vmrk").write_bytes(b"Mk1=Stimulus,one,1,1,0")
    (tmp_path / "in").mkdir()
    path = write_recording(tmp_path / "in" / "a.vhdr")
    text = path.read_text("utf-8").replace("=UTF-8", "=utf-7").replace("µ", "u")
    path.write_bytes(text.replace("MarkerFile=a.vmrk", "+AE0-arkerFile=../secret.vmrk").encode())
    with pytest.raises(SourceError, match="which must lie beside it"):
        preview(path)


def test_a_brainvision_header_with_spaces_in_its_lines_is_read(tmp_path):
    path = write_recording(tmp_path / "a.vhdr")
    path.write_text(path.read_text("utf-8").replace("DataFile=", "datafile : "), "utf-8")
    assert preview(path).shapes == {"signal": SIGNAL.shape}


def test_a_matlab_recording_reads_no_samples_elsewhere(tmp_path):
    (tmp_path / "secret.fdt").write_bytes(bytes(4 * SIGNAL.size))
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.set"
    write_eeglab(path, ["C3", "Cz", "C4"], SIGNAL, 128, MARKS)
    eeg = scipy.io.loadmat(path)["EEG"]
    eeg["data"][0, 0] = "../secret.fdt"
    scipy.io.savemat(path, {"EEG": eeg}, appendmat=False)
    with pytest.raises(SourceError, match="which must lie beside it"):
        preview(path)
    eeg["data"][0, 0] = "a.fdt"
    scipy.io.savemat(path, {"EEG": eeg}, appendmat=False)
    (tmp_path / "secret.fdt").rename(tmp_path / "in" / "a.fdt")
    assert preview(path).shapes == {"signal": SIGNAL.shape}


def test_matlab_files_of_the_newest_kind_are_told_how_to_become_readable(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    with pytest.raises(SourceError, match="save with -v7"):
        preview(tmp_path / "a.mat")


NOTHING = np.full_like(X, np.nan)
ONE_GONE = np.where(np.arange(3)[:, None] == 1, np.nan, X)
BAD_ARRAYS = {
    "NaN everywhere": ({"X": NOTHING}, PLAIN, "every sample of 1 is missing"),
    "a dead channel": ({"X": ONE_GONE}, PLAIN, "every sample of 2 is missing"),
    "no rate": ({}, PLAIN.with_(sfreq=None), "does not say its sampling rate"),
    "no such array": ({}, PLAIN.with_(signal="Z"), "unknown array 'Z'; choose from X, y"),
    "no such labels": ({}, PLAIN.with_(label="Z"), "unknown array 'Z'"),
    "labels too few": ({"y": Y[:5]}, PLAIN, r"y has the shape \(5,\) where one label for each of 8 trials"),
    "labels in a table": ({"y": np.ones((8, 2))}, PLAIN, r"y has the shape \(8, 2\)"),
    "no classes": ({}, replace(PLAIN, classes={}), r"say which mark is which class; the marks are '1' \(4 times\)"),
    "a class that is not there": ({}, replace(PLAIN, classes={**HANDS, "3": "x"}), "there is no mark '3'; the marks"),
    "one class": ({}, replace(PLAIN, classes={"1": "left"}), "trials of two classes are needed; here are left"),
    "text": ({"X": np.full((8, 3, 40), "a")}, PLAIN, "X is <U1 of the shape"),
    "complex": ({"X": X + 1j}, PLAIN, "X is complex128"),
    "four dimensions": ({"X": X[None]}, PLAIN, r"the shape \(1, 8, 3, 40\) where numbers of the shape \(trials, chann"),
    "nothing in it": ({"X": X[:0]}, PLAIN, "of the shape"),
    "the wrong unit": ({}, PLAIN.with_(unit="V"), r"spread by 9\.\de\+06 µV.* is the unit V right"),
    "flat": ({"X": 0 * X}, PLAIN, "spread by 0 µV"),
    "a name twice": ({}, PLAIN.with_(names=("C3", "C4", "C3")), "two channels are called C3"),
    "a class without a name": ({}, replace(PLAIN, classes={"1": "left", "2": " "}), "a class cannot be called ' '"),
    "a column's name": ({}, replace(PLAIN, classes={"1": "Label", "2": "x"}), "a class cannot be called 'Label'"),
    "a chart's column": ({}, replace(PLAIN, classes={"1": "Probability", "2": "x"}), "cannot be called 'Probability'"),
    "another column": ({}, replace(PLAIN, classes={"1": "network", "2": "x"}), "cannot be called 'network'"),
    "names too few": ({}, PLAIN.with_(names=("C3", "C4")), "2 channels are named, but 3 are here; are the axes right"),
    "no such channel": ({}, PLAIN.with_(channels="C3"), "unknown channel 'C3'; choose from 1, 2, 3"),
    "a window too long": ({}, PLAIN.with_(stop=3.0), "0 s to 3 s is not within a trial, which lasts from 0 to 0.4 s"),
    "a window before": ({}, PLAIN.with_(start=-1.0), "is not within a trial"),
    "gaps in what is resampled": ({"X": np.where(X > 20, np.nan, X)}, PLAIN.with_(resample=50), "samples are missing"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_arrays_that_do_not_go_with_the_recipe_are_named_with_the_file(case, tmp_path):
    arrays, recipe, message = BAD_ARRAYS[case]
    path = tmp_path / "mine.npz"
    np.savez(path, **{"X": X, "y": Y, **arrays})
    with pytest.raises(InputError, match=rf"mine\.npz: .*{message}"):
        read(path, recipe)


BAD_RECORDINGS = {
    "no marks": ([], CUT, "there is no mark 'one'; the marks are none"),
    "no classes": (MARKS, replace(CUT, classes={}), r"say which mark is which class; the marks are 'one' \(3 times\)"),
    "one class": (MARKS, replace(CUT, classes={"one": "left"}), "trials of two classes are needed; here are left"),
    "no end": (MARKS, CUT.with_(stop=None), "a window needs an end after its beginning"),
    "an end before": (MARKS, CUT.with_(stop=-1.0), "a window needs an end after its beginning"),
    "too long": (MARKS, CUT.with_(stop=60.0), "no window from -0.5 to 60 s around a mark lies within the recording"),
    "no such channel": (MARKS, CUT.with_(channels="C5"), "unknown channel 'C5'; choose from C3, Cz, C4"),
}


@pytest.mark.parametrize("case", BAD_RECORDINGS)
def test_recordings_that_do_not_go_with_the_recipe_are_named_with_the_file(case, tmp_path):
    marks, recipe, message = BAD_RECORDINGS[case]
    path = write_recording(tmp_path / "a.edf", marks)
    with pytest.raises(InputError, match=rf"a\.edf: {message}"):
        read(path, recipe)


BAD_TABLES = {
    "words": ("C3,C4\n1,two\n3,four\n", "one a channel; C4 is not so"),
    "uneven": ("trial,C3\n1,1\n1,2\n2,3\n", "trials of one length are needed; these have 1, 2 rows"),
    "no channels": ("trial,label\n1,1\n", "one a channel; none is not so"),
    "one line": ("C3,C4\n", "trials of one length are needed; these have no rows"),
    "no trial": ("trial,C3\n1,1\n1,2\n2,3\n,4\n", "line 5 has an empty cell in the column trial"),
    "two labels": ("trial,label,C3\n1,a,1\n1,a,2\n2,b,3\n2,a,4\n", "line 5 has another label than its trial's"),
    "late label": ("trial,label,C3\n1,,1\n1,a,2\n", "line 3 has another label than its trial's"),
    "labels alone": ("label,C3\n1,1\n1,2\n2,3\n", "line 4 has another label .* in a column named trial"),
    "ragged": ("C3,C4\n1,2\n1,2,3,4,5\n", "damaged, cut short"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_tables_of_something_else_are_refused(case, tmp_path):
    text, message = BAD_TABLES[case]
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SourceError, match=message):
        preview(tmp_path / "a.csv")


def test_a_label_may_stand_in_the_first_row_of_its_trial_alone(tmp_path):
    (tmp_path / "a.csv").write_text("trial,label,C3\n1,a,1\n1,,2\n2,b,3\n2,,4\n")
    assert preview(tmp_path / "a.csv").marks["label"] == {"a": 1, "b": 1}


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.npz cannot be read \(No such file"):
        preview(tmp_path / "gone.npz")


# What has been imported

EVIL = [
    "../../x.npz",
    "..\\..\\x.npz",
    "/etc/passwd",
    "<script>alert(1)</script>.edf",
    "Müller, Köln.csv",
    "脑电图.mat",
    "a" * 300 + ".npz",
    "",
    "..",
    "a\0b.npz",
    ".hidden",
    "con,trials=1&x.npz",
]


@pytest.mark.parametrize("name", EVIL)
def test_whatever_a_file_is_called_its_import_lies_in_the_folder_of_imports(name, tiny_trials, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "root"))
    path = store(tiny_trials, name, tmp_path / "root")
    assert path.parent == tmp_path / "root" / "files"
    lock = path.with_name(".files.lock")
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == {path, lock}
    (who,) = SOURCE.state(tmp_path / "root").subjects
    assert sources.load(DataConfig("files", (who,))).subjects == (who,)
    assert who.replace("_", "").replace("-", "").isalnum()  # nothing that means something to a shell or an address
    assert "," not in who


def test_a_plain_name_is_kept():
    assert safe_name("C:\\data\\Subject_01.edf") == "Subject_01"
    assert safe_name("Mu\u0308ller.csv") == "Müller"  # as macOS writes it: two characters become one
    assert safe_name("左手 想像（1）.edf") == "左手_想像_1"


def test_an_import_comes_back_as_it_was(tiny_trials, tmp_path):
    store(tiny_trials, "mine.npz", tmp_path)
    back = SOURCE.load(tmp_path, ("mine",))
    for name in ("X", "y", "split"):
        assert np.array_equal(getattr(back, name), getattr(tiny_trials, name))
    assert (back.sfreq, back.class_names, back.windows) == (
        tiny_trials.sfreq,
        tiny_trials.class_names,
        tiny_trials.windows,
    )


def test_a_second_import_of_a_name_takes_nothing_from_the_first(tiny_trials, tmp_path):
    paths = [store(tiny_trials.take(np.arange(n)), "mine.npz", tmp_path) for n in (10, 20, 30)]
    assert [path.name for path in paths] == ["mine.npz", "mine-2.npz", "mine-3.npz"]
    assert [len(SOURCE.load(tmp_path, (path.stem,))) for path in paths] == [10, 20, 30]


def test_where_no_import_is_named_the_latest_is_meant_and_no_one_elses(tiny_trials, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    for stamp, who in ((2, "early"), (3, "latest"), (1, "first")):
        path = store(tiny_trials.take(np.arange(10 * stamp)), who, tmp_path)
        os.utime(path, (stamp, stamp))
    assert sources.check(DataConfig("files")).subjects == ("latest",)
    assert len(sources.load(DataConfig("files"))) == 30
    assert len(sources.load(DataConfig("files", ("early", "first")))) == 30
    assert set(sources.load(DataConfig("files", ("early", "first"))).subjects) == {"early", "first"}


def test_imports_of_other_classes_are_not_mixed_but_those_without_classes_are(tiny_trials, tmp_path):
    other = replace(tiny_trials, class_names=("right hand", "left hand"))
    bare = replace(tiny_trials, class_names=(), y=np.full(40, -1))
    for name, trials in (("a", tiny_trials), ("b", other), ("c", bare)):
        store(trials, name, tmp_path)
    with pytest.raises(InputError, match="b has the classes right hand, left hand, a left hand, right hand; use them"):
        SOURCE.load(tmp_path, ("a", "b"))
    both = SOURCE.load(tmp_path, ("c", "a"))
    assert both.class_names == tiny_trials.class_names
    assert both.y.tolist() == [-1] * 40 + tiny_trials.y.tolist()


def test_imports_of_another_data_folder_are_copied_and_damaged_ones_are_not(tiny_trials, tmp_path):
    store(tiny_trials, "mine", tmp_path / "there")
    SOURCE.fetch(tmp_path / "here", from_dir=tmp_path / "there")
    assert SOURCE.state(tmp_path / "here").subjects == ("mine",)
    (tmp_path / "there" / "files" / "bad.npz").write_bytes(b"PK and so on")
    with pytest.raises(SourceError, match=r"bad\.npz is damaged"):
        SOURCE.fetch(tmp_path / "other", from_dir=tmp_path / "there")
    with pytest.raises(SourceError, match="holds no imports"):
        SOURCE.fetch(tmp_path / "other", from_dir=tmp_path / "other")


def test_a_folder_that_cannot_be_written_is_named(tiny_trials, tmp_path):
    (tmp_path / "files").touch()
    with pytest.raises(SourceError, match="cannot be written"):
        store(tiny_trials, "mine", tmp_path)


@pytest.mark.real
def test_the_real_graz_recording_is_cut_as_its_own_source_cuts_it(data_root):
    path = data_root / "graz-iiib" / "O3VR.gdf"
    if not path.exists():
        pytest.skip(f"{path} is needed")
    mine = read(path, Recipe(start=-3.0, stop=3.0, classes={"769": "left", "770": "right"}))
    theirs = SOURCES["graz-iiib"].load(data_root, ("O3VR",))
    assert len(mine) > 278, "with the copies"
    last = theirs.of_split("train").X[-1]
    assert min(np.nanmax(np.abs(trial - last)) for trial in mine.X) < 1e-3


def test_a_table_without_names_loses_no_row(tmp_path):
    values = RNG.standard_normal((50, 2)).round(3)
    np.savetxt(tmp_path / "a.csv", values, delimiter=",")
    found = preview(tmp_path / "a.csv")
    assert (found.ch_names, found.shapes["signal"]) == (("1", "2"), (1, 2, 50))


def test_two_who_keep_a_file_of_one_name_at_once_lose_none(tiny_trials, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda i: store(tiny_trials.take(np.arange(i + 1)), "mine", tmp_path), range(8)))
    assert len(set(kept)) == 8
    assert [len(files.stored(path)) for path in kept] == list(range(1, 9))


def test_a_deleted_import_comes_back_to_its_place(tiny_trials, tmp_path):
    first = store(tiny_trials, "mine", tmp_path)
    before = first.read_bytes()
    files.delete("mine", tmp_path)
    assert (SOURCE.state(tmp_path).subjects, files.deleted(tmp_path)) == ((), ["mine"])
    with pytest.raises(SourceError, match="no import mine"):
        files.delete("mine", tmp_path)
    assert store(tiny_trials.take(np.arange(4)), "mine", tmp_path).stem == "mine-2"
    files.restore("mine", tmp_path)
    assert (SOURCE.state(tmp_path).subjects, files.deleted(tmp_path)) == (("mine", "mine-2"), [])
    assert first.read_bytes() == before


@pytest.mark.parametrize("change", [files.delete, files.restore])
def test_imports_of_a_folder_that_cannot_be_written_stay(tiny_trials, tmp_path, monkeypatch, change):
    path = store(tiny_trials, "mine", tmp_path)

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("eegnets.sources.files.changing", refused)
    with pytest.raises(SourceError, match=r"cannot be written \(Permission denied\)"):
        change("mine", tmp_path)
    assert path.exists()
