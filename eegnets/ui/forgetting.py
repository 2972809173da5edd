"""What it costs to forget `model.eval()`, measured with the network and the trials that are open."""

import pandas as pd
import streamlit as st

from eegnets.charts.modes import describe_modes, modes_chart
from eegnets.run_folder import Run
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.classifying import classifier, written
from eegnets.ui.drawing import shared, show
from eegnets.ui.identity import BY_NUMBER


def without_evaluation_mode(run: Run, fold: Trials, part: str) -> None:
    """The section: what the two modes are, and on request the measurement; nothing where no class is known."""
    if (fold.y < 0).all():
        return
    st.header(_("If evaluation mode is forgotten"), anchor=False)
    st.markdown(
        _(
            "While a network trains, dropout silences units by chance, and batch norm goes by the batch at hand. "
            "`model.eval()` ends both; a test loop without it asks another network every time. The lab report writes "
            "that testing is like training, only without gradient and update, and names no `model.eval()`."
        )
    )
    asked = st.toggle(
        _("Measure it with this network"),
        key="modes",
        bind="query-params",
        help=_("Asks the network several times in each mode: a few seconds. The network stays as it is."),
    )
    if asked:
        with st.spinner(_("Asking the network in every mode …")):
            table = _measured(str(run.path), written(run), fold)
        show(shared(modes_chart, table, part), key="by_mode", alt=describe_modes(table))
        st.markdown(_told(table))


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=BY_NUMBER)
def _measured(path: str, stamp: int, fold: Trials) -> pd.DataFrame:
    from eegnets.modes import by_mode  # brings torch

    network = classifier(path, stamp)
    return by_mode(network.model, fold, network.config.training.batch_size)


def _told(table: pd.DataFrame) -> str:
    right, wrong = (table[table["mode"] == mode] for mode in (table["mode"].iloc[0], table["mode"].iloc[-1]))
    return _(
        "Of {n} trials in evaluation mode **{right:.1%}**, in every pass. Forgotten: {low:.1%} to {high:.1%} in "
        "{passes} passes, **{mean:.1%}** on average, and {unsteady:.0%} of the trials get another answer in another "
        "pass.",
        n=int(right["trials"].iloc[0]),
        right=right["accuracy"].mean(),
        low=wrong["accuracy"].min(),
        high=wrong["accuracy"].max(),
        passes=len(wrong),
        mean=wrong["accuracy"].mean(),
        unsteady=wrong["unsteady"].iloc[0],
    )
