# SPDX-License-Identifier: Apache-2.0
"""Names and paths of models, in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from portrait_core.errors import UsageError
from portrait_core.weights import registry
from portrait_core.weights.checkpoint import save_model
from portrait_core.weights.header import Latent, ModelHeader


def put(path: Path) -> Path:
    save_model(
        path, {"a": torch.ones(2)}, ModelHeader(name=path.stem, licence="CC0-1.0", config={}, latent=Latent(z_dim=2))
    )
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(registry.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_users_model_is_found_by_name_and_by_path(folder: Path) -> None:
    path = put(folder / "villagers.safetensors")
    assert registry.find_model("villagers") == path
    assert registry.find_model(str(path)) == path
    assert registry.find_model(path) == path
    entry = next(entry for entry in registry.list_models() if entry.name == "villagers")
    assert (entry.source, entry.size, entry.problem) == ("user", path.stat().st_size, "")
    assert entry.header is not None
    assert entry.header.latent.z_dim == 2


def test_unknown_names_come_with_near_matches(folder: Path) -> None:
    put(folder / "villagers.safetensors")
    with pytest.raises(UsageError, match=r"unknown model 'vilagers'\. Did you mean villagers\?"):
        registry.find_model("vilagers")
    with pytest.raises(UsageError, match=r"unknown model 'xyz'\. Known models: .*villagers"):
        registry.find_model("xyz")
    with pytest.raises(UsageError, match="no model file at"):
        registry.find_model(folder / "nothing.safetensors")
    with pytest.raises(UsageError, match="no model file at"):
        registry.find_model("sub/nothing")


def test_damaged_files_are_listed_with_their_problem(folder: Path) -> None:
    (folder / "broken.safetensors").write_bytes(b"123")
    (folder / ".villagers.0123.part.safetensors").write_bytes(b"123")
    entries = {entry.name: entry for entry in registry.list_models() if entry.source == "user"}
    assert entries.keys() == {"broken"}
    assert entries["broken"].header is None
    assert "truncated" in entries["broken"].problem


def test_a_users_file_stands_in_for_a_shipped_one(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path_factory.mktemp("shipped")
    put(shipped / "starter.safetensors")
    monkeypatch.setattr(registry, "shipped_folder", lambda: shipped)
    assert registry.find_model("starter").parent == shipped
    assert registry.model_info("starter").source == "shipped"
    put(folder / "starter.safetensors")
    assert registry.find_model("starter").parent == folder


def test_the_folder_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(registry.FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    assert all(entry.source == "shipped" for entry in registry.list_models())
    monkeypatch.delenv(registry.FOLDER_VARIABLE)
    assert registry.user_folder().parts[-2:] == ("portraitkit", "models")
