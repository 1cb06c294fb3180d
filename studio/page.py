# SPDX-License-Identifier: Apache-2.0
"""The controls of a page: one tab for each thing that people come for."""

from __future__ import annotations

import viser

from studio.panel_face import FacePanel
from studio.panel_files import FilesPanel
from studio.panel_look import LookPanel
from studio.panel_people import PeoplePanel
from studio.panel_person import PersonPanel
from studio.panel_pictures import PicturesPanel
from studio.panel_pose import PosePanel
from studio.tab import Tab

PANELS = (
    ("Person", viser.Icon.USER, PersonPanel),
    ("Face", viser.Icon.MOOD_SMILE, FacePanel),
    ("Pose", viser.Icon.YOGA, PosePanel),
    ("People", viser.Icon.USERS, PeoplePanel),
    ("Pictures", viser.Icon.PHOTO, PicturesPanel),
    ("Look", viser.Icon.BULB, LookPanel),
    ("Files", viser.Icon.FILE_DOWNLOAD, FilesPanel),
)


def build_page(tab: Tab) -> None:
    """Put the controls onto the page of ``tab``."""
    gui = tab.client.gui
    group = gui.add_tab_group()
    for label, icon, panel in PANELS:
        with tab.container_made(label, group.add_tab(label, icon)):
            tab.panels[label] = panel(tab)
