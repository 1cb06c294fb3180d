# SPDX-License-Identifier: Apache-2.0
"""Where test vectors lie: the compact subset in the repository, the full set beside it when it is there."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def compact_vectors() -> Path:
    """The subset kept in the repository."""
    return REPOSITORY / "tests" / "data" / "vectors"


def shared_folder() -> Path | None:
    """The folder of shared material beside the repository (or ``PORTRAITKIT_SHARED``), None when absent."""
    folder = Path(os.environ.get("PORTRAITKIT_SHARED") or REPOSITORY.parent / "shared")
    return folder if folder.is_dir() else None


def full_vectors() -> Path | None:
    """The full set of vectors, None when absent."""
    shared = shared_folder()
    return shared / "vectors" if shared is not None and (shared / "vectors").is_dir() else None


def vector_files(folder: Path) -> list[Path]:
    """The files of a folder that hold vectors, by name."""
    return sorted(p for p in folder.glob("*") if p.name.endswith((".npz", ".pkl.xz", ".pkl")))
