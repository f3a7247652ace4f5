"""What lesson 10 compares forms of a computation with."""

from __future__ import annotations

import torch

from rcrlib.course.lessons.l10_fast.compare_forms import compare, prove


def test_forms_are_compared_with_the_first_by_a_students_own_ratio(capsys):
    forms = {"long": lambda x: (x @ x.mT) @ x, "short": lambda x: x @ (x.mT @ x)}
    compare(forms, torch.randn(300, 4), rounds=3, ratio=lambda slow, fast: 7.0)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("long: ")
    assert first.endswith("largest tensor 0.4 MB")
    assert second.startswith("short: 7.00 times as fast (rounds: ")


def test_a_proof_is_in_float64_and_leaves_what_is_given_as_it_was(capsys):
    layer = torch.nn.Linear(4, 4)
    forms = {"one": lambda layer, x, k: k * layer(x), "two": lambda layer, x, k: layer(x) * k + k}
    with torch.no_grad():
        prove(forms | {"same": forms["one"]}, layer, torch.ones(2, 4), 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "same: 0e+00 apart in float32, 0e+00 in float64"
    assert float(lines[0].split()[1]) > 0.1
    assert layer.weight.dtype == torch.float32
