# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.client import Worker


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One worker for all tests that leave it as it was; at the end it must still be alive."""
    with Worker(tmp_path_factory.mktemp("worker") / "log.txt", {"PORTRAITKIT_NICE": "3"}) as worker:
        yield worker
        assert worker.process.poll() is None
        assert worker.ask("ping") == {}
