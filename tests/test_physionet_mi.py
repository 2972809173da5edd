"""PhysioNet motor imagery: which runs become which trials, against signals whose every sample is known."""

import numpy as np
import pytest
from eeg_files import write_edf

from eegnets import sources
from eegnets.config import DataConfig, InputError
from eegnets.sources import SOURCES, SourceError
from eegnets.sources.physionet_mi import ALL_RUNS, FOLDER, INSIDE, RUNS, read, recording

SOURCE = SOURCES["physionet-mi"]
NAMES = ["Fc3.", "Fc4.", "C3..", "C4..", "Cp3.", "Cp4."]  # as PhysioNet writes them
TIMES = np.arange(32 * 160) / 160
MARKS = [(0, 4.2, "T0"), (4.2, 4.1, "T1"), (8.3, 4.2, "T0"), (12.5, 4.1, "T2"), (20.8, 4.1, "T2"), (29.1, 2.9, "T1")]
ONSETS = np.array([4.2, 12.5, 20.8])  # the last mark leaves no 3 s behind it


def sines(hz=10.0):
    """Sines of 20, 40, 30, 50 µV in FC3, FC4, C3, C4, and 200 µV of drift in all six; µV, (6, n_samples)."""
    size = np.array([20, 40, 30, 50, 0, 0])
    return size[:, None] * np.sin(2 * np.pi * hz * TIMES) + 200 * np.sin(2 * np.pi * 0.02 * TIMES)


def write_person(root, who="S001", runs=ALL_RUNS, signal=None):
    folder = root / FOLDER / INSIDE / who
    folder.mkdir(parents=True, exist_ok=True)
    for run in runs:
        write_edf(folder / f"{who}R{run:02d}.edf", NAMES, sines() if signal is None else signal, 160, MARKS)
    return folder


@pytest.mark.parametrize(("montage", "size"), [("bipolar", (20, 40)), ("referential", (30, 50))])
def test_a_trial_is_what_was_recorded_from_3_s_before_its_target(montage, size, tmp_path):
    X, y = read(write_edf(tmp_path / "a.edf", NAMES, sines(), 160, MARKS), montage)
    assert y.tolist() == [0, 1, 1]
    times = (np.rint((ONSETS - 3) * 125)[:, None] + np.arange(750)) / 125
    expected = np.array(size)[:, None] * np.sin(2 * np.pi * 10 * times)[:, None]
    assert np.abs(X - expected)[:, :, 100:-100].max() < 1.0, "µV"


def test_mains_hum_is_filtered_out(tmp_path):
    X, _ = read(write_edf(tmp_path / "a.edf", NAMES, sines(hz=60.0), 160, MARKS), "bipolar")
    assert np.abs(X).max() < 1.0


def test_what_all_electrodes_share_is_gone_from_the_bipolar_channels(tmp_path):
    common = np.tile(50 * np.sin(2 * np.pi * 7 * TIMES), (6, 1))
    path = write_edf(tmp_path / "a.edf", NAMES, common, 160, MARKS)
    assert np.abs(read(path, "bipolar")[0]).max() < 1e-3
    assert np.abs(read(path, "referential")[0]).max() > 40


@pytest.mark.parametrize("task", RUNS)
def test_the_last_run_of_the_task_is_the_test_and_its_samples_are_its_own(task, tmp_path):
    folder = write_person(tmp_path)
    last = RUNS[task][-1]
    write_edf(folder / f"S001R{last:02d}.edf", NAMES, 2 * sines(), 160, MARKS)
    trials = SOURCE.load(tmp_path, ("S001",), task=task)
    assert trials.split.tolist() == ["train"] * 6 + ["test"] * 3
    assert trials.number.tolist() == list(range(1, 10))
    assert trials.of_split("test").X.std() == pytest.approx(2 * trials.of_split("train").X.std(), rel=0.01)
    assert list(trials.windows) == ["cue", task]


def test_a_trial_has_the_shape_of_a_graz_trial(tmp_path):
    write_person(tmp_path)
    trials = SOURCE.load(tmp_path, ("S001",))
    assert (trials.n_chans, trials.n_times, trials.sfreq, trials.ch_names) == (2, 750, 125.0, ("C3", "C4"))


def test_only_whoever_has_all_six_runs_is_ready(tmp_path, monkeypatch):
    write_person(tmp_path, "S001")
    write_person(tmp_path, "S002", runs=ALL_RUNS[:-1])
    write_person(tmp_path, "S088")
    assert SOURCE.state(tmp_path).subjects == ("S001",)
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    with pytest.raises(SourceError, match="the files of S002 are not here"):
        sources.load(DataConfig("physionet-mi", ("S002",)))


@pytest.mark.parametrize("who", ["S088", "S092", "S100", "S110", "S000"])
def test_people_of_another_timing_and_nobody_are_no_subjects(who):
    with pytest.raises(InputError, match=f"unknown subject of physionet-mi '{who}'"):
        sources.check(DataConfig("physionet-mi", (who,)))


@pytest.mark.parametrize("nested", [f"{FOLDER}/{INSIDE}", INSIDE, "."], ids=["a data root", "MNE's", "PhysioNet's"])
def test_fetch_copies_whoever_is_whole_in_a_folder(nested, tmp_path):
    write_person(tmp_path / "made", "S003")
    write_person(tmp_path / "made", "S004", runs=[4])
    folder = tmp_path / "from" / nested
    folder.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "made" / FOLDER / INSIDE).rename(folder)
    copied = SOURCE.fetch(tmp_path / "root", from_dir=tmp_path / "from")
    assert len(copied) == 6
    assert SOURCE.state(tmp_path / "root").subjects == ("S003",)


def test_fetch_from_a_folder_of_nobody_says_what_is_needed(tmp_path):
    with pytest.raises(SourceError, match=r"has all six runs of nobody; .* S001R03\.edf, S001R04\.edf"):
        SOURCE.fetch(tmp_path / "root", from_dir=tmp_path)
    with pytest.raises(SourceError, match="is not a folder"):
        SOURCE.fetch(tmp_path / "root", from_dir=tmp_path / "absent")


class Server:
    """In MNE's place: writes what is asked for, or fails."""

    def __init__(self, error=None):
        self.error, self.asked = error, []

    def load_data(self, subject, run, *, path, update_path, verbose):
        assert update_path is False, "the user's MNE settings stay as they are"
        self.asked.append((subject, run))
        if self.error:
            raise self.error
        target = path / INSIDE / f"S{subject:03d}" / f"S{subject:03d}R{run:02d}.edf"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"12345")
        return [target]


@pytest.fixture
def serve(monkeypatch):
    def put(server):
        monkeypatch.setattr("mne.datasets.eegbci.load_data", server.load_data)
        return server

    return put


def test_a_fetch_brings_the_next_five_people(tmp_path, serve):
    write_person(tmp_path, "S002")
    server, seen = serve(Server()), []
    brought = SOURCE.fetch(tmp_path, progress=lambda *step: seen.append(step))
    assert server.asked == [(who, run) for who in (1, 3, 4, 5, 6) for run in ALL_RUNS]
    assert seen == [(path.name, 5, 5) for path in brought]
    assert SOURCE.state(tmp_path).subjects == ("S001", "S002", "S003", "S004", "S005", "S006")


def test_a_fetch_brings_the_people_that_are_named(tmp_path, serve):
    server = serve(Server())
    SOURCE.fetch(tmp_path, subjects=("S042",))
    assert server.asked == [(42, run) for run in ALL_RUNS]
    with pytest.raises(InputError, match="unknown subject of physionet-mi 'S088'"):
        SOURCE.fetch(tmp_path, subjects=("S088",))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("long"), "the server did not answer"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("hash"), "other bytes came than were published"),
    ],
    ids=["no net", "full disk", "other bytes"],
)
def test_a_fetch_that_fails_says_why_and_that_it_may_be_repeated(error, words, tmp_path, serve):
    serve(Server(error))
    with pytest.raises(SourceError, match=rf"S001R03\.edf cannot be had from PhysioNet: {words}.* then fetch again"):
        SOURCE.fetch(tmp_path)


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.99])
def test_a_file_cut_anywhere_is_refused(share, tmp_path):
    path = write_edf(tmp_path / "a.edf", NAMES, sines(), 160, MARKS)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SourceError, match=r"a\.edf is no whole EDF recording"):
        recording(path)


@pytest.mark.parametrize(
    ("names", "sfreq", "marks", "message"),
    [
        (NAMES, 128, MARKS, r"\(6 channels\) at 128 Hz where FC3, FC4, CP3, CP4 at 160 Hz"),
        (["Fc3.", "Fc4.", "C3..", "C4..", "Pz..", "Cp4."], 160, MARKS, r"\(6 channels\) at 160 Hz where FC3, FC4, CP3"),
        (NAMES, 160, [(0, 4, "T0"), (1, 4, "T1")], "has no trial: no mark T1 or T2 with 3 s on both sides"),
        (NAMES, 160, [], "has no trial"),
    ],
    ids=["another rate", "a channel less", "no room", "no marks"],
)
def test_a_recording_of_another_kind_is_named(names, sfreq, marks, message, tmp_path):
    path = write_edf(tmp_path / "a.edf", names, sines(), sfreq, marks)
    with pytest.raises(SourceError, match=message):
        read(path, "bipolar")


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.edf"):
        recording(tmp_path / "gone.edf")


@pytest.mark.real
@pytest.mark.parametrize("task", RUNS)
def test_the_real_person_has_15_trials_a_run_with_a_rhythm_that_movement_weakens(data_root, task):
    if "S001" not in SOURCE.state(data_root).subjects:
        pytest.skip(f"the recordings are needed: {SOURCE.state(data_root).how}")
    trials = SOURCE.load(data_root, ("S001",), task=task)
    assert [len(trials.of_split(split)) for split in ("train", "test")] == [30, 15]
    assert sorted(np.bincount(trials.y)) == [22, 23]
    assert 10 < trials.X.std() < 40, "µV"
    before, after = (np.abs(np.fft.rfft(half)[:, :, 24:40]).mean() for half in np.split(trials.X, 2, axis=2))
    assert after < before, "8 to 13 Hz, in 3 s before the target and in 3 s after it"
