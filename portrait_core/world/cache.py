# SPDX-License-Identifier: Apache-2.0
"""Arrays that are slow to compute and depend only on the CC0 data, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.runtime.own_folders import cache_folder
from portrait_core.world.assets import AssetFolders


def cached_arrays(
    version: str, folders: AssetFolders, build: Callable[[], Mapping[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Arrays by name: read from the cache, or built and stored.

    The file's name holds ``version`` and a digest of the base mesh, so changed data or code never meets old arrays.
    A damaged file is built anew; a cache that cannot be written is only slow.
    """
    digest = hashlib.sha256((folders.mpfb / "3dobjs" / "base.obj").read_bytes()).hexdigest()[:12]
    try:
        path = cache_folder() / f"{version}-{digest}.npz"
    except OSError:
        return dict(build())
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
