"""Colours, dashes and sizes, once for all charts: the same thing looks the same on every page.

The hues are Okabe and Ito's (2008), told apart by readers with any common colour blindness, darkened or lightened until
each has a contrast of at least 3:1 on the white and on the dark page. Colour never stands alone: a dash goes with it.
"""

HEIGHT = 300  # px

FOLD_COLOURS = {"train": "#2f86c9", "validation": "#c77a00", "test": "#17936a"}
FOLD_DASHES = {"train": [1, 0], "validation": [6, 3], "test": [2, 2]}

ACTIVATION_COLOURS = {
    "ELU": "#2f86c9",
    "ReLU": "#d0581c",
    "LeakyReLU": "#17936a",
    "Sigmoid": "#b8629a",
    "Tanh": "#9a8600",
    "Maxout": "#7a68c8",
    "GELU": "#c77a00",
    "SiLU": "#c84a5f",
    "SELU": "#2a9aa8",
    "Mish": "#86772f",
    "Softplus": "#808080",
}
CHANGE_COLOUR = "#808080"  # where a setting was changed by hand
OTHER_COLOURS = tuple(ACTIVATION_COLOURS.values())
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [10, 4])
