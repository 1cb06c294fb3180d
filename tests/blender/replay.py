# SPDX-License-Identifier: Apache-2.0
"""A worker that plays a recorded engine: `replay.py ORDER`, a JSON file; needs nothing but Python.

It greets, tells what it can do and refuses as the recorded engine did, word for word; what it is asked to make it
copies from files of the order. It can end in the middle of a request, say rubbish, or fail as on a full disk.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

_lock = threading.Lock()


def say(**message: Any) -> None:
    with _lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def beat() -> None:
    while True:
        say(event="heartbeat", busy=False, id=None, waiting=0, memory=1000)
        time.sleep(0.5)


class Played:
    """``order``: recorded (facts of recording.py), avatar and picture (files), and a fault: do, way, once (a file)."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.recorded = order["recorded"]
        self.order = order
        fault = order.get("fault")
        self.fault = fault if fault is not None and not Path(fault["once"]).exists() else None

    def run(self) -> None:
        hello = {**self.recorded["hello"], "pid": os.getpid()}
        if "protocol" in self.order:
            hello["protocol"] = self.order["protocol"]
        say(**hello)
        threading.Thread(target=beat, daemon=True).start()
        for line in sys.stdin:
            message = json.loads(line)
            with Path(self.order["heard"]).open("a", encoding="utf-8") as file:
                file.write(line)
            refusal = self.refusal(message)
            if refusal is not None:
                say(**{**refusal, "id": message["id"]})
                continue
            if self.fault is not None and self.fault["do"] == message["do"]:
                self.fail(message)
                continue
            self.answer(message)

    def refusal(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """What the recorded engine says to a request, a field or a recipe's field that it does not know."""
        do = message["do"]
        if do not in self.recorded["fields"]:
            return _put(self.recorded["unknown_request"], do)
        known = {"id", "do", *self.recorded["fields"][do]}
        for name in message:
            if name not in known and "*" not in known:
                return _put(self.recorded["unknown_field"], name)
        recipes = [message.get(name) for name in ("recipe", "a", "b", "worn")] + list(message.get("recipes", ()))
        for recipe in recipes:
            for name in recipe or ():
                if name not in self.recorded["recipe_fields"]:
                    return _put(self.recorded["unknown_recipe_field"], name)
        return None

    def fail(self, message: dict[str, Any]) -> None:
        assert self.fault is not None
        Path(self.fault["once"]).write_text("")
        say(event="progress", id=message["id"], stage="write", fraction=0.5, overall=0.5, remaining=1.0)
        way, self.fault = self.fault["way"], None
        if way == "killed":
            os._exit(9)
        if way == "rubbish":
            with _lock:
                sys.stdout.write('{"event": "result", "id": \n\x00\x01 not JSON\n[1, 2, 3]\n')
                sys.stdout.flush()
            self.answer(message)
        else:
            told = f"cannot write {message.get('path') or message.get('folder')}: {way}"
            say(event="error", id=message["id"], code=way, message=told, advice="")

    def answer(self, message: dict[str, Any]) -> None:
        do = message["do"]
        result = dict(self.recorded["results"].get(do, {}))
        if do == "generate":
            shutil.copyfile(self.order["avatar"], message["path"])
            result |= {"path": message["path"], "files": [message["path"]], "thumbnail": None}
            result |= {"name": message.get("name", ""), "recipe": message["recipe"]}
        elif do == "preview":
            paths = [str(Path(message["folder"]) / f"{index}.png") for index in range(len(message["recipes"]))]
            for index, path in enumerate(paths):
                shutil.copyfile(self.order["picture"], path)
                say(event="item", id=message["id"], index=index, path=path, recipe=message["recipes"][index])
            result = {"paths": paths, "seconds": 0.1}
        elif do in ("vary", "blend", "randomise"):
            count = len(message["fractions"]) if do == "blend" else message.get("count", 1)
            recipe = message.get("recipe") or message.get("a") or {"model": message.get("model", "starter"), "seed": 1}
            result = {"recipes": [recipe] * count, "values": [{}] * count}
        elif do == "batch":
            count = message["seed_range"][1]
            result = {"made": count, "kept": 0, "failed": 0, "seconds": 0.1}
        elif do == "bake":
            maps = {}
            for kind in ("base_colour", "normal", "surface"):
                maps[kind] = str(shutil.copyfile(self.order["picture"], Path(message["folder"]) / f"{kind}.png"))
            result = {"maps": maps, "sets": [{"material": "", "maps": maps}], "notices": [], "mesh": "", "faces": 1}
        elif do == "read_pose":
            result = {"pose": {"head": [0.0, 0.3, 0.0]}, "told": ""}
        say(event="result", id=message["id"], result=result)


def _put(recorded: dict[str, Any], name: str) -> dict[str, Any]:
    return {**recorded, "message": recorded["message"].replace("NAME", name)}


if __name__ == "__main__":
    Played(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
