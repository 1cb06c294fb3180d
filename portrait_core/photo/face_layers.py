# SPDX-License-Identifier: Apache-2.0
"""One face of several photographs of it, in the layout of textures: each side from the one that shows it best.

Features that were mixed would be seen twice, since no two photographs are carried over alike. So nothing is a mean of
photographs but where one goes over into the next: what the first shows well is the first one's alone, what it shows
badly is the next one's that shows it well, and what is left is anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from portrait_core.photo.face_light import DARKEST, FloatImage, blurred

MATCHED_SIZE, MATCHED = 0.03, 0.7
"""Of the layout: how wide differences of light between two photographs are; of the logarithm of light: how much is
taken back at most, beside what is the same everywhere."""


@dataclass(frozen=True, eq=False)
class EvenedFace:
    """A photograph's face in the layout, in an even light: ``photo`` (H, W, 3) linear, ``share`` (H, W) of it that
    counts, ``rather`` (H, W) how much is taken before another photograph's, ``browed`` (H, W) where brows are;
    ``light`` is how uneven it was."""

    photo: FloatImage
    share: FloatImage
    rather: FloatImage
    browed: FloatImage
    light: float = 0.0


def joined(faces: Sequence[EvenedFace], plain: FloatImage, size: int) -> tuple[FloatImage, FloatImage, FloatImage]:
    """The face of all: linear (H, W, 3), its share (H, W), and where brows are (H, W). ``plain`` (H, W, 3) linear is
    the model's skin; ``size`` is the whole layout's."""
    first = faces[0]
    if len(faces) == 1:
        return first.photo, first.share, first.browed
    photos, share, so_far = [first.photo], first.share, first.photo
    for face in faces[1:]:
        photos.append(_in_the_light_of(so_far, share, plain, face, size))
        more = (1 - share) * face.share
        whole = np.maximum(share + more, 1e-6)[:, :, None]
        so_far = ((so_far * share[:, :, None] + photos[-1] * more[:, :, None]) / whole).astype(np.float32)
        share = (share + more).astype(np.float32)
    left = np.ones_like(share)
    parts: list[FloatImage] = []
    for face in faces:
        parts.append(left * face.rather)
        left = (left - parts[-1]).astype(np.float32)
    for number, face in enumerate(faces):
        more = left * face.share
        parts[number] = (parts[number] + more).astype(np.float32)
        left = (left - more).astype(np.float32)
    whole = np.maximum(sum(parts, np.zeros_like(share)), 1e-6)
    photo, browed = np.zeros_like(so_far), np.zeros_like(share)
    for face, own, part in zip(faces, photos, parts, strict=True):
        photo += (own * (part / whole)[:, :, None]).astype(np.float32)
        browed += (face.browed * (part / whole)).astype(np.float32)
    return photo, share, browed


def _in_the_light_of(
    photo: FloatImage, share: FloatImage, plain: FloatImage, face: EvenedFace, size: int
) -> FloatImage:
    """The face in brightness and colour of ``photo`` (H, W, 3), of which ``share`` counts, in all that is wide; beyond
    it in those that the ``plain`` skin has in that light."""
    logs = [np.log(np.maximum(each, DARKEST)) for each in (photo, plain, face.photo)]
    over = logs[0] - logs[1]
    light = np.array([np.average(over[:, :, k], weights=share + 1e-9) for k in range(3)], np.float32)
    wanted = logs[1] + light + (over - light) * share[:, :, None]
    ratio = wanted - logs[2]
    weight = face.share + 1e-9
    middle = np.array([np.average(ratio[:, :, k], weights=weight) for k in range(3)], np.float32)
    soft = np.stack([blurred(ratio[:, :, k] - middle[k], face.share, MATCHED_SIZE * size) for k in range(3)], axis=2)
    return (face.photo * np.exp(middle + np.clip(soft, -MATCHED, MATCHED))).astype(np.float32)
