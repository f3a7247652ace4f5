"""Every published layout, in miniature; each function writes one into `mini.root`."""

from __future__ import annotations

import numpy as np


def davis2016(mini):
    mini.video("JPEGImages/480p/bear", "Annotations/480p/bear")
    mini.video("JPEGImages/480p/camel", "Annotations/480p/camel", count=2)
    line = "/JPEGImages/480p/{0}/{1:05d}.png /Annotations/480p/{0}/{1:05d}.png\n"
    mini.text("ImageSets/480p/train.txt", "".join(line.format("bear", i) for i in range(3)))
    mini.text("ImageSets/480p/val.txt", "".join(line.format("camel", i) for i in range(2)))


def davis2017(mini):
    for name in ("bear", "pigs"):
        mini.video(f"JPEGImages/480p/{name}")
        mini.palette(f"Annotations/480p/{name}/00000.png", np.arange(192).reshape(12, 16) % 4)
    mini.text("ImageSets/2017/train.txt", "pigs\n")
    mini.text("ImageSets/2016/train.txt", "bear\n")


def fbms_archive(mini):
    for number in (400, 401, 420):
        mini.frame(f"Trainingset/marple/marple_{number}.jpg", 1)
    white = np.full((12, 16, 3), 255, np.uint8)
    white[:, :4] = 0, 0, 255
    mini.image("Trainingset/marple/GroundTruth/marple_420_gt.ppm", white)
    mini.image("Trainingset/marple/GroundTruth/marple_400_PROB_gt.ppm", white)
    mini.text("Trainingset/marple/GroundTruth/marpleDef.dat", "a description")
    for number in (1, 2):
        mini.frame(f"Testset/cars/cars_{number:02d}.jpg")
    mini.image("Testset/cars/GroundTruth/002.pgm", np.full((12, 16), 40, np.uint8))


def fbms_converted(mini):
    mini.video("JPEGImages/bear01", "Annotations/bear01", count=5, every=4)


def vos(mini):
    for name in ("3", "10"):
        mini.video(f"JPEGImages/{name}", f"Annotations/{name}", count=31, every=15)
    mini.text("ImageSets/test.txt", "10\n")


def segtrack(mini):
    mini.video("JPEGImages/frog", "GroundTruth/frog")
    mini.video("JPEGImages/bmx")
    for index in range(3):
        mini.mask(f"GroundTruth/bmx/1/{index:05d}.png", columns=slice(0, 4))
        mini.mask(f"GroundTruth/bmx/2/{index:05d}.png", columns=slice(12, 16))
    mini.text("ImageSets/all.txt", "*bmx\n*frog\n")


def generic(mini):
    mini.video("one/frames", "one/labels")
    mini.video("two/frames")


def duts(mini):
    for part in ("TR", "TE"):
        mini.frame(f"DUTS-{part}-Image/{part}.jpg")
        mini.mask(f"DUTS-{part}-Mask/{part}.png")


def hku_is(mini):
    mini.frame("imgs/0001.png")
    mini.mask("gt/0001.png")


def ecssd(mini):
    mini.frame("images/0001.jpg")
    mini.mask("ground_truth_mask/0001.png")


def msra_b(mini):
    for name in ("0_1_1234", "0_2_5678"):
        mini.frame(f"{name}.jpg")
        mini.mask(f"{name}.png")
    mini.text("ImageSets/test.txt", "0_2_5678.jpg\n")


def folder(mini):
    mini.video(".")
