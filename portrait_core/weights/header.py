# SPDX-License-Identifier: Apache-2.0
"""The header of a weights file: what the model is, how it is used, where it comes from and what one may do with it.

It is one JSON text in the metadata of a ``.safetensors`` file, under the key ``portraitkit``. Reading it needs neither
torch nor the tensors, so that listing models is quick.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from portrait_core.errors import ModelFileError, remedy
from portrait_core.files.foreign import foreign_kind

FORMAT_VERSION = 2
"""What is written where a header holds what version 1 does not know: ``family``."""
READ_VERSIONS = (1, 2)
METADATA_KEY = "portraitkit"
MAX_HEADER_BYTES = 64 * 1024 * 1024
"""The largest file header that is read: more is not ours, and would only fill the memory."""

_PICKLE_MAGIC = b"\x80"
_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Attribute(BaseModel):
    """A named property that a user can set, in standard deviations: one latent number or a direction in the space."""

    model_config = _STRICT

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    description: str = ""
    space: Literal["z"] = "z"
    index: Annotated[int, Field(ge=0)] | None = None
    direction: tuple[float, ...] | None = None
    low: float = -3.0
    high: float = 3.0

    @model_validator(mode="after")
    def _one_way_to_set_it(self) -> Attribute:
        if (self.index is None) == (self.direction is None):
            raise ValueError(f"attribute {self.name} needs either an index or a direction")
        if self.direction is not None and not math.sqrt(sum(d * d for d in self.direction)) > 0:
            raise ValueError(f"the direction of attribute {self.name} has no length")
        if not self.low < self.high:
            raise ValueError(f"attribute {self.name} has an empty range {self.low} to {self.high}")
        return self


class Latent(BaseModel):
    """The latent space: how many numbers, and which of them have names."""

    model_config = _STRICT

    z_dim: Annotated[int, Field(ge=1, le=65536)]
    attributes: tuple[Attribute, ...] = ()

    @field_validator("attributes")
    @classmethod
    def _unique(cls, attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
        names = [attribute.name for attribute in attributes]
        if len(set(names)) != len(names):
            raise ValueError(f"attribute names repeat: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
        return attributes

    @model_validator(mode="after")
    def _inside(self) -> Latent:
        for attribute in self.attributes:
            if attribute.index is not None and attribute.index >= self.z_dim:
                raise ValueError(f"attribute {attribute.name} sets latent number {attribute.index} of {self.z_dim}")
            if attribute.direction is not None and len(attribute.direction) != self.z_dim:
                raise ValueError(
                    f"the direction of attribute {attribute.name} has {len(attribute.direction)} numbers, "
                    f"not {self.z_dim}"
                )
        return self

    def find(self, name: str) -> Attribute | None:
        """The attribute of this name, or None."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class Training(BaseModel):
    """Where weights come from: the data and its licence, the code and command, and how good the result was measured."""

    # Extra entries are welcome here: a training may record whatever helps to repeat it.
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    data: str = ""
    data_licence: str = ""
    commit: str = ""
    command: str = ""
    metrics: dict[str, JsonValue] = {}


class PosePrediction(BaseModel):
    """How pictures get the form that the discriminator reads poses from (docs/published/discriminator.md 5).

    ``blur_sigma`` is the training's blur at the end (0 when finished), ``neural_resolution`` the side of the small
    picture (None for the model's own), ``filter_mode`` how pictures are made smaller.
    """

    model_config = _STRICT

    blur_sigma: Annotated[float, Field(ge=0, lt=100)] = 0.0
    neural_resolution: Annotated[int, Field(ge=4, le=2048)] | None = None
    filter_mode: Literal["antialiased", "classic", "none"] | float = "antialiased"


class ModelHeader(BaseModel):
    """Everything about a model except its tensors.

    ``family`` names the architecture's family, a key of ``portrait_core.models.load.FAMILIES``; files of version 1 have
    none, and are told by their ``config``. ``config`` describes the architecture, with the settings of the ray march;
    the family knows its fields. ``surface`` holds what the family asks of surface extraction: ``portrait_gan`` takes
    ``level`` (raw density on the surface) and ``bottom`` (metres, where avatars are cut off). ``rendering`` is read by
    nobody; files of version 1 may hold it. ``body_template`` says that the tensors ``template.vertices``
    (V, 3), ``template.faces`` (F, 3), ``template.joints`` (J, 3) and ``template.weights`` (V, J) are there.
    ``parts`` describes the parts template whose tensors lie under ``parts.``; it is empty without one.
    ``discriminator`` describes the discriminator whose tensors lie under ``discriminator.``, ``pose_prediction`` how it
    reads poses from pictures; both are left out by models that have none.
    ``digest`` is the SHA-256 of header and tensors, set by :func:`portrait_core.weights.checkpoint.save_model`.
    """

    model_config = _STRICT

    format_version: Literal[1, 2] = 1
    kind: Literal["portraitkit-generator"] = "portraitkit-generator"
    family: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,47})?$")] = ""
    name: ModelName
    description: str = ""
    licence: Annotated[str, Field(min_length=1)]
    config: dict[str, JsonValue]
    rendering: dict[str, JsonValue] = {}
    surface: dict[str, JsonValue] = {}
    discriminator: dict[str, JsonValue] = {}
    pose_prediction: PosePrediction | None = None
    latent: Latent
    body_template: bool = False
    parts: dict[str, JsonValue] = {}
    training: Training = Training()
    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _version_of_its_fields(cls, facts: Any) -> Any:
        """A header made with a family is of the version that has one, unless it says its version itself."""
        if not isinstance(facts, dict):
            return facts
        given = cast("dict[str, Any]", facts)
        unsaid = given.get("family") and "format_version" not in given
        return given | {"format_version": FORMAT_VERSION} if unsaid else given

    @model_validator(mode="after")
    def _family_needs_its_version(self) -> ModelHeader:
        if self.family and self.format_version < FORMAT_VERSION:
            raise ValueError(f"family {self.family!r} in a header of format version {self.format_version}")
        return self

    @property
    def w_dim(self) -> int | None:
        """How many numbers a style vector has, where the architecture has such vectors."""
        width = self.config.get("w_dim")
        return width if isinstance(width, int) else None

    @property
    def has_face(self) -> bool:
        """Whether the parts template has shapes of the face: those of version 2 and later do."""
        version = self.parts.get("version")
        return isinstance(version, int) and version >= 2

    def facts(self) -> dict[str, JsonValue]:
        """The header as plain JSON data, with the fields that its version knows."""
        facts = cast("dict[str, JsonValue]", self.model_dump(mode="json"))
        if self.format_version < FORMAT_VERSION:
            facts.pop("family")
        if not self.parts:  # files without a parts template stay readable by versions that know of none
            facts.pop("parts")
        return facts


def parse_header(text: str, path: Path) -> ModelHeader:
    """Validate the JSON ``text`` found in ``path``; raises :class:`ModelFileError` with a plain message."""
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ModelFileError(f"{path}: the model header is not valid JSON ({error}). The file is damaged.") from None
    if not isinstance(raw, dict):
        raise ModelFileError(f"{path}: the model header must be a JSON object, got {type(raw).__name__}.")
    facts = cast("dict[str, JsonValue]", raw)
    if facts.get("kind") != "portraitkit-generator":
        raise ModelFileError(f"{path}: expected a model of kind portraitkit-generator, got {facts.get('kind')!r}.")
    version = facts.get("format_version")
    if version not in READ_VERSIONS:
        raise ModelFileError(
            f"{path}: format version {version!r}; this Portraitkit reads {' and '.join(map(str, READ_VERSIONS))}. "
            "A newer Portraitkit may read the file."
        )
    try:
        return ModelHeader.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "header"
        raise ModelFileError(f"{path}: the model header is not valid: {place}: {first['msg']}.") from None


def read_header_text(path: Path) -> str:
    """The JSON text of our header in ``path``, after checking the outer file; nothing but the file's head is read.

    Raises :class:`ModelFileError` for anything that is not a whole ``.safetensors`` file with our header.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            if len(start) < 8:
                _refuse_others(start, path)
                raise ModelFileError(f"{path}: only {size} bytes; the file is empty or truncated. Get it again.")
            (length,) = struct.unpack("<Q", start)
            if length > MAX_HEADER_BYTES:
                _refuse_others(start, path)
                raise ModelFileError(
                    f"{path}: claims a header of {length} bytes; at most {MAX_HEADER_BYTES} are expected. "
                    "This is not a .safetensors weights file, or it is damaged."
                )
            if 8 + length > size:
                raise ModelFileError(f"{path}: truncated at {size} bytes, before the end of its header. Get it again.")
            head = file.read(length)
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}.") from error
    try:
        outer = json.loads(head)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        _refuse_others(start, path)
        raise ModelFileError(f"{path}: not a .safetensors weights file, or its header is damaged.") from None
    end = _end_of_tensors(outer, path)
    if size != 8 + length + end:
        state = "truncated" if size < 8 + length + end else "followed by foreign data"
        raise ModelFileError(f"{path}: {state}: {8 + length + end} bytes expected, {size} found. Get it again.")
    metadata = cast("dict[str, object]", outer).get("__metadata__")
    text = cast("dict[str, object]", metadata).get(METADATA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise ModelFileError(f"{path}: a .safetensors file, but not a Portraitkit model (no {METADATA_KEY!r} header).")
    return text


def read_header(path: Path) -> ModelHeader:
    """The validated header of a weights file, without its tensors; raises :class:`ModelFileError`."""
    return parse_header(read_header_text(path), path)


def _refuse_others(start: bytes, path: Path) -> None:
    # Asked only when the first eight bytes are no sensible length: a length of 640 begins like a pickle.
    try:
        kind = foreign_kind(path)
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}.") from error
    if kind is not None:
        raise ModelFileError(f"{path}: this is {kind}.")
    if start.startswith(_PICKLE_MAGIC):
        raise ModelFileError(
            f"{path}: a pickled checkpoint. Such files can run code when they are opened, so Portraitkit never does; "
            "a published one can be imported.",
            remedy=remedy("import_model", file=str(path)),
        )


def _end_of_tensors(outer: object, path: Path) -> int:
    """Where the last tensor ends, in bytes after the header."""
    broken = ModelFileError(f"{path}: the list of tensors in the header is damaged.")
    if not isinstance(outer, dict):
        raise broken
    end = 0
    for name, entry in cast("dict[str, object]", outer).items():
        if name == "__metadata__":
            continue
        offsets = cast("dict[str, object]", entry).get("data_offsets") if isinstance(entry, dict) else None
        if not isinstance(offsets, list) or len(cast("list[object]", offsets)) != 2:
            raise broken
        last = cast("list[object]", offsets)[1]
        if not isinstance(last, int) or last < 0:
            raise broken
        end = max(end, last)
    return end
