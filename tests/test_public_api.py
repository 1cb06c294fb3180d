# SPDX-License-Identifier: Apache-2.0
"""What programs import: few names, quick to import, and the README's example with them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import portrait_core

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "numpy", "scipy", "warp", "trimesh", "safetensors", "PIL", "pydantic")


def test_every_name_is_there_and_no_other() -> None:
    from portrait_core.formats.gltf.writer import write_glb
    from portrait_core.models.load import load_model
    from portrait_core.pipeline import make_avatar
    from portrait_core.recipe import Recipe

    namespace: dict[str, object] = {}
    exec("from portrait_core import *", namespace)
    found = {name: each for name, each in namespace.items() if name != "__builtins__"}
    assert found == {
        "Recipe": Recipe,
        "__version__": portrait_core.__version__,
        "load_model": load_model,
        "make_avatar": make_avatar,
        "write_glb": write_glb,
    }
    assert set(portrait_core.__all__) <= set(dir(portrait_core))
    with pytest.raises(AttributeError, match="no attribute 'make_avatars'"):
        portrait_core.make_avatars  # noqa: B018


def test_importing_it_imports_nothing_else() -> None:
    program = f"import sys, portrait_core; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    # As it is written, but for the size: what is tested is that the names and their order are right.
    small = example.replace("Recipe(", "Recipe(faces=500, texture_size=64, lattice=64, ")
    assert small != example
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{small}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"seven.glb", "seven.png"}
    assert (tmp_path / "seven.glb").read_bytes()[:4] == b"glTF"
