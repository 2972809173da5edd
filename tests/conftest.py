"""What several tests stand on: a tiny world of trials, the real recordings where they are, a cache of their own."""

import gc
import os
import signal
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from histories import epoch_record

from eegnets.trials import Trials

# Tests share the cores, and networks this small are slower on several threads that wait for each other. PyTorch reads
# it when it is imported: after this, by the tests and by the programs that they start.
os.environ["OMP_NUM_THREADS"] = "1"
# Thousands of tests, and what they import, stay to the end: to look through them for garbage is in vain.
gc.set_threshold(100_000, 20, 100)


def pytest_collection_finish():
    """Nor is it looked for among them later."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """No test reads or fills the cache of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_core():
    """Programs that tests start have one worker, as tests share the cores already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EEGNETS_WORKERS", "1")
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _hear_ctrl_c():
    """A shell lets what it starts in the background ignore Ctrl-C, and every program of a test would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _no_components_of_others():
    """Streamlit looks through every installed package for components, anew for every AppTest: a third of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_tidying():
    """Once an app has run here, its thread would look through all that any test made, every 20 s to the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eegnets.ui.memory.EVERY", 3600.0)
        yield


@pytest.fixture
def data_root():
    """The folder of real recordings; skips without one, unless EEGNETS_REQUIRE says that data must be there."""
    folder = os.environ.get("EEGNETS_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "real recordings are needed: set EEGNETS_DATA to the folder that holds them"
    if "data" in os.environ.get("EEGNETS_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tiny_world():
    """40 trials of two people, (40, 2, 128), µV: a 10 Hz rhythm on the channel of the class, in noise; read-only."""
    rng = np.random.default_rng(0)
    n, n_times, sfreq = 40, 128, 64.0
    y = np.arange(n) % 2
    X = rng.standard_normal((n, 2, n_times)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    X[np.arange(n), y] += 3 * np.sin(2 * np.pi * 10 * np.arange(n_times) / sfreq + phase)
    return Trials(
        X=X,
        y=y,
        split=np.tile(np.repeat(["train", "test"], [12, 8]), 2),
        subject=np.repeat(["A", "B"], 20),
        number=np.tile(np.arange(1, 21), 2),
        sfreq=sfreq,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        windows={"cue": (0.5, 0.75), "imagery": (0.75, 2.0)},
    )


@pytest.fixture
def tiny_trials(tiny_world):
    """The trials of `tiny_world` for a test of its own, which may change them."""
    return replace(tiny_world, X=tiny_world.X.copy(), y=tiny_world.y.copy())


class QueueOnly:
    """A runner without workers: it makes the run's folder and leaves it waiting."""

    workers = SimpleNamespace(count=lambda: 1)

    def __init__(self, store):
        self.store = store

    def submit(self, config, **about):
        return self.submit_group([config], **about)[0]

    def submit_group(self, configs, *, owner="", in_step=False):
        return [self.store.create(config, owner=owner, group="together", in_step=in_step) for config in configs]

    def resume(self, run_id, *, step=False):
        self.store.get(run_id).requeue("step" if step else "resume")

    def waiting(self):
        queued = [run for run in self.store.active() if run.status.state == "queued"]
        return [run.id for run in sorted(queued, key=lambda run: run.about()["created"])]

    def starts(self):
        return {run_id: 10.0 * place for place, run_id in enumerate(self.waiting())}


@pytest.fixture(scope="session")
def warm_workers():
    """One worker process for all tests that only want a run carried out; runners leave it open. A start takes 2 s."""
    from eegnets.workers import LocalWorkers

    class Shared(LocalWorkers):
        def shutdown(self):
            pass

    shared = Shared(1, cores=1)
    yield shared
    LocalWorkers.shutdown(shared)


@pytest.fixture
def warm(monkeypatch, warm_workers):
    """Whoever wants workers gets those that are there."""
    monkeypatch.setattr("eegnets.runner.make_workers", lambda: warm_workers)


class AtOnce:
    """Workers without a process: a run has finished as soon as it has begun."""

    threads = 1

    def count(self):
        return 1

    def start(self, path):
        from eegnets.run_folder import Run

        Run(path).finish("finished")
        ended = Future()
        ended.set_result(True)
        return ended

    def shutdown(self):
        pass


@pytest.fixture
def at_once(monkeypatch):
    """Whoever wants workers, here or on a cluster, gets such as train nothing; gives their class."""
    monkeypatch.setattr("eegnets.runner.make_workers", AtOnce)
    return AtOnce


@pytest.fixture(scope="session")
def app_code():
    """The pages, compiled once as a server does; AppTest would do it for every test."""
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache

    return ScriptCache()


@pytest.fixture
def app(monkeypatch, tmp_path, app_code):
    """The app as a user meets it, run by Streamlit's AppTest: on an empty folder of runs, without workers."""
    from streamlit.testing.v1 import AppTest, local_script_runner

    look_until = local_script_runner.require_widgets_deltas

    def wait(runner, timeout):
        """Until the page has run; AppTest would look a thousand times a second, and the page wait while it does."""
        runner._script_thread.join(timeout)
        if not runner.script_stopped():
            look_until(runner, 0)  # stops it, and says what is wrong

    monkeypatch.setattr(local_script_runner, "require_widgets_deltas", wait)
    monkeypatch.setattr(local_script_runner, "ScriptCache", lambda: app_code)
    monkeypatch.setenv("EEGNETS_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EEGNETS_SHARED_CONTROL", "0")  # as in a class; who is alone with the app may do anything
    monkeypatch.setattr("eegnets.ui.state.Runner", QueueOnly)
    _navigate_as_a_server_does(monkeypatch)
    _forget_folder_and_machine()
    root = Path(__file__).parent.parent
    monkeypatch.chdir(root)
    yield AppTest.from_file(str(root / "app.py"), default_timeout=30)
    _forget_folder_and_machine()


def _forget_folder_and_machine():
    """What the app keeps of a folder of runs and of a machine. All else it knows by what it was made of: that stays."""
    from eegnets.ui import measuring, state

    for kept in (state.store, state.runner, state.owners, measuring._looked_at):
        kept.clear()


@pytest.fixture
def load_instead(monkeypatch):
    """Puts another way to load trials, from a DataConfig, in the place of the sources'; what these gave is kept."""
    from eegnets.config import DataConfig
    from eegnets.ui import state

    def use(load):
        monkeypatch.setattr("eegnets.sources.load", load)
        monkeypatch.setattr(state, "_trials", cache(lambda config_json, stamp: load(DataConfig.from_json(config_json))))

    return use


def _navigate_as_a_server_does(monkeypatch):
    """AppTest forgets before every run that st.navigation has been called, and would run a page without app.py."""
    from streamlit.runtime.pages_manager import PagesManager

    plain = PagesManager.__init__

    def started(self, *arguments, **keywords):
        PagesManager.uses_pages_directory = False
        plain(self, *arguments, **keywords)

    monkeypatch.setattr(PagesManager, "__init__", started)


@pytest.fixture
def made_run(tmp_path):
    """A maker of run folders: `made_run(state, epochs, **settings)` in the folder that `app` looks at."""
    import pandas as pd

    from eegnets.config import RunConfig
    from eegnets.runs import RunStore

    store = RunStore(tmp_path / "runs")

    def make(state="finished", epochs=3, message="", accuracies=None, **settings):
        run = store.create(RunConfig().with_(epochs=max(epochs, 3), **settings))
        accuracies = accuracies or [0.6 + 0.05 * i for i in range(epochs)]
        for i in range(epochs):
            run.append(epoch_record(i + 1, accuracies[i]))
        if state != "finished":
            run.save_resume(b"no state that anything could go on from")
        if state in ("queued", "running", "paused"):
            run.set_status(state, message)
            return run
        table = {"trial": [1, 2, 3], "subject": ["A"] * 3, "label": ["left hand", "right hand", "left hand"]}
        run.save_predictions(pd.DataFrame(table | {"left hand": [0.9, 0.2, 0.4], "right hand": [0.1, 0.8, 0.6]}))
        run.finish(state, message)
        return run

    return make
