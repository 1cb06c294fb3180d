# SPDX-License-Identifier: Apache-2.0
"""The CC0 data and the world made of it, for the tests that need them."""

from __future__ import annotations

import pytest

from portrait_core.errors import UsageError
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.bust import PortraitWorld


@pytest.fixture(scope="session")
def assets() -> AssetFolders:
    """The CC0 data's folders; tests that need them are skipped without."""
    try:
        return find_assets()
    except UsageError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def world(assets: AssetFolders) -> PortraitWorld:
    """The portrait world; its hair volumes take two minutes the first time on a machine."""
    return PortraitWorld(assets)
