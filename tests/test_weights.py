"""Weights from elsewhere: into the right network, or refused in words, and never run."""

import pickle
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

from eegnets import models, weights
from eegnets.weights import WeightsError


def report_eegnet():
    """EEGNet as the lab report's code names its parts: seperableConv, and a bare classify."""
    net = nn.Module()
    net.firstconv = nn.Sequential(nn.Conv2d(1, 16, (1, 51), padding=(0, 25), bias=False), nn.BatchNorm2d(16))
    bends = nn.ELU(), nn.AvgPool2d((1, 4)), nn.Dropout(0.25), nn.ELU(), nn.AvgPool2d((1, 8)), nn.Dropout(0.25)
    net.depthwiseConv = nn.Sequential(nn.Conv2d(16, 32, (2, 1), groups=16, bias=False), nn.BatchNorm2d(32), *bends[:3])
    net.seperableConv = nn.Sequential(
        nn.Conv2d(32, 32, (1, 15), padding=(0, 7), bias=False), nn.BatchNorm2d(32), *bends[3:]
    )
    net.classify = nn.Linear(736, 2)
    net.forward = lambda X: net.classify(net.seperableConv(net.depthwiseConv(net.firstconv(X))).flatten(1))
    return net


def report_deepconvnet():
    """DeepConvNet as the lab report's code names its parts."""
    net = nn.Module()

    def block(n_in, n_out, size):
        parts = nn.Conv2d(n_in, n_out, size), nn.BatchNorm2d(n_out), nn.ELU(), nn.MaxPool2d((1, 2)), nn.Dropout(0.5)
        return nn.Sequential(*parts)

    net.conv0 = nn.Conv2d(1, 25, (1, 5))
    for i, (n_in, n_out) in enumerate(((25, 25), (25, 50), (50, 100), (100, 200)), 1):
        setattr(net, f"conv{i}", block(n_in, n_out, (2, 1) if i == 1 else (1, 5)))
    net.classify = nn.Linear(8600, 2)

    def forward(X):
        for i in range(5):
            X = getattr(net, f"conv{i}")(X)
        return net.classify(X.flatten(1))

    net.forward = forward
    return net


REPORT = {"EEGNet": report_eegnet, "DeepConvNet": report_deepconvnet}
WRAPS = {
    "bare": lambda state: state,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model_state_dict": lambda state: {"model_state_dict": state},
    "module.": lambda state: {f"module.{key}": value for key, value in state.items()},
}


def trained(make):
    """A network whose running statistics and weights are not the first ones."""
    torch.manual_seed(0)
    net = make()
    net.train()
    for _ in range(3):
        net.forward(3 * torch.randn(8, 1, 2, 750))
    return net.to(memory_format=torch.channels_last).eval()  # the order of summing is the layout's


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("network", REPORT)
def test_weights_of_the_reports_own_code_classify_identically(network, wrap, tmp_path):
    net = trained(REPORT[network])
    torch.save(WRAPS[wrap](net.state_dict()), tmp_path / "theirs.pt")
    found = weights.recognise(weights.read(tmp_path / "theirs.pt"))
    assert (found.network, found.n_chans, found.n_times, found.n_outputs) == (network, 2, 750, 2)
    X = 3 * torch.randn(5, 2, 750)
    with torch.inference_mode():
        assert torch.equal(weights.load(found, "ELU")(X), net.forward(X[:, None]))


@pytest.mark.parametrize("network", models.MODELS)
@pytest.mark.parametrize(("n_chans", "n_times", "n_outputs"), [(2, 750, 2), (6, 896, 2), (3, 1000, 4)])
@pytest.mark.parametrize("activation", ["ReLU", "Maxout"])
def test_sizes_are_read_off_the_shapes(network, n_chans, n_times, n_outputs, activation, tmp_path):
    model = models.build(network, n_chans=n_chans, n_times=n_times, n_outputs=n_outputs, activation=activation).eval()
    safetensors.torch.save_file(model.state_dict(), tmp_path / "ours.safetensors")
    found = weights.recognise(weights.read(tmp_path / "ours.safetensors"))
    assert (found.network, found.n_chans, found.n_outputs) == (network, n_chans, n_outputs)
    assert type(model).length_out(found.n_times) == type(model).length_out(n_times)
    X = torch.randn(3, n_chans, found.n_times)
    loaded = weights.load(found, activation)
    assert loaded(X).shape == (3, n_outputs)
    assert all(torch.equal(loaded.state_dict()[key], value) for key, value in model.state_dict().items())


def eegnet_state():
    return models.build("EEGNet", n_chans=2, n_times=750, n_outputs=2).state_dict()


def test_what_does_not_fit_is_told_key_by_key():
    state = eegnet_state()
    del state["separableConv.1.bias"]
    state["extra.weight"] = torch.zeros(2)
    state["firstconv.1.weight"] = torch.zeros(8)
    with pytest.raises(WeightsError) as refused:
        weights.load(weights.recognise(state), "ELU")
    for words in ("missing: separableConv.1.bias", "unexpected: extra.weight", "shape of firstconv.1.weight: (8,)"):
        assert words in str(refused.value)


def test_maxout_is_missed_where_it_is_asked_for_and_not_there():
    with pytest.raises(WeightsError, match="do not fit EEGNet with Maxout"):
        weights.load(weights.recognise(eegnet_state()), "Maxout")


@pytest.mark.parametrize("state", [{"layer.weight": torch.zeros(3)}, {"conv0.weight": torch.zeros(25, 1, 1, 5)}])
def test_weights_of_another_network_are_refused(state):
    with pytest.raises(WeightsError, match="belong to none of EEGNet, DeepConvNet"):
        weights.recognise(state)


class Trap:
    """A pickle that would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("save", [torch.save, lambda trap, path: path.write_bytes(pickle.dumps(trap, protocol=2))])
def test_a_pickle_is_refused_and_never_run(tmp_path, save):
    save(Trap(tmp_path / "written"), tmp_path / "trap.pt")
    with pytest.raises(WeightsError, match=r"trap\.pt"):
        weights.read(tmp_path / "trap.pt")
    assert not (tmp_path / "written").exists()


def test_a_whole_pickled_model_is_refused_with_the_repair(tmp_path):
    torch.save(models.build("EEGNet", n_chans=2, n_times=750, n_outputs=2), tmp_path / "model.pt")
    with pytest.raises(WeightsError, match=r"torch\.save\(model\.state_dict\(\), path\)"):
        weights.read(tmp_path / "model.pt")


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (weights.MAX_BYTES + 1))


def half(path):
    torch.save(eegnet_state(), path)
    path.write_bytes(path.read_bytes()[:2000])


def not_a_number(path):
    torch.save(eegnet_state() | {"firstconv.1.bias": torch.full((16,), torch.nan)}, path)


def large(path):
    with path.open("wb") as file:
        file.truncate(weights.MAX_BYTES + 1)


def stretched(path):
    torch.save(eegnet_state() | {"x": torch.zeros(1).expand(2**20, 2**20)}, path)


def with_tensor(tensor):
    return lambda path: torch.save(eegnet_state() | {"x": tensor}, path)


def changed_byte(path):
    torch.save(eegnet_state(), path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    place = whole.rindex(b"]q\0(X") + 9  # the first key of the list of storages
    path.write_bytes(whole[:place] + b"x" + whole[place + 1 :])


def changed_list(path):
    torch.save(eegnet_state(), path)
    path.write_bytes(path.read_bytes().replace(b"PK\1\2", b"PK\1\3"))


BAD = {
    "a changed list": (changed_list, "copy it again"),
    "stretched": (stretched, "at most 64 are read"),
    "meta": (with_tensor(torch.empty(2, device="meta")), "no plain numbers in x"),
    "sparse": (with_tensor(torch.eye(2).to_sparse()), "no plain numbers in x"),
    "float8": (with_tensor(torch.zeros(2).to(torch.float8_e4m3fn)), "no plain numbers in x"),
    "a changed byte": (changed_byte, "copy it again"),
    "bomb": (bomb, "at most 64 are read"),
    "half": (half, "copy it again"),
    "NaN": (not_a_number, r"NaN or infinite\) in firstconv\.1\.bias"),
    "large": (large, "at most 64 are read"),
    "text": (lambda path: path.write_text("hello"), "bad.pt"),
    "empty": (lambda path: path.write_bytes(b""), "bad.pt"),
    "a list": (lambda path: torch.save([1, 2], path), "holds no state dict"),
    "absent": (lambda path: None, "cannot be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_words(case, tmp_path):
    make, words = BAD[case]
    make(tmp_path / "bad.pt")
    with pytest.raises(WeightsError, match=words):
        weights.read(tmp_path / "bad.pt")


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_tensors_are_refused_in_words(tmp_path):
    torch.save({"x": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])}, tmp_path / "bad.pt")
    with pytest.raises(WeightsError, match="no plain numbers in x"):
        weights.read(tmp_path / "bad.pt")


def test_an_empty_first_kernel_belongs_to_no_network():
    with pytest.raises(WeightsError, match="belong to none of"):
        weights.recognise(eegnet_state() | {"firstconv.0.weight": torch.zeros(0, 1, 1, 51)})


def test_shapes_that_ask_for_a_huge_network_are_refused_before_it_is_built():
    few = {
        "depthwiseConv.0.weight": torch.zeros(2**20, 1, 2, 1),
        "separableConv.0.weight": torch.zeros(2**20, 1, 1, 15),
    }
    dense = {"classify.0.weight": torch.zeros(1).expand(2, 2**20 * 23)}
    with pytest.raises(WeightsError, match="do not fit EEGNet"):
        weights.load(weights.recognise(eegnet_state() | few | dense), "ELU")


@pytest.mark.parametrize("content", [b"", b"\x10\0\0\0\0\0\0\0{", b"\0" * 100])
def test_a_damaged_safetensors_file_is_refused_in_words(content, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match="no whole safetensors file"):
        weights.read(tmp_path / "bad.safetensors")


def test_a_safetensors_file_that_was_cut_or_is_all_zeros_is_refused(tmp_path):
    path = tmp_path / "bad.safetensors"
    safetensors.torch.save_file(eegnet_state(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="no whole safetensors file"):
        weights.read(path)
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(WeightsError, match="holds 200 MiB; at most 64 are read"):
        weights.read(path)


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"weights come as \.safetensors, \.pt, \.pth; got 'model\.h5'"):
        weights.read(tmp_path / "model.h5")
