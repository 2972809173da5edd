"""The workers of a Dask cluster: the same runs, on other machines that share the folder of runs and the data."""

import contextlib
import os
import re
import threading
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegnets.config import InputError
from eegnets.translation import N_, _
from eegnets.workers import WorkerKilled, whole_number, work

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10.0  # s, with a scheduler that does not answer
RETRY = 10.0  # s, between tries to find again one that went away
_ALONE = threading.Lock()  # torch's global random stream and thread count are one for a process


class ClusterWorkers:
    """One run at a time in every worker of the cluster.

    EEGNETS_THREADS: threads for each run (default 1); EEGNETS_RESOURCES: what a run takes of a worker, as in
    `dask worker --resources "GPU=1"`. Raises InputError where Dask is not installed or the scheduler does not answer.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise InputError(
                _("EEGNETS_SCHEDULER needs Dask: pip install -r requirements-cluster.txt, or unset the variable.")
            ) from None
        self.threads = whole_number("EEGNETS_THREADS") or 1
        resources = _resources(os.environ.get("EEGNETS_RESOURCES", ""))
        self._extra = {"resources": resources} if resources else {}
        self._address = address
        if not re.search(r":\d+/?$", address):  # Dask would look for such a place, and then hang
            raise InputError(
                _(
                    "EEGNETS_SCHEDULER takes an address with a port, such as tcp://host:8786; got {text!r}.",
                    text=address,
                )
            )
        self._connect(Client, PATIENCE)
        self._next_try = 0.0

    def _connect(self, client: "type[Client]", timeout: float) -> None:
        try:
            self._client = client(self._address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(
                _(
                    "no Dask scheduler answers at EEGNETS_SCHEDULER={address!r} ({error}); start one, or unset it to "
                    "use this machine.",
                    address=self._address,
                    error=error,
                )
            ) from error
        self._executor = self._client.get_executor(pure=False, **self._extra)

    def count(self) -> int:
        """How many workers the cluster has at this moment; none while it cannot be reached."""
        if self._client.status == "closed" and time.monotonic() > self._next_try:
            self._next_try = time.monotonic() + RETRY
            with contextlib.suppress(InputError):
                self._connect(type(self._client), 1.0)
        if self._client.status != "running":  # asked now, it would wait for the scheduler to come back
            return 0
        return len(self._client.scheduler_info(n_workers=-1).get("workers", ()))

    def start(self, path: Path) -> "Future[bool]":
        """Carry out the run in this folder somewhere; where a worker is lost, another takes the run up."""
        ended: Future[bool] = Future()
        self._executor.submit(_work_alone, path).add_done_callback(partial(_told, ended))
        return ended

    def shutdown(self) -> None:
        """Leave the cluster; runs at work end their own way."""
        self._executor.shutdown(wait=False)
        self._client.close()


def _work_alone(path: Path) -> bool:
    with _ALONE:
        return work(path, take_over=True)


def _told(ended: "Future[bool]", done: "Future[bool]") -> None:
    """Dask tells it on the thread that answers `count`; who counts may hold the very lock that the end waits for."""
    threading.Thread(target=_pass_on, args=(done, ended), daemon=True).start()


def _pass_on(done: "Future[bool]", ended: "Future[bool]") -> None:
    error: Any = N_("the connection to the cluster was lost") if done.cancelled() else done.exception()
    if error:
        ended.set_exception(WorkerKilled(N_("Its worker on the cluster was lost: {error}.").format(error=error)))
    else:
        ended.set_result(done.result())


def _resources(text: str) -> dict[str, float]:
    """What "GPU=1,MEMORY=4e9" says."""
    try:
        pairs = [part.split("=") for part in text.split(",") if part.strip()]
        return {name.strip(): float(amount) for name, amount in pairs}
    except ValueError:
        raise InputError(_("EEGNETS_RESOURCES takes NAME=AMOUNT,…, such as GPU=1; got {text!r}.", text=text)) from None
