# SPDX-License-Identifier: Apache-2.0
"""How the body is turned: neck and head at once, every other joint by its name."""

from __future__ import annotations

import math
from typing import Any

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.rig.skeleton import BUST_JOINTS
from studio.attribute_groups import label_of
from studio.heard import by_hand
from studio.tab import Tab

AXES = (("Nod", 60.0), ("Turn", 80.0), ("Tilt", 60.0))
"""What the three numbers of a rotation do, and how far sliders go, degrees."""
USUAL = ("neck", "head")


class PosePanel:
    """The tab of the pose."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        gui = tab.client.gui
        self.sliders: dict[tuple[str, int], Any] = {}
        for joint in USUAL:
            with gui.add_folder(label_of(joint)):
                for axis, (label, most) in enumerate(AXES):
                    self._slider(joint, axis, label, most)
        others = [name for name in SMPL_JOINT_NAMES if name in BUST_JOINTS and name not in USUAL]
        self._named = {label_of(name): name for name in others}
        with gui.add_folder("Any other joint", expand_by_default=False):
            self.joint = gui.add_dropdown("Joint", tuple(self._named), initial_value=label_of(others[-1]))
            for axis, (label, most) in enumerate(AXES):
                self._slider("", axis, label, most)
        self.rest = gui.add_button("Upright", color="gray", hint="No joint is turned.")
        self.drawn = gui.add_button(
            "Pose of the model's own",
            color="gray",
            hint="The pose that the model gives to this person; for models of the published kind.",
        )
        self.rest.on_click(by_hand(lambda: tab.change(pose={})))
        self.drawn.on_click(by_hand(self._draw))
        self.joint.on_update(by_hand(self.refresh))
        tab.watch(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """The controls as the recipe says."""
        self.drawn.visible = "drawn_pose" in self._tab.capabilities
        for (joint, axis), slider in self.sliders.items():
            turn = self._tab.recipe.pose.get(joint or self._named[self.joint.value], (0.0, 0.0, 0.0))
            slider.value = float(min(max(round(math.degrees(turn[axis]), 1), slider.min), slider.max))

    def _slider(self, joint: str, axis: int, label: str, most: float) -> None:
        slider = self._tab.client.gui.add_slider(label, -most, most, 0.5, 0.0)
        slider.on_update(by_hand(lambda: self._moved(joint)))
        self.sliders[joint, axis] = slider

    def _moved(self, joint: str) -> None:
        name = joint or self._named[self.joint.value]
        turn = [math.radians(float(self.sliders[joint, axis].value)) for axis in range(3)]
        pose = {**self._tab.recipe.pose, name: turn}
        kept = {key: list(each) for key, each in pose.items() if any(each)}
        self._tab.change(quietly=True, pose=kept)

    def _draw(self) -> None:
        tab = self._tab

        def work(_watch: Any) -> None:
            with tab.shows.working:
                person: Any = tab.shows.engine.model(tab.recipe.model).person(tab.recipe)
                six = person.drawn_pose(tab.stage.camera()[0])
            tab.change(pose={"neck": list(map(float, six[:3])), "head": list(map(float, six[3:]))})

        tab.slow.ask("drawn", work)
