# SPDX-License-Identifier: Apache-2.0
"""A worker process of a batch on this machine: tasks as JSON lines in, records as JSON lines out.

    python -m portrait_core.batch.worker_process NAME DEVICE THREADS CARD_SHARE

CARD_SHARE is what it may take of a graphics card's memory, 0 to 1.
It ends at once when its input ends, also in the middle of an avatar: whoever started it is gone, and somebody else may
soon work in the same folder.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from typing import NoReturn

from portrait_core.runtime.calm import wait_asleep
from portrait_core.runtime.heap import share_one_heap
from portrait_core.runtime.stop_signals import leave_stopping_to_parent
from portrait_core.runtime.threads import take_short_turns
from portrait_core.worker.channel import Lines, private_streams


def main(name: str, device: str, threads: int, card_share: float) -> NoReturn:
    """Serve until the input ends."""
    leave_stopping_to_parent()  # what becomes of an avatar in work is for the batch to say
    wait_asleep()
    share_one_heap()
    take_short_turns()
    source, target = private_streams()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in Lines(source):
            tasks.put(line)
        os._exit(0)

    threading.Thread(target=read, name="read", daemon=True).start()

    def tell(facts: dict[str, object]) -> None:
        try:
            rest = memoryview(json.dumps(facts).encode() + b"\n")
            while rest:
                rest = rest[os.write(target, rest) :]
        except OSError:
            os._exit(0)

    import torch

    from portrait_core.batch.task import Task, carry_out
    from portrait_core.engine.engine import Engine, warm_up
    from portrait_core.runtime.devices import share_card
    from portrait_core.runtime.threads import limit_threads

    torch.set_num_threads(threads)
    limit_threads(threads)
    if device == "cuda":
        share_card(card_share)
    engine = Engine(kept_persons=1)
    engine.device = device
    warm_up()
    tell({"event": "ready"})
    while True:
        record = carry_out(Task.of(json.loads(tasks.get())), engine, worker=name)
        tell({"event": "record", "record": record.model_dump(mode="json")})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
