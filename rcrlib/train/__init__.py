"""The paper's three stages of training, over one loop on Lightning Fabric."""

from rcrlib.train.config import TrainConfig
from rcrlib.train.loader import read_steps
from rcrlib.train.loop import fit, frame_loss
from rcrlib.train.presets import PRESETS, Preset, get_preset
from rcrlib.train.sampler import SampleKey, StepSampler
from rcrlib.train.samples import ClipSamples, ClipsWithImages, Sample, TripletSamples
from rcrlib.train.stages import train_fgplg, train_image, train_video
from rcrlib.train.starts import load_as
from rcrlib.train.stills import StillTriplets, corrupted_guidance

__all__ = [
    "PRESETS",
    "ClipSamples",
    "ClipsWithImages",
    "Preset",
    "Sample",
    "SampleKey",
    "StepSampler",
    "StillTriplets",
    "TrainConfig",
    "TripletSamples",
    "corrupted_guidance",
    "fit",
    "frame_loss",
    "get_preset",
    "load_as",
    "read_steps",
    "train_fgplg",
    "train_image",
    "train_video",
]
