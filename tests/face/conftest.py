# SPDX-License-Identifier: Apache-2.0
"""A model with shapes of the face: the shipped starter, or the file that PORTRAITKIT_FACE_MODEL names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portrait_core.models.load import load_model
from portrait_core.portrait_model import PortraitModel
from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model


@pytest.fixture(scope="session")
def starter_with_face() -> PortraitModel:
    """That model, loaded once; tests that want it are skipped where it has no shapes."""
    path = Path(os.environ.get("PORTRAITKIT_FACE_MODEL") or find_model("starter"))
    if not read_header(path).has_face:
        pytest.skip(f"{path.name} has no shapes of the face; name a model that has in PORTRAITKIT_FACE_MODEL")
    return load_model(path, "cpu")
