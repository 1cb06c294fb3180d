# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's exporter leaves out of a USD file: shapes of the face by one name for all parts, and cutoffs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy


def mend(path: Path, cutoffs: Mapping[str, float]) -> None:
    """Call the blend shapes of all meshes by their own names, so that each name moves the face as a whole, and give
    materials the opacity below which they are clear, by their names.

    Left as it is where this Blender lets nobody use its USD library (4.2).
    """
    try:
        if hasattr(bpy.utils, "expose_bundled_modules"):
            bpy.utils.expose_bundled_modules()
        from pxr import Sdf, Usd, UsdShade, UsdSkel
    except ImportError:
        return
    stage = Usd.Stage.Open(str(path))
    own: dict[str, str] = {}
    for prim in stage.Traverse():
        if prim.GetTypeName() == "Mesh":
            binding = UsdSkel.BindingAPI(prim)
            tokens = binding.GetBlendShapesAttr().Get()
            if tokens:
                names = [target.name for target in binding.GetBlendShapeTargetsRel().GetTargets()]
                own.update(zip(tokens, names, strict=True))
                binding.GetBlendShapesAttr().Set(names)
        elif prim.GetTypeName() == "Material" and prim.GetName() in cutoffs:
            for child in prim.GetChildren():
                shader = UsdShade.Shader(child)
                if shader and shader.GetIdAttr().Get() == "UsdPreviewSurface":
                    threshold = shader.CreateInput("opacityThreshold", Sdf.ValueTypeNames.Float)
                    threshold.Set(cutoffs[prim.GetName()])
    for prim in stage.Traverse():
        if own and prim.GetTypeName() == "SkelAnimation":
            _one_weight_a_name(prim, own, Sdf, Usd, UsdSkel)
    stage.GetRootLayer().Save()


def _one_weight_a_name(prim: Any, own: Mapping[str, str], sdf: Any, usd: Any, skel: Any) -> None:
    animation = skel.Animation(prim)
    first: dict[str, int] = {}
    for column, token in enumerate(animation.GetBlendShapesAttr().Get() or ()):
        first.setdefault(str(own.get(str(token), token)), column)
    animation.GetBlendShapesAttr().Set(list(first))
    weights = animation.GetBlendShapeWeightsAttr()
    for time in weights.GetTimeSamples() or [usd.TimeCode.Default()]:
        values = weights.Get(time)
        if values is not None:
            weights.Set([values[column] for column in first.values()], time)
    source = skel.BindingAPI(prim.GetParent()).CreateAnimationSourceRel()
    if not source.GetTargets():
        source.SetTargets([sdf.Path(prim.GetPath())])
