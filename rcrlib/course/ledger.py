"""The paper's ledger: where each equation, figure and table is computed, taught and tested.

`rcr course ledger` writes docs/ledger.md from it. What has no number that we know has its section.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One equation, figure or table of the paper, and what belongs to it here."""

    name: str
    """As the paper calls it: "Eq. 2", "Fig. 5", "Table 3"; or a section's number and a word."""

    says: str
    """What it is."""

    code: tuple[str, ...]
    """Functions and classes, by their dotted names."""

    lessons: tuple[str, ...]
    """Where it is taught: STEM#HEADING, or STEM where the whole lesson is about it."""

    tests: tuple[str, ...]
    """Below tests/: FILE::FUNCTION, or FILE."""

    experiment: str = ""
    """The `rcr experiment` that makes it anew."""

    unknown: str = ""
    """What we do not know of it; the links then lead to what stands nearest."""


EQUATIONS = (
    Entry(
        "Eq. 1",
        "stands before Eq. 2, in 3.1 or 3.2",
        ("rcrlib.models.RCRNet", "rcrlib.models.NonLocalBlock"),
        ("02_rcrnet", "03_nonlocal"),
        ("models/test_models_reference.py",),
        unknown="No source of ours quotes it, nor says whether an equation follows Eq. 3. What 3.1"
        " and 3.2 describe before Eq. 2 is all there, and gives the authors' network's logits.",
    ),
    Entry(
        "Eq. 2",
        "one step of a ConvGRU",
        ("rcrlib.models.ConvGRUCell",),
        ("04_convgru#2 · One step: Eq. 2",),
        ("models/test_models_equations.py::test_convgru_cell_is_eq_2",),
    ),
    Entry(
        "Eq. 3",
        "the deep bidirectional ConvGRU",
        ("rcrlib.models.DBConvGRU",),
        ("04_convgru#3 · There and back: Eq. 3",),
        ("models/test_models_equations.py::test_db_convgru_is_eq_3",),
    ),
)

UNNUMBERED = (
    Entry(
        "3.2, non-local block",
        "a weighted sum of the features at all positions",
        ("rcrlib.models.NonLocalBlock",),
        ("03_nonlocal#2 · Ask everywhere", "03_nonlocal#4 · The whole block"),
        (
            "models/test_models_equations.py"
            "::test_non_local_block_is_a_weighted_sum_over_all_positions",
        ),
    ),
    Entry(
        "3.3, warping",
        "the labels of i and j, brought to k along the flow",
        ("rcrlib.flow.warp",),
        ("05_flow#3 · Backward warping",),
        ("flow/test_flow_geometry.py::test_a_whole_shift_reads_the_pixel_that_the_flow_points_to",),
    ),
    Entry(
        "3.3, length of the flow",
        "normalised into [-1, 1], then its Euclidean norm",
        ("rcrlib.flow.magnitude",),
        ("05_flow#Where paper and released code part", "06_fgplg#2 · How far did it move?"),
        (
            "flow/test_flow_channels.py"
            "::test_paper_magnitude_divides_by_the_largest_component_of_each_flow",
        ),
    ),
    Entry(
        "4.1, precision, recall and F",
        "with β² = 0.3, at 256 thresholds",
        ("rcrlib.metrics.precision_recall", "rcrlib.metrics.f_measure"),
        ("01_metrics#2 · Precision and recall", "01_metrics#3 · F, one number of two"),
        (
            "metrics/test_metrics_saliency.py::test_precision_and_recall_by_hand",
            "metrics/test_metrics_saliency.py::test_f_weighs_precision_with_three_tenths",
        ),
    ),
    Entry(
        "4.1, S",
        "structure: objects and regions, half and half",
        ("rcrlib.metrics.s_measure",),
        ("01_metrics#5 · MAE and S: what F does not see",),
        ("metrics/test_metrics_saliency.py::test_s_measure_by_hand",),
    ),
    Entry(
        "4.2, loss",
        "sigmoid cross-entropy on every frame",
        ("rcrlib.train.frame_loss",),
        ("00_tour#4 · Training, for real", "07_semi#3 · Two kinds of labels, one clip"),
        ("train/test_train_loop.py::test_the_loss_is_worked_out_by_hand",),
    ),
    Entry(
        "4.2, three stages",
        "images, then FGPLG, then RCRNet+NER on labels and pseudo-labels",
        ("rcrlib.train.train_image", "rcrlib.train.train_fgplg", "rcrlib.train.train_video"),
        ("07_semi#4 · Three stages", "00_tour#6 · RCRNet+NER learns from both"),
        ("train/test_train_loop.py::test_every_stage_learns",),
    ),
)

FIGURES = (
    Entry(
        "Fig. 1",
        "pseudo-labels beside drawn labels",
        ("rcrlib.pseudo.generate", "rcrlib.evaluation.pseudo_sheet"),
        ("00_tour#5 · Pseudo-labels beside the truth", "07_semi#2 · What is a budget worth?"),
        ("cli/test_cli_eval_pseudo.py::test_the_best_and_the_worst_frames_are_drawn",),
    ),
    Entry(
        "Fig. 2",
        "RCRNet: encoder, ASPP, skips, refinement blocks",
        ("rcrlib.models.RCRNet",),
        ("02_rcrnet",),
        (
            "models/test_models_reference.py::test_released_image_network_gives_the_authors_logits",
            "models/test_models_sizes.py::test_parameter_counts_are_those_of_the_released_networks",
        ),
    ),
    Entry(
        "Fig. 3",
        "RCRNet+NER: a clip in, a map for each frame out",
        ("rcrlib.models.RCRNetNER", "rcrlib.models.NER"),
        ("04_convgru#6 · At full size: NER",),
        (
            "models/test_models_reference.py::test_released_video_network_gives_the_authors_logits",
            "models/test_models_equations.py::test_ner_is_its_three_parts_in_order",
        ),
    ),
    Entry(
        "Fig. 4",
        "FGPLG and its seven channels",
        ("rcrlib.models.FGPLG", "rcrlib.flow.guidance"),
        ("06_fgplg#3 · Seven channels",),
        (
            "models/test_models_fgplg.py::test_fgplg_sees_its_channels_in_the_papers_order",
            "flow/test_flow_channels.py::test_guidance_warps_each_label_with_its_own_flow",
        ),
    ),
    Entry(
        "Fig. 5",
        "precision-recall curves on the three test sets",
        ("rcrlib.metrics.precision_recall", "rcrlib.show.precision_recall_plot"),
        ("01_metrics#2 · Precision and recall",),
        ("cli/test_cli_eval.py::test_curves_and_worst_frames_are_drawn_with_alt_texts",),
        experiment="fig5",
    ),
    Entry(
        "Fig. 6",
        "stands between Fig. 5 and Fig. 7",
        ("rcrlib.evaluation.worst_sheet", "rcrlib.show.contact_sheet"),
        ("00_tour#7 · Videos that no network has seen",),
        ("cli/test_cli_eval.py::test_curves_and_worst_frames_are_drawn_with_alt_texts",),
        unknown="No source of ours says what it shows. Maps of several methods side by side, if it"
        " is that, are one command here: `rcr eval saliency --pred A=... --pred B=... --worst N`.",
    ),
    Entry(
        "Fig. 7",
        "max F and S over the share of labels",
        ("rcrlib.data.keep_labels", "rcrlib.experiments.run_experiment"),
        ("08_ablations#7 · The paper's tables, with error bars",),
        ("experiments/test_experiments_report.py::test_the_words_of_a_figure_hold_its_numbers",),
        experiment="fig7",
    ),
)

TABLES = (
    Entry(
        "Table 1",
        "max F and S on VOS, DAVIS and FBMS",
        ("rcrlib.metrics.SaliencyMetrics", "rcrlib.evaluation.evaluate_saliency"),
        ("01_metrics#4 · From frames to a data set", "01_metrics#7 · At full size"),
        ("experiments/test_experiments_paper.py::test_our_row_of_table_1",),
        experiment="table1",
    ),
    Entry(
        "Table 2",
        "m / l: labels kept and pseudo-labels made",
        ("rcrlib.data.intervals", "rcrlib.pseudo.generate"),
        ("07_semi#1 · m / l", "08_ablations#7 · The paper's tables, with error bars"),
        (
            "experiments/test_experiments_paper.py::test_the_cells_of_a_table",
            "data/test_data_protocol.py::test_vos_1_in_5_lands_on_annotated_frames_only",
            "data/test_data_protocol.py::test_seven_in_twenty_by_hand",
        ),
        experiment="table2",
    ),
    Entry(
        "Table 3",
        "the parts of NER, Ra to Re",
        ("rcrlib.models.NERConfig",),
        (
            "03_nonlocal#6 · At full size",
            "04_convgru#6 · At full size: NER",
            "08_ablations#7 · The paper's tables, with error bars",
        ),
        (
            "models/test_models_networks.py::test_every_row_of_table_3_runs_and_has_its_parts",
            "experiments/test_experiments_paper.py"
            "::test_the_rows_of_table_3_are_those_of_the_networks_docstring",
        ),
        experiment="table3",
    ),
    Entry(
        "Table 4",
        "what FGPLG sees, Ga to Gd",
        ("rcrlib.flow.guidance", "rcrlib.models.FGPLG"),
        ("06_fgplg#6 · Table 4, in small", "08_ablations#7 · The paper's tables, with error bars"),
        ("flow/test_flow_channels.py::test_the_rows_of_table_4_switch_channels_off",),
        experiment="table4",
    ),
    Entry(
        "Table 5",
        "J and F of segmentations, without post-processing",
        ("rcrlib.metrics.iou", "rcrlib.metrics.boundary_f"),
        ("01_metrics#4 · From frames to a data set",),
        ("metrics/test_metrics_segmentation.py::test_j_and_f_equal_those_of_davis_own_code",),
        experiment="table5",
    ),
)

LEDGER = {
    "Equations": EQUATIONS,
    "Formulas and methods without a number that we know": UNNUMBERED,
    "Figures": FIGURES,
    "Tables": TABLES,
}
"""All entries, under the headings of the page."""
