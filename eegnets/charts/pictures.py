"""Maps as pictures: a browser draws one of any number of values as quickly as a single cell."""

import base64
import io

import numpy as np
from PIL import Image

from eegnets.charts.style import CHANGE_SCALE


def change_picture(share: np.ndarray, enlarged: tuple[int, int] = (1, 1)) -> str:
    """Values (n_rows, n_columns) as a data URL of a PNG: blue at -1, red at 1, and clear where one is missing (NaN).

    The first row is at the top. Each value is `enlarged` to so many lines and columns: browsers blur what they stretch.
    """
    share = share.repeat(enlarged[0], axis=0).repeat(enlarged[1], axis=1)
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in CHANGE_SCALE])
    place = (np.clip(np.nan_to_num(share), -1, 1) + 1) * (len(stops) - 1) / 2
    bands = [np.interp(place, range(len(stops)), stops[:, band]) for band in range(3)]
    rgba = np.stack([*bands, np.where(np.isnan(share), 0, 255)], axis=-1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
