"""MOABB's data sets: how their answers become trials, and what happens where the package is absent."""

import os

import numpy as np
import pandas as pd
import pytest

from eegnets import sources
from eegnets.config import DataConfig, InputError
from eegnets.sources import SOURCES, SourceError
from eegnets.sources import moabb as module
from eegnets.sources.moabb import cut

SOURCE = SOURCES["moabb"]


def answer(sessions, runs):
    """As MOABB answers: signal with one sample too many, labels, a table."""
    n = len(sessions)
    X = np.random.default_rng(0).standard_normal((n, 2, 751))
    labels = np.array(["left_hand", "right_hand"] * n)[:n]
    return X, labels, pd.DataFrame({"subject": 1, "session": sessions, "run": runs})


@pytest.fixture
def absent(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """A data root whose MOABB answers without a net, and what it was asked."""
    asked = []

    def recorded(who, recordings):
        asked.append((who, recordings))
        return answer(["0train"] * 4 + ["1test"] * 2, ["0"] * 6)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(module, "_recorded", recorded)
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    return tmp_path, asked


@pytest.mark.parametrize(
    ("sessions", "runs", "n_test"),
    [
        (["0train", "1train", "2test", "3test"], "0000", 2),
        (["0", "0", "0", "1"], "0101", 1),
        (["0", "0", "0", "0"], "0111", 3),
    ],
    ids=["sessions called test", "the last session", "the last run"],
)
def test_what_is_tested_on_was_recorded_last(sessions, runs, n_test):
    trials = cut("Set-1", *answer(sessions, list(runs)))
    assert trials.split.tolist() == ["train"] * (4 - n_test) + ["test"] * n_test


def test_a_trial_has_the_shape_of_a_graz_trial_and_the_class_it_was_given():
    X, labels, runs = answer(["0", "1", "1"], ["0"] * 3)
    trials = cut("Set-1", X, labels, runs)
    assert (trials.n_times, trials.sfreq, trials.ch_names) == (750, 125.0, ("C3", "C4"))
    assert np.array_equal(trials.X, X[:, :, :750].astype(np.float32))
    assert [trials.class_names[c] for c in trials.y] == ["left hand", "right hand", "left hand"]


def test_without_moabb_the_source_says_what_installs_it_and_the_others_go_on(absent, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    state = SOURCE.state(tmp_path)
    assert (state.state, state.subjects) == ("manual", ())
    assert "pip install -r requirements-moabb.txt" in state.how
    with pytest.raises(SourceError, match=r"need MOABB: install it with `pip install -r requirements-moabb\.txt`"):
        SOURCE.fetch(tmp_path)
    assert len(sources.load(DataConfig("simulated", ("A",)))) == 1080


def test_a_fetch_brings_the_next_people_of_the_first_set(brought):
    root, asked = brought
    seen = []
    SOURCE.fetch(root, progress=lambda *step: seen.append(step))
    SOURCE.fetch(root)
    assert [who for who, _ in asked] == [f"BNCI2014_004-{n}" for n in (1, 2, 3, 4)]
    assert {recordings for _, recordings in asked} == {root / "moabb" / "recordings"}
    assert [name for name, done, size in seen if done == size > 0] == ["BNCI2014_004-1.npz", "BNCI2014_004-2.npz"]
    assert sources.load(DataConfig("moabb")).subjects == SOURCE.state(root).subjects


def test_people_of_another_set_are_brought_by_name_from_a_folder(brought, tmp_path):
    root, asked = brought
    SOURCE.fetch(root, from_dir=tmp_path / "mne_data", subjects=("Zhou2016-3",))
    assert asked == [("Zhou2016-3", tmp_path / "mne_data")]
    assert SOURCE.state(root).subjects == ("Zhou2016-3",)


def test_trials_once_brought_load_without_moabb(brought, monkeypatch):
    root, _ = brought
    SOURCE.fetch(root, subjects=("Zhou2016-3",))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert SOURCE.state(root).state == "ready"
    assert len(sources.load(DataConfig("moabb", ("Zhou2016-3",)))) == 6


def test_a_damaged_file_is_named(brought):
    root, _ = brought
    (path,) = SOURCE.fetch(root, subjects=("Zhou2016-3",))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceError, match=r"Zhou2016-3\.npz cannot be read .* Delete it and fetch it again"):
        SOURCE.load(root, ("Zhou2016-3",))


# With the package itself


@pytest.fixture
def made(monkeypatch, tmp_path):
    """MOABB's own made-up data set in its list."""
    fake = pytest.importorskip("moabb.datasets.fake", reason="MOABB is optional: requirements-moabb.txt")
    monkeypatch.setenv("_MNE_FAKE_HOME_DIR", str(tmp_path))  # MNE's settings are the user's
    kinds = ("left_hand", "right_hand")
    one = fake.FakeDataset(kinds, n_sessions=2, n_runs=2, n_subjects=2, duration=120, n_events=12, seed=1)
    monkeypatch.setattr(module, "data_sets", lambda: {"Fake": one})
    return one


def test_moabbs_own_made_up_set_becomes_trials(made, tmp_path):
    SOURCE.fetch(tmp_path, subjects=("Fake-1", "Fake-2"))
    trials = SOURCE.load(tmp_path, ("Fake-1", "Fake-2"))
    assert trials.X.shape[1:] == (2, 750)
    assert np.isfinite(trials.X).all()
    assert trials.of_split("train").subjects == trials.of_split("test").subjects == ("Fake-1", "Fake-2")
    assert set(trials.y) == {0, 1}
    assert "MNE_DATA" not in os.environ


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ("Fale-1", "unknown data set of MOABB 'Fale'; choose from Fake. Did you mean 'Fake'"),
        ("Fake-7", "unknown person of Fake '7'; choose from 1, 2"),
        ("Fake", "unknown data set of MOABB ''"),
        ("../x-1", "unknown data set of MOABB '../x'"),
    ],
)
def test_a_set_or_person_that_moabb_has_not_is_refused_with_the_list(made, who, message, tmp_path):
    with pytest.raises(InputError, match=message.replace(".", r"\.").replace("?", r"\?")):
        SOURCE.fetch(tmp_path, subjects=(who,))


def test_a_set_that_cannot_be_had_is_told_in_words(made, monkeypatch, tmp_path):
    monkeypatch.setattr(type(made), "get_data", lambda *args, **keywords: 1 / 0)
    with pytest.raises(SourceError, match="Fake-1 cannot be had with MOABB"):
        SOURCE.fetch(tmp_path, subjects=("Fake-1",))


def test_the_set_that_comes_first_is_in_moabbs_list():
    pytest.importorskip("moabb", reason="MOABB is optional: requirements-moabb.txt")
    people = module.data_sets()[module.FIRST].subject_list
    assert [f"{module.FIRST}-{n}" for n in people] == list(SOURCE.subjects)
