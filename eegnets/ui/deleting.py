"""What was deleted: a way back for a day."""

from collections.abc import Callable

import streamlit as st

from eegnets.translation import _

SHOWN = 20


def trash_box(names: list[str], restore: Callable[[list[str]], None]) -> None:
    """A button for each that can come back, the last deleted first; nothing where the trash is empty."""
    if not names:
        return
    with st.popover(_("Trash ({n})", n=len(names)), icon=":material/restore_from_trash:"):
        for name in names[:SHOWN]:
            st.button(_("Bring back {run}", run=name), key=f"back_{name}", on_click=restore, args=([name],))
