"""Every exercise of the course: its reference passes, its mistakes are caught and named."""

from __future__ import annotations

import pytest

from rcrlib.course import checking
from rcrlib.course.checking import check, judge
from rcrlib.course.exercises import all_exercises
from rcrlib.course.lessons import lesson
from rcrlib.course.result import NotPassed, Outcome

EXERCISES = list(all_exercises().values())
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.name)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.name}: {m.name}" for e, m in MISTAKES]
)


@each_exercise
def test_the_reference_passes_also_with_the_seeds_of_grading(exercise):
    for seeds in (range(5), range(1000, 1005)):
        result = judge(exercise, exercise.reference, seeds)
        assert result.outcome is Outcome.PASSED, result


@each_mistake
def test_a_known_mistake_is_rejected_and_its_hint_names_it(exercise, mistake):
    for seeds in (range(5), range(1000, 1005)):
        result = judge(exercise, mistake.function, seeds)
        assert result.outcome is Outcome.NOT_YET, result
        assert result.mistake == mistake.name
        assert result.said("hint") == mistake.hint


@each_mistake
def test_a_known_mistake_makes_the_strict_run_fail(exercise, mistake, monkeypatch):
    def planted(*arguments):
        return mistake.function(*arguments)

    planted.__name__ = exercise.name
    monkeypatch.setenv(checking.STRICT, "1")
    with pytest.raises(NotPassed):
        check(planted)


@each_exercise
def test_an_exercise_says_what_it_is(exercise):
    assert exercise.name.isidentifier()
    assert lesson(exercise.notebook).stem == exercise.notebook
    assert exercise.difficulty in (1, 2, 3)
    assert 2 <= exercise.minutes <= 20
    assert len({one.name for one in exercise.mistakes}) == len(exercise.mistakes) >= 3
    assert len(set(exercise.hints)) == 2
    texts = (exercise.asks, exercise.solution, *exercise.hints)
    for text in (*texts, *(one.hint for one in exercise.mistakes)):
        assert text.rstrip("`")[-1] in ".?!):", text
        assert 3 <= len(text.split()) <= 60
    for one in exercise.properties:  # said after "it must"
        assert one.says[0].islower()
        assert not one.says.endswith(".")
