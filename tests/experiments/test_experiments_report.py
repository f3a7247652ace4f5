"""Tables, figures in words, and RESULTS.md, from results made by hand: no training."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.results import make_run
from rcrlib.errors import DataError, OptionError
from rcrlib.experiments import (
    load_result,
    results_page,
    store,
    stored_results,
    write_results_page,
)
from rcrlib.experiments.config import ExperimentConfig
from rcrlib.experiments.figures import draw_figure
from rcrlib.experiments.provenance import Origin, commit
from rcrlib.experiments.report import write_result
from rcrlib.experiments.result import Result, Row, Run
from rcrlib.experiments.stored import STORED
from rcrlib.experiments.tables import difference_table, main_table, remarks, text_table

ORIGIN = Origin("rcr experiment table2 --seeds 2", "abc", "rcrlib 0", "a laptop", 2, "Python 3")


def make_result(*runs: Run, **changes: object) -> Result:
    rows = [
        Row("0/5", "labels alone", "", {"set": {"max_f": 0.849, "s": 0.867}}),
        Row("1/5", "with pseudo-labels", "", {"set": {"max_f": 0.861, "s": 0.874}}),
        Row("7/20", "few labels", "too few labels"),
    ]
    plain = Result(
        experiment="table2", title="Table 2", measure="saliency",
        setup={"judged on": "set", "preset": "tiny"}, differs=["preset: tiny (paper: large)"],
        seeds=2, rows=rows, pairs=[("1/5", "0/5"), ("7/20", "0/5")], origins=[ORIGIN],
        runs=list(runs),
    )  # fmt: skip
    return replace(plain, **changes)


FULL = make_result(
    make_run("0/5", 0, 0.6), make_run("0/5", 1, 0.62),
    make_run("1/5", 0, 0.7, 0.8), make_run("1/5", 1, 0.74, 0.84),
)  # fmt: skip


def test_the_table_has_means_deviations_labels_quality_and_the_papers_numbers():
    heading, alone, pseudo, few = main_table(FULL)
    row = dict(zip(heading, pseudo, strict=True))
    assert row == {
        "cell": "1/5", "seeds": "2", "labels": "10", "pseudo-labels": "8",
        "their IoU": "0.820 ± 0.028", "passes": "2.5", "max F": "0.720 ± 0.028",
        "S": "0.500 ± 0.000", "MAE": "0.100 ± 0.000", "paper max F": "0.861", "paper S": "0.874",
    }  # fmt: skip
    assert dict(zip(heading, alone, strict=True))["their IoU"] == "-"
    assert dict(zip(heading, few, strict=True))["max F"] == "-"
    assert "7/20 is left out: too few labels" in text_table(FULL)


def test_differences_over_seeds_say_how_they_were_paired():
    rows = difference_table(FULL)
    # 0.10 and 0.12: mean 0.11, t = 12.7062, standard error 0.01
    assert rows[1] == ["1/5 - 0/5, max F", "+0.110", "-0.017 to +0.237",
                       "paired over 2 seeds and 2 videos, two-way t interval"]  # fmt: skip
    assert len(rows) == 1 + 2  # max F and S; the pair with a cell that was left out is not there


def test_with_one_seed_videos_are_paired_and_it_is_said():
    one = make_result(make_run("0/5", 0, 0.6), make_run("1/5", 0, 0.7, 0.8), seeds=1)
    row = difference_table(one)[1]
    assert row[1:3] == ["+0.100", "+0.100 to +0.100"]
    assert row[3].startswith("one seed, paired over 2 videos")


def test_only_seeds_that_both_cells_have_are_compared():
    partly = make_result(*FULL.runs[:3])
    assert partly.difference(("1/5", "0/5"), "set", "max_f").how.startswith("one seed")
    assert "1 of 4 numbers are not there yet" in text_table(partly)


def test_a_result_comes_back_from_its_file(tmp_path):
    FULL.save(tmp_path / "result.json")
    assert load_result(tmp_path) == FULL
    assert load_result(tmp_path / "result.json") == FULL


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"summary": 1, "rows": 3}', '"summary"'])
def test_a_file_that_is_no_result_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=r"x\.json: is not the result of an experiment"):
        load_result(tmp_path / "x.json")
    with pytest.raises(DataError, match="not there"):
        load_result(tmp_path / "y.json")


@pytest.mark.parametrize("experiment", ["table2", "fig7", "noise"])
def test_the_words_of_a_figure_hold_its_numbers(tmp_path, experiment):
    words = draw_figure(replace(FULL, experiment=experiment), tmp_path / "figure.png")
    expected = {"table2": ("0.610 ± 0.014", "0.720", "(paper 0.861)"), "fig7": ("0.610 at 20",),
                "noise": ("0.280 at 0.18", "0.390 at 0")}[experiment]  # fmt: skip
    for number in expected:
        assert number in words
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_a_knobs_figure_has_a_line_for_each_kind_of_cell(tmp_path):
    rows = [Row(f"{cell} at {at}", says) for at in ("0", "0.5")
            for cell, says in (("0/10", "few"), ("9/10", "both"))]  # fmt: skip
    runs = [make_run(row.name, 0, 0.5 + 0.1 * n) for n, row in enumerate(rows)]
    result = replace(FULL, experiment="appearance", rows=rows, runs=runs, pairs=[])
    words = draw_figure(result, tmp_path / "figure.png")
    assert words.startswith("max F over appearance change.")
    assert "few: 0.500 at 0, 0.700 at 0.5" in words
    assert "both: 0.600 at 0, 0.800 at 0.5" in words
    assert remarks(result)[:3] == [
        "0/10: few", "9/10: both", "at ...: with this appearance change in the generated videos",
    ]  # fmt: skip


def test_a_page_that_is_not_one_of_ours_is_not_written_over(tmp_path):
    write_result(FULL, tmp_path / "table2")
    (tmp_path / "diary.md").write_text("mine")
    with pytest.raises(OptionError, match=r"diary\.md: is not a page of rcr experiment report"):
        write_results_page([tmp_path / "table2"], tmp_path / "diary.md")
    assert (tmp_path / "diary.md").read_text() == "mine"
    for _ in range(2):
        write_results_page([tmp_path / "table2"], tmp_path / "page.md")


def test_every_number_of_the_page_can_be_traced(tmp_path):
    write_result(FULL, tmp_path / "table2")
    page = results_page([tmp_path / "table2"], tmp_path)
    assert "0.720 ± 0.028" in page
    assert "`rcr experiment table2 --seeds 2` at commit abc" in page
    assert "on a laptop, 2 threads, Python 3: 0/5 (seed 0, 1); 1/5 (seed 0, 1)" in page
    assert "From `table2/result.json`." in page
    assert re.search(r"!\[Dot plot.*0\.720.*\]\(table2/figure\.png\)", page)
    assert "preset: tiny (paper: large)" in page


def test_the_page_is_made_from_stored_files_alone(tmp_path):
    write_result(FULL, tmp_path / "made")
    stored = tmp_path / "results" / "table2-tiny.json"
    stored.parent.mkdir()
    stored.write_bytes((tmp_path / "made/result.json").read_bytes())
    out = write_results_page([stored], tmp_path / "RESULTS.md")
    assert out.read_text() == results_page([stored], tmp_path)
    assert "From `results/table2-tiny.json`." in out.read_text()
    assert "![" not in out.read_text()


def test_a_row_that_is_another_tables_run_is_listed_once(tmp_path):
    rows = [Row("Ga", "no pseudo-labels"), Row("Gd", "all")]
    runs = [replace(make_run("Ga", 0, 0.6), cell="Ga"), make_run("Ga", 1, 0.62)]
    other = replace(FULL, experiment="table4", title="Table 4", rows=rows, pairs=[], runs=runs)
    for name, result in (("table2", FULL), ("table4", other)):
        write_result(result, tmp_path / name)
    page = results_page([tmp_path / "table2", tmp_path / "table4"], tmp_path)
    assert page.count("| 0.610 ± 0.014 |") == 1
    assert "| Ga | see 0/5 of Table 2 |" in page


def test_a_stored_result_is_found_by_its_name_and_shown_with_its_figure(tmp_path):
    write_result(FULL, tmp_path / "made")
    folder = tmp_path / "package" / "results"
    assert stored_results(folder) == {}
    file = store(tmp_path / "made", "table2-tiny", folder)
    assert stored_results(folder) == {"table2-tiny": FULL}
    page = results_page([file], tmp_path)
    assert "From `package/results/table2-tiny.json`." in page
    assert re.search(r"!\[Dot plot.*0\.720.*\]\(package/results/table2-tiny\.png\)", page)


def test_the_packages_figures_are_small_and_each_belongs_to_a_result_and_has_its_words():
    figures = list(STORED.glob("*.png"))
    assert figures
    for figure in figures:
        assert figure.stat().st_size < 60_000, f"{figure.name} is large: leave it out"
        assert figure.with_suffix(".json").is_file()
        assert len(figure.with_suffix(".txt").read_text(encoding="utf-8").split()) >= 8


def test_the_packages_results_name_no_folder_of_the_machine_that_made_them():
    files = list(STORED.glob("*.json"))
    assert files
    for file in files:
        assert not re.search(r"/(tmp|home|root|work|Users)/", file.read_text(encoding="utf-8"))


def test_a_page_about_nothing_is_refused(tmp_path):
    with pytest.raises(DataError, match="no result to report"):
        results_page([], tmp_path)


def test_the_repositorys_own_page_is_what_its_files_say():
    root = Path(__file__).resolve().parents[2]
    files = sorted(STORED.glob("*.json"))
    page = root / "RESULTS.md"
    assert bool(files) == page.is_file()
    if files:
        assert page.read_text(encoding="utf-8") == results_page(files, root)


def test_the_commit_is_that_of_the_repository():
    assert re.fullmatch(r"-|[0-9a-f]{12}\+?", commit())


def test_a_command_names_files_as_any_machine_could_have_them():
    config = ExperimentConfig(
        "table2", data=Path("/a/DAVIS2016"), encoder="/b/weights/resnet50.safetensors",
        flow="precomputed:/c/flows", only=("0/5",),
    )  # fmt: skip
    words = config.command().split()
    assert {"DAVIS2016", "resnet50.safetensors", "precomputed:flows", "0/5"} <= set(words)
    assert not re.search(r"(^| )/", config.command())
