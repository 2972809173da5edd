"""The table of all runs: filtered, picked from, written on, deleted with undo, taken along; all in the address."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from eegnets.run_zip import pack, unpack
from eegnets.runs import SCORES, Run
from eegnets.translation import N_, _, retold
from eegnets.trash import before
from eegnets.ui.choices import several
from eegnets.ui.deleting import trash_box
from eegnets.ui.exporting import table_buttons
from eegnets.ui.panels import ago, standings_columns
from eegnets.ui.state import all_is_mine, check_mine, is_alone, owner, owners, store
from eegnets.ui.steering import told

COLUMNS = [
    *("star", "name", "state", "model", "activation", "seed", *SCORES, "epoch", "made", "learning_rate"),
    *("weight_decay", "source", "subjects", "seconds", "note", "id", "message"),
]
HEADINGS = {
    "name": N_("Name"),
    "whose": N_("Whose"),
    "note": N_("Note"),
    "made": N_("Made"),
    "source": N_("Data"),
    "subjects": N_("Subjects"),
    "model": N_("Network"),
    "activation": N_("Activation"),
    "seed": N_("Seed"),
    "id": N_("Id"),
    "message": N_("Message"),
}
TALLEST = 300  # px of the table; its head takes 38, a row 35
SEARCHED = ("id", "name", "note", "message", "source")


def run_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """All runs as a table with every column, the newest first."""
    table = pd.DataFrame(rows)
    table["made"] = table["created"].map(ago)
    table["message"] = table["message"].map(lambda text: text and retold(text))
    table = table.reindex(columns=[*table.columns, *(name for name in COLUMNS if name not in table)])
    return _with_owners(table.assign(star=table["star"].eq(True)))


def _with_owners(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a column that says whose each run is, where several people share the app."""
    if (is_alone() and all_is_mine()) or table.get("owner", pd.Series([""])).nunique() < 2:
        return table
    return table.assign(whose=table["owner"].map({who: _called(who) for who in table["owner"].dropna().unique()}))


def _called(who: str) -> str:
    """What an owner is called; nothing for the runs of the command line."""
    return who and (owners().name(who) or (_("you") if who == owner() else _("somebody else")))


def _mine(table: pd.DataFrame, opened: list[str]) -> pd.DataFrame:
    """The reader's own runs and those that are `opened`, unless everybody's are asked for."""
    own = table["owner"].eq(owner()) if "whose" in table else pd.Series(dtype=bool)
    if own.any() and st.toggle(_("Mine only"), value=True, key="mine", bind="query-params"):
        return table[own | table["id"].isin(opened)]
    return table


def filtered(table: pd.DataFrame, opened: list[str]) -> pd.DataFrame:
    """The runs that the reader asks for; of other people's those that are `opened` stay."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hint = _("name, note, id, data")
        words = st.text_input(_("Search"), key="search", bind="query-params", placeholder=hint, width=190)
        for name, heading in (("state", _("State")), ("model", _("Network")), ("activation", _("Activation"))):
            choices = sorted(table[name].dropna().unique())
            picked = several(heading, choices, f"only_{name}", width=140, placeholder=_("all"))
            if picked:
                table = table[table[name].isin(picked)]
        if st.toggle(_("★ only"), key="starred", bind="query-params"):
            table = table[table["star"]]
        table = _mine(table, opened)
    if words and not table.empty:  # an empty one has no texts to join
        text = table[[*SEARCHED, *({"whose"} & set(table))]].fillna("").astype(str).agg(" ".join, axis=1).str.lower()
        table = table[text.str.contains(words.lower(), regex=False)]
    return table.reset_index(drop=True)


def picked_from(shown: pd.DataFrame, opened: list[str], names: dict[str, str]) -> list[str]:
    """Show the table; the ids that are picked in it, and those `opened` before that a filter hides at the moment.

    names: id -> how a run is called here.
    """
    hidden = [run_id for run_id in opened if run_id not in set(shown["id"])]
    if shown.empty:
        st.info(_("No run is like that. Take a filter off above."), icon=":material/filter_alt_off:")
        return hidden
    called = shown["name"].where(shown["name"].fillna("") != "", shown["id"].map(names)).fillna(shown["id"])
    event = st.dataframe(
        shown.reindex(columns=_shown_columns(shown)).assign(state=shown["state"].map(_), name=called),
        height=min(TALLEST, 38 + 35 * len(shown)),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": shown.index[shown["id"].isin(opened)].tolist()}},
        key=f"runs_{hash(tuple(shown['id']))}",  # rows are picked by place: other runs make another table
        column_config=_columns(),
        alt=_("All runs with their settings and scores"),
    )
    return shown["id"].iloc[event.selection.rows].tolist() + hidden


def _shown_columns(table: pd.DataFrame) -> list[str]:
    """What the reader sees, in its order."""
    whose = [name for name in ("whose",) if name in table]
    return [*COLUMNS[:2], *whose, *COLUMNS[2:]]


def _columns() -> dict[str, Any]:
    """Headings and formats of the table of runs."""
    number = st.column_config.NumberColumn
    return {
        **standings_columns(),
        **{name: _(words) for name, words in HEADINGS.items()},
        "star": st.column_config.CheckboxColumn("★", width="small"),
        "name": st.column_config.TextColumn(_("Name"), pinned=True),
        "learning_rate": number(_("Learning rate"), format="%g"),
        "weight_decay": number(_("Weight decay"), format="%g"),
        "seconds": number(_("Seconds"), format="%.0f"),
    }


def actions(ids: list[str], names: dict[str, str]) -> None:
    """What can be done with the picked runs; `names`: id -> how a run is called here."""
    with st.container(horizontal=True):
        with st.popover(_("Name, note, star"), icon=":material/edit:", disabled=not ids):
            if ids:
                _notes_form(ids, names)
        st.button(
            _("Delete"),
            icon=":material/delete:",
            disabled=not ids,
            on_click=_delete,
            args=(ids,),
            help=_("Undo for a day."),
        )
        if st.session_state.get("deleted"):
            words = _("Undo ({n} deleted)", n=len(st.session_state.deleted))
            st.button(words, icon=":material/undo:", on_click=_undo)
        if ids:
            st.download_button(
                _("Export"),
                lambda: pack([store().get(run_id) for run_id in ids]),
                "runs.zip" if len(ids) > 1 else f"{ids[0]}.zip",
                icon=":material/folder_zip:",
                on_click="ignore",
                help=_("The picked runs with their weights as one zip, which Import reads here or elsewhere."),
            )
            table_buttons(ids)
        with st.popover(_("Import"), icon=":material/upload:"):
            _import_form()
        trash_box(store().trash.ids(), _restore)


def _notes_form(ids: list[str], names: dict[str, str]) -> None:
    run_id = ids[0]
    if len(ids) > 1:
        run_id = st.selectbox(_("Run"), ids, format_func=lambda one: names.get(one, one), key="noted")
    run = store().get(run_id)
    before = run.notes()
    with st.form(f"notes_{run_id}", border=False):
        name = st.text_input(_("Name"), before["name"], key=f"name_{run_id}", max_chars=80)
        note = st.text_area(_("Note"), before["note"], key=f"note_{run_id}", max_chars=2000)
        star = st.toggle(_("Star"), before["star"], key=f"star_{run_id}")
        if st.form_submit_button(_("Keep")):
            with told():
                check_mine(run)
                run.annotate(name=name.strip(), note=note.strip(), star=star)
                st.toast(_("Kept."), icon=":material/check:")
                st.rerun()


def _delete(ids: list[str]) -> None:
    gone = _done(_delete_mine, ids)
    st.session_state.deleted = list(gone.values())
    st.query_params["run"] = [run_id for run_id in st.query_params.get_all("run") if run_id not in gone]


def _delete_mine(run_id: str) -> str:
    check_mine(store().get(run_id))
    return store().delete(run_id)


def _undo() -> None:
    _restore(st.session_state.pop("deleted"))


def _restore(names: list[str]) -> None:
    """Bring runs back, by what they are called in the trash."""
    back = _done(_restore_mine, names)
    st.session_state.deleted = [name for name in st.session_state.get("deleted", []) if name not in back]
    st.query_params["run"] = st.query_params.get_all("run") + list(back.values())


def _restore_mine(name: str) -> str:
    check_mine(Run(store().trash.path / name))
    store().trash.restore(name)
    return before(name)


def _done(action: Callable[[str], str], names: list[str]) -> dict[str, str]:
    """Do it to each and say where it cannot be done; name -> what came of it."""
    done = {}
    for name in names:
        with told():
            done[name] = action(name)
    return done


def _import_form() -> None:
    with st.form("import", clear_on_submit=True, border=False):
        dropped = st.file_uploader(_("A zip that Export wrote"), type="zip", key="import_zip")
        if st.form_submit_button(_("Bring in")) and dropped:
            arrived = [run.id for run in unpack(io.BytesIO(dropped.getvalue()), store().root, owner())]
            st.session_state.deleted = [
                name for name in st.session_state.get("deleted", []) if before(name) not in arrived
            ]
            st.query_params["run"] = st.query_params.get_all("run") + arrived
            st.rerun()
