"""The trash: deleted runs come back for a day, and only then."""

import io
import os
import time
from pathlib import Path

import pytest

from eegnets.config import InputError
from eegnets.run_zip import pack, unpack
from eegnets.runs import RunStore
from eegnets.trash import KEPT, Trash


@pytest.fixture
def store(tmp_path, made_run):
    return RunStore(tmp_path / "runs")


def ids(store):
    return {run.id for run in store.runs()}


def contents(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != ".lock"}


def test_a_deleted_run_is_gone_and_comes_back_as_it_was(store, made_run):
    kept, deleted = made_run(), made_run(activation="ReLU")
    deleted.annotate(name="mine")
    before = contents(deleted)
    store.delete(deleted.id)
    assert ids(store) == {kept.id}
    assert store.trash.ids() == [deleted.id]
    store.trash.restore(deleted.id)
    assert ids(store) == {kept.id, deleted.id}
    assert contents(deleted) == before
    assert store.trash.ids() == []


def test_the_last_deleted_comes_first(store, made_run):
    first, second = made_run(), made_run()
    store.delete(second.id)
    os.utime(store.trash.path / second.id, (time.time() - 60,) * 2)
    store.delete(first.id)
    assert store.trash.ids() == [first.id, second.id]


def test_after_a_day_a_run_cannot_come_back_and_the_next_deletion_frees_its_space(store, made_run):
    old, new = made_run(), made_run()
    store.delete(old.id)
    os.utime(store.trash.path / old.id, (time.time() - KEPT - 1,) * 2)
    assert store.trash.ids() == []
    with pytest.raises(InputError, match="for a day"):
        store.trash.restore(old.id)
    store.delete(new.id)
    assert [path.name for path in store.trash.path.iterdir()] == [new.id]


def test_what_another_session_takes_out_meanwhile_is_not_listed(tmp_path, monkeypatch):
    trash, scan = Trash(tmp_path), os.scandir
    for name in ("stays", "goes"):
        (tmp_path / name).touch()
        trash.put(tmp_path / name)

    def scanned(path):
        found = list(scan(path))
        (trash.path / "goes").unlink()
        return found

    monkeypatch.setattr(os, "scandir", scanned)
    assert trash.ids() == ["stays"]


def test_what_is_being_moved_is_not_let_go_by_another_session(tmp_path, monkeypatch):
    trash, file, rename = Trash(tmp_path), tmp_path / "old", Path.rename
    file.touch()
    os.utime(file, (0, 0))

    def moved_while_another_cleans(path, target):
        rename(path, target)
        Trash(tmp_path).empty(KEPT)

    monkeypatch.setattr(Path, "rename", moved_while_another_cleans)
    trash.put(file)
    assert trash.ids() == ["old"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_at_work_is_not_deleted(store, made_run, state):
    run = made_run(state)
    with pytest.raises(InputError, match=f"it is {state}. Stop it first"):
        store.delete(run.id)
    assert ids(store) == {run.id}


def test_a_run_that_somebody_holds_is_not_deleted(store, made_run):
    run = made_run()
    with run.held(), pytest.raises(InputError, match="another process"):
        store.delete(run.id)
    assert ids(store) == {run.id}


def test_a_run_does_not_come_back_over_another(store, made_run):
    run = made_run()
    store.delete(run.id)
    run.path.mkdir()
    with pytest.raises(InputError, match="there already"):
        store.trash.restore(run.id)


def test_two_who_delete_one_run_at_once_leave_it_whole_in_the_trash(store, made_run, monkeypatch):
    run, get = made_run(), store.get

    def found_before_another_deletes_it(run_id):
        found = get(run_id)
        RunStore(store.root).delete(run_id)
        return found

    monkeypatch.setattr(store, "get", found_before_another_deletes_it)
    with pytest.raises(InputError, match="unknown run"):
        store.delete(run.id)
    assert not run.path.exists()
    store.trash.restore(run.id)
    assert run.history()


def test_of_two_with_one_name_each_comes_back(store, made_run):
    run = made_run()
    run.annotate(note="hers")
    packed = pack([run])
    hers = store.delete(run.id)
    (copy,) = unpack(io.BytesIO(packed), store.root)
    copy.annotate(note="his")
    his = store.delete(run.id)
    assert {hers, his} == {*store.trash.ids()} == {run.id, f"{run.id}~2"}
    for name, note in ((his, "his"), (hers, "hers")):
        store.trash.restore(name)
        assert run.notes()["note"] == note
        store.delete(run.id)


def test_a_file_of_a_name_that_is_in_the_trash_keeps_its_kind(tmp_path):
    trash, file = Trash(tmp_path), tmp_path / "mine.npz"
    for content in ("first", "second"):
        file.write_text(content)
        trash.put(file)
    trash.restore("mine~2.npz")
    assert file.read_text() == "second"
    assert trash.ids() == ["mine.npz"]


@pytest.mark.parametrize("run_id", ["../outside", ".", "", "nothing"])
def test_only_what_is_in_the_trash_comes_back(store, made_run, run_id):
    made_run()
    with pytest.raises(InputError, match="not in the trash"):
        store.trash.restore(run_id)
