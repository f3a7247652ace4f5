"""The whole way through the command, on little data."""

from __future__ import annotations

import importlib.util
import json
import shutil

import cv2
import numpy as np
import torch
from PIL import Image

from helpers.films import frames_of, write_film
from rcrlib.data import SyntheticConfig, load, read_image, read_mask
from rcrlib.experiments.world import World
from rcrlib.models import FGPLG, RCRNet, RCRNetNER, load_weights, weights_metadata

QUICK = ("--preset", "smallest", "--steps", 2)


def test_synth_writes_a_set_in_the_layout_of_davis(synthetic):
    train, val = load(synthetic, split="train"), load(synthetic, split="val")
    assert (train.layout, len(train), len(val)) == ("davis2016", 3, 1)
    assert (len(train[0]), train[0].size, len(train[0].annotated)) == (11, (48, 64), 11)


def test_every_stage_writes_the_network_that_the_next_one_takes(trained):
    kinds = {"image": RCRNet, "fgplg": FGPLG, "video": RCRNetNER}
    for stage, kind in kinds.items():
        assert type(load_weights(trained.weights(stage), fast=False)) is kind
        steps = (trained.root / stage / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in steps] == [1, 2]


def test_stages_2_and_3_learn_from_images_too_and_stage_2_goes_on_from_itself(rcr, trained):
    run = (trained.data, "--split", "train", "--images", trained.data, *QUICK)
    ended = rcr("train", "fgplg", *run, "--residual", "-o", "one")
    assert (ended.status, ended.out) == (0, "one/model.safetensors\n")
    ended = rcr(
        "train", "fgplg", *run, "--residual", "--start", "one/model.safetensors", "-o", "two"
    )
    assert (ended.status, ended.out) == (0, "two/model.safetensors\n")
    ended = rcr("train", "video", *run, "--start", trained.weights("image"), "-o", "three")
    assert (ended.status, ended.out) == (0, "three/model.safetensors\n")


def test_pseudo_labels_keep_the_kept_labels_byte_for_byte(trained):
    manifest = json.loads((trained.pseudo / "manifest.json").read_text())
    names = [f"{index:05d}" for index in (0, 2, 3, 5, 7, 8, 10)]
    for video, frames in manifest["videos"].items():
        assert sorted(frames) == names
        for frame in ("00000", "00005", "00010"):
            assert frames[frame] == "label"
            copy = trained.pseudo / video / f"{frame}.png"
            label = trained.data / "Annotations/480p" / video / f"{frame}.png"
            assert copy.read_bytes() == label.read_bytes()


def test_predict_writes_a_map_for_every_frame_of_a_data_set(rcr, trained, tmp_path):
    ended = rcr(
        "predict", trained.data, "--split", "val", "--weights", trained.weights("video"),
        "-o", "maps", "--overlap", 1,
    )  # fmt: skip
    assert (ended.status, ended.out, ended.err) == (0, "maps\n", "")
    (video,) = load(trained.data, split="val")
    maps = sorted((tmp_path / "maps" / video.name).iterdir())
    assert [path.stem for path in maps] == list(video.frame_names)
    assert read_mask(maps[0], soft=True, style="grey").shape == video.size


def test_predict_takes_a_folder_of_frames_and_a_video_file(rcr, trained, tmp_path):
    frames = trained.data / "JPEGImages/480p/synthetic-000"
    film = write_film(tmp_path / "film.avi", map(read_image, sorted(frames.iterdir())))
    for source, name in ((frames, "synthetic-000"), (film, "film")):
        out = tmp_path / f"maps-{name}"
        weights = trained.weights("video")
        ended = rcr("predict", source, "--weights", weights, "-o", out, "--overlay")
        assert (ended.status, ended.err) == (0, "")
        assert len(list((out / name).glob("*.png"))) == 11
        assert cv2.VideoCapture(str(out / f"{name}.mp4")).read()[0]


def test_predict_takes_the_image_network_and_a_one_frame_video(rcr, trained, videos, tmp_path):
    videos.video("one", frames=1, labels=())
    ended = rcr("predict", videos.root, "--weights", trained.weights("image"), "-o", "maps")
    assert ended.status == 0
    assert (tmp_path / "maps/one/00000.png").is_file()


def test_predict_needs_no_weights_of_ones_own(rcr, tmp_path):
    film = write_film(tmp_path / "film.avi", frames_of(2, (48, 64)))
    ended = rcr("predict", film.name, "--size", 64, "-o", "maps")
    assert (ended.status, ended.out) == (0, "maps\n")
    assert len(list((tmp_path / "maps/film").iterdir())) == 2


def test_show_prints_a_line_per_video_and_draws_a_sheet(rcr, synthetic, tmp_path):
    ended = rcr("data", "show", synthetic, "-o", "sheet.png")
    lines = ended.out.splitlines()
    assert ended.status == 0
    assert [line.split()[:4] for line in lines[:4]] == [
        [f"synthetic-{index:03d}", "11", "frames", "64x48"] for index in range(4)
    ]
    assert lines[4].startswith("4 videos, 44 frames, 44 labels  object")
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


def test_demo_goes_the_whole_way_on_videos_of_its_own(rcr, tmp_path, monkeypatch):
    few = SyntheticConfig(videos=3, frames=21, size=(32, 32))
    monkeypatch.setattr(World, "of_seed", lambda seed, **knobs: World(few, 1, 4))
    ended = rcr("demo", *QUICK, "--out", "mine")
    assert (ended.status, ended.err) == (0, "")
    assert "(a) labels alone" in ended.out
    assert "(b) labels + pseudo-labels" in ended.out
    assert "(c) all true labels" in ended.out
    for name in ("report.md", "report.json", "sheet.png"):
        assert (tmp_path / "mine" / name).is_file()


def test_demo_takes_a_data_set_with_its_lists(rcr, synthetic):
    ended = rcr("demo", "--data", synthetic, *QUICK)
    assert (ended.status, ended.err) == (0, "")
    assert (
        "3 videos to train on, 1 to predict (the data set's own lists train and val)" in ended.out
    )
    assert "labels          9 of 33 kept: one in 5" in ended.out


def test_demo_takes_one_video_of_ones_own_with_five_labels(rcr, videos, tmp_path):
    """All five labels are kept, and pseudo-labels go to frames that were never annotated."""
    videos.video("dog", frames=21, labels=(0, 5, 10, 15, 20))
    ended = rcr("demo", "--data", videos.root, *QUICK)
    assert (ended.status, ended.err) == (0, "")
    assert "labels          5 of 5 kept: one in 1" in ended.out
    manifest = json.loads((tmp_path / "rcr-demo/pseudo-labels/manifest.json").read_text())
    pseudo = [name for name, kind in manifest["videos"]["dog"].items() if kind == "pseudo"]
    assert pseudo == ["00003", "00008", "00013", "00018"]
    assert len(list((tmp_path / "rcr-demo/maps-pseudo/dog").iterdir())) == 21


def test_import_turns_a_released_file_into_one_of_ours(rcr, shared, tmp_path):
    path = shared / "reference/official-weights/fill.py"
    spec = importlib.util.spec_from_file_location("fill", path)
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    torch.save(fill.state_dict("image"), tmp_path / "released.pth")
    ended = rcr("weights", "import", "released.pth", "ours.safetensors")
    assert (ended.status, ended.out) == (0, "ours.safetensors: RCRNet, 43.2 M parameters\n")
    released, ours = (
        load_weights(tmp_path / name) for name in ("released.pth", "ours.safetensors")
    )
    for (name, a), b in zip(released.state_dict().items(), ours.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_halved_weights_are_used_like_the_whole_ones(rcr, trained, tmp_path):
    whole = trained.weights("video")
    ended = rcr("weights", "halve", whole, "half.safetensors")
    half = tmp_path / "half.safetensors"
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == f"half.safetensors: {half.stat().st_size / 1e6:.1f} MB\n"
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    assert weights_metadata(half) == weights_metadata(whole)


def test_averaged_weights_are_used_like_those_they_come_from(rcr, trained, tmp_path):
    video, image = trained.weights("video"), trained.weights("image")
    ended = rcr("weights", "average", video, image, "-o", "mean.safetensors")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "mean.safetensors: RCRNetNER, the mean of 2 files\n"
    extra = weights_metadata(tmp_path / "mean.safetensors")
    assert extra == weights_metadata(video) | {"mean_of": [str(video), str(image)]}
    maps = rcr("predict", trained.data, "--weights", "mean.safetensors", "-o", "maps")
    assert maps.status == 0


def test_averaged_weights_are_used_at_the_side_that_they_were_written_for(rcr, trained, tmp_path):
    files = (trained.weights("video"), trained.weights("image"))
    assert rcr("weights", "average", *files, "--size", "48", "-o", "mean.safetensors").status == 0
    assert weights_metadata(tmp_path / "mean.safetensors")["size"] == 48
    assert weights_metadata(files[0])["size"] != 48
    for out, size in (("as-written", ()), ("as-asked", ("--size", "48"))):
        maps = rcr("predict", trained.data, "--weights", "mean.safetensors", *size, "-o", out)
        assert maps.status == 0
    written, asked = (sorted((tmp_path / out).rglob("*.png")) for out in ("as-written", "as-asked"))
    assert written
    assert [p.read_bytes() for p in written] == [p.read_bytes() for p in asked]


def test_palette_and_alpha_masks_are_read_rightly(rcr, videos):
    """Object ids 1 and 2 are dark colours; an alpha mask has one colour everywhere."""
    videos.video("ids")
    videos.video("alpha")
    ids = np.zeros((24, 32), np.uint8)
    ids[:12, :8], ids[12:, :8] = 1, 2  # a quarter of the picture
    palette = Image.fromarray(ids, "P")
    palette.putpalette([0, 0, 0, 90, 0, 0, 0, 90, 0])
    alpha = np.zeros((24, 32, 4), np.uint8)
    alpha[:, :16, 3] = 255  # half of it
    for index in range(11):
        palette.save(videos.root / f"ids/labels/{index:05d}.png")
        Image.fromarray(alpha).save(videos.root / f"alpha/labels/{index:05d}.png")
    lines = rcr("data", "show", videos.root).out.splitlines()
    assert "object 50.0 % (50.0 to 50.0)" in lines[0]
    assert "object 25.0 % (25.0 to 25.0)" in lines[1]
    ended = rcr("train", "image", videos.root, "-o", "run", *QUICK)
    assert ended.status == 0


def test_force_replaces_what_rcr_wrote(rcr, trained, tmp_path):
    shutil.copytree(trained.pseudo, tmp_path / "pseudo")
    command = ("pseudo-label", trained.data, "--split", "train", "-o", "pseudo", "-m", 1)
    ended = rcr(*command, "--fgplg", trained.weights("fgplg"), "--force")
    assert ended.status == 0
    assert json.loads((tmp_path / "pseudo/manifest.json").read_text())["m"] == 1
    assert not list(tmp_path.glob(".*"))
