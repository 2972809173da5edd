"""Imports: kept under a name, looked at, deleted and brought back."""

import streamlit as st

from eegnets.owners import SHARED
from eegnets.sources import SOURCES, data_root, files
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.deleting import trash_box
from eegnets.ui.state import all_is_mine
from eegnets.ui.steering import told

KEPT, PICKED = "kept", "imports"  # keys in a session: the last import, those that are picked in the list


def keep(recorded: Trials, suggested: str) -> None:
    """Ask for a name and keep the trials; then, a way to them."""
    name = st.text_input(_("Keep them under the name"), suggested, key="file_name")
    words = _("Keep these trials")
    st.button(words, type="primary", icon=":material/save:", on_click=_keep, args=(recorded, name))
    if kept := st.session_state.pop(KEPT, ""):
        st.success(_("Kept as {name}. Choose **files** in the sidebar to work with it on every page.", name=kept))
        _way_to([kept])


def kept_imports() -> None:
    """The imports that are here, each with a way to its trials and to the trash; nothing before the first."""
    names, gone = SOURCES[files.FOLDER].state(data_root()).subjects, files.deleted(data_root())
    if not (names or gone):
        return
    with st.expander(_("Kept here ({n})", n=len(names)), key="kept_imports"):
        picked = st.pills(_("Imports"), names, selection_mode="multi", key=PICKED) or []
        with st.container(horizontal=True, vertical_alignment="center"):
            _way_to(picked)
            mine = all_is_mine()
            everybodys = _(
                "They are everybody's here. Whoever runs this app can allow it to all with {variable}=1.",
                variable=SHARED,
            )
            st.button(
                _("Delete"),
                icon=":material/delete:",
                disabled=not (picked and mine),
                on_click=_delete,
                args=(picked,),
                help=_("Undo for a day.") if mine else everybodys,
            )
            if mine:
                trash_box(gone, _restore)


def _way_to(names: list[str]) -> None:
    st.page_link(
        "pages/trials.py",
        label=_("Look at the trials"),
        icon=":material/timeline:",
        query_params={"source": files.FOLDER, "subjects": names},
        disabled=not names,
    )


def _keep(recorded: Trials, name: str) -> None:
    with told():
        st.session_state[KEPT] = files.store(recorded, name, data_root()).stem


def _delete(names: list[str]) -> None:
    st.session_state[PICKED] = []
    with told():
        for name in names:
            files.delete(name, data_root())


def _restore(names: list[str]) -> None:
    with told():
        for name in names:
            files.restore(name, data_root())
