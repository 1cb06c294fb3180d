# SPDX-License-Identifier: Apache-2.0
"""``portrait describe``, and ``--describe`` on the commands that make avatars."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portrait_core.words.description import SEED
from tests.cli.conftest import Run

TEXT = "a woman of about sixty, long grey hair, green eyes, smiling, dark red shirt, glasses, blorp"
SMALL = ("--model", "balls", "--faces", 600, "--texture-size", 128, "--lattice", 64)


def test_it_shows_what_is_understood_and_from_which_words(run: Run) -> None:
    done = run("describe", TEXT)
    assert done.code == 0, done.err
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.out.splitlines()}
    assert rows["gender"] == ["-1.50", "woman"] and rows["hair_grey"] == ["+3.00", "grey hair"]
    assert rows["hair_style"] == ["braid01", "long hair"] and rows["garment"][1] == "shirt"
    assert rows["smile"] == ["0.70", "smiling"]
    assert "not understood: blorp" in done.err and "cannot be shown: glasses" in done.err


def test_the_same_words_give_the_same_recipe_and_a_seed_varies_the_rest(run: Run) -> None:
    (one,), (other,), (seeded,) = (run("describe", TEXT, "--json", *more).events for more in ((), (), ("--seed", 3)))
    assert one == other and one["recipe"]["seed"] == SEED
    assert seeded["recipe"] == {**one["recipe"], "seed": 3}
    assert one["not_understood"] == ["blorp"] and one["recipe"]["topology"] == "parts"
    assert one["recipe"]["expression"]["mouthSmileLeft"] == pytest.approx(0.7)


@pytest.mark.parametrize("text", ["blorp flumm", "", "glasses"])
def test_without_a_word_that_means_something_it_ends_with_2(run: Run, text: str) -> None:
    done = run("describe", text)
    assert done.code == 2 and "description" in done.error
    assert run("generate", "--describe", text).code == 2


def test_comparisons_change_the_person_of_a_recipe(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ada.json"
    done = run("describe", "a young woman with brown eyes, bob", "--seed", 5, "--out", path)
    assert done.code == 0, done.err
    before = json.loads(path.read_text())
    (event,) = run("describe", "much older, narrower nose", "--recipe", path, "--json").events
    after = event["recipe"]
    assert after["seed"] == 5 and after["hair_style"] == "bob01"
    assert after["attributes"]["age"] == pytest.approx(before["attributes"]["age"] + 2)
    changed = {name for name, value in after["attributes"].items() if before["attributes"].get(name) != value}
    assert changed == {"age", "nose_width"}
    assert run("describe", "older", "--out", path).error.endswith("choose another --out.")
    assert run("describe", "older", "--out", tmp_path / "ada.txt").code == 2
    assert run("describe", "older", "--seed", "1,2").code == 2


def test_options_go_before_words_and_words_before_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"seed": 4, "topology": "parts", "attributes": {"age": 2.0, "weight": 1.0}}))
    words = (
        "--describe",
        "a slim young woman with a bob",
        "--set",
        "age=1",
        "--hair-style",
        "afro01",
        "--dry-run",
        "--json",
    )
    done = run("batch", "--seeds", "1-2", "--recipe", path, "--out", tmp_path / "b", *words)
    assert done.code == 0, done.err
    first, second = done.events[0]["first"]
    for each, seed in ((first["recipe"], 1), (second["recipe"], 2)):
        assert each["seed"] == seed and each["hair_style"] == "afro01"
        assert each["attributes"]["age"] == 1 and each["attributes"]["weight"] < 0 and each["attributes"]["gender"] < 0


def test_tables_have_a_column_of_descriptions(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text(
        "name,seed,describe,age,hair_style\n"
        'Ada,3,"old woman, bald, monocle",,\n'
        "Bea,,tall zorps with freckles,0.5,bob01\n"
        "Cy,9,,,\n"
    )
    done = run("batch", "--from", table, "--out", tmp_path / "b", "--dry-run", "--json", "--describe", "a man")
    assert done.code == 0, done.err
    ada, bea, cy = (each["recipe"] for each in done.events[0]["first"])
    assert ada["seed"] == 3 and ada["attributes"] == {"age": 1.5, "gender": -1.5, "hair_bald": 5.0}
    assert bea["seed"] == SEED and bea["attributes"]["age"] == 0.5 and bea["hair_style"] == "bob01"
    assert cy["attributes"] == {"gender": 1.5} and cy["topology"] == "parts"
    assert "monocle" in done.err and "zorps" in done.err
    table.write_text("describe\nblorp\n")
    assert "no word of it" in run("batch", "--from", table, "--out", tmp_path / "b", "--dry-run").error


def test_a_model_without_attributes_is_told(run: Run, balls: Path, tmp_path: Path) -> None:
    done = run("generate", "--describe", "an old man", "--out", tmp_path, *SMALL)
    assert done.code == 2 and "can show nothing of the description (old man)" in done.error


def test_shells_take_the_attribute_of_a_style(run: Run, tmp_path: Path) -> None:
    words = ("batch", "--seeds", "1", "--topology", "shell", "--describe", "a man with an afro, smiling")
    done = run(*words, "--out", tmp_path / "b", "--dry-run", "--json")
    assert done.code == 0, done.err
    (first,) = done.events[0]["first"]
    assert first["recipe"]["attributes"]["hair_afro"] == 4 and "expression" not in first["recipe"]
    assert "cannot show: smiling" in done.err
