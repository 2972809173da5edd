"""Charts that are shared: made once for all who look at the same, anew for another trial or language."""

import gc

import altair as alt
import numpy as np
import pandas as pd
import pytest

from eegnets.ui import drawing


@pytest.fixture
def made(request):
    """A chart's maker, which notes each time what of."""
    times = []

    def make(*of, **named):
        times.append((of, named))
        return alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q")

    make.times = times
    make.__qualname__ = request.node.name  # by which it is known, and no other is
    return make


TABLE = pd.DataFrame({"epoch": [1, 2], "value": [0.5, 0.75]})


def test_a_chart_is_made_once_for_all_who_look_at_the_same(made, tiny_trials):
    for _visitor in range(3):
        drawing.shared(made, tiny_trials, 7, "left hand", TABLE.copy(), np.arange(3), at=1.5)
    assert len(made.times) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"index": 8},
        {"name": "right hand"},
        {"table": TABLE.assign(value=[0.5, 0.7500001])},
        {"table": TABLE.rename(columns={"value": "loss"})},
        {"array": np.array([0, 1, 3])},
        {"at": 1.25},
    ],
)
def test_whatever_a_chart_depends_on_makes_another(made, other):
    given = {"index": 7, "name": "left hand", "table": TABLE, "array": np.arange(3), "at": 1.5}
    for asked in (given, given | other, given, given | other):
        drawing.shared(made, asked["index"], asked["name"], asked["table"], asked["array"], at=asked["at"])
    assert len(made.times) == 2


def test_other_trials_are_another_chart_even_where_the_first_have_gone(made, tiny_trials):
    drawn = 0
    for _upload in range(50):
        mine = tiny_trials.take(np.arange(10))
        drawing.shared(made, mine, 0)
        drawn += len(made.times)
        made.times.clear()  # they hold the trials
        del mine  # the next may lie at the same place in memory
    assert drawn == 50


def test_a_chart_that_is_remembered_holds_no_trials(made, tiny_trials):
    from weakref import ref

    mine = tiny_trials.take(np.arange(10))
    there = ref(mine)
    drawing.shared(made, mine, 0)
    made.times.clear()
    del mine
    gc.collect(1)
    assert there() is None


def test_a_reader_of_another_language_gets_a_chart_of_their_own(made, monkeypatch):
    drawing.shared(made, 7)
    monkeypatch.setattr(drawing, "language", lambda: "zh-TW")
    drawing.shared(made, 7)
    assert len(made.times) == 2


def test_what_is_drawn_is_what_altair_would_have_drawn():
    def page():
        import altair as alt
        import pandas as pd
        import streamlit as st

        from eegnets.ui.drawing import shared, show

        chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q")
        show(shared(lambda: chart), key="one", alt="EEG")
        show(chart, key="two", alt="EEG")
        st.altair_chart(chart, key="three", alt="EEG")

    from streamlit.testing.v1 import AppTest

    shared, shown, altairs = AppTest.from_function(page).run().get("vega_lite_chart")
    for mine in (shared, shown):
        assert mine.proto.spec == altairs.proto.spec
        assert mine.proto.datasets == altairs.proto.datasets
        assert mine.proto.alt == altairs.proto.alt


def test_charts_that_differ_in_their_data_alone_are_one_to_the_browser():
    """Which then exchanges the data alone: it knows a chart by its words, but for the names of data."""

    def page():
        import altair as alt
        import pandas as pd

        from eegnets.charts.hover import reading_strips
        from eegnets.ui.drawing import show

        for top in (3, 4):
            both = [pd.DataFrame({"x": [1, y], "value": 0.5, "which": "a curve"}) for y in (2, top)]
            points = alt.Chart(both[0]).mark_point().encode(x="x:Q")
            strips = reading_strips(both[1], alt.X("x:Q"), "x", "which", title="x")
            show(alt.layer(points, strips), key=f"to {top}", alt="EEG")

    from streamlit.testing.v1 import AppTest

    first, second = (chart.proto for chart in AppTest.from_function(page).run().get("vega_lite_chart"))
    assert first.spec != second.spec
    specs = []
    for chart in (first, second):
        spec = chart.spec
        for place, data in enumerate(chart.datasets):
            spec = spec.replace(data.name, str(place))
        specs.append(spec)
    assert specs[0] == specs[1]
