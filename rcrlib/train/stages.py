"""The paper's three stages (4.2): RCRNet on images, FGPLG on triplets, RCRNet+NER on clips.

Each function makes its network, trains it with `rcrlib.train.fit` and returns the path of the
weights. Running them one after another, with `rcrlib.pseudo.generate` between the second and
the third, is the whole method.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rcrlib.data import Dataset
from rcrlib.flow import FlowEstimator
from rcrlib.models import NERConfig, RCRNet, for_training
from rcrlib.runtime import mix_seed, pick_device
from rcrlib.train.loop import fit
from rcrlib.train.presets import Preset
from rcrlib.train.samples import ClipSamples, ClipsWithImages, Sample, SampleSet, TripletSamples
from rcrlib.train.starts import start_fgplg, start_image, start_video
from rcrlib.train.stills import StillTriplets
from rcrlib.triplets import reader_for
from rcrlib.variants import Inputs, Variant

IMAGES_PER_TRIPLET = 3
"""Far fewer triplets than images are at hand, and only the latter show many kinds of things."""


def train_image(
    dataset: Dataset,
    preset: Preset,
    out: str | Path,
    *,
    start: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
) -> Path:
    """Stage 1: train RCRNet on every labelled frame as an image of its own.

    Batch normalisation is trained here, and here only. Over several GPUs each one normalises its
    own share of the batch.

    Args:
        dataset: an image set, or a video set whose labelled frames are used.
        preset: network, resolution, encoder and settings of the stage.
        out: the run folder.
        start: weights of an RCRNet, or of an RCRNet+NER whose RCRNet is taken, to go on from; None
            starts from the preset's encoder.
        resume: go on with the run in `out`.
        force: start over.

    Raises:
        DataError: the data set holds no label.
        WeightsError: the encoder's weights cannot be had, or `start` holds no RCRNet.
        RcrError, OSError: see `rcrlib.train.fit`.
    """
    config = preset.image
    samples = ClipSamples(dataset, 1, 1, (preset.size,) * 2, augment=config.augment)
    torch.manual_seed(mix_seed(config.seed))
    network = start_image(preset, start)
    network.freeze(preset.frozen)
    network = for_training(network, preset.size, pick_device(config.device))
    record = _record("image", dataset, preset, network, start)
    return fit(
        network, samples, _forward_images, config, out, record=record, resume=resume, force=force
    )


def train_fgplg(
    dataset: Dataset,
    preset: Preset,
    out: str | Path,
    *,
    start: str | Path | None,
    flow: FlowEstimator,
    inputs: Inputs = "rgb+labels+flow",
    variant: Variant = "paper",
    residual: bool = False,
    max_intervals: int = 1,
    images: Dataset | None = None,
    resume: bool = False,
    force: bool = False,
) -> Path:
    """Stage 2: train FGPLG on triplets (i, k, j) of kept labels (paper 3.3).

    Args:
        dataset: videos with *kept* labels only (`rcrlib.data.keep_labels`).
        preset: network, resolution and settings of the stage.
        out: the run folder.
        start: weights of stage 1 for its RGB part, or of an RCRNet+NER whose RCRNet is taken, or of
            an FGPLG of the same kind to go on from; None starts from the preset's encoder.
        flow: estimates the flow from k to i and from k to j.
        inputs: what FGPLG is given (Table 4's Gb, Gc, Gd).
        variant: how the flow's length is normalised.
        residual: learn what to add to the warped labels (see `FGPLG`); the paper's does not.
        max_intervals: intervals between the labels of a triplet, at most (the paper's is 1).
        images: labelled images to learn from as well (see `StillTriplets`); not the paper's.
        resume: go on with the run in `out`.
        force: start over.

    Raises:
        DataError: no video has the three kept labels that a triplet needs.
        WeightsError: `start` holds no RCRNet.
        RcrError, OSError: see `rcrlib.train.fit`.
    """
    config = preset.fgplg
    torch.manual_seed(mix_seed(config.seed, 1))
    network = start_fgplg(preset, start, inputs, variant, residual)
    network = for_training(network, preset.size, pick_device(config.device))
    reader = reader_for(network, flow, (preset.size,) * 2, (preset.flow_size,) * 2)
    samples: SampleSet = TripletSamples(
        dataset, reader, augment=config.augment, max_intervals=max_intervals
    )
    if images is not None:
        stills = StillTriplets(images, reader.size, variant, augment=config.augment)
        samples = ClipsWithImages(samples, stills, IMAGES_PER_TRIPLET)
    record = _record(
        "fgplg", dataset, preset, network.network, start,
        flow=flow.key, flow_size=preset.flow_size, inputs=inputs, variant=variant,
        residual=residual or None, apart=max_intervals, images=_describe(images),
    )  # fmt: skip
    return fit(
        network, samples, _forward_triplets, config, out, record=record, resume=resume, force=force
    )


def train_video(
    dataset: Dataset,
    preset: Preset,
    out: str | Path,
    *,
    start: str | Path | None,
    ner: NERConfig | None = None,
    soft: bool = False,
    images: Dataset | None = None,
    resume: bool = False,
    force: bool = False,
) -> Path:
    """Stage 3: train RCRNet+NER on clips of labelled and pseudo-labelled frames (paper 4.2).

    Args:
        dataset: videos whose labels are what to learn from: kept labels alone, or a folder of
            pseudo-labels put in their place (`Dataset.with_label_folder`).
        preset: network, resolution and settings of the stage.
        out: the run folder.
        start: weights of stage 1, or of an RCRNet+NER to go on from (with a video of one's own,
            say): its NER is kept where it has the parts that `ner` asks for. None starts from the
            preset's encoder.
        ner: which parts of NER there are (Table 3's Ra to Re); None is the whole of it.
        soft: learn from pseudo-labels in [0, 1] as they are.
        images: labelled images to learn from as well, T for each clip, so that what stage 1 has
            learned is not lost to a few videos. Not the paper's: None learns from clips alone.
        resume: go on with the run in `out`.
        force: start over.

    Raises:
        DataError: the data set holds no label.
        WeightsError: `start` holds no RCRNet.
        RcrError, OSError: see `rcrlib.train.fit`.
    """
    config, ner = preset.video, ner or NERConfig()
    torch.manual_seed(mix_seed(config.seed, 2))
    network = start_video(preset, start, ner)
    network.rcrnet.freeze(preset.frozen)
    network = for_training(network, preset.size, pick_device(config.device))
    size = (preset.size,) * 2
    samples: SampleSet = ClipSamples(
        dataset, preset.clip, preset.clip_stride, size,
        augment=config.augment, reverse=config.reverse, soft=soft,
    )  # fmt: skip
    if images is not None:
        single = ClipSamples(images, 1, 1, size, augment=config.augment)
        samples = ClipsWithImages(samples, single, preset.clip)
    record = _record(
        "video", dataset, preset, network.rcrnet, start,
        ner=asdict(ner), soft=soft, clip=preset.clip, clip_stride=preset.clip_stride or preset.clip,
        images=_describe(images),
    )  # fmt: skip
    return fit(
        network, samples, _forward_clips, config, out, record=record, resume=resume, force=force
    )


def _record(
    stage: str,
    dataset: Dataset,
    preset: Preset,
    rcrnet: RCRNet,
    start: str | Path | None,
    **more: Any,
) -> dict[str, Any]:
    """Return what defines a run beside its training settings; it is compared on resume.

    Settings in `more` that are None are left out, so that older runs without them can be resumed.

    Args:
        stage: "image", "fgplg" or "video".
        dataset: the data.
        preset: the preset.
        rcrnet: the RCRNet in the network.
        start: the weights that the stage starts from.
        more: settings of this stage alone.
    """
    return {
        "stage": stage,
        "preset": preset.name,
        "network": asdict(rcrnet.config),
        "size": preset.size,
        "frozen": preset.frozen,
        "data": dataset.name,
        "fingerprint": dataset.fingerprint(),
        "start": _identify(start or preset.encoder),
        **{name: value for name, value in more.items() if value is not None},
    }


def _describe(images: Dataset | None) -> dict[str, str] | None:
    return None if images is None else {"data": images.name, "fingerprint": images.fingerprint()}


def _identify(weights: str | Path) -> str:
    """Return the last two parts and a digest of a weights file; `imagenet` and `none` stay."""
    path = Path(weights)
    if not path.is_file():
        return str(weights)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return f"{path.parent.name}/{path.name} ({digest})"


def _forward_images(network: nn.Module, sample: Sample) -> Tensor:
    return network(sample.frames[:, 0])[:, None]


def _forward_triplets(network: nn.Module, sample: Sample) -> Tensor:
    return network(sample.frames[:, 0], sample.guidance[:, 0])[:, None]


def _forward_clips(network: nn.Module, sample: Sample) -> Tensor:
    return network(sample.frames)
