"""Network: what is inside a network, layer by layer; one trial on its way through; what the first layer hears."""

import streamlit as st

from eegnets.translation import N_, _
from eegnets.ui.choices import segments
from eegnets.ui.state import framed, friendly_errors, trials

data = framed()
st.title(_("Network"))
st.markdown(
    _(
        "One trial on its way through a network, in three steps: all layers, a click to one layer, a click to one "
        "value and the sum behind it."
    )
)
from eegnets.ui.listening import calculator, first_layer, sides_section  # noqa: E402 (the words above come first)
from eegnets.ui.looking import inside, layers_section, network_to_look_at, whole  # noqa: E402

with friendly_errors(), st.container(horizontal=True, vertical_alignment="bottom"):
    recorded = trials(data)
    looked = network_to_look_at(recorded, data.source)
    part = segments(_("Trials"), [N_("test"), N_("train")], "test", "part")
    fold = whole(recorded, part)
if len(fold):
    inside(looked, fold)
else:
    st.info(
        _("These data have no {part} trials; choose the others above.", part=_(part)), icon=":material/filter_alt_off:"
    )

st.header(_("What the first layer hears"), anchor=False)
st.markdown(
    _(
        "The first convolution slides short filters in time, its kernels, along each electrode. Its frequency "
        "response says which rhythm a kernel lets through; the filters in space then weigh the electrodes."
    )
)
first_layer(looked)
if len(fold):
    sides_section(looked, recorded, fold)

st.header(_("All layers"), anchor=False)
layers_section(looked.model)

st.header(_("Separable or full"), anchor=False)
st.markdown(
    _(
        "A full convolution has a kernel for every pair of a channel and a filter. A depthwise-separable one has a "
        "kernel a channel, and then mixes the channels with single numbers. The lab report gives the ratio of their "
        "weights for k × k kernels as 1/Nk + 1/k², Nk the number of filters; along time alone it is 1/Nk + 1/k."
    )
)
calculator()
