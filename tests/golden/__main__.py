# SPDX-License-Identifier: Apache-2.0
"""Hold what the code makes today: ``python -m tests.golden [NAME ...]``. Say in the commit why the bytes change."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.golden.digests import Glb, picture_digest
from tests.golden.likeness import held, held_picture
from tests.golden.orders import AVATARS, PICTURES, make
from tests.golden.processor import signature

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected.json"


def main(names: list[str]) -> None:
    """Make the files of ``names``, all if there are none, and write what is held of them."""
    expected = (
        json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {"avatars": {}, "pictures": {}}
    )
    signed = json.loads(json.dumps(signature()))
    if names and expected.get("signature") != signed:
        raise SystemExit(
            "another processor or other libraries than those of the file: hold all of it anew, without names"
        )
    expected["signature"] = signed
    for name, order in AVATARS.items():
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                (path,) = [each for each in make(order, Path(folder)) if each.suffix == ".glb"]
                glb = Glb.read(path)
            expected["avatars"][name] = glb.digests()
            np.savez_compressed(FOLDER / f"{name}.npz", **held(glb))
            sys.stdout.write(f"{name} {expected['avatars'][name]['whole'][:12]}\n")
    for name, order in PICTURES.items():
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                paths = make(order, Path(folder))
                expected["pictures"][name] = {path.name: picture_digest(path) for path in paths}
                small = {
                    path.name: held_picture(path).astype(np.float16 if "depth" not in path.name else np.float32)
                    for path in paths
                }
            np.savez_compressed(FOLDER / f"picture-{name}.npz", **small)
            sys.stdout.write(f"{name} {len(small)} pictures\n")
    EXPECTED.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", encoding="utf-8")


main(sys.argv[1:])
