"""Columns of names in the reader's language."""

import pandas as pd

from eegnets.translation import _


def in_words(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A copy of a table whose columns of names, such as classes, say them in the reader's language."""
    return table.assign(**{column: _told(table[column]) for column in columns})


def _told(names: pd.Series) -> pd.Series:
    return names.map({name: _(name) for name in names.unique()})  # a look-up for each name, not for each row
