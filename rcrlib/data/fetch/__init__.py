"""Getting the public data sets: download, unpack, prepare, check against what is published."""

from rcrlib.data.fetch.catalogue import Archive, Counts, PublishedDataset
from rcrlib.data.fetch.mirrors import download
from rcrlib.data.fetch.prepare import get, plan
from rcrlib.data.fetch.sets import CATALOGUE, find_set
from rcrlib.data.fetch.transfer import RetryPolicy
from rcrlib.data.fetch.unpacking import unpack
from rcrlib.data.fetch.verification import Verification, verify

__all__ = [
    "CATALOGUE",
    "Archive",
    "Counts",
    "PublishedDataset",
    "RetryPolicy",
    "Verification",
    "download",
    "find_set",
    "get",
    "plan",
    "unpack",
    "verify",
]
