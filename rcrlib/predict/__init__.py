"""Saliency for every frame of a video of any length, in memory that does not grow with it."""

from rcrlib.predict.config import PredictConfig, clip_and_size
from rcrlib.predict.export import export_network, export_weights
from rcrlib.predict.folder import predict
from rcrlib.predict.maps import frames_with_saliency, saliency_maps
from rcrlib.predict.saliency import Saliency, load_for_prediction
from rcrlib.predict.stream import make_predictor, prepare_frames, windows

__all__ = [
    "PredictConfig",
    "Saliency",
    "clip_and_size",
    "export_network",
    "export_weights",
    "frames_with_saliency",
    "load_for_prediction",
    "make_predictor",
    "predict",
    "prepare_frames",
    "saliency_maps",
    "windows",
]
