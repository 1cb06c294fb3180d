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
PACKAGES = ("portrait_core", "textures", "cli", "studio", "tests")
PRODUCT = ("portrait_core", "textures", "cli", "studio", "blender_addon")

NOUNS = {
    *("recipe", "recipe_fields", "person", "avatar", "maps", "portrait_model", "field", "cameras"),
    *("errors", "progress", "protocol"),
}
"""The only files of the engine's root, beside ``__init__``: what the house speaks of."""

MOST_ROOMS = 48  # inversion, which looks through networks that photographs know nothing of, is the last
"""Packages with code under `PRODUCT`."""

COPIED = ("portrait_core.face.recordings",)
"""Packages of which a client carries a copy, and chooses the name that it lies under."""

BELOW = {"errors", "progress", "files", "imaging", "runtime", "geometry"}
"""What any room of the engine may use, in the order in which they may use each other."""

FAMILY = {
    *(*BELOW, "weights", "networks", "rendering", "body", "cameras", "field", "recipe", "shape", "rig"),
    *("person", "portrait_model"),
}
"""What a family under ``models`` may know; a new one needs no row, unless it knows more."""

# Room -> what it may import of ours beside itself; a room without a row may import nothing. Names are those under
# portrait_core, except for the rooms beside it. Late imports count; those for types alone do not.
ALLOWED: dict[str, set[str]] = {
    # the nouns
    "errors": {"protocol"},  # the codes of remedies
    "progress": set(),
    "protocol": set(),  # copied into clients that have no engine
    "recipe_fields": set(),  # the same
    "maps": set(),
    "cameras": set(),
    "field": set(),
    "recipe": {"errors", "recipe_fields", "weights", "body"},
    "avatar": {"errors", "geometry", "maps", "rig"},
    "person": {"errors", "recipe", "weights", "body", "cameras", "field"},
    "portrait_model": {"person", "recipe", "weights", "body", "cameras", "field"},
    # below everything
    "files": {"errors"},
    "runtime": {"errors"},
    "imaging": {"errors", "files"},
    "geometry": {"errors", "runtime"},
    "safe_pickle": {"errors"},
    "weights": {"errors", "files", "runtime"},
    # layers, bodies, pictures
    "networks": set(),
    "body": {"errors", "geometry", "safe_pickle", "body.recordings"},
    "body.recordings": {"errors", "files", "safe_pickle", "body"},
    "rendering": {*BELOW, "networks", "body", "cameras", "field", "avatar"},
    # from a field to a rigged surface
    "shape": {*BELOW, "field"},
    "rig": {*BELOW, "body", "body.recordings"},
    "formats": {*BELOW, "avatar", "maps", "rig", "face", "recipe_fields", "formats.gltf", "formats.vrm", "root"},
    "formats.vrm": {*BELOW, "avatar", "rig", "face", "formats", "formats.gltf"},
    "formats.gltf": {*BELOW, "avatar", "maps", "rig", "face", "formats"},
    # the character: plain arrays, whatever model they come from
    "parts": {*BELOW, "body", "rig", "textures"},
    # how it moves: names and recordings, and what shapes do to parts
    "face": {*BELOW, "body", "rig", "parts", "recipe_fields", "face.recordings"},
    "face.recordings": {"face"},  # its names alone: the add-on carries a copy
    # what people say of somebody: a table and rules, beside no model
    "words": {"errors", "face"},
    # what pictures show, read by published networks, and who resembles them: nothing below imports them
    "photo": {
        *(*BELOW, "cameras", "face", "photo.networks", "textures"),
        *("recipe", "person", "portrait_model", "avatar", "parts", "rendering", "pipeline"),
    },
    "photo.networks": {*BELOW},
    # who of a published model's persons is in a picture: on top of both, known by the command line alone
    "photo.inversion": {
        *(*BELOW, "cameras", "body", "weights", "networks", "rendering", "photo", "photo.networks"),
        *("models.portrait_gan", "training", "training.adversarial"),
    },
    # the families: each knows what it shares with others, and of other families nothing but the published architecture
    "models": {*BELOW, "weights", "person", "portrait_model", "models.starter", "models.portrait_gan"},
    "models.starter": {*FAMILY, "models.portrait_gan", "parts"},
    "models.portrait_gan": {*FAMILY, "safe_pickle"},
    "latents": {*BELOW, "recipe", "weights"},
    # the only room that knows the others
    "pipeline": {
        *(*BELOW, "root", "recipe", "avatar", "maps", "person", "portrait_model", "field", "cameras"),
        *("weights", "body", "rendering", "shape", "rig", "parts", "face", "formats", "formats.gltf", "textures"),
    },
    # the running engine and what stands on it
    "engine": {*BELOW, "protocol", "recipe", "person", "portrait_model", "weights", "models", "pipeline"},
    "worker": {
        *(*BELOW, "root", "protocol", "recipe", "recipe_fields", "maps", "weights", "body", "rig", "formats"),
        *("engine", "worker.jobs", "face", "photo.networks"),
    },
    "worker.jobs": {
        *(*BELOW, "protocol", "recipe", "recipe_fields", "maps", "weights", "body", "rig", "formats"),
        *("body.recordings", "latents", "pipeline", "engine", "worker", "face", "formats.vrm", "words"),
        *("photo", "photo.networks"),
    },
    "batch": {
        *(*BELOW, "root", "avatar", "maps", "recipe", "recipe_fields", "weights", "body", "formats", "formats.gltf"),
        *("body.recordings", "rig", "pipeline", "engine", "worker", "face", "words", "latents"),
    },
    # on top of the engine: nothing below imports them
    "world": {*BELOW, "body", "cameras", "rig", "shape", "models.starter"},
    "training": {
        *(*BELOW, "root", "weights", "networks", "rendering", "shape", "world", "parts", "photo"),
        *("models.starter", "models.portrait_gan", "person", "portrait_model", "recipe", "cameras", "pipeline"),
    },
    "training.adversarial": {
        *(*BELOW, "weights", "networks", "rendering", "body", "cameras", "world", "training", "models.portrait_gan"),
    },
    "metrics": {
        *(*BELOW, "weights", "networks", "rendering", "body", "cameras", "world", "safe_pickle"),
        *("training.adversarial", "models.portrait_gan"),
    },
    "training.parts_template": {
        *(*BELOW, "weights", "body", "shape", "world", "parts", "face", "models.starter", "textures", "training"),
    },
    "textures": {"geometry"},
    # a page in the browser, beside the command line
    "studio": {
        *(*BELOW, "protocol", "recipe", "recipe_fields", "avatar", "person", "cameras", "weights", "body", "rendering"),
        *("field", "rig", "formats", "formats.gltf", "formats.vrm", "latents", "pipeline", "engine", "face", "photo"),
        "words",
    },
    "cli": {
        "studio",
        *(*BELOW, "root", "recipe", "recipe_fields", "avatar", "maps", "person", "portrait_model", "cameras"),
        *("weights", "body", "rendering", "rig", "formats", "latents", "models", "models.portrait_gan", "pipeline"),
        *("body.recordings", "engine", "batch", "worker", "training", "training.parts_template", "world", "protocol"),
        *("training.adversarial", "metrics"),
        *("face", "photo", "photo.networks", "photo.inversion", "parts", "formats.vrm", "words"),
    },
}


def files(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def for_types_only(tree: ast.Module) -> set[int]:
    """The nodes under ``if TYPE_CHECKING:``, which never run."""
    return {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for each in ast.walk(statement)
    }


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, at its head or late inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = for_types_only(tree)
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # Blender chooses the name that the add-on lies under.
            if node.level and package[0] != "blender_addon" and ".".join(package) not in COPIED:
                raise AssertionError(f"{path}: relative imports hide which room they come from")
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            # `from package import module` means the module; `from module import name` the module that has the name
            names = [f"{module}.{alias.name}" if exists(f"{module}.{alias.name}") else module for alias in node.names]
        else:
            continue
        yield from (name for name in dict.fromkeys(names) if exists(name))


def exists(module: str) -> bool:
    base = ROOT.joinpath(*module.split("."))
    return module.split(".", maxsplit=1)[0] in (*PACKAGES, *PRODUCT) and (
        base.with_suffix(".py").is_file() or (base / "__init__.py").is_file()
    )


def room_of(module: str) -> str:
    """The room of a module: its package, or the noun itself in the engine's root."""
    base = ROOT.joinpath(*module.split("."))
    package = module if base.is_dir() else module.rpartition(".")[0]
    if package == "portrait_core":
        return module.removeprefix("portrait_core").removeprefix(".") or "root"
    return package.removeprefix("portrait_core.")


@pytest.mark.parametrize("path", files("portrait_core", "textures", "cli", "studio"), ids=module_of)
def test_rooms_know_only_what_the_plan_allows(path: Path) -> None:
    module, room = module_of(path), room_of(module_of(path))
    allowed = ALLOWED.get(room, FAMILY if room.startswith("models.") else set()) | {room}
    if room == "root":
        allowed = {"recipe", "models", "pipeline", "formats.gltf", "root"}  # the public names, looked up when asked for
    for name in imports(path):
        target = room_of(name)
        if target == "root" and name == "portrait_core" and room != "root":
            target = "root"
        assert target in allowed, f"{module} imports {name}; {room} may know {sorted(allowed - {room})}"


def test_every_row_is_a_room_and_every_room_has_a_row() -> None:
    rooms = {room_of(module_of(path)) for path in files("portrait_core", "textures", "cli", "studio")} - {"root"}
    assert {room for room in rooms if not room.startswith("models.")} - set(ALLOWED) == set()
    assert set(ALLOWED) - rooms - NOUNS == set()


def test_the_root_holds_nouns_only() -> None:
    loose = {path.stem for path in (ROOT / "portrait_core").glob("*.py")} - {"__init__"}
    assert loose <= NOUNS, f"{sorted(loose - NOUNS)}: a module of the root belongs into a room"


def test_rooms_can_be_counted() -> None:
    rooms = {path.parent for path in files(*PRODUCT) if path.name != "__init__.py"}
    rooms |= {path.parent for path in files(*PRODUCT) if path.name == "__init__.py" and has_code(path)}
    assert len(rooms) <= MOST_ROOMS, sorted(str(room.relative_to(ROOT)) for room in rooms)


def has_code(path: Path) -> bool:
    """Whether a file holds more than its docstring."""
    return any(not isinstance(node, ast.Expr) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def test_no_circle_of_files() -> None:
    """Late imports count: a circle that is closed inside a function is one all the same."""
    graph = {module_of(path): set(imports(path)) for path in files(*PRODUCT)}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, "import cycle: " + " -> ".join((*trail[trail.index(module) :], module))
        if module in done:
            return
        for target in sorted(graph.get(module, ())):
            # `from package.sub import x` inside the package itself is how an __init__ gathers its names
            if target != module and not module.startswith(target + "."):
                visit(target, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", files("portrait_core", "cli"), ids=module_of)
def test_nobody_asks_for_a_family_outside_the_models(path: Path) -> None:
    """What a family can do is asked by name; its classes are known in its own folder."""
    module = module_of(path)
    if module.startswith(("portrait_core.models", "portrait_core.training")):
        return  # a training belongs to its family
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portrait_core.models.")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            asked = {each.id for each in ast.walk(node.args[1]) if isinstance(each, ast.Name)}
            assert not asked & classes, f"{module}:{node.lineno} asks for {sorted(asked & classes)}"


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
