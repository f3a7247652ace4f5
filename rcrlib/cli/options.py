"""The options of `rcr`, each said once, and the bundles of them that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rcrlib.cli.command import Option

Decorator = Callable[[Any], Any]

PATH = click.Path(path_type=Path)


class StepCounts(click.ParamType):
    """A number of steps for all three stages, or three numbers such as 900/400/400."""

    name = "steps"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | tuple[int, ...]:
        """Turn "N" into an int and "N/N/N" into a tuple."""
        if not isinstance(value, str):
            return value
        numbers = value.split("/")
        if len(numbers) not in (1, 3) or not all(number.strip().isdecimal() for number in numbers):
            self.fail(
                f"{value!r} is not a valid integer, nor three such as 900/400/400", param, ctx
            )
        steps = tuple(int(number) for number in numbers)
        return steps if len(steps) > 1 else steps[0]


class Sides(click.ParamType):
    """Height and width such as 360x640, or one number for a square."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Turn "N" and "HxW" into (H, W)."""
        if not isinstance(value, str):
            return value
        sides = value.lower().split("x")
        if len(sides) > 2 or not all(side.strip().isdecimal() for side in sides):
            self.fail(f"{value!r} is not a side such as 352, nor HxW such as 360x640", param, ctx)
        return int(sides[0]), int(sides[-1])


KINDS = {
    "N": int,
    "PIXELS": int,
    "RATE": float,
    "X": float,
    "NAME": str,
    "STEPS": StepCounts(),
    "SIZE": Sides(),
    "PART": str,
    "METHOD": str,
    "SOURCE": str,
    "DATA": PATH,
    "DIR": PATH,
    "FILE": PATH,
}
"""The type of the word after an option."""

AS_PRESET = "the preset's"


def option(section: str, spelling: str, help: str, **settings: Any) -> Decorator:
    """Add an option to a command.

    Args:
        section: of the help page.
        spelling: such as "-o --out DIR", where DIR is one of `KINDS`; a flag has none. A word in
            small letters is the parameter's name, where it differs from the option's.
        help: one sentence.
        settings: of `click.Option`.
    """
    words = spelling.split()
    kinds = [word for word in words if word.isupper()]
    names = [word for word in words if not word.isupper()]
    kind = {"type": KINDS[kinds[0]], "metavar": kinds[0]} if kinds else {"is_flag": True}
    return click.option(*names, cls=Option, section=section, help=help, **kind, **settings)


def choice(spelling: str, help: str) -> Decorator:
    """Add a choice of a protocol, "--one/--other"; None where neither is given."""
    return click.option(spelling, cls=Option, section="Measures", help=help, default=None)


def argument(name: str, kind: str) -> Decorator:
    """Add a path that a command cannot do without; its description explains it."""
    return click.argument(name, type=PATH, metavar=kind)


def arguments(name: str, kind: str) -> Decorator:
    """Add one path or more that a command cannot do without."""
    return click.argument(name, type=PATH, metavar=f"{kind}...", nargs=-1, required=True)


def bundle(*options: Decorator) -> Decorator:
    """Make one decorator of several; the help page lists the options in this order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(options):
            function = decorator(function)
        return function

    return decorate


data = argument("data", "DATA")
layout = option(
    "Data",
    "--layout NAME",
    "auto, davis2016, davis2017, segtrack, vos, fbms, images, generic, folder or video;"
    " davis2016:1080p is one with its resolution.",
    default="auto",
)
split = option("Data", "--split NAME", "Such as train or val.", show_default="all of DATA")
reading = bundle(layout, split)


def keep_one_in(default: int | None, show_default: str | bool = True) -> Decorator:
    """Return the option `-l`, the paper's l."""
    text = "Keep one annotated frame in N."
    return option("Labels", "-l --l N", text, default=default, show_default=show_default)


per_interval = option("Labels", "-m --m N", "Pseudo-labels per interval.", default=1)

flow = bundle(
    option(
        "Optical flow",
        "--flow METHOD",
        "dis, farneback, torchvision-raft-small, torchvision-raft-large, ptlflow:NAME or"
        " precomputed:DIR.",
        default="dis",
    ),
    option("Optical flow", "--flow-checkpoint FILE", "Weights of a flow network."),
)
flow_cache = option(
    "Optical flow", "--flow-cache DIR", "Keep flows for the next run.", show_default="not kept"
)

images = option(
    "Data",
    "--images DATA",
    "Labelled images to learn from as well; not in the paper.",
    show_default="none",
)
start = option(
    "Training",
    "--start FILE",
    "Weights to go on from: of the image stage, or an RCRNet+NER.",
    show_default="the encoder's weights only",
)
preset_name = option(
    "Training", "--preset NAME", "tiny or light (CPU), small (Colab T4) or paper.", default="tiny"
)
encoder = option(
    "Training",
    "--encoder-weights encoder SOURCE",
    "imagenet (downloaded), none, or a file.",
    show_default=AS_PRESET,
)
steps = option("Training", "--steps N", "Optimiser steps.", show_default=AS_PRESET)
steps_of_stages = option(
    "Training",
    "--steps STEPS",
    "Optimiser steps of each stage; N/N/N: of the image stage, FGPLG and the video stage.",
    show_default=AS_PRESET,
)
batch = option("Training", "--batch N", "Samples per step.", show_default=AS_PRESET)
rate = option("Training", "--lr RATE", "Adam's learning rate.", show_default=AS_PRESET)
seed = option("Training", "--seed N", "Decides everything that is random.", default=0)

device = bundle(
    option("Machine", "--device NAME", "auto, cpu, cuda, cuda:N or mps.", default="auto"),
    option("Machine", "--precision NAME", "auto, 32, bf16 or 16 (bits).", default="auto"),
)
workers = option("Machine", "--workers N", "Processes to read data.", show_default=AS_PRESET)
processes = option(
    "Machine", "--processes N", "Steps done at the same time, each by a process.",
    show_default="2 with preset tiny on a CPU, else 1",
)  # fmt: skip
size = option(
    "Training", "--size PIXELS", "Side that frames are resized to.", show_default=AS_PRESET
)
training = bundle(preset_name, encoder, steps, size, batch, rate, seed, device, workers)
stage1_images = option(
    "Training",
    "--images DATA",
    "Set of images for stage 1; kept-labels: the kept labels of the videos.",
    show_default="generated with generated videos, else kept-labels",
)
generator = option(
    "Training",
    "--generator NAME",
    "residual: FGPLG says what to add to the warped labels; paper: it draws the label anew.",
    default="residual",
)
stages = bundle(preset_name, encoder, stage1_images, generator, steps_of_stages, size)

out = option("Output", "-o --out DIR", "Folder to write.", required=True)
every = option("Output", "--checkpoint-every N", "Steps between checkpoints.", default=50)
resume = option("Output", "--resume", "Go on where the run in the folder stopped.")
force = option("Output", "--force", "Replace what rcr wrote there.")
run_folder = bundle(out, every, resume, force)

measuring = bundle(
    option("Measuring", "--rounds N", "Runs of each variant, taken in turn.", default=5),
    option("Output", "--json FILE", "Also write all of it here."),
)
