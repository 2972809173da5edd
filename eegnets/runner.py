"""Where runs execute: a queue, and warm worker processes that share out the cores of this machine."""

import atexit
import contextlib
import os
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import loky

from eegnets import sources
from eegnets.config import InputError, RunConfig
from eegnets.runs import Run, RunStore

# Threads that wait for each other give up their core instead of spinning: with anything else at work on the machine
# (a browser is enough) an epoch of two spinning threads was measured 10 times slower than one of two yielding threads.
THREAD_MANNERS = {"OMP_WAIT_POLICY": "passive"}


def default_workers(cores: int) -> int:
    """EEGNETS_WORKERS, else one for every two cores.

    Two runs of two threads on two cores were measured 3 to 10 times slower than two of one thread, so all threads of
    all workers together never exceed the cores; one two-thread run beat two one-thread runs in trials per second.
    """
    return int(os.environ.get("EEGNETS_WORKERS") or max(1, cores // 2))


class Runner:
    """The queue and the workers of one process (an app, say) over one folder of runs.

    Every worker is a pool of one: a worker that is killed takes no other with it.
    """

    def __init__(self, store: RunStore, workers: int | None = None, cores: int | None = None) -> None:
        cores = cores or os.cpu_count() or 1
        workers = workers or default_workers(cores)
        self.store = store
        self.threads = max(1, cores // workers)
        self._lock = threading.RLock()
        self._waiting: deque[str] = deque()
        self._running: dict[int, str] = {}
        self._pools = {slot: self._new_pool() for slot in range(workers)}
        atexit.register(self.shutdown)

    def _new_pool(self) -> loky.ProcessPoolExecutor:
        limits = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        pool = loky.ProcessPoolExecutor(max_workers=1, env=limits | THREAD_MANNERS)
        pool.submit(_warm_up)
        return pool

    def submit(self, config: RunConfig, *, owner: str = "", group: str = "") -> Run:
        """Queue a run; its folder is there when this returns.

        Raises InputError for data that is not there, RunError where the runs folder cannot be written.
        """
        data = sources.check(config.data)
        training = config.training.with_(threads=config.training.threads or self.threads)
        run = self.store.create(RunConfig(data, config.model, training), owner=owner, group=group)
        with self._lock:
            self._waiting.append(run.id)
            self._dispatch()
        return run

    def adopt(self) -> None:
        """Queue again what an earlier process left waiting."""
        with self._lock:
            mine = {*self._waiting, *self._running.values()}
            left = [run.id for run in self.store.active() if run.status.state == "queued" and run.id not in mine]
            self._waiting.extend(left)
            self._dispatch()

    def stop(self, run_id: str) -> None:
        """Stop a run at its next batch, or take it out of the queue."""
        run = self.store.get(run_id)
        run.ask(action="stop")
        with self._lock:
            if run_id in self._waiting:
                self._waiting.remove(run_id)
                run.finish("stopped", "Taken out of the queue before it began.")

    def waiting(self) -> list[str]:
        """Ids of the queued runs, the next one first."""
        with self._lock:
            return list(self._waiting)

    def shutdown(self) -> None:
        """Let the workers go; a run in work is asked to stop and ends as stopped."""
        with self._lock:
            self._waiting.clear()
            for run_id in self._running.values():
                self.store.get(run_id).ask(action="stop")
            for pool in self._pools.values():
                pool.shutdown(wait=False)

    def _dispatch(self) -> None:
        for slot, pool in self._pools.items():
            if slot not in self._running and self._waiting:
                run_id = self._waiting.popleft()
                self._running[slot] = run_id
                future = pool.submit(work, self.store.root.resolve() / run_id)
                future.add_done_callback(partial(self._done, slot, run_id))

    def _done(self, slot: int, run_id: str, future: Future[None]) -> None:
        """Free the slot; a worker that was killed leaves an interrupted run and is replaced."""
        with self._lock:
            self._running.pop(slot, None)
            if isinstance(future.exception(), loky.process_executor.BrokenProcessPool):
                self._pools[slot] = self._new_pool()
                self.store.get(run_id).set_status("interrupted", "Its worker process was killed.")
            self._dispatch()


def _warm_up() -> None:
    """Import what a run needs, so that the first run begins at once."""
    import eegnets.experiment  # noqa: F401 - imported for its torch


def work(path: Path) -> None:
    """Carry out the run in this folder, unless somebody else has; the folder tells what went wrong."""
    from eegnets import experiment  # torch is imported in the worker, never in the page's process
    from eegnets.training import Diverged

    with contextlib.suppress(InputError, Diverged):
        experiment.execute(Run(path))
