"""Measurements as files: begun in a process of their own, found again, cancelled; a damaged one is told in words."""

import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import psutil
import pytest
from test_bench import records

from eegnets import bench_folder
from eegnets.bench_folder import Measurement, arguments, begin, measurements, measuring, to_csv
from eegnets.bench_results import Case
from eegnets.cli import _parser
from eegnets.config import DataConfig, InputError

BEGIN = {
    "kind": "begin",
    "at": 1e9,
    "machine": {"processor": "Some CPU", "cores": 2, "devices": {"cpu": "Some CPU"}},
    "trials": {"n_train": 4, "n_test": 4, "n_chans": 2, "n_times": 750, "source": "simulated"},
    "seconds": 60,
    "of": 4,
}


def stored(folder, *lines, name="20260101-000000-ab"):
    """A measurement's file with these records."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Measurement(path)


def asked(pid=None):
    """The line that says whose process it is: by default this one, which is alive."""
    pid = pid or os.getpid()
    return {"kind": "asked", "at": 1e9, "owner": "me", "pid": pid, "born": psutil.Process(pid).create_time()}


def test_a_measurement_in_its_own_process_is_finished_and_found_again(tmp_path):
    lists = {"networks": ["EEGNet"], "engines": ["usual", "fused"], "devices": ["cpu"], "threads": [1]}
    found = begin(lists, DataConfig(), owner="me", root=tmp_path, rounds=1, trials=4)
    assert (found.state, found.owner) == ("measuring", "me")
    with pytest.raises(InputError, match="at work already"):
        begin(lists, DataConfig(), root=tmp_path)
    deadline = time.monotonic() + 60
    while found.state == "measuring" and time.monotonic() < deadline:
        time.sleep(0.1)
    (again,) = measurements(tmp_path)
    assert (again.id, again.state) == (found.id, "finished")
    assert [result.case.engine for result in again.results()] == ["usual", "fused"]
    table = pd.read_csv(io.StringIO(to_csv(again)))
    assert list(table["engine"]) == ["usual", "fused"]
    assert {"date", "processor", "n_train"} <= set(table.columns)


def test_cancel_ends_the_process_at_once(tmp_path):
    found = begin({}, DataConfig(), root=tmp_path, rounds=100)
    pid = found.first("asked")["pid"]
    found.cancel()
    assert found.state == "cut off"
    assert measuring(tmp_path) is None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    found.cancel()  # of what has ended: nothing


def test_of_several_presses_at_once_one_begins(tmp_path, monkeypatch):
    def start(found, words, about):
        time.sleep(0.05)  # the others press meanwhile
        stored(tmp_path, asked(), name=found.id)

    def press(_who):
        try:
            return begin({}, DataConfig(), root=tmp_path)
        except InputError as error:
            return str(error)

    monkeypatch.setattr(bench_folder, "_start", start)
    with ThreadPoolExecutor(3) as people:
        found = list(people.map(press, range(3)))
    assert len(measurements(tmp_path)) == 1
    assert sum("at work already" in str(one) for one in found) == 2


def test_what_its_process_complained_of_is_told(tmp_path):
    found = begin({"devices": ["cpu"]}, DataConfig("simulated", ("nobody",)), root=tmp_path)
    deadline = time.monotonic() + 60
    while found.state == "measuring" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found.state == "cut off"
    assert "unknown subject" in found.complaint()


def test_another_process_of_the_same_number_is_not_ours(tmp_path):
    found = stored(tmp_path, asked() | {"born": 1.0}, BEGIN)
    assert found.state == "cut off"
    found.cancel()  # would end this very test


@pytest.mark.parametrize(
    "line",
    [
        "{broken",
        "[]",
        '{"no": "kind"}',
        '{"kind": "epoch"}',
        json.dumps(records({Case(): [1]})[0] | {"round": 1, "seconds": "x"}),
        json.dumps(records({Case(): [1]})[0] | {"round": 1, "threads": "many"}),
    ],
)
def test_a_damaged_file_is_told_and_stops_nobody(tmp_path, line):
    found = stored(tmp_path, asked(), BEGIN)
    with found.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match="is damaged"):
        found.results()
    assert measuring(tmp_path) is None


def test_a_line_still_being_written_is_left_out(tmp_path):
    found = stored(tmp_path, asked(), BEGIN, *records({Case(): [1, 2]}))
    with found.path.open("a") as file:
        file.write('{"kind": "ep')
    assert [result.seconds for result in found.results()] == [2]


def test_the_newest_are_kept_and_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_folder, "KEPT", 2)
    for day in (1, 2, 3):
        stored(tmp_path, {"kind": "end"}, name=f"2020010{day}-000000-ab")
    new = begin({"engines": ["usual"]}, DataConfig(), root=tmp_path)
    new.cancel()
    assert [found.id for found in measurements(tmp_path)] == [new.id, "20200103-000000-ab"]


def test_the_words_of_its_command_are_what_was_asked():
    words = arguments(
        {"networks": ["EEGNet"], "threads": [1, 2], "devices": []}, DataConfig("x", ("A", "B")), {"trials": 8}
    )
    typed = _parser().parse_args(["bench", *words])
    assert (typed.networks, typed.threads, typed.devices) == ("EEGNet", "1,2", "")
    assert (typed.source, typed.subjects, typed.trials) == ("x", "A,B", "8")
