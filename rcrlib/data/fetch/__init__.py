"""Getting the public data sets: download, unpack, prepare, check against what is published."""

from rcrlib.data.fetch.catalogue import Archive, Counts, Published
from rcrlib.data.fetch.download import download
from rcrlib.data.fetch.get import get, plan
from rcrlib.data.fetch.sets import CATALOGUE, find_set
from rcrlib.data.fetch.unpack import unpack
from rcrlib.data.fetch.verify import Verified, verify

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
