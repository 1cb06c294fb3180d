# SPDX-License-Identifier: Apache-2.0
"""The frames of ``portrait video`` where a face moves: the finished avatar, through the renderer of its materials."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.face_options import with_face
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from portrait_core.avatar import Avatar
    from portrait_core.cameras import Camera
    from portrait_core.face.motion_files import FaceWish
    from portrait_core.portrait_model import PortraitModel
    from portrait_core.progress import Progress
    from portrait_core.recipe import Recipe

MOST_FRAMES = 18_000
"""Ten minutes at 30 frames a second."""


@dataclass(frozen=True)
class Shooting:
    """How a face is filmed: the camera's ``path``, ``frames`` (None: until the motion ends), ``rate`` a second, the
    ``size`` of a picture, and whether the ``depth`` is shown instead."""

    path: str
    frames: int | None
    rate: float
    size: int
    depth: bool

    def cameras(self, avatar: Avatar, count: int) -> list[Camera]:
        """A camera for each of ``count`` frames."""
        from portrait_core.cameras import gentle_sway, turntable
        from portrait_core.rendering.framing import frame_shoulders

        if self.path == "turntable":
            return turntable(count)
        if self.path == "sway":
            return gentle_sway(count)
        return [frame_shoulders(avatar.main.vertices).camera()] * count


def filmed(
    recipe: Recipe,
    model: PortraitModel,
    face: FaceWish,
    shooting: Shooting,
    watcher: Progress,
    say: Callable[[str], None],
) -> tuple[int, Iterator[NDArray[np.uint8]]]:
    """How many frames there will be, and the frames (S, S, 3).

    Raises :class:`UsageError` for motions that are too long to film.
    """
    from portrait_core.pipeline import make_avatar
    from portrait_core.recipe import say_new
    from portrait_core.rendering.film import seconds_of

    said = dict[str, object]()
    say_new(said, model.header)
    own = recipe.model_copy(update=said)
    avatar = with_face(make_avatar(own, model, watcher), face, own, say)
    count = shooting.frames or max(2, math.floor(seconds_of(avatar) * shooting.rate + 1e-6) + 1)
    if count > MOST_FRAMES:
        raise UsageError(
            f"the motion of the face has {count} frames; at most {MOST_FRAMES} are filmed. Give fewer by --frames, "
            "or a lower --frame-rate."
        )
    return count, _frames(avatar, shooting, count, watcher)


def _frames(avatar: Avatar, shooting: Shooting, count: int, watcher: Progress) -> Iterator[NDArray[np.uint8]]:
    from cli.pictures import shown_depth
    from portrait_core.rendering.film import film

    for image, depth in film(avatar, shooting.cameras(avatar, count), shooting.rate, shooting.size, watcher):
        yield shown_depth(depth) if shooting.depth else image
