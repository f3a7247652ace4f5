"""Networks for use without this library: files of ONNX, and programs of `torch.export`."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rcrlib import __version__
from rcrlib.data import normalise
from rcrlib.errors import OptionError
from rcrlib.files import atomic_file
from rcrlib.models import (
    FGPLG,
    Network,
    RCRNetNER,
    kind_of,
    load_weights,
    plain_copy,
    shipped_weights,
    weights_metadata,
)
from rcrlib.predict.config import PredictConfig, clip_and_size

METADATA = "rcrlib.json"
"""The extra file of a `.pt2` that holds what an ONNX file has among its own metadata."""


def export_weights(
    weights: str | Path | None,
    path: str | Path,
    *,
    size: tuple[int, int] | None = None,
    clip: int | None = None,
) -> dict[str, str]:
    """Write the network of a weights file as ONNX or as a program of `torch.export`.

    Args:
        weights: a file of weights; None takes the weights that come with the package, whose
            licence, CC BY-NC 4.0, the metadata then name.
        path: see `export_network`, as what it raises.
        size: (H, W) of the input; None is the square that the weights were trained at, else 448.
        clip: T; None is what the weights were trained at, else 4.

    Returns:
        The metadata that the file holds.

    Raises:
        WeightsError: the weights cannot be read.
    """
    _writer(Path(path))  # before anything is read
    file = Path(shipped_weights() if weights is None else weights)
    network, trained = load_weights(file, fast=False), weights_metadata(file)
    trained_clip, side = clip_and_size(trained)
    about = {"source": file.name} | {key: trained[key] for key in ("preset",) if key in trained}
    if file.resolve() == shipped_weights().resolve():
        about["licence"] = "CC BY-NC 4.0"
    return export_network(
        network, path, size=size or (side, side),
        clip=trained_clip if clip is None else clip, **about,
    )  # fmt: skip


def export_network(
    network: Network,
    path: str | Path,
    *,
    size: tuple[int, int] = (448, 448),
    clip: int = 4,
    **extra_metadata: Any,
) -> dict[str, str]:
    """Write a network as ONNX or as a program of `torch.export`, for clips of one shape.

    The file holds all of a prediction but resizing: `frames`, float32 (1, T, 3, H, W), RGB in
    [0, 1], to `saliency`, float32 (1, T, 1, H, W), probabilities. An RCRNet and an FGPLG see each
    of the T frames alone; an FGPLG also takes `guidance`, (1, T, 4, H, W), see `FGPLG.forward`.
    What is written is the plain network, also of an accelerated one.

    Args:
        network: any of the three; it stays as it is.
        path: where to, `.onnx` or `.pt2`; nothing is ever there half written.
        size: (H, W) of the frames.
        clip: T, the frames of a clip.
        extra_metadata: anything worth keeping in the file beside what it is; written as text.

    Returns:
        The metadata that the file holds: in an ONNX file its own, in a `.pt2` the extra file
        `rcrlib.json`.

    Raises:
        OptionError: another ending, `clip` below 1, a side below 16, or a package that ONNX needs
            is missing (`pip install 'rcrlib[onnx]'`).

    Example:
        >>> from rcrlib.models import RCRNet, RCRNetConfig
        >>> metadata = export_network(
        ...     RCRNet(RCRNetConfig(backbone="resnet18")), "image.pt2", size=(32, 48), clip=1
        ... )
        >>> metadata["network"], metadata["size"]
        ('RCRNet', '32x48')
        >>> program = torch.export.load("image.pt2").module()
        >>> program(torch.zeros(1, 1, 3, 32, 48)).shape
        torch.Size([1, 1, 1, 32, 48])
    """
    path = Path(path)
    write = _writer(path)
    PredictConfig(clip=clip, size=min(size))  # refuses what a prediction would
    height, width = size
    metadata = {
        "rcrlib": __version__,
        "network": kind_of(network).__name__,
        "size": f"{height}x{width}",
        "clip": clip,
        **extra_metadata,
    }
    texts = {name: str(value) for name, value in metadata.items()}
    inputs = {"frames": torch.zeros(1, clip, 3, height, width)}
    if isinstance(network, FGPLG):
        inputs["guidance"] = torch.zeros(1, clip, 4, height, width)
    with _quiet():
        write(_program(network, inputs), list(inputs), path, texts)
    return texts


class _FromPixels(nn.Module):
    """A network with what prediction does before and after it, but for resizing."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, guidance: Tensor | None = None) -> Tensor:
        """Return probabilities (B, T, 1, H, W) for frames (B, T, 3, H, W) in [0, 1]."""
        clips = normalise(frames)
        if isinstance(self.network, RCRNetNER):
            return self.network(clips).sigmoid()
        inputs = [clips] if guidance is None else [clips, guidance]
        logits: Tensor = self.network(*(clip.flatten(0, 1) for clip in inputs))
        return logits.unflatten(0, clips.shape[:2]).sigmoid()


@torch.no_grad()
def _program(network: Network, inputs: dict[str, Tensor]) -> torch.export.ExportedProgram:
    model = _FromPixels(plain_copy(network).cpu().float()).eval().requires_grad_(False)
    program = torch.export.export(model, tuple(inputs.values()), strict=False)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of the machine that it was made on
    return program


Writer = Callable[[torch.export.ExportedProgram, list[str], Path, dict[str, str]], None]


def _write_pt2(
    program: torch.export.ExportedProgram, inputs: list[str], path: Path, texts: dict[str, str]
) -> None:
    extra = {METADATA: json.dumps(texts, indent=2)}
    content = io.BytesIO()  # PyTorch's own writer aborts the process where the disk is full
    torch.export.save(program, content, extra_files=extra)
    with atomic_file(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def _write_onnx(
    program: torch.export.ExportedProgram, inputs: list[str], path: Path, texts: dict[str, str]
) -> None:
    converted = torch.onnx.export(
        program, dynamo=True, verbose=False, input_names=inputs, output_names=["saliency"]
    )
    assert converted is not None
    converted.model.metadata_props.update(texts)
    with atomic_file(path) as temporary:
        converted.save(temporary, external_data=False)


WRITERS: dict[str, Writer] = {".onnx": _write_onnx, ".pt2": _write_pt2}


def _writer(path: Path) -> Writer:
    """Return what writes a file of this name.

    Raises:
        OptionError: nothing does, or a package that it needs is missing.
    """
    if path.suffix not in WRITERS:
        raise OptionError(
            f"{path}: exports are written as .onnx or .pt2 (torch.export); change the name's ending"
        )
    if path.suffix == ".onnx":
        try:
            import onnx  # noqa: F401
            import onnxscript  # noqa: F401
        except ModuleNotFoundError as error:
            raise OptionError(
                f"{path}: {error.name} is not installed, and ONNX files need it:"
                " pip install 'rcrlib[onnx]'; a .pt2 does not"
            ) from error
    return WRITERS[path.suffix]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what the exporters say about their own workings."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
