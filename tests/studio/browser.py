# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, spoken to by its developer tools' protocol: controls of the studio are found by their
labels, as people find them. Only where a browser is asked for (``PORTRAITKIT_CHROMIUM`` names its program).

Without a graphics card the processor draws the page's 3D view. viser draws it over and over, which takes all cores
there are: the server waits, and so does every movement of the mouse, which Chromium answers after the next picture (5 s
each where the machine is busy; nothing that the studio sends has a part in it). So pages draw a few times a second
here, and draw triangles only where somebody looks.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

FIND = """
(() => {
  if (window.studioTest) return;
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
  const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim();
  const labelled = (text) => [...document.querySelectorAll('label, span, div, p, button, legend')]
    .filter((e) => own(e) === text && seen(e));
  const field = (label, what, number) => {
    for (const start of labelled(label).slice(number || 0))
      for (let e = start.parentElement, up = 0; e && up < 5; e = e.parentElement, up++) {
        const found = [...e.querySelectorAll(what)].filter(seen);
        if (found.length) return found[0];
      }
    throw new Error('no ' + what + ' at ' + label);
  };
  const put = (input, value) => {
    const kind = input.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement;
    input.focus();
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(input, value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.blur();
  };
  window.studioTest = {
    type: (label, value, number) =>
      put(field(label, 'input:not([type=checkbox]):not([type=file]), textarea', number), value),
    tick: (label) => field(label, 'input[type=checkbox]').click(),
    press: (text, number) => {
      const found = labelled(text).filter((e) => e.closest('button, label, legend, [role=tab], [role=button]'));
      const target = found[number || 0] || labelled(text)[0];
      if (!target) throw new Error('nothing called ' + text);
      target.scrollIntoView({ block: 'center' });
      const box = target.getBoundingClientRect();
      const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      if (!above || !(above.contains(target) || target.contains(above))) throw new Error(text + ' is covered');
      const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
      const more = { bubbles: true, cancelable: true, button: 0, pointerId: 1, isPrimary: true, view: window, ...at };
      for (const kind of ['pointerdown', 'mousedown', 'pointerup', 'mouseup'])
        target.dispatchEvent(new (kind.startsWith('p') ? PointerEvent : MouseEvent)(kind, more));
      target.click();
    },
    open: (label, number) => {
      const e = field(label, 'input', number);
      e.scrollIntoView({ block: 'center' });
      e.focus();
      e.click();
    },
    option: (text) => {
      const found = [...document.querySelectorAll('[role=option]')]
        .filter((e) => e.innerText.trim() === text && seen(e));
      if (!found.length) throw new Error('no option ' + text);
      found[0].click();
    },
    value: (label) => field(label, 'input:not([type=checkbox]), textarea').value,
    clear: (text) => labelled(text).some((e) => {
      e.scrollIntoView({ block: 'center' });
      const box = e.getBoundingClientRect();
      return e.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    }),
    has: (text) => document.body.innerText.includes(text),
  };
})();
"""
SLOWER = """
(() => {
  // A bar that moves is sixty pictures of the whole page in a second.
  addEventListener('DOMContentLoaded', () => {
    const still = document.createElement('style');
    // Short, not none: folders learn by the end of a transition how high they are.
    still.textContent = '*, *::before, *::after { animation: none !important; transition-delay: 0s !important; '
      + 'transition-duration: 1ms !important; }';
    document.head.append(still);
  });
  const draw = window.requestAnimationFrame.bind(window);
  const later = (back) => window.studioStill ? setTimeout(later, 200, back) : draw(back);
  window.requestAnimationFrame = (back) => setTimeout(later, PAUSE, back);
  for (const name of ['drawElements', 'drawArrays', 'drawElementsInstanced', 'drawArraysInstanced']) {
    const own = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...args) {
      if (!window.studioSeen) return;
      own.apply(this, args);
      window.studioDrawn += 1;
    };
  }
})();
"""
PAUSE = 100
"""Milliseconds between two pictures of the 3D view."""
PATIENCE = 15.0
"""Seconds in which what is pressed or written into must be there."""
DROP = """
(() => {
  const bytes = Uint8Array.from(atob(CONTENT), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], NAME));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
})();
"""
SHOTS = "--enable-unsafe-swiftshader --use-angle=swiftshader --ignore-gpu-blocklist --no-sandbox --headless=new"


class Page:
    """One page of the browser; ``errors`` are what its console tells of that is wrong."""

    def __init__(self, address: str) -> None:
        # No pings: a browser whose view is drawn by the processor may answer them after a minute.
        self._socket = connect(address, max_size=2**28, ping_interval=None)
        self._count = 0
        self.errors: list[str] = []
        for part in ("Page", "Runtime", "Log"):
            self.do(f"{part}.enable")

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one command."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(timeout=120))
            self._hear(told)
            if told.get("id") == self._count:
                if "error" in told:
                    raise RuntimeError(told["error"])
                return told["result"]

    def _hear(self, told: dict[str, Any]) -> None:
        params = told.get("params", {})
        kind = told.get("method")
        if kind == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"].get("exception", {}).get("description", params)))
        elif kind == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(str([each.get("value", each.get("description")) for each in params["args"]]))
        elif kind == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))

    def js(self, expression: str) -> Any:
        """The value of an expression; raises for what it throws."""
        found = self.do("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", found))
        return found["result"].get("value")

    def say(self, verb: str, *args: object) -> Any:
        """One of the verbs of ``FIND``; waits a while for what it speaks of, as people do."""
        self.js(FIND)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.js(f"window.studioTest.{verb}({', '.join(map(json.dumps, args))})")
            except RuntimeError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def press(self, text: str, number: int = 0) -> None:
        """Click on what is called ``text``, where nothing lies above it.

        Without the mouse: Chromium loses a button that goes down in one picture of a busy page and up in a later one.
        """
        self.say("press", text, number)

    def choose(self, label: str, option: str) -> None:
        """Take an option of a dropdown."""
        self.say("open", label)
        time.sleep(0.4)
        self.say("option", option)

    def give(self, *paths: Path) -> None:
        """Choose files in the page's field for files, as its button does."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        field = self.do("DOM.querySelector", nodeId=root, selector="input[type=file]")["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=field, files=[str(path) for path in paths])

    def drop(self, path: Path) -> None:
        """Drop a file onto the page."""
        content = base64.b64encode(path.read_bytes()).decode()
        self.js(DROP.replace("CONTENT", json.dumps(content)).replace("NAME", json.dumps(path.name)))

    def picture(self, path: Path, clip: tuple[int, int, int, int] | None = None, *, view: bool = True) -> None:
        """The page as it is, or a part (left, top, width, height) of it, as a PNG; ``view`` where it has a 3D view that
        is to be drawn first."""
        more = {}
        if clip is not None:
            more = {"clip": dict(zip(("x", "y", "width", "height"), clip, strict=True)) | {"scale": 1}}
        with self.seen() if view else nullcontext():
            # The view keeps what it has drawn: each picture more would have to be drawn before the screenshot is made.
            self.js("window.studioStill = true")
            try:
                content = self.do("Page.captureScreenshot", format="png", **more)["data"]
            finally:
                self.js("window.studioStill = false")
        path.write_bytes(base64.b64decode(content))

    @contextmanager
    def seen(self) -> Generator[None]:
        """The 3D view is drawn meanwhile, and has been once."""
        self.js("window.studioDrawn = 0; window.studioSeen = true")
        until = time.monotonic() + 60
        while not self.js("window.studioDrawn") and time.monotonic() < until:
            time.sleep(0.2)  # viser draws once a second where nothing moves
        time.sleep(0.5)
        try:
            yield
        finally:
            self.js("window.studioSeen = false")

    def leave(self) -> None:
        """Close the page."""
        self.do("Page.close")
        self._socket.close()

    def drag(self, begin: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        """Move the pointer with its button down."""
        mouse = {"button": "left", "buttons": 1, "clickCount": 1}
        self.do("Input.dispatchMouseEvent", type="mousePressed", x=begin[0], y=begin[1], **mouse)
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step / steps for a, b in zip(begin, end, strict=True))
            self.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, **mouse)
        self.do("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **mouse)


class Browser:
    """A Chromium of its own, with a profile that is thrown away."""

    def __init__(self, program: str, width: int = 1280, height: int = 860) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [program, *SHOTS.split(), "--remote-debugging-port=0", f"--window-size={width},{height}"]
        command += [f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "DevTools listening" in line:
                self._place = line.split("ws://")[1].split("/")[0]
                break
        threading.Thread(target=self._process.stderr.read, daemon=True).start()  # or it waits once its pipe is full

    def open(self, address: str, downloads: Path | None = None, pause: int = PAUSE) -> Page:
        """A new page at ``address``, with ``pause`` milliseconds between two pictures of its 3D view."""
        request = urllib.request.Request(f"http://{self._place}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request) as told:
            page = Page(json.loads(told.read())["webSocketDebuggerUrl"])
        if downloads is not None:
            page.do("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        page.do("Page.addScriptToEvaluateOnNewDocument", source=SLOWER.replace("PAUSE", str(pause)))
        page.do("Page.navigate", url=address)
        return page

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
        self._profile.cleanup()
