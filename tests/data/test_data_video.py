from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest

from rcrlib.data import ImageFrames, LabelFiles, Video, VideoFileFrames
from rcrlib.data.listing import natural_key
from rcrlib.errors import DataError


@pytest.fixture
def video(mini):
    mini.video("v", count=4)
    mini.mask("m/00002.png")
    return Video(
        "v", ImageFrames.from_folder(mini.root / "v"), {2: LabelFiles((mini.root / "m/00002.png",))}
    )


def test_video_reads_frames_and_labels(video):
    assert len(video) == 4
    assert video.size == (12, 16)
    assert video.frame_names == ("00000", "00001", "00002", "00003")
    assert video.annotated == (2,)
    assert video.frame(3)[0, 0, 0] == 30
    assert video.label(2).mean() == 0.25
    assert video.label(2, soft=True).dtype == np.float32


def test_stream_gives_the_frames_in_order(video):
    assert [frame[0, 0, 0] for frame in video.stream()] == [0, 10, 20, 30]


def test_with_labels_leaves_the_original_alone(video):
    assert video.with_labels({}).annotated == ()
    assert video.annotated == (2,)


def test_labels_cannot_be_changed_in_place(video):
    with pytest.raises(TypeError):
        video.labels[0] = video.labels[2]


def test_video_survives_pickling(video):
    assert pickle.loads(pickle.dumps(video)) == video


def test_frame_without_label_says_so(video):
    with pytest.raises(DataError, match="v: frame 1 has no label; labelled are 1 of 4 frames"):
        video.label(1)


def test_label_of_no_frame_is_refused(video):
    with pytest.raises(DataError, match=r"labels for the frames \[4\] of 4"):
        video.with_labels({4: video.labels[2]})


def test_label_of_several_files_is_their_union(mini, video):
    other = mini.mask("m2/00002.png", columns=slice(8, 16))
    label = LabelFiles((*video.labels[2].paths, other))
    assert video.with_labels({2: label}).label(2).mean() == 0.75


def test_frames_are_in_natural_order(mini):
    for number in (10, 9, 1, 2):
        mini.frame(f"v/f{number}.png")
    assert ImageFrames.from_folder(mini.root / "v").names == ("f1", "f2", "f9", "f10")
    assert sorted(["a1", "a01", "1", "b", ""], key=natural_key) == ["", "1", "a01", "a1", "b"]


def test_hidden_files_are_no_frames(mini):
    mini.video("v", count=2)
    mini.text("v/._00000.png", "a Mac's")
    assert len(ImageFrames.from_folder(mini.root / "v")) == 2


def test_two_frames_of_one_name_are_refused(mini):
    mini.frame("v/0.png")
    mini.frame("v/0.jpg")
    with pytest.raises(DataError, match="has the same name"):
        ImageFrames.from_folder(mini.root / "v")


def test_folder_without_images_is_refused(mini):
    mini.text("v/readme.txt", "")
    with pytest.raises(DataError, match="v: holds no image"):
        ImageFrames.from_folder(mini.root / "v")


def test_frame_of_another_size_is_refused(mini):
    mini.video("v", count=2)
    mini.frame("v/00001.png", size=(5, 6))
    frames = ImageFrames.from_folder(mini.root / "v")
    with pytest.raises(DataError, match=r"00001\.png: is 6x5 pixels, the first frame .* is 16x12"):
        frames[1]


def test_video_file_reads_any_frame_exactly(mini):
    frames = VideoFileFrames(mini.video_file("v.avi"))
    assert len(frames) == 12
    assert frames.size == (32, 48)
    assert frames.names[11] == "00011"
    for index in (0, 7, 3, 3, 11, 10, -1):
        assert frames[index][..., 0].mean() == pytest.approx(20 * (index % 12), abs=4)
        assert frames[index][..., 2].mean() < 4  # RGB, not BGR
    with pytest.raises(IndexError):
        frames[12]


def test_video_file_streams_while_it_is_read(mini):
    frames = VideoFileFrames(mini.video_file("v.avi"))
    reds = [(frame[..., 0].mean(), frames[5][..., 0].mean()) for frame in frames.stream()]
    assert [round(red / 20) for red, _ in reds] == list(range(12))
    assert {round(red / 20) for _, red in reds} == {5}


def test_video_file_survives_pickling_while_open(mini):
    frames = VideoFileFrames(mini.video_file("v.avi"))
    assert (pickle.loads(pickle.dumps(frames))[2] == frames[2]).all()


@pytest.mark.parametrize("lie", [0, 5, 40])
def test_video_file_is_counted_where_its_header_lies(mini, monkeypatch, lie):
    path = mini.video_file("v.avi")

    class LyingCapture:
        def __init__(self, name: str) -> None:
            self.honest = capture(name)

        def __getattr__(self, attribute: str) -> object:
            return getattr(self.honest, attribute)

        def get(self, key: int) -> float:
            return lie if key == cv2.CAP_PROP_FRAME_COUNT else self.honest.get(key)

    capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", LyingCapture)
    assert len(VideoFileFrames(path)) == 12


def test_what_is_no_video_file_is_refused(mini):
    with pytest.raises(DataError, match="not there; expected a video file"):
        VideoFileFrames(mini.root / "none.mp4")
    with pytest.raises(DataError, match="cannot be opened as a video"):
        VideoFileFrames(mini.text("text.mp4", "no video"))
