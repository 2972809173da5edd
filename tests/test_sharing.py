"""A link is the view: what is in the address comes back on every page, and what a link hides keeps its value."""

import io
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import zxingcpp
from file_tree import ROOT
from PIL import Image

from eegnets.race import INSTRUMENTS
from eegnets.runs import SCORES
from eegnets.ui.choices import LAST
from eegnets.ui.sharing import link, qr_code, words_for

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
# Forms and files, not views.
KEPT_APART = {"file_", "noted", "first", "second", "name_", "note_", "star_", "live_", "weights_"}

MAKE_ANOTHER_PAGE = ("lang", "source", "subjects", "view", "network")  # with these changed there are other controls


def opened(app, page, **params):
    app.query_params.update(params)
    return (app if page == "start.py" else app.switch_page(f"pages/{page}")).run()


def controls(app):
    """Key -> the protocol's message of each control that can be moved."""
    kinds = ("slider", "number_input", "selectbox", "multiselect", "button_group", "checkbox", "text_input")
    found = [element for kind in kinds for element in app.get(kind)]
    return {element.key: element for element in found if element.key}


def other(element):
    """Another value than the one that a control has, as an address writes it; None where there is none."""
    proto = element.proto
    options = [getattr(option, "content", option) for option in getattr(proto, "options", [])]
    if element.type == "slider":
        return (
            None if len(proto.default) > 1 else f"{proto.max:g}" if proto.default[0] != proto.max else f"{proto.min:g}"
        )
    if element.type == "number_input":
        step = proto.step or 1
        more = (element.value or 0) + step
        return f"{more:g}" if not proto.has_max or more <= proto.max else f"{element.value - step:g}"
    if element.type in ("checkbox", "toggle"):
        return "false" if element.value else "true"
    if element.type == "text_input":
        return "7"
    if element.key == "keep":  # the address has its keys
        options = list(SCORES)
    return next((option for option in options if option not in shown(element)), None)


def shown(element):
    """What is picked, as the control shows it and as the address writes it."""
    values = element.value if isinstance(element.value, list | tuple) else [element.value]
    return [INSTRUMENTS[one].title if one in INSTRUMENTS else str(one) for one in values]


def is_kept(app, key):
    """Whether the address keeps a control: by Streamlit's own binding, or by its English word."""
    return bool(controls(app)[key].proto.query_param_key) or LAST + key in app.session_state


@pytest.fixture
def with_runs(made_run):
    return [made_run(activation=name, instruments=True) for name in ("ELU", "ReLU")]


VIEWS = [("compare.py", {"view": "Report"}), ("compare.py", {"matters": "1"}), ("classify.py", {"view": "All trials"})]


@pytest.mark.parametrize(("page", "params"), [*((page, {}) for page in PAGES), *VIEWS])
def test_every_control_of_a_page_stands_in_its_address_and_is_called_by_what_stands_beside_it(
    app, with_runs, page, params
):
    opened(app, page, run=[run.id for run in with_runs], **params)
    assert not app.exception
    lost = [key for key in controls(app) if not is_kept(app, key)]
    assert [key for key in lost if not key.startswith(tuple(KEPT_APART))] == []
    called = {key: words_for(key) for key in controls(app) if is_kept(app, key)}
    assert {key: words for key, words in called.items() if not controls(app)[key].label.startswith(words)} == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_pasted_link_opens_the_same_view(app, with_runs, page):
    from streamlit.testing.v1 import AppTest

    runs = [run.id for run in with_runs]
    opened(app, page, run=runs)
    bound = {key: element for key, element in controls(app).items() if is_kept(app, key)}
    wanted = {key: other(element) for key, element in bound.items() if key not in MAKE_ANOTHER_PAGE}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    if page != "train.py":  # other data are measured anew, which takes time; one page stands for all
        wanted = {key: value for key, value in wanted.items() if not key.startswith("data_")}
    again = opened(AppTest.from_file(str(ROOT / "app.py"), default_timeout=30), page, run=runs, **wanted)
    assert not again.exception
    found = {key: element for key, element in controls(again).items() if key in wanted}
    assert len(found) >= len(wanted) / 2  # a control may make others needless
    for key, element in found.items():
        assert _plain(wanted[key]) in map(_plain, shown(element)), key


def _plain(text):
    try:
        return float(text)
    except ValueError:
        return str(text).lower()


def test_a_link_that_hides_a_control_outside_the_settings_table_keeps_its_value(app):
    opened(app, "activations.py", hide="racers,seeds,x", racers=["ReLU", "Tanh"], x="2")
    assert not app.exception
    assert sorted(controls(app)["racers"].value) == ["ReLU", "Tanh"]
    (style,) = [html.proto.body for html in app.get("html") if "display: none" in html.proto.body]
    assert all(f".st-key-{key}:has(" in style for key in ("racers", "seeds", "x"))


@pytest.mark.parametrize("hide", ["}</style><b>", "a b", "a;b", ""])
def test_nothing_but_a_name_gets_into_the_style(app, hide):
    app.query_params["hide"] = hide
    app.run()
    assert not app.exception
    assert not [html for html in app.get("html") if "display: none" in html.proto.body]


def test_the_link_is_the_address_with_what_is_hidden():
    params = {"run": ["a", "b"], "hide": ["old"], "x": ["-1.5"], "seeds": ["0, 1"]}
    made = urlsplit(link("http://here:8501/activations", params, ["seeds", "x"]))
    assert (made.netloc, made.path) == ("here:8501", "/activations")
    assert parse_qs(made.query) == {"run": ["a", "b"], "x": ["-1.5"], "seeds": ["0, 1"], "hide": ["seeds,x"]}
    assert link("http://here", {}, []) == "http://here"


@pytest.mark.parametrize("address", ["http://localhost:8501", "http://10.0.0.7/train?" + "run=20260101-0000-a&" * 40])
def test_a_camera_reads_the_link_off_its_code(address):
    picture = Image.open(io.BytesIO(qr_code(address)))
    assert [found.text for found in zxingcpp.read_barcodes(np.array(picture.convert("L")))] == [address]


def test_a_link_that_is_too_long_for_a_code_has_none():
    assert qr_code("http://here?" + "x" * 3000) == b""


@pytest.mark.parametrize(
    ("alone", "host", "shown"), [(True, "10.0.0.7", 0), (False, "10.0.0.7", 1), (False, "localhost", 0)]
)
def test_a_code_is_shown_where_others_can_open_the_link(app, monkeypatch, alone, host, shown):
    monkeypatch.setattr("eegnets.ui.sharing.is_alone", lambda: alone)
    monkeypatch.setattr("eegnets.ui.sharing.link", lambda *_about: f"http://{host}:8501/train?epochs=4")
    opened(app, "train.py", epochs="4")
    next(found for found in app.button if found.label == "Share this view").click().run()
    assert not app.exception
    assert len(app.get("image")) == shown


def test_the_dialog_lists_the_controls_of_the_page_and_the_link_follows(app):
    opened(app, "train.py", epochs="4", hide="device")
    next(found for found in app.button if found.label == "Share this view").click().run()
    assert not app.exception
    pills = controls(app)["to_hide"]
    assert pills.value == ["device"]
    (code,) = [found.value for found in app.code if "?" in found.value]
    assert any("--server.address=0.0.0.0" in caption.value for caption in app.caption)  # it listens to localhost
    assert "epochs=4" in code
    assert "hide=device" in code


def test_a_link_to_a_trained_network_brings_its_data_along(app):
    app.run()
    assert controls(app)["source"].value == "simulated"
    app.query_params["source"] = "files"
    app.switch_page("pages/train.py").run()
    assert not app.exception
    assert controls(app)["source"].value == "files"


def test_the_runs_can_be_left_out_of_the_link(app, with_runs):
    opened(app, "train.py", run=[run.id for run in with_runs], epochs="4")
    next(found for found in app.button if found.label == "Share this view").click().run()
    assert all(run.id in app.code[-1].value for run in with_runs)
    assert any(box.label == "Without the runs" for box in app.checkbox)
    app.session_state["bare"] = True
    next(found for found in app.button if found.label == "Share this view").click().run()
    assert not app.exception
    assert app.code[-1].value.endswith("?epochs=4")
