# SPDX-License-Identifier: Apache-2.0
"""Pictures of avatars in other programs, taken by the build where the program is at hand.

    python -m docs_site.programs

Blender is looked for as a Python with bpy (PORTRAITKIT_BPY_PYTHON, .cache/bpy-*), the web's viewers need npm's packages
(make docs fetches them) and Chromium (CHROMIUM, or on PATH), Godot is PORTRAITKIT_GODOT or on PATH, with a display or
with xvfb-run. What is missing is said, and the page says so too. A
picture is made anew only where its file, or the code here, changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageStat

from docs_site.places import HERE, PACKAGES, PROGRAMS, ROOT

PERSON = ("--describe", "a young woman with long red hair, green eyes, blue blouse", "--seed", "21")
FILES: dict[str, tuple[str, ...]] = {
    "scene.glb": ("--lods", "8000,2000", "--expression", "smile=0.5"),
    "talk.glb": ("--for", "web-talk", "--expression", "smile=0.5"),
    "person.vrm": ("--for", "vrm", "--vrm-author", "Portraitkit"),
    "player.glb": ("--for", "godot"),
}
"""Files, each with the words of `portrait generate` that make it."""
PICTURES: dict[str, tuple[str, str]] = {
    "blender": ("blender", "scene.glb"),
    "three": ("web", "scene.glb"),
    "model-viewer": ("web", "talk.glb"),
    "three-vrm": ("web", "person.vrm"),
    "godot": ("godot", "player.glb"),
}
"""Pictures: how each is taken, and of which file."""
LIMIT = 600
NOT_TAKEN = "the picture could not be taken when this site was built"
LEAST = 8.0
"""Deviation of a picture's colours, of 255, below which nobody is on it."""


def make_files() -> None:
    """The avatars that are shown; those that are there stay while the words that made them are the same."""
    for name, words in FILES.items():
        path, note = PROGRAMS / name, PROGRAMS / f"{name}.words"
        wanted = json.dumps([*PERSON, *words])
        if path.is_file() and note.is_file() and note.read_text(encoding="utf-8") == wanted:
            continue
        command = [sys.executable, "-m", "cli.main", "generate", *PERSON, *words, "--quiet", "--overwrite"]
        subprocess.run([*command, "--name", path.stem, "--out", str(PROGRAMS)], check=True, cwd=ROOT)
        note.write_text(wanted, encoding="utf-8")


def blender() -> tuple[list[str], str]:
    """A command that pictures in Blender, and nothing; or nothing, and what is missing."""
    found = [Path(os.environ["PORTRAITKIT_BPY_PYTHON"])] if "PORTRAITKIT_BPY_PYTHON" in os.environ else []
    found += sorted((ROOT / ".cache").glob("bpy-4.5*/bin/python")) + sorted((ROOT / ".cache").glob("bpy-*/bin/python"))
    for python in found:
        if subprocess.run([python, "-c", "import bpy"], capture_output=True, check=False).returncode == 0:
            return [str(python), str(HERE / "in_blender.py")], ""
    return [], "no Python with bpy was found when this site was built (make blender-tests fetches one)"


def web() -> tuple[list[str], str]:
    """The same for pages in headless Chromium."""
    node = shutil.which("node")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if node is None or not (PACKAGES / "playwright-core").is_dir():
        return [], "Node or its packages were not found when this site was built"
    if chromium is None:
        return [], "Chromium was not found when this site was built"
    return [node, str(HERE / "in_browser.mjs"), str(PACKAGES), chromium], ""


def godot() -> tuple[list[str], str]:
    """The same for Godot 4, which draws into a window."""
    program = os.environ.get("PORTRAITKIT_GODOT") or shutil.which("godot") or shutil.which("godot4")
    if program is None:
        return [], "Godot was not found when this site was built"
    display = [] if "DISPLAY" in os.environ or "PORTRAITKIT_GODOT" in os.environ else [shutil.which("xvfb-run"), "-a"]
    if None in display:
        return [], "Godot was found when this site was built, and no display"
    project = PROGRAMS / "godot"
    project.mkdir(exist_ok=True)
    size = "window/size/viewport_width=960\nwindow/size/viewport_height=720\n"
    (project / "project.godot").write_text(
        f"config_version=5\n[display]\n{size}[rendering]\nanti_aliasing/quality/msaa_3d=2\n", encoding="utf-8"
    )
    words = ["--path", str(project), "--rendering-method", "gl_compatibility", "--audio-driver", "Dummy"]
    return [*map(str, display), program, *words, "--script", str(HERE / "in_godot.gd"), "--"], ""


WAYS: dict[str, Callable[[], tuple[list[str], str]]] = {"blender": blender, "web": web, "godot": godot}


def picture(name: str, way: str, file: str) -> str:
    """Take one picture as NAME.jpg; return what hindered it, or nothing."""
    command, missing = WAYS[way]()
    target, note = PROGRAMS / f"{name}.jpg", PROGRAMS / f"{name}.digest"
    content = b"".join(path.read_bytes() for path in (PROGRAMS / file, *sorted(HERE.glob("in_*"))))
    digest = hashlib.sha256(content).hexdigest()
    if target.is_file() and note.is_file() and note.read_text(encoding="utf-8") == digest:
        return ""
    target.unlink(missing_ok=True)
    if missing:
        return missing
    raw = PROGRAMS / f"{name}.png"
    done = subprocess.run(
        [*command, name, str(PROGRAMS / file), str(raw)], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    if done.returncode or not raw.is_file():
        print(f"{name}: {(done.stderr or done.stdout)[-2000:]}", file=sys.stderr)
        return NOT_TAKEN
    with Image.open(raw) as image:
        shown = image.convert("RGB")
    raw.unlink()
    if max(ImageStat.Stat(shown).stddev) < LEAST:
        print(f"{name}: the picture is empty", file=sys.stderr)
        return NOT_TAKEN
    shown.save(target, quality=90)
    note.write_text(digest, encoding="utf-8")
    return ""


def main() -> None:
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    make_files()
    missing = {name: picture(name, way, file) for name, (way, file) in PICTURES.items()}
    (PROGRAMS / "missing.json").write_text(json.dumps(missing, indent=1) + "\n", encoding="utf-8")
    for name, why in missing.items():
        print(f"{name}: {why or 'pictured'}")


if __name__ == "__main__":
    main()
