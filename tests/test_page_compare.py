"""The page Compare, as a user meets it."""

import json

import pyarrow
import pytest
from conftest import epoch_record
from visiting import visit

from eegnets.config import RunConfig
from eegnets.owners import Owners
from eegnets.run_zip import pack
from eegnets.runs import RunStore


def opened(app, *runs, **params):
    return visit(app, "compare", *runs, **params)


def button(app, label):
    return next(found for found in app.button if found.label.startswith(label))


def store(tmp_path):
    return RunStore(tmp_path / "runs")


def words(app):
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.warning, *app.info])


def rows_drawn(app):
    """All rows of the first chart, as the browser gets them."""
    tables = [pyarrow.ipc.open_stream(data.data.data).read_pandas() for data in chart(app).datasets]
    return [row for table in tables for row in table.to_dict("records")]


def chart(app):
    return app.get("vega_lite_chart")[0].proto


def test_without_runs_the_page_says_what_to_do(app):
    opened(app)
    assert not app.exception
    assert any("no run to compare" in box.value for box in app.info)


def test_every_run_is_a_row_with_its_three_scores(app, made_run):
    made_run(activation="ELU", accuracies=[0.6, 0.9, 0.7])
    made_run("failed", activation="ReLU", epochs=1)
    opened(app)
    assert not app.exception
    table = app.dataframe[0].value.set_index("activation")
    assert table.loc["ELU", ["last", "best_test"]].tolist() == [0.7, 0.9]
    assert table.loc["ReLU", "state"] == "failed"


def test_runs_named_in_the_address_are_drawn_and_stay_in_it(app, made_run):
    first, second = made_run(activation="ELU"), made_run(activation="ReLU")
    made_run(activation="Tanh")
    opened(app, first, second)
    assert not app.exception
    assert sorted(app.query_params["run"]) == sorted([first.id, second.id])
    spec = chart(app).spec
    assert f"EEGNet ELU {first.id[-4:]}" in spec
    assert f"EEGNet ReLU {second.id[-4:]}" in spec
    assert "Tanh" not in spec


def test_a_damaged_run_is_told_and_hides_no_other(app, made_run):
    whole, broken = made_run(), made_run()
    (broken.path / "config.json").write_text("{ not json")
    opened(app, whole, broken)
    assert not app.exception
    table = app.dataframe[0].value.set_index("id")
    assert table.loc[broken.id, "state"] == "damaged"
    assert table.loc[whole.id, "state"] == "finished"
    assert any(broken.id in box.value for box in app.warning)
    assert chart(app).spec


def test_a_damaged_history_is_told_and_can_be_deleted(app, made_run, tmp_path):
    run, whole = made_run(), made_run(activation="ReLU")
    (run.path / "history.jsonl").write_text("{]\n")
    opened(app, run, whole)
    assert not app.exception
    assert any("damaged line" in box.value for box in app.warning)
    assert "EEGNet ReLU" in chart(app).spec
    button(app, "Delete").click().run()
    assert store(tmp_path).runs() == []


def test_a_refused_zip_is_told_and_changes_nothing(app, made_run, tmp_path):
    run = made_run()
    opened(app)
    app.get("file_uploader")[0].upload("runs.zip", pack([run]), "application/zip")
    button(app, "Bring in").click().run()
    assert not app.exception
    assert any("here already" in box.value for box in app.error)
    assert len(store(tmp_path).runs()) == 1


def test_an_imported_run_leaves_nothing_to_undo(app, made_run):
    run = made_run()
    content = pack([run])
    opened(app, made_run(), run)
    button(app, "Delete").click().run()
    app.get("file_uploader")[0].upload("runs.zip", content, "application/zip")
    button(app, "Bring in").click().run()
    assert button(app, "Undo").label == "Undo (1 deleted)"


def test_the_view_is_in_the_address(app, made_run):
    run = made_run()
    opened(app, run, metric="loss", fold="train", along="seconds", smooth="0.5", over="Activation")
    assert not app.exception
    spec = chart(app).spec
    assert "Loss on the train trials" in spec
    assert "Time in training (s)" in spec
    assert app.slider(key="smooth").value == 0.5


def test_a_link_that_is_followed_twice_opens_its_view_twice(app, made_run):
    made_run()
    opened(app, view="Lab report")
    app.query_params.pop("view")
    app.switch_page("pages/start.py").run()
    opened(app, view="Lab report")
    assert app.session_state["view"] == "Lab report"


def test_in_another_language_the_address_stays_in_english(app, made_run):
    made_run("failed")
    runs = [made_run(weight_decay=decay, activation=bend) for decay in (0.0, 0.01) for bend in ("ELU", "ReLU")]
    focus = "weight decay 0.01"
    opened(app, *runs, lang="zh-TW", only_state="finished", over=["Activation", "Seed"], focus=focus)
    assert not app.exception
    assert sorted(app.dataframe[0].value["id"]) == sorted(run.id for run in runs)
    assert app.query_params["only_state"] in ("finished", ["finished"])
    assert app.query_params["focus"] in (focus, [focus])
    assert "**權重衰減 0.01**" in words(app)
    assert f"datum.group === '{focus}'" in chart(app).spec


def test_runs_that_differ_in_the_seed_alone_are_one_line(app, made_run):
    runs = [made_run(activation=bend, seed=seed) for bend in ("ELU", "ReLU") for seed in (0, 1)]
    opened(app, *runs)
    assert app.dataframe[2].value["Runs"].tolist() == ["ELU", "ReLU"]
    assert app.dataframe[2].value["n"].tolist() == [2, 2]
    app.button_group(key="over").set_value([]).run()
    assert not app.exception
    assert len(app.dataframe[2].value) == 4


def test_groups_stand_in_the_order_of_what_differs(app, made_run):
    runs = [made_run(weight_decay=decay, seed=seed) for decay in (0.1, 1e-5, 0.5, 0.01) for seed in (0, 1)]
    opened(app, *runs)
    assert not app.exception
    assert means(app)["Runs"].tolist() == [f"weight decay {decay}" for decay in ("1e-05", "0.01", "0.1", "0.5")]
    assert chart(app).spec.index("weight decay 1e-05") < chart(app).spec.index("weight decay 0.01")
    table = app.dataframe[1].value
    assert table.loc["Weight decay"].tolist() == ["1e-05", "1e-05", "0.01", "0.01", "0.1", "0.1", "0.5", "0.5"]


def test_only_the_settings_that_differ_are_shown(app, made_run):
    opened(app, made_run(activation="ELU", seed=1), made_run(activation="ReLU", seed=1))
    table = app.dataframe[1].value
    assert table.index.tolist() == ["Activation"]
    assert sorted(table.iloc[0]) == ["ELU", "ReLU"]


@pytest.mark.parametrize(("search", "found"), [("PRECIOUS", 1), ("nothing like it", 0), ("", 2)])
def test_the_search_looks_at_names_and_notes(app, made_run, search, found):
    made_run()
    made_run().annotate(note="a precious one")
    opened(app, search=search)
    assert not app.exception
    assert (len(app.dataframe[0].value) if app.dataframe else 0) == found


def test_a_picked_run_that_a_filter_hides_stays_picked(app, made_run):
    hidden, shown = made_run(activation="ELU"), made_run(activation="ReLU")
    opened(app, hidden, shown)
    app.multiselect(key="only_activation").set_value(["ReLU"]).run()
    assert not app.exception
    assert app.dataframe[0].value["id"].tolist() == [shown.id]
    assert sorted(app.query_params["run"]) == sorted([hidden.id, shown.id])


def test_only_the_starred(app, made_run):
    made_run()
    run = made_run()
    run.annotate(star=True)
    opened(app, starred="true")
    assert app.dataframe[0].value["id"].tolist() == [run.id]


def test_a_search_among_none_finds_none(app, made_run):
    made_run()
    opened(app, starred="true", search="ELU")
    assert not app.exception
    assert "No run is like that" in words(app)


def test_a_run_is_named_noted_and_starred(app, made_run):
    run = made_run()
    opened(app, run)
    app.text_input(key=f"name_{run.id}").set_value("The good one")
    app.text_area(key=f"note_{run.id}").set_value("alpha at 9 Hz")
    app.toggle(key=f"star_{run.id}").set_value(True)
    button(app, "Keep").click().run()
    assert not app.exception
    assert run.notes() == {"name": "The good one", "note": "alpha at 9 Hz", "star": True}
    assert app.dataframe[0].value["name"].tolist() == ["The good one"]


def test_runs_without_a_name_are_told_apart_in_the_table(app, made_run):
    runs = [made_run(seed=seed) for seed in range(3)]
    opened(app)
    assert set(app.dataframe[0].value["name"]) == {f"EEGNet ELU {run.id[-4:]}" for run in runs}


def test_a_deleted_run_comes_back_and_is_picked_again(app, made_run, tmp_path):
    kept, gone = made_run(activation="ELU"), made_run(activation="ReLU")
    opened(app, gone)
    button(app, "Delete").click().run()
    assert not app.exception
    assert [run.id for run in store(tmp_path).runs()] == [kept.id]
    assert app.dataframe[0].value["id"].tolist() == [kept.id]
    button(app, "Undo").click().run()
    assert not app.exception
    assert len(store(tmp_path).runs()) == 2
    assert app.query_params["run"] in (gone.id, [gone.id])
    assert not any(found.label.startswith("Undo") for found in app.button)


def test_what_another_visit_deleted_comes_back_from_the_trash(app, made_run, tmp_path):
    run = made_run()
    store(tmp_path).delete(run.id)
    opened(app)
    button(app, f"Bring back {run.id}").click().run()
    assert not app.exception
    assert [run.id for run in store(tmp_path).runs()] == [run.id]


def test_what_somebody_else_deleted_does_not_come_back(app, made_run, tmp_path):
    run, kept = made_run(), made_run()
    about = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(about | {"owner": "anna"}))
    store(tmp_path).delete(run.id)
    opened(app)
    button(app, f"Bring back {run.id}").click().run()
    assert not app.exception
    assert "belongs to somebody else" in app.toast[0].value
    assert [run.id for run in store(tmp_path).runs()] == [kept.id]


@pytest.mark.parametrize(("content", "stays"), [('{"format": 99, "owner": "anna"}', True), ('{"owner": "an', False)])
def test_a_run_of_a_newer_version_stays_its_owners(app, made_run, tmp_path, monkeypatch, content, stays):
    monkeypatch.setattr("eegnets.ui.picking.picked_from", lambda shown, opened, names: [run.id])
    run, _kept = made_run(), made_run()
    (run.path / "config.json").write_text(content)
    opened(app)
    button(app, "Delete").click().run()
    assert not app.exception
    assert (run.path.exists(), bool(app.toast)) == (stays, stays)


def test_a_run_at_work_is_not_deleted_and_the_page_says_why(app, made_run, tmp_path):
    run = made_run("queued")
    opened(app, run)
    button(app, "Delete").click().run()
    assert not app.exception
    assert "Stop it first" in app.toast[0].value
    assert [run.id for run in store(tmp_path).runs()] == [run.id]


def test_a_zip_is_brought_in_and_picked(app, made_run, tmp_path):
    run = made_run()
    content = pack([run])
    store(tmp_path).delete(run.id)
    opened(app)
    app.get("file_uploader")[0].upload("runs.zip", content, "application/zip")
    button(app, "Bring in").click().run()
    assert not app.exception
    assert [run.id for run in store(tmp_path).runs()] == [run.id]
    assert app.query_params["run"] in (run.id, [run.id])


def test_two_runs_are_tested_on_the_same_trials(app, made_run):
    opened(app, made_run(activation="ELU"), made_run(activation="ReLU"))
    assert "On the same 3 test trials" in words(app)
    assert "**chance alone would do** (exact McNemar test, p = 1)" in words(app)


def test_a_run_may_be_called_anything_and_its_name_stays_text(app, made_run):
    first, second = made_run(), made_run(activation="ReLU")
    first.annotate(name=":red[md] $x$ **b** [l](http://a.b)")
    opened(app, first, second)
    assert not app.exception
    shown = [link.proto.label for link in app.get("page_link") if "md" in link.proto.label]
    assert shown
    assert all("\\:red\\[md\\]" in label and "**b**" not in label for label in shown)


def test_runs_on_other_data_are_not_paired_though_their_labels_are_the_same(app, made_run):
    opened(app, made_run(subjects=("A",)), made_run(subjects=("B",)))
    assert not app.exception
    assert "Only runs on the same data can be paired" in words(app)
    assert "exact McNemar test" not in words(app)


def test_a_run_that_was_changed_while_it_trained_is_told_apart_from_its_like(app, made_run):
    runs = [made_run(seed=seed, activation=name) for seed in (0, 1) for name in ("ELU", "ReLU")]
    changed = made_run(seed=2, activation="ELU")
    changed.ask(learning_rate=50.0)
    opened(app, *runs, changed, over="Seed")
    assert not app.exception
    means = next(frame.value for frame in app.dataframe if "Mean (%)" in frame.value)
    assert sorted(means["n"]) == [1, 2, 2]
    assert "learning rate 50" in " ".join(means["Runs"])
    assert not any("Changed" in name for name in app.button_group(key="over").options)
    app.query_params["lang"] = "zh-TW"
    app.run()
    means = next(frame.value for frame in app.dataframe if "n" in frame.value)
    assert "學習率 50" in " ".join(means.iloc[:, 0].astype(str))


def test_a_picked_run_that_repeats_another_has_its_line_all_the_same(app, made_run):
    runs = [made_run(engine=engine) for engine in ("fused", "plain")]
    opened(app, *runs)
    assert not app.exception
    drawn = {row["group"] for row in rows_drawn(app) if row.get("epoch") == 3 and "n" in row}
    assert len(drawn) == 2


def test_a_run_that_repeats_another_is_the_same_sample(app, made_run):
    runs = [made_run(seed=seed, accuracies=[0.5, 0.6, 0.7 + seed / 10]) for seed in (0, 1, 0, 0)]
    opened(app, *runs, over="Seed")
    assert not app.exception
    means = next(frame.value for frame in app.dataframe if "Mean (%)" in frame.value)
    assert means[["n", "Mean (%)"]].to_numpy().tolist() == [[2, pytest.approx(75)]]
    drawn = [row for row in rows_drawn(app) if row.get("n") and row["epoch"] == 3]
    assert {(row["n"], round(row["value"], 6)) for row in drawn} == {(2, 0.75)}


def means(app):
    return next(frame.value for frame in app.dataframe if "Mean (%)" in frame.value)


def test_runs_are_paired_by_all_that_is_averaged_over(app, made_run):
    """Decay costs every run ten points, whatever its activation, which is worth another ten, and its seed."""
    runs = [
        made_run(
            accuracies=[0.5, 0.6, 0.7 + bonus - decay + 0.03 * seed],
            **{"weight_decay": decay, "activation": activation, "seed": seed},
        )
        for decay in (0.0, 0.1)
        for activation, bonus in (("ELU", 0.0), ("ReLU", 0.1))
        for seed in range(3)
    ]
    opened(app, *runs, over=["Seed", "Activation"])
    assert not app.exception
    found = means(app)
    assert found["n"].tolist() == [6, 6]
    assert found["Less the first (points)"][1] == pytest.approx(-10)  # the lower decay is the first


def test_runs_that_have_not_finished_are_no_scores(app, made_run):
    runs = [made_run(seed=seed, activation=name) for seed in (0, 1) for name in ("ELU", "ReLU")]
    early = [made_run("stopped", epochs=1, seed=seed, activation="ReLU") for seed in (2, 3)]
    opened(app, *runs, *early, over="Seed")
    assert not app.exception
    assert means(app)["n"].tolist() == [2, 2]
    assert "2 runs that have not finished are left out" in words(app)


def test_the_paired_test_speaks_of_networks_and_warns_of_weights_chosen_by_the_test(app, made_run):
    opened(app, made_run(), made_run(activation="ReLU", keep="best_test"))
    assert "not their settings" in words(app)
    assert any("these very test trials" in box.value for box in app.warning)


def test_runs_on_other_trials_are_told_apart(app, made_run):
    first, second = made_run(), made_run(activation="ReLU")
    predictions = second.predictions()
    second.save_predictions(predictions[:2])
    opened(app, first, second)
    assert not app.exception
    assert any("same test trials" in box.value for box in app.error)


def test_many_pairs_are_pointed_out(app, made_run):
    opened(app, *(made_run(activation=name) for name in ("ELU", "ReLU", "Tanh", "GELU")))
    assert "make 6 pairs" in words(app)
    assert "26%" in words(app)


def test_the_reports_table_stands_beside_its_own_figures(app, made_run):
    for seed in (0, 1):
        made_run(activation="ReLU", seed=seed, accuracies=[0.6, 0.9, 0.7])
    opened(app, view="Lab report")
    assert not app.exception
    assert app.dataframe[0].value.set_index("Network").loc["EEGNet", "ReLU"] == "90.0 ± 0.0 (n 2) | 87.31"
    app.button_group(key="report_score").set_value("Last epoch").run()
    assert app.dataframe[0].value.set_index("Network").loc["EEGNet", "ReLU"] == "70.0 ± 0.0 (n 2) | 87.31"


def test_one_click_starts_what_the_report_misses_once(app, made_run, tmp_path):
    made_run(activation="ReLU")
    opened(app, view="Lab report")
    button(app, "Start the 11 missing runs").click().run()
    assert not app.exception
    queued = [run for run in store(tmp_path).runs() if run.status.state == "queued"]
    assert len({str(run.config.to_dict()) for run in queued}) == 11
    assert not any("missing runs" in found.label for found in app.button)


def test_how_much_the_best_epoch_flatters_is_a_sentence_and_a_chart(app, made_run):
    made_run(accuracies=[0.6, 0.9, 0.7])
    made_run(accuracies=[0.6, 0.8, 0.8], seed=1)
    opened(app, view="Best test epoch")
    assert not app.exception
    assert "Over 2 finished runs the best test epoch lies **10.0 points" in words(app)
    assert "Runs (number)" in chart(app).spec


def test_how_much_the_best_epoch_flatters_is_counted_over_runs_on_the_data_of_the_sidebar(app, made_run):
    made_run(accuracies=[0.6, 0.9, 0.7])
    made_run(accuracies=[0.5, 0.9, 0.6], source="graz-iiib", subjects=("O3VR",))
    opened(app, view="Best test epoch")
    assert "Counted here: the finished runs on simulated, the data chosen in the sidebar." in words(app)
    assert "Over 1 finished run the best test epoch lies **20.0 points" in words(app)


def test_a_lesson_counts_how_much_the_best_epoch_flatters_over_its_own_runs(app, made_run):
    made_run(accuracies=[0.6, 0.9, 0.7])
    opened(app, made_run(accuracies=[0.6, 0.8, 0.75], seed=1), view="Best test epoch", lesson="best-epoch")
    assert not app.exception
    assert "Counted here: the finished runs of this lesson." in words(app)
    assert "Over 1 finished run the best test epoch lies **5.0 points" in words(app)


@pytest.mark.parametrize("view", ["Runs", "Lab report", "Best test epoch"])
def test_no_view_is_blank_or_broken_without_a_whole_run(app, made_run, view):
    made_run("queued", epochs=0)
    (made_run().path / "status.json").write_text("?")
    opened(app, view=view)
    assert not app.exception
    assert words(app).strip()


def test_trials_seen_are_those_the_run_stored_or_else_counted(app, made_run):
    stored, counted = made_run(subjects="A"), made_run(subjects="A", activation="ReLU", validation=0.5)
    stored.met(device="cpu", trials={"train": 100, "validation": 0, "test": 0})
    opened(app, stored, counted, along="trials")
    assert not app.exception
    assert "Training trials seen (number)" in chart(app).spec
    per_epoch = {row["group"]: row["trials"] / row["epoch"] for row in rows_drawn(app) if row.get("n")}
    assert set(per_epoch.values()) == {100, 270}  # one of the simulated people has 540 training trials


def test_a_run_whose_trials_nobody_can_count_is_told(app, made_run):
    run = made_run(source="graz-iiib", subjects="O3VR")
    opened(app, run, along="trials")
    assert not app.exception
    assert "is left out: how many trials it saw is not known" in words(app)


def test_the_group_in_the_address_stands_out_in_chart_and_table(app, made_run):
    runs = [made_run(activation=bend) for bend in ("ELU", "ReLU")]
    opened(app, *runs, focus=f"EEGNet ReLU {runs[1].id[-4:]}", over=["Seed"])
    assert not app.exception
    assert "In focus: **EEGNet ReLU" in words(app)
    assert "datum.group === 'EEGNet ReLU" in chart(app).spec
    button(app, "Show all alike").click().run()
    assert "datum.group ===" not in chart(app).spec


@pytest.mark.parametrize(("picked", "told"), [(4, False), (8, True)])
def test_which_setting_matters_is_told_of_picked_runs_that_vary_in_two(app, made_run, picked, told):
    runs = [
        made_run(activation=bend, weight_decay=decay, seed=seed, accuracies=[0.5, 0.5, value])
        for (bend, value) in (("ELU", 0.6), ("ReLU", 0.8))
        for decay in (0.0, 0.01)
        for seed in (0, 1)
    ]
    opened(app, *runs[:picked], matters="true")
    assert not app.exception
    assert ("Which setting matters" in [box.value for box in app.header]) == told
    assert ("**Activation** explains 100%" in words(app)) == told


@pytest.fixture
def others_run(tmp_path):
    """A finished run that another browser started."""
    run = store(tmp_path).create(RunConfig().with_(epochs=3), owner="another")
    run.append(epoch_record(1))
    run.finish("finished")
    return run


def test_anothers_run_is_not_deleted_or_renamed_and_the_page_says_why(app, others_run, tmp_path):
    Owners(tmp_path / "runs").rename("another", "Ada")
    opened(app, others_run)
    button(app, "Delete").click().run()
    assert not app.exception
    assert "belongs to Ada" in app.toast[0].value
    assert "EEGNETS_SHARED_CONTROL=1" in app.toast[0].value
    app.text_input(key=f"name_{others_run.id}").set_value("Mine now")
    button(app, "Keep").click().run()
    assert "belongs to Ada" in app.toast[0].value
    assert others_run.notes()["name"] == ""
    assert [run.id for run in store(tmp_path).runs()] == [others_run.id]


@pytest.mark.parametrize("setting", ["1", ""])  # not set: the app listens to this machine alone
def test_whoever_may_steer_every_run_does(app, others_run, tmp_path, monkeypatch, setting):
    monkeypatch.setenv("EEGNETS_SHARED_CONTROL", setting)
    opened(app, others_run)
    button(app, "Delete").click().run()
    assert store(tmp_path).runs() == []


def test_twins_that_have_only_been_queued_wait_without_a_curve(app, made_run):
    runs = [made_run("queued", epochs=0, seed=seed) for seed in (0, 1)]
    opened(app, *runs)
    assert not app.exception


@pytest.fixture
def class_of_two(app, tmp_path):
    """The reader, who has one run, and Ada, who has one too; gives the reader's run and Ada's."""
    app.session_state["owner"] = "me"
    Owners(tmp_path / "runs").rename("another", "Ada")
    return [store(tmp_path).create(RunConfig().with_(epochs=3), owner=who) for who in ("me", "another")]


def test_in_a_class_the_table_begins_with_ones_own_runs_and_says_whose_the_others_are(app, class_of_two):
    mine, hers = class_of_two
    opened(app)
    assert app.dataframe[0].value["id"].tolist() == [mine.id]
    app.toggle(key="mine").set_value(False).run()
    assert not app.exception
    whose = app.dataframe[0].value.set_index("id")["whose"]
    assert (whose[mine.id], whose[hers.id]) == ("you", "Ada")


def test_another_persons_run_that_the_address_names_is_in_the_table(app, class_of_two):
    hers = class_of_two[1]
    opened(app, hers)
    assert hers.id in app.dataframe[0].value["id"].tolist()
    assert app.query_params["run"] in (hers.id, [hers.id])


def test_who_is_alone_with_the_app_sees_no_owners(app, class_of_two, monkeypatch):
    monkeypatch.setenv("EEGNETS_SHARED_CONTROL", "")
    opened(app)
    assert len(app.dataframe[0].value) == len(class_of_two)
    assert "whose" not in app.dataframe[0].value
    assert "mine" not in [toggle.key for toggle in app.toggle]
