"""Runs as a zip: the same runs on the other side, and nothing else."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from eegnets import run_zip
from eegnets.config import InputError
from eegnets.run_zip import pack, unpack
from eegnets.runs import RunStore

CONFIG = '{"model": {}, "training": {}, "data": {}}'
STATUS = '{"state": "finished"}'


def raw(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock")


def test_runs_arrive_as_they_left(tmp_path, made_run):
    runs = [made_run(activation=name) for name in ("ELU", "ReLU")]
    runs[0].annotate(name="mine", star=True)
    runs[1].save_weights(b"weights")
    arrived = unpack(io.BytesIO(pack(runs)), tmp_path / "there")
    assert [run.id for run in arrived] == [run.id for run in runs]
    assert RunStore(tmp_path / "there").table() == RunStore(tmp_path / "runs").table()
    assert arrived[1].weights_path.read_bytes() == b"weights"
    assert arrived[0].predictions().equals(runs[0].predictions())


def test_what_only_serves_to_go_on_stays_at_home(tmp_path, made_run):
    run = made_run()
    run.save_resume(b"pickled")
    assert not any("resume" in name for name in zipfile.ZipFile(io.BytesIO(pack([run]))).namelist())
    smuggled = raw({"a/config.json": CONFIG, "a/status.json": STATUS, "a/resume.pt": b"pickled"})
    (arrived,) = unpack(smuggled, tmp_path / "there")
    assert not arrived.resume_path.exists()


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_a_run_at_work_arrives_interrupted_and_does_not_begin_by_itself(tmp_path, made_run, state):
    (arrived,) = unpack(io.BytesIO(pack([made_run(state)])), tmp_path / "there")
    assert arrived.status.state == "interrupted"


@pytest.mark.parametrize(
    "name",
    ["../config.json", "/etc/config.json", "../../a/config.json", "a/../../config.json", "a/b/config.json", ".a/x",
     "config.json", "a/evil.py", "..\\a\\config.json"],
)  # fmt: skip
def test_no_path_in_a_zip_leads_anywhere(tmp_path, name):
    root = tmp_path / "inner" / "runs"
    with pytest.raises(InputError, match="holds a folder for each run"):
        unpack(raw({name: CONFIG}), root)
    assert everything(tmp_path) == []


def test_unknown_files_beside_a_run_are_left_where_they_are(tmp_path):
    files = {"a/config.json": CONFIG, "a/status.json": STATUS, "a/evil.py": "", "a/../b.txt": "", "c/notes.json": "{}"}
    unpack(raw(files), tmp_path)
    assert everything(tmp_path) == ["a", "a/config.json", "a/status.json"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a/config.json": "{ not json", "a/status.json": STATUS}, "no readable config.json"),
        ({"a/config.json": '{"format": 99}', "a/status.json": STATUS}, "newer version"),
        ({"a/config.json": CONFIG}, "status.json cannot be read"),
        ({"a/config.json": CONFIG, "a/status.json": STATUS, "a/history.jsonl": "{]\n"}, "damaged line"),
        ({"a/config.json": CONFIG, "a/status.json": STATUS, "a/result.json": '{"last": 3}'}, "not as expected"),
    ],
)
def test_a_damaged_run_is_told_and_nothing_arrives(tmp_path, files, words):
    whole = {"b/config.json": CONFIG, "b/status.json": STATUS}
    with pytest.raises(InputError, match=words):
        unpack(raw(whole | files), tmp_path)
    assert everything(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04cut"])
def test_what_is_no_zip_is_told(tmp_path, content):
    with pytest.raises(InputError, match="no zip file"):
        unpack(io.BytesIO(content), tmp_path)


def test_a_bit_that_fell_over_is_noticed(tmp_path, made_run):
    run = made_run()
    run.save_weights(bytes(range(256)) * 40)
    content = bytearray(pack([run]))
    where = content.rfind(b"model.safetensors", 0, content.rfind(b"PK\x01\x02")) + 40
    content[where] ^= 255
    with pytest.raises((InputError,)):
        unpack(io.BytesIO(bytes(content)), tmp_path / "there")
    assert everything(tmp_path / "there") == []


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(run_zip, "LIMIT", 2**20)
    bomb = raw({"a/config.json": CONFIG, "a/status.json": STATUS, "a/history.jsonl": b"0" * 2**21})
    assert len(bomb.getvalue()) < 2**13
    with pytest.raises(InputError, match="take 2 MB; at most 1 MB"):
        unpack(bomb, tmp_path)
    assert everything(tmp_path) == []


def test_a_run_that_is_here_is_not_written_over(tmp_path, made_run):
    run = made_run()
    packed = pack([run])
    run.annotate(note="precious")
    with pytest.raises(InputError, match="here already"):
        unpack(io.BytesIO(packed), tmp_path / "runs")
    assert run.notes()["note"] == "precious"
    assert json.loads((run.path / "status.json").read_text())["state"] == "finished"


def test_two_who_bring_the_same_runs_in_at_once_do_not_harm_each_other(tmp_path, made_run, monkeypatch):
    packed, there, settle = pack([made_run(), made_run()]), tmp_path / "there", run_zip._settle
    first = []

    def settled(run, owner):
        if not first:
            first.append(run)
            first.append(unpack(io.BytesIO(packed), there, "bob"))
        settle(run, owner)

    monkeypatch.setattr(run_zip, "_settle", settled)
    with pytest.raises(InputError, match="here already"):
        unpack(io.BytesIO(packed), there, "ada")
    assert {run.about()["owner"] for run in RunStore(there).runs()} == {"bob"}
    assert len(RunStore(there).runs()) == 2
    assert not list(there.glob(".new*"))


def test_a_disk_that_fails_is_told_and_no_run_arrives(tmp_path, made_run, monkeypatch):
    packed, there, rename = pack([made_run(), made_run()]), tmp_path / "there", Path.rename

    def fails_at_the_second(path, target):
        if len(RunStore(there).runs()) == 1:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails_at_the_second)
    with pytest.raises(InputError, match="No space left on device"):
        unpack(io.BytesIO(packed), there)
    assert not RunStore(there).runs()


def test_a_run_belongs_to_who_brings_it_in(tmp_path, made_run):
    run = made_run()
    (run.path / "config.json").write_text(json.dumps(run.about() | {"owner": "ada"}))
    (arrived,) = unpack(io.BytesIO(pack([run])), tmp_path / "there", "bob")
    assert arrived.about() == run.about() | {"owner": "bob"}


def test_wherever_a_zip_is_damaged_it_is_refused_and_nothing_arrives(tmp_path):
    whole = raw({"a/config.json": CONFIG, "a/status.json": STATUS, "a/predictions.csv": "trial,label\n" * 999}).read()
    compressed = whole.index(b"predictions.csv") + len("predictions.csv")
    for place in range(compressed, compressed + 12):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        with pytest.raises(InputError, match="no zip file that can be read"):
            unpack(io.BytesIO(damaged), tmp_path)
    assert everything(tmp_path) == []
