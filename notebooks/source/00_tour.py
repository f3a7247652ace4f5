# %% [markdown] minutes=2 tags=["slide"]
# # 00 · A tour: from a few labelled frames to saliency for every video
#
# **In one minute, a computer will label frames that nobody labelled, learn from its own labels,
# and find what is salient in videos that it has never seen.**

# %% [markdown] minutes=3 tags=["objectives"]
# *Salient* is what you look at first. A network learns it from videos in which somebody drew a
# mask on every frame, which takes days. [Yan et al.](#References) draw one mask in five, let a
# small network fill in others, and lose nothing. You will see every step:
#
# | | step | in the library |
# |---|---|---|
# | 1 | a video and its few labels | `rcrlib.data` |
# | 2 | optical flow carries a label to its neighbours | `rcrlib.flow` |
# | 3 | what FGPLG sees: seven channels | `rcrlib.triplets` |
# | 4 | training, for real | `rcrlib.train` |
# | 5 | pseudo-labels beside the truth | `rcrlib.pseudo` |
# | 6 | RCRNet+NER learns from labels and pseudo-labels | `rcrlib.train` |
# | 7 | saliency for new videos, in pictures and numbers | `rcrlib.predict` |
#
# There is nothing to write yet. Choose **Run → Run All Cells** now, start reading meanwhile, and
# answer each **Predict** before you look at what is below it.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from rcrlib.course import picture, setup
from rcrlib.show import contact_sheet, curves, flow_picture, overlay

session = setup("00_tour")
started = time.perf_counter()
files = tempfile.TemporaryDirectory(prefix="rcr-tour-")  # removed when the kernel stops
work = Path(files.name)

# %% [markdown] minutes=5 tags=["slide"]
# ## 1 · A video and its few labels
#
# These videos are generated: nothing to download, and every true mask is known. Each has one
# salient animal: rounded, patterned, and much the largest that moves on its own. The
# **distractors** move *or* are colourful; none is salient.
#
# We keep **one label in five** (the paper's $l = 5$) and put the others aside. They come back in
# step 5, as the examiner.

# %%
# NBVAL_CHECK_OUTPUT
from rcrlib.data import SyntheticConfig, keep_labels, load, write_synthetic

scenes = SyntheticConfig(videos=28, frames=11, size=(160, 160))
# Large, clear animals in small company: there is half a minute to learn in.
scenes = replace(scenes, object_radius=(0.16, 0.28), low_contrast_share=0, distractors=(1, 2))
write_synthetic(scenes, work / "videos", val_videos=4)
everything = load(work / "videos", split="train")
kept = keep_labels(everything, l=5)
test = load(work / "videos", split="val")
frames, labels = sum(map(len, kept)), sum(len(video.labels) for video in kept)
print(f"{len(kept)} videos to learn from, {len(test)} to test on")
print(f"{frames} frames to learn from, {labels} of them labelled")


def tinted(video, t):
    """Return frame t, tinted where its label is; a frame without a label stays as it is."""
    return overlay(video.frame(t), video.label(t)) if t in video.labels else video.frame(t)


cast = [kept[f"synthetic-{number:03d}"] for number in (6, 12, 5)]
times = (0, 3, 5, 8, 10)
titles = [f"frame {t}" + " · labelled" * (t in cast[0].labels) for t in times]
picture(
    "Three of the videos. In frames 0, 5 and 10, which are labelled, the salient animal has a blue"
    " tint and a white contour.",
    contact_sheet([[tinted(video, t) for t in times] for video in cast], titles, cell_width=144),
)

# %% [markdown] minutes=6 tags=["slide"]
# ## 2 · Optical flow carries a label to its neighbours
#
# Frame $k = 3$ has no label. Optical flow $O_{k \to i}(x)$ tells where the point $x$ of frame $k$
# is in frame $i$, in pixels. If frame $i$ has a label $G_i$, every pixel of frame $k$ can ask:
# *what is the label where I am in frame i?* This is **backward warping**:
#
# $$G_{i \to k}(x) \;=\; G_i\big(x + O_{k \to i}(x)\big)$$
#
# **Predict.** In the first video, a reed sweeps over the green animal. Generated videos know their
# *exact* flow. Even so, which part of the animal will the label of frame 0 miss? And that of
# frame 5?

# %%
from rcrlib.data import make_synthetic
from rcrlib.flow import FlowCache, get_flow, occlusion, warp
from rcrlib.metrics import iou
from rcrlib.triplets import TripletReader

dis = FlowCache(get_flow("dis"), work / "flow")  # OpenCV's estimator needs no weights
reader = TripletReader(dis, size=(160, 160), flow_size=(160, 160))
video, scene = cast[0], make_synthetic(scenes)[6]
i, k, j = 0, 3, 5
truth = everything[video.name].label(k)


def carry(n, exact):
    """Warp the label of frame n to k: give a row of pictures, and the overlap with the truth."""
    if exact:
        away, lost = torch.from_numpy(scene.flow(k, n)).movedim(2, 0)[None], scene.occlusion(k, n)
    else:
        away = reader.flow_between(video, k, n)
        lost = occlusion(away, reader.flow_between(video, n, k))[0, 0].numpy()
    label = warp(torch.from_numpy(video.label(n))[None, None].float(), away)[0, 0].numpy()
    row = [tinted(video, n), flow_picture(away[0]), lost, overlay(video.frame(k), label)]
    return [*row, overlay(video.frame(k), truth)], iou(label >= 0.5, truth)


ways = {"0, exact flow": (i, True), "5, exact flow": (j, True), "5, estimated": (j, False)}
rows, overlaps = zip(*(carry(*way) for way in ways.values()), strict=True)
names = [f"frame {way}\nIoU {x:.2f}" for way, x in zip(ways, overlaps, strict=True)]
titles = ["its label", "flow from frame 3", "hidden there", "label warped to 3", "truth"]
picture(
    "Labels carried to frame 3. White: what the other frame hides, or what is not found there."
    f" Overlap with the true label: IoU {overlaps[0]:.2f} and {overlaps[1]:.2f} along the exact"
    f" flow, {overlaps[2]:.2f} along an estimate.",
    contact_sheet(rows, titles, names, cell_width=156),
)

# %% [markdown] minutes=5 tags=["slide"]
# Where the reed hid the animal in frame 0, there is no label to fetch: the warp brings the reed's.
# This is **occlusion**, and no better flow cures it. But what frame 0 hides, frame 5 shows, and the
# other way round. Somebody must decide which of them to believe, and where.
#
# ## 3 · What FGPLG sees: seven channels
#
# That somebody is the *flow-guided pseudo-label generator*: a saliency network that sees, beside
# the colours $I_k$ of the frame, both warped labels, and how far each pixel went for them.
#
# $$P_k = \sigma\big(\,\mathrm{RCRNet}_7\,[\, I_k,\; G_{i \to k},\; G_{j \to k},\;
# \lVert O_{k \to i} \rVert,\; \lVert O_{k \to j} \rVert \,]\,\big)$$
#
# **Predict.** Which of the seven channels tell the animal from the reed? Which could tell that a
# warped label is not to be trusted?

# %%
colours, guide = reader(video, i, k, j)
channels = [*colours.numpy(), *guide[:2].numpy(), *(guide[2:] / 2**0.5).numpy()]
names = ["red", "green", "blue", "label 0,\nwarped", "label 5,\nwarped"]
names += ["length of\nflow to 0", "length of\nflow to 5"]
picture(
    "Frame 3 as FGPLG sees it: three colours; two warped labels, which contradict each other (IoU"
    f" {iou(guide[0] >= 0.5, guide[1] >= 0.5):.2f}); the lengths of two flows, bright where far.",
    contact_sheet([channels], names, cell_width=124),
)

# %% [markdown] minutes=5 tags=["slide"]
# ## 4 · Training, for real
#
# Frames 0, 5 and 10 are labelled, so frame 5 can be an exam question and its label the answer:
# FGPLG learns on such **triplets**, and is later asked about the frames in between. It starts from
# an RCRNet that has seen the kept labels as single images. Both lower the cross-entropy:
#
# $$L = -\frac{1}{N} \sum_x \; G(x) \log P(x) + \big(1 - G(x)\big) \log \big(1 - P(x)\big)$$
#
# **Predict.** Whose loss will end lower, that of the network with three channels or with seven?

# %%
from rcrlib.models import FGPLG, RCRNet
from rcrlib.train import get_preset, load_as, train_fgplg, train_image

tiny = get_preset("tiny", seed=0)  # a ResNet-18 with narrow heads, from random weights
tour = replace(
    tiny,
    size=64,
    flow_size=160,
    image=replace(tiny.image, batch=4, steps=60, lr=4e-3),
    fgplg=replace(tiny.fgplg, batch=4, steps=36, lr=1e-3, augment=False),
    video=replace(tiny.video, batch=2, steps=18, lr=2e-4, augment=False),
)
image_file = train_image(kept, tour, work / "image")
fgplg_file = train_fgplg(kept, tour, work / "fgplg", start=image_file, flow=dis)


def losses(run):
    """Return a training run's steps and its loss at each, a mean over ten."""
    lines = (work / run / "metrics.jsonl").read_text().splitlines()
    loss = np.convolve([json.loads(line)["loss"] for line in lines], np.full(10, 0.1), "valid")
    return np.arange(10, len(lines) + 1), loss


both = {"RCRNet: 3 channels, single images": losses("image"), "FGPLG: 7 channels": losses("fgplg")}
end = [loss[-1] for _, loss in both.values()]
picture(
    f"The loss falls to {end[0]:.2f} for RCRNet and to {end[1]:.2f} for FGPLG.",
    curves(both, "training step", "cross-entropy, mean of ten steps"),
)

# %% [markdown] minutes=4 tags=["slide"]
# ## 5 · Pseudo-labels beside the truth
#
# FGPLG now labels one frame in each gap ($m = 1$; "1 / 5" in the paper's Table 2). The labels that
# we put aside judge it, next to two rivals that need no network: copying the nearest kept label,
# and averaging the two warped ones. The measure is $\mathrm{IoU} = |P \cap G| \, / \, |P \cup G|$.
#
# **Predict.** Rank the three. FGPLG has had a quarter of a minute of school.

# %%
from rcrlib.data import dataset_intervals, read_mask
from rcrlib.evaluation import judge_pseudo_labels, warped_label
from rcrlib.pseudo import generate
from rcrlib.triplets import reader_for

fgplg = load_as(FGPLG, fgplg_file)
pseudo = work / "pseudo-labels"
generate(everything, fgplg, pseudo, l=5, m=1, flow=dis, size=tour.size, flow_size=tour.flow_size)
reader = reader_for(fgplg, dis, (tour.size,) * 2, (tour.flow_size,) * 2)
quality = judge_pseudo_labels(everything, dataset_intervals(everything, 5, 1), pseudo, reader)

rows, names = [], []
for video in cast:
    made = read_mask(pseudo / video.name / f"{video.frame_names[k]}.png")
    guesses = video.label(j), warped_label(video, i, k, j, reader), made
    truth = everything[video.name].label(k)
    rows.append([overlay(video.frame(k), label) for label in (*guesses, truth)])
    names.append("IoU here\n" + "  ".join(f"{iou(guess, truth):.2f}" for guess in guesses))
ways = {"nearest label, copied": quality.copied, "two labels, warped": quality.warped}
ways["FGPLG's pseudo-label"] = quality.generated
titles = [f"{way}\nmean IoU {x:.2f}" for way, x in ways.items()]
picture(
    f"Frame {k} of three videos under four labels. Mean IoU over {quality.frames} frames of all"
    " videos: " + ", ".join(f"{way} {x:.2f}" for way, x in ways.items()) + ".",
    contact_sheet(rows, [*titles, "truth"], names, cell_width=160),
)

# %% [markdown] minutes=4 tags=["slide"]
# FGPLG works on 64 × 64 pixels here, a fiftieth of the paper's, and rounds every outline. Plain
# warping is at its best while little is hidden; look at the first row, where much is.
#
# ## 6 · RCRNet+NER learns from both
#
# The final network sees clips of $T = 4$ frames, and needs neither labels nor flow. Between
# RCRNet's encoder and decoder sits **NER**: a *non-local block* lets each place of each frame look
# at all others, a *bidirectional ConvGRU* carries the animal through time, a second non-local block
# spreads what was found. True labels and pseudo-labels are its teachers alike.

# %%
from rcrlib.models import RCRNetNER, parameter_count
from rcrlib.train import train_video

taught = everything.with_label_folder(pseudo)
network = load_as(RCRNetNER, train_video(taught, tour, work / "video", start=image_file))
teachers = sum(len(video.labels) for video in taught)
print(f"learned from {labels} labels and {teachers - labels} pseudo-labels")
millions = [parameter_count(part) / 1e6 for part in (network, network.ner)]
print(f"{millions[0]:.1f} million parameters, {millions[1]:.1f} million of them in NER")

# %% [markdown] minutes=5 tags=["slide"]
# ## 7 · Videos that no network has seen
#
# Three numbers sum up how good a map is: **max F** (precision and recall at the best threshold) and
# **S** (is the structure right?), better when higher, and the mean absolute error **MAE**, better
# when lower.
#
# **Predict.** What will be harder: to find the animal, or to draw its outline? Will NER and the
# pseudo-labels beat the RCRNet of step 4, which knows single images and true labels only?

# %% tags=["result"]
from rcrlib.metrics import SaliencyMetrics
from rcrlib.predict import PredictConfig, saliency_maps


def examine(network):
    """Return a network's saliency maps of the test videos, and their score against all labels."""
    settings = PredictConfig(clip=tour.clip, size=tour.size)
    maps = {v.name: list(saliency_maps(network, v.stream(), settings)) for v in test}
    metrics = SaliencyMetrics("paper")
    for video in test:
        for t, saliency in enumerate(maps[video.name]):
            metrics.update(saliency, video.label(t), video=video.name)
    return maps, metrics.compute()


def views(video, t):
    """Return a test video's frame, its saliency map, and one over the other."""
    frame, saliency = video.frame(t), maps[video.name][t]
    return [frame, saliency, overlay(frame, saliency)]


maps, result = examine(network)
names = [f"max F {result.per_video[video.name].max_f:.2f}" for video in test]
titles = ["frame 2", "saliency", "overlay", "frame 8", "saliency", "overlay"]
rows = [views(video, 2) + views(video, 8) for video in test]
picture(
    f"Two frames of each new video with their saliency: {', '.join(names)}.",
    contact_sheet(rows, titles, names, cell_width=132),
)

maps_before, before = examine(load_as(RCRNet, image_file))
print(
    f"{f'{result.frames} frames, protocol {result.protocol!r}':<34}{'max F':>7}{'S':>7}{'MAE':>7}"
)
for name, r in {"RCRNet, step 4": before, "RCRNet+NER, step 6": result}.items():
    print(f"{name:<34}{r.max_f:7.3f}{r.s:7.3f}{r.mae:7.3f}")
print(f"\nThe whole tour took {time.perf_counter() - started:.0f} seconds.")

# %% [markdown] minutes=2
# Draw the curtain over one of them: on its left RCRNet's map, on its right RCRNet+NER's.

# %%
from rcrlib.course.widgets import curtain

video = test[0]
pair = {"RCRNet": maps_before[video.name], "RCRNet+NER": maps[video.name]}
times = range(len(video))
curtain([video.frame(t) for t in times], pair, [video.label(t) for t in times], steps=10)

# %% [markdown] minutes=4
# **What do these numbers say?** Little: one seed, four easy videos, seconds of training; and the
# second network went to school for longer. Whether pseudo-labels help needs a fair comparison, with
# all else equal. `rcr demo` makes one in minutes. The paper's, on real videos and with ten hours of
# training, gives max F .849 without and .861 with them (VOS, Table 2: 0 / 5 and 1 / 5).
#
# ## Your own video
#
# Put its frames into `my-set/VIDEO/frames/`, and masks for three of them or more, under the same
# names, into `my-set/VIDEO/labels/`. Then, in a terminal:
#
# ```bash
# rcr demo                                  # this tour, with minutes to learn in
# rcr demo --data my-set --encoder-weights imagenet -o mine
# rcr predict film.mp4 --weights mine/rcrnet-ner.safetensors --overlay -o maps
# ```
#
# ## Questions
#
# 1. Why is the flow computed *from* frame $k$, which has no label, *to* frame $i$, which has one?
# 2. With one label in twenty kept, the paper's max F is .847 with 7 pseudo-labels in each gap, and
#    .845 with 19. What can be wrong with more?
# 3. A distractor moves just as the animal does. Which of FGPLG's inputs can still tell them apart?
#    And which of RCRNet+NER's?
#
# ## References
#
# P. Yan, G. Li, Y. Xie, Z. Li, C. Wang, T. Chen, L. Lin: *Semi-Supervised Video Salient Object
# Detection Using Pseudo-Labels*, ICCV 2019, [arXiv:1908.04051](https://arxiv.org/abs/1908.04051).
#
# **Next:** *01 · What is salient, and how is it measured?*
