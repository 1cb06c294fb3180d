# SPDX-License-Identifier: Apache-2.0
"""VRM 1.0: a .glb of a humanoid in a T-pose with expressions, look-at, spring bones and a licence of its own."""

from portrait_core.formats.vrm.meta import VrmMeta, needed_meta, remember_meta
from portrait_core.formats.vrm.writer import vrm_bytes

__all__ = ["VrmMeta", "needed_meta", "remember_meta", "vrm_bytes"]
