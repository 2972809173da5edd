"""The same runs on a Dask cluster: a real scheduler and two real workers on this machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import torch

from eegnets import experiment
from eegnets.cluster import ClusterWorkers
from eegnets.config import DataConfig, InputError, ModelConfig, RunConfig, TrainingConfig
from eegnets.runner import Runner, make_workers
from eegnets.runs import RunStore

CONFIG = RunConfig(DataConfig("simulated", ("A",)), ModelConfig(), TrainingConfig(epochs=2, batch_size=256, threads=1))
GRID = [CONFIG.with_(activation=name) for name in ("ELU", "ReLU", "Tanh")]  # one more than there are workers


def wait_until(true, seconds=120):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def figures(run):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in run.history()]


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two workers of one thread each."""
    pytest.importorskip("distributed", reason="a cluster is needed: pip install -r requirements-cluster.txt")
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    port, quiet = address.rsplit(":")[-1], {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
    processes = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{command}", *flags], env=environment, **quiet)
        for command, flags in (
            ("dask_scheduler", ["--port", port, "--no-dashboard"]),
            ("dask_worker", [address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]),
        )
    ]
    yield address
    for process in reversed(processes):
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def runner(scheduler, monkeypatch, tmp_path):
    monkeypatch.setenv("EEGNETS_SCHEDULER", scheduler)
    made = Runner(RunStore(tmp_path / "runs"))
    assert isinstance(made.workers, ClusterWorkers)
    wait_until(lambda: made.workers.count() == 2)
    yield made
    made.shutdown()


def test_a_sweep_survives_the_death_of_a_worker_and_equals_one_made_here(runner, tmp_path):
    runs = runner.submit_group(GRID)
    wait_until(lambda: any(run.history() and run.status.state == "running" for run in runs))
    hunted = next(run for run in runs if run.history() and run.status.state == "running")
    os.kill(int(hunted.status.worker.rsplit(":")[-1]), signal.SIGKILL)
    wait_until(lambda: all(run.status.state == "finished" for run in runs))
    threads = torch.get_num_threads()
    for config, run in zip(GRID, runs, strict=True):
        here = RunStore(tmp_path / "here").create(config)
        experiment.execute(here)
        assert figures(here) == figures(run)
    torch.set_num_threads(threads)


def test_who_asks_the_cluster_may_hold_what_the_end_of_a_run_needs(runner, tmp_path):
    """As the queue does: it holds its lock while it counts the workers, and takes it when a run has ended."""
    lock, ended, counted = threading.Lock(), threading.Event(), []

    def at_the_end(_future):
        ended.set()
        with lock:
            pass

    with lock:
        runner.workers.start(tmp_path / "no run").add_done_callback(at_the_end)
        assert ended.wait(60)
        asking = threading.Thread(target=lambda: counted.append(runner.workers.count()), daemon=True)
        asking.start()
        asking.join(10)
        assert counted == [2]


def test_the_command_line_does_not_change(scheduler, tmp_path):
    command = [sys.executable, "-m", "eegnets", "train", "--subjects", "A", "--epochs", "2", "--batch-size", "256"]
    environment = os.environ | {"EEGNETS_SCHEDULER": scheduler, "EEGNETS_RUNS": str(tmp_path / "runs")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    run = RunStore(tmp_path / "runs").get(done.stdout.strip().splitlines()[-1])
    assert (run.status.state, len(run.history())) == ("finished", 2)
    assert "epoch 2/2" in done.stderr


@pytest.mark.parametrize("address", ["garbage", "tcp://somewhere", "host:port"])
def test_an_address_without_a_port_is_refused_at_once(address):
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match=r"such as tcp://host:8786; got"):
        ClusterWorkers(address)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("eegnets.cluster.PATIENCE", 0.2)
    monkeypatch.setenv("EEGNETS_SCHEDULER", "tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="no Dask scheduler answers at EEGNETS_SCHEDULER"):
        make_workers()


def test_a_scheduler_that_went_away_has_no_workers_and_is_not_waited_for(monkeypatch):
    class Client:
        """As Dask's, which looks for its scheduler again for some seconds before it closes."""

        status = "running"

        def __init__(self, address, **_):
            pass

        def get_executor(self, **_):
            pass

        def scheduler_info(self, **_):
            assert self.status == "running", "it waits"
            return {"workers": {"one": {}, "two": {}}}

    pytest.importorskip("distributed")
    monkeypatch.setattr("distributed.Client", Client)
    workers = ClusterWorkers("tcp://127.0.0.1:9")
    assert workers.count() == 2
    workers._client.status = "connecting"
    assert workers.count() == 0


def test_without_dask_the_repair_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install -r requirements-cluster\.txt"):
        ClusterWorkers("tcp://127.0.0.1:9")


def test_resources_that_are_none_are_refused(scheduler, monkeypatch):
    monkeypatch.setenv("EEGNETS_RESOURCES", "GPU")
    with pytest.raises(InputError, match="EEGNETS_RESOURCES takes NAME=AMOUNT"):
        ClusterWorkers(scheduler)
