# SPDX-License-Identifier: Apache-2.0
"""Runs the tests inside Blender: `python tests/blender/run.py 4.2.23 4.5.15 -- test_package.py -k uninstall`.

For each version of `bpy` it makes an environment in .cache (with the Python which that version needs), builds the
add-on once, runs every test file in a process of its own with a time limit, and says which versions ran and which not.
A version that cannot be had on this machine is left out with a notice; --need makes that an error.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
sys.path.insert(0, str(ROOT))

from tests.blender import environments  # noqa: E402 - found only with the line above

DEFAULT = ("4.2.23", "4.5.15")
LONGEST = (
    *("test_setup.py", "test_faults.py", "test_ages.py", "test_remesh.py", "test_engine_faults.py", "test_rig_work.py"),
    *("test_draft_maps.py", "test_survival.py", "test_round_trips.py", "test_scene_weld.py", "test_jobs.py"),
    *("test_asset_library.py", "test_rig_bones.py", "test_crowd.py", "test_example.py"),
)
"""Begun first, so that no process is left alone with one of them at the end."""


@dataclass(frozen=True)
class Ran:
    """One test file in one Blender."""

    version: str
    file: Path
    status: int | None
    seconds: float
    output: str

    @property
    def went_well(self) -> bool:
        return self.status in (0, 5)  # 5: no test was chosen


def run_file(version: str, python: Path, file: Path, package: Path, arguments: Sequence[str], limit: float) -> Ran:
    """One file in a process of its own, with folders of its own that are deleted afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portraitkit-blender-", ignore_cleanup_errors=True) as home:
        variables = {
            **os.environ,
            "BLENDER_USER_RESOURCES": str(Path(home) / "user"),
            "TMPDIR": home,
            "PORTRAITKIT_ADDON_ZIP": str(package),
            "OMP_NUM_THREADS": "1",
        }
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            variables.pop(name, None)
        # a file: a pipe would be held open by a worker that outlives its test
        with (Path(home) / "output.txt").open("w+b") as output:
            # These environments have pytest alone: what the project's settings say to plugins is no error here, and
            # `limit` is the time limit.
            plain = ("-o", "addopts=--import-mode=importlib --strict-markers -m 'not sweep'", "-p", "no:cacheprovider")
            command = [str(python), "-m", "pytest", "-q", "--tb=short", *plain, str(file), *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT)
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = None
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
    return Ran(version, file, status, time.monotonic() - began, text)


def tell(ran: Ran) -> None:
    """One line for a file that went well, everything that it said for one that did not."""
    lines = ran.output.strip().splitlines()
    verdict = "ran past its time" if ran.status is None else f"exit status {ran.status}"
    if ran.went_well:
        counts = next((each for each in reversed(lines) if " in " in each), "")
        measured = [each for each in lines if each.startswith("MEMORY")]
        print("\n".join([f"Blender {ran.version}: {ran.file.name}: {counts}", *measured]), flush=True)
    else:
        print("\n".join(lines[-150:]))
        print(f"Blender {ran.version}: {ran.file.name}: FAILED, {verdict}, {ran.seconds:.0f} s", flush=True)


def build(folder: Path) -> Path:
    """The zip that every file installs."""
    subprocess.run([sys.executable, str(ROOT / "build_addon.py"), "--dist", str(folder)], check=True, timeout=600)
    (package,) = folder.glob("portraitkit-*.zip")
    return package


def shared_out(files: Sequence[Path], versions: Sequence[str], once: Sequence[str]) -> list[tuple[str, Path]]:
    """Which file runs in which versions, the longest first: all in all, those of ``once`` in one, by turns."""
    tasks: list[tuple[str, Path]] = []
    for file in sorted(files, key=lambda each: LONGEST.index(each.name) if each.name in LONGEST else len(LONGEST)):
        turn = once.index(file.name) % len(versions) if versions and file.name in once else None
        tasks += [(each, file) for number, each in enumerate(versions) if turn in (None, number)]
    return tasks


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the tests inside Blender.")
    parser.add_argument("versions", nargs="*", help=f"versions of bpy (default: {' '.join(DEFAULT)})")
    parser.add_argument("--jobs", type=int, default=1, help="test files that run side by side")
    parser.add_argument("--limit", type=float, default=1200, help="seconds that one file may take")
    parser.add_argument("--need", action="store_true", help="a version that cannot be had is an error")
    parser.add_argument("--once", action="append", default=[], metavar="FILE", help="a file for one version, in turn")
    parser.add_argument("--prepare", action="store_true", help="make the environments, run no test")
    parser.add_argument(
        "--system-libraries", action="store_true", help="on Debian, as root: install the libraries bpy needs"
    )
    everything = list(sys.argv[1:] if given is None else given)
    cut = everything.index("--") if "--" in everything else len(everything)
    options = parser.parse_args(everything[:cut])
    chosen = [each for each in everything[cut + 1 :] if each.endswith(".py")]
    arguments = [each for each in everything[cut + 1 :] if not each.endswith(".py")]
    files = [HERE / Path(each).name for each in chosen] or sorted(HERE.glob("test_*.py"))

    pythons: dict[str, Path] = {}
    left_out: list[str] = []
    for version in options.versions or DEFAULT:
        found = environments.prepare(version, CACHE, install_libraries=options.system_libraries)
        if isinstance(found, Path):
            pythons[version] = found
        else:
            left_out.append(f"{version} ({found})")
            print(f"Blender {version} is left out: {found}", flush=True)

    if options.prepare:
        return 0
    results: list[Ran] = []
    tasks = shared_out(files, list(pythons), options.once)
    if pythons:
        folder = Path(tempfile.mkdtemp(prefix="portraitkit-zip-"))
        try:
            package = build(folder)
            with ThreadPoolExecutor(max(1, options.jobs)) as pool:
                for ran in pool.map(
                    lambda task: run_file(task[0], pythons[task[0]], task[1], package, arguments, options.limit), tasks
                ):
                    tell(ran)
                    results.append(ran)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    failed = [f"{ran.version} {ran.file.name}" for ran in results if not ran.went_well]
    print(f"Tests inside Blender ran in: {', '.join(pythons) or 'none'}; left out: {', '.join(left_out) or 'none'}")
    for version, file in [each for each in tasks if each[1].name in options.once]:
        print(f"In {version} only: {file.name}")
    if failed:
        print("FAILED: " + ", ".join(failed))
    return 1 if failed or (options.need and left_out) else 0


if __name__ == "__main__":
    sys.exit(main())
