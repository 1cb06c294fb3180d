# SPDX-License-Identifier: Apache-2.0
"""What a file of a face's motion can be refused for."""

from __future__ import annotations


class FaceFileError(ValueError):
    """A file that holds nothing of a face that can be used; the text is one sentence about it, without a full stop."""
