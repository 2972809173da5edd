"""Charts as values: a DataFrame in, an `alt.Chart` out; nothing here knows a page."""
