"""Who carries out runs: warm worker processes on this machine, or the workers of a Dask cluster."""

import contextlib
import ctypes
import gc
import os
import signal
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import loky
import psutil

from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.run_status import GONE
from eegnets.translation import _

# Threads that wait for each other give up their core instead of spinning on: with one other program at work an epoch of
# two spinning threads was measured 10 times slower than one of two yielding threads. GNU's threads look for each other
# a moment before they yield: an epoch took 0.4 s instead of 0.6 s, with another program at work 0.8 s instead of 0.6.
THREAD_MANNERS = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "2000"}
MOST = 8  # workers unless more are asked for: each takes some 400 MB, and a part of a graphics card's memory

# A worker leaves the processor to the program that serves pages, where both want it: nobody waits because others train.
BEHIND = psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10
LOOK = 0.5  # seconds between a worker's looks whether its program is still there
GROWTH = 2 * 2**30  # bytes that a worker may grow by before it is replaced
# Memory that a training step frees is what the next one asks for. Given back to the machine in between, it comes anew
# and cleared: a sixth of the time of EEGNet's step. Parameters of glibc's mallopt(3).
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
KEPT, MOST_OF_OLDER = 2**30, 2**25  # bytes; older versions of glibc take no more
# Objects made, and not yet gone, before Python looks for those that only hold each other. At its own 700 the looking is
# an eighth of what the libraries of a run take to import, where nothing is to be found.
LOOK_AFTER = 50_000
NO_ROOM = (OSError, RuntimeError)  # for a process, or for the thread that minds it
KILLED = (loky.process_executor.BrokenProcessPool, loky.process_executor.ShutdownExecutorError)


def mind_manners() -> None:
    """Let this process's threads behave so, and keep its memory; before torch is imported, which reads it only then."""
    for name, value in THREAD_MANNERS.items():
        os.environ.setdefault(name, value)
    keep_memory()


def keep_memory() -> None:
    """Let this process keep what it frees, for what it asks for next, and look for it less often."""
    gc.set_threshold(LOOK_AFTER)
    with contextlib.suppress(OSError, AttributeError):  # another C library has its own ways
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(TRIM_THRESHOLD, KEPT)
        mallopt(MMAP_THRESHOLD, KEPT) or mallopt(MMAP_THRESHOLD, MOST_OF_OLDER)


class WorkerKilled(RuntimeError):
    """The process that carried out a run has gone before it ended."""


class Workers(Protocol):
    """Carries out runs, several at once."""

    threads: int  # for each run

    def count(self) -> int:
        """How many runs can be carried out at once."""

    def start(self, path: Path) -> "Future[bool]":
        """Carry out the run in this folder; the future tells whether it was its turn, or fails with WorkerKilled."""

    def shutdown(self) -> None:
        """Let the workers go at once, whatever they do: a run can be taken up again where it was."""


def default_count(cores: int) -> int:
    """EEGNETS_WORKERS, else one a core, MOST at most.

    Two runs of two threads on two cores were measured 3 to 10 times slower than two of one thread, so all threads of
    all workers together never exceed the cores, unless EEGNETS_WORKERS does. Two runs of one thread each went as fast
    as one of them alone; a run that has two threads to itself is 1.3 times as fast (EEGNETS_WORKERS=1 on two cores).
    """
    return whole_number("EEGNETS_WORKERS") or min(cores, MOST)


def whole_number(variable: str) -> int:
    """A count out of the environment; 0 where it is not set."""
    text = os.environ.get(variable, "").strip() or "0"
    if not text.isdecimal():
        raise InputError(
            _(
                "{variable} takes a whole number from 1; got {text!r}. Correct or unset it.",
                variable=variable,
                text=text,
            )
        )
    return int(text)


class LocalWorkers:
    """Processes that have imported what a run needs, so that it begins at once.

    Each is a pool of one: a worker that is killed takes no other with it. The first comes with the program, a
    further one when there is work for it.
    """

    def __init__(self, count: int | None = None, cores: int | None = None) -> None:
        cores = cores or loky.cpu_count()
        self._count = count or default_count(cores)
        self.threads = max(1, cores // self._count)
        self._lock = threading.Lock()
        self._closed = False
        self._idle = [self._new_pool() for _pool in range(self._count)]  # the last one is the next to work
        self._busy: list[loky.ProcessPoolExecutor] = []
        self._make_ready()

    def _new_pool(self) -> loky.ProcessPoolExecutor:
        limits = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        return loky.ProcessPoolExecutor(max_workers=1, env=limits | THREAD_MANNERS, initializer=_warm_up)

    def _make_ready(self) -> None:
        """Start the process of the worker that is next; where there is no room for it just now, its run will."""
        try:
            self._idle[-1].submit(os.getpid)
        except NO_ROOM:
            self._idle[-1] = self._new_pool()
        # Loky would have every further pool hook into the program's exit, before the runner, and wait for its run.
        loky.process_executor.process_pool_executor_at_exit = True

    def count(self) -> int:
        """How many runs can be carried out at once."""
        return self._count

    def start(self, path: Path) -> "Future[bool]":
        """Carry out the run in this folder in an idle worker."""
        ended: Future[bool] = Future()
        with self._lock:
            try:
                pool, working = self._begin(path)
            except NO_ROOM:  # just now; the run keeps its place in the queue
                self._idle.append(self._new_pool())
                ended.set_exception(WorkerKilled(GONE))
                return ended
            self._busy.append(pool)
        working.add_done_callback(lambda done: self._back(pool, done, ended))
        return ended

    def _begin(self, path: Path) -> "tuple[loky.ProcessPoolExecutor, Future[bool]]":
        """The next worker with the run in this folder, or a new one where it was killed while it was idle."""
        pool = self._idle.pop()
        try:
            return pool, pool.submit(work, path)
        except KILLED:
            pool = self._new_pool()
            return pool, pool.submit(work, path)

    def _back(self, pool: loky.ProcessPoolExecutor, done: "Future[bool]", ended: "Future[bool]") -> None:
        """Make a worker idle again, or replace it."""
        error = done.exception()
        killed = isinstance(error, KILLED)
        with self._lock:
            self._busy.remove(pool)
            self._idle.append(self._new_pool() if killed and not self._closed else pool)
            if killed and not self._closed:
                self._make_ready()
        if error:
            ended.set_exception(WorkerKilled(GONE) if killed else error)
        else:
            ended.set_result(done.result())

    def shutdown(self) -> None:
        """Let the workers go at once."""
        with self._lock:
            self._closed = True
            pools = [*self._idle, *self._busy]
        for pool in pools:
            pool.shutdown(wait=True, kill_workers=True)


def _warm_up() -> None:
    """Import what a run needs, and stand behind the program, which alone hears Ctrl-C and ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    psutil.Process().nice(BEHIND)
    keep_memory()
    threading.Thread(target=_leave_with, args=(psutil.Process(os.getppid()),), daemon=True).start()
    # Loky replaces a worker that grew by 300 MB since its first task, and calls it a leak; a run needs more than that.
    loky.process_executor._MAX_MEMORY_LEAK_SIZE = GROWTH
    from eegnets import experiment

    experiment.rehearse()


def _leave_with(program: psutil.Process) -> None:
    """Go when the program has gone, even if it was killed: its run reads "interrupted" and can be taken up again."""
    while os.getppid() == program.pid and program.is_running():
        time.sleep(LOOK)
    os._exit(1)


def work(path: Path, *, take_over: bool = False) -> bool:
    """Carry out the run in this folder, unless somebody else has; the folder tells what went wrong."""
    from eegnets import experiment  # torch is imported in the worker, never in the page's process
    from eegnets.training import Diverged

    with contextlib.suppress(InputError, Diverged):
        experiment.execute(Run(path), take_over=take_over)
        return True
    return False
