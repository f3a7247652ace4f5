# %% [markdown] minutes=1 tags=["slide"]
# # 05 · Optical flow, warping and what goes wrong
#
# **You will carry a label to a frame that has none, and find out where it must not be believed.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - read a flow: pixels, x to the right, y down, *from* one frame *to* another,
# - say why a label is warped backward, along the flow that starts where there is no label,
# - write bilinear sampling, and its fast form with `grid_sample` without its three usual slips,
# - find what is hidden by going there and back, and join two labels where one of them is blind.
#
# You need PyTorch's tensors. Each exercise has a check, two hints and a solution; what you leave
# out, the library fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import time

import numpy as np
import torch
from torch.nn import functional as F

from rcrlib.course import check, one_thread, picture, setup, sheet, use
from rcrlib.flow import get_flow, magnitude, occlusion, warp
from rcrlib.metrics import iou
from rcrlib.show import curves, flow_picture, overlay

session = setup("05_flow")

# %% [markdown] minutes=4 tags=["slide"]
# ## 1 · What a flow is
#
# FGPLG needs labels where nobody has drawn any. Frame $k$ has no label, frame $i$ has one, and the
# animal has moved in between. **Optical flow** tells how far:
#
# $$O_{k \to i}(x, y) = (dx,\; dy)$$
#
# The point at $(x, y)$ of frame $k$ is at $(x + dx,\, y + dy)$ in frame $i$. Pixels; channel 0 is
# $dx$, to the **right**; channel 1 is $dy$, **down**, for rows are counted from the top.
#
# Flow is estimated from two pictures. But our videos are generated, so their *exact* flow is
# known, and that of OpenCV's estimator DIS can be held against it.
#
# **Predict.** The animal is further down and further to the right in frame 0 than in frame 3. What
# signs have $dx$ and $dy$ in the flow from 3 to 0?

# %%
from rcrlib.data import SyntheticConfig, make_synthetic

SIDE, T, I, K, J = 128, 11, 0, 3, 5
NUMBER = 2
video = make_synthetic(SyntheticConfig(videos=8, frames=T, size=(SIDE, SIDE), seed=3))[NUMBER]
frames, masks = [[one(t) for t in range(T)] for one in (video.frame, video.mask)]
dis = get_flow("dis")


def exact(a, b):
    """Return the flow from frame a to frame b, known from how the video was made: (1, 2, H, W)."""
    return torch.from_numpy(video.flow(a, b)).movedim(2, 0)[None]


def estimated(a, b):
    """Return the flow from frame a to frame b as DIS estimates it."""
    return dis(*(torch.from_numpy(frames[t]).movedim(2, 0)[None] for t in (a, b)))


def label_of(t):
    """Return a frame's label as a tensor (1, 1, H, W)."""
    return torch.from_numpy(masks[t])[None, None].float()


across = torch.linspace(-1, 1, SIDE)
key = torch.stack(torch.meshgrid(across, across, indexing="xy"))
flows = exact(K, I)[0], estimated(K, I)[0]
most = float(flows[0].norm(dim=0).max())
dx, dy = flows[0][:, torch.from_numpy(masks[K]) > 0].mean(dim=1).tolist()
sheet(
    f"Frames {I} and {K} with the animal's label, and the flow from {K} to {I}, exact and"
    f" estimated; hue is direction as in the key. In the mean the animal's flow is ({dx:.1f},"
    f" {dy:.1f}) pixels.",
    [[*(overlay(frames[t], masks[t]) for t in (I, K)), *(flow_picture(f, most) for f in flows),
      flow_picture(key)]],
    [f"frame {I}", f"frame {K}", "exact flow", "estimated flow", "key"],
    cell_width=150,
)  # fmt: skip

# %% [markdown] minutes=2 tags=["slide"]
# ## 2 · Between the pixels
#
# $x + dx$ is seldom whole. What is the value of an image at (2.3, 4.8)? **Bilinear sampling** blends
# the four pixels around it, first along x, then along y:
#
# $$v = (1 - f_y) \big[ (1 - f_x)\, a + f_x\, b \big] + f_y \big[ (1 - f_x)\, c + f_x\, d \big]$$
#
# $a, b$ are the left and right pixel above, $c, d$ those below; $f_x, f_y$ are how far the point
# is from the left and from the upper ones. Outside of the image there are no pixels: the border is
# repeated, as in the authors' code.
#
# **Predict.** A label is 0 or 1. What can it be after sampling, and where?


# %% tags=["exercise"]
def sample_at(image, x, y):
    """Return the values of an image at points, bilinear; outside, the border is repeated.

    image: (H, W). x, y: (N,), in pixels, to the right and down. Returns (N,).
    """
    # your turn
    height, width = image.shape
    x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    x0, y0 = x.floor().long(), y.floor().long()
    x1, y1 = (x0 + 1).clamp(max=width - 1), (y0 + 1).clamp(max=height - 1)
    fx, fy = x - x0, y - y0
    above = (1 - fx) * image[y0, x0] + fx * image[y0, x1]
    below = (1 - fx) * image[y1, x0] + fx * image[y1, x1]
    return (1 - fy) * above + fy * below
    # end


check(sample_at)

# %% [markdown] minutes=3 tags=["slide"]
# ## 3 · Backward warping
#
# Now every pixel of frame $k$ asks: *what is the label where I am in frame $i$?*
#
# $$G_{i \to k}(x, y) = G_i\big((x, y) + O_{k \to i}(x, y)\big)$$
#
# The label travels from $i$ to $k$, and the flow points from $k$ to $i$: it is **backward** warping.
# `F.grid_sample` does the sampling for all pixels at once. It wants the places in its own
# coordinates, x first: -1 is the centre of the first pixel and 1 that of the last one, *if*
# `align_corners=True`.
#
# **Predict.** Which of these fails loudly: `dx` and `dy` swapped, a wrong sign, a forgotten
# `align_corners`?


# %% tags=["exercise"]
def warp_back(image, flow):
    """Sample an image at (x, y) + flow, bilinear, with the border repeated.

    image: (B, C, H, W). flow: (B, 2, H, W), in pixels. Returns (B, C, H, W).
    """
    # your turn
    height, width = image.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x + flow[:, 0], y + flow[:, 1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=True)
    # end


check(warp_back)

# %% [markdown] minutes=1
# Are your two functions one? And what do the usual slips look like? The label of frame 0 is carried
# to frame 3 along the exact flow, right and wrong. *Forward* warping pushes each labelled pixel of
# frame 0 along the flow from 0 to 3, and rounds.

# %%
sample_at, warp_back = use(sample_at, warp_back)
away = exact(K, I)
y, x = torch.meshgrid(*2 * [torch.arange(SIDE)], indexing="ij")
by_hand = sample_at(label_of(I)[0, 0], *(away[0] + torch.stack([x, y])).flatten(1))
whole = warp_back(label_of(I), away)
print("sample_at is warp_back:", torch.allclose(by_hand, whole.flatten(), atol=1e-4))

# %% tags=["result"]
pushed = torch.zeros(SIDE, SIDE)
from_i = torch.from_numpy(masks[I]) > 0
ends = (exact(I, K)[0] + torch.stack([x, y]))[:, from_i].round().long().clamp(0, SIDE - 1)
pushed[ends[1], ends[0]] = 1
labels = {
    "backward": whole,
    "forward": pushed[None, None],
    "flow from 0 to 3": warp_back(label_of(I), exact(I, K)),
    "dx, dy swapped": warp_back(label_of(I), away.flip(1)),
    "not warped": label_of(I),
}
ious = {name: iou(one[0, 0].numpy() >= 0.5, masks[K]) for name, one in labels.items()}
said = ", ".join(f"{name} {value:.2f}" for name, value in ious.items())
sheet(
    f"The label of frame {I} brought to frame {K} in five ways, and the truth. IoU: {said}.",
    [[*(overlay(frames[K], one[0, 0].clamp(0, 1).numpy()) for one in labels.values()),
      overlay(frames[K], masks[K])]],
    [*(f"{name}\nIoU {value:.2f}" for name, value in ious.items()), "truth"],
    cell_width=140,
)  # fmt: skip

# %% [markdown] minutes=4 tags=["slide"]
# Nothing failed loudly. Forward warping leaves holes where the animal grows, and needs a rule where
# two pixels land on one; backward warping gives every pixel exactly one answer.
#
# But the backward one is wrong too, and its flow is exact. Look at its lower edge.
#
# ## 4 · What is hidden
#
# Below the animal, frame 3 shows ground that the animal covers in frame 0. Ground asks frame 0 for
# its label, and gets the animal's: a ghost. The other way round, where a reed covers the animal, the
# animal gets the reed's. This is **occlusion**. Without knowing the truth, one can find it by going there and back.
# With $f = O_{k \to i}$, and $b = O_{i \to k}$ *read where $f$ arrives*, a point is hidden if
#
# $$|f + b|^2 > 0.01\, \big(|f|^2 + |b|^2\big) + 0.5$$
#
# (Sundaram et al., 2010.) A visible point comes home; a hidden one is carried off by what hides it.
#
# **Predict.** What else than occlusion will this find, if the flows are estimated?


# %% tags=["exercise"]
def hidden(forward, backward):
    """Tell which points of a frame the other one does not show.

    forward: (B, 2, H, W), the flow there. backward: (B, 2, H, W), the flow back.
    Returns bool (B, 1, H, W). `warp` is the library's warp_back.
    """
    # your turn
    back = warp(backward, forward)
    miss = (forward + back).square().sum(dim=1, keepdim=True)
    length = (forward.square() + back.square()).sum(dim=1, keepdim=True)
    return miss > 0.01 * length + 0.5
    # end


check(hidden)

# %%
hidden = use(hidden)


def in_view(flow):
    """Tell which points stay in the picture, which ends half a pixel outside: (H, W) bool."""
    side = flow.shape[-1]
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    ends = flow[0] + torch.stack([x, y])
    return ((ends >= -0.5) & (ends <= side - 0.5)).all(dim=0)


true = video.occlusion(K, I) & in_view(exact(K, I)).numpy()
found = {
    "exact flows": hidden(exact(K, I), exact(I, K))[0, 0].numpy(),
    "estimated flows": hidden(estimated(K, I), estimated(I, K))[0, 0].numpy(),
}
shares = {name: (one & true).sum() / max(true.sum(), 1) for name, one in found.items()}
said = "; ".join(
    f"{name}: {100 * one.mean():.0f} % of the frame, {100 * shares[name]:.0f} % of what is hidden"
    for name, one in found.items()
)
sheet(
    f"What something in frame {I} hides of frame {K}: the truth ({100 * true.mean():.0f} % of the frame)"
    f" and what the check finds. {said}.",
    [[overlay(frames[K], masks[K]), true, *found.values()]],
    [f"frame {K}", "truly hidden", *found],
    cell_width=170,
)

# %% [markdown] minutes=3 tags=["slide"]
# With exact flows the check finds all of it. With estimated ones it marks twice as much, for it
# finds what is badly estimated, too; that is a label one should not believe either.
#
# ## 5 · What goes wrong with distance
#
# The further away a label is, the larger the motion, the more is hidden, and the worse the
# estimate. With a kernel, turn the interval below; leave out what is hidden, and see whether that
# helps.
#
# **Predict.** At how many frames away will the estimated flow lose the animal?

# %%
from rcrlib.course.lessons.l05_flow.widget import warped_labels

MIDDLE = T // 2
warped_labels(frames, masks, MIDDLE, dis)


# %%
def carried(k, n, flow):
    """Return the IoU of the label of frame n, brought to frame k."""
    label = label_of(n) if flow is None else warp_back(label_of(n), flow(k, n))
    return iou(label[0, 0].numpy() >= 0.5, masks[k])


ways = {"exact flow": exact, "estimated": estimated, "copied": None}
away_by = range(1, T)
quality = {
    name: [np.mean([carried(k, k - n, flow) for k in range(n, T)]) for n in away_by]
    for name, flow in ways.items()
}
said = "; ".join(f"{name} {q[0]:.2f}, {q[4]:.2f}, {q[-1]:.2f}" for name, q in quality.items())
picture(
    f"IoU with the truth of labels carried forward by 1 to {T - 1} frames. At 1, 5 and {T - 1}"
    f" frames: {said}.",
    curves({name: (away_by, q) for name, q in quality.items()}, "frames away", "mean IoU"),
)

# %% [markdown] minutes=3 tags=["slide"]
# The gap between 1 and the exact flow is occlusion, and no estimator closes it. That between exact
# and estimated is the estimator's. Near by, the
# estimate even wins: it is smooth, so the ground beside the animal moves along and fetches no ghost.
# From eight frames on, a plain copy would do as well.
#
# ## 6 · The label between
#
# Frame $k$ has labels on both sides, $i$ before and $j$ after it. What one hides, the other often
# shows. So: the mean of both warped labels, but where only one of them can be seen, that one.
#
# **Predict.** Will this be better than the better of the two?


# %% tags=["exercise"]
def label_between(label_i, label_j, hidden_i, hidden_j):
    """Join two labels that were warped to one frame.

    label_i, label_j: (B, 1, H, W) in [0, 1]. hidden_i, hidden_j: (B, 1, H, W), bool, where frame
    i (j) does not show the point. Returns (B, 1, H, W).
    """
    # your turn
    mean = (label_i + label_j) / 2
    mean = torch.where(hidden_i & ~hidden_j, label_j, mean)
    return torch.where(hidden_j & ~hidden_i, label_i, mean)
    # end


check(label_between)

# %%
label_between = use(label_between)
rows, names = [], []
for name, flow in (("exact", exact), ("estimated", estimated)):
    warped = [warp_back(label_of(n), flow(K, n)) for n in (I, J)]
    lost = [occlusion(flow(K, n), flow(n, K)) for n in (I, J)]
    joined = [*warped, sum(warped) / 2, label_between(*warped, *lost)]
    scores = [iou(one[0, 0].numpy() >= 0.5, masks[K]) for one in joined]
    rows.append([overlay(frames[K], one[0, 0].clamp(0, 1).numpy()) for one in joined])
    names.append(name + "\nIoU " + " ".join(f"{score:.2f}" for score in scores))
sheet(
    f"Frame {K} under the labels of frames {I} and {J}, their mean, and both joined by what is"
    f" hidden. {'; '.join(names)}.".replace("\n", " flow: "),
    rows,
    [f"from {I}", f"from {J}", "mean", "joined"],
    names,
    cell_width=150,
)

# %% [markdown] minutes=3 tags=["slide"]
# With exact flow the joined label is the best of all. With estimated flow it is no better than the
# mean: the check marks too much. The rule trusts it blindly; FGPLG (lesson 06) gets both warped labels, the colours and the
# lengths of both flows, and *learns* whom to believe.
#
# ### Where paper and released code part
#
# The paper says that labels are warped with the flow, not how; the released code estimates the flow
# on $k$ towards $i$ and samples backward, bilinear, border repeated, as you did. It knows no
# occlusion check. And of the flow's *length*, which FGPLG sees, the paper says: normalise the flow
# to [-1, 1], then take its Euclidean norm. The code divides $dx$ by the width and $dy$ by the
# height, which leaves next to nothing of it:

# %%
for variant in ("paper", "official"):
    length = magnitude(estimated(K, I), variant)
    print(f"{variant:<9} mean {length.mean():.4f}, at most {length.max():.4f}")

# %% [markdown] minutes=2 tags=["slide"]
# ## 7 · At full size
#
# The paper works on 448 × 448 pixels. Here are the library's `warp` and `occlusion` at that size,
# and what an estimate costs. `occlusion` also counts what leaves the view as hidden.
#
# **Predict.** Which takes longest: the flow, the warp, or the check?

# %%
large = make_synthetic(SyntheticConfig(videos=8, frames=T, size=(448, 448), seed=3))[NUMBER]
pair = [torch.from_numpy(large.frame(t)).movedim(2, 0)[None] for t in (K, I)]
label = torch.from_numpy(large.mask(I))[None, None].float()


def timed(name, work, *arguments):
    """Return what work returns, and print how long it took."""
    began = time.perf_counter()
    with one_thread():
        answer = work(*arguments)
    print(f"{name:<6}{1000 * (time.perf_counter() - began):6.1f} ms")
    return answer


there, back = timed("flow", dis, *pair), dis(*pair[::-1])
theirs = timed("warp", warp, label, there)
lost = timed("check", occlusion, there, back)
print(
    "warp_back is the library's warp:", torch.allclose(warp_back(label, there), theirs, atol=1e-4)
)
mine, seen = hidden(there, back)[0, 0], in_view(there)
print("hidden is its occlusion, in view:", torch.equal(mine[seen], lost[0, 0][seen]))

# %% [markdown] minutes=1 tags=["slide"]
# ## Summary
#
# - A flow is in pixels, x to the right and y down, from one frame to another; a label is fetched
#   along the flow that starts at the frame without a label.
# - Its slips run without an error: look at the picture, and test on a flow that you know.
# - What is hidden cannot be warped; there and back finds it, and a second label often mends it.
#
# ## Questions
#
# 1. You have the flow from $i$ to $k$ only. Can its negative serve for the flow from $k$ to $i$?
# 2. Frames are made half as large. What must happen to a flow besides being resized?
# 3. Warping a label ten times by one frame, or once by ten: which is worse, and why?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 3.3. The check: N. Sundaram, T. Brox,
# K. Keutzer, *Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow*, ECCV
# 2010. DIS: T. Kroeger et al., *Fast Optical Flow using Dense Inverse Search*, ECCV 2016,
# [arXiv:1603.03590](https://arxiv.org/abs/1603.03590).
#
# **Next:** *06 · FGPLG: seven channels, and what each one buys*
