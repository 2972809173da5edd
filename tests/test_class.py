"""A small class on a real server: nothing breaks, every run finishes, and whoever left is gone."""

import asyncio

from benchmarks.thirty_students import lesson, serving, times


def test_a_class_browses_and_trains_at_once():
    how = {"think": 0.2, "seed": 0, "ttl": 1}
    with serving(ttl=1) as server:  # a fresh one: its first visitor is the first of all
        found = asyncio.run(lesson(server, watchers=3, trainers=1, seconds=4, epochs=2, **how))
    assert found.errors == []
    assert found.states == ["finished"]
    assert found.sessions_left == 0
    assert {"arrive", "open trials", "start a run", "all"} <= set(times(found.samples).index)
