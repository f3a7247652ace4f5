# %% [markdown] minutes=1 tags=["slide"]
# # 02 · Encoder and decoder: RCRNet
#
# **You will take the paper's image network apart, know the size of every map and the number of
# every parameter before you see them, and put its decoder together from your own functions.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - compute by hand what a layer makes of a map's size, and how far an output sees,
# - say what strides cost, what dilation buys, and why the last group of the ResNet has the one in
#   place of the other,
# - write a dilated convolution, a residual skip and a refinement block,
# - account for all of RCRNet's 43.2 million parameters.
#
# You need convolutions and PyTorch's tensors. The network is the paper's, at full size, but fresh:
# nothing here has to be trained. Each exercise has a check, two hints and a solution; what you leave
# out, the library fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import copy

import torch
from torch.nn import functional as F

from rcrlib.course import check, heat, one_thread, seconds, setup, sheet, use
from rcrlib.models import RCRNet, RCRNetNER, parameter_count

session = setup("02_rcrnet")
torch.manual_seed(0)
network = RCRNet().eval()
encoder, decoder = network.encoder, network.decoder

# %% [markdown] minutes=2 tags=["slide"]
# ## 1 · Sizes, by hand first
#
# A network that marks what is salient has to know *what* is in a picture, and *where* its edges
# are. RCRNet does it in two halves. The **encoder** is a ResNet-50: five groups of layers that make
# maps smaller and smaller, and features richer and richer. The **decoder** takes three steps back
# up to the size of the picture.
#
# One formula gives the side of the map that a convolution makes. Its kernel has $k$ places, $d$
# (the *dilation*) apart; it moves by the stride $s$; $p$ zeros stand around the map.


# %% tags=["exercise"]
def map_size(size, kernel, stride, padding, dilation):
    """Return the side of the map that a convolution makes of one with side `size`.

    All are integers (kernel = 3 means 3 x 3), and so is the result.
    """
    # your turn
    covered = dilation * (kernel - 1) + 1
    return (size + 2 * padding - covered) // stride + 1
    # end


check(map_size)

# %% [markdown] minutes=2
# ResNet's first convolution has kernel 7, stride 2 and padding 3; then a pooling has kernel 3,
# stride 2 and padding 1. In each of the groups 2 and 3 one 3 × 3 convolution has stride 2.
#
# **Predict.** With 448 × 448 pixels, how large are the maps after each group? The paper wants the
# last two groups at the same size.

# %%
# NBVAL_CHECK_OUTPUT
map_size = use(map_size)
side = 448
for name, layer in {
    "conv1": (7, 2, 3, 1),
    "pooling": (3, 2, 1, 1),
    "layer1": (3, 1, 1, 1),
    "layer2": (3, 2, 1, 1),
    "layer3": (3, 2, 1, 1),
    "layer4": (3, 1, 2, 2),
}.items():
    side = map_size(side, *layer)
    print(f"{name:<8} {side:>3} x {side:<3} stride {448 // side}")

# %% [markdown] minutes=1
# Now the network itself. On PyTorch's device *meta* tensors have sizes and no values, so this takes
# no time at all.

# %%
# NBVAL_CHECK_OUTPUT
with torch.device("meta"):
    features = RCRNet().eval().encode(torch.empty(1, 3, 448, 448))
for name, one in features._asdict().items():
    print(f"{name:<8}{tuple(one.shape)}")

# %% [markdown] minutes=2 tags=["slide"]
# ## 2 · What a stride costs, and what dilation buys
#
# What could a *perfect* network say on a map of stride 16? At best how much of each 16 × 16 square
# is salient. Here are true masks, made that coarse and enlarged again.
#
# **Predict.** How much IoU is lost at stride 4? At 16? And which animals lose most?

# %% tags=["result"]
from rcrlib.data import SyntheticConfig, make_synthetic

videos = make_synthetic(SyntheticConfig(videos=4, frames=2, size=(224, 224), seed=3))
truth = torch.stack([torch.from_numpy(video.mask(0)) for video in videos])[:, None].float()


def coarse(masks, stride):
    """Return masks (B, 1, H, W) as a map of that stride could say them at best, enlarged again."""
    small = F.avg_pool2d(masks, stride)
    return F.interpolate(small, size=masks.shape[2:], mode="bilinear", align_corners=False)


rows, names, losses = [], [], []
for stride in (16, 8, 4):
    found, true = coarse(truth, stride) > 0.5, truth > 0.5
    iou = ((found & true).sum((1, 2, 3)) / (found | true).sum((1, 2, 3))).mean()
    rows.append(list(coarse(truth, stride)[:, 0].numpy()))
    names.append(f"stride {stride}\nIoU {iou:.3f}")
    losses.append(f"{iou:.3f} at stride {stride}")
sheet(
    f"Four true masks, as the best map of each stride could show them. IoU: {', '.join(losses)}.",
    [[video.frame(0) for video in videos], *rows, list(truth[:, 0].numpy())],
    None,
    ["frame", *names, "truth"],
)

# %% [markdown] minutes=1 tags=["slide"]
# Thin parts go first. Yet the encoder must make its maps small, or else each output would see a few
# pixels only. How far does it see? The **receptive field** is the part of the input on which an
# output depends. Go through the layers, and carry two numbers along: the field so far, and the
# *step*, the distance in pixels between two neighbouring places.


# %% tags=["exercise"]
def receptive_field(layers):
    """Return the side of an output's receptive field and its stride: (field, step) in pixels.

    layers: (kernel, stride, dilation) of each, from the input on.
    """
    # your turn
    field, step = 1, 1
    for kernel, stride, dilation in layers:
        field += dilation * (kernel - 1) * step
        step *= stride
    return field, step
    # end


check(receptive_field)

# %% [markdown] minutes=2 tags=["slide"]
# A plain ResNet halves its maps once more, in its last group: stride 32. RCRNet leaves that stride
# out, and lets the group's 3 × 3 kernels **dilate** by 2 instead: their places lie two apart.
#
# **Predict.** Which of the two sees further after the last group?

# %%
# NBVAL_CHECK_OUTPUT
receptive_field = use(receptive_field)


def layers_of(group):
    """Return (kernel, stride, dilation) of all convolutions along a group's main path."""
    convolutions = [conv for block in group for conv in (block.conv1, block.conv2, block.conv3)]
    return [(conv.kernel_size[0], conv.stride[0], conv.dilation[0]) for conv in convolutions]


resnet, layers = encoder.resnet, [(7, 2, 1), (3, 2, 1)]
for name in ("layer1", "layer2", "layer3", "layer4"):
    before, layers = layers, layers + layers_of(getattr(resnet, name))
    print(name, "sees {} pixels, stride {}".format(*receptive_field(layers)))
plain = [(kernel, 1, 1) for kernel, _, _ in layers[len(before) :]]
plain[1] = (3, 2, 1)
print("layer4 of a plain ResNet: {} pixels, stride {}".format(*receptive_field(before + plain)))

# %% [markdown] minutes=1
# As far, and a little further, at four times as many places. Turn the rate and the depth yourself, on the
# paper's map of 28 × 28.
#
# **Predict.** With rate 18, how many of a kernel's nine places still lie on the map?

# %%
from rcrlib.course.lessons.l02_rcrnet.widget import receptive_fields

receptive_fields()

# %% [markdown] minutes=2 tags=["slide"]
# Two warnings are in these pictures. A stack of the *same* rate leaves gaps: what lies between its
# taps is never read. And large rates mostly read padding.
#
# A third: a receptive field says what an output *could* see. The gradient tells what it *does* see.
# Here is that of one output of the last group, with respect to the picture.

# %%
image = torch.randn(1, 3, 224, 224, requires_grad=True)
with one_thread():
    stem = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(image))))
    last = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(stem))))
    last[0, :, 7, 7].sum().backward()
seen = image.grad.abs().sum(dim=1)[0]
share = float(seen[64:176, 64:176].sum() / seen.sum())
sheet(
    f"How much each of 224 x 224 pixels moves an output in the middle; the darker, the more."
    f" {100 * share:.0f} % of it lies within the middle quarter.",
    [[heat((seen / seen.max()).sqrt().numpy(), -1, 1)]],
    cell_width=300,
)

# %% [markdown] minutes=2 tags=["slide"]
# ## 3 · ASPP: five looks at once
#
# The field of 459 pixels is wider than this picture; yet half of what an output sees lies within a
# quarter of it. RCRNet's answer to all three warnings is **ASPP** (*atrous spatial pyramid pooling*). It looks at the 2048
# channels of the last group in five ways beside each other: the mean of the whole map, a 1 × 1
# convolution, and 3 × 3 convolutions at rates 6, 12 and 18. Each gives 256 channels; a last 3 × 3
# convolution makes 256 of these 1280. That is the **context**.
#
# ### What it weighs
#
# Every convolution of RCRNet but the last is followed by a batch normalisation. So the convolution
# needs no bias, and the normalisation learns a scale and a shift for each channel.


# %% tags=["exercise"]
def conv_bn_parameters(inputs, outputs, kernel):
    """Count the parameters of a convolution without bias and its batch normalisation.

    inputs, outputs: channels. kernel: its side (3 means 3 x 3). Returns an integer.
    """
    # your turn
    return inputs * outputs * kernel**2 + 2 * outputs
    # end


check(conv_bn_parameters)

# %% [markdown] minutes=1
# ### What a dilated kernel does
#
# $$y(p) = \sum_{a=-1}^{1} \sum_{b=-1}^{1} W_{ab}\; x\big(p + r \cdot (a, b)\big)$$
#
# Nine shifted maps, weighted and added. $W_{ab}$ takes $C$ channels to $O$; in the code it is
# `weight[:, :, row, column]`, with rows and columns counted from 0.


# %% tags=["exercise"]
def atrous(x, weight, rate):
    """Return a 3 x 3 convolution, dilated by `rate`, with zeros around the map.

    x: (B, C, H, W). weight: (O, C, 3, 3). Returns (B, O, H, W).
    """
    # your turn
    height, width = x.shape[2:]
    padded = F.pad(x, (rate, rate, rate, rate))
    y = 0
    for row in range(3):
        for column in range(3):
            top, left = row * rate, column * rate
            window = padded[:, :, top : top + height, left : left + width]
            y = y + torch.einsum("oc,bchw->bohw", weight[:, :, row, column], window)
    return y
    # end


check(atrous)

# %% [markdown] minutes=1
# **Predict.** The ResNet has 23.5 million parameters. How many has ASPP, with its six convolutions?

# %%
# NBVAL_CHECK_OUTPUT
atrous, conv_bn_parameters = use(atrous, conv_bn_parameters)
two_points = 2 * conv_bn_parameters(2048, 256, 1)
three_rates = 3 * conv_bn_parameters(2048, 256, 3)
by_hand = two_points + three_rates + conv_bn_parameters(5 * 256, 256, 3)
print(f"ASPP: {by_hand:,} by hand, {parameter_count(encoder.aspp):,} counted")
with torch.no_grad():
    deep = torch.randn(1, 2048, 14, 14)
    for rate, branch in ((6, encoder.aspp.rate6), (18, encoder.aspp.rate18)):
        mine = atrous(deep, branch[0].weight, rate)
        print(
            f"rate {rate}: yours is the library's:",
            torch.allclose(mine, branch[0](deep), atol=1e-3),
        )

# %% [markdown] minutes=2 tags=["slide"]
# ## 4 · Back up: skips and refinement blocks
#
# The context knows what is salient, at stride 16. The edges are in the encoder's earlier maps,
# `f16`, `f8` and `f4`. They have 1024, 512 and 256 channels, too many to carry. A **residual skip**
# makes 96 of them: a *bottleneck* (1 × 1 to 48, 3 × 3, 1 × 1 to 96) beside a *shortcut* (1 × 1 to
# 96), added up, then a ReLU.


# %% tags=["exercise"]
def residual_skip(x, skip):
    """Return what a residual skip makes of the encoder's features.

    x: (B, M, h, w). Returns (B, 96, h, w).
    skip.bottleneck(x), skip.shortcut(x): its two paths, each (B, 96, h, w).
    """
    # your turn
    return F.relu(skip.bottleneck(x) + skip.shortcut(x))
    # end


check(residual_skip)

# %% [markdown] minutes=1
# A **refinement block** enlarges what comes from below to the size of the skip (bilinear, corners
# not aligned), joins both along the channels, *previous first*, and convolves them to 128 channels.


# %% tags=["exercise"]
def refine(previous, skip, block):
    """Return what a refinement block makes of the map from below and of the skip.

    previous: (B, P, h', w'). skip: (B, 96, h, w). Returns (B, 128, h, w).
    block.refine(x): the convolution of P + 96 channels to 128, normalised, with its ReLU.
    """
    # your turn
    larger = F.interpolate(previous, size=skip.shape[2:], mode="bilinear", align_corners=False)
    return block.refine(torch.cat([larger, skip], dim=1))
    # end


check(refine)

# %% [markdown] minutes=2 tags=["slide"]
# ### Where paper and released code part
#
# The paper says that the last group dilates by 2, and so it does in the authors' code: all of its
# three 3 × 3 convolutions. torchvision offers an option of its own for this,
# `replace_stride_with_dilation`. It dilates by 1, 2 and 2. The weights fit into both.
#
# **Predict.** How far are the outputs apart, as a share of their size: a thousandth? A tenth?

# %%
other = copy.deepcopy(resnet.layer4)
other[0].conv2.dilation = other[0].conv2.padding = (1, 1)
with torch.no_grad():
    f16 = F.relu(torch.randn(1, 1024, 14, 14))
    ours, theirs = resnet.layer4(f16), other(f16)
apart = float((ours - theirs).norm() / ours.norm())
print(f"torchvision's dilation, same weights, no error: {100 * apart:.0f} % apart")

# %% [markdown] minutes=1
# Nothing complains; such a mistake is found by comparing numbers only. (These weights are fresh;
# trained ones were trained for one of the two.) Of
# the head the paper says little. The authors enlarge the 128 channels to the full size *first*, and
# then convolve them (3 × 3 to 256 channels, 1 × 1 to one): over half of all the network's work.
# Lesson 10 gets the same logits for a tenth of it.

# %% [markdown] minutes=1 tags=["slide"]
# ## 5 · At full size
#
# Your functions now decode what the library has encoded, at the paper's 448 × 448.
#
# **Predict.** In which order do the three blocks follow, and with which skips?

# %%
residual_skip, refine = use(residual_skip, refine)


def decode(features, size):
    """Return logits (B, 1, H, W) of the encoder's features."""
    y = features.context
    for block, at in (
        (decoder.refine16, features.f16),
        (decoder.refine8, features.f8),
        (decoder.refine4, features.f4),
    ):
        y = refine(y, residual_skip(at, block.skip), block)
    return decoder.head(F.interpolate(y, size=size, mode="bilinear", align_corners=False))


with torch.no_grad():
    photo = torch.randn(1, 3, 448, 448)
    features = network.encode(photo)
    mine, theirs = decode(features, (448, 448)), network.decode(features, (448, 448))
    print(f"encoder and decoder: {seconds(network, photo, repeats=1):.1f} s for a frame")
print(f"{tuple(mine.shape)}; the same as the library's:", torch.allclose(mine, theirs, atol=1e-3))

# %%
# NBVAL_CHECK_OUTPUT
parts = {"ResNet-50": resnet, "ASPP": encoder.aspp, "decoder": decoder, "RCRNet": network}
for name, part in parts.items():
    print(f"{name:<11}{parameter_count(part):>12,}")
with torch.device("meta"):
    whole = parameter_count(RCRNetNER())
classifier = 2048 * 1000 + 1000
print(f"RCRNet+NER {whole:>12,}; with ResNet's unused classifier {whole + classifier:,}")

# %% [markdown] minutes=1 tags=["slide"]
# 43.2 million for RCRNet. The released file of RCRNet+NER holds 53.8 million, for the authors left
# ResNet's classifier in it, which nothing uses. The decoder has under 4 % of RCRNet's, and
# most of its multiply-adds: a parameter at stride 1 works 256 times as often as one at stride 16.
#
# ## Summary
#
# - Strides make a network see far and cost resolution; dilation makes it see far and costs none.
# - ASPP looks at five scales at once; nearly all of RCRNet's parameters are in it and the ResNet.
# - A skip brings back the edges, a refinement block puts the context onto them; all sizes, strides
#   and counts can be known before anything runs.
#
# ## Questions
#
# 1. A picture is 450 × 300. Which sizes have `f4`, `f8` and `f16`? Why does `refine` ask the skip
#    for its size and not double the previous one?
# 2. In training, the pooled branch of ASPP has one value per channel and image. What happens to its
#    batch normalisation when the batch is one image?
# 3. Shift a picture by 8 pixels. Which of the maps shift with it exactly?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): section 3.1. K. He et al., *Deep Residual
# Learning for Image Recognition*, CVPR 2016, [arXiv:1512.03385](https://arxiv.org/abs/1512.03385).
# L.-C. Chen et al., *Rethinking Atrous Convolution for Semantic Image Segmentation*, 2017,
# [arXiv:1706.05587](https://arxiv.org/abs/1706.05587).
#
# **Next:** *03 · The non-local block: every place sees all others*
