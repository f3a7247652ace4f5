"""Saliency for every frame of a video of any length, in memory that does not grow with it."""

from rcrlib.predict.config import PredictConfig
from rcrlib.predict.folder import predict
from rcrlib.predict.maps import frames_with_saliency, saliency_maps
from rcrlib.predict.stream import windows

__all__ = ["PredictConfig", "frames_with_saliency", "predict", "saliency_maps", "windows"]
