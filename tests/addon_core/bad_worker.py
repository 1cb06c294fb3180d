# SPDX-License-Identifier: Apache-2.0
"""A worker that misbehaves in one way, named by its first argument. It needs nothing but Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_lock = threading.Lock()


def say(**message: Any) -> None:
    raw((json.dumps(message) + "\n").encode())


def raw(data: bytes) -> None:
    with _lock:
        while data:
            data = data[os.write(1, data) :]


def hello(protocol: int = 1) -> None:
    say(event="hello", protocol=protocol, version="9.9.9", pid=os.getpid(), python="3.11.0")


def beat() -> None:
    def work() -> None:
        while True:
            say(event="heartbeat", busy=False, id=None, waiting=0, memory=1000)
            time.sleep(0.1)

    threading.Thread(target=work, daemon=True).start()


def requests() -> Any:
    for line in sys.stdin.buffer:
        yield json.loads(line)


def answer(message: dict[str, Any]) -> None:
    """What a good worker would say."""
    result = {"version": "9.9.9", "echo": message} if message["do"] == "capabilities" else {"echo": message}
    say(event="result", id=message["id"], result=result)


def count(folder: str) -> int:
    """How often a worker was started with this folder."""
    path = Path(folder) / "starts"
    number = len(path.read_bytes()) + 1 if path.exists() else 1
    path.write_bytes(b"x" * number)
    return number


def main() -> None:
    way, folder = sys.argv[1], sys.argv[2]
    number = count(folder)
    if way == "silent":
        time.sleep(60)
    if way == "dies at once":
        sys.exit(3)
    if way == "wrong version":
        hello(protocol=99)
        time.sleep(60)
    if way == "rubbish":
        raw(b'Welcome to torch!\n\x00\xff\xfe\n[1,2]\n{"event":"nonsense"}\n{broken\n\n')
        raw(b"y" * 3_000_000 + b"\n")
    hello()
    if way == "orphan":  # a grandchild that would hold the pipe open
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (Path(folder) / "grandchild").write_text(str(child.pid))
    if way != "hangs later":
        beat()
    if way == "closes stdout":
        time.sleep(0.3)
        os.close(1)
        time.sleep(60)
    for message in requests():
        do = message["do"]
        if (way, do) in (("refuses", "configure"), ("tells nothing", "capabilities")):
            remedy = {"do": "choose_device", "device": "cpu"}
            said = "device warp is not available here"
            say(event="error", id=message["id"], code="usage", message=said, advice="Change it.", remedy=remedy)
        elif do in ("capabilities", "ping", "configure"):
            answer(message)
        elif way == "dies in a job" or (way == "dies once" and number == 1):
            os._exit(9)
        elif way == "half a line":
            raw(b'{"event":"result","id":')
            os._exit(1)
        elif way in ("hangs later", "deaf", "orphan"):
            while way != "hangs later" or do != "cancel":
                time.sleep(60)
        elif way == "flood":
            for index in range(10_000):
                say(event="progress", id=message["id"], stage="s", fraction=0.5, overall=index / 10_000, remaining=1)
                if index % 10 == 0:
                    say(event="item", id=message["id"], index=index, text="z" * 200)
            answer(message)
        elif way == "error":
            say(event="error", id=message["id"], code="disk", message="the disk is full", advice="Make room.")
        elif way == "slices":
            for byte in json.dumps({"event": "result", "id": message["id"], "result": {"ä": "ö"}}).encode() + b"\n":
                raw(bytes([byte]))
        else:
            answer(message)


if __name__ == "__main__":
    main()
