# SPDX-License-Identifier: Apache-2.0
"""Wheel and sdist, built from the tracked files and tried as a stranger would.

    python -m tests.packages.built

The wheel holds every module and data file of the four packages and no other; the sdist builds the same wheel;
installed into a fresh environment with the other packages of this Python, it makes an avatar in an empty folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("portrait_core", "textures", "cli", "studio")
NEEDED = ("portrait_core/py.typed", "portrait_core/batch/page.html", "starter.safetensors")
LICENCES = ("LICENSE", "LICENSES/")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        source = tracked(base / "source")
        builder = environment(base / "builder", pip=True)
        run(builder, "-m", "pip", "install", "--quiet", "build", "setuptools>=77")
        made = base / "made"
        for kind in ("--wheel", "--sdist"):
            run(builder, "-m", "build", "--no-isolation", kind, "--outdir", str(made), str(source))
        (wheel,), (sdist,) = made.glob("*.whl"), made.glob("*.tar.gz")
        check_content(wheel, source)
        shutil.unpack_archive(sdist, base / "unpacked", filter="data")
        (again,) = (base / "unpacked").iterdir()
        run(builder, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(base / "again"), str(again))
        (second,) = (base / "again").glob("*.whl")
        assert content(wheel) == content(second), "the sdist builds another wheel than the repository"
        try_out(wheel, base)
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB; {sdist.name}: {sdist.stat().st_size / 1e6:.1f} MB")
    print("3 passed, 0 failed")


def tracked(where: Path) -> Path:
    """A copy of the files that git knows: leftovers of earlier builds are none of them."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, where / name)
    return where


def environment(where: Path, *, pip: bool) -> Path:
    """A fresh environment; its Python."""
    venv.create(where, with_pip=pip, symlinks=os.name != "nt")
    return where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def content(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel but for its list of digests."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}


def check_content(wheel: Path, source: Path) -> None:
    """Every module of the packages and nothing beside them; the data, the licences, the command."""
    names = set(content(wheel))
    for needed in NEEDED:
        assert any(name.endswith(needed) for name in names), f"{needed} is missing in {wheel.name}"
    told = {name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name}
    for licence in LICENCES:
        assert any(name.removeprefix("licenses/").startswith(licence) for name in told), f"{licence} is missing"
    assert "entry_points.txt" in told
    modules = {name for name in names if name.endswith(".py")}
    expected = {path.relative_to(source).as_posix() for each in PACKAGES for path in (source / each).rglob("*.py")}
    assert modules == expected, f"missing or too much: {sorted(modules ^ expected)}"


def try_out(wheel: Path, base: Path) -> None:
    """Install the wheel alone, borrow this Python's other packages, and make an avatar in an empty folder."""
    python = environment(base / "fresh", pip=True)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = Path(run(python, "-c", code).strip())
    borrowed = [each for each in sys.path if each.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    empty = base / "empty"
    empty.mkdir()
    where = run(python, "-c", "import portrait_core, cli, textures; print(portrait_core.__file__)", cwd=empty)
    assert Path(where.strip()).is_relative_to(site), f"tried {where}, not the wheel"
    portrait = python.with_name("portrait.exe" if os.name == "nt" else "portrait")
    small = ("--faces", "2000", "--texture-size", "256", "--lattice", "96", "--format", "glb,obj,ply,stl")
    subprocess.run([portrait, "generate", "--seed", "7", *small, "--quiet"], cwd=empty, check=True, env=plain())
    made = {path.name for path in (empty / "avatars").iterdir()}
    assert {"starter-7.glb", "starter-7.obj", "starter-7.ply", "starter-7.stl", "starter-7.png"} <= made, made


def run(python: Path, *words: str, cwd: Path | None = None) -> str:
    done = subprocess.run([python, *words], cwd=cwd, capture_output=True, text=True, check=False, env=plain())
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def plain() -> dict[str, str]:
    """The environment without what leads Python elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PORTRAITKIT"))}


if __name__ == "__main__":
    main()
