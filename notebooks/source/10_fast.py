# %% [markdown] minutes=1 tags=["slide"]
# # 10 · Making it fast, and still exact
#
# **You will take five shortcuts through the paper's network that change none of its answers: derive
# each, prove it, and measure what it is worth so that you can believe the number.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - say where a network's work is before you touch it, by counting,
# - measure a speed as a ratio on a busy machine, and say what such a number does not tell,
# - move channels, taps and time steps past each other where mathematics allows it, borders included,
# - tell *exact* from *equal to the last bit*, and both from *nearly right*.
#
# You need convolutions, the non-local block (lesson 03) and the ConvGRU (lesson 04). Each exercise
# has a check, two hints and a solution; what you leave out, the library fills in, so **Run → Run
# All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import time
from copy import deepcopy
from functools import partial
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rcrlib.bench import PARTS, in_turn, multiply_adds_by_part, parts_in_turn
from rcrlib.course import check, heat, picture, setup, sheet, use
from rcrlib.course.lessons.l10_fast.compare_forms import apart, compare, prove
from rcrlib.models import DBConvGRU, NonLocalBlock, RCRNetNER, accelerate, for_inference
from rcrlib.show import bars, curves

session = setup("10_fast")
torch.manual_seed(0)
torch.set_grad_enabled(False)  # nothing learns here

# %% [markdown] minutes=2 tags=["slide"]
# ## 1 · Count first
#
# Whoever speeds up what takes a tenth of the time can win a tenth. So count before you guess. A
# convolution from $C$ to $O$ channels with a $k \times k$ kernel takes $C \cdot O \cdot k^2$
# **multiply-adds** at every place of its output. The *head* of RCRNet enlarges 128 channels to the
# full 448 × 448 pixels, and then convolves them, 3 × 3, to 256.
#
# **Predict.** How many multiply-adds are these? ResNet-50 has 23.5 of the network's 51.8 million
# parameters. Which share of the work has it: half, a quarter, a tenth?

# %%
# NBVAL_CHECK_OUTPUT
with torch.device("meta"):  # sizes without values
    paper, clip = RCRNetNER().eval(), torch.empty(1, 4, 3, 448, 448)
work = multiply_adds_by_part(paper, clip)
for part, count in [*work.items(), ("all", sum(work.values()))]:
    print(f"{part:<11}{count / 1e9:6.1f} G a frame {count / sum(work.values()):5.0%}")
print(f"the head's 3 x 3, by hand: {128 * 256 * 9 * 448**2 / 1e9:.1f} G")

# %% [markdown] minutes=1 tags=["slide"]
# The paper gives no such count; it gives 27 frames a second on a GTX 1080. This is what the authors'
# code computes. More than half of it is in one convolution that holds half a percent of the
# parameters. That is where to begin; but first, how would we know that we have won anything?
#
# ## 2 · Measure honestly
#
# `rcrlib.models` computes as the equations read; `accelerate(network)` makes it take the shortcuts of
# this lesson. To compare two variants, run them **in turn**: both once in every round, the order
# changing. Something else on the machine then slows both. The first round, in which memory is
# fetched and code is chosen, is a **warm-up** and does not count.
#
# Say *how many times as fast*, not how many milliseconds: yours are not mine.


# %% tags=["exercise"]
def times_as_fast(slow, fast):
    """Say how many times as fast the second variant is.

    slow, fast: (rounds,) lists of seconds; the values at one position are of the same round.
    """
    # your turn
    return median(s / f for s, f in zip(slow, fast, strict=True))
    # end


check(times_as_fast)

# %% [markdown] minutes=1
# What can such a number say? Try it where you know the answer: one convolution against *itself*, by
# the clock on the wall, and by the processor's own, which counts what it did for this notebook, on
# all of its threads, and not what it did for others.
#
# **Predict.** The ratio is 1. How far from 1 will single rounds be? Which clock spreads less?

# %%
times_as_fast = use(times_as_fast)
compare = partial(compare, ratio=times_as_fast)
conv, x = nn.Conv2d(64, 64, 3, padding=1), torch.randn(1, 64, 112, 112)
for clock in ("wall", "processor"):
    compare({"a convolution": conv, "itself": conv}, x, rounds=9, clock=clock)

# %% [markdown] minutes=1
# Your own spread is what this machine can tell apart: a shortcut that gains less than that has not
# been shown to gain anything. From here on we use the processor's clock. It does not see waiting:
# neither for a disk nor for a GPU, where you take the wall's and synchronise before you read it.
#
# ## 3 · The parentheses, once more
#
# Lesson 03 moved them: $\frac{1}{N}(\theta\phi^\top)\,g = \theta\,(\frac{1}{N}\phi^\top g)$. With
# $N = T \cdot H \cdot W$ the left side makes $N^2$ similarities, the right side $K^2$ numbers,
# whatever the clip.
#
# **Predict.** Twice as many frames: what happens to the time *per frame* of either? And to the
# largest tensor?


# %%
def as_it_reads(clip, network, twin):
    return network(clip)


def fast(clip, network, twin):
    return twin(clip)


block, spans = NonLocalBlock(256), (1, 2, 4, 8, 16)
nn.init.normal_(block.w.weight, std=0.02)  # a fresh block does nothing
twin = accelerate(deepcopy(block))
forms, lines = {"(θ φᵀ) g": as_it_reads, "θ (φᵀ g)": fast}, {}
for clip in (torch.randn(1, t, 256, 14, 14) for t in spans):
    runs = {name: partial(form, clip, block, twin) for name, form in forms.items()}
    for name, took in in_turn(runs, 3, clock=time.process_time).items():
        lines.setdefault(name, []).append(1000 * took.median / clip.shape[1])
prove(forms, clip, block, twin)
compare(forms, clip, block, twin, rounds=3)
grown = ", ".join(f"{took[-1] / took[0]:.1f} times for {n}" for n, took in lines.items())
picture(
    f"Processor time per frame of a non-local block; at T = 16, over that at T = 1: {grown}.",
    curves({name: (spans, took) for name, took in lines.items()}, "T, frames", "ms per frame"),
)

# %% [markdown] minutes=1 tags=["slide"]
# The paper has $T = 4$. In this order a whole video can be one clip.
#
# ## 4 · The head: a convolution of an enlargement
#
# The head enlarges by a bilinear $U$ and then convolves. A 3 × 3 convolution is nine 1 × 1
# convolutions $W_{ab}$, each shifted by $S_{ab}$, one pixel at most. $U$ and $S_{ab}$ act on places,
# $W_{ab}$ on channels, so they may change places:
#
# $$W * (U x) \;=\; \sum_{a,b} S_{ab}\, W_{ab}\, (U x) \;=\; \sum_{a,b} S_{ab}\, U\, (W_{ab}\, x)$$
#
# Now all products of channels are taken on the *small* map, at a sixteenth of the places. Two
# borders have to be right: $U$ **clamps** (beyond the small map's border it repeats the last place),
# the convolution reads **zeros** beyond the large one's.
#
# **Predict.** May $S$ and $U$ change places too?


# %% tags=["exercise"]
def convolve_enlarged(x, weight, size):
    """Return the 3 x 3 convolution, padded by 1, of x enlarged to `size`; returns (B, O, H, W).

    x: (B, C, h, w). weight: (O, C, 3, 3). Convolve `x` itself only, and by 1 x 1 kernels.
    """
    # your turn
    (height, width), total = size, 0
    for row in range(3):
        for column in range(3):
            small = F.conv2d(x, weight[:, :, row, column, None, None])
            large = F.interpolate(small, size, mode="bilinear", align_corners=False)
            ringed = F.pad(large, (1, 1, 1, 1))
            total = total + ringed[:, :, row : row + height, column : column + width]
    return total
    # end


check(convolve_enlarged)

# %% [markdown] minutes=1
# The whole head adds a bias, a ReLU, and a 1 × 1 convolution to one logit. `tiled_head` is the
# library's.
#
# **Predict.** A sixteenth of the products: how many times as fast is *yours*?

# %%
from rcrlib.models import upsample
from rcrlib.models.fast import tiled_head

convolve_enlarged = use(convolve_enlarged)
head = nn.Sequential(nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 1, 1))
low = torch.randn(1, 128, 40, 40)


def yours(x, head, size):
    enlarged = convolve_enlarged(x, head[0].weight, size)
    return head[1:](enlarged + head[0].bias[:, None, None])


def library(x, head, size):
    first, _, last = head
    return tiled_head(x, first.weight, first.bias, last.weight, last.bias, size)


forms = {"as written": lambda x, head, size: head(upsample(x, size))}
forms |= {"yours": yours, "the library's": library}
prove(forms, low[..., :13, :9], head, (61, 43))
compare(forms, low, head, (160, 160), rounds=3)

# %% [markdown] minutes=2 tags=["slide"]
# Exact, all three. But a sixteenth of the products is not a sixteenth of the time: yours enlarges and
# adds nine maps of 256 channels, and pays for the products in **moved memory**. A count says what
# could be won, the clock what was.
#
# The library goes on from your formula. $S_{ab} U$ works along one axis at a time,
# $S_{ab} U z = A_a\, z\, A_b^\top$, with $A$ a band of few numbers a row: the clamping is in its
# rows, the zeros are a row of zeros. So rows and columns are small matrix products; and as bias,
# ReLU and the last 1 × 1 act on each pixel alone, a strip of 16 rows goes all the way to its logits
# while it lies in the processor's cache. The map of 256 channels at full size is never made.
#
# ### Where paper and released code part
#
# The paper does not say in which order the head works; the authors' code enlarges first. One could
# convolve on the small map and enlarge the *result*. That is cheap, looks alike, loads the same
# weights without an error, and is another function: shift and enlargement do not commute.

# %%
late, early = forms["as written"](low, head, (160, 160)), upsample(head(low), (160, 160))
print(f"convolved first, then enlarged: {apart(late, early):.0%} apart")

# %% [markdown] minutes=1 tags=["slide"]
# ## 5 · Normalisation folds away
#
# Once a network is trained, batch normalisation computes with stored numbers,
#
# $$\gamma\, \frac{a - \mu}{\sigma} + \beta, \qquad \sigma = \sqrt{\mathrm{variance} + \epsilon},
# \qquad a = w * x + b,$$
#
# a scale and a shift for each channel of what a convolution gives. Both are linear, so together they
# are *one* convolution. What is its weight, what its bias?
#
# **Predict.** A normalisation has next to no multiply-adds. Is there anything to be won?


# %% tags=["exercise"]
def fold_bn(weight, bias, norm):
    """Return (weight, bias) of one convolution that does what a convolution and then `norm` do.

    weight: (O, C, k, k), bias: (O,), of the convolution.
    norm: nn.BatchNorm2d with weight (gamma), bias (beta), running_mean, running_var: (O,); eps.
    """
    # your turn
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return weight * scale[:, None, None, None], norm.bias + (bias - norm.running_mean) * scale
    # end


check(fold_bn)

# %%
fold_bn = use(fold_bn)
conv, norm, x = nn.Conv2d(64, 256, 1), nn.BatchNorm2d(256).eval(), torch.randn(1, 64, 112, 112)
nn.init.uniform_(norm.running_var, 0.5, 2)
forms = {
    "one after the other": lambda x, conv, norm: F.relu(norm(conv(x))),
    "folded": lambda x, conv, norm: F.relu(F.conv2d(x, *fold_bn(conv.weight, conv.bias, norm))),
}
prove(forms, x, conv, norm)
compare(forms, x, conv, norm)

# %% [markdown] minutes=1 tags=["slide"]
# A normalisation multiplies little, but reads and writes a whole map: memory again. `for_inference`
# folds all of them, once. In training $w$ and $\gamma$ change with each step.
#
# ## 6 · What does not wait for the state
#
# Eq. 2 (lesson 04) has six convolutions. Three read $H$, which has to wait for the frame before.
# Three read $X$, and all $X_t$ are there from the beginning:
#
# $$Z_t = \sigma(\underbrace{W_{xz} * X_t}_{\text{all } T \text{ at once}} + W_{hz} * H_{t-1})$$


# %% tags=["exercise"]
def input_halves(clip, cell):
    """Return W_xz * X, W_xr * X and W_xh * X of all frames, behind each other along the channels.

    clip: (B, T, C, H, W). Returns (B, T, 3 C, H, W). Use one convolution.
    cell.w_xz, cell.w_xr, cell.w_xh: 3 x 3 convolutions, padded by 1, with .weight and .bias.
    """
    # your turn
    weight = torch.cat([cell.w_xz.weight, cell.w_xr.weight, cell.w_xh.weight])
    bias = torch.cat([cell.w_xz.bias, cell.w_xr.bias, cell.w_xh.bias])
    every = F.conv2d(clip.flatten(0, 1), weight, bias, padding=1)
    return every.unflatten(0, clip.shape[:2])
    # end


check(input_halves)

# %% [markdown] minutes=1
# Not one multiply-add is saved. **Predict.** Is it faster all the same? The library also joins the
# three convolutions of $H$ into one (in the paper's form; the authors' resets before the third).

# %%
input_halves = use(input_halves)
gru, clip = DBConvGRU(256, bidirectional=False), torch.randn(1, 4, 256, 14, 14)
twin = accelerate(deepcopy(gru))


def inputs_first(clip, gru, twin):
    cell, h, states = gru.forward_cell, clip[:, 0], []
    for frame in input_halves(clip, cell).unbind(dim=1):
        z, r, new = frame.chunk(3, dim=1)
        z, r = torch.sigmoid(z + cell.w_hz(h)), torch.sigmoid(r + cell.w_hr(h))
        h = (1 - z) * torch.tanh(new + r * cell.w_hh(h)) + z * h
        states.append(h)
    return torch.stack(states, dim=1)


forms = {"step by step": as_it_reads, "inputs first": inputs_first, "the library's": fast}
prove(forms, clip[..., :5, :5], gru, twin)
compare(forms, clip, gru, twin)

# %% [markdown] minutes=1 tags=["slide"]
# A processor likes few large products better than many small ones. Hold your numbers against the
# spread of step 2 before you believe them.
#
# ## 7 · Taps that read nothing
#
# ASPP (lesson 02) looks at a map of 28 × 28 with kernels dilated by 6, 12 and 18. Many of their taps
# lie beyond the border, and multiply zeros.
#
# **Predict.** Which share of all reads falls on the map at rate 18?


# %% tags=["exercise"]
def useful_share(side, rate):
    """Return the share of a 3 x 3 convolution's reads that fall on the map, over all outputs.

    side: of the map, (side, side), and of the output. rate: the dilation, as large as the padding.
    """
    # your turn
    reads = side + 2 * max(0, side - rate)  # along one axis, of 3 * side
    return (reads / (3 * side)) ** 2
    # end


check(useful_share)

# %% [markdown] minutes=1
# To leave the zeros out, a convolution has to work tap by tap. That suits memory in which the
# channels of a place lie side by side (`channels_last`). Whether PyTorch's convolution does it on
# *this* machine, you see by whether the time falls with the share.

# %%
useful_share = use(useful_share)
rates = (1, 6, 12, 18)
lines = {"reads on the map": [useful_share(28, rate) / useful_share(28, 1) for rate in rates]}
for layout in ("contiguous_format", "channels_last"):
    form = {"memory_format": getattr(torch, layout)}
    convs = {r: nn.Conv2d(512, 256, 3, padding=r, dilation=r).to(**form) for r in rates}
    x = torch.randn(1, 512, 28, 28).contiguous(**form)
    times = in_turn({r: partial(conv, x) for r, conv in convs.items()}, clock=time.process_time)
    lines[layout] = [times[rate].over(times[1]) for rate in rates]
said = ", ".join(f"{name} {line[-1]:.2f}" for name, line in lines.items())
picture(
    "Reads on a map of 28 x 28, counted, and processor time in two layouts, all over those of rate"
    f" 1. At rate 18: {said}.",
    curves({name: (rates, line) for name, line in lines.items()}, "rate", "of that at rate 1"),
)

# %% [markdown] minutes=1 tags=["slide"]
# Nothing was rewritten for this shortcut; the library lays out its maps so that PyTorch takes it.
#
# ## 8 · All of it, at once
#
# RCRNet+NER with ResNet-50, whole, on two frames of 176 × 176; `parts_in_turn` reads the clock where
# each part begins and ends. (ASPP's map is 11 × 11 here, and reads more padding than the paper's.)
#
# **Predict.** Where does the time go now? Which part saves most, and which is the next to work on?

# %% tags=["result"]
from rcrlib.bench import Subject

subject = Subject(size=176, clip=2)
plain, clip = subject.network().eval(), subject.input()
ready = for_inference(plain)
print(f"logits {apart(plain(clip), ready(clip)):.0e} apart in float32")  # warms up
runs = {"plain": (plain, partial(plain, clip)), "fast": (ready, partial(ready, clip))}
times = parts_in_turn(runs, rounds=3, clock=time.process_time)
cost = {part: {n: 500 * one.median for n, one in times[part].items()} for part in PARTS}
saved = {part: cost[part]["plain"] - cost[part]["fast"] for part in PARTS}
most, now = max(saved, key=saved.get), max(PARTS, key=lambda part: cost[part]["fast"])
ratio = times_as_fast(*(one.seconds for one in times["all"].values()))
picture(
    f"Processor time by part at 176 x 176. All of it is {ratio:.1f} times as fast. The part that saved"
    f" most: {most}, {saved[most] / sum(saved.values()):.0%} of it. The largest part now: {now}.",
    bars(cost, "ms of processor time a frame, median of 3 rounds", form="{:.0f}"),
)

# %% [markdown] minutes=1 tags=["slide"]
# Hold the chart against the count of step 1: is what saved most where most of the work was? And is
# the next shortcut to be sought in the same place as the last?
#
# At the paper's 448 × 448 and $T = 4$, on two cores of an AMD EPYC, the library's own benchmark found
# (README, *Speed*; medians of 5 rounds, wall clock) 2.6 times the speed, and a peak memory of 553 MiB
# in place of 2408. On your machine: `rcr bench network`. It takes the peak of each in a process of
# its own, for a process seldom gives memory back.
#
# ## 9 · Exact, equal, and nearly
#
# In mathematics plain and fast are one function. In a computer, additions round, and another order
# rounds otherwise: $(a + b) + c \ne a + (b + c)$. So they differ in the last bits. Who is right?
# Ask somebody more precise: the plain network in float64.
#
# Fewer bits are a shortcut of another kind, which is *not* exact. `bf16` keeps 8 binary digits of each
# number, float32 has 24. With units made for it, it can be several times as fast; without, it is
# imitated, and may be slower.
#
# **Predict.** The shipped network on two frames. How far from float64 are the saliencies of float32
# plain and fast, and of bf16: $10^{-7}$? $10^{-3}$? $10^{-1}$?

# %%
from rcrlib.data import SyntheticConfig, make_synthetic, normalise
from rcrlib.models import load_weights, shipped_weights

video = make_synthetic(SyntheticConfig(videos=6, frames=2, size=(208, 208), seed=3))[5]
frames = np.stack([video.frame(t) for t in range(2)])
clip = normalise(torch.from_numpy(frames).movedim(-1, 1))[None]
network, double = (load_weights(shipped_weights(), fast=False) for _ in range(2))
truth = double.double()(clip.double()).sigmoid()
found = {"float32, plain": network(clip)}
found["float32, fast"] = (short := for_inference(network))(clip)
found["float64, fast"] = for_inference(double)(clip.double())
with torch.autocast("cpu", torch.bfloat16):
    found["bf16, fast"] = short(clip)
errors, said = {}, []
for name, logits in found.items():
    error = (logits.double().sigmoid() - truth).abs()
    errors[name] = heat((error[0, 0, 0] + 1e-18).log10().numpy(), -17, 0)
    moved = int(((logits > 0) != (truth > 0.5)).sum())
    said.append(f"{name} {error.max():.0e}")
    print(f"{name:<18}at most {error.max():.0e}, mean {error.mean():.0e}, {moved} pixels cross 0.5")
sheet(
    "A frame, its saliency in float64, and how far others are from it. Blue: below 1e-12, white:"
    f" about 1e-8, brown: above 1e-4. At most, in both frames: {', '.join(said)}.",
    [[frames[0], truth[0, 0, 0].numpy(), *errors.values()]],
    ["frame", "float64, plain", *errors],
)

# %% [markdown] minutes=1 tags=["slide"]
# Compare the two float32 columns: the fast one is not less right, it is rounded elsewhere. In float64
# what is left shrinks by some eight digits, and that proves a shortcut: a forgotten border row would
# stay as large as it was. bf16's error is that of the format; whether it matters is a question for
# metrics (lesson 01).
#
# `fp16` has more digits than bf16, and overflows beyond 65504. The library therefore shares the
# division by $N$ out between $\phi$ and $g$, $\theta\,\big(\tfrac{\phi}{\sqrt N}\big)^{\!\top}
# \tfrac{g}{\sqrt N}$: the same function, with a sum that stays in range.
#
# ## Summary
#
# - Count first, then measure: counts show where there is something to win, the clock whether you won.
# - Linear steps on different axes may change places; borders and nonlinearities decide how far.
# - Prove in float64, compare speeds in turn and as a ratio, and give the spread along with it.
#
# ## Questions
#
# 1. The ReLU of the head stands after the convolution. Could the 1 × 1 convolution to the logit move
#    to the small map as well?
# 2. Which of the five shortcuts can training use? (`rcr bench training` holds the gradients against
#    each other, too.)
# 3. A colleague reports *30 % faster*, from one run of each. What do you ask?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): sections 3.1, 3.2 and 4.2. The library's
# `rcrlib.models.fast`: `head` (step 4), `convolution` (5), `memory_format` (7), `convgru` (6),
# `nonlocal_block` (3).
#
# **Next:** your own network. Count it.
