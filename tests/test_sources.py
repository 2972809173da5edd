"""What every source owes, and the one way to load them: checked, and cached."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pooch
import pytest

from eegnets import sources
from eegnets.config import DataConfig, InputError, Setting
from eegnets.sources import SOURCES, SourceError
from eegnets.sources.base import Source, State, listing

every_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


@every_source
def test_a_source_says_what_it_is(source):
    assert SOURCES[source.name] is source
    for text in (source.title, source.about, source.licence, source.cite, source.size):
        assert text.strip() == text != ""
    assert all(isinstance(who, str) and who for who in source.subjects)


@every_source
@pytest.mark.parametrize("root", ["empty", "absent", "a file"])
def test_state_never_raises(source, root, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").touch()
    state = source.state(tmp_path / root)
    assert state.state in ("ready", "fetch", "manual")
    assert state.how.endswith(".")
    assert bool(state.subjects) == (state.state == "ready")


@every_source
def test_state_never_raises_where_the_folder_may_not_be_read(source, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "iterdir", denied)
    assert source.state(tmp_path).how


@every_source
def test_options_have_defaults_that_pass_their_own_check(source):
    assert all(isinstance(rule, Setting) and rule.help for rule in source.options.values())
    assert source.check_options({}) == {name: rule.default for name, rule in source.options.items()}


@every_source
def test_an_unknown_option_is_refused(source):
    words = f"unknown option of {source.name} 'nonsense'" if source.options else "has no options; got 'nonsense'"
    with pytest.raises(InputError, match=words):
        source.check_options({"nonsense": 1})


@every_source
def test_what_is_ready_loads_and_what_is_not_says_how(source, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    config = DataConfig(source.name)
    state = source.state(tmp_path)
    if state.state != "ready":
        with pytest.raises(SourceError, match="There are no trials of") as problem:
            sources.load(config)
        assert state.how in str(problem.value)
        return
    trials = sources.load(config)
    assert trials.subjects == state.subjects
    assert set(trials.split) == {"train", "test"}
    assert len(set(zip(trials.subject.tolist(), trials.number.tolist(), strict=True))) == len(trials)


def denied(self, *args, **kwargs):
    raise PermissionError(13, "Permission denied", str(self))


class Fake(Source):
    """One file, one number in it, which scales the trials."""

    name, title, about, licence, cite, size = "fake", "Fake", "About.", "None", "Nobody", "1 byte"
    subjects = ("A", "B")
    options = {"gain": Setting("Gain", "Times this.", low=0.0, high=9.0, kind=float, default=1.0, name="gain")}  # noqa: RUF012

    def __init__(self, trials):
        self.trials, self.loads = trials, 0

    def state(self, root):
        here = (root / "fake.txt").exists()
        return State("ready", "Here.", ("A", "guest")) if here else State("manual", "Write fake.txt.")

    def files(self, root, subjects):
        return [root / "fake.txt"]

    def load(self, root, subjects, gain):
        self.loads += 1
        scale = gain * float((root / "fake.txt").read_text())
        return replace(self.trials.of_subjects(["A"]), X=self.trials.of_subjects(["A"]).X * scale)


@pytest.fixture
def fake(tiny_trials, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fake.txt").write_text("1")
    source = Fake(tiny_trials)
    monkeypatch.setitem(SOURCES, "fake", source)
    return source


def cache_files():
    return sorted((Path(pooch.os_cache("eegnets")) / "trials").glob("*"))


def test_an_unknown_source_is_refused_with_the_list():
    with pytest.raises(
        InputError, match=r"unknown source 'graz-iib'; choose from .*graz-iiib.* Did you mean 'graz-iiib'"
    ):
        sources.check(DataConfig("graz-iib"))


def test_an_unknown_subject_is_refused_with_the_list(fake):
    with pytest.raises(InputError, match="unknown subject of fake 'C'; choose from A, B, guest"):
        sources.check(DataConfig("fake", ("C",)))


def test_a_subject_that_only_the_files_know_is_taken(fake):
    assert sources.check(DataConfig("fake", ("guest",))).subjects == ("guest",)


def test_a_subject_whose_files_are_not_here_is_named(fake):
    with pytest.raises(SourceError, match="Fake: the files of B are not here"):
        sources.check(DataConfig("fake", ("A", "B")))


def test_check_makes_subjects_and_options_explicit(fake):
    config = sources.check(DataConfig("fake"))
    assert (config.subjects, config.options) == (("A", "guest"), {"gain": 1.0})


def test_an_option_out_of_bounds_is_refused(fake):
    with pytest.raises(InputError, match="gain takes a number from 0 to 9; got 10"):
        sources.check(DataConfig("fake", options={"gain": 10}))


def test_the_second_load_comes_out_of_the_cache(fake):
    first, second = sources.load(DataConfig("fake")), sources.load(DataConfig("fake"))
    assert fake.loads == 1
    assert np.array_equal(first.X, second.X)


def test_a_changed_file_is_read_again(fake, tmp_path):
    before = sources.load(DataConfig("fake"))
    (tmp_path / "data" / "fake.txt").write_text("2")
    assert np.array_equal(sources.load(DataConfig("fake")).X, 2 * before.X)


def test_a_touched_file_is_read_again(fake, tmp_path):
    sources.load(DataConfig("fake"))
    os.utime(tmp_path / "data" / "fake.txt", (1, 1))
    sources.load(DataConfig("fake"))
    assert fake.loads == 2


def test_other_options_are_other_trials(fake):
    plain, louder = (sources.load(DataConfig("fake", options={"gain": gain})) for gain in (1, 2))
    assert np.array_equal(louder.X, 2 * plain.X)


def test_a_newer_version_of_a_source_leaves_old_caches_alone(fake, monkeypatch):
    sources.load(DataConfig("fake"))
    monkeypatch.setattr(Fake, "version", 2)
    sources.load(DataConfig("fake"))
    assert fake.loads == 2


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "another npz", "a single array"])
def test_a_damaged_cache_is_made_anew(fake, damage):
    whole = sources.load(DataConfig("fake"))
    (cached,) = cache_files()
    content = cached.read_bytes()
    with cached.open("wb") as file:
        if damage == "cut":
            file.write(content[: len(content) // 2])
        elif damage == "text":
            file.write(b"not a cache")
        elif damage == "another npz":
            np.savez(file, other=np.zeros(3))
        elif damage == "a single array":
            np.save(file, np.zeros(3))
    assert np.array_equal(sources.load(DataConfig("fake")).X, whole.X)
    assert fake.loads == 2
    sources.load(DataConfig("fake"))
    assert fake.loads == 2, "and the cache is whole again"


def test_a_cache_that_cannot_be_written_only_costs_time(fake, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert len(sources.load(DataConfig("fake"))) == 20
    assert len(sources.load(DataConfig("fake"))) == 20
    assert fake.loads == 2


def test_the_cache_keeps_the_newest_sixteen(fake):
    for gain in np.linspace(0, 9, 20):
        sources.load(DataConfig("fake", options={"gain": gain}))
    assert len(cache_files()) == 16


def test_a_file_that_vanishes_is_named(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(Fake, "files", lambda self, root, subjects: [root / "gone.txt"])
    with pytest.raises(SourceError, match=r"gone\.txt cannot be read \(No such file or directory\)"):
        sources.load(DataConfig("fake"))


def test_the_data_root_is_what_the_environment_says_or_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    assert sources.data_root() == tmp_path
    monkeypatch.setenv("EEGNETS_DATA", "")
    assert sources.data_root() == Path(pooch.os_cache("eegnets")) / "data"


def test_listing_is_empty_where_there_is_no_folder(tmp_path):
    assert listing(tmp_path / "absent") == frozenset()
    (tmp_path / "file").touch()
    assert listing(tmp_path) == {"file"}


def test_listing_names_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(SourceError, match=r"cannot be read \(Permission denied\)"):
        listing(tmp_path)


def test_a_subject_named_twice_comes_once():
    """Twice the same trials would be copies on both sides of a split."""
    assert sources.check(DataConfig("simulated", ("B", "A", "B"))).subjects == ("B", "A")
