"""Spectra, maps and averages, against SciPy, MNE and the simulated people, who are known."""

from dataclasses import replace

import numpy as np
import pytest
from mne.time_frequency import tfr_array_morlet, tfr_array_multitaper
from recordings import SFREQ, noise, recording, with_gap
from scipy import signal, stats

from eegnets.config import InputError
from eegnets.signals import (
    BANDS,
    band_power,
    class_averages,
    class_spectra,
    classes,
    complete,
    default_baseline,
    erd,
    power_map,
    power_maps,
    spectra,
)
from eegnets.sources.simulated import PEOPLE, Simulated


@pytest.fixture(scope="module")
def person():
    """The simulated person without a rail, at the usual difficulty."""
    return Simulated().load(None, ("B",))


def test_the_area_under_a_spectrum_is_the_variance():
    X = noise(n_times=250)  # a single segment, so that nothing is averaged away
    freqs, power = spectra(recording(X))
    window = signal.get_window("hann", 250)
    centred = (X - X.mean(axis=-1, keepdims=True)) * window
    assert power.sum(axis=-1) * freqs[1] == pytest.approx((centred**2).sum(axis=-1) / (window**2).sum(), rel=1e-3)


def test_spectra_are_scipys_over_segments_of_two_seconds():
    X = noise()
    freqs, power = spectra(recording(X))
    theirs = signal.welch(X.astype(float), SFREQ, window="hann", nperseg=250, noverlap=125)
    assert freqs == pytest.approx(theirs[0])
    assert power == pytest.approx(theirs[1])


def test_a_sine_stands_at_its_frequency():
    X = noise() + 20 * np.sin(2 * np.pi * 17 * np.arange(750) / SFREQ)
    freqs, power = spectra(recording(X))
    assert np.all(freqs[power.argmax(axis=-1)] == 17)


def test_the_class_spectrum_is_the_mean_of_logarithms_and_its_spread_holds_two_trials_in_three():
    trials = recording(noise(400))
    found = spectra(trials)
    table = class_spectra(trials, found)
    row = table[(table["class"] == "right hand") & (table["channel"] == "C4") & (table["frequency"] == 10)].iloc[0]
    powers = found.power[trials.y == 1, 1, found.freqs == 10]
    assert row["power"] == pytest.approx(stats.gmean(powers))
    assert ((powers > row["low"]) & (powers < row["high"])).mean() == pytest.approx(0.68, abs=0.06)


def test_gaps_are_closed_by_the_training_trials_means():
    trials = recording(with_gap(noise() + 7))
    trials = replace(trials, split=np.where(np.arange(40) < 20, "test", "train"))
    means = trials.X[20:].mean(axis=(0, 2))
    assert complete(trials)[0, 0, 230] == pytest.approx(means[0], abs=1e-4)
    assert np.array_equal(complete(trials)[1:], trials.X[1:])


def test_trials_with_gaps_do_not_speak_for_their_class():
    X = noise()
    X[::4, 0, :] += 40  # the trials that will have gaps are far off
    gappy = X.copy()
    gappy[::4, 0, 300:310] = np.nan
    kept = np.arange(40) % 4 != 0
    ours, theirs = recording(gappy), recording(X).take(kept)
    assert class_averages(ours, complete(ours)).equals(class_averages(theirs, complete(theirs)))
    ours_map, theirs_map = power_map(ours), power_map(theirs)
    assert ours_map.counts == theirs_map.counts == {"left hand": 10, "right hand": 20}
    for name in ours_map.power:
        assert np.allclose(ours_map.power[name], theirs_map.power[name], equal_nan=True)


def test_a_class_whose_every_trial_has_a_gap_is_still_shown():
    X = noise()
    X[::2, 0, 100] = np.nan
    masks = dict(classes(recording(X)))
    assert {name: mask.sum() for name, mask in masks.items()} == {"left hand": 20, "right hand": 20}


def test_trials_of_unknown_class_belong_to_none():
    trials = recording(noise(), y=np.where(np.arange(40) < 10, -1, 1))
    assert {name: mask.sum() for name, mask in classes(trials)} == {"right hand": 30}
    assert set(class_averages(trials, complete(trials))["class"]) == {"right hand"}


def test_without_a_known_class_the_tables_are_empty():
    trials = recording(noise(), y=np.full(40, -1))
    tables = [
        class_spectra(trials, spectra(trials)),
        class_averages(trials, complete(trials)),
        erd([power_map(trials)], trials.ch_names, (0.5, 2.5)),
    ]
    assert all(table.empty and {"channel", "class"} < set(table.columns) for table in tables)


@pytest.mark.parametrize(("sfreq", "n_times"), [(125.0, 750), (128.0, 300), (97.3, 111), (250.0, 601)])
def test_the_map_is_mnes_by_morlet_wavelets(sfreq, n_times):
    trials = recording(noise(n_times=n_times) + 30, sfreq=sfreq, windows={})
    found = power_map(trials)
    every = round(0.1 * sfreq)
    centred = complete(trials) - complete(trials).mean(axis=-1, keepdims=True)
    for name, members in classes(trials):
        theirs = tfr_array_morlet(
            centred[members], sfreq, found.freqs, found.freqs / 2, output="avg_power", decim=every, verbose=0
        )
        shown = np.isfinite(found.power[name])
        assert shown.any(axis=-1).all()
        assert found.power[name][shown] == pytest.approx(theirs[shown], rel=1e-9)


def test_an_offset_as_amplifiers_have_it_changes_nothing_in_the_map():
    plain, lifted = (recording(noise() + offset, windows={}) for offset in (0, 20_000))
    before, after = (erd([power_map(trials)], trials.ch_names, (0.5, 2.5)) for trials in (plain, lifted))
    assert after["change"].to_numpy() == pytest.approx(before["change"].to_numpy(), abs=1.0)


def test_the_map_agrees_with_mnes_multitaper_where_both_look_at_the_same_time_and_band(person):
    few = person.take(np.arange(200))
    found = erd([power_map(few)], few.ch_names, (0.5, 2.5))
    freqs = np.arange(9.0, 13.0)
    times = few.times[::12]
    for name, members in classes(few):
        other = tfr_array_multitaper(
            complete(few)[members], SFREQ, freqs, freqs / 2, time_bandwidth=4.0, output="avg_power", decim=12, verbose=0
        )
        rest = (times >= 0.5) & (times <= 2.5)
        course = other[1].mean(axis=0)  # C4, 9 to 12 Hz
        theirs = 100 * (course / course[rest].mean() - 1)
        mine = found[(found["class"] == name) & (found["channel"] == "C4") & found["frequency"].between(9, 12)]
        ours = mine.groupby("time")["change"].mean()
        inner = (ours.index > 1.0) & (ours.index < 5.0)
        at = np.searchsorted(times, ours.index[inner] - 1e-6)
        assert np.corrcoef(ours[inner], theirs[at])[0, 1] > 0.9
        assert np.abs(ours[inner] - theirs[at]).mean() < 12  # percent; the one has twice the other's bandwidth


def test_power_that_halves_is_a_change_of_minus_fifty_percent():
    times = np.arange(750) / SFREQ
    phase = np.random.default_rng(1).uniform(0, 2 * np.pi, (60, 2, 1))
    gain = np.where(times < 3, 1.0, np.sqrt(0.5))
    trials = recording((10 * gain * np.sin(2 * np.pi * 12 * times + phase)).astype(np.float32))
    found = erd([power_map(trials)], trials.ch_names, (0.5, 2.0))
    there = found[(found["frequency"] == 12) & found["time"].between(3.6, 5.4)]
    before = found[(found["frequency"] == 12) & found["time"].between(0.5, 2.0)]
    assert there["change"].to_numpy() == pytest.approx(np.full(len(there), -50), abs=1)
    assert before["change"].mean() == pytest.approx(0, abs=1e-6)


def test_a_class_that_differs_in_the_baseline_already_is_seen_to():
    X = noise()
    X[::2] *= 2  # the left hand has four times the power from start to end
    trials = recording(X)
    found = erd([power_map(trials)], trials.ch_names, (0.5, 2.5))
    early = found[found["time"] < 2.5].groupby("class")["change"].mean()
    assert early["left hand"] == pytest.approx(60, abs=10)  # 4 against the mean of 4 and 1
    assert early["right hand"] == pytest.approx(-60, abs=10)


def test_each_person_weighs_the_same_however_loud_and_however_often_recorded():
    quiet, loud = noise(40, seed=1), 10 * noise(12, seed=2)
    quiet[:, :, 375:] *= np.sqrt(0.5)  # half of the power, with the same shape at every frequency
    X = np.concatenate([quiet, loud]).astype(np.float32)
    both = replace(recording(X), subject=np.repeat(["quiet", "loud"], [40, 12]), number=np.r_[1:41, 1:13])
    alone = [erd([power_map(both.take(both.subject == name))], both.ch_names, (0.5, 2.5)) for name in ("quiet", "loud")]
    together = erd(power_maps(both), both.ch_names, (0.5, 2.5))
    assert together["change"].to_numpy() == pytest.approx(sum(each["change"].to_numpy() for each in alone) / 2)
    assert together.loc[together["time"] > 3.5, "change"].mean() == pytest.approx(-25, abs=6)


def test_a_person_without_a_class_says_nothing_of_it():
    both = replace(
        recording(noise(40)), subject=np.repeat(["A", "B"], 20), y=np.r_[np.ones(20, int), np.arange(20) % 2]
    )
    together = erd(power_maps(both), both.ch_names, (0.5, 2.5))
    alone = erd([power_map(both.take(both.subject == "B"))], both.ch_names, (0.5, 2.5))
    left = [found[found["class"] == "left hand"]["change"].to_numpy() for found in (together, alone)]
    assert len(left[0])
    assert np.array_equal(*left)


@pytest.mark.parametrize("subject", PEOPLE)
@pytest.mark.parametrize("rhythm", ["mu", "beta"])
def test_the_simulated_desynchronisation_comes_out_where_it_was_put_in(subject, rhythm):
    trials = Simulated().load(None, (subject,))
    centre = getattr(PEOPLE[subject], rhythm).hz
    found = erd([power_map(trials)], trials.ch_names, default_baseline(trials))
    found = found[found["frequency"].between(centre - 1.5, centre + 1.5)]
    held = found[found["time"].between(4.0, 4.6)].groupby(["class", "channel"])["change"].mean()
    for name, opposite, own in (("left hand", "C4", "C3"), ("right hand", "C3", "C4")):
        assert held[name, opposite] < held[name, own] - 15
        assert held[name, opposite] < -20
    before = found[found["time"].between(1.6, 2.8)].groupby(["class", "channel"])["change"].mean()
    assert before.abs().max() < 15


def test_beta_comes_back_stronger_on_the_side_that_rested(person):
    found = erd([power_map(person)], person.ch_names, default_baseline(person))
    late = found[found["frequency"].between(16, 19) & found["time"].between(5.3, 5.8)]
    late = late.groupby(["class", "channel"])["change"].mean()
    assert late["left hand", "C4"] > 15 + late["left hand", "C3"]
    assert late["right hand", "C3"] > 15 + late["right hand", "C4"]


def test_the_map_says_nothing_where_a_wavelet_would_leave_the_trial():
    trials = recording(noise())
    found = erd([power_map(trials)], trials.ch_names, (0.5, 2.5))
    assert found["time"].min() > 0.15
    assert found["time"].max() < 5.85
    assert np.isfinite(found["change"]).all()


@pytest.mark.parametrize("baseline", [(0.0, 0.1), (2.0, 2.01), (5.95, 6.0)])
def test_a_baseline_without_a_column_of_the_map_is_refused(baseline):
    trials = recording(noise())
    with pytest.raises(InputError, match="choose a longer one"):
        erd([power_map(trials)], trials.ch_names, baseline)


def test_trials_too_short_for_a_map_are_refused():
    with pytest.raises(InputError, match=r"1 s or more; these have 0\.8 s"):
        power_map(recording(noise(n_times=100)))


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ({"cue": (3.0, 4.25), "imagery": (3.5, 6.0)}, (0.5, 1.5)),
        ({"imagery": (4.0, 6.0)}, (0.5, 2.0)),
        ({"feedback": (0.0, 3.5)}, (0.0, 6.0)),
        ({}, (0.0, 6.0)),
    ],
)
def test_the_default_baseline_ends_well_before_the_cue(windows, expected):
    assert default_baseline(recording(noise(), windows=windows)) == expected


@pytest.mark.real
def test_in_the_graz_recording_the_seconds_before_the_cue_tell_the_classes_apart_and_the_baseline_does_not(data_root):
    from eegnets.sources.graz_iiib import GrazIIIb

    source = GrazIIIb()
    if "O3VR" not in source.state(data_root).subjects:
        pytest.skip("the recording O3VR is needed")
    trials = source.load(data_root, ("O3VR",))
    power = np.log(band_power(trials, (8.0, 12.0)))

    def area(start, stop):
        within = (trials.times >= start) & (trials.times < stop)
        side = power[..., within].mean(axis=-1) @ [1, -1]
        left, right = side[trials.y == 0], side[trials.y == 1]
        return stats.mannwhitneyu(left, right).statistic / (len(left) * len(right))

    assert area(1.5, 2.9) > 0.75
    wave = np.abs(complete(trials).mean(axis=0))  # (n_chans, n_times)
    assert ((trials.times[wave.argmax(axis=1)] > 1.1) & (trials.times[wave.argmax(axis=1)] < 1.5)).all()
    assert area(*default_baseline(trials)) == pytest.approx(0.5, abs=0.06)


def test_an_average_and_its_interval_are_scipys():
    X = noise(30)
    table = class_averages(recording(X), X)
    row = table[(table["class"] == "left hand") & (table["channel"] == "C4")].iloc[100]
    sample = round(row["time"] * SFREQ)
    values = X[::2, 1, sample].astype(float)
    low, high = stats.t.interval(0.95, 14, values.mean(), stats.sem(values))
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((values.mean(), low, high), rel=1e-4)


def test_an_average_of_one_trial_has_no_interval():
    X = noise(2)
    table = class_averages(recording(X), X)
    assert np.isfinite(table["mean"]).all()
    assert table["low"].isna().all()


def test_an_average_keeps_at_most_as_many_samples_as_asked():
    X = noise(4)
    table = class_averages(recording(X), X, at_most=100)
    assert table.groupby(["class", "channel"]).size().max() == 94  # every eighth of 750


@pytest.mark.parametrize("name", BANDS)
def test_band_power_hears_its_band_alone_and_is_not_late(name):
    low, high = BANDS[name]
    times = np.arange(750) / SFREQ
    burst = np.exp(-0.5 * ((times - 3) / 0.3) ** 2)
    heard = 10 * burst * np.sin(2 * np.pi * (low + high) / 2 * times)
    other = 10 * np.sin(2 * np.pi * 4 * times)
    course = band_power(recording(np.stack([heard, other])[None].astype(np.float32)), (low, high))[0]
    assert times[course[0].argmax()] == pytest.approx(3, abs=0.1)
    assert course[0].max() == pytest.approx(50, rel=0.15)  # 10²/2, smoothed a little
    assert course[1, 100:-100].max() < 0.5


def test_a_band_beyond_half_the_rate_is_refused():
    with pytest.raises(InputError, match="half the rate"):
        band_power(recording(noise(), sfreq=50.0), (15.0, 26.0))
