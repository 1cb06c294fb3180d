# SPDX-License-Identifier: Apache-2.0
"""Networks that read pictures, where they are set up."""

from __future__ import annotations

import pytest

from portrait_core.photo.networks.published import NETWORKS
from portrait_core.photo.networks.store import available, networks_path


@pytest.fixture(scope="session")
def networks() -> None:
    """Every network is set up; a test that asks for them is skipped where they are not."""
    missing = [network.name for network in NETWORKS if network.name not in available()]
    if missing:
        pytest.skip(f"not set up in {networks_path()}: {', '.join(missing)}; run `portrait photo setup`")
