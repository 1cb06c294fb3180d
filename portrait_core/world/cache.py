# SPDX-License-Identifier: Apache-2.0
"""Arrays that are slow to compute and depend only on the CC0 data, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from portrait_core.world.assets import AssetFolders


def cache_folder() -> Path:
    """``PORTRAITKIT_CACHE`` or the platform's cache folder."""
    named = os.environ.get("PORTRAITKIT_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("portraitkit"))


def cached_arrays(
    version: str, folders: AssetFolders, build: Callable[[], Mapping[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Arrays by name: read from the cache, or built and stored.

    The file's name holds ``version`` and a digest of the base mesh, so changed data or code never meets old arrays.
    A damaged file is built anew; a cache that cannot be written is only slow.
    """
    digest = hashlib.sha256((folders.mpfb / "3dobjs" / "base.obj").read_bytes()).hexdigest()[:12]
    path = cache_folder() / f"{version}-{digest}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        arrays = dict(build())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as temporary:
            np.savez(temporary, **arrays)  # pyright: ignore[reportArgumentType]
        os.replace(temporary.name, path)
    except OSError:
        pass
    return arrays
