# %% [markdown] minutes=1 tags=["slide"]
# # 07 · Learning from labels and pseudo-labels
#
# **You will spend a budget of labels, fill the gaps, and find out when that makes a student better,
# and when it only teaches it somebody else's errors.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - read "1 / 5": which labels are kept, and which frames get a pseudo-label,
# - train on clips in which only some frames have a label,
# - say what each of the three stages starts from, and what it learns from,
# - tell errors that a student averages out from errors that it learns, and measure which is which,
# - doubt a table in which a fifth of the labels beats all of them.
#
# You need lessons 04 and 06. Each exercise has a check, two hints and a solution; what you leave
# out, the library fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import numpy as np
import torch
from torch.nn import functional as F

from rcrlib.course import check, one_thread, picture, setup, sheet, use
from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.flow import get_flow, warp
from rcrlib.metrics import iou
from rcrlib.show import curves, overlay

session = setup("07_semi")

# %% [markdown] minutes=2 tags=["slide"]
# ## 1 · m / l
#
# To draw a mask takes minutes, and a video has thousands of frames. The paper's budget is written
# **m / l** (Table 2), and counts *annotated* frames: in VOS one frame in 15 is annotated.
#
# - Keep **one label in l**: the 1st, the (l + 1)th, ... of the annotated frames.
# - Two neighbours among them make an **interval**; FGPLG puts **m pseudo-labels** into each.
#
# So 0 / 5 is one label in five and nothing else, and 4 / 5 fills all gaps again.
#
# **Predict.** A video has 17 annotated frames. How many does 0 / 5 learn from? And 4 / 5?


# %% tags=["exercise"]
def kept_labels(annotated, l):
    """Keep one annotated frame in l, the first among them.

    annotated: tuple (N,) of the numbers of the annotated frames, ascending. Returns a tuple.
    """
    # your turn
    return annotated[::l]
    # end


check(kept_labels)

# %% [markdown] minutes=2
# Now the pseudo-labels. They stand on annotated frames too, evenly: the t-th of m, t = 1 … m, stands
#
# $$\frac{t\, l}{m + 1}$$
#
# places after the kept label, halves rounded up.
#
# **Predict.** With m = 1, how far is the pseudo-label from the labels it is made of?


# %% tags=["exercise"]
def pseudo_frames(annotated, l, m):
    """Give all frames that get a pseudo-label: m between any two neighbouring kept labels.

    annotated: tuple (N,) of the numbers of the annotated frames, ascending. Returns a tuple.
    """
    # your turn
    frames = []
    for start in range(0, len(annotated) - l, l):
        places = [start + int(t * l / (m + 1) + 0.5) for t in range(1, m + 1)]
        frames += [annotated[place] for place in places]
    return tuple(frames)
    # end


check(pseudo_frames)

# %%
# NBVAL_CHECK_OUTPUT
kept_labels, pseudo_frames = use(kept_labels, pseudo_frames)
annotated = tuple(range(0, 17 * 15, 15))  # as in VOS
for m, l in ((0, 1), (0, 5), (1, 5), (4, 5), (0, 8), (3, 8)):
    kept, pseudo = kept_labels(annotated, l), pseudo_frames(annotated, l, m)
    line = "".join("L" if n in kept else "p" if n in pseudo else "·" for n in annotated)
    print(f"{m}/{l}  {line}   {len(kept)} labels, {len(pseudo)} pseudo-labels")

# %% [markdown] minutes=2 tags=["slide"]
# One frame is lost even with 4 / 5: what comes after the last kept label lies in no interval.
#
# ## 2 · What is a budget worth?
#
# Our videos are labelled throughout, so every pseudo-label can be held against the label that was
# left out. FGPLG takes minutes to train (lesson 00 did it); here a pseudo-label is the two warped
# labels of lesson 05, the nearer of which weighs more.
#
# And who says that labels must stand evenly? `rcrlib.keyframes` has policies, which look at the
# video first: *appearance* puts labels where the picture changes most, *flow* where things move
# most. The paper names this as future work.
#
# **Predict.** Take l = 5. Which has the higher mean IoU, m = 1 or all of the frames between? Will a
# policy beat even spacing?

# %%
LONG = 21
videos = make_synthetic(SyntheticConfig(videos=8, frames=LONG, size=(96, 96), seed=3))
scenes = {
    f"video {n}": tuple([one(t) for t in range(LONG)] for one in (videos[n].frame, videos[n].mask))
    for n in (2, 0, 5)
}

# %%
from rcrlib.course.widgets import label_budget

label_budget(scenes, get_flow("dis"))

# %% [markdown] minutes=4 tags=["slide"]
# BUDGET TEXT
#
# ## 3 · Two kinds of labels, one clip
#
# The student, RCRNet+NER, learns from clips of T = 4 frames in which labels and pseudo-labels stand
# side by side. A label is never overruled by what was computed from it:
#
# $$Y_t = \begin{cases} G_t & \text{where there is a label}\\ [P_t \ge 0.5] & \text{where there is
# only a pseudo-label}\end{cases}$$


# %% tags=["exercise"]
def training_labels(labels, has_label, pseudo, has_pseudo):
    """Give the targets of a batch of clips, and which frames have one.

    labels: (B, T, 1, H, W) of {0, 1}. pseudo: the same shape, in [0, 1]. has_label, has_pseudo:
    (B, T), bool; where they are false, anything may stand in labels and pseudo.
    Returns targets (B, T, 1, H, W), 0 in frames without any, and bool (B, T).
    """
    # your turn
    targets = (pseudo >= 0.5).to(labels.dtype) * has_pseudo[..., None, None, None]
    targets = torch.where(has_label[..., None, None, None], labels, targets)
    return targets, has_label | has_pseudo
    # end


check(training_labels)

# %% [markdown] minutes=2 tags=["slide"]
# ### Loss where there is a target
#
# Let $S$ be the frames of a batch that have a target. All others say nothing, neither "object" nor
# "background":
#
# $$L = \frac{1}{|S|} \sum_{t \in S} \operatorname{mean}_{x, y}\, \mathrm{CE}\big(\sigma(A_t),\,
# Y_t\big)$$
#
# with $A_t$ the logits and CE the cross-entropy of every pixel.
#
# **Predict.** What will a student learn if frames without a target count as background?


# %% tags=["exercise"]
def sparse_loss(logits, targets, has_target):
    """Give the mean cross-entropy over all frames with a target; 0 where no frame has one.

    logits, targets: (B, T, 1, H, W). has_target: (B, T), bool. Returns a tensor without dimensions.
    """
    # your turn
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    losses = losses.mean(dim=(2, 3, 4)) * has_target
    return losses.sum() / has_target.sum().clamp(min=1)
    # end


check(sparse_loss)

# %% [markdown] minutes=4 tags=["slide"]
# ## 4 · Three stages
#
# | | learns from | starts from |
# |---|---|---|
# | 1 · RCRNet | images with labels | ResNet-50 of ImageNet |
# | 2 · FGPLG | triplets of *kept labels* | stage 1; its stem's four new channels by chance |
# | 3 · RCRNet+NER | clips of labels and pseudo-labels | stage 1 again, *not* stage 2; NER by chance |
#
# FGPLG is a **teacher** that knows more than its student may: two labels and the flow to them. The
# student sees frames and nothing else, for at test time there is nothing else. This is why the
# teacher can be better, and why the student does not start from it.
#
# **Predict.** What share of each network's weights comes from stage 1?

# %%
# NBVAL_CHECK_OUTPUT
from rcrlib.models import FGPLG, RCRNet, RCRNetConfig, RCRNetNER

torch.manual_seed(0)
image_net = RCRNet(RCRNetConfig())
known = {id_of: one for id_of, one in image_net.named_parameters()}
for name, network in {
    "FGPLG": FGPLG.from_rcrnet(image_net),
    "RCRNet+NER": RCRNetNER.from_rcrnet(image_net),
}.items():
    same = sum(
        one.numel()
        for inside, one in network.named_parameters()
        if torch.equal(one, known.get(inside.partition(".")[2], torch.empty(0)))
    )
    whole = sum(one.numel() for one in network.parameters())
    print(f"{name:<11} {100 * same / whole:5.1f} % of {whole / 1e6:.1f} M parameters from stage 1")

# %% [markdown] minutes=4 tags=["slide"]
# ## 5 · A noisy teacher
#
# A pseudo-label may be wrong. Does that matter? We teach students that take a second, not an hour:
# each judges a pixel by 24 numbers, how its colour differs from what is around it, with one hidden
# layer. They learn from 12 videos and are judged on 10 others. Their teachers warp labels with the
# **exact** flow, and err in two ways, by a known amount:
#
# - **bent**: every flow has an error of its own, a smooth field of that size (of the side);
# - **grown**: every pseudo-label is too large by that much, always.
#
# **Predict.** Which kind of error does a student forgive? Does it help to have more labels?

# %%
T, SIDE, AMOUNTS, LS = 11, 64, (0.0, 0.02, 0.04, 0.08), (2, 5, 10)


def world(count, seed, frames):
    """Give videos, and their frames (N, 3, h, w) and masks (N, 1, H, W), one after the other."""
    made = make_synthetic(SyntheticConfig(videos=count, frames=T, size=(SIDE, SIDE), seed=seed))
    pairs = [(one.frame(t), one.mask(t)) for one in made for t in frames]
    rgb, masks = (torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True))
    return made, F.avg_pool2d(rgb.movedim(3, 1).float() / 255, 2), masks[:, None].float()


def small(masks):
    """Give masks at the students' size, half the side."""
    return (F.avg_pool2d(masks, 2) >= 0.5).float()


learn, rgb, masks = world(12, 0, range(T))
_, test_rgb, test_masks = world(10, 1, (2, 8))
truth, test_truth = small(masks), small(test_masks)
of_video = masks.unflatten(0, (len(learn), T))
places = {l: [(k, k - k % l, l) for k in range(T) if k % l] for l in LS}
exact = {
    (k, n): torch.stack([torch.from_numpy(one.flow(k, n)).movedim(2, 0) for one in learn])
    for l in LS for k, i, _ in places[l] for n in (i, i + l)
}  # fmt: skip

# %%
from rcrlib.experiments.noise import smooth_field


def teach(kind, amount, l):
    """Give labels and a teacher's pseudo-labels, one label in l kept: (N, 1, h, w) of {0, 1}."""
    made = of_video.clone()
    for k, i, _ in places[l]:
        made[:, k] = 0
        for n, weight in ((i, 1 - (k - i) / l), (i + l, (k - i) / l)):
            flow = exact[k, n]
            if kind == "bent" and amount:
                chance = np.random.default_rng([k, n])
                flow = flow + torch.stack([smooth_field((SIDE,) * 2, amount, chance) for _ in flow])
            made[:, k] += weight * warp(of_video[:, n], flow)
        made[:, k] = (made[:, k] >= 0.5).float()
        if kind == "grown":
            reach = round(amount * SIDE)
            made[:, k] = F.max_pool2d(made[:, k], 2 * reach + 1, stride=1, padding=reach)
    return small(made.flatten(0, 1))


everywhere = torch.ones(len(truth), dtype=torch.bool)
kept = {l: torch.arange(len(truth)) % T % l == 0 for l in LS}
cells = {(kind, a, l): teach(kind, a, l) for kind in ("bent", "grown") for a in AMOUNTS for l in LS}

# %%
from rcrlib.course.pixels import pixel_features, train_students
from rcrlib.course.widgets import Taught, confirmation_bias
