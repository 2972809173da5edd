"""The page Import, as a user meets it."""

import gc
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from eeg_files import write_edf

from eegnets import sources
from eegnets.config import DataConfig
from eegnets.sources import files
from eegnets.sources.files import read
from eegnets.ui import importing


@pytest.fixture
def opened(app):
    return app.switch_page("pages/import.py").run()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def signal():
    return 5 * np.random.default_rng(0).standard_normal((12, 2, 250))


def drop(app, name, content):
    return app.file_uploader[0].set_value((name, content, "application/octet-stream")).run()


def test_before_a_file_comes_the_page_says_what_to_do(opened):
    assert not opened.exception
    assert any("Drop a file" in box.value for box in opened.info)


def test_what_is_inside_is_shown_before_anything_is_kept(opened, tmp_path):
    drop(opened, "mine.npz", npz(signal=signal(), label=np.tile([1, 2], 6)))
    assert not opened.exception
    assert any("arrays" in text.value for text in opened.markdown)
    assert any("class" in box.value for box in opened.info)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", [b"PK half a zip", b"\x80\x04 a pickle", b""])
def test_a_file_that_is_none_is_refused_in_words(opened, content):
    drop(opened, "mine.npz", content)
    assert not opened.exception
    assert any("mine.npz" in box.value for box in opened.error)


def test_two_files_that_do_not_belong_together_are_refused(opened):
    pair = [(name, npz(signal=signal()), "application/octet-stream") for name in ("a.npz", "b.npz")]
    opened.file_uploader[0].set_value(pair).run()
    assert any("one file with its companions" in box.value for box in opened.error)


@pytest.mark.parametrize("twin", ["a.npz", "A.NPZ"])
def test_of_two_files_of_one_name_none_is_left_out_without_a_word(opened, twin):
    first, second = ((name, npz(X=signal()), "application/octet-stream") for name in ("a.npz", twin))
    opened.get("file_uploader")[0].set_value([first, second]).run()
    assert any("several of these files are called a.npz" in box.value for box in opened.error)


def test_what_is_kept_is_what_the_file_held_under_a_safe_name(opened, monkeypatch, tmp_path):
    marked = {"1": "left hand", "2": "right hand"}
    monkeypatch.setattr("eegnets.ui.importing._classes", lambda marks, *_: marked)
    X = signal()
    drop(opened, "../../<b>mine</b>.npz", npz(signal=X, label=np.tile([1, 2], 6)))
    opened.number_input(key="file_sfreq").set_value(125.0).run()
    assert not opened.exception
    assert any("12 trials" in text.value and "6 left hand, 6 right hand" in text.value for text in opened.markdown)
    next(button for button in opened.button if button.label == "Keep these trials").click().run()
    assert not opened.exception
    assert len(opened.success) == 1
    kept = sources.load(DataConfig("files"))
    np.testing.assert_allclose(kept.X, X, rtol=1e-6)
    assert kept.class_names == ("left hand", "right hand")
    assert [path.parent for path in tmp_path.rglob("*.npz")] == [tmp_path / "data" / "files"]


def test_a_missing_rate_is_asked_for_and_not_guessed(opened, monkeypatch):
    monkeypatch.setattr("eegnets.ui.importing._classes", lambda marks, *_: {"1": "left hand", "2": "right hand"})
    drop(opened, "mine.npz", npz(signal=signal(), label=np.tile([1, 2], 6)))
    assert not opened.exception
    assert any("rate" in box.value for box in opened.error)


@pytest.fixture
def imported(app, tiny_trials, tmp_path, monkeypatch):
    """The page where two imports are kept, for somebody who is alone with the app."""
    monkeypatch.setenv("EEGNETS_SHARED_CONTROL", "1")
    for name in ("左手", "second"):
        files.store(tiny_trials, name, tmp_path / "data")
    app.run()
    return app.switch_page("pages/import.py").run()


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def names(app):
    return next(group for group in app.main.get("button_group") if group.key == "imports").options


def test_imports_are_listed_with_a_way_to_their_trials(imported):
    assert names(imported) == ["second", "左手"]
    next(group for group in imported.main.get("button_group") if group.key == "imports").set_value(["左手"]).run()
    link = next(link for link in imported.main.get("page_link") if link.proto.label == "Look at the trials")
    assert link.proto.query_string == "source=files&subjects=%E5%B7%A6%E6%89%8B"


def test_a_deleted_import_comes_back(imported, tmp_path):
    before = (tmp_path / "data/files/second.npz").read_bytes()
    next(group for group in imported.main.get("button_group") if group.key == "imports").set_value(["second"]).run()
    press(imported, "Delete")
    assert names(imported) == ["左手"]
    press(imported, "Bring back second")
    assert names(imported) == ["second", "左手"]
    assert (tmp_path / "data/files/second.npz").read_bytes() == before


def test_where_many_share_the_app_nobody_deletes_what_all_use(imported, monkeypatch):
    monkeypatch.setenv("EEGNETS_SHARED_CONTROL", "0")
    next(group for group in imported.main.get("button_group") if group.key == "imports").set_value(["second"]).run()
    delete = next(button for button in imported.button if button.label == "Delete")
    assert delete.disabled
    assert "EEGNETS_SHARED_CONTROL=1" in delete.help


def test_marks_of_the_bci_competitions_have_their_classes_and_one_class_is_no_error_yet(opened):
    marks = np.tile([769, 770, 783], 4)
    drop(opened, "mine.npz", npz(signal=signal(), label=marks))
    opened.number_input(key="file_sfreq").set_value(125.0).run()
    assert not opened.exception
    assert any("4 left hand, 4 right hand, 4 of unknown class" in text.value for text in opened.markdown)
    drop(opened, "other.npz", npz(signal=signal(), label=np.tile([769, 1], 6)))
    assert not opened.error
    assert any("two marks a class" in box.value for box in opened.info)


def test_a_recording_is_filtered_where_one_asks_and_an_array_of_trials_is_not_asked(opened, monkeypatch, tmp_path):
    kept = []
    monkeypatch.setattr(
        "eegnets.ui.importing.files.read", lambda path, recipe: kept.append(recipe) or read(path, recipe)
    )
    marks = [(8.0 * i, 0, str(769 + i % 2)) for i in range(1, 5)]
    path = write_edf(tmp_path / "mine.edf", ["C3", "C4"], np.tile(signal()[0], (1, 20)), 125, marks)
    drop(opened, "mine.edf", path.read_bytes())
    assert opened.number_input(key="file_low").placeholder == "as it is"
    opened.number_input(key="file_low").set_value(0.5)
    opened.number_input(key="file_high").set_value(30.0).run()
    assert not opened.exception
    assert not opened.error
    assert (kept[-1].low, kept[-1].high) == (0.5, 30.0)
    opened.number_input(key="file_high").set_value(70.0).run()
    assert any("below half the rate of the recording, 62.5 Hz" in box.value for box in opened.error)
    drop(opened, "mine.npz", npz(signal=signal(), label=np.tile([769, 770], 6)))
    assert "file_low" not in {field.key for field in opened.number_input}


def dropped(number):
    return SimpleNamespace(name="a.npz", file_id=f"file {number}", getbuffer=lambda: b"PK")


def test_an_upload_stays_on_disk_while_a_class_uploads_too():
    folders = [Path(importing._on_disk((f"file {i}",), [dropped(i)]).name) for i in range(40)]
    assert all((folder / "a.npz").is_file() for folder in folders)


def test_an_upload_stays_on_disk_as_long_as_its_session_works_with_it(monkeypatch):
    monkeypatch.setattr(importing.st, "file_uploader", lambda *_, **__: [dropped("mine")])
    (path,) = importing.uploads("A file")
    importing._on_disk.clear()
    gc.collect()
    assert path.is_file()
