"""How a test opens a page of the app at an address."""


def visit(app, page, *runs, **params):
    """The app's page of that name with these runs and values in its address."""
    if runs:
        app.query_params["run"] = [run.id for run in runs]
    for name, value in params.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{page}.py").run()
