# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Pythons are that an engine can be made with, and which of them is best."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..environment import home_folder
from ..failure import Failure
from ..text import Text
from .probe import Probe, probe

VERSIONS = ((3, 11), (3, 12), (3, 13))
"""Best first: all wheels are there for the first two, a slower substitute for one of them on the third."""

Ask = Callable[[Path, Sequence[str]], Probe | Failure]


def base_pythons(
    chosen: Path | None = None,
    blender: Path | None = None,
    *,
    ask: Ask | None = None,
    places: Iterable[tuple[Path, tuple[str, ...]]] | None = None,
    first: bool = False,
) -> list[Probe]:
    """Pythons that can make the engine, best first: the ``chosen`` one, by version, Blender's own last.

    With ``first`` the search ends at the first that is chosen or of the best versions: a few tenths of a second.
    """
    ask = ask or (lambda path, arguments: probe(path, arguments=arguments))
    found: list[Probe] = []
    seen: set[str] = set()
    candidates: list[tuple[Path, tuple[str, ...]]] = [(chosen, ())] if chosen is not None else []
    candidates += list(candidate_pythons() if places is None else places)
    candidates += [(blender, ())] if blender is not None else []
    for path, arguments in candidates:
        key = str(path) + " ".join(arguments)
        if key in seen:
            continue
        seen.add(key)
        told = ask(path, arguments)
        if not isinstance(told, Probe) or why_not(told) is not None:
            continue
        if any(_same(told.base, other.base) for other in found):
            continue
        found.append(told)
        if (
            first
            and not (blender is not None and _same(told.base, blender))
            and (path == chosen or (chosen is None and told.version[:2] in VERSIONS[:2]))
        ):
            break
    return sorted(found, key=lambda each: _rank(each, chosen, blender))


def why_not(found: Probe) -> Text | None:
    """Why no engine can be made with this Python; None if one can."""
    if found.version[:2] not in VERSIONS:
        known = ", ".join(f"{major}.{minor}" for major, minor in VERSIONS)
        return Text("Python {version}: the engine needs one of {known}.", version=found.text, known=known)
    if found.bits != 64:
        return Text("Python {version} has {bits} bits: the engine needs 64.", version=found.text, bits=found.bits)
    if not found.standard:
        return Text("Python {version} is of a kind that the engine's parts are not made for.", version=found.text)
    if not found.can_make:
        return Text(
            "Python {version} cannot make environments: its modules venv or ensurepip are missing.", version=found.text
        )
    if sys.platform == "darwin" and found.machine == "x86_64":
        return Text(
            "Python {version} is made for Intel processors: torch is no longer made for those on macOS.",
            version=found.text,
        )
    return None


def candidate_pythons(platform: str = sys.platform, home: Path | None = None) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Paths that may hold a Python, with arguments that choose its version; most do not exist."""
    home = home or home_folder() or Path("/no-home")
    if platform == "win32":
        yield from _windows(home)
        return
    names = [f"python{major}.{minor}" for major, minor in VERSIONS]
    folders: list[Path] = []
    if platform == "darwin":
        folders += [Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
        frameworks = Path("/Library/Frameworks/Python.framework/Versions")
        folders += [frameworks / f"{major}.{minor}" / "bin" for major, minor in VERSIONS]
    folders += [Path("/usr/bin"), Path("/usr/local/bin"), home / ".local" / "bin"]
    for name in names:
        on_path = shutil.which(name)
        if on_path is not None:
            yield Path(on_path), ()
        for folder in folders:
            if (folder / name).is_file():
                yield folder / name, ()
    for pattern in (".pyenv/versions/3.*/bin/python3", ".local/share/uv/python/cpython-3.*/bin/python3"):
        yield from ((path, ()) for path in sorted(home.glob(pattern), reverse=True))
    for conda in ("miniconda3", "anaconda3", "miniforge3", "mambaforge"):
        if (home / conda / "bin" / "python3").is_file():
            yield home / conda / "bin" / "python3", ()
    on_path = shutil.which("python3")
    if on_path is not None:
        yield Path(on_path), ()


def _windows(home: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    launcher = shutil.which("py")
    programs = [Path(os.environ[name]) for name in ("ProgramFiles", "ProgramW6432") if os.environ.get(name)]
    for major, minor in VERSIONS:
        folder = f"Python{major}{minor}"
        roots = (local / "Programs" / "Python", *programs, Path("C:/"))
        for path in (root / folder for root in roots):
            if (path / "python.exe").is_file():
                yield path / "python.exe", ()
        if launcher is not None:
            yield Path(launcher), (f"-{major}.{minor}",)
    for path in sorted(home.glob(".pyenv/pyenv-win/versions/3.*/python.exe"), reverse=True):
        yield path, ()
    on_path = shutil.which("python")
    # The alias of the Microsoft Store opens the Store instead of running.
    if on_path is not None and "WindowsApps" not in on_path:
        yield Path(on_path), ()


def sandbox(environment: dict[str, str] | None = None) -> str | None:
    """The kind of box that Blender runs in, if it cannot see the system's own Pythons: ``Snap``, ``Flatpak``."""
    found = os.environ if environment is None else environment
    if found.get("FLATPAK_ID"):
        return "Flatpak"
    if found.get("SNAP") and "blender" in found.get("SNAP_NAME", "").lower():
        return "Snap"
    return None


def _rank(each: Probe, chosen: Path | None, blender: Path | None) -> tuple[bool, bool, int]:
    first = chosen is None or not (_same(each.python, chosen) or _same(each.base, chosen))
    last = blender is not None and (_same(each.python, blender) or _same(each.base, blender))
    return first, last, VERSIONS.index((each.version[0], each.version[1]))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except OSError:
        return one == other
