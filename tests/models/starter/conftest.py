# SPDX-License-Identifier: Apache-2.0
"""The CC0 data, for the tests that need it."""

from __future__ import annotations

import pytest

from portrait_core.errors import UsageError
from portrait_core.world.assets import AssetFolders, find_assets


@pytest.fixture(scope="session")
def assets() -> AssetFolders:
    """The CC0 data's folders; tests that need them are skipped without."""
    try:
        return find_assets()
    except UsageError as error:
        pytest.skip(str(error))
