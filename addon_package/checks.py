# SPDX-License-Identifier: Apache-2.0
"""What Blender's own validator lets pass: the manifest, the files of the zip, the engine inside."""

from __future__ import annotations

import ast
import re
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from addon_package.facts import ADDON_ID, MANIFEST, PINS, SHARED, engine_version

STARTER = "portrait_core/models/starter/starter.safetensors"
COPIES = tuple(SHARED.values())
MUST_BE_THERE = ("__init__.py", MANIFEST, "registration.py", "LICENSE", "locale/german.py", *COPIES, PINS)
ROOMS_MUST_BE_THERE = ("base/__init__.py", "scene/__init__.py", "jobs/__init__.py", "ui/__init__.py")
KEYS = {
    *("schema_version", "id", "version", "name", "tagline", "maintainer", "type", "tags", "website", "copyright"),
    *("blender_version_min", "blender_version_max", "license", "platforms", "wheels", "permissions", "build"),
}
PERMISSIONS = {"files", "network", "clipboard", "camera", "microphone"}
PLATFORMS = {"windows-x64", "windows-arm64", "macos-x64", "macos-arm64", "linux-x64", "linux-arm64"}
TAGS = {
    *("3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine"),
    *("Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object"),
    *("Paint", "Pipeline", "Physics", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor"),
    *("Tracking", "User Interface", "UV"),
}
"""Those of Blender 4.2 to 5.2 for add-ons (`_bpy_internal/extensions/tags.py`); others are shown nowhere."""
LARGEST_ZIP = 100 * 1024 * 1024


def manifest_faults(facts: dict[str, Any]) -> list[str]:
    """What is wrong with a manifest, beyond and including what Blender's validator says."""
    faults = [f"unknown key {key!r}" for key in sorted(facts.keys() - KEYS)]
    faults += [f"{key} is missing" for key in ("id", "version", "tagline", "license") if key not in facts]
    if facts.get("schema_version") != "1.0.0":
        faults.append(f"schema_version is {facts.get('schema_version')!r}; it must be '1.0.0'")
    if facts.get("id") != ADDON_ID:
        faults.append(f"id is {facts.get('id')!r}; users' settings hang on {ADDON_ID!r}")
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?", str(facts.get("version"))):
        faults.append(f"version {facts.get('version')!r} is not of the form 1.2.3 or 1.2.3-rc.1")
    oldest = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", str(facts.get("blender_version_min")))
    if oldest is None or tuple(int(each) for each in oldest.groups()) < (4, 2, 0):
        faults.append(f"blender_version_min is {facts.get('blender_version_min')!r}; extensions begin with 4.2.0")
    licences = _texts(facts.get("license"))
    faults += [f"licence {each!r} is not of the form 'SPDX:...'" for each in licences if not _is_spdx(each)]
    if "SPDX:GPL-3.0-or-later" not in licences:
        faults.append("the add-on is under SPDX:GPL-3.0-or-later; the manifest must say so")
    faults += [f"unknown platform {each!r}" for each in _texts(facts.get("platforms")) if each not in PLATFORMS]
    tags = _texts(facts.get("tags"))
    faults += [f"unknown tag {each!r}" for each in tags if each not in TAGS] + ([] if tags else ["there are no tags"])
    address = facts.get("website")
    if address is not None and not re.fullmatch(r"https://[\w.-]+(/\S*)?", str(address)):
        faults.append(f"website is {address!r}; it must be an https address")
    if facts.get("wheels"):
        faults.append("wheels would go into Blender's own Python; the engine is carried as data in engine/")
    said = cast("dict[str, Any]", facts.get("permissions") or {})
    faults += [f"unknown permission {each!r}" for each in sorted(said.keys() - PERMISSIONS)]
    faults += [f"permission {each!r} is missing" for each in ("files", "network", "clipboard") if each not in said]
    build = cast("dict[str, Any]", facts.get("build") or {})
    faults += [f"unknown key {key!r} in [build]" for key in sorted(build.keys() - {"paths", "paths_exclude_pattern"})]
    for key, text in {"tagline": facts.get("tagline"), **said}.items():
        if not isinstance(text, str) or not 1 <= len(text) <= 64 or not text[-1].isalnum():
            faults.append(f"the text of {key} must have 1 to 64 characters and no full stop: {text!r}")
    return faults


def _texts(value: Any) -> list[str]:
    return [str(each) for each in cast("list[Any]", value)] if isinstance(value, list) else []


def _is_spdx(text: str) -> bool:
    return re.fullmatch(r"SPDX:[A-Za-z0-9][A-Za-z0-9.+-]*", text) is not None


def zip_faults(path: Path) -> list[str]:
    """What is wrong with a built zip: manifest, files that must and must not be there, the engine inside."""
    faults: list[str] = []
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        missing = [name for name in (*MUST_BE_THERE, *ROOMS_MUST_BE_THERE) if name not in names]
        faults += [f"{name} is missing" for name in missing]
        if MANIFEST in names:
            facts = tomllib.loads(archive.read(MANIFEST).decode("utf-8"))
            faults += manifest_faults(facts)
            if path.name != f"{facts.get('id')}-{facts.get('version')}.zip":
                faults.append(f"the zip is called {path.name}, not {facts.get('id')}-{facts.get('version')}.zip")
        for name in sorted(names):
            parts = name.split("/")
            if name.startswith("/") or ".." in parts or "\\" in name:
                faults.append(f"{name!r} would be unpacked outside the add-on's folder")
            if "__pycache__" in parts or "tests" in parts or name.endswith(".pyc") or parts[-1].startswith("."):
                faults.append(f"{name} has no business in the zip")
            if name.endswith(".py"):
                faults += _source_faults(name, archive.read(name).decode("utf-8"))
        wheels = sorted(name for name in names if name.endswith(".whl"))
        if len(wheels) == 1 and wheels[0].startswith(f"engine/{ADDON_ID}-{engine_version()}-"):
            with archive.open(wheels[0]) as file, zipfile.ZipFile(file) as wheel:
                faults += _wheel_faults(
                    wheel, {} if missing else {name: archive.read(name) for name in (*COPIES, PINS)}
                )
        else:
            faults.append(f"there must be one wheel, engine/{ADDON_ID}-{engine_version()}-...whl; found {wheels}")
    if path.stat().st_size > LARGEST_ZIP:
        faults.append(f"the zip has {path.stat().st_size:,} bytes; at most {LARGEST_ZIP:,} are meant")
    return faults


def _needed(wheel: zipfile.ZipFile) -> list[str]:
    """What the engine needs without extras, by the wheel's own word."""
    (record,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    lines = wheel.read(record).decode("utf-8").split("\n\n")[0].splitlines()
    needs = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return [_plain(each) for each in needs if "extra ==" not in each]


def _plain(requirement: str) -> str:
    """The package of a requirement, as pip compares names."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _source_faults(name: str, text: str) -> list[str]:
    faults: list[str] = []
    licence = "Apache-2.0" if name in COPIES else "GPL-3.0-or-later"
    if f"SPDX-License-Identifier: {licence}" not in text[:200]:
        faults.append(f"{name} does not begin with its licence, {licence}")
    try:
        ast.parse(text, name, feature_version=(3, 11))
    except SyntaxError as error:
        faults.append(f"{name} is not Python 3.11: {error}")
    return faults


def _wheel_faults(wheel: zipfile.ZipFile, beside: Mapping[str, bytes]) -> list[str]:
    sizes = {entry.filename: entry.file_size for entry in wheel.infolist()}
    faults: list[str] = []
    if sizes.get(STARTER, 0) < 1_000_000:
        faults.append(f"the engine's wheel has {sizes.get(STARTER, 0)} bytes of {STARTER}: fetch the real file")
    for name, place in SHARED.items() if beside else ():
        inside = f"portrait_core/{name}"
        if inside not in sizes or wheel.read(inside) != beside[place]:
            faults.append(f"the wheel's {name} differs from the add-on's: build both from the same sources")
    if beside:
        pinned = {_plain(line) for line in beside[PINS].decode("utf-8").splitlines() if "==" in line}
        faults += [f"{PINS} has no version of {name}" for name in _needed(wheel) if name not in pinned]
    if not any(name.endswith(".dist-info/entry_points.txt") for name in sizes):
        faults.append("the engine's wheel has no `portrait` command")
    return faults
