# SPDX-License-Identifier: Apache-2.0
"""The studio: a viser server behind the guard, the engine, and a :class:`Tab` for every page that is open."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
import warnings
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, cast

import viser
import viser._messages as viser_messages

from portrait_core.engine.engine import Engine, warm_up
from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe
from studio.door import Door
from studio.guard import Guard, guarded
from studio.page import build_page
from studio.page_source import page_source
from studio.served import Served
from studio.shown import Shows
from studio.tab import Tab

_log = logging.getLogger("portraitkit")

ACCENT = (201, 140, 92)


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a studio."""

    host: str = "127.0.0.1"
    port: int = 8765
    device: str = "auto"
    model: str = "starter"
    seed: int = 0
    token: str = ""
    """Wanted of everybody; where it is empty, of others than this machine a new one is."""


class Studio:
    """A studio that runs from its making until :meth:`stop`.

    Raises :class:`UsageError` for a model or device that is not there, and a host or port that cannot be had.
    """

    def __init__(self, wish: Wish) -> None:
        self.engine = Engine(kept_persons=8)
        self.engine.configure(device=wish.device, models_folder=None, reset_folder=False)
        self._first = self._first_recipe(wish)
        self.served = Served()
        self.shows = Shows(self.engine, self.served.keep)
        self._tabs: dict[int, Tab] = {}
        self._lock = Lock()
        page_source()  # what is wrong with it is told before anything is served
        port = _free_port(wish.host, wish.port)
        self.guard = Guard(Door.of(wish.host, port, wish.token), self.served)
        self._server = self._started(wish.host, port)
        Thread(target=self._warm, name="studio-warm", daemon=True).start()

    @property
    def addresses(self) -> list[str]:
        """What to open in a browser."""
        return self.guard.door.addresses()

    @property
    def tabs(self) -> list[Tab]:
        """The pages that are open, in the order in which they came."""
        with self._lock:
            return list(self._tabs.values())

    def stop(self) -> None:
        """Close all pages and the server."""
        for tab in self.tabs:
            tab.close()
        with contextlib.redirect_stdout(io.StringIO()):
            self._server.stop()

    def _first_recipe(self, wish: Wish) -> Recipe:
        from portrait_core.recipe import say_new

        told: dict[str, Any] = {"model": wish.model, "seed": wish.seed}
        say_new(told, self.engine.header(wish.model))
        return self.engine.take_recipe(told)

    def _started(self, host: str, port: int) -> viser.ViserServer:
        os.environ.pop("_VISER_PORT_OVERRIDE", None)
        warnings.filterwarnings("ignore", module="viser")
        # It prints where it listens, which is half of what is to be told here.
        with guarded(self.guard), contextlib.redirect_stdout(io.StringIO()):
            server = viser.ViserServer(host=host, port=port, label="Portrait studio", verbose=False)
        if server.get_port() != port:
            server.stop()
            raise UsageError(f"port {port} of {host} was taken by another program meanwhile; choose another one.")
        for kind in (viser_messages.ShareUrlRequest, viser_messages.ShareUrlDisconnect):
            # A tunnel to somebody's server on the internet: not from here. No page gets to say so either.
            cast(Any, server)._websock_server.unregister_handler(kind)
        server.scene.set_up_direction("+y")
        server.gui.configure_theme(
            dark_mode=True, show_logo=False, show_share_button=False, brand_color=ACCENT, control_width="medium"
        )
        server.gui.main_panel.dock_right()
        server.on_client_connect(self._come)
        server.on_client_disconnect(self._go)
        return server

    def _come(self, client: viser.ClientHandle) -> None:
        try:
            tab = Tab(client, self.shows, self._first)
            with self._lock:
                self._tabs[client.client_id] = tab
            build_page(tab)
            tab.redraw(noted=False)
        except Exception:
            _log.exception("a page of the studio could not be built")

    def _go(self, client: viser.ClientHandle) -> None:
        with self._lock:
            tab = self._tabs.pop(client.client_id, None)
        if tab is not None:
            tab.close()

    def _warm(self) -> None:
        try:
            warm_up()
            self.engine.model(self._first.model)
        except Exception as error:
            _log.error("the engine is not whole: %s", error)  # whoever needs it is told on the page


def _free_port(host: str, port: int) -> int:
    """``port`` where it is free, any for 0; raises :class:`UsageError` with what the system says otherwise."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise UsageError(f"port {port} of {host} cannot be had: {error.strerror or error}.") from error
