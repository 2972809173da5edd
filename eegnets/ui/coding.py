"""A run as code to take along: the script, the same as a notebook, and the trials that it needs."""

import streamlit as st

from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.translation import _
from eegnets.ui.links import without_links
from eegnets.ui.state import owner, runner
from eegnets.ui.steering import told


def code_panel(run: Run) -> None:
    """The script of a run, made when somebody opens it; and why it cannot be, where it cannot."""
    box = st.expander(_("Show the code"), icon=":material/code:", key="code", on_change="rerun", bind="query-params")
    if not box.open:
        return
    with box:
        try:
            _code(run)
        except InputError as error:
            st.info(str(error), icon=":material/code_off:")


def _code(run: Run) -> None:
    from eegnets import show_code  # imports torch
    from eegnets.classification import shape_of

    shape = shape_of(run)
    script = show_code.script(run, shape)
    if show_code.exact(run, shape):
        st.markdown(
            _(
                "A script of its own, with PyTorch and NumPy alone. {exact} Put its trials beside it.",
                exact=_(show_code.EXACT),
            )
        )
    else:
        st.info(_(show_code.doubt(run)), icon=":material/casino:")
        st.code(show_code.plain_command(run), language=None, wrap_lines=True)
        st.button(
            _("Train it on the plain engine"),
            icon=":material/replay:",
            on_click=_train_plain,
            args=(run,),
            help=_("Starts the same run anew and opens it; it takes somewhat longer."),
        )
    with st.container(horizontal=True):
        _download(_("Script (.py)"), script, f"{run.id}.py")
        _download(_("Notebook (.ipynb)"), show_code.notebook(script), f"{run.id}.ipynb")
        _trials(run)
    st.code(script, language="python", line_numbers=True, height=480)


def _download(words: str, data: str | bytes, name: str) -> None:
    st.download_button(words, data, name, icon=":material/download:", on_click="ignore")


def _trials(run: Run) -> None:
    """The trials, cut when somebody asks: EEG may be large, and what is wrong with it must be told in words."""
    from eegnets.show_code import exported

    about = _("Split as the run had them, missing samples filled. The file belongs beside the script.")
    if not st.button(_("Cut the trials"), icon=":material/content_cut:", help=about):
        return
    try:
        arrays = exported(run)
    except InputError as error:
        st.error(without_links(error), icon=":material/error:")
    else:
        _download(_("Trials (.npz, {size:.1f} MB)", size=len(arrays) / 1e6), arrays, f"{run.id}.npz")


def _train_plain(run: Run) -> None:
    """Start the same run on the plain engine, and open it."""
    from eegnets.show_code import repeatable

    with told():
        st.query_params["run"] = runner().submit(repeatable(run.config), owner=owner()).id
