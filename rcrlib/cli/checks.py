"""Checks and preparations that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rcrlib.errors import OptionError

if TYPE_CHECKING:
    from rcrlib.flow import FlowCache


def check_free(path: Path, *, force: bool) -> None:
    """Raise `OptionError` unless `path` is free for a file, or is a file that `force` replaces."""
    if path.is_dir():
        raise OptionError(f"{path}: a folder is in the way; name another file")
    if path.exists() and not force:
        raise OptionError(f"{path}: exists; name another file or give --force")


def flow_estimator(
    method: str, checkpoint: Path | None, folder: Path | None, device: str
) -> FlowCache:
    """Return a flow estimator by name; its flows are kept in `folder` where one is given."""
    from rcrlib.flow import FlowCache, get_flow
    from rcrlib.runtime import pick_device

    return FlowCache(get_flow(method, checkpoint=checkpoint, device=pick_device(device)), folder)
