"""What nobody uses any more goes back to the machine."""

import contextlib
import ctypes
import gc
import threading
import time
from functools import cache

EVERY = 20.0  # seconds


@cache
def keep_tidy() -> threading.Thread:
    """From now on, let go of it every 20 s as long as the program runs; however often this is called.

    Streamlit would look for it after each run of a page (`runner.postScriptGC`), 0.15 s in which nobody is served.
    """
    thread = threading.Thread(target=_tidy, name="keep tidy", daemon=True)
    thread.start()
    return thread


def _tidy() -> None:
    while True:
        time.sleep(EVERY)
        let_go()


def let_go() -> None:
    """Objects that only hold each other, and memory that was freed and is kept for later."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library keeps nothing, or has another name for it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
