"""Lesson 08 shows the results that are stored now, not those of the day when it was last run."""

from __future__ import annotations

from helpers.course_notebooks import outputs, read
from rcrlib.course.lessons.l08_ablations.stored_tables import compared, short_table, tables_of
from rcrlib.experiments import stored_results

AGAIN = "the stored results have changed: rcr course build 08 --run"


def test_lesson_08_was_run_on_the_stored_results():
    shown = outputs(read("08_ablations", "solution"))
    tables = tables_of(stored_results())
    displayed = [str(one.get("data", {}).get("text/markdown", "")) for one in shown]
    expected = "\n\n".join(short_table(name, result) for name, result in tables.items())
    assert [text for text in displayed if "mean ± deviation over seeds" in text] == [expected], (
        AGAIN
    )
    printed = "".join(str(one.get("text", "")) for one in shown)
    for name, result in tables.items():
        for one in compared(result):
            assert f"{name}: {one.says}." in printed, AGAIN
