# SPDX-License-Identifier: Apache-2.0
"""Weights files in our own format: one ``.safetensors`` file, tensors and one JSON header; loading executes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import JsonValue
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]

from portrait_core.errors import ModelFileError
from portrait_core.files.whole_file import whole_file
from portrait_core.weights.header import METADATA_KEY, ModelHeader, parse_header, read_header_text

TEMPLATE_PREFIX = "template."
TEMPLATE_TENSORS = ("vertices", "faces", "joints", "weights")
PARTS_PREFIX = "parts."


@dataclass(frozen=True)
class LoadedWeights:
    """A weights file in memory: every tensor is finite and on the CPU, in the precision it was saved with."""

    path: Path
    header: ModelHeader
    tensors: Mapping[str, torch.Tensor]

    def network(self) -> dict[str, torch.Tensor]:
        """The tensors of the networks: everything but the body template and the parts template."""
        apart = (TEMPLATE_PREFIX, PARTS_PREFIX)
        return {name: tensor for name, tensor in self.tensors.items() if not name.startswith(apart)}

    def template(self) -> dict[str, torch.Tensor]:
        """The body template's tensors by their short names (vertices, faces, joints, weights); empty without one."""
        start = len(TEMPLATE_PREFIX)
        return {name[start:]: tensor for name, tensor in self.tensors.items() if name.startswith(TEMPLATE_PREFIX)}

    def parts(self) -> dict[str, torch.Tensor]:
        """The parts template's tensors by their names without ``parts.``; empty without one."""
        start = len(PARTS_PREFIX)
        return {name[start:]: tensor for name, tensor in self.tensors.items() if name.startswith(PARTS_PREFIX)}


def save_model(
    path: Path, tensors: Mapping[str, torch.Tensor], header: ModelHeader, *, overwrite: bool = True
) -> ModelHeader:
    """Write ``tensors`` and ``header`` to ``path``, whole or not at all, and return the header with its digest.

    The same input gives the same bytes. Raises :class:`ModelFileError` for tensors that could not be loaded again and
    :class:`portrait_core.errors.OutputError` when the file cannot be written.
    """
    # Clones: safetensors refuses tensors that share memory, and views would drag their whole storage along.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in sorted(tensors.items())}
    _check_finite(plain, path)
    _check_template(plain, header, path)
    facts = header.facts()
    facts["digest"] = ""
    facts["digest"] = content_digest(facts, plain)
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    with whole_file(path, overwrite=overwrite) as temporary:
        try:
            save_file(plain, temporary, metadata={METADATA_KEY: text})
        except SafetensorError as error:
            # safetensors wraps the system's errors into its own; say them as what they are
            raise OSError(None, str(error)) from error
    return parse_header(text, path)


def load_weights(path: Path, *, expected: Mapping[str, tuple[int, ...]] | None = None) -> LoadedWeights:
    """Read and check a weights file: its form, its header, its digest, finite tensors, a complete body template.

    With ``expected`` (names and shapes of the network's tensors) also that nothing is missing, too much or of another
    shape. Raises :class:`ModelFileError` with a plain message; nothing in the file is ever executed.
    """
    text = read_header_text(path)
    header = parse_header(text, path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelFileError(f"{path}: the tensors cannot be read ({error}). The file is damaged.") from error
    if header.digest != content_digest(json.loads(text), tensors):
        raise ModelFileError(f"{path}: the content does not match its own digest; the file is damaged. Get it again.")
    _check_finite(tensors, path)
    _check_template(tensors, header, path)
    loaded = LoadedWeights(path, header, tensors)
    if expected is not None:
        check_shapes(loaded, expected)
    return loaded


def check_shapes(loaded: LoadedWeights, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Compare the network's tensors with the ``expected`` names and shapes; raises :class:`ModelFileError`."""
    network = loaded.network()
    missing, extra = sorted(expected.keys() - network.keys()), sorted(network.keys() - expected.keys())
    for names, what in ((missing, "missing"), (extra, "not known to this architecture")):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ModelFileError(
                f"{loaded.path}: {len(names)} of its tensors are {what}: {', '.join(names[:3])}{more}. "
                "The file does not fit the architecture in its header."
            )
    for name, shape in expected.items():
        if tuple(network[name].shape) != tuple(shape):
            raise ModelFileError(
                f"{loaded.path}: tensor {name} has shape {tuple(network[name].shape)}, the architecture in its header "
                f"needs {tuple(shape)}."
            )


def content_digest(header: Mapping[str, JsonValue], tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over the header's facts (without ``digest``) and over name, type, shape and bytes of every tensor."""
    facts = {key: value for key, value in header.items() if key != "digest"}
    sha = hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode())
    for name, tensor in sorted(tensors.items()):
        sha.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        sha.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()


def _check_finite(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelFileError(f"{path}: tensor {name} holds values that are not finite (NaN or infinity).")


def _check_template(tensors: Mapping[str, torch.Tensor], header: ModelHeader, path: Path) -> None:
    if any(name.startswith(PARTS_PREFIX) for name in tensors) != bool(header.parts):
        raise ModelFileError(f"{path}: its header and its tensors do not agree on whether it has a parts template.")
    found = {name[len(TEMPLATE_PREFIX) :] for name in tensors if name.startswith(TEMPLATE_PREFIX)}
    if not header.body_template:
        if found:
            raise ModelFileError(f"{path}: holds template tensors, but its header says that it has no body template.")
        return
    missing = [name for name in TEMPLATE_TENSORS if name not in found]
    if missing:
        raise ModelFileError(f"{path}: the body template lacks {', '.join(missing)}.")
    shapes = {name: tuple(tensors[TEMPLATE_PREFIX + name].shape) for name in TEMPLATE_TENSORS}
    vertices, joints = shapes["vertices"][:1], shapes["joints"][:1]
    wanted: dict[str, tuple[int, ...]] = {
        "vertices": (*vertices, 3),
        "faces": (*shapes["faces"][:1], 3),
        "joints": (*joints, 3),
        "weights": (*vertices, *joints),
    }
    for name, shape in wanted.items():
        if shapes[name] != shape:
            raise ModelFileError(f"{path}: template.{name} has shape {shapes[name]}, expected {shape}.")
    faces = tensors[TEMPLATE_PREFIX + "faces"]
    if faces.is_floating_point() or (
        faces.numel() and not (int(faces.min()) >= 0 and int(faces.max()) < shapes["vertices"][0])
    ):
        raise ModelFileError(f"{path}: template.faces must be whole numbers below {shapes['vertices'][0]}.")
