"""The page Compare, as a user meets it."""


def opened(app, *runs):
    app.query_params["run"] = [run.id for run in runs]
    app.run()
    return app.switch_page("pages/compare.py").run()


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
    assert app.button_group(key="compare_fold").value == "test"


def test_a_damaged_run_is_told_and_hides_no_other(app, made_run):
    whole, broken = made_run(), made_run()
    (broken.path / "config.json").write_text("{ not json")
    opened(app)
    assert not app.exception
    table = app.dataframe[0].value.set_index("id")
    assert table.loc[broken.id, "state"] == "damaged"
    assert table.loc[whole.id, "state"] == "finished"
