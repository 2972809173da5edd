"""The queue: fair, never twice, and no run is lost with its worker."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future

import psutil
import pytest

from eegnets.config import DataConfig, InputError, ModelConfig, RunConfig, TrainingConfig
from eegnets.run_folder import Run, RunError
from eegnets.runner import Runner
from eegnets.runs import RunStore
from eegnets.workers import LocalWorkers, WorkerKilled, default_count


class Hands:
    """Workers without a process: a run is done when the test says so."""

    threads = 1

    def __init__(self, count=1):
        self._count = count
        self.begun = []
        self.work = {}

    def count(self):
        return self._count

    def start(self, path):
        assert len(self.work) < self._count
        run = Run(path)
        run.set_status("running")
        self.begun.append(run.id)
        self.work[run.id] = Future()
        return self.work[run.id]

    def finish(self, run):
        run.finish("finished")
        self.work.pop(run.id).set_result(None)

    def hand_over(self, run):
        run.set_status("queued")
        self.work.pop(run.id).set_result(True)

    def kill(self, run):
        self.work.pop(run.id).set_exception(WorkerKilled("Its worker process was killed."))

    def shutdown(self):
        pass


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture
def serve(store):
    """A maker of runners over one folder of runs, closed after the test."""
    made = []

    def make(workers):
        made.append(Runner(store, workers))
        return made[-1]

    yield make
    for runner in made:
        runner.shutdown()


CONFIG = RunConfig(DataConfig("simulated", ("A",)), ModelConfig(), TrainingConfig(epochs=2, batch_size=256))


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_run_begins_at_once_and_the_next_when_it_ends(serve):
    hands = Hands()
    runner = serve(hands)
    first, second = runner.submit(CONFIG), runner.submit(CONFIG)
    assert (hands.begun, runner.waiting()) == ([first.id], [second.id])
    hands.finish(first)
    assert (hands.begun, runner.waiting()) == ([first.id, second.id], [])


def test_a_group_knows_itself_and_its_owner(serve):
    runs = serve(Hands()).submit_group([CONFIG, CONFIG.with_(activation="ReLU")], owner="ada")
    groups = {run.about()["group"] for run in runs}
    assert len(groups) == 1
    assert "" not in groups
    assert {run.about()["owner"] for run in runs} == {"ada"}


def test_who_comes_back_to_the_queue_stands_at_its_end(serve):
    hands = Hands()
    runner = serve(hands)
    runs = runner.submit_group([CONFIG.with_(seed=seed) for seed in range(3)], in_step=True)
    for _ in range(2):
        for run in runs:
            assert hands.begun[-1] == run.id
            hands.hand_over(run)
    assert hands.begun == 2 * [run.id for run in runs] + [runs[0].id]


def test_a_run_alone_is_no_group(serve):
    assert serve(Hands()).submit(CONFIG).about()["group"] == ""


def test_fifty_runs_of_ten_owners_take_fair_turns_and_none_comes_twice(serve, store):
    hands = Hands(2)
    runner = serve(hands)
    for owner in "abcdefghij":
        for _ in range(5):
            runner.submit(CONFIG, owner=owner)
    owners = {run.id: run.about()["owner"] for run in store.runs()}
    while hands.work:
        hands.finish(Run(store.root / next(iter(hands.work))))
    assert len(hands.begun) == len(set(hands.begun)) == 50
    # The first owner's first two began before anybody else had come; from then on, turns.
    for turn in range(1, 5):
        begun = Counter(owners[run_id] for run_id in hands.begun[: 10 * turn + 2])
        assert max(begun.values()) - min(begun[owner] for owner in "abcdefghij") <= 2
    assert {run.status.state for run in store.runs()} == {"finished"}


def test_what_another_program_left_in_the_queue_is_taken_up(serve, store):
    hands = Hands()
    serve(hands)
    left = store.create(CONFIG)
    wait_until(lambda: hands.begun == [left.id])


def test_a_runner_of_some_runs_leaves_the_others_to_others(store):
    first, others, paused = (store.create(CONFIG) for _ in range(3))
    paused.pause()
    hands = Hands(9)
    runner = Runner(store, hands, only=[first.id])
    runner.resume(paused.id)
    own = runner.submit(CONFIG)
    assert (set(hands.begun), runner.waiting()) == ({first.id, paused.id, own.id}, [])
    runner.shutdown()
    assert others.status.state == "queued"


def test_a_run_whose_worker_was_killed_reads_interrupted_and_the_queue_goes_on(serve):
    hands = Hands()
    runner = serve(hands)
    first, second = runner.submit(CONFIG), runner.submit(CONFIG)
    hands.kill(first)
    assert first.status.state == "interrupted"
    assert "killed" in first.status.message
    assert hands.begun == [first.id, second.id]
    runner.resume(first.id)
    assert (first.status.state, runner.waiting()) == ("queued", [first.id])


def test_a_run_that_training_ended_before_its_worker_died_keeps_its_end(serve):
    hands = Hands()
    run = serve(hands).submit(CONFIG)
    run.finish("finished")
    hands.kill(run)
    assert run.status.state == "finished"


def test_a_run_that_somebody_works_on_is_not_interrupted_when_the_connection_is_lost(serve):
    hands = Hands()
    run = serve(hands).submit(CONFIG)
    with run.held():  # as its worker does, on the far side of the connection
        hands.kill(run)
    assert run.status.state == "running"


@pytest.mark.parametrize("fault", ["history", "disk"])
def test_a_killed_run_that_cannot_be_read_or_written_holds_nobody_up(serve, monkeypatch, fault):
    hands = Hands()
    runner = serve(hands)
    first, second = runner.submit(CONFIG), runner.submit(CONFIG)
    if fault == "history":
        (first.path / "history.jsonl").write_text("{]\n{}\n")
    else:
        monkeypatch.setattr(Run, "set_status", full_disk)
    monkeypatch.setattr(Hands, "start", lambda self, path: self.begun.append(path.name) or Future())
    hands.kill(first)
    assert hands.begun == [first.id, second.id]
    runner.shutdown()


def full_disk(*_anything):
    raise OSError("the disk is full")


def test_closing_the_app_leaves_a_run_that_somebody_still_works_on(serve):
    runner = serve(Hands())
    run = runner.submit(CONFIG)
    with run.held():  # as a worker of a cluster does
        runner.shutdown()
    assert run.status.state == "running"


def test_closing_the_app_interrupts_what_is_in_work_and_leaves_the_queue(serve):
    runner = serve(Hands())
    first, second = runner.submit(CONFIG), runner.submit(CONFIG)
    runner.shutdown()
    assert (first.status.state, second.status.state) == ("interrupted", "queued")


def test_a_stopped_run_leaves_the_queue(serve):
    hands = Hands()
    runner = serve(hands)
    first, second, third = (runner.submit(CONFIG) for _ in range(3))
    second.stop()
    hands.finish(first)
    assert hands.begun == [first.id, third.id]


def test_one_damaged_run_in_the_queue_holds_nobody_up(serve, store):
    hands = Hands()
    runner = serve(hands)
    first, damaged, third = (runner.submit(CONFIG) for _ in range(3))
    (damaged.path / "config.json").write_text("{")
    runner._tickets.clear()
    hands.finish(first)
    assert hands.begun == [first.id, third.id]


def test_the_expected_start_follows_the_measured_pace(serve, epoch_line):
    runner = serve(Hands())
    first, second, third = (runner.submit(CONFIG.with_(epochs=10)) for _ in range(3))
    assert runner.starts() == {}
    for epoch in (1, 2):
        first.append(epoch_line(epoch))  # half a second each
    assert runner.starts() == {second.id: pytest.approx(4.0), third.id: pytest.approx(9.0)}


def test_no_start_is_expected_without_a_worker_and_a_damaged_run_does_not_count(serve, epoch_line):
    hands = Hands()
    runner = serve(hands)
    first, damaged, third = (runner.submit(CONFIG.with_(epochs=10)) for _ in range(3))
    first.append(epoch_line(1))
    (damaged.path / "history.jsonl").write_text("{]\n{}\n")
    assert runner.starts()[third.id] == pytest.approx(4.5)
    hands._count = 0
    hands.finish(first)
    assert runner.waiting() == [damaged.id, third.id]
    assert runner.starts() == {}


@pytest.fixture
def epoch_line():
    figures = dict.fromkeys(("train_loss", "validation_loss", "test_loss"), 0.5)
    figures |= dict.fromkeys(("train_accuracy", "validation_accuracy", "test_accuracy"), 0.5)
    return lambda epoch: {"epoch": epoch, "seconds": 0.5, "learning_rate": 1e-3, "weight_decay": 0.01, **figures}


def test_more_runs_than_one_owner_may_have_are_refused_whole(serve, store, monkeypatch):
    monkeypatch.setenv("EEGNETS_OWNER_LIMIT", "3")
    runner = serve(Hands())
    runner.submit_group([CONFIG, CONFIG], owner="ada")
    with pytest.raises(InputError, match="2 more would make 4 runs of yours that wait or train; at most 3"):
        runner.submit_group([CONFIG, CONFIG], owner="ada")
    assert len(store.runs()) == 2
    runner.submit_group([CONFIG, CONFIG], owner="bob")
    assert len(store.runs()) == 4


def test_an_experiment_in_step_begins_as_one_run_and_then_counts_whole(serve, store, monkeypatch):
    monkeypatch.setenv("EEGNETS_OWNER_LIMIT", "2")
    runner = serve(Hands())
    runner.submit(CONFIG, owner="ada")
    runner.submit_group([CONFIG.with_(seed=seed) for seed in range(5)], owner="ada", in_step=True)
    assert len(store.runs()) == 6
    with pytest.raises(InputError, match="1 more would make 7 runs"):
        runner.submit_group([CONFIG, CONFIG], owner="ada", in_step=True)


@pytest.mark.parametrize("step", [False, True])
def test_who_has_as_many_runs_as_allowed_cannot_resume_another(serve, monkeypatch, step):
    monkeypatch.setenv("EEGNETS_OWNER_LIMIT", "2")
    runner = serve(Hands())
    rests, *_others = runner.submit_group([CONFIG, CONFIG], owner="ada")[::-1]
    rests.pause()
    runner.submit(CONFIG, owner="ada")
    with pytest.raises(InputError, match="at most 2"):
        runner.resume(rests.id, step=step)
    assert rests.status.state == "paused"


def test_a_run_keeps_the_number_of_threads_it_was_queued_with(serve):
    hands = Hands()
    hands.threads = 3
    assert serve(hands).submit(CONFIG).config.training.threads == 3
    assert serve(Hands()).submit(CONFIG.with_(threads=2)).config.training.threads == 2


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (6, 6), (64, 8)])
def test_threads_of_all_workers_together_never_exceed_the_cores(monkeypatch, cores, workers):
    monkeypatch.delenv("EEGNETS_WORKERS")
    made = LocalWorkers(cores=cores)
    made.shutdown()
    assert made.count() * made.threads <= cores
    assert default_count(cores) == workers


def test_one_worker_comes_with_the_program_and_a_second_with_a_second_run(tmp_path, monkeypatch):
    def hold(path):  # without what a run needs: torch takes a second in every process
        Run(path).set_status("running")
        time.sleep(60)

    monkeypatch.setattr("eegnets.workers._warm_up", os.getpid)
    monkeypatch.setattr("eegnets.workers.work", hold)
    family = psutil.Process()
    before = {process.pid for process in family.children()}
    runner = Runner(RunStore(tmp_path / "runs"), LocalWorkers(3, cores=3))

    def workers():
        return len({one.pid for one in family.children() if "popen_loky_posix" in " ".join(one.cmdline())} - before)

    try:
        for count in (1, 2):
            run = runner.submit(CONFIG)
            wait_until(lambda run=run: run.status.state == "running", 20)
            assert workers() == count
    finally:
        runner.shutdown()


def test_a_run_whose_worker_cannot_be_started_just_now_waits_on(tmp_path, monkeypatch):
    monkeypatch.setattr("eegnets.runner.AGAIN", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(LocalWorkers, "_make_ready", lambda _workers: None)  # its process would not be used
        made, left = LocalWorkers(1, cores=1), [OSError("no memory")]

    class Full:
        def submit(self, *_):
            raise left.pop()

    made._idle.append(Full())
    runner = Runner(RunStore(tmp_path / "runs"), made)
    try:
        run = runner.submit(CONFIG.with_(epochs=1))
        wait_until(lambda: run.status.state == "finished", 60)
    finally:
        runner.shutdown()
    assert not left


def test_a_worker_whose_thread_cannot_be_started_just_now_is_replaced(tmp_path, monkeypatch):
    class Full:
        def submit(self, *_):
            raise RuntimeError("can't start new thread")

    pools = []
    monkeypatch.setattr(LocalWorkers, "_new_pool", lambda _: pools.append(Full()) or pools[-1])
    made = LocalWorkers(1, cores=1)
    assert isinstance(made.start(tmp_path).exception(), WorkerKilled)
    assert (len(pools), made._idle) == (3, pools[-1:])


def test_whatever_keeps_a_worker_from_starting_the_queue_goes_on(serve, monkeypatch, caplog):
    monkeypatch.setattr("eegnets.runner.LOOK", 0.02)
    monkeypatch.setattr("eegnets.runner.AGAIN", 0.1)
    hands, left, start = Hands(), [RuntimeError("can't start new thread")], Hands.start
    monkeypatch.setattr(Hands, "start", lambda self, path: fail(left.pop()) if left else start(self, path))
    runner = serve(hands)
    first, second = runner.submit(CONFIG), runner.submit(CONFIG)
    assert (hands.begun, runner.waiting()) == ([second.id], [first.id])
    assert first.id in caplog.text
    hands.finish(second)
    wait_until(lambda: hands.begun == [second.id, first.id])


def test_a_look_at_the_queue_that_fails_is_told_and_not_the_last(serve, store, monkeypatch, caplog):
    monkeypatch.setattr("eegnets.runner.LOOK", 0.02)
    hands, left, active = Hands(), [RuntimeError("something")], store.active
    serve(hands)
    monkeypatch.setattr(store, "active", lambda: fail(left.pop()) if left else active())
    run = store.create(CONFIG)
    wait_until(lambda: hands.begun == [run.id])
    assert "something" in caplog.text


def fail(error):
    raise error


@pytest.mark.parametrize("text", ["two", "-1", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("EEGNETS_WORKERS", text)
    with pytest.raises(InputError, match="EEGNETS_WORKERS takes a whole number"):
        default_count(2)


@pytest.fixture(scope="module")
def local(tmp_path_factory, warm_workers):
    """A runner with one real worker process."""
    runner = Runner(RunStore(tmp_path_factory.mktemp("local") / "runs"), warm_workers)
    yield runner
    runner.shutdown()


def worker_of(run):
    return int(run.status.worker.rsplit(":")[-1])


def test_a_killed_worker_is_noticed_at_once_replaced_and_its_run_goes_on(local):
    run, behind = local.submit(CONFIG.with_(epochs=3)), local.submit(CONFIG.with_(epochs=1))
    wait_until(lambda: run.history())
    began = time.monotonic()
    os.kill(worker_of(run), signal.SIGKILL)
    wait_until(lambda: run.status.state == "interrupted", 5)
    assert time.monotonic() - began < 5
    assert "killed" in run.status.message
    wait_until(lambda: behind.status.state == "finished")
    local.resume(run.id)
    wait_until(lambda: run.status.state == "finished")
    assert [record["epoch"] for record in run.history()] == [1, 2, 3]


def test_a_worker_killed_while_idle_is_replaced(local):
    first = local.submit(CONFIG.with_(epochs=1))
    wait_until(lambda: first.status.state == "finished")
    os.kill(worker_of(first), signal.SIGKILL)
    second = local.submit(CONFIG.with_(epochs=1))
    wait_until(lambda: second.status.state in ("finished", "interrupted"))
    assert second.status.state == "finished" or local.resume(second.id) is None
    wait_until(lambda: second.status.state == "finished")


def test_stop_is_obeyed_within_half_a_second_of_the_next_batch(local):
    run = local.submit(CONFIG.with_(epochs=1000))
    wait_until(lambda: run.history())
    run.stop()
    wait_until(lambda: run.status.state == "stopped", 10)
    assert run.result()["status"] == "stopped"


def test_two_runners_on_one_folder_never_begin_a_run_twice(tmp_path):
    store, begun = RunStore(tmp_path / "runs"), []

    class Claiming(Hands):
        """Begins a run as a worker does: under its lock."""

        def start(self, path):
            ended = Future()
            threading.Thread(target=self._work, args=(Run(path), ended)).start()
            return ended

        def _work(self, run, ended):
            try:
                with run.working():
                    begun.append(run.id)
                    time.sleep(0.01)
                    run.finish("finished")
            except RunError:
                pass
            ended.set_result(None)

    runners = [Runner(RunStore(store.root), Claiming(2)) for _ in range(2)]
    runs = [runners[i % 2].submit(CONFIG) for i in range(20)]
    wait_until(lambda: all(run.status.state == "finished" for run in runs), 30)
    for runner in runners:
        runner.shutdown()
    assert sorted(begun) == sorted(run.id for run in runs)


HOST = """
import pathlib, sys, time
from eegnets.runner import Runner
from eegnets.runs import RunStore
Runner(RunStore(pathlib.Path(sys.argv[1])))
time.sleep(1e6)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_program(store, sign):
    run = store.create(CONFIG.with_(epochs=1000, threads=1))
    host = subprocess.Popen([sys.executable, "-c", HOST, str(store.root)], stderr=subprocess.DEVNULL)
    wait_until(lambda: run.status.state == "running")
    family = psutil.Process(host.pid).children(recursive=True)
    assert family
    host.send_signal(sign)
    host.wait(timeout=20)
    wait_until(lambda: not any(process.is_running() for process in family), 20)
    wait_until(lambda: run.status.state == "interrupted", 10)
