# SPDX-License-Identifier: Apache-2.0
"""A published checkpoint into our own format: tensors under the published names, everything else in the header.

What the user fetched stays the user's: the weights keep their publisher's terms, and the body model inside them keeps
SMPL's. Both are written into the header, so that `portrait models` and the provenance of every avatar say so.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.files.foreign import foreign_kind
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.models.portrait_gan.capabilities import NAME
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.discriminator import DiscriminatorConfig, PortraitDiscriminator
from portrait_core.progress import Progress, silent
from portrait_core.safe_pickle.checkpoint import PublishedCheckpoint, PublishedNetwork, read_checkpoint
from portrait_core.safe_pickle.kinds import pickle_kind
from portrait_core.weights.checkpoint import LoadedWeights, check_shapes, save_model
from portrait_core.weights.header import Latent, ModelHeader, PosePrediction, Training

DISCRIMINATOR_PREFIX = "discriminator."
"""What the names of the discriminator's tensors begin with in our files; the generator's are the published ones."""

LICENCE = (
    "Terms of the publisher of the 3DPortraitGAN weights (research use); the SMPL body model inside is under the SMPL "
    "licence of the Max Planck Society (no redistribution, no commercial use without theirs)"
)
BODYLESS_LICENCE = "Terms of the publisher of the 3DPortraitGAN weights (research use)"

SIDE_CAR_FIELDS = ("blur_sigma", "neural_rendering_resolution", "resample_filter", "filter_mode")
_BODY = "renderer."


@dataclass(frozen=True)
class Imported:
    """A checkpoint in our form: ``header`` without its digest, and ``tensors`` by name."""

    header: ModelHeader
    tensors: Mapping[str, Tensor]


def import_checkpoint(
    source: Path,
    target: Path | Callable[[str], Path],
    *,
    name: str = "",
    side_car: Path | None = None,
    half: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
) -> tuple[ModelHeader, Path]:
    """Read the published ``.pkl`` file ``source`` as data and write our file ``target``; nothing of it is executed.

    ``target`` is a path, or tells the path for the model's name. Returns the header and the path.

    ``name`` is the model's name (guessed from its picture size when empty), ``side_car`` the published ``.json`` with
    the settings of pose prediction, ``half`` stores the networks in float16 (the body model stays exact).

    Raises:
        ModelFileError: either file is damaged, or holds what published ones do not.
        OutputError: the target exists and ``overwrite`` is not set, or cannot be written.
    """
    progress("read", 0.0)
    digest = _file_digest(source)
    prediction = PosePrediction() if side_car is None else read_side_car(side_car)
    _refuse_foreign(source)
    try:
        checkpoint = read_checkpoint(source)
        progress("convert", 0.0)
        of = f"{source.name} sha256 {digest}"
        imported = convert(checkpoint, name=name, prediction=prediction, half=half, source=of)
    except ModelFileError as error:
        _refuse_other_programs(source)
        raise error if str(error).startswith(str(source)) else ModelFileError(f"{source}: {error}") from error
    progress("write", 0.0)
    path = target if isinstance(target, Path) else target(imported.header.name)
    header = save_model(path, imported.tensors, imported.header, overwrite=overwrite)
    progress("write", 1.0)
    return header, path


def _refuse_foreign(source: Path) -> None:
    """Say what the file is where it is no pickle at all."""
    try:
        kind = foreign_kind(source)
        with source.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise ModelFileError(f"cannot read {source}: {error.strerror or error}.") from error
    if kind is not None:
        raise ModelFileError(f"{source}: this is {kind}.")
    if start[8:] == b"{":
        raise ModelFileError(f"{source}: this is a .safetensors file; only the publisher's .pkl files are imported.")


def _refuse_other_programs(source: Path) -> None:
    """Say whose pickle it is where it is not a published one."""
    kind = pickle_kind(source)
    if kind is not None:
        raise ModelFileError(
            f"{source}: this is {kind}. Only published checkpoints of 3DPortraitGAN are read. Nothing in it was run."
        )


def convert(
    checkpoint: PublishedCheckpoint,
    *,
    name: str = "",
    prediction: PosePrediction | None = None,
    half: bool = False,
    source: str = "",
) -> Imported:
    """A checkpoint in our form. Raises :class:`ModelFileError` when its networks are not the published ones."""
    generator = checkpoint.generator
    try:
        config = published_config(generator)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"the checkpoint's settings are not those of a published generator ({type(error).__name__}: {error})"
        ) from error
    tensors = dict(generator.tensors)
    _check("generator", tensors, PortraitGenerator, config)
    discriminator: dict[str, Any] = {}
    try:
        judge = checkpoint.discriminator
    except ModelFileError:
        judge = None
    if judge is not None:
        sizes = discriminator_config(judge)
        _check("discriminator", judge.tensors, PortraitDiscriminator, sizes)
        tensors |= {DISCRIMINATOR_PREFIX + key: tensor for key, tensor in judge.tensors.items()}
        discriminator = sizes.to_dict()
    if half:
        tensors = halved(tensors)
    header = ModelHeader(
        family=NAME,
        name=name or f"official-{config.img_resolution}",
        description=f"3DPortraitGAN, {config.img_resolution} pixels, imported from an official checkpoint",
        licence=BODYLESS_LICENCE if config.body is None else LICENCE,
        config=config.to_dict(),
        discriminator=discriminator,
        pose_prediction=(prediction or PosePrediction()) if discriminator else None,
        latent=Latent(z_dim=config.z_dim),
        training=Training(
            data=f"as published ({source})" if source else "as published",
            data_licence="see the publisher",
            metrics={"training_resolution": checkpoint.training_set.get("resolution", config.img_resolution)},
        ),
    )
    return Imported(header, tensors)


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The networks' tensors in float16, those of the body model as they are."""
    return {
        key: tensor.half() if tensor.dtype == torch.float32 and not key.startswith(_BODY) else tensor
        for key, tensor in tensors.items()
    }


def published_config(generator: PublishedNetwork) -> GeneratorConfig:
    """The configuration of a published generator, by the settings of the stored network itself."""
    attributes = generator.attributes
    return GeneratorConfig.from_published(
        generator.constructor,
        generator.tensors,
        rendering=attributes["rendering_kwargs"],
        neural_resolution=int(attributes["neural_rendering_resolution"]),
    )


def discriminator_config(network: PublishedNetwork) -> DiscriminatorConfig:
    """The sizes of a published discriminator, read from its tensors."""
    state = network.tensors
    try:
        size = int(network.attributes["img_resolution"])
        width = int(state[f"b{size}.conv0.weight"].shape[0])
        return DiscriminatorConfig(
            img_resolution=size,
            channel_base=width * size,
            channel_max=int(state["b4.conv.weight"].shape[0]),
            mapping_layers=sum(key.startswith("mapping.fc") and key.endswith(".weight") for key in state),
            symmetric=bool(network.attributes.get("explicitly_symmetry", True)),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelFileError(f"the checkpoint's discriminator is not the published one ({error})") from error


def load_discriminator(loaded: LoadedWeights) -> PortraitDiscriminator | None:
    """The discriminator in a model file, in evaluation mode; None if it has none. Raises :class:`ModelFileError`."""
    if not loaded.header.discriminator:
        return None
    config = DiscriminatorConfig.from_dict(loaded.header.discriminator)
    start = len(DISCRIMINATOR_PREFIX)
    own = {key[start:]: t for key, t in loaded.tensors.items() if key.startswith(DISCRIMINATOR_PREFIX)}
    _check("discriminator", own, PortraitDiscriminator, config)
    with torch.device("meta"):
        network = PortraitDiscriminator(config)
    network.load_state_dict({key: t.float() for key, t in own.items()}, assign=True)
    return network.eval().requires_grad_(False)


def load_generator(loaded: LoadedWeights) -> PortraitGenerator:
    """The published generator in a model file, in evaluation mode and float32. Raises :class:`ModelFileError`."""
    config = GeneratorConfig.from_dict(loaded.header.config)
    own = {key: t for key, t in loaded.network().items() if not key.startswith(DISCRIMINATOR_PREFIX)}
    with torch.device("meta"):
        network = PortraitGenerator(config)
    wanted = network.state_dict()
    check_shapes(
        LoadedWeights(loaded.path, loaded.header, own), {key: tuple(tensor.shape) for key, tensor in wanted.items()}
    )
    network.load_state_dict({key: t.to(wanted[key].dtype) for key, t in own.items()}, assign=True)
    if isinstance(network.renderer, PublishedBody):
        _check_body(network.renderer, loaded.path)
    return network.eval().requires_grad_(False)


def read_side_car(path: Path) -> PosePrediction:
    """The published ``.json`` beside a checkpoint. Raises :class:`ModelFileError` naming the field."""
    try:
        facts: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ModelFileError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(facts, dict):
        raise ModelFileError(f"{path}: expected an object with {', '.join(SIDE_CAR_FIELDS)}")
    table = cast("dict[str, Any]", facts)
    unknown = sorted(set(table) - set(SIDE_CAR_FIELDS))
    if unknown:
        raise ModelFileError(f"{path}: unknown field {unknown[0]!r}; known are {', '.join(SIDE_CAR_FIELDS)}")
    sigma = table.get("blur_sigma", 0.0)
    if not isinstance(sigma, int | float) or isinstance(sigma, bool) or not (0 <= sigma < 100 and math.isfinite(sigma)):
        raise ModelFileError(f"{path}: blur_sigma is {sigma!r}; expected a number from 0 to 100")
    size = table.get("neural_rendering_resolution")
    if size is not None and (type(size) is not int or not 4 <= size <= 2048):
        raise ModelFileError(f"{path}: neural_rendering_resolution is {size!r}; expected a whole number of pixels")
    mode = table.get("filter_mode", "antialiased")
    if mode not in ("antialiased", "classic", "none") and not (isinstance(mode, float) and 0 < mode < 1):
        raise ModelFileError(
            f"{path}: filter_mode is {mode!r}; expected antialiased, classic, none or a number in (0, 1)"
        )
    return PosePrediction(blur_sigma=float(sigma), neural_resolution=size, filter_mode=mode)


def _check(what: str, tensors: Mapping[str, Tensor], kind: type, config: Any) -> None:
    """Names, shapes and finite values as the network of that configuration needs them."""
    try:
        with torch.device("meta"):
            wanted = {key: tuple(t.shape) for key, t in kind(config).state_dict().items()}
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelFileError(f"the checkpoint's {what} has impossible sizes ({error})") from error
    for names, said in ((wanted.keys() - tensors.keys(), "lacks"), (tensors.keys() - wanted.keys(), "also holds")):
        if names:
            raise ModelFileError(f"the checkpoint's {what} {said} {len(names)} tensors, such as {min(names)}")
    for key, shape in wanted.items():
        if tuple(tensors[key].shape) != shape:
            raise ModelFileError(f"the checkpoint's {what}: {key} has shape {tuple(tensors[key].shape)}, not {shape}")


def _check_body(body: PublishedBody, path: Path) -> None:
    faces, count = body.aligned_SMPL.faces, body.sizes.vertices
    if faces.numel() and not (int(faces.min()) >= 0 and int(faces.max()) < count):
        raise ModelFileError(f"{path}: the body model's faces name vertices that it does not have")


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}.") from error
