# SPDX-License-Identifier: Apache-2.0
"""The engine as a library: recipes in, avatars out, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from portrait_core.avatar import Avatar
from portrait_core.engine.engine import Engine
from portrait_core.errors import Cancelled, PortraitError
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe


def make_avatars(
    recipes: Iterable[Recipe | Mapping[str, Any]],
    *,
    device: str = "auto",
    progress: Progress = silent,
    failed: Callable[[Recipe | Mapping[str, Any], PortraitError], None] | None = None,
) -> Iterator[Avatar]:
    """The avatar of each recipe, in order; an endless iterable of recipes is fine.

    >>> for avatar in make_avatars(Recipe(seed=seed, faces=8000) for seed in range(100)):  # doctest: +SKIP
    ...     write_avatar(avatar, folder / f"{avatar.name}.glb")

    Recipes may be plain data (as a manifest or a JSON file holds it). Models are loaded when they are first asked for,
    and the last two stay. ``device`` is ``auto``, ``cpu``, ``cuda`` or ``mps``. ``progress`` hears the stages of each
    avatar and cancels all by raising :class:`portrait_core.errors.Cancelled`.

    Raises :class:`UsageError` for a recipe that cannot be made and :class:`ModelFileError` for a damaged model. With
    ``failed`` such a recipe is handed to it with the error instead, and the next one is made.

    For many at once, in processes, with resume and reports: :func:`portrait_core.batch.service.run_batch`.
    """
    from portrait_core.pipeline import make_avatar

    engine = Engine(kept_persons=1)
    engine.device = device
    for each in recipes:
        try:
            recipe = engine.take_recipe(each.facts() if isinstance(each, Recipe) else dict(each))
            model = engine.model(recipe.model)
            # A path of this machine means nothing in a file that travels.
            avatar = make_avatar(recipe.model_copy(update={"model": model.header.name}), model, progress)
        except Cancelled:
            raise
        except PortraitError as error:
            if failed is None:
                raise
            failed(each, error)
            continue
        yield avatar
