"""A class at once: sessions that browse and train on one server; how long it takes them, and what it costs in memory.

From the project's root:

    python -m benchmarks.thirty_students [--classes 1] [--watch 25] [--train 5] [--minutes 2] [--epochs 20] ...

Starts `streamlit run app.py` on a folder of runs of its own. `--watch` sessions open pages, go on to the next trial,
switch views and move sliders, with a think time by chance around `--think` seconds; `--train` sessions start one EEGNet
run each on the page Train and watch it. Prints the seconds from a message sent to the page drawn (by the server; what a
browser needs to draw it comes on top), the kilobytes that it took, and the server's memory: rss, and uss, which no
other process shares. The status is 1 where anything went wrong.
"""

import argparse
import asyncio
import contextlib
import os
import random
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from benchmarks.browser_session import VALUES, VIEWS, BrowserSession, Sample
from eegnets.runs import RunStore

ROOT = Path(__file__).parents[1]
PAGES = ("", "trials", "train", "compare", "activations", "network", "classify")
LONGEST = 600.0  # seconds that anything is waited for
STILL = 25  # seconds for which the memory must not move: longer than the app takes to let go of what nobody uses


@dataclass
class Found:
    """What a class met."""

    samples: list[Sample] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)  # of the runs, at the end
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)  # when -> rss and uss, MB
    sessions_left: int = 0
    busy: float = 0.0  # processor seconds of the server for each second at work


class Server:
    """`streamlit run app.py` on a folder of runs of its own; `ttl`: seconds for which it keeps a session that left."""

    def __init__(self, folder: Path, ttl: int) -> None:
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            port = probe.getsockname()[1]
        self.url = f"http://localhost:{port}"
        self.store = RunStore(folder / "runs")
        self.log = (folder / "server.log").open("w+")
        options = {"headless": "true", "port": port, "disconnectedSessionTTL": ttl}
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        command += [f"--server.{name}={value}" for name, value in options.items()]
        environment = os.environ | {"EEGNETS_RUNS": str(self.store.root), "EEGNETS_SHARED_CONTROL": "0"}
        self.program = psutil.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)

    def answers(self) -> bool:
        """Whether it is there."""
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).read() == b"ok"
        return False

    def sessions(self) -> int:
        """How many browsers are connected, as the server counts them."""
        address = f"{self.url}/_stcore/metrics?families=active_sessions"
        lines = urllib.request.urlopen(address, timeout=60).read().decode().splitlines()
        return next(int(float(line.split()[-1])) for line in lines if line.startswith("active_sessions"))

    def memory(self) -> tuple[float, float]:
        """Rss and uss of the server's own process, without its workers, MB."""
        full = self.program.memory_full_info()
        return full.rss / 1e6, full.uss / 1e6

    async def memory_at_rest(self, still: int) -> tuple[float, float]:
        """The memory when it has not moved by 1 MB for so many seconds, as nobody asks for anything."""
        seen = [self.memory()]
        while len(seen) <= still or abs(seen[-1][1] - seen[-1 - still][1]) > 1:
            await asyncio.sleep(1)
            seen.append(self.memory())
        return seen[-1]

    def complaints(self) -> list[str]:
        """What the log says from its first traceback on; nothing where all went well."""
        self.log.seek(0)
        _calm, trouble, after = self.log.read().partition("Traceback")
        return [trouble + after] if trouble else []


@contextlib.contextmanager
def serving(ttl: int) -> Iterator[Server]:
    """A server that answers; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), ttl)
        try:
            began = time.monotonic()
            while not server.answers():
                if server.program.poll() is not None or time.monotonic() - began > LONGEST:
                    raise SystemExit("the server did not start")
                time.sleep(0.1)
            yield server
        finally:
            server.program.terminate()
            server.program.wait(60)
            server.log.close()


async def watch(visitor: BrowserSession, chance: random.Random, think: float, until: float) -> None:
    """Browse until that moment: most often the next trial or another view, at times another page."""
    await asyncio.sleep(chance.uniform(0.5, 1.5) * think)
    await visitor.open("trials")
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * think)
        what = chance.choices(("next", "view", "value", "page"), (4, 2, 2, 3))[0]
        done = what == "next" and await visitor.press("Next", "next trial")
        done = done or (what == "view" and await visitor.change(VIEWS, chance, "another view"))
        done = done or (what == "value" and await visitor.change(VALUES, chance, "another value"))
        if not done:
            await visitor.open(chance.choice(PAGES))


async def train(visitor: BrowserSession, number: int, epochs: int, store: RunStore, until: float) -> None:
    """Start one run on the page Train, and watch until that moment and until it has ended."""
    await visitor.open("train", f"epochs={epochs}&seed={number}&activation=ELU")
    await visitor.press("Start", "start a run")
    while time.monotonic() < until or store.active():
        await asyncio.sleep(0.5)


async def lessons(server: Server, classes: int, watchers: int, trainers: int, seconds: float, **how: float) -> Found:
    """One class after another: all sessions at once, at rest first, then at work, then gone."""
    found, ttl = Found(), how["ttl"]
    async with BrowserSession(server.url) as first:  # it brings what all share: modules, trials, surveys
        for page in PAGES:
            await first.open(page, kind="first of all")
        found.errors += first.errors
    await _cleared(server, ttl)
    found.memory["before"] = await server.memory_at_rest(int(how["still"]))
    for number in range(1, classes + 1):
        await _lesson(found, server, number, watchers, trainers, seconds, **how)
        await _cleared(server, ttl)
        found.sessions_left += server.sessions()
        found.memory[f"{number}: gone"] = await server.memory_at_rest(int(how["still"]))
    found.states = [run.status.state for run in server.store.runs()]
    found.errors += server.complaints()
    return found


async def _lesson(
    found: Found, server: Server, number: int, watchers: int, trainers: int, seconds: float, **how: float
) -> None:
    chance = random.Random(how["seed"] + number - 1)
    visitors = [BrowserSession(server.url) for _each in range(watchers + trainers)]
    async with contextlib.AsyncExitStack() as stack:
        for visitor in visitors:
            await stack.enter_async_context(visitor)
            await visitor.open("", kind="arrive")
        found.memory[f"{number}: idle"] = await server.memory_at_rest(int(how["still"]))
        began, spent = time.monotonic(), sum(server.program.cpu_times()[:2])
        until = began + seconds
        work = [watch(one, random.Random(chance.random()), how["think"], until) for one in visitors[trainers:]]
        work += [train(one, i, int(how["epochs"]), server.store, until) for i, one in enumerate(visitors[:trainers])]
        await asyncio.wait_for(asyncio.gather(*work), seconds + LONGEST)
        found.busy += (sum(server.program.cpu_times()[:2]) - spent) / (time.monotonic() - began)
        found.memory[f"{number}: at work"] = server.memory()
    for visitor in visitors:
        found.samples += visitor.samples
        found.errors += visitor.errors


async def _cleared(server: Server, ttl: float) -> None:
    """Wait until the server has forgotten all sessions that left; it looks for them when another one leaves."""
    await asyncio.sleep(ttl + 1)
    async with BrowserSession(server.url) as last:
        await last.open("")
    while server.sessions():
        await asyncio.sleep(0.1)


def times(samples: list[Sample]) -> pd.DataFrame:
    """Median, 95 % and longest seconds of each kind, and the kilobytes that it took."""
    table = pd.DataFrame([vars(sample) for sample in samples])
    by_hand = table[~table["kind"].str.startswith("refresh")]
    groups = {**{str(kind): rows for kind, rows in table.groupby("kind")}, "all by hand": by_hand, "all": table}
    rows = {
        kind: {
            "n": len(group),
            "median s": round(group["seconds"].median(), 3),
            "p95 s": round(float(np.quantile(group["seconds"], 0.95)), 3),
            "longest s": round(group["seconds"].max(), 3),
            "kB": round(group["bytes"].median() / 1e3),
        }
        for kind, group in groups.items()
    }
    return pd.DataFrame(rows).T.astype({"n": int, "kB": int})


def main() -> int:
    """Print the tables; the status is 1 where there was an error, a run that did not finish, or a session left."""
    parser = argparse.ArgumentParser(description="A class at once on one server.")
    parser.add_argument("--classes", type=int, default=1, help="how many, one after another")
    parser.add_argument("--watch", type=int, default=25)
    parser.add_argument("--train", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--think", type=float, default=4, help="seconds between two things that a visitor does")
    parser.add_argument("--ttl", type=int, default=120, help="seconds for which a session that left is kept")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    how = {"think": asked.think, "seed": asked.seed, "ttl": asked.ttl, "epochs": asked.epochs, "still": STILL}
    with serving(asked.ttl) as server:
        found = asyncio.run(lessons(server, asked.classes, asked.watch, asked.train, asked.minutes * 60, **how))
    print(times(found.samples).to_string())
    memory = pd.DataFrame(found.memory, index=["rss MB", "uss MB"]).round(0).astype(int)
    each = (found.memory["1: idle"][1] - found.memory["before"][1]) / max(asked.watch + asked.train, 1)
    print(f"\n{memory.to_string()}\n{each:.2f} MB (uss) an idle session")
    busy, runs = found.busy / asked.classes, asked.classes * asked.train
    print(f"the server took {busy:.0%} of one processor while all were at work, its workers not counted")
    finished = found.states.count("finished")
    print(f"{finished} of {runs} runs finished, {len(found.errors)} errors, {found.sessions_left} sessions left")
    for error in sorted(set(found.errors)):
        print(error)
    return 0 if finished == runs and not found.errors and not found.sessions_left else 1


if __name__ == "__main__":
    sys.exit(main())
