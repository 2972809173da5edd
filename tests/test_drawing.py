"""Charts that are shared: made once for all who look at the same, anew for another trial or language."""

import altair as alt
import pandas as pd
import pytest
import streamlit as st

from eegnets.ui import drawing


@pytest.fixture
def made():
    """The chart's maker, counting."""
    st.cache_resource.clear()

    def make():
        make.times += 1
        return alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q")

    make.times = 0
    yield make
    st.cache_resource.clear()


def test_a_chart_is_made_once_for_all_who_look_at_the_same(made):
    for _visitor in range(3):
        drawing.draw(made, 7, "left hand", key="waveform", alt="EEG")
    assert made.times == 1


@pytest.mark.parametrize(("of", "key"), [((8,), "waveform"), ((7, 1), "waveform"), ((7,), "spectrum")])
def test_another_trial_or_place_is_another_chart(made, of, key):
    drawing.draw(made, 7, key="waveform", alt="EEG")
    drawing.draw(made, *of, key=key, alt="EEG")
    assert made.times == 2


def test_a_reader_of_another_language_gets_a_chart_of_their_own(made, monkeypatch):
    drawing.draw(made, 7, key="waveform", alt="EEG")
    monkeypatch.setattr(drawing, "language", lambda: "zh-TW")
    drawing.draw(made, 7, key="waveform", alt="EEG")
    assert made.times == 2


def test_what_is_drawn_is_what_altair_would_have_drawn():
    def page():
        import altair as alt
        import pandas as pd
        import streamlit as st

        from eegnets.ui.drawing import draw

        chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q")
        draw(lambda: chart, 7, key="one", alt="EEG")
        st.altair_chart(chart, key="two", alt="EEG")

    from streamlit.testing.v1 import AppTest

    mine, altairs = AppTest.from_function(page).run().get("vega_lite_chart")
    assert mine.proto.spec == altairs.proto.spec
    assert mine.proto.datasets == altairs.proto.datasets
    assert mine.proto.alt == altairs.proto.alt
