"""Optical flow: estimating it, keeping it, warping with it, and what FGPLG sees of it.

Convention everywhere: `flow(a, b)[:, :, y, x]` says where the point (x, y) of a went in b, in
pixels, channel 0 to the right and channel 1 down. Sampling b at (x, y) + flow(a, b) brings b to a.
"""

from rcrlib.flow.cache import FlowCache
from rcrlib.flow.channels import guidance, magnitude
from rcrlib.flow.estimator import FlowEstimator, Names, check_frames
from rcrlib.flow.geometry import occlusion, warp
from rcrlib.flow.methods import METHODS, get_flow
from rcrlib.flow.picture import flow_to_rgb
from rcrlib.flow.precomputed import resize_flow
from rcrlib.flow.storage import read_flow, write_flow

__all__ = [
    "METHODS",
    "FlowCache",
    "FlowEstimator",
    "Names",
    "check_frames",
    "flow_to_rgb",
    "get_flow",
    "guidance",
    "magnitude",
    "occlusion",
    "read_flow",
    "resize_flow",
    "warp",
    "write_flow",
]
