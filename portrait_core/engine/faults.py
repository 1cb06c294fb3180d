# SPDX-License-Identifier: Apache-2.0
"""Exceptions -> the protocol's error codes, with what to do next."""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass
from typing import Any

from portrait_core.errors import Cancelled, ModelFileError, OutputError, PortraitError, Remedy, UsageError
from portrait_core.protocol import ErrorCode, ProtocolError
from portrait_core.runtime.memory import is_out_of_memory

_log = logging.getLogger("portraitkit")

_DENIED = {errno.EACCES, errno.EPERM}
_LESS = "A smaller lattice, texture size or face count needs less memory; so does the CPU instead of a graphics card."
ADVICE: dict[ErrorCode, str] = {
    "bad_request": "This is a mistake of the calling program; please report it.",
    "unknown_request": "The calling program and the engine do not match; update both.",
    "version": "The calling program and the engine do not match; update both.",
    "usage": "Change the settings and try again.",
    "model": "Choose another model, or get the model's file again.",
    "cancelled": "",
    "disk": "Make room or choose another folder, then try again.",
    "permission": "Choose a folder that you may write to, then try again.",
    "memory": _LESS,
    "internal": "This is a fault of Portraitkit. Try again; if it stays, report it with the log.",
}


class MemoryLimit(PortraitError):
    """The process grew beyond the limit that the client set."""


@dataclass(frozen=True)
class Fault:
    """What an error event says."""

    code: ErrorCode
    message: str
    advice: str
    remedy: Remedy | None = None

    def facts(self) -> dict[str, Any]:
        """Code, message and advice as plain data, and the remedy where there is one."""
        facts: dict[str, Any] = {"code": self.code, "message": self.message, "advice": self.advice}
        return facts if self.remedy is None else facts | {"remedy": self.remedy.facts()}


def fault_of(error: BaseException) -> Fault:
    """The fault behind an exception; the traceback of what nobody foresaw goes to the log, and only there."""
    code = _code(error)
    if code == "internal":
        _log.error("internal fault", exc_info=error)
        return Fault(code, f"Something went wrong inside the engine ({type(error).__name__}).", ADVICE[code])
    if code == "memory" and not isinstance(error, MemoryLimit):
        return Fault(code, "The memory is not large enough for this.", ADVICE[code])
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return Fault(code, f"{error.filename or 'The system'}: {reason}.", ADVICE[code])
    told = " ".join(str(error).split())[:4000]
    return Fault(code, told, ADVICE[code], error.remedy if isinstance(error, PortraitError) else None)


def ends_batch(code: ErrorCode) -> bool:
    """Whether an avatar's failure will be every other's as well."""
    return code in ("cancelled", "disk", "permission")


def _code(error: BaseException) -> ErrorCode:
    if isinstance(error, ProtocolError):
        return error.code
    if isinstance(error, Cancelled):
        return "cancelled"
    if isinstance(error, MemoryLimit) or (not isinstance(error, PortraitError) and is_out_of_memory(error)):
        return "memory"
    if isinstance(error, UsageError):
        return "usage"
    if isinstance(error, ModelFileError):
        return "model"
    if isinstance(error, OutputError | OSError):
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__
        denied = isinstance(cause, OSError) and cause.errno in _DENIED
        return "permission" if denied else "disk"
    if isinstance(error, PortraitError):
        return "usage"
    return "internal"
