# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of two nodes on this machine: both work, and one of them may go away in the middle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.batch import TINY, jobs_of
from portrait_core.batch.records import Record
from portrait_core.batch.resources import Resources
from portrait_core.batch.resume import is_whole
from portrait_core.batch.run import Limits
from portrait_core.batch.service import Batch, run_batch

pytest.importorskip("ray", reason="Ray is not installed: pip install 'portraitkit[cluster]'")
pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="Ray's test clusters run on Linux and macOS"),
    pytest.mark.timeout(900),
]

COUNT = 4
NODE: dict[str, Any] = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 100_000_000, "include_dashboard": False}


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two nodes with one core each, so that two workers never share a node."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE)
    try:
        made.add_node(**{name: value for name, value in NODE.items() if name != "include_dashboard"})
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


def test_a_node_that_goes_away_costs_only_what_it_had_in_work(cluster: Any, tmp_path: Path) -> None:
    import ray

    batch = Batch(
        jobs_of(range(COUNT), TINY),
        str(tmp_path / "out"),
        limits=Limits(retries=2),
        resources=Resources("ray", workers=2, threads=1, device="cpu", address=cluster.address),
    )
    heard: list[Record] = []

    def listen(record: Record) -> None:
        heard.append(record)
        workers = {each.worker for each in heard}
        if len(workers) == 2 and len(cluster.worker_nodes) == 1:
            assert sum(node["Alive"] for node in ray.nodes()) == 2
            (second,) = cluster.worker_nodes
            cluster.remove_node(second, allow_graceful=False)

    summary, records = run_batch(batch, heard=listen)
    assert not cluster.worker_nodes, "both workers made something before the node was taken away"
    assert (summary.made, summary.failed, len(records)) == (COUNT, 0, COUNT)
    assert all(is_whole(each, tmp_path / "out") for each in records)
    assert len(heard) == COUNT, "none was made twice"
    again, _ = run_batch(batch)
    assert (again.kept, again.made) == (COUNT, 0)
