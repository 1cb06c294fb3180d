# SPDX-License-Identifier: Apache-2.0
"""What all tests share: nothing of the user's own models and settings reaches them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Two test processes share the cores; more threads in each would only fight. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def no_models_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's models folder is an empty one, and nothing is remembered of them."""
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path_factory.getbasetemp() / "no-config"))
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path_factory.getbasetemp() / "no-models"))


@pytest.fixture(scope="session", autouse=True)
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests share, in an environment variable too."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ["PORTRAITKIT_TESTS_RUN"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of specification, vectors and assets beside the repository; tests that need it are skipped without."""
    folder = Path(os.environ.get("PORTRAITKIT_SHARED") or Path(__file__).parents[1].parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder}; set PORTRAITKIT_SHARED")
    return folder
