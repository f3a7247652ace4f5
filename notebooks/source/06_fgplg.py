# %% [markdown] minutes=1 tags=["slide"]
# # 06 · FGPLG: seven channels, and what each one buys
#
# **You will put together all that the pseudo-label generator sees, train it in seconds, and take
# its inputs away one by one to learn what each is worth.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - build the seven channels that FGPLG sees of a frame,
# - say which labels it learns from, and why it does not simply copy what was warped,
# - turn an image network into a generator,
# - tell what an input is worth in two ways: train without it, or switch it off,
# - say where a pseudo-label beats a warped label, and where not.
#
# Each exercise has a check, two hints and a solution; what you leave out, the library fills in, so
# **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import torch

from rcrlib.course import check, one_thread, picture, setup, sheet, use
from rcrlib.data import SyntheticConfig, make_synthetic, normalise
from rcrlib.flow import get_flow, guidance, magnitude, warp
from rcrlib.show import curves

session = setup("06_fgplg")

# %% [markdown] minutes=4 tags=["slide"]
# ## 1 · Two labels that disagree
#
# Frame $k$ has no label; frame $i$ before it and frame $j$ after it have one, and both can be warped
# to $k$. Where the two disagree, somebody must decide. Lesson 05 did it by a rule, which had to find
# out what is hidden. The *flow-guided pseudo-label generator*, FGPLG, **learns** it.
#
# To see it learn in seconds we use a world of 48 × 48 pixels: an **animal**, which is labelled; its
# **double**, which looks alike and is not; in most videos a **reed** that sweeps over the animal.
# The flow is as wrong as estimated flow is: its edges are too wide, its lengths a bit off.
#
# **Predict.** Seeing only the two warped labels below, which of their errors could you mend? Which
# need the colours of frame $k$?

# %%
from rcrlib.course.lessons.l06_fgplg.small_unet import SmallUNet, fit, overlap
from rcrlib.course.lessons.l06_fgplg.synthetic_triplets import reed_triplets, tinted

with one_thread():
    learn = reed_triplets(800, seed=0)  # i and j five frames away from k
    test = reed_triplets(200, seed=1, gaps=(3, 2))
truth = test.labels[:, 1]
SHOWN = 0, 2, 12


def labels_at_k(d):
    """Return the labels of i and j, warped to k: each (B, 1, H, W)."""
    return warp(d.labels[:, 0], d.flow_i), warp(d.labels[:, 2], d.flow_j)


warped_i, warped_j = labels_at_k(test)
mean = (warped_i + warped_j) / 2
score = overlap(mean, truth)
sheet(
    "Three videos: frames i, k and j with their labels, then frame k under both warped labels and"
    f" their mean. IoU of the mean here {', '.join(f'{score[n]:.2f}' for n in SHOWN)}; over all"
    f" {len(truth)} videos {score.mean():.2f}.",
    [[*(tinted(test.frames[n, t], test.labels[n, t]) for t in range(3)),
      *(tinted(test.frames[n, 1], label[n]) for label in (warped_i, warped_j, mean))]
     for n in SHOWN],
    ["frame i", "frame k (truth)", "frame j", "label i, warped", "label j, warped", "their mean"],
    cell_width=120,
)  # fmt: skip

# %% [markdown] minutes=2 tags=["slide"]
# A **hole**: in $i$ or $j$ the reed hid this part of the animal. A **ghost**: in $i$ or $j$ the
# animal hid this ground. Mostly one warped label then says yes and the other no. At one pixel they
# cannot tell which is right; their shapes may hint at it, the colours show it, and so may motion: a
# hole moves with the animal, a ghost stays with the ground.
#
# ## 2 · How far did it move?
#
# That is why FGPLG sees the *length* of both flows. The paper scales the flow into $[-1, 1]$ and
# takes its Euclidean norm. We read this as
#
# $$\lVert O \rVert(x, y) = \sqrt{\Big(\frac{dx}{s}\Big)^2 + \Big(\frac{dy}{s}\Big)^2}, \qquad
# s = \max\Big(1,\; \max_{x,y} |dx|,\; \max_{x,y} |dy|\Big)$$
#
# with one $s$ for each flow. The 1 keeps a scene at rest from looking like a storm.
#
# **Predict.** What is the largest value that this length can have?


# %% tags=["exercise"]
def flow_length(flow):
    """Return the length of the normalised flow.

    flow: (B, 2, H, W) in pixels. Returns (B, 1, H, W).
    """
    # your turn
    scale = flow.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    return (flow / scale).norm(dim=1, keepdim=True)
    # end


check(flow_length)

# %%
flow_length = use(flow_length)
longest = float(flow_length(test.flow_i).max())
print(f"the longest of {len(truth)} flows: {longest:.2f}, and √2 is {2**0.5:.2f}")

# %% [markdown] minutes=1 tags=["slide"]
# ## 3 · Seven channels
#
# FGPLG is an RCRNet (lesson 02) whose first convolution reads seven channels instead of three:
#
# $$P_k = \sigma\Big(\mathrm{RCRNet}_7\big[\,I_k,\; G_{i \to k},\; G_{j \to k},\;
# \lVert O_{k \to i} \rVert,\; \lVert O_{k \to j} \rVert\,\big]\Big)$$
#
# $I_k$ are the three colours, $G_{i \to k}$ is the label of $i$ warped to $k$ along the flow
# $O_{k \to i}$ (from $k$ to $i$), $\sigma$ the sigmoid. `warp(image, flow)` is lesson 05's backward
# warping; `magnitude(flow)` does what your `flow_length` does, use either.


# %% tags=["exercise"]
def seven_channels(rgb, label_i, label_j, flow_i, flow_j):
    """Return what FGPLG sees of frame k.

    rgb: (B, 3, H, W), frame k, normalised already. label_i, label_j: (B, 1, H, W), as they are in frames i and j.
    flow_i, flow_j: (B, 2, H, W), from k to i and from k to j. Returns (B, 7, H, W).
    """
    # your turn
    labels = [warp(label_i, flow_i), warp(label_j, flow_j)]
    return torch.cat([rgb, *labels, magnitude(flow_i), magnitude(flow_j)], dim=1)
    # end


check(seven_channels)

# %%
seven_channels = use(seven_channels)


def stack(d):
    """Return the seven channels of many triplets: (B, 7, H, W)."""
    label_i, _, label_j = d.labels.unbind(1)
    return seven_channels(normalise(d.frames[:, 1]), label_i, label_j, d.flow_i, d.flow_j)


seen = stack(test)
rows = [[tinted(test.frames[n, 1]), *(one.clamp(0, 1).numpy() for one in seen[n, 3:5]),
         *(one.numpy() / 2**0.5 for one in seen[n, 5:])] for n in SHOWN]  # fmt: skip
animals = [float(seen[n, 5][truth[n, 0] > 0].mean()) for n in SHOWN]
sheet(
    "What FGPLG sees of three frames. Lengths are bright where far. In the mean the animal's length"
    f" to i is {', '.join(f'{x:.2f}' for x in animals)}.",
    rows,
    ["RGB", "label i, warped", "label j, warped", "length to i", "length to j"],
    cell_width=130,
)

# %% [markdown] minutes=2 tags=["slide"]
# ## 4 · What it learns from
#
# Only kept labels are known: with $l = 5$ those of frames 0, 5, 10, ... So FGPLG learns on
# **triplets** $(i, k, j)$ of which *all three* labels were kept: $k$'s is the answer, and those of the
# next kept frames before and after it are in the question. Later it is asked about frames in between:
# "$m/l$" is short for $m$ pseudo-labels between labels that are $l$ apart.
#
# **Predict.** A video has 21 frames. How many triplets has it with $l = 5$? With $l = 20$?


# %% tags=["exercise"]
def training_triplets(kept):
    """Return the triplets (i, k, j) that FGPLG learns from.

    kept: a list of the frames whose labels were kept, ascending. Returns a list of tuples.
    """
    # your turn
    return list(zip(kept, kept[1:], kept[2:], strict=False))
    # end


check(training_triplets)

# %%
# NBVAL_CHECK_OUTPUT
from rcrlib.data import intervals

training_triplets = use(training_triplets)
for l, m in ((5, 1), (5, 4), (10, 1), (20, 7)):
    kept = list(range(0, 21, l))
    asked = [k for interval in intervals(range(21), l, m) for k in interval.targets]
    print(f"{m}/{l}: learns on {training_triplets(kept)}, is asked about {asked}")

# %% [markdown] minutes=2 tags=["slide"]
# A video with fewer than three kept labels teaches nothing. And school is harder than life: in
# training the labels are $l$ frames away, later fewer.
#
# **Why does it not simply copy the warp?** Because the answer is the *true* label of $k$. Every
# hole and every ghost costs, so the loss pays for telling them apart.
#
# ## 5 · Where it begins
#
# FGPLG starts from the network of the image stage. All of it fits but the first convolution, the
# *stem*: that reads three channels, not seven. Its weights become those for the colours; the other
# four channels keep their fresh random weights. (So the library; the paper does not say.)


# %% tags=["exercise"]
def widen_stem(stem, fresh):
    """Return FGPLG's first weights of its first convolution; change neither argument.

    stem: (C, 3, h, w), from the image network. fresh: (C, 7, h, w), random. Returns (C, 7, h, w).
    """
    # your turn
    return torch.cat([stem, fresh[:, 3:]], dim=1)
    # end


check(widen_stem)

# %% [markdown] minutes=1
# `SmallUNet` is a network that learns while you wait. Like RCRNet it answers at less than full
# resolution: at a half (RCRNet: a quarter). An image network learns from colours alone, and each
# generator starts from it.

# %%
widen_stem = use(widen_stem)
torch.manual_seed(0)
x, y = stack(learn), learn.labels[:, 1]
image_network = fit(SmallUNet(3), x[:, :3], y, steps=60)


def taught(x):
    """Start a generator from the image network and train it on channels x (B, 7, H, W)."""
    torch.manual_seed(0)
    network, old = SmallUNet(7), image_network.state_dict()
    widened = widen_stem(old["stem.weight"], network.stem.weight.detach())
    network.load_state_dict({**old, "stem.weight": widened})
    return fit(network, x, y, steps=160)


# %% [markdown] minutes=3 tags=["slide"]
# ## 6 · Table 4, in small
#
# The paper leaves inputs out *and trains anew*: **Gb** sees RGB, **Gc** also the labels as they are
# in $i$ and $j$, **Gd** is FGPLG. From Gc to Gd two things change: labels are warped, and lengths come in. We
# put a fourth between them, **warped**. What is left out is zero.
#
# Two rivals need no network: the nearer label ($j$'s, two frames away), copied; and the mean of the
# warped ones. Where those disagree the mean is about ½, which we count as animal.
#
# **Predict.** Rank all six. Which step is the largest: labels, warping or lengths?

# %%
kinds = {"Gb": "RGB", "Gc": "+ labels", "warped": "+ warping", "Gd": "+ lengths"}


def without(kind, x, d):
    """Return the channels x of triplets d as a kind of generator sees them."""
    x = x.clone()
    x[:, {"Gb": 3, "Gc": 5, "warped": 5, "Gd": 7}[kind] :] = 0
    if kind == "Gc":
        x[:, 3:5] = d.labels[:, [0, 2], 0]
    return x


networks = {kind: taught(without(kind, x, learn)) for kind in kinds}

# %% tags=["result"]
with torch.no_grad():
    made = {kind: net(without(kind, seen, test)).sigmoid() for kind, net in networks.items()}
guesses = {"copied": test.labels[:, 2], "mean of warped": mean, **made}
ious = {name: overlap(guess, truth) for name, guess in guesses.items()}
titles = [
    f"{name}{': ' + kinds[name] if name in kinds else ''}\nIoU {iou.mean():.2f}"
    for name, iou in ious.items()
]
said = ", ".join(f"{name} {iou.mean():.2f}" for name, iou in ious.items())
sheet(
    f"Frame k of three videos under six labels and the truth. Mean IoU over {len(truth)} videos: {said}.",
    [[tinted(test.frames[n, 1], label[n]) for label in (*guesses.values(), truth)] for n in SHOWN],
    [*titles, "truth"],
    cell_width=120,
)

# %%
reed = test.hidden > 0.1
print(f"{'IoU':<16}{'all':>7}{'hidden':>9}{'in view':>9}")
for name, iou in ious.items():
    print(f"{name:<16}{iou.mean():7.2f}{iou[reed].mean():9.2f}{iou[~reed].mean():9.2f}")
print(f"hidden: the reed covers over a tenth of the animal in i or j, {int(reed.sum())} videos")

# %% [markdown] minutes=3 tags=["slide"]
# **Labels** are the largest step: colours cannot tell the animal from its double. Gb gives both a
# little under one half, and the cut makes that a no. **Warping** comes second. The **lengths**, for which step 1 had such good
# reasons, add nothing that one run could show. (The paper's step from Gc to Gd is both together; its
# table cannot say which of them paid.)
#
# The gain over the mean of the warped labels lies in what is hidden. In view, the mean is as good.
#
# ## 7 · Inputs on and off
#
# Another way to ask: take the trained Gd and **switch an input off**. This does not tell what could
# be learned without it, but what *this* network leans on. A label that is off says "nothing is
# here"; with the other label on, Gd half doubts it.
#
# **Predict.** Which single input will cost most when it is switched off? Which least? Then choose a
# case below, and switch inputs off.

# %%
from rcrlib.course.lessons.l06_fgplg.widget import CHANNELS, Case, fgplg_inputs

fgplg_inputs(networks["Gd"], {f"video {n}": Case(seen[n], truth[n, 0]) for n in SHOWN})

# %%
pairs = {"both labels": slice(3, 5), "both lengths": slice(5, 7)}
for name, channels in {**CHANNELS, **pairs}.items():
    fewer = seen.index_fill(1, torch.arange(7)[channels], 0)
    with torch.no_grad():
        iou = overlap(networks["Gd"](fewer).sigmoid(), truth)
    print(f"{name + ' off':<26} IoU {iou.mean():.2f} ({(iou - ious['Gd']).mean():+.2f})")

for name, last in {"warped labels": 5, "labels, lengths": 7}.items():
    only = torch.zeros(7, 1, 1)
    only[3:last] = 1
    blind = taught(only * x)
    with torch.no_grad():
        iou = overlap(blind(only * seen).sigmoid(), truth)
    print(f"trained on {name:<15} IoU {iou.mean():.2f}")

# %% [markdown] minutes=2 tags=["slide"]
# Switched off, RGB costs most, then label $j$, the nearer one. But look at the last two lines: a
# network that *learned* without colours loses much less. **What a network leans on is not what it
# needs.** Still, it is hardly better than the mean of the warped labels: the gain over that came from
# the colours. And the lengths? Next to nothing either way, even without colours. A good reason for an
# input is a guess; training without it is the test.
#
# ## 8 · Where it is better, and where worse
#
# The IoU of a frame mixes two skills: to decide where the warped labels **disagree**, and to keep
# what both say. Cut all maps at one half (from one half on it is animal). A pixel is *wrong* where
# guess and truth differ, *disputed* where the two warped labels do.
#
# **Predict.** In which of the two regions will FGPLG be better than a warped label? In which worse?


# %% tags=["exercise"]
def wrong_shares(guess, warped_i, warped_j, truth):
    """Return the share of wrong pixels among the disputed ones, and among all others.

    All four: (H, W) in [0, 1]. Returns two numbers; a share of no pixels is 0.
    """
    # your turn
    wrong = (guess >= 0.5) != (truth >= 0.5)
    disputed = (warped_i >= 0.5) != (warped_j >= 0.5)
    shares = [(wrong & r).sum() / r.sum().clamp(min=1) for r in (disputed, ~disputed)]
    return shares[0], shares[1]
    # end


check(wrong_shares)

# %%
wrong_shares = use(wrong_shares)
rivals = {"label i, warped": warped_i, "label j, warped": warped_j, "mean of warped": mean, **made}
print(f"{'wrong pixels':<18}{'disputed':>10}{'agreed':>10}")
for name, guess in rivals.items():
    maps = zip(guess, warped_i, warped_j, truth, strict=True)
    shares = torch.tensor([wrong_shares(*(one[0] for one in four)) for four in maps])
    disputed, agreed = 100 * shares.mean(dim=0)
    print(f"{name:<18}{disputed:8.1f} %{agreed:8.1f} %")

# %% [markdown] minutes=1
# And with distance? Now $i$ and $j$ are 1 to 5 frames away, with a reed in each video or in none.

# %%
away = range(1, 6)
lines = {}
for name, share in (("reed", 1.0), ("no reed", 0.0)):
    ours, theirs = [], []
    for gap in away:
        with one_thread():
            d = reed_triplets(80, seed=2, gaps=(gap, gap), reeds=share)
        with torch.no_grad():
            ours.append(overlap(networks["Gd"](stack(d)).sigmoid(), d.labels[:, 1]).mean())
        theirs.append(overlap(sum(labels_at_k(d)) / 2, d.labels[:, 1]).mean())
    lines |= {f"Gd, {name}": (away, ours), f"mean of warped, {name}": (away, theirs)}
said = "; ".join(f"{name} {y[0]:.2f} and {y[-1]:.2f}" for name, (_, y) in lines.items())
picture(
    f"IoU with the truth when both labels are 1 to 5 frames away. At 1 and 5: {said}.",
    curves(lines, "frames from k to i and to j", "IoU, mean of 80 videos"),
)

# %% [markdown] minutes=3 tags=["slide"]
# Where the warped labels disagree, FGPLG is wrong much less often than their mean. Where they agree
# it is wrong a bit more often, for it draws each outline anew, and coarser.
#
# So **near by**, where the warp gets little wrong, the warp wins or draws. The further away, the
# more FGPLG is worth. Real videos are no different: in the tour (lesson 00), with $l = 5$ and easy
# motion, the plain warp won.
#
# ### Where paper and released code part
#
# The authors' code divides $dx$ by the width and $dy$ by the height: 10 pixels at 448 become 0.022.
# The library has both, `variant="paper"` and `"official"`. Ask a generator as it was taught.
#
# ## 9 · At full size
#
# The library's `FGPLG` is a whole RCRNet. Here it sees a synthetic video, with flow by DIS, at half
# of the paper's 448 × 448. Do your `seven_channels` and `widen_stem` give the same?
#
# **Predict.** The stem has 64 kernels of 7 × 7. How many more parameters has FGPLG than RCRNet?

# %%
from rcrlib.models import FGPLG, RCRNet, parameter_count

(video,) = make_synthetic(SyntheticConfig(videos=1, frames=6, size=(224, 224)))
i, k, j = 0, 3, 5
frames = {t: torch.from_numpy(video.frame(t)).movedim(2, 0)[None] for t in (i, k, j)}
label_i, label_j = (torch.from_numpy(video.mask(t))[None, None].float() for t in (i, j))
flow_i, flow_j = (get_flow("dis")(frames[k], frames[t]) for t in (i, j))
rgb, guide = normalise(frames[k]), guidance(label_i, label_j, flow_i, flow_j)

image_net = RCRNet()
fgplg = FGPLG.from_rcrnet(image_net).eval()
old, new = (one.state_dict()["encoder.resnet.conv1.weight"] for one in (image_net, fgplg.network))
print("widen_stem gives the library's stem:", torch.equal(widen_stem(old, new), new))
mine = seven_channels(rgb, label_i, label_j, flow_i, flow_j)
with torch.no_grad():
    theirs = fgplg(rgb, guide)
    same = torch.allclose(fgplg.network(mine), theirs, rtol=1e-3, atol=1e-4)
print("seven_channels gives the library's logits:", same)
more = parameter_count(fgplg) - parameter_count(image_net)
print(f"{parameter_count(fgplg) / 1e6:.1f} M parameters, {more:,} more than RCRNet")

# %% [markdown] minutes=3 tags=["slide"]
# The paper's Table 4 (VOS, seven pseudo-labels between kept labels 20 apart) scores the *final*
# network, which learned from labels and pseudo-labels:
#
# | | FGPLG sees | max F | S |
# |---|---|---|---|
# | Ga | no pseudo-labels | .821 | .832 |
# | Gb | RGB | .832 | .854 |
# | Gc | + labels of $i$ and $j$ | .838 | .860 |
# | Gd | + flow: labels warped, lengths | .847 | .861 |
#
# Here Gb is worth much: what is salient mostly shows in its looks. Labels and flow both help again;
# which step is larger depends on the score.
#
# ## Summary
#
# - Colours, two warped labels, two lengths: the labels say what is meant, warping says where, colours
#   help to choose; whether lengths pay must be tried.
# - FGPLG learns on triplets of kept labels, from the true label of $k$: so it learns where warps are wrong.
# - It wins where warped labels disagree, and pays at the outline.
#
# ## Questions
#
# 1. The camera pans. What becomes of the lengths, and of the cue they give?
# 2. Take FGPLG's answer where the warped labels disagree, and their mean elsewhere. What would you
#    gain, and what could go wrong?
# 3. A generator learns with inputs switched off at random. Will it do better in step 6? In step 7?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 3.3, Fig. 4, Table 4; the labels that
# are kept: section 4.2, Table 2.
#
# **Next:** *07 · Learning from labels and pseudo-labels*
