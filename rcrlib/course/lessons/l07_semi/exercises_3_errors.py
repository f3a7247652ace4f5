"""Exercises of 07, third part: whose errors a student makes."""

from __future__ import annotations

from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l07_semi import LESSON

BATCH, HEIGHT, WIDTH = 2, 5, 7


def repeated_errors(student: Tensor, pseudo: Tensor, truth: Tensor) -> float:
    """Return the share of the pseudo-labels' wrong pixels at which the student is wrong as well."""
    wrong = pseudo != truth
    same = wrong & ((student >= 0.5) == (pseudo >= 0.5))
    return float(same.sum() / wrong.sum().clamp(min=1))


def _answers(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    shape = BATCH, 1, HEIGHT, WIDTH
    truth = draw.mask(*shape, share=0.4)
    slips = draw.mask(*shape, share=0.3)
    slips[:, :, 0, 0] = 1
    return draw.uniform(*shape), (truth - slips).abs(), truth


def _like_the_pseudo(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    _, pseudo, truth = _answers(draw)
    return 0.2 + 0.6 * pseudo, pseudo, truth


def _no_error(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    student, _, truth = _answers(draw)
    return student, truth, truth


REPEATED_ERRORS = Exercise(
    name="repeated_errors",
    notebook=LESSON.stem,
    asks="Measure how much of its teacher's errors a student repeats.",
    difficulty=2,
    minutes=6,
    reference=repeated_errors,
    properties=(
        Property("be 1 where the student says what the pseudo-labels say", _like_the_pseudo),
        Property("be 0 where the pseudo-labels have no error", _no_error),
        Property("be the share of the pseudo-labels' errors that are repeated", _answers),
    ),
    mistakes=(
        Mistake(
            "a share of all pixels",
            "You divide by all pixels. Asked for is a share of those where the pseudo-label is"
            " wrong.",
            lambda student, pseudo, truth: float(
                ((pseudo != truth) & ((student >= 0.5) != (truth >= 0.5))).double().mean()
            ),
        ),
        Mistake(
            "a share of the student's errors",
            "You divide by the student's errors: how many of them it had from its teacher. Asked"
            " for is the other share: how many of the teacher's errors it repeats.",
            lambda student, pseudo, truth: repeated_errors(pseudo, (student >= 0.5).float(), truth),
        ),
        Mistake(
            "agreement everywhere",
            "You measure how often both agree. Most pixels are easy, and both are right there: look"
            " only where the pseudo-label is wrong.",
            lambda student, pseudo, truth: float(
                ((student >= 0.5) == (pseudo >= 0.5)).double().mean()
            ),
        ),
        Mistake(
            "errors that are not repeated",
            "You count the errors that the student does not repeat.",
            lambda student, pseudo, truth: repeated_errors(1 - student, pseudo, truth),
        ),
    ),
    hints=(
        "Two questions a pixel: is the pseudo-label wrong here? Is the student, cut at 0.5, too?"
        " With two answers only, both are then wrong in the same way.",
        "`wrong = pseudo != truth`; count where `wrong` holds and `(student >= 0.5) == (pseudo >="
        " 0.5)`, and divide by `wrong.sum().clamp(min=1)`.",
    ),
    solution="A student that averages errors out repeats few of them, however many there are; one"
    " that repeats nearly all has learned them as if they were true.",
)

EXERCISES = (REPEATED_ERRORS,)
