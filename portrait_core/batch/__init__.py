# SPDX-License-Identifier: Apache-2.0
"""Many recipes: plan, run, resume, report. :func:`make_avatars` for programs that want the avatars themselves."""

from portrait_core.batch.library import make_avatars

__all__ = ["make_avatars"]
