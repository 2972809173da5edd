"""Trials: every trial as it was recorded, what may be wrong with it, and what sets the classes apart."""

from itertools import product

import streamlit as st

from eegnets.charts.counts import counts_chart, describe_counts
from eegnets.charts.erd import describe_erd
from eegnets.quality import counts
from eegnets.signals import BANDS, classes, default_baseline
from eegnets.translation import N_, _
from eegnets.ui.browsing import channel_picker, filtered, trial_browser
from eegnets.ui.choices import segments
from eegnets.ui.drawing import shared, show
from eegnets.ui.links import classify_link
from eegnets.ui.state import caution, framed, friendly_errors, trials
from eegnets.ui.survey import average_of, changes_of, survey

QUANTITIES = (N_("voltage"), *BANDS)


def quantity(name: str) -> tuple[str, str]:
    """What an average is of, in words, and its unit."""
    if name not in BANDS:
        return _("Voltage"), "µV"
    low, high = BANDS[name]
    return _("{rhythm} power, {low:g}–{high:g} Hz", rhythm=name.capitalize(), low=low, high=high), "µV²"


data = framed()
st.title(_("Trials"))
st.markdown(_("Every trial as it was recorded, beside what is usual in its class. Step with the arrow keys."))
caution(data)
recorded = trials(data)
found = survey(recorded)
shown = filtered(found)
if not len(shown):
    st.info(_("No trial is like that. Take a filter off above."), icon=":material/filter_alt_off:")
    st.stop()
channels = channel_picker(recorded.ch_names)
trial_browser(found, shown, channels, lambda index: classify_link(data, recorded, index))
if (recorded.y < 0).all():
    st.info(_("Of no trial is the class known: there is nothing to compare."), icon=":material/help:")
    st.stop()

st.header(_("How the rhythms change"), anchor=False)
st.markdown(
    _(
        "Power against a baseline: :blue[blue], the rhythm weakens (ERD); :red[red], it grows (ERS). Imagining a hand "
        "weakens mu, near 10 Hz, on the opposite side: C4 for the left, C3 for the right. Dashed: a window of the "
        "task begins."
    )
)
if len(recorded.subjects) > 1:
    st.caption(
        _(
            "The mean over {n} people, each against their own baseline. To see one, choose them in the sidebar.",
            n=len(recorded.subjects),
        )
    )
baseline = st.slider(
    _("Baseline (s)"),
    0.0,
    recorded.n_times / recorded.sfreq,
    default_baseline(recorded),
    0.1,
    key="baseline",
    bind="query-params",
    help=_(
        "The seconds that stand for 0 %, the same for all classes. The time just before the cue looks like rest, but "
        "need not be: in the Graz IIIb recording it already tells the classes apart."
    ),
)
with friendly_errors(go_on=True):
    with st.spinner(_("Measuring the rhythms …")):
        changes = found.changes(baseline)
    names = [name for name, _members in classes(recorded)]
    cells = [column for _channel in channels for column in st.columns(len(names))]
    for cell, (channel, name) in zip(cells, product(channels, names), strict=True):
        chart = shared(changes_of, found, baseline, name, channel)
        show(chart, key=f"map_{channel}_{name}", alt=describe_erd(changes, name, channel), place=cell)

st.header(_("The average of each class"), anchor=False)
what = segments(_("Of what"), QUANTITIES, "voltage", "average")
words, unit = quantity(what)
if len(recorded.subjects) > 1:
    st.caption(_("Over the trials of all people: whoever has the largest rhythm weighs most."))
with friendly_errors(go_on=True):
    for column, channel in zip(st.columns(len(channels)), channels, strict=True):
        chart = shared(average_of, found, what, channel, words, unit)
        about = _("{quantity} over time by class, {channel}", quantity=words, channel=channel)
        show(chart, key=f"average_{channel}", alt=about, place=column)

st.header(_("How many there are"), anchor=False)
counted = counts(found.listed)
show(shared(counts_chart, counted, recorded.class_names), key="counts", alt=describe_counts(counted))
