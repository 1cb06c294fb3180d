# SPDX-License-Identifier: Apache-2.0
"""Who makes .vrm files is said on the command line, and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.options import client_for
from cli.vrm_options import take_vrm
from portrait_core.errors import UsageError
from portrait_core.formats.vrm import needed_meta


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_CONFIG", str(tmp_path / "config"))


def test_an_author_is_needed_once(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(
        UsageError, match=r"a \.vrm names its author, and nobody has said who that is\. Say it once, as"
    ):
        take_vrm([".vrm"], None, None, "bone", toon=False, note=told.append)
    assert take_vrm([".glb"], None, None, "bone", toon=False, note=told.append) is None and not told
    wish = take_vrm([".vrm"], ["Ada", "Bo"], None, "expression", toon=True, note=told.append)
    assert wish is not None and (wish.look, wish.toon) == ("expression", True)
    assert told == [f"remembered for .vrm files in {tmp_path / 'config' / 'vrm.json'}."]
    again = take_vrm([".glb", ".vrm"], None, None, "bone", toon=False, note=told.append)
    assert again is not None and again.meta.said == {"authors": ["Ada", "Bo"]} and len(told) == 1


def test_a_file_says_more_and_options_go_before_it(tmp_path: Path) -> None:
    page = tmp_path / "me.json"
    page.write_text(json.dumps({"authors": ["Bo"], "creditNotation": "required"}), encoding="utf-8")
    # Said beside another format it is remembered all the same.
    take_vrm([".glb"], ["Ada"], page, "bone", toon=False, note=print)
    assert needed_meta().said == {"authors": ["Ada"], "creditNotation": "required"}
    page.write_text("{", encoding="utf-8")
    for path, line in ((page, "not a JSON file of VRM's fields"), (tmp_path / "no.json", "there is no such file")):
        with pytest.raises(UsageError, match=line):
            take_vrm([".vrm"], None, path, "bone", toon=False, note=print)
    with pytest.raises(UsageError, match="--vrm-look 'both' is not known; it is bone or expression"):
        take_vrm([".vrm"], None, None, "both", toon=False, note=print)


def test_who_asks_for_a_vrm_alone_means_its_programs() -> None:
    assert client_for(None, "vrm") == client_for(None, " .VRM") == "vrm"
    assert client_for("unity", "vrm") == "unity" and client_for(None, "glb,vrm") is None
