# SPDX-License-Identifier: Apache-2.0
"""Measures of speed and quality, each a program of its own."""

from portrait_core.runtime.calm import wait_asleep

# Before anything loads NumPy: measured is what the programs of the project do, and they let libraries' threads sleep.
wait_asleep()
