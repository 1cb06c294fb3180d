# SPDX-License-Identifier: Apache-2.0
"""Controls as they are heard: what a person did, and not what we set ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def by_hand(action: Callable[[], object]) -> Callable[[Any], None]:
    """A callback for a control that does ``action`` when somebody moved it; viser calls it for our own changes too."""

    def heard(event: Any) -> None:
        if event.client_id is not None:
            action()

    return heard
