# SPDX-License-Identifier: Apache-2.0
"""Batches are about which avatars are made, not about what they look like: their pictures are small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def small_pictures() -> Iterator[None]:
    """Thumbnails of 96 pixels: at full size they take longer than the rest of a small avatar."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portrait_core.pipeline.make.THUMBNAIL_SIZE", 96)
        yield
