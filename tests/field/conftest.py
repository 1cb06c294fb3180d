# SPDX-License-Identifier: Apache-2.0
"""The command line's fixtures, for the cases that are tried as a user would."""

from tests.cli.conftest import balls, run

__all__ = ["balls", "run"]
