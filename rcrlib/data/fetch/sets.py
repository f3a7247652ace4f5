"""All public data sets that rcr can get, by name."""

from __future__ import annotations

from collections.abc import Mapping

from rcrlib.data.fetch.catalogue import PublishedDataset
from rcrlib.data.fetch.image_sets import IMAGE_SETS
from rcrlib.data.fetch.video_sets import VIDEO_SETS
from rcrlib.errors import OptionError

CATALOGUE: Mapping[str, PublishedDataset] = {each.name: each for each in (*VIDEO_SETS, *IMAGE_SETS)}
"""The public data sets by name."""


def find_set(name: str) -> PublishedDataset:
    """Return a data set of the catalogue by name; raise `OptionError` for an unknown one."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    raise OptionError(f"{name!r}: no data set that rcr knows; use one of {', '.join(CATALOGUE)}")
