# SPDX-License-Identifier: Apache-2.0
"""Latents from files: JSON and .npy, of every space, and what is none."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.latents import person_of, read_latent
from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from portrait_core.weights.header import Attribute, Latent, ModelHeader
from tests.cli.conftest import Run


def header(z_dim: int = 3, w_dim: int | None = 4) -> ModelHeader:
    config: dict[str, Any] = {} if w_dim is None else {"w_dim": w_dim}
    attributes = (Attribute(name="age", index=1),)
    return ModelHeader(name="tiny", licence="CC0-1.0", config=config, latent=Latent(z_dim=z_dim, attributes=attributes))


def saved(tmp_path: Path, array: Any, ending: str = ".npy") -> Path:
    path = tmp_path / f"latent{ending}"
    if ending == ".npy":
        np.save(path, array)
    else:
        path.write_text(json.dumps(np.asarray(array).tolist()))
    return path


@pytest.mark.parametrize("ending", [".npy", ".json"])
@pytest.mark.parametrize(
    ("shape", "space", "field"),
    [
        ((3,), "auto", "latent"),
        ((1, 3), "auto", "latent"),
        ((4,), "auto", "w"),
        ((1, 1, 4), "auto", "w"),
        ((2, 4), "auto", "ws"),
        ((1, 5, 4), "auto", "ws"),
        ((3,), "z", "latent"),
        ((1, 4), "w", "w"),
        ((5, 4), "ws", "ws"),
        ((1, 4), "ws", "ws"),
    ],
)
def test_each_space_by_shape_or_by_name(
    tmp_path: Path, ending: str, shape: tuple[int, ...], space: str, field: str
) -> None:
    numbers = np.random.default_rng(7).standard_normal(shape).round(3)
    found = person_of(saved(tmp_path, numbers, ending), space, header())
    (only,) = found
    assert only == field
    wanted = numbers.reshape(-1, shape[-1])
    assert np.array_equal(np.atleast_2d(np.array(found[field])), wanted)
    recipe = Recipe(**found)
    recipe.check(header())
    assert recipe.label().startswith({"latent": "z", "w": "w", "ws": "ws"}[field])
    assert Recipe(**json.loads(json.dumps(recipe.facts()))) == recipe


def test_a_row_that_may_be_both_is_a_z_unless_it_is_said(tmp_path: Path) -> None:
    same = header(z_dim=4)
    path = saved(tmp_path, np.arange(4.0))
    assert list(person_of(path, "auto", same)) == ["latent"]
    assert list(person_of(path, "w", same)) == ["w"]
    assert person_of(path, "ws", same) == {"ws": ((0.0, 1.0, 2.0, 3.0),)}


@pytest.mark.parametrize(
    ("array", "space", "words"),
    [
        (np.zeros(5), "auto", r"its shape is \(5,\); a z of model tiny has 3 numbers, .* --latent-space"),
        (np.zeros((2, 3)), "auto", "Say which by --latent-space"),
        (np.zeros((2, 4)), "w", "2 rows; w is one row. Several are --latent-space ws"),
        (np.zeros((2, 3, 4)), "auto", "a row of numbers or several"),
        (np.zeros(0), "auto", "a row of numbers or several"),
        (np.array(["a"]), "auto", "not an .npy file of numbers"),
        (np.array([1j]), "auto", "not an .npy file of numbers"),
        (np.array([True]), "auto", "not an .npy file of numbers"),
        (np.zeros(3), "x", "--latent-space 'x' is not known; it is auto, z, w, ws"),
    ],
)
def test_what_fits_no_space(tmp_path: Path, array: Any, space: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        person_of(saved(tmp_path, array), space, header())


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"

    class Harmful:
        def __reduce__(self) -> Any:
            return touched.touch, ()

    path = tmp_path / "latent.npy"
    np.save(path, np.array([Harmful()], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match=r"not an .npy file of numbers"):
        read_latent(path)
    path.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(UsageError, match=r"not an .npy file of numbers"):
        read_latent(path)
    path.write_bytes(b"")
    with pytest.raises(UsageError, match=r"not an .npy file of numbers"):
        read_latent(path)
    assert not touched.exists()


def test_lists_in_text_files(tmp_path: Path) -> None:
    file = tmp_path / "z.json"
    for text, numbers in (("[1, 2.5, -3]", [1, 2.5, -3]), ("[[1, 2]]", [1, 2]), ("[[[1, 2]]]", [1, 2]), ("[3]", [3])):
        file.write_text(text)
        assert read_latent(file).tolist() == numbers
    # NaN passes here: the recipe refuses it for every caller
    file.write_text("[NaN]")
    assert np.isnan(read_latent(file)[0])
    for bad in ("{}", "[1, [2]]", '["a"]', "[true, 1]", "not json", "[1, 2", '"text"', "[[1, 2], [3]]", "null"):
        file.write_text(bad)
        with pytest.raises(UsageError, match="JSON list of numbers"):
            read_latent(file)
    for missing in ("none.json", "none.npy"):
        with pytest.raises(UsageError, match="No such file"):
            read_latent(tmp_path / missing)


def test_styles_are_checked_with_the_model() -> None:
    for facts, words in (
        ({"w": (0.0,) * 5}, "w: 5 numbers; model tiny takes 4"),
        ({"ws": ((0.0,) * 3, (0.0,) * 3)}, "ws: 3 numbers; model tiny takes 4"),
        ({"w": (0.0,) * 4, "attributes": {"age": 1}}, "attribute age is set in z, and this recipe gives w"),
    ):
        with pytest.raises(UsageError, match=words):
            Recipe(**facts).check(header())
    with pytest.raises(UsageError, match=r"needs a latent z; the recipe gives ws"):
        Recipe(ws=((0.0,) * 4,)).latent_vector(header())


def test_the_command_line_takes_them(run: Run, balls: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, np.zeros((2, 4)))
    words = ("generate", "--model", "balls", "--out", tmp_path / "out", "--latent", path)
    assert "Say which by --latent-space" in run(*words).error
    assert "2 rows; z is one row" in run(*words, "--latent-space", "z").error
    assert "is not known; it is auto, z, w, ws" in run(*words, "--latent-space", "v").error
    assert "give --seed or --latent, not both" in run(*words, "--seed", "3").error
    assert not (tmp_path / "out").exists()
