# SPDX-License-Identifier: Apache-2.0
"""What a set-up of the engine downloads on each system, of the tested versions: `python -m benchmarks.engine_sizes`.

Asks the package index by uv, which notes the size of every wheel; nothing is downloaded. The figures belong into
`blender_addon/core/engine/hardware.py`. Builds of torch that have an index of their own are not in it: for processors
on Linux add the size of that wheel to the row without torch and graphics.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# name -> how uv calls the system, what the wheels' names say of it
SYSTEMS = {
    "Linux": ("x86_64-manylinux_2_28", ("manylinux", "x86_64")),
    "Windows": ("x86_64-pc-windows-msvc", ("win_amd64",)),
    "macOS": ("aarch64-apple-darwin", ("macosx", "arm64")),
}
GRAPHICS = ("nvidia", "cuda", "triton")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    own = ROOT / ".cache" / "uv" / "bin" / "uv"
    parser.add_argument("--uv", default=str(own if own.is_file() else "uv"), help="the program uv")
    parser.add_argument("--python", default="3.11", help="version of Python that the wheels are for")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "pyproject.toml"
        project.write_text(_project(options.python), encoding="utf-8")
        _run(options.uv, "lock", "--no-config", "--quiet", folder=project.parent)
        lock = tomllib.loads((project.parent / "uv.lock").read_text(encoding="utf-8"))
        packages: dict[str, Any] = {each["name"]: each for each in lock["package"]}
        print("system   all MB   torch   graphics   rest   parts")
        for system, (told, signs) in SYSTEMS.items():
            pins = ("--python-platform", told, "--python-version", options.python, "-c", str(ROOT / "constraints.txt"))
            listed = _run(
                *(options.uv, "pip", "compile", "--no-config", "--quiet", "--no-header", "--no-annotate"),
                *(*pins, project.name),
                folder=project.parent,
            )
            names = [line.split("==")[0] for line in listed.splitlines() if "==" in line]
            sizes = {each: _size(packages[each], signs, options.python) for each in names}
            graphics = sum(size for each, size in sizes.items() if each.startswith(GRAPHICS))
            all_, torch = sum(sizes.values()), sizes["torch"]
            row = (all_, torch, graphics, all_ - torch - graphics)
            print(f"{system:8} {' '.join(f'{each / 1e6:8.1f}' for each in row)} {len(sizes):5}")


def _project(python: str) -> str:
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    head = f'[project]\nname = "sizes"\nversion = "0"\nrequires-python = "=={python}.*"\n'
    return f"{head}dependencies = {needs!r}\n[tool.uv]\nconstraint-dependencies = {pins!r}\n"


def _size(package: dict[str, Any], signs: tuple[str, ...], python: str) -> int:
    """Bytes of the wheel that pip would take."""
    own = f"cp{python.replace('.', '')}"

    def fits(wheel: str) -> bool:
        tag, abi, system = wheel.removesuffix(".whl").split("-")[-3:]
        right = abi in ("none", own) or abi == "abi3"
        ours = "py3" in tag or tag == own or abi == "abi3"
        return right and ours and (system == "any" or all(sign in system for sign in signs) or "universal2" in system)

    sizes = [each["size"] for each in package.get("wheels", ()) if fits(each["url"].rsplit("/", 1)[-1])]
    if not sizes:
        raise SystemExit(f"error: {package['name']} {package['version']} has no wheel for {signs}")
    return min(sizes)


def _run(*command: str, folder: Path) -> str:
    # for macOS 14, the oldest that the tested torch is made for
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main()
