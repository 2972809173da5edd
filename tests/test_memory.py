"""What nobody uses any more is let go, though Streamlit is told not to look for it after every run."""

import gc
import platform
import subprocess
import sys
import threading
from weakref import ref

import pytest
import streamlit as st

from eegnets.ui import memory


class Link:
    """One of two that hold each other."""


def test_objects_that_only_hold_each_other_are_let_go():
    gc.disable()
    try:
        one, other = Link(), Link()
        one.other, other.one = other, one
        there = ref(one)
        del one, other
        assert there() is not None
        memory.let_go()
        assert there() is None
    finally:
        gc.enable()


def test_another_c_library_is_no_error(monkeypatch):
    def absent(_name):
        raise OSError("libc.so.6: cannot open shared object file")

    monkeypatch.setattr(memory.ctypes, "CDLL", absent)
    memory.let_go()


def test_however_often_it_is_asked_for_one_thread_looks(app, monkeypatch):
    let_go = threading.Event()
    monkeypatch.setattr(memory, "EVERY", 0.01)
    monkeypatch.setattr(memory, "let_go", let_go.set)
    memory.keep_tidy.cache_clear()
    for _visit in range(3):
        assert not app.run().exception
    assert let_go.wait(10)
    assert memory.keep_tidy.cache_info().misses == 1


def test_streamlit_does_not_look_after_every_run(app):
    app.run()
    assert st.get_option("runner.postScriptGC") is False


ASKS_AGAIN = """
import resource
import numpy as np
from eegnets.workers import keep_memory

{first}
for step in range(20):
    if step == 2:  # the first may still ask the machine
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(1_000_000) for _array in range(3)]
    del arrays
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 18)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is kept is a setting of glibc")
def test_what_a_worker_frees_it_asks_for_again_and_not_the_machine():
    def pages_a_step(first):
        asked = subprocess.run([sys.executable, "-c", ASKS_AGAIN.format(first=first)], capture_output=True, check=True)
        return int(asked.stdout)

    assert pages_a_step("pass") > 100
    assert pages_a_step("keep_memory()") < 10
