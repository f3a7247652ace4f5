"""The authors' released files: their names for the parts, and ours.

Source: Kinpzz/RCRNet-Pytorch; the names and shapes of its three files, none of its code.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from rcrlib.models.files.state_files import Tensors

Kind = Literal["RCRNet", "RCRNetNER", "FGPLG"]

STEM = "backbone.resnet.conv1.weight"
CLASSIFIER = "backbone.resnet.fc."  # in the files, used by nobody

# Applied from top to bottom to a name of theirs.
RENAMED = {
    "backbone.resnet.": "encoder.resnet.",
    "backbone.aspp.imagepool.conv.": "encoder.aspp.pool.",
    "backbone.aspp.stages.c0.": "encoder.aspp.point.",
    "backbone.aspp.stages.c1.": "encoder.aspp.rate6.",
    "backbone.aspp.stages.c2.": "encoder.aspp.rate12.",
    "backbone.aspp.stages.c3.": "encoder.aspp.rate18.",
    "backbone.aspp.fire.conv.": "encoder.aspp.project.",
    "backbone.refinement1.": "decoder.refine16.",
    "backbone.refinement2.": "decoder.refine8.",
    "backbone.refinement3.": "decoder.refine4.",
    "backbone.decoder.conv1.": "decoder.head.0.",
    "backbone.decoder.conv2.": "decoder.head.1.",
    ".skip.conv1.": ".skip.bottleneck.0.0.",
    ".skip.bn1.": ".skip.bottleneck.0.1.",
    ".skip.conv2.": ".skip.bottleneck.1.0.",
    ".skip.bn2.": ".skip.bottleneck.1.1.",
    ".skip.conv3.": ".skip.bottleneck.2.0.",
    ".skip.bn3.": ".skip.bottleneck.2.1.",
    ".skip.downsample.": ".skip.shortcut.",
    ".conv.": ".0.",
    ".bn.": ".1.",
    "non_local_block.": "ner.first_non_local.",
    "non_local_block2.": "ner.second_non_local.",
    ".W.": ".w.",
}

# Their convolutions of [X, H] (or of [Hf, Hb]) are two of ours; the first of them has the bias.
SPLIT = {
    f"convgru_{direction}.{gate}": (
        f"ner.recurrence.{direction}_cell.w_x{letter}",
        f"ner.recurrence.{direction}_cell.w_h{letter}",
    )
    for direction in ("forward", "backward")
    for gate, letter in (("update_gate", "z"), ("reset_gate", "r"), ("output_gate", "h"))
}
SPLIT["bidirection_conv"] = ("ner.recurrence.w_hf", "ner.recurrence.w_hb")


def released_kind(tensors: Tensors) -> Kind | None:
    """Tell by its names which of the authors' networks a file holds, if any."""
    prefix = _prefix(tensors)
    if prefix is None:
        return None
    if tensors[prefix + STEM].shape[1:2] == (7,):
        return "FGPLG"
    has_ner = any(name.startswith(f"{prefix}non_local_block.") for name in tensors)
    return "RCRNetNER" if has_ner else "RCRNet"


def from_released(tensors: Tensors, kind: Kind) -> Tensors:
    """Return the weights of a released file under our names; names that are not known stay.

    Left out: the unused classifier of ResNet and, in FGPLG's file, the flow network.
    """
    prefix = _prefix(tensors) or ""
    image_part = {"RCRNet": "", "RCRNetNER": "rcrnet.", "FGPLG": "network."}[kind]
    ours: Tensors = {}
    for full_name, tensor in tensors.items():
        name = full_name.removeprefix(prefix)
        unused = name.startswith(CLASSIFIER) or (kind == "FGPLG" and _is_flow(full_name))
        if not unused:
            part = image_part if name.startswith("backbone.") else ""
            ours |= {part + new: values for new, values in _rename(name, tensor).items()}
    return ours


def _rename(name: str, tensor: Tensor) -> Tensors:
    """Return one entry of theirs as ours: mostly one, sometimes two."""
    for theirs, new in RENAMED.items():
        name = name.replace(theirs, new)
    if tensor.ndim == 5:
        return {name: tensor.flatten(1)}  # a 1x1x1 convolution is a linear map of the channels
    for theirs, (first, second) in SPLIT.items():
        if name == f"{theirs}.weight" and tensor.ndim == 4:
            on_first, on_second = tensor.tensor_split(2, dim=1)
            return {f"{first}.weight": on_first, f"{second}.weight": on_second}
        if name == f"{theirs}.bias":
            return {f"{first}.bias": tensor}
    return {name: tensor}


def _prefix(tensors: Tensors) -> str | None:
    """Return what stands before the authors' names (often nothing), or None in other files."""
    for name in tensors:
        if f".{name}".endswith(f".{STEM}") and not _is_flow(name):
            return name.removesuffix(STEM)
    return None


def _is_flow(name: str) -> bool:
    return "flownet" in name.split(".")
