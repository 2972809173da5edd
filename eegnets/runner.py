"""The queue: whose run goes to a worker next, and what becomes of it."""

import contextlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial

from eegnets import sources
from eegnets.config import InputError, RunConfig
from eegnets.run_folder import Run, RunError
from eegnets.runs import RunStore
from eegnets.translation import N_, _
from eegnets.turns import Ticket, expected_starts, in_turn
from eegnets.workers import LocalWorkers, WorkerKilled, Workers, whole_number

LOG = logging.getLogger(__name__)
LOOK = 1.0  # seconds between looks for runs that another program left in the queue
AGAIN = 2.0  # seconds before a run that came back unbegun (somebody else had it) is tried again
CAN_GO_ON = N_("{message} It can go on after epoch {n}.")


def make_workers() -> Workers:
    """Workers on the cluster of EEGNETS_SCHEDULER, or else on this machine."""
    address = os.environ.get("EEGNETS_SCHEDULER")
    if not address:
        return LocalWorkers()
    from eegnets.cluster import ClusterWorkers

    return ClusterWorkers(address)


class Runner:
    """The queue and the workers of one process (an app, say) over one folder of runs.

    The queue is the folder itself: whatever is "queued" in it waits, whoever put it there. Several runners may serve
    one folder; a run is held by a lock while it is carried out, so that none is begun twice. `only`: serve these runs
    and what is submitted or resumed here, and leave all others to those who stay longer.
    """

    def __init__(self, store: RunStore, workers: Workers | None = None, *, only: Iterable[str] | None = None) -> None:
        self.store = store
        self._serves_all, self._own = only is None, set(only or ())
        self.workers = workers or make_workers()
        self.limit = whole_number("EEGNETS_OWNER_LIMIT")
        self._lock = threading.RLock()
        self._running: dict[str, str] = {}  # run id -> owner
        self._served: dict[str, int] = {}  # owner -> number of the turn in which a run of theirs last began
        self._tickets: dict[str, Ticket] = {}
        self._not_before: dict[str, float] = {}
        self._pace: dict[str, float] = {}  # network -> seconds an epoch
        self._closed = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()
        # Before the workers' own exit hook (and atexit), which would wait for a run in work to end.
        threading._register_atexit(self.shutdown)  # type: ignore[attr-defined]

    def submit(self, config: RunConfig, *, owner: str = "") -> Run:
        """Queue a run; its folder is there when this returns. Raises as `submit_group` does."""
        return self.submit_group([config], owner=owner)[0]

    def submit_group(self, configs: Sequence[RunConfig], *, owner: str = "", in_step: bool = False) -> list[Run]:
        """Queue runs that belong together; `in_step`: a few epochs of each in turn, rather than one after the other.

        In step they are one experiment, which counts as one run against what an owner may have. Raises InputError for
        data that is not there or more runs than one owner may have, RunError where the runs folder cannot be written.
        """
        group = secrets.token_hex(4) if len(configs) > 1 else ""
        ready = [self._decided(config) for config in configs]
        with self._lock:
            self._check_limit(owner, 1 if in_step else len(ready))
            runs = [self.store.create(config, owner=owner, group=group, in_step=in_step) for config in ready]
            self._own.update(run.id for run in runs)
            self._dispatch()
        return runs

    def _decided(self, config: RunConfig) -> RunConfig:
        training = config.training.with_(threads=config.training.threads or self.workers.threads)
        return RunConfig(sources.check(config.data), config.model, training)

    def _check_limit(self, owner: str, more: int) -> None:
        mine = [ticket for ticket in self._waiting() if ticket.owner == owner]
        have = len(mine) + list(self._running.values()).count(owner)
        if self.limit and have + more > self.limit:
            raise InputError(
                _(
                    "{more} more would make {n} runs of yours that wait or train; at most {limit} at once are allowed "
                    "here. Wait for one to end, or stop one.",
                    more=more,
                    n=have + more,
                    limit=self.limit,
                )
            )

    def resume(self, run_id: str, *, step: bool = False) -> None:
        """Let a run that was paused, stopped or interrupted wait for a worker; `step`: for one epoch.

        Raises InputError for more runs than its owner may have, RunError where it cannot go on.
        """
        run = self.store.get(run_id)
        with self._lock:
            self._check_limit(str(run.about().get("owner", "")), 1)
            run.requeue("step" if step else "resume")
            self._own.add(run_id)
            self._dispatch()

    def waiting(self) -> list[str]:
        """Ids of the queued runs, the next one first."""
        with self._lock:
            return [ticket.run_id for ticket in self._in_turn()]

    def starts(self) -> dict[str, float]:
        """Seconds until each queued run begins, if all goes as before; empty while no pace or no worker is known."""
        with self._lock:
            running, order = list(self._running), self._in_turn()
        left = [self._left(run_id) for run_id in running]
        lengths = [self._left(ticket.run_id) for ticket in order]
        slots = max(self.workers.count(), len(running))
        if not (self._pace and slots):
            return {}
        starts = expected_starts(left, lengths, slots)
        return dict(zip((ticket.run_id for ticket in order), starts, strict=True))

    def _left(self, run_id: str) -> float:
        """Seconds of work that a run still needs, by its own pace, or its network's, or any; 0 for a damaged one."""
        try:
            run = self.store.get(run_id)
            config, history = run.config, run.history()
        except InputError:
            return 0.0
        if history:
            self._pace[config.model.name] = sum(record["seconds"] for record in history) / len(history)
        pace = self._pace.get(config.model.name) or max(self._pace.values(), default=0.0)
        return pace * (config.training.epochs - len(history))

    def shutdown(self) -> None:
        """Let the workers go at once; a run that ends with its worker reads "interrupted" and can go on later."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._lock:
            running = list(self._running)
        self.workers.shutdown()
        for run_id in running:
            self._interrupted(run_id, N_("The app was closed."))

    def _look(self) -> None:
        while not self._closed.wait(LOOK):
            try:
                with self._lock:
                    self._dispatch()
            except Exception:  # whatever it was, the next look may go well
                LOG.exception("The queue could not be looked at; it is tried again.")

    def _waiting(self) -> list[Ticket]:
        """Every queued run to be served here that none of our own workers has."""
        known, self._tickets = self._tickets, {}
        for run in self.store.active():
            mine = self._serves_all or run.id in self._own
            if mine and run.id not in self._running and run.status.state == "queued":
                with contextlib.suppress(RunError):  # damaged: no turn for it, and no harm to the others
                    self._tickets[run.id] = known.get(run.id) or _ticket(run)
        return list(self._tickets.values())

    def _in_turn(self) -> list[Ticket]:
        return in_turn(self._waiting(), self._running.values(), self._served)

    def _dispatch(self) -> None:
        if self._closed.is_set() or len(self._running) >= self.workers.count():
            return
        now = time.monotonic()
        for ticket in self._in_turn():
            if self._not_before.get(ticket.run_id, now) > now:
                continue
            if len(self._running) >= self.workers.count():
                return
            self._begin(ticket, now)

    def _begin(self, ticket: Ticket, now: float) -> None:
        self._running[ticket.run_id] = ticket.owner
        self._tickets.pop(ticket.run_id, None)  # whoever comes back to the queue stands at its end
        self._served[ticket.owner] = 1 + max(self._served.values(), default=0)
        self._not_before[ticket.run_id] = now + AGAIN
        try:
            future = self.workers.start(self.store.root.resolve() / ticket.run_id)
        except Exception:  # whatever it was, the run waits on and others have their turn
            LOG.exception("No worker could take run %s; it is tried again.", ticket.run_id)
            del self._running[ticket.run_id]
        else:
            future.add_done_callback(partial(self._done, ticket.run_id))

    def _done(self, run_id: str, future: "Future[bool]") -> None:
        if not future.exception() and future.result():  # it was carried out, so it may go on whenever it is its turn
            self._not_before.pop(run_id, None)
        if isinstance(future.exception(), WorkerKilled):
            self._interrupted(run_id, str(future.exception()))
        with self._lock:
            self._running.pop(run_id, None)
            self._dispatch()

    def _interrupted(self, run_id: str, message: str) -> None:
        """Say so in the run's folder; where that cannot be read or written, the worker's silence says it.

        On a cluster whose connection is lost or left, a run may go on: whoever works on it holds it.
        """
        run = Run(self.store.root / run_id)
        if not run.path.exists():  # to hold it would make the folder anew
            return
        with contextlib.suppress(RunError, OSError), run.held():
            if run.status.state in ("running", "interrupted"):
                run.set_status("interrupted", CAN_GO_ON.format(message=message, n=len(run.history())))


def _ticket(run: Run) -> Ticket:
    about = run.about()
    return Ticket(run.id, str(about.get("owner", "")), run.status.heartbeat)
