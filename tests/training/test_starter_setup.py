# SPDX-License-Identifier: Apache-2.0
"""A weights file names the commit of the code that trained it, not of whatever checkout that code is installed in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from portrait_core.training.starter_setup import _commit  # pyright: ignore[reportPrivateUsage]


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def package_in(folder: Path) -> Path:
    package = folder / "portrait_core"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return package


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "read.me").write_text("somebody else's")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_the_own_checkout_tells_its_commit(checkout: Path) -> None:
    package = package_in(checkout)
    assert _commit(package) == ""  # not part of it yet
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "ours")
    assert _commit(package) == git(checkout, "rev-parse", "HEAD")


@pytest.mark.parametrize("tracked", [False, True])
def test_a_checkout_around_site_packages_does_not(checkout: Path, tracked: bool) -> None:
    package = package_in(checkout / ".venv" / "lib" / "site-packages")
    if tracked:
        git(checkout, "add", "-A", "-f")
        git(checkout, "commit", "-q", "-m", "an environment in version control")
    assert _commit(package) == ""


def test_variables_of_another_git_do_not_matter(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = package_in(tmp_path / "elsewhere" / "site-packages")
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(package.parent))
    assert _commit(package) == ""


def test_no_git_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _commit(package_in(tmp_path)) == ""
