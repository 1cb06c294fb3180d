# SPDX-License-Identifier: GPL-3.0-or-later
"""What light does on each part of an avatar, beyond what a glTF file says: values of the Principled BSDF.

They are values of inputs alone. The trees stay those that Blender's importer makes, so that every exporter of Blender
still finds colours, opacity and roughness in them.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy

Value = float | tuple[float, float, float]

SHELL: Mapping[str, Value] = {
    "Subsurface Weight": 0.1,
    "Subsurface Radius": (1.0, 0.35, 0.2),
    "Subsurface Scale": 0.005,
}
"""An avatar in one piece: little, for its one material has no map that tells skin from hair and cloth."""

PARTS: Mapping[str, Mapping[str, Value]] = {
    # The free paths of light in skin: 3.7 mm of red, 1.3 of green, 0.7 of blue (Jensen and others 2001, skin 1). Not in
    # full: the pictures are of skin, so that a part of the blur is in them.
    "skin": {"Subsurface Weight": 0.7, "Subsurface Radius": (1.0, 0.36, 0.19), "Subsurface Scale": 0.0037},
    # Wet: the ball shines beside the iris, where no cornea is.
    "eye": {"Coat Weight": 0.7, "Coat Roughness": 0.06},
    # Its opacity of 0.15 scales what it reflects as well. A coat of 2.3 reflects 15.5 % straight on, of which that
    # leaves 2.3 %: a cornea's share.
    "cornea": {"Coat Weight": 1.0, "Coat Roughness": 0.02, "Coat IOR": 2.3},
    "tear": {"Coat Weight": 1.0, "Coat Roughness": 0.02, "Coat IOR": 1.9},
    "teeth": {"Subsurface Weight": 0.3, "Subsurface Radius": (1.0, 0.8, 0.6), "Subsurface Scale": 0.001},
    "tongue": {
        **{"Subsurface Weight": 0.5, "Subsurface Radius": (1.0, 0.3, 0.2), "Subsurface Scale": 0.003},
        **{"Coat Weight": 0.3, "Coat Roughness": 0.2},
    },
}
"""By the material's part. Metres. Lashes, brows, hair and garments are in full what their file says: roughness,
speculars, opacity, relief and the sheen of cloth."""


def dress(principled: bpy.types.ShaderNode, part: str) -> None:
    """Set what belongs to a part, or to an avatar in one piece where ``part`` is empty. Linked inputs stay linked, and
    what a version of Blender does not know is left out."""
    for socket, value in (PARTS.get(part, {}) if part else SHELL).items():
        if socket in principled.inputs:
            principled.inputs[socket].default_value = value
