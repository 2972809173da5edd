"""Maps as pictures: a browser draws one of any number of values as quickly as a single cell."""

import base64
import io
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image


def map_picture(
    values: np.ndarray, domain: tuple[float, float], colours: Sequence[str], enlarged: tuple[int, int] = (1, 1)
) -> str:
    """Values (n_rows, n_columns) as a data URL of a PNG, clear where one is missing (NaN); the first row is at the top.

    domain: the values of the first and the last of the `colours`, between which the others lie evenly.
    Each value is `enlarged` to so many lines and columns: browsers blur what they stretch.
    """
    values = values.repeat(enlarged[0], axis=0).repeat(enlarged[1], axis=1)
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
    bands = [np.interp(values, np.linspace(*domain, len(stops)), stops[:, band]) for band in range(3)]
    missing = np.isnan(values)
    rgba = np.stack([*bands, ~missing * 255.0], axis=-1)
    rgba[missing] = 0
    file = io.BytesIO()
    Image.fromarray(rgba.round().astype(np.uint8)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def stretched(rows: pd.DataFrame, **spans: alt.X | alt.X2 | alt.Y | alt.Y2 | alt.YValue | alt.Y2Value) -> alt.Chart:
    """The pictures in the column `url` of some rows, each stretched over its spans: of x, x2, y (its top) and y2."""
    picture = alt.Chart(rows).mark_image(aspect=False, align="left", baseline="top", clip=True)
    return picture.encode(url=alt.Url("url:N"), **spans)
