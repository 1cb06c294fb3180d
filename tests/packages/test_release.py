# SPDX-License-Identifier: Apache-2.0
"""The release script: what it refuses, its notes, sums and names, and that nothing half-made stays."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

import build_release
from build_release import ReleaseError


def git(root: Path, *words: str) -> None:
    who = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
    )
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a.txt").write_text("a")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


def test_changes_and_unknown_files_are_refused(repository: Path) -> None:
    build_release.check_tree(repository)
    (repository / "b.txt").write_text("b")
    with pytest.raises(ReleaseError, match=r"has changes \(b\.txt\)\. Commit"):
        build_release.check_tree(repository)
    (repository / "a.txt").write_text("other")
    with pytest.raises(ReleaseError, match="and 1 more"):
        build_release.check_tree(repository)


def test_versions_that_differ_are_refused(repository: Path) -> None:
    build_release.check_version(repository, "1.2.3")
    with pytest.raises(ReleaseError, match=r"1\.2\.3\.dev1; a release is X\.Y\.Z"):
        build_release.check_version(repository, "1.2.3.dev1")
    git(repository, "tag", "v1.2.4")
    with pytest.raises(ReleaseError, match=r"tagged v1\.2\.4, and portrait_core says 1\.2\.3"):
        build_release.check_version(repository, "1.2.3")
    build_release.check_version(repository, "1.2.4")


def test_notes_are_the_section_of_the_version() -> None:
    text = "# Changelog\n\n## [Unreleased]\n- later\n\n## [1.2.3] - 2026-01-02\n\n### Added\n- this\n\n"
    text += "## [1.2.2]\n- before\n"
    assert build_release.notes(text, "1.2.3") == "### Added\n- this\n"
    assert build_release.notes(text, "1.2.2") == "- before\n"
    for version in ("1.2.1", "1x2.3"):
        with pytest.raises(ReleaseError, match=r"no section"):
            build_release.notes(text, version)


def test_sums_and_zips(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "deep").mkdir(parents=True)
    (site / "index.html").write_text("home")
    (site / "deep" / "page.html").write_text("page")
    out = tmp_path / "out"
    out.mkdir()
    one = build_release.zip_folder(site, out / "docs-1.zip").read_bytes()
    assert build_release.zip_folder(site, out / "docs-1.zip").read_bytes() == one
    with zipfile.ZipFile(out / "docs-1.zip") as archive:
        assert archive.namelist() == ["docs-1/deep/page.html", "docs-1/index.html"]
    assert build_release.sums(out) == f"{hashlib.sha256(one).hexdigest()}  docs-1.zip\n"


def test_a_release_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, dist = tmp_path / "root", tmp_path / "dist"
    root.mkdir()
    (root / "CHANGELOG.md").write_text("## [1.2.3]\n- this\n")
    monkeypatch.setattr(build_release, "ROOT", root)
    wrong = True

    def packages(folder: Path) -> Path:
        for name in ("portraitkit-1.2.3.tar.gz", f"portraitkit-{'1.2.2' if wrong else '1.2.3'}-py3-none-any.whl"):
            (folder / name).write_text(name)
        return folder / name

    monkeypatch.setattr(build_release, "build_packages", packages)
    monkeypatch.setattr(build_release, "extension_tool", lambda _tool: None)
    monkeypatch.setattr(
        build_release, "build_addon", lambda folder, *_: (folder / "portraitkit-1.2.3.zip").write_text("z")
    )
    with pytest.raises(ReleaseError, match=r"\.whl of version 1\.2\.3, got portraitkit-1\.2\.2"):
        build_release.release(dist, "1.2.3", lambda: root)
    assert list(dist.iterdir()) == []
    wrong = False
    made = build_release.release(dist, "1.2.3", lambda: root)
    assert list(dist.iterdir()) == [made] == [dist / "release-1.2.3"]
    names = {path.name for path in made.iterdir()}
    assert {"RELEASE.md", "SHA256SUMS", "portraitkit-docs-1.2.3.zip", "portraitkit-1.2.3.zip"} <= names and len(
        names
    ) == 6
    told = (made / "SHA256SUMS").read_text().splitlines()
    assert {line.split("  ")[1] for line in told} == names - {"SHA256SUMS"}
    with pytest.raises(ReleaseError, match="is there already"):
        build_release.release(dist, "1.2.3", lambda: root)
