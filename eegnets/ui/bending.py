"""Activations on a page: their curves under the reader's hand, and one of them at work on a trial."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from eegnets.activations import ACTIVATIONS, FLAT, describe_flat
from eegnets.charts.activations import curve_chart, curve_table, describe_curves_of, flat_chart
from eegnets.config import DataConfig, InputError, ModelConfig
from eegnets.translation import N_, _
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import slider
from eegnets.ui.links import without_links

RULES = ModelConfig.table()
REPORT = ("Sigmoid", "Tanh", "ReLU", "LeakyReLU", "Maxout", "ELU")  # the lab report's, in its order
STARTS = {"Maxout": N_("Drawn as it starts: the larger of x and 0.1 x. What one has learned is drawn below.")}
SPOKEN = {
    "value": N_("The value of each function over x. {words}"),
    "slope": N_("The slope of each function over x. {words}"),
}


@st.fragment
def curves_part() -> None:
    """The functions that are picked: curve, slope, formula."""
    picked = st.pills(
        _("Functions"),
        list(ACTIVATIONS),
        selection_mode="multi",
        default=list(REPORT),
        key="functions",
        bind="query-params",
        wrap=True,
        help=_("Those of the lab report are on at first."),
    )
    names = [name for name in ACTIVATIONS if name in (picked or ())]
    if not names:
        st.info(_("No function is picked. Pick one above, or several to compare them."), icon=":material/touch_app:")
        return
    _drawn(names)
    for tab, name in zip(st.tabs(names), names, strict=True):
        with tab:
            _explain(name)


@st.fragment
def _drawn(names: list[str]) -> None:
    """Their curves and slopes; moving a slider draws only this part again."""
    with st.container(horizontal=True, gap="large"):
        parameters = parameter_sliders(names, "curve_")
        at = st.slider(_("Read at x"), -8.0, 8.0, -1.0, 0.1, key="x", bind="query-params", help=_("The dashed line."))
    curves = {name: ACTIVATIONS[name].pick(parameters) for name in names}
    table, spoken = curve_table(curves), describe_curves_of(curves)
    for column, quantity in zip(st.columns(2), ("value", "slope"), strict=True):
        chart = shared(curve_chart, table, quantity, at)
        show(chart, key=f"curves_{quantity}", alt=_(SPOKEN[quantity], words=spoken), place=column)
    show(shared(flat_chart, curves), key="flat", alt=spoken)
    _readings(curves, at)


def parameter_sliders(names: list[str], prefix: str) -> dict[str, float]:
    """A slider for each parameter that one of these activations has: name of the setting -> value."""
    needed = {key: rule for name in names for key, rule in ACTIVATIONS[name].parameters.items()}
    return {key: slider(rule, prefix) for key, rule in needed.items()}


def _readings(curves: Mapping[str, Mapping[str, Any]], at: float) -> None:
    """What each function gives at a place, and where it is flat."""
    rows = [
        {
            "function": name,
            "value": float(ACTIVATIONS[name].function(at, **parameters)),
            "slope": float(ACTIVATIONS[name].derivative(at, **parameters)),
            "flat": describe_flat(name, **parameters),
        }
        for name, parameters in curves.items()
    ]
    columns = {
        "function": _("Function"),
        "value": st.column_config.NumberColumn(f"f({at:g})", format="%.4f"),
        "slope": st.column_config.NumberColumn(
            f"f′({at:g})", format="%.4f", help=_("The gradient is multiplied by it.")
        ),
        "flat": st.column_config.TextColumn(
            _("Flat for x"), help=_("Where the slope is nearer to zero than {flat}.", flat=FLAT)
        ),
    }
    spoken = _("Each function at x = {x:g}", x=at)
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, alt=spoken)


def _explain(name: str) -> None:
    entry = ACTIVATIONS[name]
    st.latex(_(entry.formula))
    st.markdown(" ".join([_(entry.remark), _(STARTS.get(name, ""))]))
    st.caption(entry.source)


@st.fragment
def trial_part(data: DataConfig) -> None:
    """A trial on its way through an activation layer; what cannot be shown is told, and the page goes on below."""
    from eegnets.ui.passing import through_a_layer  # brings torch, which the curves do not wait for

    try:
        through_a_layer(data)
    except InputError as error:
        st.error(without_links(error), icon=":material/error:")
