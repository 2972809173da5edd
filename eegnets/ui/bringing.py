"""Bringing a network from elsewhere: a file of weights becomes a run of one's own, and is asked at once."""

import tempfile
from pathlib import Path

import streamlit as st

from eegnets.activations import ACTIVATIONS
from eegnets.config import DataConfig, InputError
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.links import without_links
from eegnets.ui.state import owner, store


def bring_network(data: DataConfig, trials: Trials) -> None:
    """A form that takes a file of weights for trials such as these."""
    with (
        st.popover(_("Bring weights"), icon=":material/upload:"),
        st.form("weights", border=False, clear_on_submit=True),
    ):
        dropped = st.file_uploader(
            _("Weights of an EEGNet or DeepConvNet"),
            type=["safetensors", "pt", "pth"],
            key="weights_file",
            help=_("A state dict: ours, the lab report's, or braindecode's EEGNet. Nothing in the file is ever run."),
        )
        activation = st.selectbox(
            _("Activation"), list(ACTIVATIONS), help=_("Weights do not tell it."), key="weights_bend"
        )
        if st.form_submit_button(_("Bring it in")) and dropped:
            try:
                brought = _adopted(dropped.name, dropped.getvalue(), activation, data, trials)
            except InputError as error:
                st.error(without_links(error), icon=":material/error:")
            else:
                st.session_state.network = brought
                st.rerun()


def _adopted(name: str, content: bytes, activation: str, data: DataConfig, trials: Trials) -> str:
    """The id of the run that was made; the file's name counts only behind its last slash."""
    from eegnets.adopting import adopt

    with tempfile.TemporaryDirectory(prefix="eegnets-") as folder:
        path = Path(folder) / Path(name.replace("\\", "/")).name
        path.write_bytes(content)
        return adopt(path, activation, data, trials, store(), owner()).id
