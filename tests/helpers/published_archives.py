"""The public data sets' archives in miniature, wrapped and named as their authors publish them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers.archive_server import Site
from helpers.miniature_layouts import (
    davis2016,
    davis2017,
    duts,
    ecssd,
    fbms_archive,
    hku_is,
    msra_b,
    vos,
)
from rcrlib.data.fetch import PublishedDataset, find_set


def davis_with_traps(mini):
    """Write a mask with an alpha channel and an empty one, as DAVIS 2016 has them."""
    davis2016(mini)
    grey = np.zeros((12, 16, 4), np.uint8)
    grey[:, :4, :3] = 255
    grey[..., 3] = 255
    mini.image("Annotations/480p/bear/00001.png", grey)
    mini.mask("Annotations/480p/bear/00002.png", columns=slice(0, 0))
    mini.video("JPEGImages/1080p/bear", "Annotations/1080p/bear")


def fbms_with_both_conventions(mini):
    fbms_archive(mini)
    mini.image("Testset/cars/GroundTruth/cars_02_PROB_gt.pgm", np.full((12, 16), 9, np.uint8))


def segtrack_as_published(mini):
    """One folder of masks per object, frames in two formats, and a stray picture."""
    for index in range(1, 4):
        mini.frame(f"JPEGImages/bmx/bmx_{index:05d}.bmp", index)
        mini.mask(f"GroundTruth/bmx/1/bmx_{index:05d}.png", columns=slice(0, 4))
        mini.mask(f"GroundTruth/bmx/2/bmx_{index:05d}.bmp", columns=slice(12, 16))
        mini.frame(f"JPEGImages/frog/frog_{index:05d}.png", index)
        mini.mask(f"GroundTruth/frog/frog_{index:05d}.png")
    mini.frame("JPEGImages/CSI_NY.jpg")
    mini.text("ImageSets/all.txt", "*bmx\n*frog\n")
    mini.text("ImageSets/bmx.txt", "bmx\nbmx_00001\nbmx_00002\nbmx_00003\n")


def duts_with_grey_edges(mini):
    duts(mini)
    mini.image("DUTS-TR-Mask/TR.png", np.array([[0, 100, 127, 128, 200, 255] * 2] * 12, np.uint8))
    mini.frame("DUTS-TR-Image/TR.jpg", size=(12, 12))


def davsod(mini):
    for index in (31, 32):
        mini.frame(f"Easy-35/select_0012/Imgs/{index:04d}.png", index)
        mini.mask(f"Easy-35/select_0012/GT_object_level/{index:04d}.png")
        mini.palette(
            f"Easy-35/select_0012/GT_instance_level/{index:04d}.png", np.ones((12, 16), np.uint8)
        )


MAKE: dict[str, tuple[Callable, dict[str, tuple[str, ...]], str]] = {
    "davis2016": (davis_with_traps, {"DAVIS-data.zip": ("",)}, "DAVIS"),
    "davis2017": (davis2017, {"DAVIS-2017-trainval-480p.zip": ("",)}, "DAVIS"),
    "fbms": (
        fbms_with_both_conventions,
        {"FBMS_Trainingset.zip": ("Trainingset",), "FBMS_Testset.zip": ("Testset",)},
        "",
    ),
    "segtrack": (segtrack_as_published, {"SegTrackv2.zip": ("",)}, "SegTrackv2"),
    "duts": (
        duts_with_grey_edges,
        {"DUTS-TR.zip": ("DUTS-TR-",), "DUTS-TE.zip": ("DUTS-TE-",)},
        "DUTS",
    ),
    "ecssd": (ecssd, {"images.zip": ("images",), "ground_truth_mask.zip": ("ground",)}, ""),
    "msra-b": (msra_b, {"MSRA-B.zip": ("",)}, "MSRA-B"),
    "vos": (vos, {"VOS.zip": ("",)}, "VOS"),
    "hku-is": (hku_is, {"HKU-IS.zip": ("",)}, "HKU-IS"),
    "davsod": (davsod, {"Easy-35.zip": ("",)}, ""),
}
"""How to write a set, which of its files are in which archive, and the folder around them."""


def archives_of(name: str, mini) -> dict[str, bytes]:
    """Write a miniature and pack it as its authors do."""
    make, parts, around = MAKE[name]
    make(mini)
    return {file: packed(mini.root, starts, around) for file, starts in parts.items()}


def packed(root: Path, starts: tuple[str, ...] = ("",), around: str = "") -> bytes:
    """Pack the files whose names start so, and what a Mac would add."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and name.startswith(starts):
                file.write(path, f"{around}/{name}".lstrip("/"))
        file.writestr("__MACOSX/._DAVIS", b"junk")
    return buffer.getvalue()


def from_site(name: str, site: Site) -> PublishedDataset:
    """Return a set of the catalogue whose archives are on `site`, without published checksums."""
    published = find_set(name)
    archives = tuple(
        replace(each, mirrors=(site.url(each.name),), size=None, checksums=(), estimated_size=0)
        for each in published.archives
    )
    return replace(published, archives=archives)
