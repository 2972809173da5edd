"""A small class on a real server: nothing breaks, every run finishes, and whoever left is gone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import streamlit as st

from benchmarks.browser_session import BrowserSession
from benchmarks.thirty_students import lessons, serving, times


def awaited(coroutine):
    """What a coroutine gives, run on a thread of its own: a browser of other tests has a loop on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def server():
    """A real server, which forgets who left after a second."""
    with serving(ttl=1) as started:
        yield started


def test_a_class_browses_and_trains_at_once(server):
    how = {"think": 0.2, "seed": 0, "ttl": 1, "epochs": 2, "still": 0}
    found = awaited(lessons(server, classes=1, watchers=3, trainers=1, seconds=2, **how))
    assert found.errors == []
    assert found.states == ["finished"]
    assert found.sessions_left == 0
    assert {"arrive", "open trials", "start a run", "all"} <= set(times(found.samples).index)


def test_a_file_beyond_the_limit_is_refused_by_the_server(server):
    limit = st.config.get_option("server.maxUploadSize")
    assert awaited(uploaded(server, 1)) == 204
    assert awaited(uploaded(server, limit * 2**20 + 1)) == 413


async def uploaded(server, size):
    """The server's answer to a file of that size."""
    async with BrowserSession(server.url) as visitor:
        await visitor.open("import")
        address = f"{server.url}/_stcore/upload_file/{visitor.id}/a-file"
        headers = {"Cookie": visitor.cookie, "X-Xsrftoken": visitor.cookie.partition("=")[2]}
        files = {"file": ("trials.npz", bytes(size))}
        return (await asyncio.to_thread(requests.put, address, headers=headers, files=files)).status_code
