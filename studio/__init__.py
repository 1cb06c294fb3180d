# SPDX-License-Identifier: Apache-2.0
"""The studio: a page in the browser, served by this machine, on the running engine. Built on viser, behind a guard."""
