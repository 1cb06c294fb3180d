# SPDX-License-Identifier: Apache-2.0
"""The command line run inside the test's process, over the analytic bust installed as a user's model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from cli.main import main
from portrait_core.models.load import FAMILIES
from portrait_core.weights.checkpoint import save_model
from tests.analytic_model import HEADER


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that an error is told in."""
        lines = self.err.splitlines()
        assert len(lines) == 1, f"expected one line on stderr, got {lines}"
        assert lines[0].startswith("portrait: error: ")
        return lines[0].removeprefix("portrait: error: ")

    @property
    def events(self) -> list[dict[str, Any]]:
        """Stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``portrait`` with the given words."""

    def run_it(*words: object) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_it


@pytest.fixture
def balls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights file of the analytic bust in the user's models folder, of a family of its own; small thumbnails."""
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "balls.safetensors"
    save_model(path, {"nothing": torch.zeros(1)}, HEADER.model_copy(update={"digest": ""}))
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(folder))
    monkeypatch.setitem(FAMILIES, "analytic", "tests.analytic_model")
    monkeypatch.setattr("portrait_core.pipeline.make.THUMBNAIL_SIZE", 96)
    return path
