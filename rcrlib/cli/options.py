"""Options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Data = Annotated[
    Path, typer.Argument(help="A data set, a folder of frames or a video file.", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.", show_default=False)]
Layout = Annotated[str, typer.Option(help="Layout of the data; recognised by itself unless named.")]
Split = Annotated[
    Optional[str], typer.Option(help="Part of the data set, such as train or val.")  # noqa: UP045
]
PresetName = Annotated[str, typer.Option("--preset", help="tiny (CPU), small (a T4) or paper.")]
KeepOneIn = Annotated[int, typer.Option("--l", "-l", help="Keep one annotated frame in l.")]
PerInterval = Annotated[int, typer.Option("--m", "-m", help="Pseudo-labels per interval.")]
UnitName = Annotated[
    str,
    typer.Option("--unit", help="What pseudo-labels are put on: annotated frames, or any frames."),
]
Flow = Annotated[
    str,
    typer.Option(
        help="dis, farneback, torchvision-raft, ptlflow:NAME or precomputed:FOLDER.",
    ),
]
FlowCheckpoint = Annotated[
    Optional[Path], typer.Option(help="Weights of the flow network.")  # noqa: UP045
]
FlowFolder = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--flow-cache", help="Folder in which flows are kept between runs."),
]
Encoder = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--encoder-weights",
        help="Start of the encoder: imagenet (downloaded), none, or a file. [default: the preset's]",
    ),
]
Steps = Annotated[Optional[int], typer.Option(help="Optimiser steps.")]  # noqa: UP045
Batch = Annotated[Optional[int], typer.Option(help="Samples per step.")]  # noqa: UP045
Rate = Annotated[Optional[float], typer.Option("--lr", help="Adam's learning rate.")]  # noqa: UP045
Seed = Annotated[int, typer.Option(help="Decides everything that is random.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Precision = Annotated[str, typer.Option(help="auto, 32, bf16 or 16.")]
Workers = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(help="Processes that read data ahead. [default: the preset's]"),
]
Every = Annotated[int, typer.Option("--checkpoint-every", help="Steps between checkpoints.")]
Start = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(help="Weights of the image stage. [default: the encoder's weights only]"),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an earlier run stopped.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what an earlier run wrote.")]
