# SPDX-License-Identifier: Apache-2.0
"""``python -I -u -m portrait_core.worker``: what clients start."""

from __future__ import annotations

from portrait_core.worker.start import main

if __name__ == "__main__":
    main()
