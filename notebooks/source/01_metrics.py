# %% [markdown] minutes=1 tags=["slide"]
# # 01 · What is salient, and how is it measured?
#
# **You will write the numbers of the paper's Table 1, and see one of them move by points while
# not a single pixel changes.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - say what *salient* means to somebody who has to draw it, and to a program that has to find it,
# - write precision and recall over thresholds, F with $\beta^2 = 0.3$, and max F of a data set,
# - choose between F, MAE and S by what each of them does not see,
# - ask of any published number: which frames, which maps, averaged over what, in which order?
#
# You need NumPy's or PyTorch's arrays and comparisons. Each exercise has a check, two hints and a
# solution; what you leave out, the library fills in, so **Run → Run All Cells** always reaches the
# end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from rcrlib.course import check, picture, setup, sheet, use
from rcrlib.metrics import SaliencyMetrics, f_measure, mae, precision_recall, s_measure, s_object
from rcrlib.show import curves, overlay, precision_recall_plot

session = setup("01_metrics")

# %% [markdown] minutes=3 tags=["slide"]
# ## 1 · What is salient?
#
# *Salient* is what you look at first. No equation says it; people do. For VOS, the paper's largest
# data set, viewers watched the videos while a camera followed their eyes, and what they looked at
# most was outlined by hand. So the truth is a **mask**, 0 or 1 at each pixel. A program answers by
# a **saliency map** $P$: a number from 0 to 1 at each pixel, how sure it is.
#
# Before networks, programs looked for what *stands out*. Here are three such, in a few lines each:
#
# - **colour**: how far is a pixel's colour from the frame's median colour?
# - **motion**: how far is its optical flow from the camera's?
# - **both**: the geometric mean of the two.
#
# Our videos are generated. In each, one animal is salient; **distractors** are colourful *or* move.
#
# **Predict.** Which of the three maps will be fooled by a flower? Which by a reed that sways? And
# can *both* be worse than *colour*?

# %%
from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.flow import get_flow

SIDE, T, METHODS = 96, 8, ("colour", "motion", "both")
videos = make_synthetic(SyntheticConfig(videos=8, frames=T, size=(SIDE, SIDE), seed=2))
dis = get_flow("dis")
y, x = np.mgrid[:SIDE, :SIDE] / SIDE
ground = np.stack([np.ones(SIDE * SIDE), x.ravel(), y.ravel()], axis=1)


def standing_out(distance, scale):
    """Return a distance (H, W) as a map in [0, 1)."""
    return 1 - np.exp(-cv2.GaussianBlur(distance.astype(np.float32), (0, 0), 1.5) / scale)


def by_colour(frame):
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return standing_out(np.linalg.norm(lab - np.median(lab, axis=(0, 1)), axis=-1), 20)


def by_motion(frame, other):
    pair = (torch.from_numpy(one).movedim(2, 0)[None] for one in (frame, other))
    flow = dis(*pair)[0].flatten(1).T.numpy()
    weight = np.ones((len(flow), 1))
    for _ in range(5):  # the camera's motion: what most of the pixels agree on
        camera = ground @ np.linalg.lstsq(ground * weight, flow * weight, rcond=None)[0]
        off = np.linalg.norm(flow - camera, axis=1, keepdims=True)
        weight = 1 / (1 + 4 * off**2)
    return standing_out(off.reshape(SIDE, SIDE), 1.5)


def three_maps(video, t):
    """Return the maps (3, H, W) of a frame, in the order of METHODS."""
    frame, other = video.frame(t), video.frame(t + 1 if t + 1 < T else t - 1)
    colour, motion = by_colour(frame), by_motion(frame, other)
    return np.stack([colour, motion, np.sqrt(colour * motion)])


maps = np.stack([[three_maps(video, t) for t in range(T)] for video in videos])
truth = np.stack([[video.mask(t) for t in range(T)] for video in videos]) > 0

# %%
SHOWN, NOW = (0, 2, 4, 5), 3
sheet(
    f"Frame {NOW} of four videos: the salient animal under a tint, and three maps of what"
    " stands out, bright where it does.",
    [[overlay(videos[v].frame(NOW), truth[v, NOW]), *maps[v, NOW]] for v in SHOWN],
    ["truth", *METHODS],
    [videos[v].name[-3:] for v in SHOWN],
    cell_width=130,
)

# %% [markdown] minutes=2 tags=["slide"]
# ## 2 · Precision and recall
#
# Cut a map at a **threshold** $t$, and what is at $t$ or above is *found*. With $M$ the mask:
#
# $$\text{precision} = \frac{|\text{found} \cap M|}{|\text{found}|} \qquad
# \text{recall} = \frac{|\text{found} \cap M|}{|M|}$$
#
# Precision asks: how much of what you found is true? Recall: how much of what is true have you
# found? Maps are kept as PNG files, so a map has 256 **levels**, and there are 256 thresholds to
# try, 0 to 255.
#
# **Predict.** What are precision and recall at $t = 0$, whatever the map? And what should they be
# where nothing is found at all, 0, 1 or an error?


# %% tags=["exercise"]
def precision_and_recall(levels, mask, thresholds):
    """Return precision and recall at each threshold; 0 where there is nothing to divide by.

    levels: (H, W), the map's levels, 0 to 255. mask: (H, W), bool. thresholds: (N,).
    Returns precision and recall, both (N,).
    """
    # your turn
    found = levels >= thresholds[:, None, None]
    hits = (found & mask).sum(dim=(1, 2))
    precision = hits / found.sum(dim=(1, 2)).clamp(min=1)
    return precision, hits / mask.sum().clamp(min=1)
    # end


check(precision_and_recall)

# %%
precision_and_recall = use(precision_and_recall)
every = torch.arange(256)
VIDEO = 5
levels = torch.from_numpy(np.rint(255 * maps[VIDEO, NOW, 2]))  # as a PNG would hold them
precision, recall = precision_and_recall(levels, torch.from_numpy(truth[VIDEO, NOW]), every)
picture(
    f"Precision and recall of *both* in video {VIDEO}, frame {NOW}. At threshold 0 precision is"
    f" {precision[0]:.2f} and recall {recall[0]:.2f}; at 128, {precision[128]:.2f} and"
    f" {recall[128]:.2f}.",
    curves({"precision": (every, precision), "recall": (every, recall)}, "threshold", "share"),
)

# %% [markdown] minutes=3 tags=["slide"]
# At threshold 0 everything is found: recall is 1, and precision is the animal's share of the frame.
# Where nothing is found, we say precision 0, as the field's tools do. It is a convention, and the
# first of many.
#
# ## 3 · F, one number of two
#
# One can always have one of the two for nothing. **F** wants both:
#
# $$F_\beta = \frac{(1 + \beta^2)\; \text{precision} \cdot \text{recall}}
# {\beta^2\; \text{precision} + \text{recall}} \qquad \beta^2 = 0.3$$
#
# $\beta^2 = 0.3$ comes from Achanta et al. (2009), and everyone has kept it. It favours precision:
# a map that shows half the animal is better than one that shows it twice as large.
#
# **Predict.** Map A has precision 1 and recall 0.5, map B the reverse. Which has the larger F, and
# by how much?


# %% tags=["exercise"]
def f_beta(precision, recall):
    """Return F with β² = 0.3, and 0 where precision and recall both are 0.

    precision, recall: of one shape, (N,) or any other. Returns F in that shape.
    """
    # your turn
    b2 = 0.3
    below = b2 * precision + recall
    return (1 + b2) * precision * recall / below.clamp(min=1e-12)
    # end


check(f_beta)

# %%
# NBVAL_CHECK_OUTPUT
f_beta = use(f_beta)
a, b = f_beta(torch.tensor([1.0, 0.5]), torch.tensor([0.5, 1.0])).tolist()
print(f"A, half of the animal:  F {a:.3f}")
print(f"B, twice the animal:    F {b:.3f}")

# %% [markdown] minutes=3 tags=["slide"]
# ### Turn the threshold
#
# Below are the three maps of one frame, cut at five thresholds. What is found has a tint; the white
# contour is the truth. So: tint outside the contour costs precision, none inside it costs recall.
# With a kernel, turn the threshold, and watch the dot travel along the curve on the right.
#
# **Predict.** In which direction does the dot travel when the threshold rises? Can it go back?

# %%
from rcrlib.course.lessons.l01_metrics.widget import threshold_explorer

now = dict(zip(METHODS, maps[VIDEO, NOW], strict=True))
threshold_explorer(videos[VIDEO].frame(NOW), now, truth[VIDEO, NOW])

# %% [markdown] minutes=2 tags=["slide"]
# ## 4 · From frames to a data set
#
# A table has one number for thousands of frames. Each frame has its curves; somewhere frames are
# averaged, F is taken, and a threshold is chosen. **The order is not innocent**, because F is no
# sum. The protocol that we call `paper`:
#
# $$\max_t \; F_\beta\Big(\underset{\text{frames}}{\text{mean}}\; \text{precision}(t),\;
# \underset{\text{frames}}{\text{mean}}\; \text{recall}(t)\Big)$$
#
# One threshold for all frames, and F of the means. In the cell, `f_measure` is the library's
# `f_beta`.
#
# **Predict.** Give each frame its own best threshold, and average the best F. Is that larger or
# smaller?


# %% tags=["exercise"]
def max_f(precision, recall):
    """Return max F of a set of frames, as the protocol `paper` forms it.

    precision, recall: (frames, thresholds). Returns a number.
    """
    # your turn
    f = f_measure(precision.mean(dim=0), recall.mean(dim=0))
    return f.max()
    # end


check(max_f)

# %%
max_f = use(max_f)


def curves_of(method, stretch=False, frames=slice(None)):
    """Return precision and recall, (frames of all videos, 256) each; the library is faster here."""
    chosen = maps[:, frames, METHODS.index(method)].reshape(-1, SIDE, SIDE)
    masks = truth[:, frames].reshape(-1, SIDE, SIDE)
    both = [precision_recall(p, m, min_max=stretch) for p, m in zip(chosen, masks, strict=True)]
    return map(torch.stack, zip(*both, strict=True))


print(f"{'':<7}  F of the means  mean of the F  each its best")
for method in METHODS:
    p, r = curves_of(method)
    f = f_measure(p, r)
    print(f"{method:<7}{max_f(p, r):16.3f}{f.mean(0).max():15.3f}{f.amax(1).mean():14.3f}")

# %% [markdown] minutes=3 tags=["slide"]
# Three numbers for the same maps, and each has been called "max F" somewhere. The third one cheats:
# it asks the truth for the threshold of every single frame.
#
# ## 5 · MAE and S: what F does not see
#
# F forgets how sure a map was. **MAE** does not cut at all: the mean of $|P - M|$ over all pixels,
# better when lower. But all pixels are alike to it. **S** (Fan et al., 2017) asks for structure, and
# is the mean of two terms: $S = (S_\text{object} + S_\text{region}) / 2$. The region term compares
# the four quarters around the animal's middle; the object term asks whether the object is bright
# and even, and the background dark and even:
#
# $$S_\text{object} = \mu\, O(P \text{ inside } M) + (1 - \mu)\, O(1 - P \text{ outside})
# \qquad O(x) = \frac{2\, \bar x}{\bar x^2 + 1 + \sigma_x}$$
#
# $\mu$ is the object's share of the frame, $\bar x$ the mean of the values, and $\sigma_x$ their
# sample deviation (divided by $N - 1$).
#
# **Predict.** What is $O$ of a background that is 0 everywhere? And can a map with the right means
# have an $S_\text{object}$ below 1?


# %% tags=["exercise"]
def object_term(prediction, mask):
    """Return the object term of S.

    prediction: (H, W) in [0, 1]. mask: (H, W), bool, neither empty nor full. Returns a number.
    """

    # your turn
    def likeness(values):
        mean = values.mean()
        return 2 * mean / (mean**2 + 1 + values.std())

    share = mask.to(prediction.dtype).mean()
    return share * likeness(prediction[mask]) + (1 - share) * likeness(1 - prediction[~mask])
    # end


check(object_term)

# %% [markdown] minutes=2
# Now four maps that are wrong in four ways, **all with the same MAE**: each has as much error as a
# third of the animal.
#
# **Predict.** Which of them would you rather have? Rank them; then see which measure agrees.

# %% tags=["result"]
mask, chance = truth[VIDEO, NOW], np.random.default_rng(0)
wrong = int(mask.sum()) // 3
inside, outside = np.argwhere(mask), np.argwhere(~mask)
by_column = inside[np.argsort(inside[:, 1], kind="stable")]
far = np.linalg.norm(outside - [SIDE - 1, 0], axis=1)  # from a corner


def changed(places, value):
    """Return the mask as a map, with another value at some places (N, 2)."""
    one = mask.astype(np.float32)
    one[tuple(places.T)] = value
    return one


four = {
    "faint": mask * np.float32(1 - wrong / mask.sum()),
    "a part is missing": changed(by_column[:wrong], 0),
    "a second blob": changed(outside[np.argsort(far, kind="stable")[:wrong]], 1),
    "scattered": changed(chance.permutation(outside)[:wrong], 1),
}
titles = []
for name, one in four.items():
    f = f_measure(*precision_recall(one, mask)).max()
    titles.append(f"{name}\nmax F {f:.2f}\nS {s_measure(one, mask):.2f}\nMAE {mae(one, mask):.3f}")
said = "; ".join(title.replace("\n", ", ") for title in titles)
sheet(
    f"The truth, and four maps that are wrong in four ways. {said}.",
    [[mask, *four.values()]],
    ["truth", *titles],
    cell_width=150,
)

# %% [markdown] minutes=4 tags=["slide"]
# MAE sees no difference. Max F calls the faint map perfect, for a threshold mends it, and cannot
# tell the second blob from scattered dots, for it does not know where a pixel is. S can, if by
# little, and minds most that a part of the animal is missing. No measure sees everything: that is
# why tables have three columns.
#
# ### Where paper and released code part
#
# The paper gives $\beta^2$, "max F", S, and no more. The released code has no evaluation at all. So
# nobody can say in which order the numbers of Table 1 were averaged, and on which frames. The
# library has two protocols, and each number carries the name of its own:
#
# | | `paper` | `davsod`, the field's video tool |
# |---|---|---|
# | frames | all with a label | the first and the last of each video left out |
# | map | as it is | stretched to [0, 1] in each frame (*min-max*) |
# | F | of the means over all frames | of each frame; mean per video, then over videos |
#
# ## 6 · The same maps under two protocols
#
# We go from `paper` to `davsod` one step at a time.
#
# **Predict.** How far apart will both ends be, in points (hundredths) of max F? And will the *order*
# of our three maps stay the same?


# %%
def score(stretch, frames, by_frame):
    """Return max F of the three methods, formed in one of several ways."""
    pairs = (curves_of(method, stretch, frames) for method in METHODS)
    both = [f_measure(p, r).mean(0).max() if by_frame else max_f(p, r) for p, r in pairs]
    return np.array(both, dtype=float)


everything, inner = slice(None), slice(1, T - 1)
walk = {
    "paper": score(False, everything, False),
    "... without first and last": score(False, inner, False),
    "... and stretched": score(True, inner, False),
    "... and mean of F = davsod": score(True, inner, True),
}
first, *_, last = walk.values()
walk["davsod - paper"] = last - first
print(f"{'':<27}", *(f"{method:>8}" for method in METHODS))
for name, values in walk.items():
    print(f"{name:<27}", *(f"{value:8.3f}" for value in values))

# %% [markdown] minutes=2
# Not a pixel has changed. *Both* has gained three points, seven on the way, and *colour* and
# *motion* have changed places. Our videos are equally long, so the mean over videos is the mean over
# frames; with real ones that would be a fourth step. Networks of the last years are a point apart
# in max F: **numbers under different protocols cannot be compared**, and a table that mixes them
# says nothing.
#
# ### Two traps
#
# **Predict.** A frame without any animal, and a network that rightly finds next to nothing there.
# What are F, S and MAE of its map? And after stretching?

# %%
# NBVAL_CHECK_OUTPUT
empty = np.zeros((SIDE, SIDE))
faint = 0.02 * np.abs(np.sin(6 * np.pi * x * y))  # next to nothing: at most 0.02
for name, one in {"as it is": faint, "stretched": faint / faint.max(), "all zero": empty}.items():
    f = f_measure(*precision_recall(one, empty)).max()
    print(f"{name:<10} max F {f:.2f}   S {s_measure(one, empty):.2f}   MAE {mae(one, empty):.2f}")

# %% [markdown] minutes=3 tags=["slide"]
# Where the mask is empty, F is 0 for *every* map, the right one too: such frames lower everybody's
# F alike. S is then 1 - mean of the map, and MAE the mean. And stretching turns a correct "nothing
# here" into an alarm at full contrast. DAVIS has two videos with empty masks.
#
# ## 7 · At full size
#
# `SaliencyMetrics` does all this, from histograms: it goes once through the pixels, not 256 times.
# Frames go in, in memory that does not grow. Does it agree with what you wrote?
#
# **Predict.** The dots below are where F is largest. Must the best map also have the dot furthest
# to the right?


# %%
def measure(method, protocol):
    """Return the library's result for a method."""
    metrics, number = SaliencyMetrics(protocol, weighted=False), METHODS.index(method)
    for video, these, masks in zip(videos, maps[:, :, number], truth, strict=True):
        batch = [torch.from_numpy(part)[:, None] for part in (these, masks)]
        metrics.update(*batch, video=video.name)
    return metrics.compute()


for protocol, mine in {"paper": first, "davsod": last}.items():
    theirs = [measure(method, protocol).max_f for method in METHODS]
    print(f"your max F is the library's, {protocol}:", np.allclose(mine, theirs, atol=1e-6))
one, object_term = maps[VIDEO, NOW, 2], use(object_term)
term = float(object_term(torch.from_numpy(one), torch.from_numpy(mask)))
print("your object term is the library's:", np.isclose(term, s_object(one, mask), atol=1e-5))

# %%
under_paper = {method: measure(method, "paper") for method in METHODS}
said = ", ".join(f"{m} {r.max_f:.3f}, S {r.s:.3f}, MAE {r.mae:.3f}" for m, r in under_paper.items())
picture(
    f"Precision over recall, 64 frames, protocol paper; dots where F is largest. Max F: {said}.",
    precision_recall_plot(under_paper),
)

# %% [markdown] minutes=3
# *Both* leads by max F; S and MAE prefer *motion*, whose maps stay dark where it does not know. So
# which is best? That depends on whether you will cut the maps, or use them as they are.
#
# With maps on disk you need no code: in a terminal it is `rcr eval saliency --pred MAPS --gt SET`,
# and here `evaluate_saliency`, which looks for missing and unreadable files and uses all cores.

# %%
from rcrlib.data import load, write_synthetic
from rcrlib.evaluation import evaluate_saliency, text_table

with tempfile.TemporaryDirectory(prefix="rcr-metrics-") as place:
    data = write_synthetic(videos[0].config, Path(place) / "videos")
    for video, these in zip(videos, maps[:, :, 2], strict=True):
        folder = Path(place) / "both" / video.name
        folder.mkdir(parents=True)
        for t, one in enumerate(these):
            cv2.imwrite(str(folder / f"{t:05d}.png"), np.rint(255 * one).astype(np.uint8))
    print(text_table([evaluate_saliency(load(data), Path(place) / "both", weighted=False)]))

# %% [markdown] minutes=1 tags=["slide"]
# ## Summary
#
# - Precision is a share of what was found, recall of what is true; F with $\beta^2 = 0.3$ leans
#   towards precision; max F chooses one threshold for all frames.
# - MAE knows no place, max F no confidence, S asks for structure: report all three.
# - A number without its protocol is half a number: which frames, which maps, averaged in which
#   order.
#
# ## Questions
#
# 1. A network doubles all its logits. Which of max F, mean F, S and MAE change?
# 2. Your data set has one video of 500 frames and nine of 50. In which protocol does the long one
#    count ten times as much?
# 3. You may submit maps to a benchmark that stretches them. How do you make frames without an
#    animal harmless?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 4.1, Table 1, Fig. 5. F: R. Achanta
# et al., *Frequency-tuned Salient Region Detection*, CVPR 2009. S: D.-P. Fan et al.,
# *Structure-measure*, ICCV 2017, [arXiv:1708.00786](https://arxiv.org/abs/1708.00786).
#
# **Next:** *02 · Encoder and decoder: RCRNet*
