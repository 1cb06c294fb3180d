# SPDX-License-Identifier: Apache-2.0
"""A worker on this process's standard streams, from hello to the end."""

from __future__ import annotations

import logging
import os
import platform
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

import portrait_core
from portrait_core.protocol import PROTOCOL
from portrait_core.runtime.calm import wait_asleep
from portrait_core.runtime.heap import share_one_heap
from portrait_core.runtime.threads import take_short_turns
from portrait_core.worker.channel import Lines, Writer, private_streams
from portrait_core.worker.server import Server


def main(level: int = logging.INFO) -> NoReturn:
    """Serve until the input ends, then end this process with status 0.

    From here on standard output of this process, also that of native code and of children, goes to the log.
    """
    wait_asleep()
    share_one_heap()
    take_short_turns()
    source, target = private_streams()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("portraitkit").setLevel(level)
    writer = Writer(target)
    writer.send(
        {
            "event": "hello",
            "protocol": PROTOCOL,
            "version": portrait_core.__version__,
            "pid": os.getpid(),
            "python": platform.python_version(),
        }
    )
    server = Server(Lines(source), writer)

    def stop(number: int, frame: FrameType | None) -> None:
        # A thread of its own: a handler must not wait for locks that the interrupted code may hold.
        threading.Thread(target=server.end, args=(f"signal {number}",), daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run()
    writer.close()
    logging.shutdown()
    # At once: taking the libraries apart takes a second, and their threads may not want to end.
    os._exit(0)
