"""Labels drawn in other tools, as masks: labelme, COCO, CVAT, plain pictures."""

from rcrlib.data.annotations.coco import read_coco
from rcrlib.data.annotations.cvat import read_cvat
from rcrlib.data.annotations.labelme import read_labelme, write_empty_labelme
from rcrlib.data.annotations.naming import FrameNames
from rcrlib.data.annotations.polygon import fill_polygon
from rcrlib.data.annotations.rle import decode_rle
from rcrlib.data.annotations.sources import PICTURES_FOLDER, DrawnLabels, read_annotations

__all__ = [
    "PICTURES_FOLDER",
    "DrawnLabels",
    "FrameNames",
    "decode_rle",
    "fill_polygon",
    "read_annotations",
    "read_coco",
    "read_cvat",
    "read_labelme",
    "write_empty_labelme",
]
