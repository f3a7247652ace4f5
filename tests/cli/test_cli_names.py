"""The command prints every name, whatever the encoding of its output."""

from __future__ import annotations

import io
import os
import sys

import pytest

from rcrlib.cli.main import main


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "ascii"])
@pytest.mark.parametrize("name", ["影片", os.fsdecode(b"vid\xe9o")])
def test_names_that_the_output_cannot_hold_are_escaped(
    encoding, name, videos, tmp_path, monkeypatch
):
    videos.video(name, frames=2)
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding=encoding))
    main(["data", "show", str(videos.root), "-o", str(tmp_path / "sheet.png")])
    sys.stdout.flush()
    assert b"2 frames" in data.getvalue()
    assert (tmp_path / "sheet.png").is_file()


def test_a_film_that_is_cut_off_is_said_once_and_used(rcr, tmp_path):
    from helpers.films import frames_of, write_film

    path = write_film(tmp_path / "whole.avi", frames_of(10, (32, 48)))
    (tmp_path / "cut.avi").write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    ended = rcr("predict", "cut.avi", "-o", "maps", "--size", "32", "--device", "cpu")
    assert ended.status == 0
    assert ended.err.count("of 10 frames can be decoded") == 1
    assert ended.err.startswith("rcr: cut.avi: ")
    assert len(list((tmp_path / "maps" / "cut").iterdir())) < 10


def test_tables_hold_names_that_are_not_utf8(rcr, videos, tmp_path):
    name = os.fsdecode(b"vid\xe9o")
    videos.video(name, frames=2)
    for index in range(2):
        videos.root = tmp_path / "maps"
        videos.mask(f"{name}/{index:05d}.png", index)
    texts = ("--csv", "a.csv", "--markdown", "a.md", "--latex", "a.tex", "--json", "a.json")
    ended = rcr("eval", "saliency", "--pred", "maps", "--gt", "set", *texts)
    assert ended.status == 0
    assert r"vid\udce9o" in (tmp_path / "a.csv").read_text(encoding="utf-8")
