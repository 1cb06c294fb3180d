# SPDX-License-Identifier: Apache-2.0
"""The example of docs/blender.md, run as it stands, with fewer faces and samples."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "five_avatars.py"


def test_five_avatars_are_made_and_rendered(
    addon: ModuleType, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("five_avatars", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    monkeypatch.setattr(example, "SIZE", 64)
    pictures = example.main(tmp_path, faces=1000, texture_size=128, lattice=64)
    assert len(pictures) == 5
    sizes = {each.stat().st_size for each in pictures}
    assert min(sizes) > 1000, "a picture with nothing in it"
    assert len({each.read_bytes() for each in pictures}) == 5
    for seed in range(5):
        for ending in ("glb", "blend"):
            assert (tmp_path / f"avatar-{seed}.{ending}").stat().st_size > 50_000
