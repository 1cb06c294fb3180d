# SPDX-License-Identifier: Apache-2.0
"""What an inversion is asked for on the command line, and the order of the avatar that comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli.inversion_told import tell, write_sheet
from cli.likeness import LikenessOrder
from cli.long_search import Pace, stopped_by_interrupt
from cli.options import Order, Wanted
from cli.outputs import refuse_existing
from cli.photographs import person_in
from portrait_core.errors import UsageError
from portrait_core.recipe_fields import FIELDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cli.show import Show, Watcher
    from portrait_core.models.portrait_gan.model import PublishedAvatarModel
    from portrait_core.photo.estimate import PortraitEstimate
    from portrait_core.photo.inversion.comparison import Name, Weighted
    from portrait_core.photo.inversion.target import Target
    from portrait_core.photo.reading import Photograph
    from portrait_core.portrait_model import PortraitModel

INVERSION = "inversion"
"""Under this name a wish stands among the options that are a command's own."""


@dataclass(frozen=True)
class InversionWish:
    """The options of ``portrait photo invert``; see there."""

    steps: int = 500
    tune: int = 0
    compare: str | None = None
    vgg: Path | None = None
    lpips: Path | None = None
    torchscript: tuple[str, ...] = ()
    noise: bool = False
    begin: Path | None = None
    samples: int = 2
    neural_resolution: int | None = None
    draw: int = 0
    sheet: Path | None = None
    overwrite: bool = False


def order_for(likeness: LikenessOrder, wanted: Wanted, order: Order) -> LikenessOrder:
    """How a photograph becomes an avatar of the order's model: by parts where it has them, else by inversion.

    Raises :class:`UsageError` for an inversion of a model that is none of the published family, for options that are
    out of range, and for files that are there already.
    """
    wish = cast("InversionWish | None", wanted.values.get(INVERSION))
    from portrait_core.models.load import capabilities_of

    header = order.header
    published = "picture_options" in capabilities_of(header)
    if not published:
        if wish is not None:
            raise UsageError(
                f"model {header.name} is not of the published family. Leave the word invert away: "
                "`portrait photo FILE` makes its avatars; or name an imported model by --model."
            )
        return likeness
    if likeness.wish.rendered:
        raise UsageError(
            f"model {header.name} is of the published family, whose persons are always looked for as in a picture of "
            "their own; leave --rendered (--photo-rendered) away."
        )
    wish = wish or InversionWish()
    _checked(wish)
    name = model_name(order.names[0]) if wish.tune or wish.noise else ""
    files = [] if wish.sheet is None else [wish.sheet]
    if name:
        from portrait_core.weights.registry import target_for

        files.append(target_for(name))
    refuse_existing(files, overwrite=wish.overwrite)
    if len(likeness.photographs) > 1:
        raise UsageError(
            f"model {header.name} is of the published family, whose persons are looked for in one photograph; got "
            f"{len(likeness.photographs)}."
        )
    made = InversionOrder(likeness.photographs, likeness.person, likeness.wish, likeness.recipe)
    return replace(made, inversion=wish, model_name=name)


def model_name(stem: str) -> str:
    """The name of a model that is made for one avatar."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).lstrip("._-")[:56] + "-tuned"


def _checked(wish: InversionWish) -> None:
    from portrait_core.photo.inversion.comparison import weights_of

    if not 0 <= wish.tune <= 20_000 or not 1 <= wish.steps <= 20_000:
        raise UsageError(f"--steps {wish.steps} --tune {wish.tune}: expected at most 20000, and one step of --steps.")
    if not 1 <= wish.samples <= 8:
        raise UsageError(f"--samples {wish.samples} is out of range; it goes from 1 to 8.")
    if wish.neural_resolution is not None and not 16 <= wish.neural_resolution <= 512:
        raise UsageError(f"--resolution {wish.neural_resolution} is out of range; it goes from 16 to 512.")
    if not 0 <= wish.draw < 2**63:
        raise UsageError(f"--draw {wish.draw} is out of range; it goes from 0 to 9223372036854775807.")
    asked = weights_of(wish.compare) if wish.compare is not None else {}
    if "vgg" not in asked and (wish.vgg or wish.lpips or wish.torchscript):
        raise UsageError("--vgg, --lpips and --torchscript are for --compare vgg.")
    if wish.sheet is not None and wish.sheet.suffix.lower() != ".png":
        raise UsageError(f"--sheet {wish.sheet}: expected a name that ends in .png.")


@dataclass(frozen=True)
class InversionOrder(LikenessOrder):
    """A photograph whose person is looked for among a published model's; ``model_name`` is that of the model file that
    is written, empty for none."""

    inversion: InversionWish = InversionWish()
    model_name: str = ""

    @property
    def photograph(self) -> Path:
        """The one photograph."""
        return self.photographs[0]

    def seen(self, show: Show) -> list[tuple[Photograph, PortraitEstimate]]:
        """As :meth:`LikenessOrder.seen`; the person may be seen from any side."""
        photograph, estimate = person_in(self.photograph, self.person, show.note)
        for warning in estimate.warnings:
            show.note(f"{self.photograph}: {warning}.")
        return [(photograph, estimate)]

    def taken(
        self,
        order: Order,
        wanted: Wanted,
        model: PortraitModel,
        seen: list[tuple[Photograph, PortraitEstimate]],
        show: Show,
        watcher: Watcher,
    ) -> Order:
        """The order of the avatar of who was found; its model is the tuned one, where there is one."""
        from portrait_core.photo.head import digest_of

        found = _found(cast("PublishedAvatarModel", model), self, seen[0], show, watcher)
        recipe = order.recipes[0]
        facts: dict[str, Any] = {
            name: getattr(recipe, name) for name in FIELDS if name not in ("seed", "latent", "w", "ws", "likeness")
        }
        if "texture_size" not in wanted.given:
            facts["texture_size"] = FIELDS["texture_size"].default
        from portrait_core.parts.likeness import Likeness
        from portrait_core.recipe import Recipe

        rows = tuple(tuple(round(float(each), 6) for each in row) for row in found.styles)
        facts |= {"ws": rows, "likeness": Likeness(source=digest_of(seen[0][0])).to_text()}
        if found.path is None:
            return replace(order, recipes=(Recipe(**facts),))
        from portrait_core.weights.header import read_header

        facts["model"] = self.model_name
        return replace(order, recipes=(Recipe(**facts),), model=found.path, header=read_header(found.path))


@dataclass(frozen=True, eq=False)
class _Found:
    """Style rows (num_ws, w_dim), and the model file that they are for, None for the one that was there."""

    styles: NDArray[np.float32]
    path: Path | None


def _found(
    model: PublishedAvatarModel,
    asked: InversionOrder,
    seen: tuple[Photograph, PortraitEstimate],
    show: Show,
    watcher: Watcher,
) -> _Found:
    from portrait_core.models.portrait_gan.options import PictureOptions
    from portrait_core.photo.inversion.invert import InversionOptions, invert
    from portrait_core.photo.inversion.sight import Sight, frugal
    from portrait_core.photo.inversion.target import target_of
    from portrait_core.photo.inversion.tuning import TuningOptions, tune

    wish = asked.inversion
    target = target_of(*seen, model.picture_size).to(model.device)
    pictures = PictureOptions(samples=wish.samples, neural_resolution=wish.neural_resolution)
    comparison = _comparison(model, target, pictures, wish, show)
    network = frugal(model.network, apart=wish.noise)
    begin = None if wish.begin is None else _begin(wish.begin, network.num_ws, network.config.w_dim)
    with stopped_by_interrupt(show.note) as stop:
        options = InversionOptions(steps=wish.steps, pictures=pictures, noise=wish.noise, seed=wish.draw)
        pace = Pace(watcher, show, "--steps")
        found = invert(network, target, comparison, options, begin=begin, progress=pace, stop=stop)
        tell(show, asked.photograph, INVERSION, found.before, found.after, found.steps, wish.steps)
        shown, learnt = [network], network
        if wish.tune and not stop():
            moves = TuningOptions(steps=wish.tune, pictures=pictures, seed=wish.draw)
            pace = Pace(watcher, show, "--tune")
            tuned = tune(network, found.styles, target, comparison, moves, progress=pace, stop=stop)
            tell(show, asked.photograph, "tuning", tuned.before, tuned.after, tuned.steps, wish.tune)
            learnt = tuned.network
            shown.append(cast(Any, learnt))
    path: Path | None = None
    if learnt is not network or found.noise:
        path = _saved(model, asked, learnt, seen[0], {"steps": found.steps, "tuning": wish.tune, "noise": wish.noise})
        show.note(f"{asked.photograph}: tuned model {asked.model_name} is {path}.")
    if wish.sheet is not None:
        sight = Sight(network, target.label, target.six, PictureOptions())
        write_sheet(wish.sheet, target, [sight.of(each, _rows(found.styles, target)) for each in shown])
    return _Found(found.styles, path)


def _comparison(
    model: PublishedAvatarModel, target: Target, pictures: Any, wish: InversionWish, show: Show
) -> Weighted:
    from portrait_core.photo.inversion.comparison import USUAL, weighted, weights_of
    from portrait_core.photo.inversion.picture_comparisons import ColourComparison, MaskComparison, TrunkComparison

    size = pictures.neural_resolution or model.network.config.neural_resolution
    weights: dict[Name, float] = dict(USUAL) if wish.compare is None else weights_of(wish.compare)
    if wish.compare is None and "predict_pose" not in model.capabilities:
        show.note(f"model {model.header.name} has no discriminator; pictures are compared by colours and mask alone.")
        weights.pop("trunk")

    def landmarks() -> Any:
        from portrait_core.photo.inversion.landmark_comparison import LandmarkComparison

        return LandmarkComparison(target)

    def vgg() -> Any:
        from portrait_core.metrics.network_files import NetworkPlaces
        from portrait_core.metrics.vgg import VggRows
        from portrait_core.photo.inversion.feature_comparison import FeatureComparison

        paths: dict[Any, Path] = {
            name: path for name, path in (("vgg", wish.vgg), ("lpips", wish.lpips)) if path is not None
        }
        rows = VggRows(NetworkPlaces(paths, torchscript=wish.torchscript), model.device)
        if not rows.exact:
            show.note("without LPIPS's layers VGG16's channels count alike, and figures are not the published ones.")
        return FeatureComparison(rows, target)

    makers: dict[Name, Callable[[], Any]] = {
        "trunk": lambda: TrunkComparison(model.judge, target, size),
        "colours": lambda: ColourComparison(target),
        "mask": lambda: MaskComparison(target, size),
        "landmarks": landmarks,
        "vgg": vgg,
    }
    return weighted(weights, makers)


def _begin(path: Path, rows: int, width: int) -> NDArray[np.float32]:
    """The style rows of a file's recipe."""
    import numpy as np

    from portrait_core.formats.read_recipe import read_recipe
    from portrait_core.recipe import Recipe

    recipe = Recipe.model_validate(read_recipe(path).recipe)
    given = recipe.ws if recipe.w is None else [recipe.w] * rows
    if given is None:
        raise UsageError(f"--begin {path}: its recipe gives a seed or a latent; expected the style rows of a person.")
    if [len(row) for row in given] != [width] * rows:
        raise UsageError(f"--begin {path}: {len(given)} rows; this model takes {rows} of {width} numbers.")
    return np.asarray(given, np.float32)


def _saved(
    model: PublishedAvatarModel, asked: InversionOrder, network: Any, photograph: Photograph, facts: dict[str, Any]
) -> Path:
    from portrait_core.files.whole_file import prepare_folder
    from portrait_core.photo.head import digest_of
    from portrait_core.photo.inversion.tuned_model import save_tuned
    from portrait_core.weights.registry import target_for

    path = target_for(asked.model_name)
    prepare_folder(path.parent)
    judge = model.judge if model.header.discriminator else None
    save_tuned(
        path,
        model.header,
        network,
        judge,
        name=asked.model_name,
        photograph=digest_of(photograph),
        facts=facts,
        overwrite=asked.inversion.overwrite,
    )
    return path


def _rows(styles: NDArray[np.float32], target: Target) -> Any:
    import torch

    return torch.tensor(styles)[None].to(target.image)
