# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.vectors.compact SOURCE TARGET``: make the small set kept in the repository from the full one.

Left out are `LEFT_OUT`, all but one super-resolution module, and the posed final picture; the tri-grid is
strided further;
arrays that lie in another file too are referred to there. What stays is compressed better. Numbers are not changed.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEFT_OUT = {"losses"}
"""Files that the compact set does not hold (their weights alone would fill a fifth of it)."""

_SHARED_FROM = 20_000
"""Arrays of at least so many bytes are looked for in earlier files."""


def reduced(name: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of one file that stay."""
    if name == "superresolution":
        return {k: v for k, v in arrays.items() if k.startswith(("x2/", "sd/x2/"))}
    if name == "generator":
        kept = {k: v for k, v in arrays.items() if k not in ("def/image", "planes_every8")}
        kept["planes_every32"] = arrays["planes_every8"][:, :, ::4, ::4]
        return kept
    return arrays


def write(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write an ``.npz`` with the stronger compression that numpy reads but does not write."""
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_LZMA) as archive:
        for name, values in arrays.items():
            text = io.BytesIO()
            np.lib.format.write_array(text, np.asanyarray(values), allow_pickle=False)
            stamp = zipfile.ZipInfo(f"{name}.npy")  # a fixed date: the same input gives the same file
            archive.writestr(stamp, text.getvalue(), compress_type=zipfile.ZIP_LZMA)
    os.replace(partial, path)


def main(source: Path, target: Path) -> None:
    """Make the compact set."""
    target.mkdir(parents=True, exist_ok=True)
    known: dict[bytes, tuple[str, str]] = {}
    for path in sorted(source.glob("*.npz")):
        if path.stem in LEFT_OUT:
            continue
        with np.load(path, allow_pickle=False) as archive:
            arrays = reduced(path.stem, {name: archive[name] for name in archive.files})
        elsewhere: dict[str, tuple[str, str]] = {}
        for name, values in list(arrays.items()):
            content = f"{values.dtype}{values.shape}".encode() + values.tobytes()
            if len(content) < _SHARED_FROM:
                continue
            if content in known:
                elsewhere[name] = known[content]
                del arrays[name]
            else:
                known[content] = (path.name, name)
        if elsewhere:
            arrays["elsewhere"] = np.array(json.dumps(elsewhere))
        write(target / path.name, arrays)
    for path in source.glob("checkpoint_fixture*"):
        shutil.copyfile(path, target / path.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
