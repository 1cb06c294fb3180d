# SPDX-License-Identifier: Apache-2.0
"""No circle of files in the add-on, imports inside functions and for type checkers counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.addon_package.texts import ADDON


def module_of(path: Path, root: Path) -> str:
    """`a/b.py` below `root` is `root.a.b`; a package is its `__init__`."""
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, root: Path, modules: set[str]) -> Iterator[str]:
    """The modules of the same package that a file imports, anywhere in it, with relative names resolved."""
    own = module_of(path, root)
    package = own if path.name == "__init__.py" else own.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            bases, names = [alias.name for alias in node.names], []
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            bases, names = [base], [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        found = {name for name in names if name in modules}
        # `from . import a` is of the file a, and of the package only where it takes a name of the package's own
        if not names or len(found) < len(names):
            found |= {base for base in bases if base in modules}
        # a file of another package runs that package's own file first
        found |= {above for name in found for above in packages_of(name) if not own.startswith(above + ".")}
        yield from found & modules - {own}


def packages_of(module: str) -> Iterator[str]:
    """The packages that a module lies in."""
    while module := module.rpartition(".")[0]:
        yield module


def circles(root: Path) -> list[list[str]]:
    """Files of a package that import each other in a ring, one ring for each group of them."""
    files = {module_of(path, root): path for path in sorted(root.rglob("*.py"))}
    graph = {
        # a package's own names are gathered by its __init__: `from . import x` in a file of it is x's business
        module: {name for name in imported(path, root, set(files)) if not module.startswith(name + ".")}
        for module, path in files.items()
    }
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> None:
        if module in trail:
            found.append([*trail[trail.index(module) :], module])
            return
        if module in done:
            return
        for name in sorted(graph[module]):
            visit(name, [*trail, module])
        done.add(module)

    for module in graph:
        visit(module, [])
    return found


def test_no_file_of_the_addon_imports_itself_by_a_detour() -> None:
    assert [" -> ".join(ring) for ring in circles(ADDON)] == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("from .two import x", "def f():\n    from .one import y"),
        ("from . import two", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .one import y"),
        ("from .inner.three import x", "from .one import y"),
        ("import pack.two", "from pack import one"),
    ],
)
def test_every_kind_of_import_is_seen(tmp_path: Path, one: str, two: str) -> None:
    root = tmp_path / "pack"
    (root / "inner").mkdir(parents=True)
    for name, text in {"__init__": "", "one": one, "two": two, "inner/__init__": ""}.items():
        (root / f"{name}.py").write_text(text)
    (root / "inner" / "three.py").write_text("from ..two import x\n")
    assert circles(root)
    (root / "two.py").write_text("from os import path\nX = 1\n")
    assert circles(root) == []
