"""What a check says of right, wrong, broken and missing answers; it never stops the notebook."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rcrlib.course import checking
from rcrlib.course.checking import check, judge, replay, use
from rcrlib.course.compare_answers import difference
from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.exercises import find
from rcrlib.course.result import NotPassed, Outcome
from rcrlib.errors import OptionError

DOUBLE = Exercise(
    name="double",
    notebook="04_convgru",
    asks="Double it.",
    difficulty=1,
    minutes=1,
    reference=lambda x: 2 * x,
    properties=(
        Property("keep the shape", lambda draw: (draw.normal(2, 3),), of=shape_of),
        Property("double every value", lambda draw: (draw.normal(2, 3),)),
    ),
    mistakes=(
        Mistake("squared", "You square it.", lambda x: x**2),
        Mistake("halved", "You halve it.", lambda x: x / 2),
        Mistake("nothing", "You give back what you got.", lambda x: x),
    ),
    hints=("Twice.", "Two times x."),
    solution="It is twice as much.",
)


def blend(z, new, h):
    return (1 - z) * new + z * h


def test_a_right_answer_passes_whatever_its_order_of_summation():
    result = judge(DOUBLE, lambda x: x + x)
    assert result.outcome is Outcome.PASSED
    assert result.passed
    assert "double every value" in str(result)


@pytest.mark.parametrize("mistake", DOUBLE.mistakes, ids=lambda one: one.name)
def test_a_known_mistake_is_named(mistake):
    result = judge(DOUBLE, mistake.function)
    assert result.outcome is Outcome.NOT_YET
    assert (result.mistake, result.said("hint")) == (mistake.name, mistake.hint)
    assert result.said("it must") == "double every value"


def test_an_unknown_mistake_gets_expected_got_and_a_way_to_try_again():
    result = judge(DOUBLE, lambda x: 2 * x + 1)
    assert result.mistake is None
    assert result.said("hint") is None
    assert "at [" in result.said("expected")
    again = "from rcrlib.course import replay; double(*replay('double', 2, 0, 'float32'))"
    assert result.said("try again") == again


def test_the_first_property_that_fails_is_told():
    result = judge(DOUBLE, lambda x: x[0])
    assert result.said("it must") == "keep the shape"
    assert (result.said("expected"), result.said("got")) == ("shape (2, 3)", "shape (3,)")


def _stub(x):
    raise NotImplementedError("your turn: 2 lines")


@pytest.mark.parametrize("function", [_stub, lambda x: ...])
def test_an_untouched_stub_is_not_attempted(function):
    assert judge(DOUBLE, function).outcome is Outcome.NOT_ATTEMPTED


def test_what_torch_does_not_implement_is_a_crash_and_not_a_stub():
    def function(x):
        raise NotImplementedError("'foo' is not implemented for 'Double'")

    assert judge(DOUBLE, function).outcome is Outcome.CRASHED


def test_a_crash_names_the_line_of_the_students_code_also_inside_the_library():
    def function(x):
        return torch.nn.functional.conv2d(x, x)  # the wrong line

    result = judge(DOUBLE, function)
    assert result.outcome is Outcome.CRASHED
    assert "in function: return torch.nn.functional.conv2d(x, x)" in result.said("line")
    assert "RuntimeError" in result.said("error")


def test_leaving_python_is_a_crash_too():
    def function(x):
        raise SystemExit(3)

    assert judge(DOUBLE, function).outcome is Outcome.CRASHED


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: None, "`return` missing"),
        (lambda x: 2, "2"),
        (lambda x: (2 * x).numpy(), "an array of shape (2, 3)"),
        (lambda x: (2 * x).tolist(), "2 values"),
        (lambda x, y: x, "(x, y)"),
        (7, "7"),
    ],
)
def test_answers_of_another_kind_are_described(function, words):
    result = judge(DOUBLE, function)
    assert result.outcome is Outcome.NOT_YET
    assert words in result.said("got")


def test_writing_into_the_input_is_told():
    result = judge(DOUBLE, lambda x: x.mul_(2))
    assert result.outcome is Outcome.NOT_YET
    assert "leave its arguments as they are" in result.said("it must")


def test_values_that_are_only_right_in_float32_are_not_right():
    result = judge(DOUBLE, lambda x: (2 * x.float()).to(x.dtype))
    assert result.outcome is Outcome.NOT_YET
    assert "float64" in result.said("try again")


def test_a_type_that_is_not_the_inputs_is_told():
    result = judge(DOUBLE, lambda x: 2 * x.float())
    assert result.said("expected") == "type float64, as the input's"


@pytest.mark.parametrize("kind", [float, torch.tensor, np.float64, np.array])
def test_a_number_may_come_as_a_tensor_or_an_array(kind):
    assert difference((0.0, 0.25), (kind(0.0), kind(0.25))) is None
    assert difference(0.25, kind(0.5)) == ("0.25", "0.5")


def test_not_a_number_is_found():
    result = judge(DOUBLE, lambda x: 2 * x * torch.tensor([1, 1, torch.nan]).to(x))
    assert "nan" in result.said("got")


def test_chance_inside_an_answer_follows_the_seed_and_leaves_the_callers_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    judge(DOUBLE, lambda x: x + torch.rand(1))
    assert torch.equal(before, torch.get_rng_state())


def test_check_finds_the_exercise_by_the_functions_name():
    assert check(blend).exercise == "blend"
    with pytest.raises(OptionError, match=r"'nothing' is no exercise of the course.*blend"):
        check(type("f", (), {"__name__": "nothing"})())


def test_strict_wants_everything_passed(monkeypatch):
    def wrong(z, new, h):
        return h

    wrong.__name__ = "blend"
    monkeypatch.setenv(checking.STRICT, "1")
    assert check(blend).passed
    with pytest.raises(NotPassed, match="PASSED was wanted"):
        check(wrong)
    monkeypatch.setenv(checking.STRICT, "stubs")
    with pytest.raises(NotPassed, match="NOT ATTEMPTED was wanted"):
        check(blend)


def test_use_gives_what_passes_and_says_so(capsys):
    def gates(x, h, cell):
        raise NotImplementedError("your turn: 2 lines")

    assert use(blend) is blend
    assert use(gates, blend) == (find("gates").reference, blend)
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "blend: yours", "gates: the library's (yours: NOT ATTEMPTED)", "blend: yours"
    ]  # fmt: skip


def test_replay_gives_the_arguments_of_a_check():
    once, again = replay("blend", 3, seed=4), replay("blend", 3, seed=4, dtype="float64")
    assert all(one.dtype == torch.float32 for one in once)
    for one, other in zip(once, again, strict=True):
        torch.testing.assert_close(one, other.float())


def test_the_seed_of_all_checks_can_be_moved(monkeypatch):
    assert list(checking.seeds()) == [0, 1, 2, 3, 4]
    monkeypatch.setenv(checking.SEED, "100")
    assert list(checking.seeds()) == [100, 101, 102, 103, 104]


def test_a_result_is_html_with_its_words_escaped_and_a_sign_beside_the_colour():
    page = judge(DOUBLE, lambda x: "<b>")._repr_html_()
    assert "&lt;b&gt;" in page
    assert "△" in page
    assert "NOT YET" in page


def test_a_draw_gives_the_same_values_in_both_types():
    for kind in ("normal", "uniform", "mask"):
        one = getattr(Draw(3), kind)(4, 5)
        other = getattr(Draw(3, torch.float64), kind)(4, 5)
        assert (one.dtype, other.dtype) == (torch.float32, torch.float64)
        torch.testing.assert_close(one, other.float())
    assert isinstance(Draw(1).numpy(), np.random.Generator)
    assert {Draw(seed).integer(1, 3) for seed in range(30)} == {1, 2, 3}
