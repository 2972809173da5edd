"""One recording of Graz IIIb: the same from GDF and from MATLAB, and how what is wrong is named."""

import contextlib
import struct
import warnings
import zipfile

import numpy as np
import pytest
from graz_files import digits, events, write_gdf, write_mat
from scipy.io import savemat

from eegnets.sources import SourceError
from eegnets.sources.graz_recording import check, gdf_header, read


@pytest.fixture
def gdf(tmp_path):
    return write_gdf(tmp_path / "S4b.gdf", digits(), events())


def test_gdf_mat_and_zipped_mat_agree(tmp_path):
    digital = digits()
    digital[0, 300:350], digital[1, 1200], digital[1, 5000] = -32768, 32767, -32767
    from_gdf = read(write_gdf(tmp_path / "a.gdf", digital, events()))
    mat = write_mat(tmp_path / "a.mat", digital)
    with zipfile.ZipFile(tmp_path / "a_mat.zip", "w") as archive:
        archive.write(mat, "a.mat")
    for from_mat in (read(mat), read(tmp_path / "a_mat.zip")):
        np.testing.assert_allclose(from_gdf.signal, from_mat.signal, atol=1e-4)  # NaN where the other has NaN
        assert np.array_equal(from_gdf.start, from_mat.start)
        assert np.array_equal(from_gdf.cue, from_mat.cue)


def test_the_rail_is_missing_and_its_neighbours_are_not(tmp_path):
    digital = digits()
    digital[0, :6] = [-32768, -32767, -32766, 32766, 32767, 0]
    signal = read(write_gdf(tmp_path / "a.gdf", digital, events())).signal
    assert np.isnan(signal[0, :6]).tolist() == [True, True, False, False, True, False]
    assert np.isnan(signal).sum() == 3


def test_reading_is_silent(gdf, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(gdf)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda whole: b"", r"is not a GDF file: it begins with b''"),
        (lambda whole: b"<!DOCTYPE html>", r"begins with b'<!DOCTYP' instead of 'GDF 1\.25'"),
        (lambda whole: whole[:200], r"ends too early: 200 bytes are here where its header speaks of more"),
        (lambda whole: whole[:700], r"ends too early: 700 bytes"),
        (
            lambda whole: whole[: len(whole) // 2],
            r"ends too early: \d+ bytes are here where its header speaks of 50768",
        ),
        (lambda whole: whole[:-100], r"ends too early"),
        (lambda whole: whole[:236] + struct.pack("<q", -1) + whole[244:], r"ends too early"),
    ],
    ids=["empty", "a web page", "in the header", "in the channels", "half", "in the events", "no length"],
)
def test_a_bad_gdf_is_named_with_the_repair(gdf, harm, message):
    gdf.write_bytes(harm(gdf.read_bytes()))
    with pytest.raises(SourceError, match=rf"S4b\.gdf .*{message}.* Fetch it again, or copy it again"):
        read(gdf)


def test_a_gdf_cut_anywhere_is_refused_by_its_header_alone(gdf):
    whole = gdf.read_bytes()
    for size in (*range(0, 1000, 7), *range(1000, len(whole), 997)):
        gdf.write_bytes(whole[:size])
        with pytest.raises(SourceError):
            check(gdf)


@pytest.mark.parametrize("at", [8, 190, 250, 600, 730])
def test_a_gdf_with_a_garbled_header_is_refused_or_read_never_worse(gdf, at):
    whole = bytearray(gdf.read_bytes())
    whole[at : at + 16] = bytes(range(200, 216))
    gdf.write_bytes(whole)
    with contextlib.suppress(SourceError):
        read(gdf)


def test_a_recording_without_triggers_is_named(gdf):
    write_gdf(gdf, digits(), [(101, 783)])
    with pytest.raises(SourceError, match=r"S4b\.gdf has no trial: no trigger \(event 768\)"):
        read(gdf)


def test_a_recording_of_another_montage_or_rate_is_named(gdf):
    write_gdf(gdf, np.concatenate([digits(), digits(1)[:1]]), events())
    with pytest.raises(SourceError, match=r"has 3 channels where C3 and C4 are expected"):
        read(gdf)
    write_gdf(gdf, digits(), events(), sfreq=250)
    with pytest.raises(SourceError, match=r"was sampled at 250 Hz; the Graz IIIb recordings have 125 Hz"):
        read(gdf)


def test_triggers_beyond_the_signal_are_named(tmp_path):
    with pytest.raises(SourceError, match=r"has triggers outside its 3000 samples"):
        read(write_mat(tmp_path / "a.mat", digits()[:, :3000]))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b"text"), r"cannot be read as a MATLAB file"),
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), r"cannot be read as a MATLAB file"),
        (lambda path: savemat(path, {"x": np.zeros(3)}), r"lacks the organisers' variables s and HDR"),
        (lambda path: savemat(path, {"s": np.zeros((9, 2)), "HDR": {"TRIG": [1]}}), r"lacks the organisers' variables"),
        (lambda path: savemat(path, {"s": np.zeros((9, 2)), "HDR": 3}), r"lacks the organisers' variables"),
    ],
    ids=["text", "cut", "other variables", "no labels", "no struct"],
)
def test_a_bad_mat_is_named(tmp_path, write, message):
    path = write_mat(tmp_path / "S4b.mat", digits())
    write(path)
    with pytest.raises(SourceError, match=rf"S4b\.mat .*{message}"):
        read(path)


@pytest.mark.parametrize("inside", [{}, {"a.txt": b"1"}, {"a.mat": b"1", "b.mat": b"2"}], ids=["none", "other", "two"])
def test_a_zip_without_one_mat_is_named(tmp_path, inside):
    with zipfile.ZipFile(tmp_path / "S4b_mat.zip", "w") as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    with pytest.raises(SourceError, match=r"S4b_mat\.zip holds .* where one \.mat is expected"):
        read(tmp_path / "S4b_mat.zip")


def test_a_cut_zip_is_named(tmp_path):
    (tmp_path / "S4b_mat.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SourceError, match=r"S4b_mat\.zip is no whole \.zip file"):
        read(tmp_path / "S4b_mat.zip")


@pytest.mark.real
def test_o3vr_is_the_same_from_gdf_and_from_matlab(data_root):
    from_gdf, from_mat = read(data_root / "graz-iiib" / "O3VR.gdf"), read(data_root / "graz-iiib" / "O3VR_mat.zip")
    assert np.isnan(from_gdf.signal).sum(axis=1).tolist() == [760, 801]
    assert np.array_equal(np.isnan(from_gdf.signal), np.isnan(from_mat.signal))
    np.testing.assert_allclose(from_gdf.signal, from_mat.signal, atol=1e-5)
    assert np.array_equal(from_gdf.start, from_mat.start)
    assert np.array_equal(from_gdf.cue, from_mat.cue)


@pytest.mark.real
def test_the_converters_limits_are_in_the_header(data_root):
    header = gdf_header(data_root / "graz-iiib" / "O3VR.gdf")
    assert header.low.tolist() == [-34.1796875, -50.0]
    assert header.high == pytest.approx([42.4316, 49.9756], abs=1e-4)
