"""What the first layers listen for: kernels over time, how loud each frequency leaves them, weights of electrodes."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.hover import lit_by_pointer, reading_strips
from eegnets.charts.pictures import map_picture, stretched
from eegnets.charts.style import CHANGE_SCALE, HEIGHT, LEGEND, LEVEL_SCALE, NEUTRAL, QUIET, SIGNAL_COLOUR, titled
from eegnets.filters import RHYTHMS, decibels
from eegnets.translation import N_, _

ROW = 17  # px, a kernel
AROUND = 150  # px that title, axis and legend take of a height
MOST = 126  # frequencies drawn of a response
TOGETHER = 4  # of them are read as one: a single cell is smaller than a finger
STATES = {N_("untrained"): (NEUTRAL, [6, 3]), N_("trained"): ("#2f86c9", [1, 0])}  # colour and dash
LOUDNESS = {"dB": N_("Gain (dB)"), "linear": N_("Gain (1: as it came)")}
HEARS = {
    "Kernel": (N_("What each kernel hears, {state}"), N_("kernel")),
    "Filter": (N_("What each filter hears, {state}"), N_("filter")),
}


def rhythm_marks(top: float, inside: bool = False) -> list[alt.Chart]:
    """A line where one rhythm ends and the next begins, and their names above the chart or `inside`; to `top` Hz."""
    edges = [(name, low, min(high, top)) for name, (low, high) in RHYTHMS.items() if low < top]
    rows = pd.DataFrame(edges, columns=["rhythm", "low", "high"]).assign(middle=lambda t: (t["low"] + t["high"]) / 2)
    rows["words"] = [
        "\n" * (place % 2) + _(name) for place, name in enumerate(rows["rhythm"])
    ]  # narrow bands: two lines
    lines = alt.Chart(rows[1:]).mark_rule(color=NEUTRAL, strokeDash=[3, 3]).encode(x=alt.X("low:Q"))
    look = {"baseline": "top", "lineHeight": 11} if inside else {"baseline": "bottom", "lineHeight": -11}
    words = alt.Chart(rows).mark_text(color=QUIET, fontSize=10, lineBreak="\n", **look)
    return [lines, words.encode(x=alt.X("middle:Q"), y=alt.value(3 if inside else -3), text=alt.Text("words:N"))]


def response_chart(
    freqs: np.ndarray,
    gain: np.ndarray,
    order: Sequence[int],
    state: str,
    loudness: str = "dB",
    noun: str = "Kernel",
    loudest: float = 0.0,
) -> alt.LayerChart:
    """How loud each frequency leaves each kernel, a row a kernel; a click picks one.

    state, noun: which weights and what they are called, of STATES and HEARS.
    order: the kernels (from 1) from top to bottom; freqs: Hz, (n_freqs,); gain: (n_kernels, n_freqs), linear;
    loudest: the gain where colours end (the loudest here, if that is more).
    """
    every = -(-len(freqs) // MOST)
    shown = (decibels(gain) if loudness == "dB" else gain)[:, ::every]
    domain = (-30.0, 0.0) if loudness == "dB" else (0.0, max(loudest, float(shown.max())) or 1.0)
    scale = alt.Scale(domain=list(np.linspace(*domain, len(LEVEL_SCALE))), range=list(LEVEL_SCALE), clamp=True)
    spans = {
        "x": alt.X("begin:Q", title=_("Frequency (Hz)"), scale=alt.Scale(domain=[0, float(freqs[-1])], nice=False)),
        "x2": alt.X2("end:Q"),
    }
    axis = alt.Axis(labelOverlap=False, labelFlush=False)
    y = alt.Y("kernel:O", title=_(noun), sort=list(order), axis=axis, scale=alt.Scale(padding=0))
    hears, one = HEARS[noun]
    picked = alt.selection_point(name="kernel", fields=["kernel"])
    here, seen = lit_by_pointer(1)
    read = (
        alt.Chart(_bands(freqs[::every], shown))
        .mark_rect(cursor="pointer", clip=True, aria=False)
        .encode(
            y=y,
            color=alt.Color(
                "gain:Q",
                title=_(LOUDNESS[loudness]),
                scale=scale,
                legend=alt.Legend(orient="bottom", gradientLength=180, titleLimit=300),
            ),
            opacity=seen,
            tooltip=[
                alt.Tooltip("kernel:O", title=_(one)),
                alt.Tooltip("hertz:N", title="Hz"),
                alt.Tooltip("gain:Q", format=".3g", title=_("dB (mean)") if loudness == "dB" else _("gain (mean)")),
            ],
            **spans,
        )
        .add_params(picked, here)
    )
    title = titled(
        _(hears, state=_(state)),
        _("the lowest on top; 0 dB: its loudest; click a row to look at it")
        if loudness == "dB"
        else _("the lowest on top; click a row to look at it"),
    )
    title.offset = 26
    half = float(freqs[every]) / 2
    rows = map_picture(shown[np.array(order) - 1], domain, LEVEL_SCALE, (ROW, 1))
    whole = pd.DataFrame({"begin": [-half], "end": [float(freqs[::every][-1]) + half], "url": [rows]})
    map_ = stretched(whole, y=alt.YValue(0), y2=alt.Y2Value("height"), **spans)
    layers = [map_, read, *rhythm_marks(float(freqs[-1]))]
    return alt.layer(*layers, title=title, height=ROW * len(gain) + AROUND + 20)


def _bands(freqs: np.ndarray, shown: np.ndarray) -> pd.DataFrame:
    """What is read of each kernel: its mean over `TOGETHER` frequencies, their edges, and these in words."""
    half = float(freqs[1] - freqs[0]) / 2
    first = np.arange(0, len(freqs), TOGETHER)
    last = np.minimum(first + TOGETHER, len(freqs)) - 1
    means = np.add.reduceat(shown, first, axis=1) / (last - first + 1)
    columns = {
        "begin": freqs[first] - half,
        "end": freqs[last] + half,
        "hertz": [f"{low:.1f} – {high:.1f}" for low, high in zip(freqs[first], freqs[last], strict=True)],
    }
    repeated = {name: np.tile(column, len(shown)) for name, column in columns.items()}
    kernels = np.repeat(np.arange(len(shown)) + 1, len(first))
    return pd.DataFrame({"kernel": kernels, "gain": means.ravel()} | repeated)


def kernels_chart(kernels: dict[str, np.ndarray], sfreq: float, words: str) -> alt.Chart:
    """One kernel over time; `kernels`: "untrained" and perhaps "trained" -> (n_samples,)."""
    tables = []
    for state, kernel in kernels.items():
        times = 1000 * (np.arange(len(kernel)) - len(kernel) // 2) / sfreq
        tables.append(pd.DataFrame({"time": times, "weight": kernel, "weights": state}))
    x = alt.X("time:Q", title=_("Time around the middle (ms)"), scale=alt.Scale(nice=False))
    y = alt.Y("weight:Q", title=_("Weight (no unit)"))
    read = {"field": "time", "title": "ms", "value": "weight", "number": ".4g", "place": ".0f"}
    return _two_states(pd.concat(tables), x, y, read).properties(
        title=_("{words} over time", words=words), height=HEIGHT
    )


def gains_chart(freqs: np.ndarray, gains: dict[str, np.ndarray], loudness: str, words: str) -> alt.LayerChart:
    """One kernel's response; `gains`: "untrained" and perhaps "trained" -> linear gain, (n_freqs,); freqs in Hz."""
    shown = {state: decibels(gain) if loudness == "dB" else gain for state, gain in gains.items()}
    tables = [pd.DataFrame({"frequency": freqs, "gain": gain, "weights": state}) for state, gain in shown.items()]
    x = alt.X("frequency:Q", title=_("Frequency (Hz)"), scale=alt.Scale(domain=[0, float(freqs[-1])], nice=False))
    read = {"field": "frequency", "title": "Hz", "value": "gain", "number": ".3g", "place": ".1f"}
    lines = _two_states(pd.concat(tables), x, alt.Y("gain:Q", title=_(LOUDNESS[loudness])), read)
    title = titled(_("{words} by frequency", words=words), _("thin lines part the rhythms"))
    return alt.layer(lines, *rhythm_marks(float(freqs[-1]), inside=True), title=title, height=HEIGHT)


def _two_states(rows: pd.DataFrame, x: alt.X, y: alt.Y, read: Mapping[str, str]) -> alt.LayerChart:
    """A line for each state of the weights, and `reading_strips` over them."""
    there = [state for state in STATES if state in set(rows["weights"])]
    colours, dashes = ([STATES[state][look] for state in there] for look in range(2))
    legend, title = LEGEND if len(there) > 1 else None, _("Weights")
    names = [_(state) for state in there]
    rows = rows.assign(weights=rows["weights"].map(_))
    lines = (
        alt.Chart(rows)
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("weights:N", title=title, scale=alt.Scale(domain=names, range=colours), legend=legend),
            strokeDash=alt.StrokeDash(
                "weights:N", title=title, scale=alt.Scale(domain=names, range=dashes), legend=legend
            ),
        )
    )
    return alt.layer(lines, reading_strips(rows, x, series="weights", **read))


def weights_chart(
    weights: np.ndarray, kernel_of: np.ndarray, order: Sequence[int], ch_names: Sequence[str], state: str, reach: float
) -> alt.Chart:
    """What each filter in space makes of each electrode, a column a filter, sorted by its kernel as in `order`.

    weights: (n_filters, n_chans); kernel_of: (n_filters,), kernels from 0; state: of STATES; reach: the weight where
    colours end.
    """
    n_filters, n_chans = weights.shape
    rows = pd.DataFrame(
        {
            "filter": np.repeat(np.arange(n_filters) + 1, n_chans),
            "kernel": np.repeat(kernel_of + 1, n_chans),
            "channel": np.tile(np.array(ch_names), n_filters),
            "weight": weights.ravel(),
        }
    )
    place = {kernel: at for at, kernel in enumerate(order)}
    sort = sorted(range(1, n_filters + 1), key=lambda number: (place[int(kernel_of[number - 1]) + 1], number))
    scale = alt.Scale(domain=list(np.linspace(-reach, reach, 5)), range=list(CHANGE_SCALE))
    colour = alt.Color("weight:Q", title=_("Weight"), scale=scale, legend=alt.Legend(orient="top", titleOrient="left"))
    x = alt.X(
        "filter:O",
        title=_("Filter in space (no unit), by its kernel"),
        sort=sort,
        axis=alt.Axis(labelOverlap=True, labelFlush=False),
    )
    y = alt.Y("channel:N", title=_("Electrode"), sort=None, axis=alt.Axis(labelFlush=False))
    tooltip = [
        alt.Tooltip("filter:O", title=_("filter")),
        alt.Tooltip("kernel:O", title=_("kernel")),
        alt.Tooltip("channel:N", title=_("channel")),
        alt.Tooltip("weight:Q", format=".3f", title=_("weight")),
    ]
    cells = alt.Chart(rows).mark_rect(aria=False).encode(x=x, y=y, color=colour, tooltip=tooltip)
    title = titled(
        _("Weights of the electrodes, {state}", state=_(state)),
        _("blue: turned over; red: as it is; pale: hardly heard"),
    )
    return cells.properties(title=title, height=max(24 * n_chans, 56) + AROUND + 50)


def sides_chart(filters: pd.DataFrame, class_names: Sequence[str], ends: tuple[str, str]) -> alt.Chart:
    """Each filter in space by the side that it hears and by what its power says of the classes.

    filters: rows of weights ("untrained", "trained"), filter, peak (Hz), side, apart, used; ends: the two electrodes.
    """
    there = [state for state in STATES if state in set(filters["weights"])]
    colours, shapes = [STATES[state][0] for state in there], ["cross", "circle"][: len(there)]
    names = [_(state) for state in there]
    side = _("Side (-1: {left} alone, 1: {right} alone)", left=ends[0], right=ends[1])
    x = alt.X("side:Q", title=side, scale=alt.Scale(domain=[-1, 1]))
    y = alt.Y("apart:Q", title=_("Difference (std. dev.)"))
    legend = alt.Legend(orient="top", titleOrient="left")
    tooltip = [
        alt.Tooltip("weights:N", title=_("weights")),
        alt.Tooltip("filter:O", title=_("filter")),
        alt.Tooltip("peak:Q", format=".1f", title=_("peak (Hz)")),
        alt.Tooltip("side:Q", format="+.2f", title=_("side")),
        alt.Tooltip("apart:Q", format="+.2f", title=_("apart")),
        alt.Tooltip("used:Q", format="+.2f", title=_("used")),
    ]
    points = (
        alt.Chart(filters.assign(weights=filters["weights"].map(_)))
        .mark_point(filled=True, size=70, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "weights:N", title=_("Weights"), scale=alt.Scale(domain=names, range=colours), legend=legend
            ),
            shape=alt.Shape(
                "weights:N", title=_("Weights"), scale=alt.Scale(domain=names, range=shapes), legend=legend
            ),
            tooltip=tooltip,
        )
    )
    first, second = (_(name) for name in class_names[:2])
    under = _("above zero: louder in “{second}” than “{first}”", second=second, first=first)
    title = titled(_("Do the filters know the two sides?"), under)
    return points.properties(title=title, height=HEIGHT + 80)


def counts_chart(rows: pd.DataFrame) -> alt.Chart:
    """Weights of full and separable convolutions; rows of kernel ("k × k", …), convolution, part, weights."""
    parts = [N_("full"), N_("depthwise"), N_("pointwise")]
    rows = rows.assign(part=rows["part"].map(_))
    x = alt.X("weights:Q", title=_("Weights (number)"), stack="zero")
    y = alt.Y("convolution:N", title=_("Convolution"), sort=None, axis=alt.Axis(labelFlush=False))
    colour = alt.Color(
        "part:N",
        title=_("Part"),
        scale=alt.Scale(domain=[_(part) for part in parts], range=[SIGNAL_COLOUR, "#2f86c9", "#c77a00"]),
        legend=alt.Legend(orient="top", titleOrient="left"),
    )
    tooltip = [
        alt.Tooltip("convolution:N", title=_("convolution")),
        alt.Tooltip("part:N", title=_("part")),
        alt.Tooltip("weights:Q", format=",", title=_("weights")),
    ]
    bars = alt.Chart(rows).mark_bar().encode(x=x, y=y, color=colour, order=alt.Order("place:Q"), tooltip=tooltip)
    return bars.properties(title=_("Weights that are learned"), height=34 * rows["convolution"].nunique() + 120)
