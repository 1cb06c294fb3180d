# SPDX-License-Identifier: Apache-2.0
"""What a generator is made of: one frozen, JSON-able object (docs/published/generator.md, section 10)."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from torch import Tensor

from portrait_core.body.deformation import THICKNESS
from portrait_core.errors import ModelFileError
from portrait_core.models.portrait_gan.body import BodySizes
from portrait_core.networks.decoder import DecoderActivation
from portrait_core.networks.superresolution import VARIANTS, SuperresolutionName
from portrait_core.networks.synthesis import NoiseMode
from portrait_core.rendering.renderer import RenderSettings

T = TypeVar("T")


@dataclass(frozen=True)
class CanonicalOptions:
    """The options of `portrait_core.models.starter.generator.CanonicalGenerator`, off for published checkpoints.

    Code: ``colours``, ``scalars``, ``styles`` (how many of each), ``sharpness`` and ``floor`` of the style weights.
    Planes: ``static_channels`` and ``static_resolution`` of the shared planes, ``basis_planes`` and
    ``basis_resolution`` of the coarse basis, ``octaves`` of the position's sines.
    Bare skin: ``bare_width``, the width of the branch that knows the skin under hair and clothing; 0 without one.
    Identity warp: ``coefficients``, and the sizes of its template: ``warp_vertices``, ``warp_triangles``,
    ``warp_centres``, ``landmarks``; ``eye_landmarks`` are the indices of the left and right eyeball's centre.
    Place: ``eye_place``, middle of the left eyeball in the canonical head; ``box_centre`` and ``box_half`` of the
    lattice box, ``cut_y`` and ``cut_x`` of the shoulder cut, metres.
    """

    colours: int = 6
    scalars: int = 14
    styles: int = 11
    sharpness: float = 6.0
    floor: float = 0.06
    static_channels: int = 12
    static_resolution: int = 384
    basis_planes: int = 24
    basis_resolution: int = 32
    octaves: int = 4
    bare_width: int = 0
    coefficients: int = 64
    warp_vertices: int = 0
    warp_triangles: int = 0
    warp_centres: int = 0
    landmarks: int = 28
    eye_landmarks: tuple[int, int] = (24, 25)
    box_centre: tuple[float, float, float] = (0.0, 0.0746, 0.043)
    box_half: float = 0.27
    eye_place: tuple[float, float, float] = (0.0289, 0.1396, 0.113)
    cut_y: float = -0.155
    cut_x: float = 0.255


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes and options of a `PortraitGenerator`; the defaults are the published 512 model.

    Latent and mapping:
        z_dim, w_dim: lengths of latent and style row.
        c_dim: length of the camera label, 25 or 0; with 25 the mapping also sees the six pose numbers.
        c_scale: factor on that label.
        mapping_layers: layers of the mapping network.
        normalize_z: whether the latent is scaled to unit second moment.
        mapping_lr_multiplier: learning-rate multiplier of the mapping layers.
    Tri-grid:
        plane_resolution, plane_features, triplane_depth: pixels, features and depth slices of a plane.
        channel_base, channel_max: channels(r) = min(channel_base // r, channel_max); the background has half the base.
        decoder_activation, decoder_hidden, decoder_lr_multiplier: of the decoder.
        features: feature channels that are rendered.
    Picture:
        img_resolution: side of the final picture (that of the super-resolution, else the neural resolution).
        neural_resolution: side of the rendered picture unless another is asked for.
        superresolution: a key of ``VARIANTS`` or None.
        superresolution_noise: noise mode there.
        superresolution_antialias: whether pictures are antialiased when brought to its size.
        background, background_resolution: whether there is a background network, and its size.
        raw_to_rgb: whether a layer makes the raw picture of the features (else their first three are it).
    Pose and body:
        pose_branch: whether a pose is predicted from latent and camera.
        symmetric: whether mirrored cameras get mirrored poses.
        body: sizes of the body arrays the checkpoint carries, None for no body.
        thickness: reach of the pose warp, metres.
        label_deviation: whether the checkpoint carries ``dataset_label_std`` (unused).
    canonical: options of the project's own canonical models, None for published ones.
    rendering: how rays are sampled, unless other settings are passed.
    """

    z_dim: int = 512
    w_dim: int = 512
    c_dim: int = 25
    c_scale: float = 1.0
    mapping_layers: int = 2
    normalize_z: bool = True
    mapping_lr_multiplier: float = 0.01
    plane_resolution: int = 256
    plane_features: int = 32
    triplane_depth: int = 3
    channel_base: int = 32768
    channel_max: int = 512
    decoder_activation: DecoderActivation = "none"
    decoder_hidden: int = 64
    decoder_lr_multiplier: float = 1.0
    features: int = 32
    img_resolution: int = 512
    neural_resolution: int = 128
    superresolution: SuperresolutionName | None = "8XDC"
    superresolution_noise: NoiseMode = "none"
    superresolution_antialias: bool = True
    background: bool = True
    background_resolution: int = 128
    raw_to_rgb: bool = True
    pose_branch: bool = True
    symmetric: bool = True
    body: BodySizes | None = None
    thickness: float = THICKNESS
    label_deviation: bool = False
    canonical: CanonicalOptions | None = None
    rendering: RenderSettings = dataclasses.field(default_factory=RenderSettings)

    def __post_init__(self) -> None:
        if self.c_dim not in (0, 25):
            raise ValueError(f"generator: c_dim must be 0 or 25, got {self.c_dim}")
        if self.superresolution is not None:
            variant = VARIANTS[self.superresolution]
            if variant.output != self.img_resolution:
                raise ValueError(
                    f"generator: super-resolution {self.superresolution} makes {variant.output} pixels,"
                    f" got img_resolution {self.img_resolution}"
                )
            if self.w_dim != 512:
                raise ValueError(f"generator: super-resolution needs w_dim 512, got {self.w_dim}")

    @property
    def plane_channels(self) -> int:
        """Channels of the backbone's output: three planes of features times depth slices."""
        return 3 * self.plane_features * self.triplane_depth

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, None, lists and dictionaries, as JSON gives them back."""
        return cast("dict[str, Any]", json.loads(json.dumps(dataclasses.asdict(self))))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GeneratorConfig:
        """The configuration that `to_dict` wrote.

        Raises:
            ModelFileError: a name that this version does not know, or a value of a wrong kind.
        """
        table = dict(values)
        body = table.pop("body", None)
        rendering = table.pop("rendering", None)
        canonical = table.pop("canonical", None)
        return _build(
            cls,
            {
                **table,
                "body": None if body is None else _build(BodySizes, body),
                "canonical": None if canonical is None else _build(CanonicalOptions, canonical),
                "rendering": _build(RenderSettings, {} if rendering is None else rendering),
            },
        )

    @classmethod
    def from_published(
        cls,
        constructor: Mapping[str, Any],
        state: Mapping[str, Tensor],
        *,
        rendering: Mapping[str, Any] | None = None,
        neural_resolution: int = 128,
    ) -> GeneratorConfig:
        """The configuration of a published checkpoint.

        Args:
            constructor: the arguments the published generator was built with.
            state: its tensors; body sizes are read from them.
            rendering: rendering settings of the stored network (default: those of ``constructor``). Density noise in
                them is a training aid and is left out.
            neural_resolution: side of its rendered picture.

        Raises:
            ModelFileError: a setting that the published generator knows and this one does not.
        """
        options = dict(constructor["rendering_kwargs"] if rendering is None else rendering)
        if options.get("clamp_mode", "softplus") != "softplus" or options.get("c_gen_conditioning_zero"):
            raise ModelFileError(
                "this checkpoint was trained with settings that are not supported: clamp_mode other"
                " than softplus, or c_gen_conditioning_zero"
            )
        size = int(constructor["img_resolution"])
        upscaler = _superresolution_of(options, size)
        backbone = state["backbone.synthesis.b4.torgb.weight"].shape[0]
        depth = int(options.get("triplane_depth", 1))
        levels = [int(k.split(".")[2][1:]) for k in state if k.startswith("backbone.synthesis.b")]
        hidden, features = state["decoder.net.2.weight"].shape[1], state["decoder.net.2.weight"].shape[0] - 1
        return cls(
            z_dim=int(constructor["z_dim"]),
            w_dim=int(constructor["w_dim"]),
            c_dim=int(constructor["c_dim"]),
            c_scale=float(options.get("c_scale", 1.0)),
            mapping_layers=int(constructor.get("mapping_kwargs", {}).get("num_layers", 8)),
            plane_resolution=max(levels),
            plane_features=backbone // (3 * depth),
            triplane_depth=depth,
            channel_base=int(constructor.get("channel_base", 32768)),
            channel_max=int(constructor.get("channel_max", 512)),
            decoder_activation=options.get("decoder_activation", "sigmoid"),
            decoder_hidden=hidden,
            decoder_lr_multiplier=float(options.get("decoder_lr_mul", 1.0)),
            features=features,
            img_resolution=size,
            neural_resolution=neural_resolution,
            superresolution=upscaler,
            superresolution_noise=options.get("superresolution_noise_mode", "none"),
            superresolution_antialias=bool(options.get("sr_antialias", True)),
            background=bool(options.get("use_background", False)),
            background_resolution=VARIANTS[upscaler].source,
            raw_to_rgb=bool(options.get("use_torgb_raw", False)),
            pose_branch="pose_branch.net.0.weight" in state,
            symmetric=bool(constructor.get("explicitly_symmetry", True)),
            body=BodySizes.of_state(state, "renderer.") if "renderer.shaped_smpl" in state else None,
            thickness=float(constructor.get("thickness", THICKNESS)),
            label_deviation="dataset_label_std" in state,
            rendering=RenderSettings(
                ray_start=options["ray_start"],
                ray_end=options["ray_end"],
                depth_resolution=int(options["depth_resolution"]),
                depth_resolution_importance=int(options["depth_resolution_importance"]),
                disparity_space_sampling=bool(options.get("disparity_space_sampling", False)),
                box_warp=float(options["box_warp"]),
                white_back=bool(options.get("white_back", False)),
            ),
        )


def _superresolution_of(options: Mapping[str, Any], size: int) -> SuperresolutionName:
    asked = str(options.get("superresolution_module", "")).rpartition("SuperresolutionHybrid")[2]
    for name, variant in VARIANTS.items():
        if name == asked and variant.output == size:
            return name
    raise ModelFileError(
        f"this checkpoint names the super-resolution {options.get('superresolution_module')!r} for {size} pixels;"
        f" known are {', '.join(f'{name} ({v.output})' for name, v in VARIANTS.items())}"
    )


def _build(kind: type[T], values: Mapping[str, Any]) -> T:
    """Construct a frozen dataclass of plain fields, refusing unknown names and values of a wrong type."""
    hints = typing.get_type_hints(kind)
    # JSON knows lists only.
    values = {name: tuple(cast("list[Any]", v)) if isinstance(v, list) else v for name, v in values.items()}
    fields = {f.name for f in dataclasses.fields(cast(Any, kind))}
    for name, value in values.items():
        if name not in fields:
            raise ModelFileError(f"model configuration: unknown setting {name!r}; this file is from another version")
        if not _fits(value, hints[name]):
            raise ModelFileError(f"model configuration: {name} cannot be {value!r}, expected {hints[name]}")
    try:
        return kind(**values)
    except (TypeError, ValueError, KeyError) as error:
        raise ModelFileError(f"model configuration: {error}") from error


def _fits(value: object, hint: Any) -> bool:
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    members = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
        return len(items) == len(members) and all(map(_fits, items, members))
    if members:
        return any(_fits(value, member) for member in members)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
