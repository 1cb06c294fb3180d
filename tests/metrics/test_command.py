# SPDX-License-Identifier: Apache-2.0
"""``portrait metrics``: one table at any width, one JSON, one picture; and one line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.main import main
from cli.metrics_table import table_lines
from portrait_core.metrics.measure import Measured, Row
from portrait_core.metrics.report import draw_report, write_report


def test_table_in_columns_or_as_a_list() -> None:
    rows = [("first, separate", {"lite0_kid": 1.23456, "fid": None}), ("data", {"lite0_kid": 0.05, "fid": 12})]
    wide = table_lines(rows, ["fid", "lite0_kid"], 80)
    assert wide == [
        "                 fid  lite0_kid",
        "first, separate    -      1.235",
        "data              12       0.05",
    ]
    narrow = table_lines(rows, ["fid", "lite0_kid"], 30)
    assert narrow == ["first, separate", "  lite0_kid  1.235", "data", "  fid        12", "  lite0_kid  0.05"]
    assert max(map(len, narrow)) <= 30
    assert table_lines([], [], 80) == [""]


def row(name: str, kimg: float | None, **figures: float | None) -> Row:
    return Row(name, {"model": f"runs/{name}/a.safetensors", "kimg": kimg, "conditioning": "separate"}, dict(figures))


def test_plot_has_bars_or_lines_in_the_colours_of_the_rows(tmp_path: Path) -> None:
    bars = np.asarray(draw_report([row("a", None, fid=2.0, kid=-0.1), row("b", None, fid=4.0, kid=None)]))
    assert bars.shape[1] > bars.shape[0]  # two panels side by side
    blue, orange = (np.all(bars == colour, axis=2) for colour in ((49, 104, 178), (206, 96, 38)))
    panel = slice(0, 384)
    assert orange[panel, :384].sum() == pytest.approx(2 * blue[panel, :384].sum(), rel=0.05)
    assert not orange[:360, 400:].any()  # what is not known is not drawn
    curve = [row("run", kimg, fid=10 - kimg) for kimg in (0.0, 2.0, 4.0)]
    drawn = np.asarray(draw_report(curve))
    assert 0 < np.all(drawn == (49, 104, 178), axis=2).sum() < blue.sum()
    table, plot = write_report(tmp_path / "new", Measured([curve[0]], {"data": "balls"}))
    assert json.loads(table.read_text())["rows"][0]["figures"] == {"fid": 10.0}
    with Image.open(plot) as picture:
        assert picture.size[0] >= 300


def test_a_run_is_measured_snapshot_by_snapshot(
    run: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTRAITKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "60")
    own = ["--data", str(world), "--measures", "pixel_distance,mask_iou", "--count", "8", "--warp", "lattice"]
    command = ["metrics", str(run), *own, "--conditioning", "separate", "--poses", "G_predict"]
    assert main([*command, "--out", str(tmp_path / "report"), "--every-snapshot"]) == 0
    told = capsys.readouterr().out
    assert "first 0.000, separate" in told and "first 2.000, separate" in told
    assert all(len(line) <= 60 for line in told.splitlines()[:3])
    table = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert [each["kimg"] for each in table["rows"]] == [0, 2]
    assert table["networks"]["pixels"]["name"] == "pixels and masks"
    assert list((tmp_path / "cache" / "features").iterdir())
    assert main([*command, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    again = json.loads(line)
    assert again["event"] == "metrics" and again["figures"] == table["rows"][1]["figures"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["RUN"], "--data is missing"),
        (["RUN", "--data", "WORLD", "--measures", "fdi"], "Did you mean fid?"),
        (["RUN", "--data", "WORLD", "--measures", "fid"], "Or name it by --inception."),
        (["RUN", "--data", "WORLD", "--measures", "pr"], "Or name it by --vgg."),
        (["RUN", "--data", "WORLD", "--poses", "D"], "--poses 'D' is not known"),
        (["RUN", "--data", "WORLD", "--conditioning", "none"], "it is identical, separate, both"),
        (["RUN", "--data", "NOWHERE", "--measures", "pixel_distance"], "does not exist"),
        (["NOWHERE/model.safetensors", "--data", "WORLD"], "no model file"),
        (["WORLD", "--data", "WORLD"], "without snapshots"),
        (["starter", "--data", "WORLD", "--measures", "pixel_distance"], "only generators of the family"),
        (["BROKEN", "--data", "WORLD", "--measures", "pixel_distance"], "truncated"),
        (["--data", "WORLD"], "nothing to measure"),
        (["RUN", "--data", "WORLD", "--count", "1"], "count is 1"),
        (["RUN", "--data", "WORLD", "--threads", "0"], "--threads is 0"),
    ],
)
def test_whatever_is_wrong_is_one_line(
    run: Path,
    world: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / "models"))
    broken = tmp_path / "broken"
    broken.mkdir()
    whole = (run / "snapshot-000002.000.safetensors").read_bytes()
    (broken / "snapshot-000001.000.safetensors").write_bytes(whole[: len(whole) // 2])
    places = {"RUN": run, "WORLD": world, "BROKEN": broken, "NOWHERE": tmp_path / "nowhere"}
    line = [str(places.get(word, word)).replace("NOWHERE", str(tmp_path / "nowhere")) for word in words]
    code = main(["metrics", *line, "--no-cache", "--quiet"])
    error = capsys.readouterr().err
    assert code in (1, 2)
    assert told in error and error.count("\n") == 1
