"""The page Devices, as a user meets it."""

import pytest
from test_bench import records
from test_bench_folder import BEGIN, asked, stored

from eegnets import bench_folder, json_lines
from eegnets.bench_folder import bench_root
from eegnets.bench_results import Case
from eegnets.machine import Machine
from eegnets.timing import as_reported

MACHINE = Machine("Some CPU", 4, 8 * 2**30, ("AMX",), {"cpu": "Some CPU"}, "2.0", "Linux")
USUAL, FUSED = Case(engine="usual"), Case()
EPOCHS = records({USUAL: [9, 2, 2.2], FUSED: [9, 1, 1.1], Case("DeepConvNet"): [9, 3, 3]})


@pytest.fixture
def page(app, monkeypatch, tmp_path):
    """Opens the page on a machine that is always the same, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("eegnets.ui.measuring.here", lambda: MACHINE)

    def opened(**params):
        for name, value in params.items():
            app.query_params[name] = value
        return app.switch_page("pages/devices.py").run()

    return opened


def words(app):
    return " ".join(box.value for box in [*app.markdown, *app.caption, *app.info, *app.warning, *app.error])


def button(app, label):
    return next(found for found in app.button if found.label == label)


def finished(*lines, name="20260101-000000-ab"):
    return stored(bench_root(), asked(), BEGIN, *(lines or EPOCHS), {"kind": "end", "at": 1e9}, name=name)


def test_a_first_visit_tells_of_the_machine_and_what_to_do(page):
    app = page()
    assert not app.exception
    for said in (
        "Some CPU",
        "8 GiB",
        "no graphics card",
        "AMX",
        "One run trains at a time",
        "Nothing has been measured",
    ):
        assert said in words(app)
    assert not button(app, "Measure").disabled
    assert "bench_devices" not in {group.key for group in app.button_group}


def test_with_a_graphics_card_the_devices_can_be_compared(page, monkeypatch):
    devices = {"cuda": "Some card", "cpu": "Some CPU"}
    monkeypatch.setattr("eegnets.ui.measuring.here", lambda: Machine("Some CPU", 4, 1, (), devices, "2.0", "Linux"))
    app = page()
    assert "There is a graphics card (Some card)" in words(app)
    assert "usually slower" in words(app)
    assert app.button_group(key="bench_devices").value == ["cpu", "cuda"]


def test_one_click_starts_what_is_picked_in_a_process_of_its_own(page, monkeypatch):
    begun = []
    monkeypatch.setattr(bench_folder, "_start", lambda found, words, about: begun.append((found, words, about)))
    app = page(bench_threads=["1", "4"], bench_trials="64")
    button(app, "Measure").click().run()
    assert not app.exception
    ((found, words, about),) = begun
    assert {"--threads=1,4", "--trials=64", "--seconds=60", "--engines=usual,plain,fused"} <= set(words)
    assert app.query_params["measurement"] == found.id
    assert about["owner"]


def test_nothing_is_measured_while_a_list_is_empty(page):
    app = page()
    app.button_group(key="bench_engines").set_value([]).run()
    assert button(app, "Measure").disabled


def test_stored_results_are_drawn_and_said(page):
    found = finished()
    app = page()
    assert not app.exception
    assert "The fused engine is 2 times as fast as the usual loop." in words(app)
    assert "357 s on a processor and 38 s on a graphics card, 9.3 times as fast" in words(app)
    assert "another processor" in words(app)
    assert "disturbed" not in words(app)
    assert len(app.get("vega_lite_chart")) == 3
    assert any(part.proto.label == "Results (CSV)" for part in app.get("download_button"))
    assert len(app.dataframe[0].value) == len(found.results())


def test_a_graphics_card_stands_beside_the_reports_with_its_own_times(page):
    card = Case(engine="usual", device="cuda"), Case(device="cuda")
    begin = BEGIN | {"machine": BEGIN["machine"] | {"devices": {"cuda": "Some card", "cpu": "Some CPU"}}}
    measured = records({USUAL: [9, 0.9], FUSED: [9, 0.3], card[0]: [9, 0.2], card[1]: [9, 0.1]})
    stored(bench_root(), asked(), begin, *measured, {"kind": "end", "at": 1e9})
    found = words(page())
    assert "on Some CPU, Some card: " in found
    seconds = [
        as_reported(epoch, BEGIN["trials"]["n_train"], BEGIN["trials"]["n_test"]) for epoch in (0.9, 0.3, 0.2, 0.1)
    ]
    whose = [
        "the usual loop here on the processor",
        "the fastest way here on the processor",
        "the usual loop here on the graphics card",
        "the fastest way here on the graphics card",
    ]
    for who, took in zip(whose, seconds, strict=True):
        assert f"{who} would take {took:.0f} s" in found
    assert "The graphics card (cuda) is 3.8 times as fast (range 3 to 4.5) as the processor." in found


def test_epochs_that_differ_too_much_are_called_disturbed(page):
    finished(*records({FUSED: [9, 1, 4]}))
    assert "4.0 times as long" in words(page())


def test_while_it_measures_there_is_progress_and_only_its_owner_can_cancel(page):
    stored(bench_root(), asked(), BEGIN, *[record | {"done": 3, "of": 9} for record in EPOCHS])
    app = page()
    assert not app.exception
    assert "3 epochs measured" in app.get("progress")[-1].proto.text
    assert button(app, "Measure").disabled
    assert button(app, "Cancel").disabled
    assert "The fused engine is 2 times" in words(app)


def test_who_is_alone_with_the_app_can_cancel_what_an_older_cookie_began(page, monkeypatch):
    monkeypatch.delenv("EEGNETS_SHARED_CONTROL")
    stored(bench_root(), asked(), BEGIN, *EPOCHS)
    assert not button(page(), "Cancel").disabled


def test_a_measurement_is_read_once_for_all_that_a_page_tells_of_it(page, monkeypatch):
    reads = []
    read = json_lines.read
    monkeypatch.setattr(json_lines, "read", lambda path: reads.append(path) or read(path))
    found = stored(bench_root(), asked(), BEGIN, *EPOCHS)
    app = page()
    assert "The fused engine is 2 times" in words(app)
    assert reads == [found.path]
    json_lines.append(found.path, {"kind": "end"})
    app.run()
    assert reads == [found.path] * 2


def test_before_its_first_epoch_it_gets_ready(page):
    stored(bench_root(), asked())
    app = page()
    assert not app.exception
    assert app.get("progress")[-1].proto.text == "Getting ready …"


def test_what_ended_early_says_so_and_shows_what_there_is(page):
    stored(bench_root(), asked() | {"born": 1.0}, BEGIN, *EPOCHS)
    app = page()
    assert "ended early" in words(app)
    assert "The fused engine is 2 times" in words(app)


def test_a_damaged_file_is_told_in_words_and_the_form_stays(page):
    finished().path.write_text("{broken\n")
    app = page()
    assert not app.exception
    assert "is damaged and cannot be read" in words(app)
    assert not button(app, "Measure").disabled


def test_an_address_opens_an_earlier_measurement_and_one_that_is_gone_is_told(page):
    finished(name="20250101-000000-aa")
    finished(*records({Case(threads=1): [0, 4], Case(threads=2): [0, 2]}))
    app = page(measurement="20250101-000000-aa")
    assert "The fused engine is 2 times" in words(app)
    assert "2 threads are" not in words(app)
    assert "is not kept any more" in words(page(measurement="gone"))


def test_runs_at_work_are_warned_of(page, made_run):
    made_run("running", epochs=1)
    assert "the figures would be disturbed" in words(page())
