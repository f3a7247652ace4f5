# %% [markdown] minutes=1 tags=["slide"]
# # 03 · The non-local block: every place sees all others
#
# **You will write the block that lets each place of a clip ask all others, and then move one pair
# of parentheses, which changes nothing but the cost: 24 times less of it at the paper's size.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - write the sum over all positions of all frames in one line, and say what each factor is for,
# - prove that $(\theta\phi^\top)\,g$ and $\theta\,(\phi^\top g)$ are one function, count what each
#   costs, and measure it,
# - say what a softmax would change, and why it forbids the cheap order,
# - say why $W$ starts at zero, and how a block that does nothing begins to learn.
#
# You need matrix products and PyTorch's tensors. Everything is small: clips of three frames of
# 12 × 12. Each exercise has a check, two hints and a solution; what you leave out, the library
# fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from rcrlib.course import check, heat, one_thread, picture, seconds, setup, sheet, use
from rcrlib.course.lessons.l03_nonlocal.jumping_balls import GREY, clips
from rcrlib.models import NonLocalBlock, accelerate, parameter_count

session = setup("03_nonlocal")

# %% [markdown] minutes=2 tags=["slide"]
# ## 1 · Which ball was meant?
#
# A convolution sees a small window of one frame. Some questions cannot be answered from there. Here
# is the smallest one. A clip has three frames with three balls each. In frame 0 somebody **points**
# at one of them. Between the frames the balls jump, so that nothing can be followed. The task: mark
# the ball that was meant, in *every* frame.
#
# The input has four channels: red, green and blue, and the pointer, which is 1 on the ball that is
# meant in frame 0, and 0 elsewhere.
#
# **Predict.** A network that looks at one frame at a time knows what balls look like. What is the
# best it can do in frames 1 and 2, in IoU with the truth, if it marks all three balls? If it picks
# one?

# %%
frames, pointer, truth = clips(32, seed=1)
meant, shown = truth > 0.5, 5  # which of the 32 clips is shown


def images(frames):
    """Return frames (T, 3, H, W) as pictures."""
    return list((255 * frames).byte().movedim(1, -1).numpy())


def maps(clip):
    """Return maps (T, 1, H, W) in [0, 1] as pictures."""
    return list(clip[:, 0].clamp(0, 1).numpy())


titles = [f"frame {t}" for t in range(3)]
sheet(
    "A test clip of 3 frames with 3 balls each: what is seen, the pointer, which is there in frame 0"
    " only, and the truth: the same ball in all frames.",
    [images(frames[shown]), maps(pointer[shown]), maps(truth[shown])],
    titles,
    ["frames", "pointer", "truth"],
)

# %% [markdown] minutes=3 tags=["slide"]
# ## 2 · Ask everywhere
#
# A **position** is one place of one frame. A clip has $N = T \cdot H \cdot W$ of them, each with a
# feature $x_i$ of $C$ numbers. The non-local block computes for each position
#
# $$y_i = \frac{1}{N} \sum_{j=1}^{N} f(x_i, x_j)\; g(x_j), \qquad
# f(x_i, x_j) = \theta(x_i)^\top \phi(x_j)$$
#
# Three linear maps from $C$ to $K$ channels: $\theta$ is what a position *asks for*, $\phi$ what
# it *can be found by*, and $g$ what it *has to tell*. The similarity $f$ is a plain dot product:
# large, small or negative. How far apart $i$ and $j$ are does not matter, in space or in time.
#
# With the positions as rows, $\theta$, $\phi$ and $g$ are matrices of $N \times K$ numbers, one for
# each clip of a batch.
#
# **Predict.** Which shape has the matrix of all $f(x_i, x_j)$? How many numbers is that for the
# paper's clips, of four frames of 28 × 28?


# %% tags=["exercise"]
def pairwise(theta, phi, g):
    """Return y for all positions.

    theta, phi, g: (B, N, K). Returns (B, N, K).
    """
    # your turn
    similarity = theta @ phi.mT
    return similarity / g.shape[1] @ g
    # end


check(pairwise)

# %% [markdown] minutes=2 tags=["slide"]
# ### Wired by hand
#
# Before anything is trained: can this sum find the ball? Ask for your colour, be found by your
# colour, and tell whether you are pointed at:
#
# $$\theta(x) = \phi(x) = \text{colour} - \text{grey}, \qquad g(x) = \text{pointer}$$
#
# **Predict.** Where is $y$ above zero? Where is it exactly zero? Can it be negative?

# %%
pairwise = use(pairwise)


def places(clip):
    """Return clips (B, T, C, H, W) as the features of their positions, (B, N, C)."""
    return clip.movedim(2, -1).flatten(1, 3)


def three_means(y):
    """Say the mean of y on the ball that is meant, on the other balls, and on the ground."""
    ball = (colour != 0).any(dim=-1, keepdim=True)
    parts = {"meant": places(meant), "others": ball & ~places(meant), "ground": ~ball}
    return ", ".join(f"{name} {y[where].mean():.4f}" for name, where in parts.items())


colour, pointed = places(frames - GREY), places(pointer)
y = pairwise(colour, colour, pointed)
first = y[shown].reshape(3, 12, 12).numpy()
most = abs(first).max()
sheet(
    "y of the clip, wired by hand. Brown is above zero, white zero, blue below. Mean over 32 clips:"
    f" {three_means(y)}.",
    [images(frames[shown]), [heat(one, -most, most) for one in first], maps(truth[shown])],
    titles,
    ["frames", "y", "truth"],
)

# %% [markdown] minutes=2 tags=["slide"]
# The ball that is meant is brown in every frame, though only frame 0 knows which it is. The blue
# balls, of an unlike colour, are *negative*: they are told that they are not it. The numbers are small, for all
# $N$ positions share in the sum, and few have something to say; a trained $W$ makes up for that.
#
# ### In contrast: a softmax
#
# You may know such sums as *attention*. There, the similarities of each position go through a
# softmax, which makes them shares:
#
# $$y_i = \sum_j \frac{e^{f(x_i, x_j)}}{\sum_k e^{f(x_i, x_k)}}\; g(x_j)$$


# %% tags=["exercise"]
def relate_by_softmax(theta, phi, g):
    """Return y with a softmax over j in place of the division by N.

    theta, phi, g: (B, N, K). Returns (B, N, K).
    """
    # your turn
    return (theta @ phi.mT).softmax(dim=-1) @ g
    # end


check(relate_by_softmax)

# %% [markdown]
# **Predict.** Same wiring, but 40 times the question, so that the softmax chooses sharply. What
# share of its weight can a place on the ball that is meant spend on the pointer? (The ball is there
# in all three frames.)

# %%
# NBVAL_CHECK_OUTPUT
relate_by_softmax = use(relate_by_softmax)
print("f / N           ", three_means(y))
for times in (1, 40):
    soft = relate_by_softmax(times * colour, colour, pointed)
    print(f"softmax of {times:2} f ", three_means(soft))

# %% [markdown] minutes=1 tags=["slide"]
# A softmax can choose: a place spends about a third of its weight on the pointer, as its colour is
# found in three frames. What it cannot do is say *unlike*, and without a sharp question it hardly
# tells the balls apart. Both forms find the ball. They differ in what they cost, which comes next.
#
# ## 3 · Move the parentheses
#
# Without a softmax, $y$ is a product of three matrices, and products may be taken in any order:
#
# $$y = \frac{1}{N} (\theta\, \phi^\top)\; g \;=\; \theta\; \Big(\frac{1}{N} \phi^\top g\Big)$$
#
# **Predict.** Which shape has the matrix in parentheses on the left? On the right? Which of the two
# grows with the clip?


# %% tags=["exercise"]
def summary(phi, g):
    """Return the matrix in the right parentheses, for each clip.

    phi, g: (B, N, K). Returns (B, K, K).
    """
    # your turn
    return phi.mT @ g / g.shape[1]
    # end


check(summary)


# %% tags=["exercise"]
def two_costs(n, k):
    """Count the multiply-adds of y in both orders: two numbers (first, second).

    n, k: numbers of positions and of channels. First (theta phi^T) g, then theta (phi^T g). The
    division by N is not counted.
    """
    # your turn
    return n * k * n + n * n * k, k * n * k + n * k * k
    # end


check(two_costs)

# %% [markdown] minutes=1
# Now measure. `largest_tensor` watches all of PyTorch's operations and gives the bytes of the largest
# tensor that any of them made.
#
# **Predict.** In the paper, $K = 128$ and $N = 4 \cdot 28 \cdot 28 = 3136$. By which factor is the
# second order cheaper? For how short a clip would it be the dearer one?

# %%
# NBVAL_CHECK_OUTPUT
from rcrlib.course import largest_tensor

summary, two_costs = use(summary, two_costs)


def linear(theta, phi, g):
    return theta @ summary(phi, g)


drawn = {n: torch.randn(3, 1, n, 128) for n in (98, 196, 784, 1568, 3136)}
print("   N   G multiply-adds     largest tensor, MB")
for n, three in drawn.items():
    costs = [f"{cost / 1e9:.3f}" for cost in two_costs(n, 128)]
    sides = [f"{largest_tensor(order, *three) / 1e6:5.2f}" for order in (pairwise, linear)]
    print(f"{n:4}   {' and '.join(costs)}     {' and '.join(sides)}")
three = drawn[3136].double()
print("same within 1e-12:", bool((pairwise(*three) - linear(*three)).abs().max() < 1e-12))

# %%
from rcrlib.show import curves

orders = {"(θ φᵀ) g": pairwise, "θ (φᵀ g)": linear}
with one_thread():
    took = {name: [1000 * seconds(y, *d) for d in drawn.values()] for name, y in orders.items()}
last = " and ".join(f"{times[-1]:.1f} ms for {name}" for name, times in took.items())
picture(
    f"Time for y in both orders, over the number of positions. At N = 3136: {last}, on one thread.",
    curves({name: (list(drawn), times) for name, times in took.items()}, "positions N", "ms"),
)

# %% [markdown] minutes=1 tags=["slide"]
# One curve bends upwards, the other hardly rises, and what they compute is the same but for
# rounding. This is no approximation: nothing was left out. It also tells what the block *is*: all
# that a position learns of its clip passes through $K \times K$ numbers. A softmax has no such
# short cut, for its denominator needs each single $f(x_i, x_j)$ first.
#
# ## 4 · The whole block
#
# What is left is to go from a clip to its positions and back, and to add what was learnt:
#
# $$z_i = W y_i + x_i$$
#
# $W$ maps from $K$ back to $C$ channels. In the exercise `block` holds the four linear maps:
# `block.theta`, `block.phi`, `block.g` and `block.w`, each called like a function on features
# whose *last* side holds the channels.


# %% tags=["exercise"]
def non_local(x, block):
    """Return z for a batch of clips.

    x: (B, T, C, H, W). Returns the same shape.
    """
    # your turn
    b, t, c, h, w = x.shape
    at = x.permute(0, 1, 3, 4, 2).reshape(b, t * h * w, c)
    theta, phi, g = block.theta(at), block.phi(at), block.g(at)
    y = theta @ (phi.mT @ g / g.shape[1])
    return x + block.w(y).reshape(b, t, h, w, c).permute(0, 1, 4, 2, 3)
    # end


check(non_local)

# %% [markdown] minutes=2 tags=["slide"]
# ### A block that begins by doing nothing
#
# $W$ starts at zero, its bias too. So a new block is the identity: put between an encoder and a
# decoder that are trained already, it harms nothing.
#
# **Predict.** If $W = 0$, what is the gradient of $\theta$? And of $W$? So how does the block ever
# begin?

# %%
# NBVAL_CHECK_OUTPUT
non_local = use(non_local)
torch.manual_seed(0)
block, x = NonLocalBlock(4), torch.randn(1, 3, 4, 12, 12)
print("a new block is the identity:", torch.equal(non_local(x, block), x))
wanted, moved = torch.randn(x.shape), torch.optim.SGD(block.parameters(), lr=0.1)
for step in range(2):
    F.mse_loss(non_local(x, block), wanted).backward()
    for name, linear_map in block.named_children():
        print(f"step {step}: {name:<5} has a gradient:", bool(linear_map.weight.grad.any()))
    moved.step()
    moved.zero_grad()

# %% [markdown] minutes=1 tags=["slide"]
# $W$ moves first, and opens the door for the other three. Had $g$ been zero too, it would never
# open.
#
# ### Where paper and released code part
#
# They do not contradict each other; the paper is silent. It says "weighted sum of the features at
# all positions" and cites [Wang et al.](#References), who offer four forms, with the softmax first.
# The authors' code takes the dot product with $1/N$, 128 inner channels for 256, biases, no batch
# normalisation, $W = 0$ at the start. The paper's numbers were made with it, so `NonLocalBlock`
# does the same; `softmax=True` is our own option, for comparison. Weights released for the one load
# into the other without an error, and give another function.

# %% [markdown] minutes=1 tags=["slide"]
# ## 5 · Does a network find the wiring?
#
# Three small networks learn which ball was meant. Each sees the four channels; a head of 1 × 1
# convolutions judges each place by what it knows. They differ in whom a place may ask: nobody,
# its own frame, or the whole clip.
#
# **Predict.** What will each reach in frame 0? In frames 1 and 2?


# %%
class Finder(nn.Module):
    """Four channels (B, T, 4, H, W) in, logits (B, T, 1, H, W) out."""

    def __init__(self, asks):
        super().__init__()
        self.asks = asks
        self.block = NonLocalBlock(4, inner=4)
        self.head = nn.Sequential(nn.Conv2d(4, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1))

    def forward(self, x):
        if self.asks == "its frame":
            x = self.block(x.flatten(0, 1)[:, None]).reshape(x.shape)
        elif self.asks == "the clip":
            x = self.block(x)
        return self.head(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def channels(frames, pointer, truth):
    """Return what a network sees: colours around zero and the pointer, all larger, to learn fast."""
    return 6 * torch.cat([frames - GREY, pointer], dim=2)


def train(asks, learn, steps=260):
    torch.manual_seed(0)
    network, seen = Finder(asks), channels(*learn)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-2)
    for _ in range(steps):
        pick = torch.randint(len(seen), (16,))
        logits, wanted = network(seen[pick]), learn.truth[pick]
        loss = F.binary_cross_entropy_with_logits(logits, wanted, pos_weight=torch.tensor(4.0))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


with one_thread():
    networks = {a: train(a, clips(256, seed=0)) for a in ("nobody", "its frame", "the clip")}

# %% tags=["result"]
seen = channels(frames, pointer, truth)
with torch.no_grad():
    logits = {asks: network(seen) for asks, network in networks.items()}
ious = {}
for asks, one in logits.items():
    both, either = ((one > 0) & meant).sum((2, 3, 4)), ((one > 0) | meant).sum((2, 3, 4))
    ious[asks] = (both / either).mean(dim=0)
    print(f"asks {asks:<10} IoU by frame", " ".join(f"{iou:.2f}" for iou in ious[asks]))
said = ", ".join(f"{asks} {iou[1:].mean():.2f}" for asks, iou in ious.items())
sheet(
    "Three networks mark the ball that was pointed at in frame 0. They ask nobody, their own frame,"
    f" or the whole clip. IoU in frames 1 and 2, mean of 32 clips: {said}.",
    [
        images(frames[shown]),
        *(maps(one[shown].sigmoid()) for one in logits.values()),
        maps(truth[shown]),
    ],
    titles,
    ["frames", *(f"asks {asks}" for asks in networks), "truth"],
)

# %% [markdown] minutes=2 tags=["slide"]
# ### Choose a place, and see where it looks
#
# The map below the frames shows $f(x_i, x_j)/N$ for the place $i$ that you choose, over all $j$.
# Turn the frame, the row and the column. The second block has the same $\theta$ and $\phi$ under a
# softmax, for which they were not trained.
#
# **Predict.** You stand on a ball in frame 2. Where does it look? Where does the ground look?

# %%
from rcrlib.course.lessons.l03_nonlocal.widget import looks, where_it_looks

dot = networks["the clip"].block
weights = {"f / N": looks(dot, seen[shown]), "softmax": looks(dot, seen[shown], softmax=True)}
on_it = meant[shown, 2, 0].nonzero()[4].tolist()
where_it_looks(weights, images(frames[shown]), start=(2, *on_it))

# %% [markdown] minutes=2 tags=["slide"]
# The darkest places are those of the ball that is pointed at, though it is two frames away. Go to
# the other balls of frame 2: they look at the same ball, one of them with the opposite sign. The
# ground has little to ask. Do not read too much into such maps: $f$ says *how much* is taken from a
# place, $g$ *what* is taken, and $W$ sorts it out. This wiring is not quite ours of step 2.
#
# In about a quarter of the clips the network errs, mostly where two colours are alike: set
# `shown = 0` above and run the cells again, to see orange taken for yellow. A dot product of
# colours is a blunt question.
#
# ## 6 · At full size
#
# In NER (lesson 04) a non-local block stands before the ConvGRU, and one after it. They see
# RCRNet's context: 256 channels, 28 × 28, and $K = 128$. Here is one of them, with a $W$ that is
# no longer zero, beside your `non_local`. It computes in the order in which the equation reads;
# `accelerate` gives it the other one.
#
# **Predict.** How many parameters has the block? A 3 × 3 convolution from 256 to 256 has 590,080.

# %%
torch.manual_seed(0)
block, clip = NonLocalBlock(256).eval(), torch.randn(1, 4, 256, 28, 28)
nn.init.normal_(block.w.weight, std=0.1)
with torch.no_grad(), one_thread():
    slow, mine, plain = block(clip), non_local(clip, block), seconds(block, clip)
    quick = accelerate(block)
    fast, took = quick(clip), seconds(quick, clip)
print(f"as the equation reads {1000 * plain:.0f} ms, accelerated {1000 * took:.0f} ms")
print("both, and yours, the same:", *(torch.allclose(fast, x, atol=1e-4) for x in (slow, mine)))

# %%
print(f"parameters: {4 * 256 * 128 + 3 * 128 + 256:,} by hand, {parameter_count(block):,} counted")
for t in (4, 32):
    N = t * 28 * 28
    # Of two blocks, with theta, phi, g and W, for each frame:
    first, second = (2 * (cost + 4 * N * 256 * 128) / t / 1e9 for cost in two_costs(N, 128))
    print(f"T = {t}: {first:.2f} or {second:.2f} G multiply-adds; all f: {N * N / 250_000:,.0f} MB")

# %% [markdown] minutes=1 tags=["slide"]
# In the paper's Table 3 (VOS, max F / S) the first non-local block lifts RCRNet from .846/.865 (Ra)
# to .853/.871 (Rb), about half of the way to all of NER, .861/.874 (Re), for 0.13 of RCRNet+NER's
# 51.7 million parameters.
#
# ## Summary
#
# - Each position asks all positions of all frames: $\theta$ asks, $\phi$ is found, $g$ tells.
# - Without a softmax the product may be taken from the right: the same function, $N/K$ times
#   cheaper, and nothing of size $N \times N$ is ever made.
# - $W$ starts at zero: a new block is the identity, and $W$ is the first to learn.
#
# ## Questions
#
# 1. Put the frames of a clip into another order. What does the block give? What does that say about
#    motion, and about what the ConvGRU beside it is for?
# 2. The division by $N$ is one number for all. Which weights would you change, and how, to run a
#    network trained at $T = 4$ with $T = 8$?
# 3. In float16 nothing may exceed 65,504. Where in $\phi^\top g$ could that happen, and why does
#    the library divide *both* factors by $\sqrt N$?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 3.2, Table 3. X. Wang et al.,
# *Non-local Neural Networks*, CVPR 2018, [arXiv:1711.07971](https://arxiv.org/abs/1711.07971).
#
# **Next:** *04 · ConvGRU: a memory for maps*
