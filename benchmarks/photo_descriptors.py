# SPDX-License-Identifier: Apache-2.0
"""How alike faces are by dlib's descriptor: run by ``benchmarks.photo_avatar`` in an environment that has it.

    python photo_descriptors.py SHEET...

Needs the packages ``dlib-bin``, ``face-recognition-models``, ``numpy`` and ``pillow``, and nothing of Portraitkit. Of
the models the descriptor (CC0) and the five points are used, and never the 68 points, which exclude commercial use.
Each sheet is a row of squares: a photograph, then renders. A line of JSON comes for each: the name, the distances of
the renders, and whose first render is nearest to the photograph.
"""

from __future__ import annotations

import glob
import json
import os
import sys
from typing import Any

import dlib
import numpy as np
from PIL import Image

FOLDER = next(
    path for root in sys.path for path in glob.glob(os.path.join(root, "face_recognition_models", "models")) if path
)


def main() -> None:
    detector = dlib.get_frontal_face_detector()
    points = dlib.shape_predictor(os.path.join(FOLDER, "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(os.path.join(FOLDER, "dlib_face_recognition_resnet_model_v1.dat"))

    def descriptor(image: Any) -> Any:
        found = detector(image, 1)
        if not found:
            return np.full(128, np.nan)
        largest = max(found, key=lambda each: each.area())
        return np.array(network.compute_face_descriptor(image, points(image, largest)))

    told = {}
    for path in sys.argv[1:]:
        sheet = np.asarray(Image.open(path).convert("RGB"))
        side = sheet.shape[0]
        squares = [np.ascontiguousarray(sheet[:, k * side : (k + 1) * side]) for k in range(sheet.shape[1] // side)]
        told[os.path.splitext(os.path.basename(path))[0]] = [descriptor(each) for each in squares]
    for name, (photograph, *renders) in told.items():
        far = {other: float(np.linalg.norm(photograph - rows[1])) for other, rows in told.items()}
        known = {other: value for other, value in far.items() if not np.isnan(value)}
        own = [float(np.linalg.norm(photograph - each)) for each in renders]
        nearest = min(known, key=lambda other: known[other]) if known else None
        print(json.dumps({"name": name, "distances": own, "nearest": nearest}))


if __name__ == "__main__":
    main()
