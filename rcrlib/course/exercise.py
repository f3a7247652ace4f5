"""What an exercise is: what is asked, what is right, and how one usually goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

Function = Callable[..., Any]
"""What a student writes: it takes an exercise's arguments and gives its answer."""

YOUR_TURN = "your turn"
"""What a stub's NotImplementedError begins with; the checks know an untouched stub by it."""


@dataclass
class Draw:
    """The source of a check's inputs: the same seed and type give the same values."""

    seed: int
    dtype: torch.dtype = torch.float32
    generator: torch.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Draw from a normal distribution around 0."""
        # Drawn in float64 and rounded: both types see the same values.
        values = torch.randn(shape, generator=self.generator, dtype=torch.float64)
        return (scale * values).to(self.dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw evenly from [low, high)."""
        values = torch.rand(shape, generator=self.generator, dtype=torch.float64)
        return (low + (high - low) * values).to(self.dtype)

    def mask(self, *shape: int, share: float = 0.5) -> Tensor:
        """Draw a mask of {0, 1} with about so large a share of ones."""
        return (self.uniform(*shape) < share).to(self.dtype)

    def integer(self, low: int, high: int) -> int:
        """Draw an integer from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def numpy(self) -> np.random.Generator:
        """Return a generator of NumPy's that follows from the seed."""
        return np.random.default_rng(self.seed)

    def module(self, module: torch.nn.Module, scale: float = 0.3) -> torch.nn.Module:
        """Fill all weights and biases of a module from a normal distribution; return it."""
        module = module.to(self.dtype).requires_grad_(False)
        for parameter in module.parameters():
            parameter.copy_(self.normal(*parameter.shape, scale=scale))
        return module.eval()


def _all(answer: Any) -> Any:
    return answer


def shape_of(answer: Any) -> str:
    """Say the shape of a tensor or array, or of each of several: for `Property.of`."""
    if isinstance(answer, (tuple, list)):
        return " and ".join(shape_of(part) for part in answer)
    return f"shape {tuple(answer.shape)}"


@dataclass(frozen=True)
class Property:
    """One thing that must hold, tried on drawn inputs."""

    says: str
    """What holds, as the end of "it does not yet ...": "keep the state where Z is 1"."""

    inputs: Callable[[Draw], tuple[Any, ...]]
    """Draws the arguments that the function is called with."""

    expected: Function | None = None
    """Returns what `of` the answer has to be; None: `of` what the exercise's reference returns."""

    of: Callable[[Any], Any] = _all
    """What of the answer is compared, such as its shape; all of it by default."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students give, and the words that name it."""

    name: str
    """For the instructor, in a few words: "z and 1 - z swapped"."""

    hint: str
    """For the student: names the mistake without giving the line of code away."""

    function: Function
    """The wrong answer, as runnable as the right one."""


@dataclass(frozen=True)
class Exercise:
    """A function for the student to write, and all that is known about it."""

    name: str
    """Name of the function; no other exercise of the course has it."""

    notebook: str
    """Stem of the lesson's notebook, such as "04_convgru"."""

    asks: str
    """What to write, in a sentence."""

    difficulty: Literal[1, 2, 3]
    minutes: int

    reference: Function
    """The right answer; its signature is the student's."""

    properties: tuple[Property, ...]
    """From the simplest to the whole: the first that does not hold is what a student is told."""

    mistakes: tuple[Mistake, ...]
    """At least three wrong answers; each differs from all others on the properties' inputs."""

    hints: tuple[str, str]
    """The first points the way, the second nearly says it."""

    solution: str
    """Why the solution is right, in a sentence or two; its code is the notebook's."""

    def __post_init__(self) -> None:
        # A course's author reads this, long before a student does.
        if not self.properties or len(self.mistakes) < 3:
            raise ValueError(f"exercise {self.name}: needs a property and at least three mistakes")
