"""Data that cannot be used, through the command: one line, status 2, nothing half written."""

from __future__ import annotations

import pytest

from helpers.films import frames_of, write_film

PRESET = ("--preset", "smallest")
RUN = (*PRESET, "-o", "run", "--batch", 2, "--device", "cpu")


@pytest.fixture
def broken(videos):
    """Return a set of one video whose first frame is cut off in the middle."""
    videos.video("dog")
    frame = videos.root / "dog/frames/00000.png"
    frame.write_bytes(frame.read_bytes()[:60])
    return videos.root


def test_a_frame_that_does_not_decode_is_named(refused, trained, broken):
    says = ("set/dog/frames/00000.png", "cannot be read as an image", "replace the file")
    refused("data", "show", broken, says=says)
    refused("predict", broken, "--weights", trained.weights("video"), "-o", "maps", says=says)
    generator = ("--fgplg", trained.weights("fgplg"))
    refused("pseudo-label", broken, *generator, "-o", "labels", says=says)
    refused("train", "image", broken, *RUN, "--steps", 9, says=says, leaves="run")
    refused("demo", "--data", broken, *PRESET, "--steps", 9, says=says, leaves="rcr-demo")


def test_a_frame_that_does_not_decode_in_a_worker_process_is_named(refused, broken):
    run = (*RUN, "--steps", 9, "--workers", 1)
    refused("train", "image", broken, *run, says=["set/dog/frames/00000.png"], leaves="run")


def test_a_video_file_that_does_not_decode_is_refused(refused, trained, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"no video" * 99)
    says = ("film.mp4", "cannot be opened as a video", "convert the file")
    weights = trained.weights("video")
    refused("predict", "film.mp4", "--weights", weights, "-o", "maps", says=says)


def test_a_video_file_has_no_labels_to_learn_from(refused, tmp_path):
    write_film(tmp_path / "film.avi", frames_of(5))
    refused("demo", "--data", "film.avi", says=["film.avi", "labels", "at least 3"])
    refused("train", "image", "film.avi", *RUN, says=["film.avi", "no label", "give labels"])


def test_a_mask_of_another_size_than_its_frame_is_refused(refused, trained, videos):
    videos.video("dog")
    videos.mask("dog/labels/00005.png", size=(24, 30))
    says = ("set/dog/labels/00005.png", "30x24", "32x24", "give a mask of the frame's size")
    refused("data", "show", videos.root, says=says)
    refused("train", "image", videos.root, *RUN, "--steps", 9, says=says, leaves="run")
    generator = ("--fgplg", trained.weights("fgplg"))
    refused("pseudo-label", videos.root, *generator, "-o", "labels", says=says)


@pytest.mark.parametrize("command", ["data show", "train video", "predict", "demo"])
def test_a_label_without_a_frame_is_refused(refused, trained, videos, command):
    videos.video("dog")
    videos.mask("dog/labels/00099.png")
    rest = {
        "train video": ("-o", "run"),
        "predict": ("-o", "maps", "--weights", trained.weights("video")),
    }.get(command, ())
    data = ("--data", videos.root) if command == "demo" else (videos.root,)
    says = ("set/dog/labels/00099.png", "a label without a frame", "rename the label or remove it")
    refused(*command.split(), *data, *rest, says=says)


def test_an_empty_video_is_refused(refused, trained, videos, tmp_path):
    videos.video("dog")
    (videos.root / "empty/frames").mkdir(parents=True)
    (tmp_path / "nothing").mkdir()
    weights = ("--weights", trained.weights("video"), "-o", "maps")
    refused("predict", videos.root, *weights, says=["set/empty/frames", "holds no image"])
    refused("predict", "nothing", *weights, says=["nothing", "no known layout"])
    refused("demo", "--data", videos.root, says=["set/empty/frames", "holds no image"])


def test_a_video_of_one_frame_is_too_little_to_learn_from(refused, trained, videos):
    videos.video("one", frames=1)
    says = ("set", "one has most", "3 kept labels", "lower --l")
    refused("train", "fgplg", videos.root, *RUN, "-l", 1, says=says)
    generator = ("--fgplg", trained.weights("fgplg"), "-o", "labels")
    refused("pseudo-label", videos.root, *generator, says=["set", "2 kept labels"])
    refused("demo", "--data", videos.root, says=["set", "one has most labels, 1", "at least 3"])


def test_fewer_labels_than_a_triplet_needs_are_refused(refused, videos):
    videos.video("dog", labels=(0, 10))
    refused("demo", "--data", videos.root, says=["set", "dog has most labels, 2", "at least 3"])
    videos.video("cat")  # 11 labels
    says = ("set", "3 kept labels", "cat has most, with 2", "lower --l")
    refused("train", "fgplg", videos.root, *RUN, "-l", 6, says=says)


def test_the_demo_refuses_fewer_kept_labels_than_a_triplet_needs(refused, videos):
    videos.video("cat")  # 11 labels, of which 2 are kept
    says = ("set", "3 kept labels", "cat has most, with 2", "lower --l")
    refused("demo", "--data", videos.root, "-l", 6, "--steps", 1, says=says)


def test_missing_data_are_refused(refused, trained):
    for command in (("data", "show"), ("train", "image"), ("predict",)):
        rest = {
            "train": RUN,
            "predict": ("-o", "maps", "--weights", trained.weights("video")),
        }.get(command[0], ())
        refused(*command, "nowhere", *rest, says=["nowhere", "not there", "data set's folder"])
    refused("demo", "--data", "nowhere", says=["nowhere", "not there"])


def test_an_unknown_split_is_answered_with_those_found(refused, synthetic):
    says = ("no split 'test'", "splits found: train, val", "give one of them")
    refused("data", "show", synthetic, "--split", "test", says=says)


@pytest.mark.parametrize("stage", ["fgplg", "video"])
def test_images_that_are_missing_or_unlabelled_are_refused(stage, refused, trained, tmp_path):
    run = ("train", stage, trained.data, "--split", "train", *RUN)
    refused(*run, "--images", "DUTS-TR", says=["DUTS-TR"], leaves="run")
    write_film(tmp_path / "film.avi", frames_of(3))
    refused(*run, "--images", "film.avi", says=["film.avi", "label", "give labels"], leaves="run")
