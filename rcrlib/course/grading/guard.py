"""What a submission's process may not do: write outside its folder, start programs, go online.

Two walls, one behind the other. An audit hook (PEP 578) sees such calls of Python's on every system
and cannot be removed. On Linux, Landlock lets the kernel itself refuse whatever else writes, C and
C++ included. Both end with the process. Whoever grades code that is written to attack runs the
grading in a container as well.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

_PATHS = {
    "os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 1, "os.link": 2, "os.symlink": 2,
    "os.truncate": 1, "os.chmod": 1, "os.chown": 1, "os.utime": 1, "os.chdir": 1, "os.setxattr": 1,
    "os.removexattr": 1, "os.mknod": 1, "os.mkfifo": 1, "shutil.rmtree": 1, "shutil.chown": 1,
}  # fmt: skip
"""Calls that change what their first so many arguments name."""

_REFUSED = (
    "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill",
    "os.startfile", "pty.spawn", "socket.connect", "socket.bind", "socket.getaddrinfo",
    "sqlite3.connect", "ctypes.dlopen", "ctypes.dlsym", "ctypes.call_function", "webbrowser.",
)  # fmt: skip

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Numbers of system calls (alike on all processors since 2019) and flags, from Linux' landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITES = {1: 0b1_1111_1111_0010, 2: 1 << 13, 3: 1 << 14}
"""By the version of Landlock that brought them: write, remove, make; move; truncate."""


def guard(folder: Path) -> None:
    """From here on, refuse this process everything that could touch what is not in `folder`."""
    if sys.platform == "linux":
        _landlock(folder)
    sys.addaudithook(_hook(os.path.realpath(folder)))


def _hook(inside: str) -> Any:
    """Return the audit hook; what it uses is bound here, out of the notebook's reach."""
    fspath, realpath, fsdecode = os.fspath, os.path.realpath, os.fsdecode
    allowed = (inside + os.sep, "/dev/null")

    def within(path: Any) -> bool:
        if path is None or isinstance(path, int):
            return False
        text = fsdecode(fspath(path))
        # With a folder's descriptor beside it a name with .. leads where this hook cannot see.
        return ".." not in text.split("/") and (realpath(text) + os.sep).startswith(allowed)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & _WRITING)
            if writes and not isinstance(path, int) and not within(path):
                raise PermissionError(f"grading: {path} is not in the submission's folder")
        elif event in _PATHS:
            if not all(within(path) for path in arguments[: _PATHS[event]]):
                raise PermissionError(f"grading: {event} outside the submission's folder")
        elif event.startswith(_REFUSED):
            raise PermissionError(f"grading: {event} is not allowed")

    return hook


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(folder: Path) -> None:
    """Let the kernel refuse writes outside `folder` and /dev/null; nothing where it cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    rights = sum(bits for since, bits in _WRITES.items() if version >= since)
    attributes = _Ruleset(rights)
    ruleset = libc.syscall(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)), 0
    )
    for path, bits in ((folder, rights), (Path("/dev/null"), 1 << 1)):
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _Beneath(bits, parent)
        libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(parent)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, without which the next call is refused
    if libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel did not take the grading's rules")
    os.close(ruleset)
