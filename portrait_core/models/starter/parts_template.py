# SPDX-License-Identifier: Apache-2.0
"""The parts template in a starter's file: its tensors ``parts.*``, what the header says of them, a person's look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.template import PartsTemplate
from portrait_core.weights.checkpoint import PARTS_PREFIX, LoadedWeights
from portrait_core.weights.header import ModelHeader

VERSION = 2
"""Of the layout of the tensors and of the header's field ``parts``: 1 has no shapes of the face."""
READABLE = (1, VERSION)


def tensors_of(template: PartsTemplate) -> dict[str, Tensor]:
    """The tensors of a template by their names in a file."""
    return {PARTS_PREFIX + name: torch.as_tensor(np.ascontiguousarray(v)) for name, v in template.to_arrays().items()}


def template_of(loaded: LoadedWeights) -> PartsTemplate | None:
    """The template of a weights file, or None where it has none.

    Raises :class:`ModelFileError` for a template of another version or one that is not whole.
    """
    if not loaded.header.parts:
        return None
    version = loaded.header.parts.get("version")
    if version not in READABLE:
        raise ModelFileError(
            f"{loaded.path}: its parts template is of version {version!r}; this Portraitkit reads versions "
            f"{' and '.join(map(str, READABLE))}. Update Portraitkit."
        )
    try:
        return PartsTemplate.from_arrays({name: tensor.numpy() for name, tensor in loaded.parts().items()})
    except (KeyError, ValueError, IndexError) as error:
        raise ModelFileError(f"{loaded.path}: its parts template is damaged ({error}). Get the file again.") from None


def look_of(network: CanonicalGenerator, header: ModelHeader, rows: Tensor, identity: Identity) -> PersonLook:
    """What parts need of the person with style ``rows`` (1, num_ws, w_dim) and its ``identity``; ``network`` computes
    in float64. The header names what the code's numbers are."""
    layout = network.options
    with torch.no_grad():
        code = network.refined_code(rows[:, 0])
        weights = network.identity_code.weights(code)[0]
    scalars = code[0, 3 * layout.colours : 3 * layout.colours + layout.scalars]
    return PersonLook(
        coefficients=identity.coefficients.double().cpu().numpy(),
        landmarks=_by_name(header, "landmarks", identity.landmarks),
        palette=_by_name(header, "colours", identity.palette[0]),
        scalars={name: float(value) for name, value in _by_name(header, "scalars", scalars).items()},
        styles={name: float(value) for name, value in _by_name(header, "styles", weights).items()},
    )


def looks_of(network: CanonicalGenerator, header: ModelHeader, rows: Tensor) -> list[PersonLook]:
    """:func:`look_of` for several persons by their style ``rows`` (N, num_ws, w_dim), at once: the same but for the
    last bits of float64."""
    layout, w = network.options, rows[:, 0]
    with torch.no_grad():
        _, coefficients = network.identity_code.read(w)
        code = network.refined_code(w)
        weights, palette = network.identity_code.weights(code), network.identity_code.palette(code)
        landmarks = [network.identity_warp.landmarks(each) for each in coefficients]
    scalars = code[:, 3 * layout.colours : 3 * layout.colours + layout.scalars]
    return [
        PersonLook(
            coefficients=coefficients[k].double().cpu().numpy(),
            landmarks=_by_name(header, "landmarks", landmarks[k]),
            palette=_by_name(header, "colours", palette[k]),
            scalars={name: float(value) for name, value in _by_name(header, "scalars", scalars[k]).items()},
            styles={name: float(value) for name, value in _by_name(header, "styles", weights[k]).items()},
        )
        for k in range(len(rows))
    ]


def _by_name(header: ModelHeader, what: str, values: Tensor) -> Mapping[str, np.ndarray]:
    names = cast("list[str]", header.parts[what])
    return dict(zip(names, values.double().cpu().numpy(), strict=True))
