# SPDX-License-Identifier: Apache-2.0
"""Everything of a release: `python build_release.py` writes dist/release-X.Y.Z.

In it: the engine's wheel and sdist, the Blender add-on's zip, the documentation as a zip, the changelog's section as
RELEASE.md, and SHA256SUMS of them all. The folder appears whole or not at all. Refused in one line: a working tree with
changes, versions that differ, a changelog without a section of this version, and a release that is there.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from addon_package.extension_tool import extension_tool
from addon_package.facts import BuildError, addon_version, engine_version
from addon_package.wheel import build_wheel
from build_addon import build as build_addon

ROOT = Path(__file__).parent
SITE = ROOT / "dist" / "site"
_STEADY = (1980, 1, 1, 0, 0, 0)


class ReleaseError(Exception):
    """Why there is no release, and what to do."""


def check_tree(root: Path) -> None:
    """Refuse a working tree whose files differ from the last commit, files that git does not know among them."""
    done = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{root} is no git repository: a release is built from a commit. Clone the repository.")
    if changed := done.stdout.splitlines():
        first = changed[0][3:]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ReleaseError(
            f"the working tree has changes ({first}{more}). Commit them or put them away, then run again."
        )


def check_version(root: Path, version: str) -> None:
    """Refuse a version that the tag of this commit contradicts, or that is no release."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError(f"portrait_core says version {version}; a release is X.Y.Z. Set __version__ and commit it.")
    done = subprocess.run(["git", "tag", "--points-at", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
    tags = [tag for tag in done.stdout.split() if re.fullmatch(r"v\d+\.\d+\.\d+\S*", tag)]
    if tags and f"v{version}" not in tags:
        raise ReleaseError(f"this commit is tagged {tags[0]}, and portrait_core says {version}. Correct one of them.")


def notes(changelog: str, version: str) -> str:
    """The changelog's section of a version, without its heading."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found.group(1).strip():
        raise ReleaseError(
            f"CHANGELOG.md has no section `## [{version}]`, or an empty one. Rename [Unreleased] to it and commit."
        )
    return found.group(1).strip() + "\n"


def build_packages(folder: Path) -> Path:
    """The engine's wheel, which is returned, and its sdist, from the files of the last commit alone."""
    wheel = build_wheel(folder)
    with tempfile.TemporaryDirectory() as name:
        source, archive = Path(name) / "source", Path(name) / "source.tar"
        subprocess.run(["git", "archive", "--output", str(archive), "HEAD"], cwd=ROOT, check=True)
        shutil.unpack_archive(archive, source, filter="data")
        code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
        words = [sys.executable, "-c", code, str(folder.resolve())]
        done = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ReleaseError(f"setuptools could not build the sdist: {done.stderr.strip()[-600:]}")
    return wheel


def build_site() -> Path:
    """The documentation with its gallery, by make."""
    if subprocess.run(["make", "docs"], cwd=ROOT, check=False).returncode:
        raise ReleaseError("make docs failed; its last lines say why.")
    return SITE


def zip_folder(folder: Path, target: Path) -> Path:
    """A zip of a folder, below the zip's own name; the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(f"{target.stem}/{path.relative_to(folder).as_posix()}", _STEADY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


def sums(folder: Path) -> str:
    """SHA-256 of each file of a folder, as `sha256sum --check` reads it."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(folder.iterdir())]
    return "\n".join(lines) + "\n"


def check_names(folder: Path, version: str) -> None:
    """All that was built is of this version."""
    for ending, expected in ((".whl", version), (".tar.gz", version), (".zip", addon_version(version))):
        names = [path.name for path in folder.iterdir() if path.name.endswith(ending)]
        if not names or not all(f"-{expected}" in name for name in names):
            raise ReleaseError(f"expected files {ending} of version {expected}, got {', '.join(names) or 'none'}.")


def release(dist: Path, version: str, site: Callable[[], Path]) -> Path:
    """Build dist/release-X.Y.Z by way of a temporary folder beside it, and return it."""
    target = dist / f"release-{version}"
    if target.exists():
        raise ReleaseError(f"{target} is there already. Move it away, or raise the version.")
    text = notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    dist.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dist, prefix=".release-") as name:
        folder = Path(name) / "release"
        folder.mkdir()
        build_addon(folder, extension_tool(None), build_packages(folder))
        zip_folder(site(), folder / f"portraitkit-docs-{version}.zip")
        check_names(folder, version)
        (folder / "RELEASE.md").write_text(text, encoding="utf-8")
        (folder / "SHA256SUMS").write_text(sums(folder), encoding="utf-8")
        folder.rename(target)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build all files of a release from a clean commit.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="folder to write to (default: dist)")
    parser.add_argument(
        "--site", type=Path, metavar="FOLDER", help="a site that make docs built, instead of building it"
    )
    options = parser.parse_args(arguments)
    version = engine_version()
    given: Path | None = options.site
    try:
        check_tree(ROOT)
        check_version(ROOT, version)
        made = release(options.dist, version, build_site if given is None else lambda: given)
    except (ReleaseError, BuildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(made)
    print((made / "SHA256SUMS").read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
