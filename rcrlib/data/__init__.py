"""Videos with sparse labels: reading them, the label protocol, what the networks are fed."""

from rcrlib.data.checking import CheckResult, check
from rcrlib.data.dataset import Dataset, merge
from rcrlib.data.frames import Frames, ImageFrames, VideoFileFrames
from rcrlib.data.label_folder import MANIFEST, read_manifest
from rcrlib.data.layouts import LAYOUTS, load
from rcrlib.data.listing import list_files, list_folders, list_images, walk_files
from rcrlib.data.masks import (
    image_size,
    read_image,
    read_map,
    read_mask,
    read_void,
    write_mask,
)
from rcrlib.data.meaning import MaskStyle
from rcrlib.data.mp4 import write_times
from rcrlib.data.names import NameTable, folder_name, read_text
from rcrlib.data.own_video import JPEG_QUALITY, summarise_drawn, write_for_labelling, write_own_set
from rcrlib.data.sparse_labels import (
    Interval,
    Unit,
    clips,
    dataset_intervals,
    dataset_triplets,
    intervals,
    keep_labels,
    keep_one_in,
    triplets,
)
from rcrlib.data.synthetic import (
    SyntheticVideo,
    make_synthetic,
    write_synthetic,
    write_synthetic_images,
)
from rcrlib.data.synthetic_config import SyntheticConfig
from rcrlib.data.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    augment,
    denormalise,
    normalise,
    resize,
    to_tensor,
)
from rcrlib.data.video import LabelFiles, Video

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "JPEG_QUALITY",
    "LAYOUTS",
    "MANIFEST",
    "CheckResult",
    "Dataset",
    "Frames",
    "ImageFrames",
    "Interval",
    "LabelFiles",
    "MaskStyle",
    "NameTable",
    "SyntheticConfig",
    "SyntheticVideo",
    "Unit",
    "Video",
    "VideoFileFrames",
    "augment",
    "check",
    "clips",
    "dataset_intervals",
    "dataset_triplets",
    "denormalise",
    "folder_name",
    "image_size",
    "intervals",
    "keep_labels",
    "keep_one_in",
    "list_files",
    "list_folders",
    "list_images",
    "load",
    "make_synthetic",
    "merge",
    "normalise",
    "read_image",
    "read_manifest",
    "read_map",
    "read_mask",
    "read_text",
    "read_void",
    "resize",
    "summarise_drawn",
    "to_tensor",
    "triplets",
    "walk_files",
    "write_for_labelling",
    "write_mask",
    "write_own_set",
    "write_synthetic",
    "write_synthetic_images",
    "write_times",
]
