# SPDX-License-Identifier: Apache-2.0
"""The model with shapes of the face, for what other people's software makes of them."""

from tests.face.conftest import starter_with_face

__all__ = ["starter_with_face"]
