"""Getting the public data sets: download, unpack, prepare, check against what is published."""

from rcrlib.data.fetch.catalogue import Archive, Counts, Published
from rcrlib.data.fetch.mirrors import download
from rcrlib.data.fetch.prepare import get, plan
from rcrlib.data.fetch.published import Verified, verify
from rcrlib.data.fetch.sets import CATALOGUE, find_set
from rcrlib.data.fetch.unpacking import unpack

__all__ = [
    "CATALOGUE",
    "Archive",
    "Counts",
    "Published",
    "Verified",
    "download",
    "find_set",
    "get",
    "plan",
    "unpack",
    "verify",
]
