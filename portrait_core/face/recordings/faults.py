# SPDX-License-Identifier: Apache-2.0
"""What a file of a face's motion can be refused for."""

from __future__ import annotations


class FaceFileError(ValueError):
    """A file that holds nothing of a face that can be used; the text is one sentence for its reader.

    ``remedy`` is a code of the engine's remedies where one helps ("give_source_rate"), else "".
    """

    def __init__(self, text: str, *, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy
