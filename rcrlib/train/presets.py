"""Presets: `tiny` and `light` for a CPU, `small` for a Colab T4, `paper` as published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rcrlib.errors import OptionError
from rcrlib.models import RCRNetConfig, encoder_file_info
from rcrlib.train.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """Network, resolution and the three stages' settings; the comments below say why each value."""

    name: str

    network: RCRNetConfig
    """The RCRNet inside all three networks."""

    size: int
    """Side of the square that frames are resized to."""

    flow_size: int
    """Side at which flow is estimated and labels are warped; see `rcrlib.triplets`."""

    clip: int
    """T, the frames that NER sees together."""

    image: TrainConfig
    """Stage 1: RCRNet on single images."""

    fgplg: TrainConfig
    """Stage 2: FGPLG on triplets of kept labels."""

    video: TrainConfig
    """Stage 3: RCRNet+NER on labels and pseudo-labels."""

    clip_stride: int | None = None
    """Labelled frames from one training clip's start to the next one's; None is `clip`, as in the
    paper: each labelled frame is learned from once an epoch."""

    frozen: int = 0
    """Residual groups that, with the stem, stages 1 and 3 leave as the encoder's weights are."""

    encoder: str = "imagenet"
    """Start of the encoder: `imagenet` (torchvision's), `none`, or a file of weights."""

    @property
    def lengths(self) -> str:
        """The lengths of the three stages, such as "200/120/200" steps or "51 epochs/..."."""
        stages = (self.image, self.fgplg, self.video)
        return "/".join(f"{s.epochs} epochs" if s.steps is None else str(s.steps) for s in stages)

    def with_encoder(self, source: str) -> Preset:
        """Return the preset with another encoder; a file decides on the backbone and its stride.

        Raises:
            WeightsError: the file is not that of a ResNet-18 or ResNet-50.
        """
        if source in ("imagenet", "none"):
            return replace(self, encoder=source)
        backbone, stride_on = encoder_file_info(source)
        network = replace(self.network, backbone=backbone, stride_on=stride_on)
        # Trained features are adapted, not made: they want a gentler rate than random ones. Not so
        # FGPLG, whose decoder has yet to learn that the warped labels are worth more than colours.
        image, fgplg, video = (
            replace(stage, lr=min(stage.lr, rate))
            for stage, rate in ((self.image, 3e-4), (self.fgplg, 5e-4), (self.video, 1e-4))
        )
        return replace(
            self, network=network, encoder=str(source), image=image, fgplg=fgplg, video=video
        )

    def with_steps(self, *steps: int) -> Preset:
        """Return the preset with other numbers of steps in stages 1 (image), 2 (FGPLG), 3 (video).

        Raises:
            OptionError: there are not three numbers, or one is below 1.
        """
        if len(steps) != 3:
            raise OptionError(f"steps is {steps}; give one number, or one for each of three stages")
        stages = zip((self.image, self.fgplg, self.video), steps, strict=True)
        image, fgplg, video = (replace(stage, steps=n, epochs=None) for stage, n in stages)
        return replace(self, image=image, fgplg=fgplg, video=video)

    def with_training(self, **changes: object) -> Preset:
        """Return the preset with other settings (`seed`, ...) in all stages; None keeps one.

        `steps` may be a tuple of three: see `with_steps`.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        steps = given.get("steps")
        if isinstance(steps, tuple):
            return self.with_steps(*steps).with_training(**{**given, "steps": None})
        if "steps" in given:
            given["epochs"] = None
        image, fgplg, video = (
            replace(stage, **given)  # type: ignore[arg-type]
            for stage in (self.image, self.fgplg, self.video)
        )
        return replace(self, image=image, fgplg=fgplg, video=video)


TINY = Preset(
    name="tiny",
    # A ResNet-18 with narrow heads: the full-resolution head costs 59 of the paper's 112 G
    # multiply-adds a frame, and is of little use at this resolution.
    network=RCRNetConfig(
        backbone="resnet18",
        aspp_channels=32,
        skip_channels=(16, 32),
        refine_channels=32,
        head_channels=16,
        conv5=False,  # without ImageNet's weights its nine million are slow to learn: half a step
    ),
    size=96,  # a twentieth of the paper's pixels: a step takes half a second on two cores
    flow_size=192,  # DIS is cheap next to the network, and sharper labels are worth it
    clip=4,  # as the paper
    # Ten times the paper's rates and a schedule: hundreds of steps instead of tens of thousands.
    image=TrainConfig(batch=4, lr=2e-3, steps=300, schedule="cosine"),
    fgplg=TrainConfig(batch=4, lr=5e-4, steps=250, schedule="cosine", augment=True),
    # So many that a student of all labels has learned them: nine passes over six videos.
    video=TrainConfig(batch=1, lr=3e-4, steps=600, schedule="cosine", reverse=True),
    encoder="none",  # nothing to download for a first run
)

LIGHT = Preset(
    name="light",
    # ResNet-50 without its last group, and a narrow context: 14 M parameters, 28 MB in 16 bits, so
    # that trained weights can come with the package. Of the paper's multiply-adds a quarter.
    network=RCRNetConfig(
        conv5=False, aspp_channels=96, skip_channels=(48, 96), refine_channels=96, head_channels=32
    ),
    size=256,  # close to the 288 pixels that pictures of the usual training sets shrink to
    flow_size=448,
    clip=4,
    # Hours, not days, on two cores. The weights in the package had fewer steps: see their card.
    image=TrainConfig(batch=8, lr=3e-4, epochs=2, schedule="cosine", augment=True, workers=1),
    fgplg=TrainConfig(batch=4, lr=2e-4, steps=600, schedule="cosine", augment=True, workers=1),
    video=TrainConfig(
        batch=2, lr=1e-4, steps=600, schedule="cosine", augment=True, reverse=True, workers=1
    ),
    frozen=1,  # edges and colours: they need no training anew, and cost time at full resolution
)

SMALL = Preset(
    name="small",
    # ResNet-18 at the paper's other widths fits a T4's 16 GB with room to spare.
    network=RCRNetConfig(backbone="resnet18", head_channels=64),
    size=256,
    flow_size=448,
    clip=4,
    clip_stride=2,
    image=TrainConfig(batch=16, lr=3e-4, steps=2000, schedule="cosine", augment=True, workers=2),
    fgplg=TrainConfig(batch=8, lr=1e-4, steps=1000, schedule="cosine", augment=True, workers=2),
    video=TrainConfig(
        batch=4, lr=1e-4, steps=1500, schedule="cosine", augment=True, reverse=True, workers=2
    ),
)

PAPER = Preset(
    name="paper",
    network=RCRNetConfig(),
    size=448,
    flow_size=448,
    clip=4,
    # Paper 4.2: Adam, 1e-4, then 1e-5. Epochs and the image stage's batch are not stated: 51 is the
    # number in the authors' code, whose batch is one clip.
    image=TrainConfig(batch=8, lr=1e-4, epochs=51, augment=True, workers=4),
    fgplg=TrainConfig(batch=1, lr=1e-5, epochs=51, workers=4),
    video=TrainConfig(batch=1, lr=1e-5, epochs=51, reverse=True, workers=4),
)

PRESETS = {preset.name: preset for preset in (TINY, LIGHT, SMALL, PAPER)}


def get_preset(
    name: str, encoder: str | None = None, size: int | None = None, **training: object
) -> Preset:
    """Return a preset by name, with another encoder and other training settings where given.

    Args:
        name: `tiny`, `light`, `small` or `paper`.
        encoder: see `Preset.with_encoder`; None keeps the preset's.
        size: side of the square that frames are resized to; None keeps the preset's.
        training: see `Preset.with_training`.

    Raises:
        OptionError: there is none of that name, or a setting is out of its range.
        WeightsError: the encoder's file cannot be used.
    """
    if name not in PRESETS:
        raise OptionError(f"preset {name!r}: unknown; use one of {', '.join(PRESETS)}")
    preset = PRESETS[name] if encoder is None else PRESETS[name].with_encoder(encoder)
    if size is not None:
        if size < 16:
            raise OptionError(f"size is {size}; it must be at least 16")
        preset = replace(preset, size=size, flow_size=max(size, preset.flow_size))
    return preset.with_training(**training)
