# %% [markdown] minutes=1 tags=["slide"]
# # 04 · ConvGRU: a memory for maps
#
# **You will write the paper's recurrent unit gate by gate, and watch it remember an animal that its
# detector has lost.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - say what each gate of Eq. 2 decides, and write all of it in six lines,
# - tell the paper's reset gate from the one in the authors' code, which look alike and differ,
# - run a clip there and back (Eq. 3), with the start states that the released weights need,
# - see from a picture of its gates what a trained unit keeps, and when.
#
# You need convolutions and PyTorch's tensors. Everything is small: maps of 24 × 24 with eight
# channels. Each exercise has a check, two hints and a solution; what you leave out, the library
# fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import time
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rcrlib.course import check, one_thread, picture, setup, sheet, use
from rcrlib.models import NER, ConvGRUCell, NERConfig, RCRNetNER, parameter_count

session = setup("04_convgru")

# %% [markdown] minutes=4 tags=["slide"]
# ## 1 · A detector that blinks
#
# An image network looks at one frame at a time. Where the animal is hidden or blurred, it sees
# nothing, and says so. A viewer knows better: *it was there a moment ago.* This is what a recurrent
# unit can add, and here is the smallest problem that needs one.
#
# Our detector is the true mask, made faint and noisy. In four frames of ten it **blinks**: the map
# is noise and nothing else. The task: give the mask in *every* frame.
#
# **Predict.** Below are eight frames of which three are blinks. Which of these three could be
# filled in from the frames *before* it? Which only from those *after* it?

# %%
from rcrlib.data import SyntheticConfig, make_synthetic

SIDE, T = 24, 8


def masks(count, seed):
    """Return the masks of `count` synthetic videos: (count, T, 1, SIDE, SIDE) in [0, 1]."""
    scenes = SyntheticConfig(videos=count, frames=T, size=(96, 96), seed=seed)
    clips = [np.stack([video.mask(t) for t in range(T)]) for video in make_synthetic(scenes)]
    every = torch.from_numpy(np.stack(clips)).float().flatten(0, 1)[:, None]
    return F.interpolate(every, size=(SIDE, SIDE), mode="area").unflatten(0, (count, T))


def detect(truth, blinks, chance):
    """Return what the detector sees: the mask, faint and noisy; noise alone where it blinks."""
    seen = 0.6 * truth * (~blinks)[..., None, None, None].float()
    return seen + 0.25 * torch.randn(truth.shape, generator=chance)


chance = torch.Generator().manual_seed(0)
learn, test = masks(40, seed=0), masks(8, seed=1)
blinks = torch.zeros(len(test), T, dtype=torch.bool)
blinks[:, [0, 3, 4]] = True
seen = detect(test, blinks, chance)
titles = [f"frame {t}" + " · blink" * bool(blinks[0, t]) for t in range(T)]


def shown(clip):
    """Return a clip (T, 1, H, W) as pictures."""
    return list(clip[:, 0].clamp(0, 1).numpy())


sheet(
    "One test video: what the detector sees, and the true mask. Frames 0, 3 and 4 are blinks.",
    [shown(seen[0]), shown(test[0])],
    titles,
    ["detector", "truth"],
    cell_width=96,
)

# %% [markdown] minutes=4 tags=["slide"]
# ## 2 · One step: Eq. 2
#
# A **ConvGRU** carries a state $H$, a map with as many channels as its input $X$. At each frame it
# makes a proposal, the *candidate* $\tilde H$, and two decisions, the *gates*:
#
# $$\begin{aligned}
# Z &= \sigma(W_{xz} * X + W_{hz} * H) && \text{update gate: how much of the old state to keep}\\
# R &= \sigma(W_{xr} * X + W_{hr} * H) && \text{reset gate: how much of the past the candidate sees}\\
# \tilde H &= \tanh(W_{xh} * X + R \circ (W_{hh} * H)) && \text{candidate}\\
# H' &= (1 - Z) \circ \tilde H + Z \circ H && \text{the next state}
# \end{aligned}$$
#
# $*$ is a convolution, $\circ$ multiplies value by value, $\sigma(a) = 1 / (1 + e^{-a})$. All six
# $W$ are 3 × 3 convolutions from $C$ to $C$ channels, so that $H$ stays a *map*: it knows where.
#
# **Predict.** How many parameters has a cell with $C = 8$? Each of $Z$, $R$ and $\tilde H$ also has
# $C$ biases, left out above. And with $C = 256$, as in the paper?

# %%
# NBVAL_CHECK_OUTPUT
cell = ConvGRUCell(8)
for name, convolution in cell.named_children():
    print(name, tuple(convolution.weight.shape), "with bias" * (convolution.bias is not None))
for channels in (8, 256):
    by_hand = 6 * channels * channels * 3 * 3 + 3 * channels
    print(
        f"C = {channels}: {by_hand:,} by hand, {parameter_count(ConvGRUCell(channels)):,} counted"
    )

# %% [markdown]
# ### The gates
#
# In all exercises `cell` holds the six convolutions under these names, and you call one like a
# function: `cell.w_xz(x)` is $W_{xz} * X$. A check that fails ends with a line to try again: run it
# in a cell of your own to see what your function gives.


# %% tags=["exercise"]
def gates(x, h, cell):
    """Return the update gate Z and the reset gate R of Eq. 2.

    x, h: (B, C, H, W), the input and the state. Returns Z and R, both (B, C, H, W).
    """
    # your turn
    z = torch.sigmoid(cell.w_xz(x) + cell.w_hz(h))
    r = torch.sigmoid(cell.w_xr(x) + cell.w_hr(h))
    return z, r
    # end


check(gates)

# %% [markdown] minutes=1
# ### The candidate
#
# Read the third line of Eq. 2 again, slowly, and mind the parentheses: what is multiplied by $R$?
#
# **Predict.** What is left of the candidate where $R = 0$?


# %% tags=["exercise"]
def candidate(x, h, r, cell):
    """Return the candidate of Eq. 2, as the paper writes it.

    x, h, r: (B, C, H, W), the input, the state and the reset gate. Returns (B, C, H, W).
    """
    # your turn
    return torch.tanh(cell.w_xh(x) + r * cell.w_hh(h))
    # end


check(candidate)

# %% [markdown] minutes=3 tags=["slide"]
# ### Where paper and released code part
#
# The authors' code resets *before* the convolution: $\tilde H = \tanh(W_{xh} * X + W_{hh} * (R
# \circ H))$. If $R$ were one number, both would be the same. But $R$ differs from place to place,
# and a convolution mixes places.
#
# The library has both, as `variant="paper"` and `variant="official"`. The weights that the authors
# released were trained with the second: loaded into the first they fit, without an error, and give
# another function. Step 5 measures the reverse, on a small network.

# %% [markdown] minutes=1
# ### The blend
#
# The last line mixes the old state and the candidate. Beware of what you may know from elsewhere:
# half of the world writes this line with $Z$ and $1 - Z$ the other way round.


# %% tags=["exercise"]
def blend(z, new, h):
    """Return the next state of Eq. 2.

    z, new, h: (B, C, H, W), the update gate, the candidate and the old state.
    """
    # your turn
    return (1 - z) * new + z * h
    # end


check(blend)

# %% [markdown] minutes=1
# Together, your three functions are a step. Does it do what the library's cell does? (After a
# repair, run your function's cell again, then this one.)

# %%
# NBVAL_CHECK_OUTPUT
gates, candidate, blend = use(gates, candidate, blend)


def step(x, h, cell):
    """Return the next state: one step of Eq. 2."""
    z, r = gates(x, h, cell)
    return blend(z, candidate(x, h, r, cell), h)


with torch.no_grad():
    x, h = torch.randn(1, 8, SIDE, SIDE), torch.randn(1, 8, SIDE, SIDE)
    print("same as the library's cell:", torch.allclose(step(x, h, cell), cell(x, h), atol=1e-6))

# %% [markdown] minutes=4 tags=["slide"]
# ## 3 · There and back: Eq. 3
#
# The first frame has no past. So the paper runs a second cell from the end to the beginning, and
# lets it read the *states* of the first; that is the "deep" in *deep bidirectional ConvGRU*:
#
# $$\begin{aligned}
# H^f_t &= \mathrm{ConvGRU}(H^f_{t-1},\, X_t) && t = 1, \dots, T\\
# H^b_t &= \mathrm{ConvGRU}(H^b_{t+1},\, H^f_t) && t = T, \dots, 1\\
# H_t &= \tanh(W_{hf} * H^f_t + W_{hb} * H^b_t)
# \end{aligned}$$
#
# The paper does not say where the two runs start. In the authors' code $H^f_0 = X_1$ and
# $H^b_{T+1} = H^f_T$: the first feature and the last forward state are each used twice. (Frame 0 in
# our pictures is $t = 1$.)
#
# **Predict.** Change the *last* frame of a clip. Which of the $H^f_t$ change? Which of the $H_t$?


# %% tags=["exercise"]
def both_ways(clip, gru):
    """Return H_t of Eq. 3 for every frame.

    clip: (B, T, C, H, W), the features X_t. Returns the same shape.
    gru.forward_cell(x, h), gru.backward_cell(x, h): a step of each cell; x comes first, unlike in Eq. 3.
    gru.w_hf(h), gru.w_hb(h): the convolutions of the last line.
    """
    # your turn
    h, ahead = clip[:, 0], []
    for x in clip.unbind(dim=1):
        h = gru.forward_cell(x, h)
        ahead.append(h)
    back = []
    for x in ahead[::-1]:
        h = gru.backward_cell(x, h)  # h begins as the last forward state
        back.append(h)
    pairs = zip(ahead, back[::-1], strict=True)
    return torch.stack([torch.tanh(gru.w_hf(hf) + gru.w_hb(hb)) for hf, hb in pairs], dim=1)
    # end


check(both_ways)

# %% [markdown] minutes=4 tags=["slide"]
# ## 4 · Does it remember?
#
# Three small networks learn to fill in the blinks. They differ in one part: *no memory* judges each
# frame alone, *one way* runs forwards, *both ways* is Eq. 3. Before it, a convolution turns the
# detector's map into eight channels; after it, another turns these into one map.
#
# **Predict.** Draw three curves: IoU with the truth, over the eight frames. Where do they part?


# %%
class Restorer(nn.Module):
    """A detector's maps (B, T, 1, H, W) in, logits of the mask out, of the same shape."""

    def __init__(self, recurrence):
        super().__init__()
        self.lift, self.head = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 1)
        parts = NERConfig(first_non_local=False, second_non_local=False, recurrence=recurrence)
        self.memory = NER(8, parts).recurrence

    def features(self, maps):
        return torch.tanh(self.lift(maps.flatten(0, 1))).unflatten(0, maps.shape[:2])

    def forward(self, maps):
        remembered = self.memory(self.features(maps)).flatten(0, 1)
        return self.head(remembered).unflatten(0, maps.shape[:2])


def train(recurrence, steps=130, batch=8):
    """Train a network on clips that blink in four frames of ten."""
    torch.manual_seed(0)
    chance = torch.Generator().manual_seed(1)
    network = Restorer(recurrence)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(steps):
        truth = learn[torch.randint(len(learn), (batch,), generator=chance)]
        blink = torch.rand(batch, T, generator=chance) < 0.4
        logits = network(detect(truth, blink, chance))
        loss = F.binary_cross_entropy_with_logits(logits, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


kinds = {"no memory": "none", "one way": "one-way", "both ways": "bidirectional"}
with one_thread():  # maps this small only wait for more threads
    networks = {name: train(kind) for name, kind in kinds.items()}

# %% tags=["result"]
from rcrlib.show import curves


def overlap(logits):
    """Return the IoU with the truth at each frame, a mean over the test videos: (T,)."""
    found, true = logits > 0, test > 0.5
    inside = (found & true).sum(dim=(2, 3, 4))
    return (inside / (found | true).sum(dim=(2, 3, 4)).clamp(min=1)).mean(dim=0)


with torch.no_grad():
    logits = {name: network(seen) for name, network in networks.items()}
restored = [shown(torch.sigmoid(one[0])) for one in logits.values()]
ious = {name: overlap(one) for name, one in logits.items()}
said = ", ".join(f"{name} {iou[[0, 3, 4]].mean():.2f}" for name, iou in ious.items())
sheet(
    f"Three networks restore a test video from a detector that blinks in frames 0, 3 and 4. IoU in"
    f" these frames, mean of {len(test)} videos: {said}.",
    [shown(seen[0]), *restored, shown(test[0])],
    titles,
    ["detector", *networks, "truth"],
    cell_width=96,
)

# %%
first = ", ".join(f"{name} {iou[0]:.2f}" for name, iou in ious.items())
picture(
    f"IoU with the truth at each of the eight frames; 0, 3 and 4 are blinks. At frame 0: {first}.",
    curves({name: (range(T), iou) for name, iou in ious.items()}, "frame", "IoU, mean of 8 videos"),
)

# %% [markdown] minutes=5 tags=["slide"]
# Frame 0 needs both ways: the forward run has nothing to remember yet, and only the backward run
# brings news from frame 1. In frames 3 and 4 one way helps too, but it fades. (And your prediction
# in step 3? With the last frame only $H^f_T$ changes, but every $H_t$: that is frame 0's luck.)
#
# ### Look at the gates
#
# Below are the gates of the forward cell of *both ways*, over the same video. Brown is high, blue
# is low, white 0.5 for a gate and 0 for candidate and state. On a saved page you see the mean over
# all channels; in a running notebook, move the frame slider and choose a channel.
#
# **Predict.** In a blink, should $Z$ rise or fall?

# %%
from rcrlib.course.lessons.l04_convgru.widget import gates_over_time

trained = networks["both ways"]
with torch.no_grad():
    inputs = trained.features(seen)[0]
gates_over_time(trained.memory.forward_cell, inputs, shown(seen[0]))

# %%
from rcrlib.course.lessons.l04_convgru.widget import steps

animal = test[0, :, 0] > 0.5
for t, now in enumerate(steps(trained.memory.forward_cell, inputs, start=inputs[0])):
    here, elsewhere = now.z[:, animal[t]].mean(), now.z[:, ~animal[t]].mean()
    print(f"{titles[t]:<15} Z {here:.2f} at the animal, {elsewhere:.2f} elsewhere")

# %% [markdown]
# Nobody told the network to, but it uses its gate as one would: where the detector shows the
# animal, $Z$ falls, and the candidate replaces the state; in frames 3 and 4 $Z$ rises at the
# animal, and most of the state is kept (the mean over channels hides this: look at single ones). In
# frame 0 there is only the start to keep, and that is noise.

# %% [markdown] minutes=4
# ## 5 · What goes wrong, and what it costs
#
# Your functions can run the trained network: they get its weights. With a wrong line in them they
# run too, without any error, and that is what makes such mistakes expensive. Two of them:
#
# **Predict.** Which is worse: $Z$ and $1 - Z$ swapped, or the reset before the convolution?

# %%
both_ways = use(both_ways)


def restore(step):
    """Run the trained network with a step of ours in both of its cells."""
    gru, x = trained.memory, trained.features(seen)
    mine = SimpleNamespace(w_hf=gru.w_hf, w_hb=gru.w_hb)
    mine.forward_cell = lambda x, h: step(x, h, gru.forward_cell)
    mine.backward_cell = lambda x, h: step(x, h, gru.backward_cell)
    return trained.head(both_ways(x, mine).flatten(0, 1)).unflatten(0, x.shape[:2])


def swapped(x, h, cell):
    z, r = gates(x, h, cell)
    return blend(1 - z, candidate(x, h, r, cell), h)


def reset_before(x, h, cell):
    z, r = gates(x, h, cell)
    return blend(z, torch.tanh(cell.w_xh(x) + cell.w_hh(r * h)), h)


steps_by_name = {"Eq. 2": step, "z swapped": swapped, "reset before": reset_before}
with torch.no_grad():
    runs = {name: restore(one) for name, one in steps_by_name.items()}
    print("Eq. 2 is the library's:", torch.allclose(runs["Eq. 2"], trained(seen), atol=1e-4))
for name, one in runs.items():
    iou = overlap(one)
    print(f"{name:<13} IoU {iou.mean():.2f}   by frame", " ".join(f"{x:.2f}" for x in iou))

# %% [markdown] minutes=4 tags=["slide"]
# Swapped gates ruin it. The early reset costs so little here that nobody would notice: no error, a
# slightly worse map.
#
# ## 6 · At full size: NER
#
# In the paper the maps are RCRNet's context: 256 channels at a sixteenth of 448 × 448, so 28 × 28.
# Around the GRU stand two non-local blocks (lesson 03), and the three together are **NER**, the
# *non-locally enhanced recurrent module*. A new non-local block changes nothing, for its last layer
# starts at zero; so a fresh NER is a fresh GRU, and what you wrote can be held against it.
#
# **Predict.** A GRU has two cells and two more convolutions. How many million parameters? What
# share of all of RCRNet+NER is that?

# %%
torch.manual_seed(0)
ner = NER(256).eval()
clip = torch.randn(1, 4, 256, 28, 28)
with torch.no_grad():
    began = time.perf_counter()
    full = ner(clip)
    seconds = time.perf_counter() - began
    mine = both_ways(clip, ner.recurrence)
gru = parameter_count(ner.recurrence) / 1e6
with torch.device("meta"):  # sizes without values
    whole = parameter_count(RCRNetNER()) / 1e6
print(f"NER on {tuple(clip.shape)}: {seconds:.2f} s, {parameter_count(ner) / 1e6:.2f} M parameters")
print(f"  its GRU: {gru:.2f} M, {100 * gru / whole:.0f} % of RCRNet+NER's {whole:.1f} M")
print("both_ways gives the same:", torch.allclose(mine, full, atol=1e-4))

# %% [markdown] minutes=4 tags=["slide"]
# What is it worth? The paper's Table 3 leaves parts of NER out (data set VOS; two scores of
# lesson 01, higher is better):
#
# | | non-local | ConvGRU | non-local | max F | S |
# |---|---|---|---|---|---|
# | Ra | | | | .846 | .865 |
# | Rb | ✓ | | | .853 | .871 |
# | Rc | ✓ | both ways | | .856 | .871 |
# | Rd | ✓ | one way | ✓ | .857 | .872 |
# | Re | ✓ | both ways | ✓ | .861 | .874 |
#
# The GRU's share is small beside that of our blinking detector: real networks blink less, and the
# paper's clips have only four frames. Lesson 08 asks how sure one can be of such differences.
#
# ## Summary
#
# - $Z$ keeps, $R$ forgets for the candidate, and convolutions make both decisions at every place.
# - The reset gate stands after the convolution in the paper and before it in the released code: the
#   same weights, another function, no error.
# - The second run reads the states of the first, backwards: so every frame knows the whole clip.
#
# ## Questions
#
# 1. Set $Z = 1$ everywhere. What does the unit give for frame $t$? And with $Z = 0$, $R = 0$?
# 2. An animal moves by three places a frame. Can a cell with 3 × 3 kernels carry it along? What in
#    NER helps?
# 3. A live camera has no future. Which rows of Table 3 can it use? (Where does a non-local block
#    look?)
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 3.2, Eq. 2 and 3, Table 3. ConvGRU:
# N. Ballas et al., *Delving Deeper into Convolutional Networks for Learning Video Representations*,
# ICLR 2016, [arXiv:1511.06432](https://arxiv.org/abs/1511.06432).
#
# **Next:** *05 · Optical flow, warping and what goes wrong*
