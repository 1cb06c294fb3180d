# SPDX-License-Identifier: Apache-2.0
"""What pip says, understood."""

from __future__ import annotations

import pytest

from blender_addon.core.engine.pip_errors import why_failed
from blender_addon.core.engine.pip_progress import Progress
from blender_addon.core.text import Text


def test_bytes_are_counted_over_files() -> None:
    progress = Progress()
    for line in (
        "Collecting torch>=2.4",
        "  Downloading torch-2.9.0-cp311-none.whl (200 MB)",
        "Progress 0 of 1000",
        "Progress 1000 of 1000",
        "Collecting sympy",
        "  Downloading sympy-1.13-py3-none-any.whl (6 MB)",
        "Progress 250 of 500",
    ):
        progress.read(line)
    assert (progress.downloaded, str(progress.doing)) == (1250, "Downloading sympy")
    progress.read("Installing collected packages: sympy, torch")
    assert progress.installing and progress.downloaded == 1250


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'", "permission"),
        ("ERROR: [WinError 206] The filename or extension is too long: 'C:\\\\x'", "long_path"),
        ("PermissionError: [WinError 32] The process cannot access the file because it is being used", "locked"),
        ("ERROR: No matching distribution found for torch>=2.4", "no_wheel"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError(...)': /simple/torch/", "network"),
        ("WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.')'", "proxy"),
        ("ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "proxy"),
        ("something never seen", "setup"),
    ],
)
def test_reasons(line: str, code: str) -> None:
    told = why_failed([line], what=Text("Installing torch"), offline=False)
    assert told.code == code and told.advice and str(told.message).startswith("Installing torch failed")


def test_a_tested_version_that_is_not_there_is_named() -> None:
    lines = [
        "The conflict is caused by:",
        "    portraitkit 1.2.3 depends on otherpart",
        "    The user requested (constraint) otherpart==2.9.0",
        "ERROR: Cannot install portraitkit==1.2.3 because these package versions have conflicting dependencies.",
        "ERROR: ResolutionImpossible: for help visit a page",
    ]
    told = why_failed(lines, what=Text("Installing"), offline=True)
    assert told.code == "no_wheel" and "otherpart==2.9.0" in str(told.message)


def test_an_unreachable_server_is_no_missing_wheel() -> None:
    lines = [
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'",
        "ERROR: Could not find a version that satisfies the requirement torch>=2.4 (from versions: none)",
        "ERROR: No matching distribution found for torch>=2.4",
    ]
    assert why_failed(lines, what=Text("x"), offline=False).code == "network"
