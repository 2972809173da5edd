"""The course's .npz files: what is taken, and how what is wrong is named."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from eegnets import sources
from eegnets.config import DataConfig
from eegnets.sources import SOURCES, SourceError
from eegnets.sources.course_npz import read_npz

SOURCE = SOURCES["course-npz"]
MUCH = 2**40


def course(n=8, n_times=20, seed=0, low=1):
    rng = np.random.default_rng(seed)
    return {"signal": rng.standard_normal((n, n_times, 2)), "label": np.arange(n) % 2 + low}


def save(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate(("S4b_train", "S4b_test", "X11b_train", "X11b_test")):
        save(tmp_path / "course-npz" / f"{name}.npz", **course(seed=seed))
    return tmp_path


def test_a_file_is_read_as_channels_by_samples(tmp_path):
    arrays = course()
    X, y = read_npz(save(tmp_path / "S4b_train.npz", **arrays))
    assert (X.dtype, y.dtype) == (np.float32, np.int64)
    assert np.array_equal(X, arrays["signal"].transpose(0, 2, 1).astype(np.float32))
    assert np.array_equal(y, arrays["label"] - 1)


def test_an_open_file_is_read_as_a_path_is(tmp_path):
    path = save(tmp_path / "a.npz", **course())
    X, _ = read_npz(io.BytesIO(path.read_bytes()))
    assert np.array_equal(X, read_npz(path)[0])


@pytest.mark.parametrize("low", [0, 1])
@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.float32, np.float64])
def test_labels_count_from_0_or_1_in_any_number_type(tmp_path, low, kind):
    arrays = course(low=low)
    path = save(tmp_path / "a.npz", signal=arrays["signal"], label=arrays["label"].astype(kind))
    assert np.array_equal(read_npz(path)[1], np.arange(8) % 2)


def test_a_column_of_labels_and_a_compressed_file_are_as_good(tmp_path):
    arrays = course()
    np.savez_compressed(tmp_path / "a.npz", signal=arrays["signal"], label=arrays["label"][:, None])
    assert np.array_equal(read_npz(tmp_path / "a.npz")[1], np.arange(8) % 2)


def test_channels_may_come_before_samples(tmp_path):
    arrays = course()
    turned = save(tmp_path / "a.npz", signal=arrays["signal"].transpose(0, 2, 1), label=arrays["label"])
    assert np.array_equal(read_npz(turned)[0], read_npz(save(tmp_path / "b.npz", **arrays))[0])


def test_gaps_and_what_no_float_holds_are_missing(tmp_path):
    arrays = course()
    arrays["signal"][0, :3, 0] = [np.nan, np.inf, 1e300]
    X, _ = read_npz(save(tmp_path / "a.npz", **arrays))
    assert np.isnan(X[0, 0, :3]).all()
    assert np.isnan(X).sum() == 3


def test_all_four_files_make_two_subjects(root):
    trials = SOURCE.load(root, ("S4b", "X11b"))
    assert (len(trials), trials.n_chans, trials.n_times, trials.sfreq) == (32, 2, 20, 125.0)
    for who in ("S4b", "X11b"):
        mine = trials.of_subjects([who])
        assert mine.number.tolist() == list(range(1, 17))
        assert mine.split.tolist() == ["train"] * 8 + ["test"] * 8
    assert SOURCE.state(root).subjects == ("S4b", "X11b")
    assert SOURCE.state(root).state == "ready"


def test_a_subject_may_have_training_trials_alone(root):
    (root / "course-npz" / "S4b_test.npz").unlink()
    assert set(SOURCE.load(root, ("S4b",)).split) == {"train"}
    assert SOURCE.state(root).subjects == ("S4b", "X11b")


def test_test_trials_alone_are_not_enough(root):
    (root / "course-npz" / "S4b_train.npz").unlink()
    state = SOURCE.state(root)
    assert state.subjects == ("X11b",)
    assert "S4b would come so" in state.how


def test_files_directly_in_the_data_root_are_found(tmp_path):
    save(tmp_path / "S4b_train.npz", **course())
    assert len(SOURCE.load(tmp_path, ("S4b",))) == 8


def test_any_other_pair_is_a_subject_too(tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    save(tmp_path / "course-npz" / "my_own_train.npz", **course(n=5, n_times=33))
    config = DataConfig("course-npz", ("my_own",))
    assert sources.load(config).subjects == ("my_own",)
    assert sources.load(config).X.shape == (5, 2, 33)


def test_nothing_here_says_what_to_put_where(tmp_path):
    state = SOURCE.state(tmp_path)
    assert (state.state, state.subjects) == ("manual", ())
    assert "S4b_train.npz" in state.how
    assert str(tmp_path / "course-npz") in state.how


def test_a_test_file_of_another_length_is_not_its_pair(root):
    save(root / "course-npz" / "S4b_test.npz", **course(n_times=21))
    with pytest.raises(SourceError, match=r"S4b_test\.npz does not go with its training file.* 21 samples.* 20"):
        SOURCE.load(root, ("S4b",))


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("exploded"),)


def with_object(**arrays):
    box = np.empty(8, dtype=object)
    box[0] = Bomb()
    return {**arrays, "label": box}


BAD = {
    "wrong keys": ({"X": np.zeros(3), "y": np.zeros(3)}, r"holds X, y where signal and label are expected"),
    "one key": ({"signal": np.zeros((3, 4, 2))}, r"holds signal where signal and label"),
    "two dimensions": (
        {**course(), "signal": np.zeros((8, 20))},
        r"signal has the shape \(8, 20\) where \(trials, samp",
    ),
    "three channels": ({**course(), "signal": np.zeros((8, 20, 3))}, r"\(8, 20, 3\) where .* 2 channels\) is expected"),
    "zero trials": (course(n=0), r"signal has the shape \(0, 20, 2\): it is empty"),
    "zero samples": (course(n_times=0), r"signal has the shape \(8, 0, 2\): it is empty"),
    "labels too few": ({**course(), "label": np.array([1, 2])}, r"8 trials in signal but 2 entries in label"),
    "labels in a table": ({**course(), "label": np.ones((8, 3))}, r"label has the shape \(8, 3\)"),
    "no label at all": ({**course(), "label": np.float64(1)}, r"label has the shape \(\)"),
    "three classes": ({**course(), "label": np.arange(8) % 3 + 1}, r"classes 1, 2, 3; two are needed, 1 left and 2 r"),
    "one class": ({**course(), "label": np.ones(8)}, r"label holds the classes 1; two are needed"),
    "other numbers": (
        {**course(), "label": np.arange(8) % 2 * 2 - 1},
        r"label holds the classes -1, 1; two are needed",
    ),
    "missing label": ({**course(), "label": np.r_[np.nan, course()["label"][1:]]}, r"classes 1, 2, nan"),
    "words": ({**course(), "label": np.array(["left", "right"] * 4)}, r"label holds <U5 where numbers are expected"),
    "complex": ({**course(), "signal": np.zeros((8, 20, 2), complex)}, r"signal holds complex128 where numbers"),
    "all missing": ({**course(), "signal": np.full((8, 20, 2), np.nan)}, r"every sample of C3 is missing"),
    "a pickled object": (with_object(**course()), r"label is a pickled Python object.* not opened"),
    "a pickled extra": ({**course(), "notes": np.array([Bomb()])}, r"notes is a pickled Python object"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_content_is_named_with_the_file(case, tmp_path, monkeypatch):
    arrays, message = BAD[case]
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path / "S4b_train.npz", **arrays)
    with pytest.raises(SourceError, match=message) as problem:
        read_npz(path)
    assert str(path) in str(problem.value)
    assert not Path("exploded").exists(), "a pickled object was run"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is not an \.npz file: it begins with b''"),
        (b"trial,label\n1,2\n", r"is not an \.npz file: it begins with b'trial,la'"),
        (pickle.dumps({"signal": 1}), r"is not an \.npz file"),
        (b"PK", r"is damaged or cut short"),
        (b"PK\x03\x04 and then nothing of the kind", r"is damaged or cut short \(.*; 33 bytes are here\)"),
    ],
    ids=["empty", "text", "pickle", "two bytes", "a zip's beginning"],
)
def test_what_is_no_npz_is_told_from_one_that_is_cut(content, message, tmp_path):
    path = tmp_path / "S4b_train.npz"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_npz(path)


def test_a_file_cut_anywhere_is_refused(tmp_path):
    whole = save(tmp_path / "a.npz", **course()).read_bytes()
    for size in range(0, len(whole), 37):
        with pytest.raises(SourceError):
            read_npz(io.BytesIO(whole[:size]))


def test_a_file_with_any_byte_changed_is_refused_or_read_as_it_was(tmp_path):
    path = save(tmp_path / "a.npz", **course())
    whole, (X, y) = path.read_bytes(), read_npz(path)
    for at in range(len(whole)):
        harmed = bytearray(whole)
        harmed[at] ^= 1 + at % 255
        try:
            got = read_npz(io.BytesIO(harmed))
        except SourceError:
            continue
        assert np.array_equal(got[0], X)
        assert np.array_equal(got[1], y)


def test_a_file_that_would_unpack_to_more_than_memory_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.sources.course_npz.MAX_BYTES", 10_000)
    np.savez_compressed(tmp_path / "a.npz", signal=np.zeros((8, 2000, 2)), label=np.arange(8) % 2)
    assert (tmp_path / "a.npz").stat().st_size < 2000
    with pytest.raises(SourceError, match=r"would unpack to 25\d,\d{3} bytes; at most 10,000 are read"):
        read_npz(tmp_path / "a.npz")


def test_a_header_that_claims_more_than_the_file_holds_is_refused_before_memory_is_asked_for(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (MUCH, 20, 2)})
    label = io.BytesIO()
    np.save(label, course()["label"])
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("signal.npy", header.getvalue())
        archive.writestr("label.npy", label.getvalue())
    with pytest.raises(
        SourceError, match=r"signal claims the shape \(1099511627776, 20, 2\), more than the file holds"
    ):
        read_npz(tmp_path / "a.npz")


def test_a_zip_of_other_things_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("signal", b"no array")
        archive.writestr("readme.txt", b"hello")
    with pytest.raises(SourceError, match="holds nothing where signal and label are expected"):
        read_npz(tmp_path / "a.npz")


def test_a_file_that_may_not_be_read_is_named(root, monkeypatch):
    def denied(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(SourceError, match=r"S4b_train\.npz cannot be read \(Permission denied\)"):
        SOURCE.load(root, ("S4b",))


def test_fetch_copies_the_pairs_of_a_folder(root, tmp_path):
    seen = []
    target = tmp_path / "elsewhere"
    (root / "course-npz" / "notes.npz").write_bytes(b"not a pair")
    copied = SOURCE.fetch(target, from_dir=root / "course-npz", progress=lambda *step: seen.append(step))
    assert sorted(file.name for file in copied) == [
        f"{who}_{s}.npz" for who in ("S4b", "X11b") for s in ("test", "train")
    ]
    assert SOURCE.state(target).subjects == ("S4b", "X11b")
    assert {name for name, done, size in seen if done == size > 0} == {file.name for file in copied}


def test_fetch_takes_another_data_root_as_well(root, tmp_path):
    SOURCE.fetch(tmp_path / "elsewhere", from_dir=root)
    assert SOURCE.state(tmp_path / "elsewhere").state == "ready"


def test_fetch_of_a_damaged_file_copies_nothing(root, tmp_path):
    cut = root / "course-npz" / "X11b_train.npz"
    cut.write_bytes(cut.read_bytes()[:500])
    with pytest.raises(SourceError, match=r"X11b_train\.npz is damaged or cut short"):
        SOURCE.fetch(tmp_path / "elsewhere", from_dir=root)
    assert not list((tmp_path / "elsewhere").rglob("*.npz"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "absent", r"absent is not a folder"),
        (lambda folder: folder, r"has no file like S4b_train\.npz"),
        (lambda folder: None, r"have no address on the net\. Put S4b_train\.npz"),
    ],
    ids=["no folder", "empty folder", "no folder given"],
)
def test_fetch_without_files_says_what_is_needed(make, message, tmp_path):
    with pytest.raises(SourceError, match=message):
        SOURCE.fetch(tmp_path / "root", from_dir=make(tmp_path))


@pytest.mark.real
@pytest.mark.parametrize("name", ["S4b_train", "S4b_test", "X11b_train", "X11b_test"])
def test_a_real_file_cut_after_a_mebibyte_is_refused(data_root, name, tmp_path):
    part = data_root / "course-npz-excerpt" / f"{name}.npz.part"
    with part.open("rb") as file, pytest.raises(SourceError, match=r"cut short .*1,048,576 bytes are here.*6,484,788"):
        read_npz(file)


@pytest.mark.real
def test_real_trials_in_the_course_format_are_read_with_their_gaps(data_root, tmp_path):
    with np.load(data_root / "course-npz-excerpt" / "first87.npz") as excerpt:
        signal = excerpt["S4b_train"]
    X, _ = read_npz(save(tmp_path / "a.npz", signal=signal, label=np.arange(len(signal)) % 2 + 1))
    assert X.shape == (87, 2, 750)
    assert np.isnan(X).sum(axis=(0, 2)).tolist() == [257, 217]
    assert np.nanstd(X) == pytest.approx(8.5, abs=1)
