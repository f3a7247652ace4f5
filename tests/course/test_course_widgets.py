"""Widgets, driven over their whole range: each view is drawn, its own, described and quick."""

from __future__ import annotations

import copy
import itertools
import time
from statistics import median

import cv2
import numpy as np
import pytest
import torch

from rcrlib.course.figures import check_caption, jpeg
from rcrlib.course.lessons.l01_metrics.widget import threshold_explorer
from rcrlib.course.lessons.l02_rcrnet.widget import paths, receptive_fields
from rcrlib.course.lessons.l03_nonlocal.widget import looks, where_it_looks
from rcrlib.course.lessons.l04_convgru.widget import gates_over_time, steps
from rcrlib.course.lessons.l05_flow.widget import warped_labels
from rcrlib.course.lessons.l06_fgplg.widget import Case, fgplg_inputs
from rcrlib.course.lessons.l07_semi.widget_confirmation_bias import Taught, confirmation_bias
from rcrlib.course.lessons.l07_semi.widget_label_budget import ALL, Carrier, label_budget
from rcrlib.course.lessons.l07_semi.widget_light import changing_light
from rcrlib.course.lessons.l09_your_video.grabcut import box_around, grab_cut
from rcrlib.course.lessons.l09_your_video.widget import label_by_box
from rcrlib.course.widgets import Control, Explorer, View, curtain
from rcrlib.data import SyntheticConfig, load, make_synthetic, read_mask, write_synthetic
from rcrlib.data.own_video import write_for_labelling
from rcrlib.errors import DataError, OptionError
from rcrlib.flow import get_flow
from rcrlib.keyframes import Motion, even
from rcrlib.models import ConvGRUCell, NonLocalBlock

SECONDS = 0.3
SIDES = ("left", "top", "right", "bottom")


@pytest.fixture(scope="module")
def gates():
    torch.manual_seed(0)
    inputs = torch.randn(8, 8, 24, 24)
    return gates_over_time(ConvGRUCell(8), inputs, [np.full((24, 24), t / 8) for t in range(8)])


@pytest.fixture(scope="module")
def places():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 5, 6)
    blocks = {"f / N": NonLocalBlock(4), "softmax": NonLocalBlock(4, softmax=True)}
    weights = {name: looks(block, x) for name, block in blocks.items()}
    return where_it_looks(weights, [np.full((5, 6), t / 2) for t in range(2)], start=(1, 2, 3))


@pytest.fixture(scope="module")
def fields():
    return receptive_fields()


@pytest.fixture(scope="module")
def thresholds():
    (video,) = make_synthetic(SyntheticConfig(videos=1, frames=4, size=(96, 96)))
    mask = video.mask(1)
    maps = {"blurred": cv2.blur(mask.astype(np.float32), (15, 15)), "faint": 0.6 * mask}
    return threshold_explorer(video.frame(1), maps, mask)


def scene(seed=0):
    (video,) = make_synthetic(SyntheticConfig(videos=1, frames=9, size=(96, 96), seed=seed))
    return [video.frame(t) for t in range(9)], [video.mask(t) for t in range(9)]


@pytest.fixture(scope="module")
def warped():
    return warped_labels(*scene(), k=4, flow=get_flow("dis"))


@pytest.fixture(scope="module")
def inputs():
    torch.manual_seed(0)
    stacks = torch.rand(2, 7, 48, 48)
    cases = {f"video {n}": Case(stack, stack[3] > 0.5) for n, stack in enumerate(stacks)}
    return fgplg_inputs(lambda stacks: stacks[:, 3:5].sum(dim=1, keepdim=True) - 1, cases)


@pytest.fixture(scope="module")
def budget():
    return label_budget(
        {"one": scene(), "two": scene(seed=1)},
        get_flow("dis"),
        ls=(2, 4),
        ms=(1, ALL),
        policies={"even": even, "flow": Motion(get_flow("dis"), 96)},
    )


def taught(kinds=("bent", "grown"), steps=(0, 1)):
    """Return made-up students whose pictures differ in their grey."""
    return {
        (kind, step): Taught(
            pseudo=0.05 + 0.2 * step,
            student=0.3 + 0.04 * step,
            repeated=0.5,
            area=0.8,
            label=np.full((8, 8, 3), 10 * number, np.uint8),
            found=np.full((8, 8, 3), 5 * number, np.uint8),
        )
        for number, (kind, step) in enumerate(itertools.product(kinds, steps))
    }


@pytest.fixture(scope="module")
def bias():
    return confirmation_bias(
        taught(), alone=0.4, everything=0.3, truth=np.zeros((8, 8, 3), np.uint8)
    )


def light_scores():
    """Return made-up scores of two students and seeds at two changes, and frames for each."""
    scores = {c: {"labels": [0.8 - c / 4, 0.7], "all": [0.9, 0.8]} for c in (0.0, 1.0)}
    frames = {
        (c, seed): {n: np.full((8, 8, 3), 90 * c + 40 * seed, np.uint8) for n in "abc"}
        for c in scores
        for seed in (0, 1)
    }
    return scores, frames


@pytest.fixture(scope="module")
def light():
    return changing_light(*light_scores())


@pytest.fixture(scope="module")
def curtains():
    frames, masks = scene()
    blurred = [cv2.blur(mask.astype(np.float32), (9, 9)) for mask in masks[::4]]
    maps = {"sharp": masks[::4], "blurred": blurred}
    return curtain(frames[::4], maps, masks[::4])


EXPLORERS = (
    "gates", "places", "fields", "thresholds", "warped", "inputs", "budget", "light", "bias",
    "curtains",
)  # fmt: skip
"""Fixtures of this module; a new widget adds its own."""


@pytest.fixture(params=EXPLORERS)
def explorer(request):
    return request.getfixturevalue(request.param)


def test_every_value_of_every_control_gives_a_picture_of_its_own_in_time(explorer):
    live = explorer.live()
    seen, took = set(), []
    for values in itertools.product(*(control.values for control in explorer.controls)):
        for control, value in zip(explorer.controls, values, strict=True):
            begin = time.process_time()  # what else runs on the machine does not count
            live.inputs[control.name].value = value
            took.append(time.process_time() - begin)
        assert live.words.value.startswith("<i>")
        assert bytes(live.image.value).startswith(b"\xff\xd8")
        seen.add(bytes(live.image.value))
    assert len(seen) == np.prod([len(control.values) for control in explorer.controls])
    print(f"a view takes {1000 * median(took):.0f} ms, {1000 * max(took):.0f} at most")
    assert median(took) <= SECONDS


def test_the_static_sheet_is_described_and_small(explorer):
    check_caption(explorer.sheet.caption)
    assert len(jpeg(explorer.sheet.picture)) < 200_000


def test_an_error_is_shown_as_a_sentence_and_the_picture_stays():
    def view(t):
        if t == 1:
            raise DataError("no flow for frame 1; choose another")
        return View(
            np.zeros((8, 8, 3), np.uint8), f"A black square of 8 times 8 pixels, number {t}."
        )

    sheet = View(np.zeros((8, 8, 3), np.uint8), "A black square of 8 times 8 pixels.")
    live = Explorer((Control("t", "frame", (0, 1, 2)),), view, sheet).live()
    before = bytes(live.image.value)
    live.inputs["t"].value = 1
    assert "no flow for frame 1; choose another" in live.words.value
    assert bytes(live.image.value) == before
    live.inputs["t"].value = 2
    assert "number 2" in live.words.value


def test_a_control_begins_at_one_of_its_values():
    assert Control("t", "frame", (0, 1), start=1).first == 1
    with pytest.raises(OptionError, match="none of its values"):
        Control("t", "frame", (0, 1), start=2)


@pytest.mark.parametrize("variant", ["paper", "official"])
def test_the_steps_of_a_gru_are_its_own(variant):
    torch.manual_seed(0)
    cell, inputs, start = ConvGRUCell(4, variant), torch.randn(3, 4, 6, 5), torch.randn(4, 6, 5)
    run = steps(cell, inputs, start)
    states = [start[None]]
    with torch.no_grad():
        for x in inputs:
            states.append(cell(x[None], states[-1]))
    torch.testing.assert_close(torch.stack([step.state for step in run]), torch.cat(states[1:]))
    assert all(0 <= float(step.z.min()) <= float(step.z.max()) <= 1 for step in run)


def test_gates_need_a_picture_for_each_input():
    with pytest.raises(OptionError, match="1 pictures for 2 inputs"):
        gates_over_time(ConvGRUCell(4), torch.randn(2, 4, 6, 5), [np.zeros((6, 5))])


@pytest.mark.parametrize("softmax", [False, True])
def test_the_looks_of_a_block_are_the_weights_of_its_sum(softmax):
    torch.manual_seed(0)
    block, x = NonLocalBlock(4, softmax=softmax), torch.randn(3, 4, 5, 6)
    torch.nn.init.normal_(block.w.weight)
    other = copy.deepcopy(block)
    other.softmax = not softmax
    assert torch.equal(looks(other, x, softmax=softmax), looks(block, x))
    with torch.no_grad():
        g = block.g(x.permute(0, 2, 3, 1).reshape(90, 4))
        y = looks(block, x).reshape(90, 90) @ g
        expected = block(x[None])[0] - x
    given = block.w(y).detach().reshape(3, 5, 6, 4).permute(0, 3, 1, 2)
    torch.testing.assert_close(given, expected, atol=1e-5, rtol=1e-4)


def test_looks_need_weights_a_picture_for_each_frame_and_a_start_inside():
    weights = {"f / N": looks(NonLocalBlock(4), torch.randn(2, 4, 5, 6))}
    pictures = [np.zeros((5, 6))] * 2
    with pytest.raises(OptionError, match="no weights"):
        where_it_looks({}, pictures)
    with pytest.raises(OptionError, match="1 pictures for 2 frames"):
        where_it_looks(weights, pictures[:1])
    with pytest.raises(OptionError, match="outside a clip of 2 frames of 5 x 6 places"):
        where_it_looks(weights, pictures, start=(0, 5, 0))


@pytest.mark.parametrize(("rate", "layers", "centre"), [(1, 3, 5), (2, 2, 0), (6, 3, 4)])
def test_paths_are_counted_as_convolutions_of_ones_pass_them_on(rate, layers, centre):
    row = torch.zeros(1, 1, 11)
    row[0, 0, centre] = 1
    for _ in range(layers):
        row = torch.nn.functional.conv1d(row, torch.ones(1, 1, 3), padding=rate, dilation=rate)
    np.testing.assert_array_equal(paths(11, centre, rate, layers), row[0, 0].numpy())


def test_receptive_fields_need_rates_and_layers_of_one_or_more():
    with pytest.raises(OptionError, match="rates"):
        receptive_fields(rates=(0, 1))
    with pytest.raises(OptionError, match="layers"):
        receptive_fields(layers=())


def test_the_threshold_explorer_says_the_numbers_of_the_library(thresholds):
    view = thresholds.view(name="faint", t=153)
    assert "precision 1.00, recall 1.00, F 1.00" in view.caption  # 0.6 is level 153: found
    assert "precision 0.00, recall 0.00, F 0.00" in thresholds.view(name="faint", t=170).caption


def test_the_threshold_explorer_needs_maps_of_the_masks_size():
    frame, mask = np.zeros((6, 5, 3), np.uint8), np.ones((6, 5))
    with pytest.raises(OptionError, match="no saliency map"):
        threshold_explorer(frame, {}, mask)
    with pytest.raises(OptionError, match=r"map 'small' is \(3, 5\)"):
        threshold_explorer(frame, {"small": np.ones((3, 5))}, mask)


def test_the_warped_labels_name_their_frame_and_what_is_hidden(warped):
    whole = warped.view(side="before", interval=4, hidden="as it is")
    without = warped.view(side="before", interval=4, hidden="left out")
    assert "label of frame 0 brought to frame 4" in whole.caption
    share = whole.caption.split(";")[1].removesuffix(".")
    assert without.caption.endswith(f"{share} and left out.")


def test_the_warped_labels_need_frames_on_both_sides():
    frames, masks = scene()
    for k in (0, 8):
        with pytest.raises(OptionError, match="a frame before and after k"):
            warped_labels(frames, masks, k, get_flow("dis"))
    with pytest.raises(OptionError, match="a mask for each frame"):
        warped_labels(frames, masks[:-1], 4, get_flow("dis"))


def test_the_inputs_of_fgplg_are_zero_where_they_are_off(inputs):
    on = dict.fromkeys(("case", "rgb", "label_i", "label_j", "length_i", "length_j"), "on")
    full = inputs.view(**{**on, "case": "video 0"}).caption
    alike = inputs.view(**{**on, "case": "video 0", "rgb": "off", "length_j": "off"}).caption
    blind = inputs.view(**{**on, "case": "video 0", "label_i": "off", "label_j": "off"}).caption
    score = full.split("IoU ")[1][:4]
    assert "without RGB, length j" in alike
    assert f"IoU {score} (+0.00)" in alike
    assert f"IoU 0.00 (-{score})" in blind


def test_the_inputs_of_fgplg_need_cases_of_seven_channels():
    with pytest.raises(OptionError, match="no cases"):
        fgplg_inputs(torch.nn.Identity(), {})
    with pytest.raises(OptionError, match=r"case a: \(3, 8, 8\); expected \(7, H, W\)"):
        fgplg_inputs(torch.nn.Identity(), {"a": Case(torch.rand(3, 8, 8), np.ones((8, 8)))})


def test_a_budget_is_spent_where_policy_and_protocol_say(budget):
    carrier = Carrier(scene(), get_flow("dis"))
    kept = carrier.choose(4, even)
    assert kept == (0, 4, 8)
    one = carrier.spend(kept, 1)
    assert one.between == {2: (0, 4), 6: (4, 8)}
    assert set(carrier.spend(kept, ALL).quality) == {1, 2, 3, 5, 6, 7}
    said = budget.view(name="one", l=4, m=1, policy="even").caption
    assert said.startswith("3 labels, on frames 0, 4, 8; 2 pseudo-labels of mean IoU")
    assert f"{one.mean:.2f}, the worst {one.quality[one.worst]:.2f} at frame {one.worst}" in said


def test_the_nearer_label_weighs_more():
    frames, masks = scene()
    full = [np.full_like(mask, n == 0) for n, mask in enumerate(masks)]
    carrier = Carrier((frames, full), get_flow("dis"))
    for k in range(1, 8):
        np.testing.assert_allclose(carrier.label(0, k, 8), (8 - k) / 8, rtol=1e-6)


def test_a_budget_needs_a_video_and_frames_between_two_labels():
    with pytest.raises(OptionError, match="no video"):
        label_budget({}, get_flow("dis"))
    for l in (1, 9):
        with pytest.raises(OptionError, match="give l from 2 to 8"):
            label_budget({"one": scene()}, get_flow("dis"), ls=(l,))


def test_the_bias_says_what_it_was_given(bias):
    said = bias.view(kind="bent", step=1).caption
    assert "error of the pseudo-labels 0.25, of the student 0.34" in said
    assert "from labels alone 0.40, from all labels 0.30" in said
    assert "repeats 50 %" in said
    assert "finds 0.80 of the true area" in said
    assert "bent 0.25, 0.34 and 50 %; grown 0.25, 0.34 and 50 %" in bias.sheet.caption


def test_the_bias_needs_every_kind_with_every_step():
    some = taught()
    del some["bent", 1]
    with pytest.raises(OptionError, match=r"nothing for \('bent', 1\)"):
        confirmation_bias(some, 0.4, 0.3, np.zeros((8, 8, 3), np.uint8))


def test_the_light_says_a_seed_and_the_mean_of_all(light):
    said = light.view(change=1.0, seed=0).caption
    assert "Change 1, seed 0: IoU of labels 0.55, all 0.90" in said
    assert "All seeds: labels 0.62, all 0.85" in said
    assert "by 0, 1: labels 0.75, 0.62; all 0.85, 0.85" in light.sheet.caption


def test_the_light_needs_the_same_students_and_seeds_and_frames_for_each_change():
    scores, frames = light_scores()
    with pytest.raises(OptionError, match="change 1: other students or seeds"):
        changing_light({**scores, 1.0: {"labels": [0.5], "all": [0.9]}}, frames)
    del frames[1.0, 1]
    with pytest.raises(OptionError, match="change 1, seed 1: no frames"):
        changing_light(scores, frames)


def test_the_curtain_shows_one_map_on_either_side_of_it(curtains):
    whole = {at: curtains.view(at=at, t=1).picture for at in (0, 50, 100)}
    width = whole[0].shape[1]
    left, right = slice(0, width // 2 - 8), slice(width // 2 + 8, width - 40)
    np.testing.assert_array_equal(whole[50][:, right], whole[0][:, right])
    np.testing.assert_array_equal(whole[50][:, 40 : left.stop], whole[100][:, 40 : left.stop])
    assert not np.array_equal(whole[0][:, 40 : right.stop], whole[100][:, 40 : right.stop])
    said = curtains.view(at=50, t=1).caption
    assert "left of 50 % sharp, right of it blurred" in said
    assert "IoU with the truth: sharp 1.00, blurred" in said


def test_the_curtain_needs_two_predictions_of_all_frames():
    frames, masks = scene()
    with pytest.raises(OptionError, match="two predictions of 9 frames are needed; found one: 9"):
        curtain(frames, {"one": masks})
    with pytest.raises(OptionError, match="other: 8"):
        curtain(frames, {"one": masks, "other": masks[1:]})
    with pytest.raises(OptionError, match="1 labels for 9 frames"):
        curtain(frames, {"one": masks, "other": masks}, masks[:1])


@pytest.fixture
def to_draw(tmp_path):
    """What `rcr data label` writes for frames 0 and 8 of a film, and boxes for both."""
    write_synthetic(SyntheticConfig(videos=1, frames=9, size=(96, 96)), tmp_path / "set")
    video = load(tmp_path / "set")[0]
    out = write_for_labelling(video, (0, 8), tmp_path / "to-draw")
    return out, video, {t: box_around(video.label(t)) for t in (0, 8)}


def test_labelling_goes_over_its_whole_range_in_time_and_says_what_is_wrong(to_draw):
    folder, video, boxes = to_draw
    explorer = label_by_box(video, boxes, folder, grid=(0, 25, 50, 75, 100))
    check_caption(explorer.sheet.caption)
    assert len(jpeg(explorer.sheet.picture)) < 200_000
    live = explorer.live()
    took, words = [], set()
    for control in explorer.controls:  # all values of each, and of all sides of the box together
        for value in control.values:
            begin = time.process_time()
            live.inputs[control.name].value = value
            took.append(time.process_time() - begin)
            words.add(live.words.value)
            assert live.words.value.startswith(("<i>", "<b>△</b>"))
            assert bytes(live.image.value).startswith(b"\xff\xd8")
        live.inputs[control.name].value = control.first
    print(f"a view takes {1000 * median(took):.0f} ms, {1000 * max(took):.0f} at most")
    assert median(took) <= SECONDS
    assert any("the box is turned round: left" in one for one in words)
    assert any("the box is turned round: top" in one for one in words)


def test_a_label_is_saved_for_the_frame_that_is_shown_and_no_other(to_draw):
    folder, video, boxes = to_draw
    live = label_by_box(video, boxes, folder).live()
    files = {name: folder / "labels" / f"{name}.png" for name in ("00000", "00008")}
    assert "not saved" in live.words.value
    live.inputs["save"].value = "00000"
    assert "saved as labels/00000.png" in live.words.value
    np.testing.assert_array_equal(
        read_mask(files["00000"]), grab_cut(video.frame(0), start_of(live))
    )
    live.inputs["name"].value = "00008"
    for side, value in zip(SIDES, boxes[8], strict=True):
        live.inputs[side].value = round(value)
    assert "not saved: this is frame 00008" in live.words.value
    assert not read_mask(files["00008"]).any()
    live.inputs["left"].value = 100
    assert "turned round" in live.words.value


def start_of(live):
    return tuple(live.inputs[side].value for side in SIDES)


def test_labelling_needs_a_box(to_draw):
    folder, video, _ = to_draw
    with pytest.raises(OptionError, match="no frame to label"):
        label_by_box(video, {}, folder)
