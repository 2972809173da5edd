"""Graz IIIb: recordings and labels to trials, how what is wrong is named, and how the files come."""

import shutil
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graz_files import CUES, N_TRIALS, STEP, TRUE, digits, events, microvolts, write_gdf, write_labels, write_mat

from eegnets import sources
from eegnets.config import DataConfig
from eegnets.sources import SOURCES, SourceError, graz_iiib
from eegnets.sources.download import download, is_whole
from eegnets.sources.graz_recording import read

SOURCE = SOURCES["graz-iiib"]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "graz-iiib"
    folder.mkdir()
    write_gdf(folder / "S4b.gdf", digits(), events())
    write_labels(folder / "true_labels_S4.txt")
    return tmp_path


def load(root, who="S4b"):
    return SOURCE.load(root, (who,))


def test_trials_are_the_six_seconds_after_their_trigger(root):
    trials = load(root)
    assert (trials.X.shape, trials.X.dtype, trials.sfreq) == ((N_TRIALS, 2, 750), np.float32, 125.0)
    assert (trials.ch_names, trials.class_names) == (("C3", "C4"), ("left hand", "right hand"))
    for i in range(N_TRIALS):
        expected = microvolts(digits()[:, i * STEP + 100 : i * STEP + 850])
        np.testing.assert_allclose(trials.X[i], expected, atol=1e-4)


def test_cues_train_and_published_classes_test(root):
    trials = load(root)
    assert trials.split.tolist() == ["train" if cue >= 0 else "test" for cue in CUES]
    assert trials.y.tolist() == TRUE
    assert trials.number.tolist() == list(range(1, N_TRIALS + 1))


def test_copies_are_dropped_and_what_is_known_of_one_holds_for_the_other(root):
    folder = root / "graz-iiib"
    digital = digits()
    for copy, original in ((0, 2), (1, 4), (5, 6), (7, 10)):  # known, withheld; both known; both withheld
        at = slice(original * STEP + 100, original * STEP + 850)
        digital[:, copy * STEP + 100 : copy * STEP + 850] = digital[:, at]
    true = [0, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0]
    write_gdf(folder / "S4b.gdf", digital, events())
    write_labels(folder / "true_labels_S4.txt", true)
    trials = load(root)
    assert trials.number.tolist() == [3, 4, 5, 7, 9, 10, 11, 12]
    assert trials.split.tolist() == ["train"] * 6 + ["test"] * 2, "3 and 5 are trained on: their copies' cues are known"
    assert trials.y.tolist() == [0, 0, 1, 1, 0, 1, 1, 0]
    assert len(np.unique(trials.X.reshape(len(trials), -1), axis=0)) == len(trials)


def test_copies_that_contradict_each_other_are_named(root):
    digital = digits()
    digital[:, 100:850] = digital[:, STEP + 100 : STEP + 850]
    write_gdf(root / "graz-iiib" / "S4b.gdf", digital, events())
    with pytest.raises(SourceError, match=r"S4b\.gdf: the trials \[1 2\] are the same but have different classes"):
        load(root)


def test_trials_without_any_sample_are_nobodys_copies():
    X = np.zeros((4, 2, 5), dtype=np.float32)
    X[:2] = np.nan
    X[2, 0, 0], X[3, 0, 0] = np.nan, -np.float32(np.nan)  # the same, whatever the sign of the NaN
    group, last = graz_iiib.copies(X)
    assert group.tolist() == [0, 1, 2, 2]
    assert last.tolist() == [True, True, False, True]


def test_trials_that_the_label_file_leaves_out_have_no_class(root):
    note = "# ignore trials 1-4, only trials 5-12 are used;\n"
    write_labels(root / "graz-iiib" / "true_labels_S4.txt", TRUE[4:], note)
    assert load(root).number.tolist() == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12], "3 has neither cue nor label"


def test_state_says_who_is_ready_and_what_the_others_lack(root):
    state = SOURCE.state(root)
    assert (state.state, state.subjects) == ("ready", ("S4b",))
    assert "O3VR lacks O3VR.gdf, true_labels_O3VR.txt" in state.how
    assert "python -m eegnets fetch graz-iiib" in state.how


@pytest.mark.parametrize("gone", ["S4b.gdf", "true_labels_S4.txt"])
def test_a_recording_needs_its_labels_and_labels_their_recording(root, gone):
    (root / "graz-iiib" / gone).unlink()
    state = SOURCE.state(root)
    assert (state.state, state.subjects) == ("fetch", ())
    assert f"S4b lacks {gone}" in state.how


@pytest.mark.parametrize("name", ["S4b.mat", "S4b_mat.zip"])
def test_a_matlab_file_does_as_well(root, name):
    folder = root / "graz-iiib"
    (folder / "S4b.gdf").unlink()
    mat = write_mat(folder / "S4b.mat", digits())
    if name.endswith(".zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.write(mat, "S4b.mat")
        mat.unlink()
    assert SOURCE.state(root).subjects == ("S4b",)
    assert load(root).y.tolist() == TRUE


def test_a_trial_that_the_recording_does_not_finish_ends_in_gaps(tmp_path):
    recording = read(write_gdf(tmp_path / "a.gdf", digits()[:, : 11 * STEP + 400], events()))
    X = graz_iiib.windows(recording)
    assert np.isnan(X[-1, :, 300:]).all()
    assert not np.isnan(X[:-1]).any()


# What is wrong, and how it is named


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n2\n", r"has 2 labels for 12 trials: another subject's\?"),
        ("# ignore trials 1-3\n" + "1\n" * 12, r"has 12 labels \(and leaves out 3\) for 12 trials"),
        ("", r"has 0 labels for 12 trials"),
        ("1\n2\nleft\n", r"holds 'left' where one 1 \(left\) or 2 \(right\) a line is expected"),
        ("<html>", r"holds '<html>' where"),
        ("2\n1\n" * 6, r"contradicts the cues of the recording in \d of 7 trials: another subject's\?"),
    ],
    ids=["few", "left out and there", "empty", "words", "a web page", "another subject's"],
)
def test_bad_labels_are_named(root, text, message):
    (root / "graz-iiib" / "true_labels_S4.txt").write_text(text)
    with pytest.raises(SourceError, match=rf"true_labels_S4\.txt {message}.* Fetch the true labels again"):
        load(root)


def test_a_single_slip_in_the_labels_leaves_the_cue_right(root):
    write_gdf(root / "graz-iiib" / "S4b.gdf", digits(), events(TRUE))
    for slips, fine in ((1, True), (2, False)):
        write_labels(root / "graz-iiib" / "true_labels_S4.txt", [1 - label for label in TRUE[:slips]] + TRUE[slips:])
        if fine:
            assert load(root).y.tolist() == TRUE
        else:
            with pytest.raises(SourceError, match="2 of 12 trials"):
                load(root)


def test_labels_with_windows_line_ends_are_read(root):
    path = root / "graz-iiib" / "true_labels_S4.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b" \r\n"))
    assert load(root).y.tolist() == TRUE


@pytest.mark.parametrize("denied", ["S4b.gdf", "true_labels_S4.txt"])
def test_a_file_that_may_not_be_read_is_named(root, denied, monkeypatch):
    opened = Path.open

    def refuse(self, *args, **kwargs):
        if self.name == denied:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=rf"{denied} cannot be read \(Permission denied\)\. Check that"):
        load(root)


# Bringing the files


def test_fetch_from_a_folder_copies_what_is_of_use(root, tmp_path):
    (root / "graz-iiib" / "notes.txt").write_text("not needed")
    write_mat(root / "graz-iiib" / "S4b.mat", digits())  # not needed beside the .gdf
    copied = SOURCE.fetch(tmp_path / "new", from_dir=root / "graz-iiib")
    assert sorted(file.name for file in copied) == ["S4b.gdf", "true_labels_S4.txt"]
    assert SOURCE.state(tmp_path / "new").subjects == ("S4b",)
    assert SOURCE.fetch(tmp_path / "newer", from_dir=root), "another data root will do"


def test_fetch_from_a_folder_with_a_cut_recording_copies_nothing(root, tmp_path):
    recording = root / "graz-iiib" / "S4b.gdf"
    recording.write_bytes(recording.read_bytes()[:5000])
    with pytest.raises(SourceError, match=r"S4b\.gdf ends too early"):
        SOURCE.fetch(tmp_path / "new", from_dir=root)
    assert SOURCE.state(tmp_path / "new").state == "fetch"
    assert not list((tmp_path / "new").rglob("*.txt"))


def test_fetch_from_a_folder_names_what_is_missing(root, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"has none of the files O3VR\.gdf, true_labels_O3VR\.txt, S4b\.gdf"):
        SOURCE.fetch(tmp_path / "new", from_dir=tmp_path / "empty")
    (root / "graz-iiib" / "true_labels_S4.txt").unlink()
    with pytest.raises(SourceError, match=r"no subject is complete.* S4b lacks true_labels_S4\.txt"):
        SOURCE.fetch(tmp_path / "new", from_dir=root)
    with pytest.raises(SourceError, match=r"is not a folder"):
        SOURCE.fetch(tmp_path / "new", from_dir=tmp_path / "absent")


def test_fetch_asks_the_organisers_for_all_six_files(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(graz_iiib, "download", lambda files, *rest: asked.extend(files))
    SOURCE.fetch(tmp_path)
    assert all(file.url.startswith("https://www.bbci.de/competition/") for file in asked)
    assert [file.url.rsplit("/", 1)[1] for file in asked] == [
        *("O3VR.gdf", "true_labels_O3VR.txt", "S4b.gdf", "true_labels_S4.txt", "X11b.gdf", "true_labels_X11.txt")
    ]


def test_fetch_does_not_ask_for_a_gdf_beside_a_mat(root, monkeypatch):
    asked = []
    (root / "graz-iiib" / "S4b.gdf").rename(root / "graz-iiib" / "S4b.mat")
    monkeypatch.setattr(graz_iiib, "download", lambda files, *rest: asked.extend(file.name for file in files))
    SOURCE.fetch(root)
    assert "S4b.gdf" not in asked
    assert "X11b.gdf" in asked


def test_a_failed_fetch_says_who_is_ready_all_the_same(root, monkeypatch):
    nowhere = "http://127.0.0.1:9"  # the port of "discard": nobody listens

    def from_nowhere(files, *rest):
        return download([replace(file, url=nowhere) for file in files], *rest)

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(graz_iiib, "download", from_nowhere)
    with pytest.raises(SourceError, match=r"O3VR\.gdf .*cannot be reached.*fetch with --from .* all the same: S4b\."):
        SOURCE.fetch(root)


# The real recording


@pytest.fixture
def graz(data_root):
    return data_root / "graz-iiib"


@pytest.mark.real
def test_o3vr_has_the_official_trials(data_root):
    trials = SOURCE.load(data_root, ("O3VR",))
    assert Counter(trials.split.tolist()) == {"train": 278, "test": 159}
    assert np.bincount(trials.y).tolist() == [217, 220]
    assert trials.X.shape == (437, 2, 750)
    assert trials.number.min() > 160, "1 to 160 are copies of 161 to 320"
    flat = trials.X.reshape(len(trials), -1)
    assert len({trial.tobytes() for trial in flat}) == len(trials), "and no copy is left"
    assert np.nanmin(trials.X) > -50
    assert np.nanmax(trials.X) < 50


@pytest.mark.real
def test_o3vr_trials_are_the_same_from_gdf_and_from_matlab(data_root, graz, tmp_path):
    folder = tmp_path / "graz-iiib"
    folder.mkdir()
    for name in ("O3VR_mat.zip", "true_labels_O3VR.txt"):
        shutil.copyfile(graz / name, folder / name)
    a, b = load(data_root, "O3VR"), load(tmp_path, "O3VR")
    np.testing.assert_allclose(a.X, b.X, atol=1e-5)
    for name in ("y", "split", "number"):
        assert np.array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.real
def test_o3vrs_first_160_trials_are_found_to_be_copies(graz):
    group, last = graz_iiib.copies(graz_iiib.windows(read(graz / "O3VR.gdf")))
    assert last.tolist() == [False] * 160 + [True] * 480
    assert np.array_equal(group[:160], group[160:320])


@pytest.mark.real
def test_another_subjects_labels_are_refused(graz):
    with pytest.raises(SourceError, match=r"true_labels_S4\.txt has 1080 labels for 640 trials"):
        graz_iiib.load_subject("O3VR", graz / "O3VR.gdf", graz / "true_labels_S4.txt")


@pytest.mark.real
def test_published_labels_are_those_whose_checksums_are_known(graz):
    remotes = graz_iiib._remotes(frozenset())
    here = {file.name for file in remotes if is_whole(file, graz / file.name)}
    assert {"O3VR.gdf", "true_labels_O3VR.txt", "true_labels_S4.txt", "true_labels_X11.txt"} <= here


@pytest.mark.real
def test_o3vr_comes_out_of_the_cache_at_once(data_root, monkeypatch):
    sources.load(DataConfig("graz-iiib", ("O3VR",)))
    monkeypatch.setattr(graz_iiib, "read", lambda path: pytest.fail("the recording was read again"))
    assert len(sources.load(DataConfig("graz-iiib", ("O3VR",)))) == 437
