# SPDX-License-Identifier: Apache-2.0
"""Where the site's made things lie. Standard library only: mkdocs runs in an environment without the engine."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
DOCS = ROOT / "docs"
CACHE = Path(os.environ.get("PORTRAITKIT_SITE_CACHE") or ROOT / ".cache" / "site")
"""What is made or fetched for the site; `make docs` fills it, and nothing of it is committed."""
GALLERY = CACHE / "gallery"
PROGRAMS = CACHE / "programs"
PACKAGES = CACHE / "node_modules"
BUILT = ROOT / "dist" / "site"
