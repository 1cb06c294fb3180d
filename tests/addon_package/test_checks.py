# SPDX-License-Identifier: Apache-2.0
"""What Blender's validator lets pass must not pass ours; and what we ship passes."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from addon_package.checks import manifest_faults
from addon_package.facts import MANIFEST, ROOT, BuildError, addon_version, engine_version, website, with_website


@pytest.fixture
def manifest() -> dict[str, Any]:
    return tomllib.loads((ROOT / "blender_addon" / MANIFEST).read_text(encoding="utf-8"))


def test_our_manifest_is_right(manifest: dict[str, Any]) -> None:
    assert manifest_faults(manifest) == []
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert set(manifest["permissions"]) == {"files", "network", "clipboard"}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("blender_min", "4.2.0", "unknown key 'blender_min'"),
        ("platforms", ["linux-x64", "amiga"], "unknown platform 'amiga'"),
        ("license", ["GPL-3.0-or-later"], "licence 'GPL-3.0-or-later'"),
        ("license", ["SPDX:"], "licence 'SPDX:'"),
        ("license", ["SPDX:MIT"], "the manifest must say so"),
        ("license", "SPDX:GPL-3.0-or-later", "the manifest must say so"),
        ("blender_version_min", "4.1.0", "extensions begin with 4.2.0"),
        ("blender_version_min", "4.2", "extensions begin with 4.2.0"),
        ("blender_version_min", None, "extensions begin with 4.2.0"),
        ("id", "portrait_kit", "users' settings hang on 'portraitkit'"),
        ("schema_version", "2.0.0", "schema_version is '2.0.0'"),
        ("version", "0.1", "version '0.1'"),
        ("version", "0.1.0.dev1", "version '0.1.0.dev1'"),
        ("wheels", ["./engine/portraitkit-0.1.0-py3-none-any.whl"], "Blender's own Python"),
        ("tagline", "Makes avatars.", "the text of tagline"),
        ("tagline", "x" * 65, "the text of tagline"),
        ("permissions", {"files": "Read", "network": "Load", "telepathy": "Guess"}, "unknown permission 'telepathy'"),
        ("permissions", {"files": "Read"}, "permission 'network' is missing"),
        ("permissions", {"files": "Read", "network": "Load"}, "permission 'clipboard' is missing"),
        ("tags", ["Mesh", "Portraits"], "unknown tag 'Portraits'"),
        ("tags", [], "there are no tags"),
        ("website", "http://example.org", "must be an https address"),
        ("permissions", {"files": "Read.", "network": "Load"}, "the text of files"),
        ("build", {"path": ["a"]}, "unknown key 'path' in [build]"),
    ],
)
def test_faults_are_found(manifest: dict[str, Any], key: str, value: Any, told: str) -> None:
    if value is None:
        del manifest[key]
    else:
        manifest[key] = value
    faults = manifest_faults(manifest)
    assert any(told in each for each in faults), faults


def test_the_website_is_the_projects() -> None:
    """Nothing is invented: while pyproject.toml has no address the manifest has none."""
    text = (ROOT / "blender_addon" / MANIFEST).read_text(encoding="utf-8")
    assert "website" not in tomllib.loads(text)
    assert with_website(text, "") == text
    urls = {"urls": {"Issues": "https://example.org/bugs", "Homepage": "https://example.org/portraitkit"}}
    written = tomllib.loads(with_website(text, website(urls)))
    assert written["website"] == "https://example.org/portraitkit" and manifest_faults(written) == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert bool(website()) == bool(project.get("urls"))
    with pytest.raises(BuildError, match="https"):
        with_website(text, "ftp://example.org")


@pytest.mark.parametrize("key", ["id", "version", "tagline", "license", "permissions"])
def test_missing_keys_are_found(manifest: dict[str, Any], key: str) -> None:
    del manifest[key]
    assert any("missing" in each for each in manifest_faults(manifest))


@pytest.mark.parametrize(
    ("engine", "addon"),
    [("0.1.0", "0.1.0"), ("0.2.0.dev1", "0.2.0-dev.1"), ("1.0.0rc2", "1.0.0-rc.2"), ("10.20.30", "10.20.30")],
)
def test_versions_in_blenders_form(engine: str, addon: str) -> None:
    assert addon_version(engine) == addon


def test_a_version_that_blender_cannot_have() -> None:
    with pytest.raises(BuildError, match=r"1\.2"):
        addon_version("1.2")


def test_the_version_is_the_engines() -> None:
    import portrait_core

    assert engine_version() == portrait_core.__version__
