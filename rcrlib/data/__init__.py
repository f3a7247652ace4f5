"""Videos with sparse labels: reading them, the label protocol, what the networks are fed."""

from rcrlib.data.dataset import Dataset
from rcrlib.data.frames import Frames, ImageFrames, VideoFileFrames
from rcrlib.data.masks import MaskStyle, image_size, read_image, read_mask, write_mask
from rcrlib.data.protocol import (
    Interval,
    clips,
    dataset_intervals,
    dataset_triplets,
    intervals,
    keep_labels,
    keep_one_in,
    triplets,
)
from rcrlib.data.video import LabelFiles, Video

__all__ = [
    "Dataset",
    "Frames",
    "ImageFrames",
    "Interval",
    "LabelFiles",
    "MaskStyle",
    "Video",
    "VideoFileFrames",
    "clips",
    "dataset_intervals",
    "dataset_triplets",
    "image_size",
    "intervals",
    "keep_labels",
    "keep_one_in",
    "read_image",
    "read_mask",
    "triplets",
    "write_mask",
]
