"""What is measured of a whole set of trials, once for all pages and sessions, each part when first asked for."""

from functools import cached_property, lru_cache

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from eegnets import quality, signals
from eegnets.charts.average import average_chart
from eegnets.charts.erd import erd_chart
from eegnets.charts.spectrum import spectrum_chart
from eegnets.trials import Trials
from eegnets.ui.identity import BY_NUMBER


class Survey:
    """The spectra, maps, averages and list of one set of trials; treat them as read-only."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.changes = lru_cache(maxsize=8)(self._changes)  # of 64 channels a table takes 12 MB
        self.average = lru_cache(maxsize=None)(self._average)

    @cached_property
    def listed(self) -> pd.DataFrame:
        """Every trial with its flags."""
        return quality.trial_list(self.trials)

    def rows(self, splits: list[str], classes: list[str], flags: list[str]) -> np.ndarray:
        """Which trials are of these splits and classes and raise any of these flags, (n_found,); none named: all."""
        table = self.listed
        keep = np.ones(len(table), dtype=bool)
        for column, names in (("split", splits), ("class", classes)):
            keep &= table[column].isin(names) | (not names)
        keep &= table[flags].any(axis=1) | (not flags)
        return np.flatnonzero(keep)

    @cached_property
    def spectra(self) -> signals.Spectra:
        """The spectrum of every trial."""
        return signals.spectra(self.trials)

    @cached_property
    def class_spectra(self) -> pd.DataFrame:
        """What is usual in each class."""
        return signals.class_spectra(self.trials, self.spectra)

    @cached_property
    def power_maps(self) -> list[signals.PowerMap]:
        """Power over time and frequency in each class, of each person."""
        return signals.power_maps(self.trials)

    def _changes(self, baseline: tuple[float, float]) -> pd.DataFrame:
        """How the rhythms of each class change against a baseline, as `signals.erd`."""
        return signals.erd(self.power_maps, self.trials.ch_names, baseline)

    def _average(self, what: str) -> pd.DataFrame:
        """Voltage, or the power of the band called so, over time by class."""
        band = signals.BANDS.get(what)
        values = signals.band_power(self.trials, band) if band else signals.complete(self.trials)
        return signals.class_averages(self.trials, values)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=BY_NUMBER)
def survey(trials: Trials) -> Survey:
    """The survey of these very trials."""
    return Survey(trials)


def spectra_of(found: Survey, index: int, channel: str) -> alt.LayerChart:
    """A trial's spectrum beside what is usual in each class."""
    power = found.spectra.power[index, found.trials.ch_names.index(channel)]
    return spectrum_chart(found.class_spectra, found.spectra.freqs, power, channel, found.trials.class_names)


def changes_of(found: Survey, baseline: tuple[float, float], class_name: str, channel: str) -> alt.LayerChart:
    """The map of a class's rhythms against a baseline."""
    return erd_chart(found.changes(baseline), class_name, channel, found.trials.windows)


def average_of(found: Survey, what: str, channel: str, words: str, unit: str) -> alt.LayerChart:
    """The average of each class over time, of the voltage or of a band's power."""
    trials = found.trials
    return average_chart(found.average(what), channel, trials.class_names, words, unit, trials.windows)
