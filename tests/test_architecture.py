# SPDX-License-Identifier: Apache-2.0
"""The plan of the house, checked by reading the imports: which room may know which, and what nobody does."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("portrait_core", "textures", "cli", "tests")

# Small modules that any room of the engine may use: they know nothing themselves.
SMALL = (
    "closest_point",
    "colours",
    "errors",
    "file_names",
    "mesh_queries",
    "nearest_triangle",
    "pickle_machine",
    "progress",
    "suggest",
    "threads",
    "whole_file",
)
COMMON = {"portrait_core", *(f"portrait_core.{name}" for name in SMALL)}
# Room -> what it may import of ours besides itself and COMMON. A room that is not named here may import all of
# portrait_core except the rooms on top.
ALLOWED = {
    "textures": set[str](),
    "portrait_core.networks": set[str](),
    "portrait_core.protocol": set[str](),
    "portrait_core.body": set[str](),
    "portrait_core.cameras": set[str](),
    "portrait_core.field": set[str](),
    "portrait_core.rendering": {
        "portrait_core.networks",
        "portrait_core.body",
        "portrait_core.cameras",
        "portrait_core.field",
        "portrait_core.avatar",
    },
    "portrait_core.shape": {"portrait_core.field"},
    "portrait_core.rig": {"portrait_core.body", "portrait_core.field", "portrait_core.shape"},
    "portrait_core.formats": {"portrait_core.avatar", "portrait_core.rig"},
    "portrait_core.avatar": {"portrait_core.rig"},
    "portrait_core.models": {"portrait_core.networks"},
    "portrait_core.recipe": {"portrait_core.models", "portrait_core.body"},
}
# The protocol is copied into clients that have no engine.
NOTHING_OF_OURS = {"textures", "portrait_core.networks", "portrait_core.protocol"}
ON_TOP = {
    "portrait_core.batch",
    "portrait_core.training",
    "portrait_core.photo",
    "portrait_core.world",
    "portrait_core.worker",
}


def files(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every import of our own packages in a file: (module, whether it happens when the file is imported)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = set()
    for node in ast.walk(tree):
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if lazy or typing_only:
            late.update(id(each) for each in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative imports hide which room they come from")
        else:
            continue
        for name in names:
            if name.split(".")[0] in PACKAGES and exists(name):
                yield name, id(node) not in late


def exists(module: str) -> bool:
    base = ROOT.joinpath(*module.split("."))
    return base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "portrait_core" else parts[0]


def is_pipeline(module: str) -> bool:
    return room_of(module) == "portrait_core.pipeline"


@pytest.mark.parametrize("path", files("portrait_core", "textures", "cli"), ids=module_of)
def test_rooms_know_only_what_the_plan_allows(path: Path) -> None:
    module = module_of(path)
    room = room_of(module)
    for name, _ in imports(path):
        target = room_of(name)
        if target == room:
            continue
        assert target != "tests", f"{module} imports tests"
        assert target != "cli", f"{module} imports the command line"
        if target == "textures":
            assert is_pipeline(module), f"{module} imports textures; only the pipeline may"
            continue
        if target in ON_TOP and room not in ON_TOP | {"cli"}:
            raise AssertionError(f"{module} imports {name}, a room on top of it")
        if room in NOTHING_OF_OURS:
            raise AssertionError(f"{module} imports {name}; it must know nothing of ours")
        if room in ALLOWED and target not in COMMON:
            assert target in ALLOWED[room], f"{module} imports {name}; {room} may know {sorted(ALLOWED[room])}"


def test_no_import_cycles() -> None:
    graph = {
        module_of(path): {name for name, at_import in imports(path) if at_import}
        for path in files("portrait_core", "textures", "cli")
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, "import cycle: " + " -> ".join((*trail[trail.index(module) :], module))
        if module in done:
            return
        for target in graph.get(module, ()):
            # `from package.sub import x` inside the package itself is how an __init__ gathers its names
            if target != module and not module.startswith(target + "."):
                visit(target, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", files(*PACKAGES), ids=module_of)
def test_every_file_states_its_licence(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# SPDX-License-Identifier: Apache-2.0\n")


@pytest.mark.parametrize("path", files("portrait_core", "textures"), ids=module_of)
def test_nothing_below_the_command_line_prints_or_unpickles(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print", f"{path}:{node.lineno} prints; log or report progress instead"
            assert called not in {"torch.load", "pickle.load", "pickle.loads", "np.random.seed", "torch.manual_seed"}, (
                f"{path}:{node.lineno} calls {called}"
            )


def test_help_imports_nothing_heavy() -> None:
    heavy = ["torch", "numpy", "scipy", "warp", "trimesh", "safetensors", "PIL", "pydantic"]
    program = (
        "import sys\n"
        "sys.argv = ['portrait', '--help']\n"
        "from cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"found = [name for name in {heavy!r} if name in sys.modules]\n"
        "print('HEAVY', found)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "generate" in done.stdout
    assert done.stdout.rstrip().endswith("HEAVY []")
