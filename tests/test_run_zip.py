"""Runs as a zip: the same runs on the other side, and nothing else."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
from histories import epoch_record

from eegnets import run_zip
from eegnets.config import InputError
from eegnets.run_zip import pack, unpack
from eegnets.runs import RunStore

CONFIG = '{"model": {}, "training": {}, "data": {}}'
STATUS = '{"state": "finished"}'
SHAPE = {"n_chans": 2, "n_times": 128, "sfreq": 64.0, "ch_names": ["C3", "C4"], "class_names": ["left", "right"]}


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
    weights = safetensors.torch.save({}, {"trials": json.dumps(SHAPE)})
    runs[1].save_weights(weights)
    arrived = unpack(io.BytesIO(pack(runs)), tmp_path / "there")
    assert [run.id for run in arrived] == [run.id for run in runs]
    assert RunStore(tmp_path / "there").table() == RunStore(tmp_path / "runs").table()
    assert arrived[1].weights_path.read_bytes() == weights
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


def trained(**changes):
    return json.dumps(epoch_record(1) | changes) + "\n"


def ended(**changes):
    record = epoch_record(1) | changes
    return json.dumps({"status": "finished", "seconds": 5, "last": record, "best_test": record})


def weighing(**changes):
    return safetensors.torch.save({}, {"trials": json.dumps(SHAPE | changes)})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", '{"created": "nan"}'),
        ("config.json", '{"created": "-inf"}'),
        ("config.json", '{"created": 1e300}'),
        ("config.json", json.dumps({"name": "x" * 2**19})),
        ("config.json", '{"name": "\\ud800"}'),
        ("config.json", '{"training": {"batch_size": "\\ud800"}}'),
        ("status.json", '{"state": "failed", "message": "\\ud800"}'),
        ("result.json", ended(epoch=0)),
        ("result.json", ended(epoch="7")),
        ("result.json", ended(test_accuracy=float("inf"))),
        ("result.json", ended(test_accuracy=1e300)),
        ("result.json", '{"seconds": Infinity}'),
        ("history.jsonl", trained(epoch=0)),
        ("history.jsonl", trained(epoch="7")),
        ("history.jsonl", trained(test_accuracy=1e300)),
        ("history.jsonl", trained(test_loss="low")),
        ("history.jsonl", trained(more="\ud800")),
        ("history.jsonl", '{"epoch": 1}\n'),
        ("model.safetensors", b"weights"),
        ("model.safetensors", weighing(n_chans="2")),
        ("model.safetensors", weighing(n_times=10**12)),
        ("model.safetensors", weighing(sfreq=None)),
        ("model.safetensors", weighing(class_names=5)),
        ("model.safetensors", weighing(class_names=["one", "one"])),
        ("model.safetensors", safetensors.torch.save({}, {"trials": "[1]"})),
        ("model.safetensors", safetensors.torch.save({}, {"trials": "7"})),
        ("model.safetensors", safetensors.torch.save({}, {"trials": '{"a": 1}'})),
    ],
)  # fmt: skip
def test_what_no_run_would_hold_is_refused_by_the_name_of_the_run(tmp_path, name, content):
    with pytest.raises(InputError, match="run a in this zip is damaged"):
        unpack(raw({"a/config.json": CONFIG, "a/status.json": STATUS, f"a/{name}": content}), tmp_path)
    assert everything(tmp_path) == []


def test_long_words_are_cut_and_threads_are_those_of_this_machine(tmp_path):
    files = {
        "a/config.json": json.dumps({"name": "n" * 999, "training": {"threads": 1024}}),
        "a/status.json": json.dumps({"state": "failed", "message": "m" * 9999}),
        "a/notes.json": json.dumps({"note": "o" * 9999}),
    }
    unpack(raw(files), tmp_path)
    (row,) = RunStore(tmp_path).table()
    assert (len(row["name"]), len(row["note"]), len(row["message"]), row["threads"]) == (80, 2000, 4000, None)


def test_no_more_runs_come_than_anybody_exports(tmp_path):
    many = {f"a{n}/config.json": CONFIG for n in range(201)}
    with pytest.raises(InputError, match="up to 200 runs; this one has 201"):
        unpack(raw(many), tmp_path)


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
