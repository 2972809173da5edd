"""The command line: what it prints and where, its exit codes, and one clear sentence for whatever is wrong."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graz_files import write_labels

from eegnets.cli import main
from eegnets.config import SETTINGS, InputError, RunConfig
from eegnets.runs import STATES, RunStore
from eegnets.sources import SOURCES
from eegnets.workers import THREAD_MANNERS

TRAIN = ["train", "--source", "course-npz", "--epochs", "3", "--batch-size", "8", "--device", "cpu", "--threads", "1"]


class Here:
    """Two empty folders of one's own, for data and for runs, that every command looks at."""

    def __init__(self, root):
        self.data, self.runs = root / "data", root / "runs"
        self.store = RunStore(self.runs)

    def write(self, name="S4b_train", **arrays):
        """A course file: 20 trials of 64 samples, or what is given."""
        path = self.data / "course-npz" / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **(arrays or course()))
        return path

    def left(self):
        """Names of everything in the folder of runs."""
        return sorted(path.name for path in self.runs.iterdir()) if self.runs.exists() else []


def course():
    """Trials whose class is a 10 Hz rhythm on one channel or the other, as a course file has them."""
    rng = np.random.default_rng(0)
    label, signal = np.arange(20) % 2, rng.standard_normal((20, 64, 2))
    signal[np.arange(20), :, label] += 3 * np.sin(2 * np.pi * 10 * np.arange(64) / 125)
    return {"signal": signal, "label": label + 1}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Empty folders of data and runs, named by the environment alone."""
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EEGNETS_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("EEGNETS_SCHEDULER", raising=False)
    for name, value in THREAD_MANNERS.items():
        monkeypatch.setenv(name, value)
    return Here(tmp_path)


@pytest.fixture
def ready(here):
    """The course files of one person are here."""
    here.write("S4b_train")
    here.write("S4b_test")
    return here


def command(*arguments):
    """A process of its own, as a user starts it."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *arguments], env=environment, **pipes)


def complaint(capsys):
    """The one line that a refused command says, and nothing but it."""
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("eegnets: ")
    assert said.err.count("\n") == 1, said.err
    return said.err.removeprefix("eegnets: ").rstrip()


# Training


def test_a_run_ends_with_its_id_on_stdout_after_a_line_an_epoch_on_stderr(ready):
    process = command("-m", "eegnets", *TRAIN)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    (run,) = ready.store.runs()
    assert out == f"{run.id}\n"
    assert [line.split("  ")[0] for line in err.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    last = run.history()[-1]
    for fold in ("train", "validation", "test"):
        assert f"{fold} {last[f'{fold}_accuracy']:.3f} (loss {last[f'{fold}_loss']:.3f})" in err.splitlines()[-1]


def test_json_prints_the_result_and_nothing_else(ready, capsys):
    assert main([*TRAIN, "--json"]) == 0
    (run,) = ready.store.runs()
    assert json.loads(capsys.readouterr().out) == json.loads((run.path / "result.json").read_text())


def test_a_folder_of_runs_can_be_named(ready, tmp_path, capsys):
    assert main([*TRAIN, "--epochs", "1", "--runs", str(tmp_path / "elsewhere")]) == 0
    assert ready.left() == []
    assert RunStore(tmp_path / "elsewhere").get(capsys.readouterr().out.strip()).status.state == "finished"


FLAGS = {
    "source": "course-npz",
    "subjects": "S4b",
    "model": "EEGNet",
    "activation": "LeakyReLU",
    "negative_slope": "0.2",
    "alpha": "2",
    "dropout": "0.1",
    "instruments": "true",
    "max_norm": "true",
    "learning_rate": "0.02",
    "weight_decay": "0.3",
    "epochs": "1",
    "batch_size": "4",
    "validation": "0.3",
    "momentum": "0.5",
    "seed": "3",
    "device": "cpu",
    "threads": "1",
    "keep": "last",
}


def flags(chosen):
    return [text for key, value in chosen.items() for text in (f"--{key.replace('_', '-')}", value)]


def test_every_setting_has_a_flag_that_reaches_the_run(ready):
    asked = {name: FLAGS.get(rule.key) or rule.choices[-1] for name, rule in SETTINGS.items()}
    assert main(["train", *flags({SETTINGS[name].key: value for name, value in asked.items()})]) == 0
    (run,) = ready.store.runs()
    assert run.config == RunConfig().with_(**asked)
    as_ever = {name for name, rule in SETTINGS.items() if asked[name] == str(rule.default)}
    assert as_ever == {"name"}, "trials this short are for EEGNet alone"


def test_a_switch_may_stand_alone(ready):
    assert main([*TRAIN, "--epochs", "1", "--max-norm"]) == 0
    assert ready.store.runs()[0].config.model.max_norm is True


def test_an_option_of_the_source_reaches_the_run_or_is_refused(here, capsys, monkeypatch, tiny_trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials)
    assert main(["train", "--epochs", "1", "--option", "difficulty=0.25"]) == 0
    assert here.store.runs()[0].config.data.options["difficulty"] == 0.25
    capsys.readouterr()
    assert main(["train", "--option", "difficulty"]) == 2
    assert complaint(capsys) == "--option takes NAME=VALUE; got 'difficulty'."


def test_a_training_that_diverges_exits_1_with_the_remedy(ready, capsys):
    diverging = {"optimizer": "SGD", "learning_rate": "100", "weight_decay": "10", "epochs": "50"}
    assert main([*TRAIN, *flags(diverging)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "try a learning rate of 10 instead of 100" in said.err.splitlines()[-1]
    assert ready.store.runs()[0].status.state == "failed"


def test_ctrl_c_stops_the_run_in_a_word_and_it_can_go_on(ready):
    process = command("-m", "eegnets", *TRAIN, "--epochs", "10000")
    assert process.stderr.readline().startswith("epoch 1/10000")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.splitlines()[-1]) == (1, "", "eegnets: stopped")
    assert "Traceback" not in err
    (run,) = ready.store.runs()
    assert (run.status.state, run.result()["status"]) == ("stopped", "stopped")
    assert run.resume_path.exists()


# Steering


def test_a_waiting_run_is_paused_resumed_and_then_over(ready, capsys):
    run = ready.store.create(RunConfig().with_(source="course-npz", epochs=2, threads=1))
    assert main(["pause", run.id]) == 0
    assert run.status.state == "paused"
    assert main(["resume", run.id]) == 0
    assert capsys.readouterr().out == f"{run.id}\n"
    assert (run.status.state, len(run.history())) == ("finished", 2)
    for name in ("pause", "stop", "resume"):
        assert main([name, run.id]) == 2
        assert run.id in complaint(capsys)


@pytest.mark.parametrize("name", ["pause", "stop", "resume"])
@pytest.mark.parametrize("run_id", ["20260101-000000-none", "..", "/etc", "", "a" * 300])
def test_a_run_that_is_not_there_is_refused(here, capsys, name, run_id):
    here.runs.mkdir()
    assert main([name, run_id]) == 2
    assert f"unknown run {run_id!r}" in complaint(capsys)


# Where what is told goes


class Full(io.StringIO):
    """A file that takes nothing, as a closed pipe or a full disk."""

    def write(self, text):
        raise OSError(errno.EPIPE, "Broken pipe")


def test_training_goes_on_where_nobody_listens(ready, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Full())
    assert main(TRAIN) == 0
    (run,) = ready.store.runs()
    assert capsys.readouterr().out == f"{run.id}\n"
    assert run.status.state == "finished"


def test_an_output_that_nobody_takes_is_told_in_words(here):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([sys.executable, "-m", "eegnets", "sources"], stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 1
    assert ended.stderr.decode() == "eegnets: the output cannot be written (No space left on device).\n"


def test_another_fault_of_the_system_is_not_blamed_on_the_output(here, monkeypatch, capsys):
    def broken(_root):
        raise OSError(errno.EIO, "Input/output error", "disk")

    monkeypatch.setattr("eegnets.sources.simulated.Simulated.state", lambda self, root: broken(root))
    assert main(["sources"]) == 1
    told = complaint(capsys)
    assert "Input/output error" in told
    assert "output cannot be written" not in told


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(here, made_run, tmp_path, monkeypatch, capsys):
    made_run()
    assert main(["export", "runs.csv", "--out", str(tmp_path / "x.csv")]) == 0
    before = (tmp_path / "x.csv").read_bytes()

    def full(_descriptor, _other):
        raise OSError(errno.ENOSPC, "No space left on device")

    made_run()
    monkeypatch.setattr(Path, "replace", full)
    assert main(["export", "runs.csv", "--out", str(tmp_path / "x.csv")]) == 2
    assert (tmp_path / "x.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


@pytest.mark.parametrize("name", [["train"], ["resume"]])
def test_a_cluster_that_does_not_answer_leaves_no_run_that_waits(ready, made_run, monkeypatch, capsys, name):
    def none(_address):
        raise InputError("no Dask scheduler answers")

    monkeypatch.setenv("EEGNETS_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr("eegnets.cluster.ClusterWorkers", none)
    left = [] if name == ["train"] else [made_run("stopped")]
    arguments = TRAIN if name == ["train"] else ["resume", left[0].id]
    assert main(arguments) == 2
    assert "no Dask scheduler" in complaint(capsys)
    assert [run.status.state for run in ready.store.runs()] == ["stopped"] * len(left)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", ["train", "resume"])
def test_a_command_has_the_cluster_carry_out_its_own_run_alone(ready, made_run, monkeypatch, capsys, name):
    monkeypatch.setenv("EEGNETS_SCHEDULER", "tcp://127.0.0.1:9")
    others = ready.store.create(RunConfig())
    arguments = TRAIN if name == "train" else ["resume", made_run("stopped").id]
    assert main(arguments) == 0
    run = ready.store.get(capsys.readouterr().out.splitlines()[-1])
    assert (run.status.state, others.status.state) == ("finished", "queued")


# Sources, fetch, runs


def test_sources_lists_every_source_and_what_to_do(ready, capsys):
    assert main(["sources"]) == 0
    out = capsys.readouterr().out
    for source in SOURCES.values():
        assert f"{source.name:12} {source.state(ready.data).state}" in out
        assert source.state(ready.data).how in out


def test_sources_as_json_say_what_is_ready(ready, capsys):
    assert main(["sources", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(SOURCES)
    assert all({"name", "title", "state", "licence", "size"} <= set(row) for row in rows.values())
    assert rows["course-npz"]["state"] == "ready"
    assert rows["course-npz"]["subjects"] == ["S4b"]


def test_fetch_copies_from_a_folder_and_prints_what_it_brought(ready, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "other"))
    assert main(["fetch", "course-npz", "--from", str(ready.data / "course-npz")]) == 0
    said = capsys.readouterr()
    names = [tmp_path / "other" / "course-npz" / name for name in ("S4b_test.npz", "S4b_train.npz")]
    assert sorted(map(Path, said.out.splitlines())) == names
    assert said.err == ""
    assert SOURCES["course-npz"].state(tmp_path / "other").subjects == ("S4b",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["course-nps"], "unknown source 'course-nps'; choose from .* Did you mean 'course-npz'"),
        (["simulated"], "needs no fetch"),
        (["scp1", "--subjects", "A"], "leave --subjects out"),
        (["physionet-mi", "--subjects", "S001,S999"], "unknown subject of physionet-mi 'S999'"),
        (["course-npz"], "no address on the net"),
        (["course-npz", "--from", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_fetched_is_refused(here, capsys, arguments, message):
    assert main(["fetch", *arguments]) == 2
    assert re.search(message, complaint(capsys))
    assert not here.data.exists()


def test_no_run_yet_says_how_to_begin(here, capsys):
    assert main(["runs"]) == 0
    assert "python -m eegnets train" in capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_runs_lists_scores_and_a_damaged_run_hides_no_other(here, made_run, capsys):
    whole, broken = made_run("finished", 3, learning_rate=0.5), made_run("finished", 3)
    (broken.path / "config.json").write_text("{")
    assert main(["runs"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert set(lines) == {whole.id, broken.id}
    assert lines[whole.id] == "finished     last 0.700  chosen on validation 0.600  best test 0.700"
    assert lines[broken.id] == "damaged"
    assert main(["runs", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[whole.id].items() >= {"state": "finished", "model": "EEGNet", "learning_rate": 0.5, "last": 0.7}.items()
    assert {row["state"] for row in rows.values()} <= set(STATES)


# Whatever is wrong: exit 2, one sentence, nothing half-written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "graz"], "unknown source 'graz'; choose from simulated, .*Did you mean 'graz-iiib'"),
        (["--source", "graz-iiib"], "There are no trials of"),
        (["--model", "EEGNett"], "unknown network 'EEGNett'; choose from EEGNet, DeepConvNet.*Did you mean 'EEGNet'"),
        (["--activation", "elu"], "unknown activation 'elu'; choose from .*Did you mean 'ELU'"),
        (["--subjects", "S4b,S5"], "unknown subject of course-npz 'S5'; choose from S4b"),
        (["--subjects", "X11b"], "the files of X11b are not here"),
        (["--epochs", "0"], "epochs takes a whole number from 1 to 10000; got '0'"),
        (["--epochs", "many"], "epochs takes a whole number from 1 to 10000; got 'many'"),
        (["--learning-rate", "-1"], "learning_rate takes a number from 1e-07 to 100; got '-1'"),
        (["--learning-rate", "nan"], "learning_rate takes .* got 'nan'"),
        (["--batch-size", "2.5"], "batch_size takes a whole number .* got '2.5'"),
        (["--dropout", "1"], r"dropout takes a number from 0 to 0.95 \(or nothing\); got '1'"),
        (["--optimizer", "adam"], "unknown optimiser 'adam'; choose from Adam, .* Did you mean 'Adam'"),
        (["--max-norm", "perhaps"], "max_norm takes true or false; got 'perhaps'"),
        (["--device", "tpu"], "unknown device 'tpu'; choose from auto, cpu, cuda, mps"),
        (["--device", "cuda"], "device 'cuda' is not on this machine; it has cpu"),
        (["--option", "gain=2"], "course-npz has no options; got 'gain'"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_written(ready, capsys, monkeypatch, arguments, message):
    for device in ("torch.cuda.is_available", "torch.backends.mps.is_available"):
        monkeypatch.setattr(device, lambda: False)
    assert main([*TRAIN, *arguments]) == 2
    assert re.search(message, complaint(capsys))
    assert ready.left() == []


@pytest.mark.parametrize("arguments", [[], ["trane"], ["train", "--colour", "red"], ["fetch"], ["resume"]])
def test_an_unknown_command_or_flag_exits_2_with_the_usage(here, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m eegnets" in capsys.readouterr().err


def course_with(**changes):
    return lambda here: here.write(**course() | changes)


def cut_short(here):
    path = here.write()
    path.write_bytes(path.read_bytes()[:-2000])


def no_gdf(here):
    folder = here.data / "graz-iiib"
    folder.mkdir(parents=True)
    (folder / "O3VR.gdf").write_text("<html>404 Not Found</html>")
    write_labels(folder / "true_labels_O3VR.txt")


def pickled(here):
    here.write(signal=course()["signal"], label=np.array([Bomb()] * 20, dtype=object))


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("exploded"),)


BAD_FILES = {
    "cut short": (cut_short, "damaged or cut short"),
    "wrong keys": (lambda here: here.write(X=course()["signal"], y=course()["label"]), "holds X, y where signal and"),
    "wrong shape": (course_with(signal=np.zeros((20, 64, 3))), r"shape \(20, 64, 3\)"),
    "unequal lengths": (course_with(label=np.arange(19) % 2 + 1), "20 trials in signal but 19 entries in label"),
    "three classes": (course_with(label=np.arange(20) % 3), "holds the classes 0, 1, 2; two are needed"),
    "one class": (course_with(label=np.ones(20)), "holds the classes 1; two are needed"),
    "all missing": (course_with(signal=np.full((20, 64, 2), np.nan)), r"every sample of C3 is missing \(NaN\)"),
    "no trials": (course_with(signal=np.zeros((0, 64, 2)), label=np.zeros(0)), "it is empty"),
    "too short": (course_with(signal=course()["signal"][:, :20]), "EEGNet takes n_times of 32 samples or more; got 20"),
    "a pickled object": (pickled, "is a pickled Python object"),
    "no recording": (no_gdf, r"O3VR\.gdf"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_data_that_cannot_be_used_is_refused_in_one_sentence(here, capsys, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    make, message = BAD_FILES[case]
    make(here)
    source = "graz-iiib" if case == "no recording" else "course-npz"
    assert main([*TRAIN, "--source", source]) == 2
    assert_only_whole_runs_that_failed(here, message, complaint(capsys))
    assert not (tmp_path / "exploded").exists()


def assert_only_whole_runs_that_failed(here, message, said):
    assert re.search(message, said)
    assert here.left() == [run.id for run in here.store.runs()]
    for run in here.store.runs():
        assert (run.status.state, run.status.message) == ("failed", said)
        assert run.result() == {
            "status": "failed",
            "seconds": 0,
            "last": None,
            "best_validation": None,
            "best_test": None,
        }
        assert not list(run.path.glob(".*partial*"))


@pytest.mark.real
@pytest.mark.parametrize("name", ["S4b", "X11b"])
def test_a_real_course_file_cut_after_a_mebibyte_is_refused(data_root, here, capsys, name):
    (here.data / "course-npz").mkdir(parents=True)
    cut = data_root / "course-npz-excerpt" / f"{name}_train.npz.part"
    if not cut.exists():
        pytest.skip(f"{cut} is needed")
    (here.data / "course-npz" / f"{name}_train.npz").symlink_to(cut)
    assert main(TRAIN) == 2
    assert_only_whole_runs_that_failed(here, r"cut short .*1,048,576 bytes are here", complaint(capsys))


def test_a_data_folder_that_may_not_be_read_is_named(ready, capsys, monkeypatch):
    def denied(self):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", denied)
    assert main(TRAIN) == 2
    assert re.search(rf"{ready.data}.* cannot be read \(Permission denied\)", complaint(capsys))
    monkeypatch.undo()
    assert ready.left() == []


def a_file(here, monkeypatch):
    here.runs.write_text("not a folder")


def read_only(here, monkeypatch):
    plain = Path.mkdir

    def denied(self, *arguments, **keywords):
        if here.runs in (self, self.parent):
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        plain(self, *arguments, **keywords)

    monkeypatch.setattr(Path, "mkdir", denied)


def full(here, monkeypatch):
    def no_space(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", no_space)


@pytest.mark.parametrize(
    ("hinder", "reason"), [(a_file, "File exists"), (read_only, "Permission denied"), (full, "No space left on device")]
)
def test_a_folder_of_runs_that_cannot_be_written_is_named_with_the_repair(ready, capsys, monkeypatch, hinder, reason):
    hinder(ready, monkeypatch)
    assert main(TRAIN) == 2
    said = complaint(capsys)
    assert f"cannot write to the runs folder {ready.runs} ({reason})" in said
    assert "--runs" in said
    assert ready.runs.is_file() or ready.left() == []


# As a process


LIGHT = """
import sys
from eegnets.cli import main
codes = [main(["sources"]), main(["runs"]), main(["train", "--epochs", "0"])]
print(codes, "torch" in sys.modules)
"""


def test_what_needs_no_network_does_not_wait_for_torch(here):
    out, _ = command("-c", LIGHT).communicate(timeout=60)
    assert out.splitlines()[-1] == "[0, 0, 2] False"


def test_the_exit_code_reaches_the_shell(here):
    process = command("-m", "eegnets", "train", "--epochs", "0")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == "eegnets: epochs takes a whole number from 1 to 10000; got '0'.\n"


@pytest.mark.parametrize("name", ["sources", "fetch", "train", "runs", "pause", "stop", "resume", "sweep", "report"])
def test_every_command_explains_its_flags(capsys, name):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    if name == "train":
        assert all(f"--{rule.key.replace('_', '-')} " in out for rule in SETTINGS.values())
    else:
        assert f"usage: python -m eegnets {name}" in out
