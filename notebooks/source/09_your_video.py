# %% [markdown] minutes=1 tags=["slide"]
# # 09 · Your own video
#
# **Five boxes and a stroke: you will label a film by hand in minutes, teach the shipped network
# what *you* find salient, and leave with a film in which it is tinted.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - choose which frames of a film to label, and label them by a box, a stroke and GrabCut,
# - tell which carried labels to believe, without knowing the truth,
# - adapt a trained network to one film, and judge what that bought by a label that you kept back,
# - say what such a network must not be used for.
#
# The film below is generated, so that the truth is known and your labels can be graded. To use a
# film of your own, **change one line** and run all again. Two exercises have a check, hints and a
# solution; what you leave out, the library fills in.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from rcrlib.course import check, picture, setup, sheet, use
from rcrlib.course.lessons.l09_your_video.grabcut import BACKGROUND, MAYBE_OBJECT, OBJECT
from rcrlib.data import load, write_mask
from rcrlib.flow import get_flow, warp
from rcrlib.metrics import iou
from rcrlib.show import curves, overlay

session = setup("09_your_video")
files = tempfile.TemporaryDirectory(prefix="rcr-own-")  # removed when the kernel stops
work = Path(files.name)

# %% [markdown] minutes=2 tags=["slide"]
# ## 1 · A film
#
# `FILM` is the line to change: the path of an mp4, mov, avi or webm file. On Colab, upload it by the folder
# symbol on the left first.
#
# We work on its first 24 frames, at most 640 pixels wide: enough to find out whether it works before
# you wait for all of it.

# %%
FILM = None  # such as "holiday.mp4"

from rcrlib.course.lessons.l09_your_video.input_video import generated, stretch

scene = generated(work / "generated.mp4", frames=24)
truth = {t: scene.mask(t) for t in range(24)} if FILM is None else {}
video = stretch(FILM or work / "generated.mp4", work / "film", frames=24, widest=640)
frames = list(video.stream())
print(f"{len(video)} frames, (H, W) = {video.size}")


def score(found, t):
    """Return the IoU of what is found in frame t with its truth; nan where nobody knows it."""
    return iou(np.asarray(found) >= 0.5, truth[t]) if t in truth else np.nan


# %% [markdown] minutes=3 tags=["slide"]
# ## 2 · What the shipped network finds
#
# `rcrlib` comes with a trained RCRNet+NER. It needs no label of yours: `rcr predict film.mp4
# --overlay`. It has learned from photographs, and from a few dozen films of animals, people and
# vehicles.
#
# **Predict.** In the film below a blue star is salient, by the generator's rules. A reed sweeps over
# it. What will the network tint while they meet?

# %%
from rcrlib.models import load_weights, shipped_weights
from rcrlib.predict import PredictConfig, saliency_maps

settings = PredictConfig(size=160)  # best at 352; this is three times as fast
shipped = list(saliency_maps(load_weights(shipped_weights()), frames, settings))
shown = [round(t) for t in np.linspace(0, len(video) - 1, 6)]
scores = [score(shipped[t], t) for t in shown]
sheet(
    f"Frames {shown} and what the shipped network finds in them. IoU with the truth:"
    f" {', '.join(f'{s:.2f}' for s in scores)}.",
    [[frames[t] for t in shown], [overlay(frames[t], shipped[t]) for t in shown]],
    [f"frame {t}\nIoU {s:.2f}" for t, s in zip(shown, scores, strict=True)],
    ["film", "shipped network"],
    cell_width=150,
)

# %% [markdown] minutes=4 tags=["slide"]
# ## 3 · Which frames to label
#
# The white line is what counts: the tint is blue, and so is this star. The network takes the reed
# along, for it moves and stands out; nobody has told it better. You will, on five frames. Which five? The library has four *policies*. All take the first and the last frame, since labels
# are carried between labels, never beyond.
#
# - `even`: at even distances,
# - `appearance`: more where the colours change, `flow`: more where things move,
# - `k-centre`: those that all others resemble, by a network's features.
#
# **Predict.** The reed meets the star in the first half of the film. Where will `flow` put its frames?

# %%
from rcrlib.data import summarise_drawn, write_for_labelling, write_own_set
from rcrlib.keyframes import get_policy

for policy in ("even", "appearance", "flow"):
    print(f"{policy:<12}{get_policy(policy)(video, 5)}")
chosen = get_policy("even")(video, 5)
exam = (chosen[1] + chosen[2]) // 2
to_draw = write_for_labelling(video, chosen, work / "to-draw")

# %% [markdown] minutes=3 tags=["slide"]
# This is what `rcr data label film.mp4 -o to-draw` writes: pictures to draw on, and an empty label
# for each. And we set one more frame aside, the **exam**: you label it, too, but no network learns
# from it. On a film of your own, it is the only honest judge you have.
#
# ## 4 · A box, a stroke, and GrabCut
#
# Drawing outlines takes a minute each. A box takes five seconds, and
# GrabCut finds the outline: it learns the colours outside of the box (surely background) and
# inside, cuts where they part and the picture has an edge, and repeats. Where it goes wrong, you
# draw a stroke: *this is object*, *this is not*.
#
# It starts from one code for each pixel: `BACKGROUND`, `OBJECT`, or `MAYBE_OBJECT`, for GrabCut to
# decide.


# %% tags=["exercise"]
def trimap(box, is_object, is_background):
    """Return what each pixel is taken for before the first cut.

    box: left, top, right, bottom in pixels; right and bottom are the first ones outside.
    is_object, is_background: (H, W) bool, what strokes have marked; they count more than the box.
    Returns (H, W) uint8 of BACKGROUND, OBJECT and MAYBE_OBJECT.
    """
    # your turn
    codes = np.full(is_object.shape, BACKGROUND, np.uint8)
    left, top, right, bottom = box
    codes[top:bottom, left:right] = MAYBE_OBJECT
    codes[is_object] = OBJECT
    codes[is_background] = BACKGROUND
    return codes
    # end


check(trimap)

# %% [markdown] minutes=2
# The boxes below were drawn by eye, in per cent of the frame: left, top, right, bottom. For your own
# film, the network proposes them, and you correct them in the widget.
#
# **Predict.** In frame 12 the reed crosses the star, and half of the box is reed. What will GrabCut
# call it? What will one stroke along the reed change?

# %%
from rcrlib.course.lessons.l09_your_video.grabcut import Stroke, box_around, cut, in_pixels, marked

trimap = use(trimap)
if FILM is None:
    boxes = {0: (13, 31, 33, 66), 6: (12, 41, 32, 74), 9: (10, 45, 33, 77), 12: (9, 43, 33, 79)}
    boxes |= {17: (5, 34, 32, 73), 23: (8, 22, 38, 65)}
    strokes = {9: [Stroke(17, 47, 21, 76, False)], 12: [Stroke(22, 44, 27, 79, False)]}
else:
    boxes, strokes = {t: box_around(shipped[t]) for t in (*chosen, exam)}, {}

t, rows, names = chosen[2], [], []
for drew in ([], strokes.get(t, [])):
    codes = trimap(in_pixels(boxes[t], video.size), *marked(drew, video.size))
    found = cut(frames[t], codes)
    levels = np.select([codes == OBJECT, codes == MAYBE_OBJECT], [1.0, 0.5], 0.0)
    rows.append([frames[t], levels, found, overlay(frames[t], found)])
    names.append(f"{'and a stroke' if drew else 'box alone'}\nIoU {score(found, t):.2f}")
titles = ["frame", "trimap", "GrabCut's mask", "outline"]
said = "; ".join(names).replace("\n", ": ")
sheet(
    f"Frame {t}, labelled by a box, without and with a stroke. In the trimap black is background and"
    f" grey is to be decided. {said}.",
    rows, titles, names, cell_width=170,
)  # fmt: skip

# %% [markdown] minutes=5 tags=["slide"]
# The stroke takes the reed out, and with it a scrap of star beyond it, which you could win back by
# a stroke on the object. In the widget you label yourself. Four sliders are the box; a stroke on object or background runs from one point to
# another. When the outline is right, choose the frame's name at the bottom: what you see becomes
# `labels/NAME.png`, over the empty label.
#
# **Try** a box whose left side is right of its right side; one that cuts an arm off; and on frame
# 12 a stroke on the background, from (22, 44) to (27, 79).

# %%
from rcrlib.course.lessons.l09_your_video.widget import label_by_box

label_by_box(video, {t: boxes[t] for t in chosen}, to_draw)

# %% [markdown] minutes=1
# Labels that you have saved are kept. All others are made from the boxes and strokes above, so that
# the rest runs.
#
# **On a film of your own, do not run past the widget.** We did, on *libby* of DAVIS 2016, a dark dog
# on dark grass: in the boxes that the network proposed GrabCut took legs and flowers for the dog, no carried
# label could be believed, and the network got worse from its lessons. Where you see no number but
# `nan`, nobody knows the truth.

# %%
from rcrlib.course.lessons.l09_your_video.grabcut import grab_cut, save_label
from rcrlib.data.annotations import read_annotations

mine = read_annotations(to_draw, video.frame_names, video.size).masks
for t in chosen:
    if video.frame_names[t] not in mine:
        mask = grab_cut(frames[t], boxes[t], strokes.get(t, []))
        save_label(to_draw, video.frame_names[t], mask)
exam_label = grab_cut(frames[exam], boxes[exam], strokes.get(exam, []))
truth.setdefault(exam, exam_label)  # on a film of your own your label is all that is known
drawn = read_annotations(to_draw, video.frame_names, video.size)
for t, (name, mask) in zip(chosen, drawn.masks.items(), strict=False):
    print(f"{name}  {100 * mask.mean():4.1f} % of the frame, IoU {score(mask, t):.2f}")
print(f"exam, frame {exam}: IoU {score(exam_label, exam):.2f}")

# %% [markdown] minutes=2 tags=["slide"]
# ## 5 · What comes back
#
# You may draw in any other tool: labelme, CVAT, a COCO export, or white on black. Whatever comes
# back is checked before anything learns from it. Here is a typical slip: a mask saved at half its
# size.

# %%
# NBVAL_CHECK_OUTPUT
first = video.frame_names[chosen[0]]
write_mask(to_draw / "labels" / f"{first}.png", drawn.masks[first][::2, ::2])
for problem in read_annotations(to_draw, video.frame_names, video.size).problems:
    print(problem.replace(str(work), "..."))

# %% [markdown] minutes=1
# The label is saved again as it was, and now labels and frames make a data set.

# %%
save_label(to_draw, first, drawn.masks[first])
own_set = load(write_own_set(video, drawn, work / "my-set"))
own = own_set[0]
print(summarise_drawn(video, drawn))

# %% [markdown] minutes=4 tags=["slide"]
# ## 6 · Frames in between
#
# `my-set/VIDEO/{frames,labels}` is now a data set like any other. Two **pseudo-labels** go into
# each interval: the labels of both ends, warped to the frame, their mean cut at one half (lessons
# 00 and 05). Some will be wrong. The truth would tell, but on your own film there is none. There is
# something else: the two labels came from *different* frames by *different* flows. Where they
# **agree**, both are probably right.
#
# **Predict.** In which interval will they disagree most?

# %%
from rcrlib.data import intervals
from rcrlib.pseudo import copy_kept
from rcrlib.triplets import TripletReader

TRUST = 0.5
dis = get_flow("dis")
reader = TripletReader(dis, video.size, video.size)
copy_kept(own, work / "labels")
gaps = intervals(own.annotated, 1, 2, "frames")
cells, titles, ious = [], [], {True: [], False: []}
for i, k, j in ((gap.i, k, gap.j) for gap in gaps for k in gap.targets if k != exam):
    both = reader(own, i, k, j)[1][:2].numpy()
    agree, made = iou(*(both >= 0.5)), both.mean(axis=0) >= 0.5
    if agree >= TRUST:
        write_mask(work / "labels" / own.name / f"{own.frame_names[k]}.png", made)
    ious[agree >= TRUST].append(score(made, k))
    cells.append(overlay(frames[k], made))
    titles.append(f"frame {k}\nagree {agree:.2f}\nIoU {ious[agree >= TRUST][-1]:.2f}")
said = "; ".join(titles).replace("\n", ", ")
sheet(f"Labels carried to frames in between. {said}.", [cells], titles, cell_width=124)
for believed, some in ious.items():
    mean = np.mean(some or np.nan)
    print(f"{'believed' if believed else 'left out'}: {len(some)}, mean IoU {mean:.2f}")

# %% [markdown] minutes=3 tags=["slide"]
# Where the reed passes the flow is lost, and the two labels say so themselves.
#
# ## 7 · Teach it your film
#
# The shipped network knows textures and edges; it has to learn what counts *here*. So its encoder
# stays as it is: all labelled frames are encoded once, and only NER and the decoder learn, a few
# steps on clips of four. (`rcr demo --data my-set` trains all, FGPLG among them, and takes minutes
# to hours.)
#
# **Predict.** Does the network get better on frames near labels only, or on all?

# %%
from rcrlib.course.lessons.l09_your_video.input_video import encoded_once
from rcrlib.train import frame_loss

STEPS, CLIP = 12, settings.clip
taught = own_set.with_label_folder(work / "labels")[0]
network = load_weights(shipped_weights()).train()
memory, decoder = network.ner, network.rcrnet.decoder
features, labels = encoded_once(network, taught, settings.size)
adam = torch.optim.Adam([*memory.parameters(), *decoder.parameters()], lr=1e-3)
losses = []
for first in np.random.default_rng(0).integers(0, len(labels) - CLIP + 1, STEPS):
    part = slice(first, first + CLIP)
    clip = type(features)(*(one[part] for one in features))
    logits = decoder(memory(clip.context[None])[0], decoder.skips(clip), labels.shape[2:])
    loss = frame_loss(logits[None], labels[None, part]) / CLIP
    adam.zero_grad()
    loss.backward()
    adam.step()
    losses.append(loss.item())
print(f"{len(labels)} labelled frames; loss {losses[0]:.2f} at first, {losses[-1]:.2f} at last")

# %%
adapted = list(saliency_maps(network, frames, settings))
maps = {"shipped": shipped, "adapted": adapted}
series = {name: [score(one[t], t) for t in range(len(video))] for name, one in maps.items()}
unseen = [t for t in truth if t not in taught.annotated]
said = ", ".join(f"{name} {np.mean([s[t] for t in unseen]):.2f}" for name, s in series.items())
picture(
    f"IoU of each frame's map with what is known. Mean over {len(unseen)} frames that nothing was"
    f" learned from: {said}. Learned from: frames {[*taught.annotated]}.",
    curves({name: (range(len(video)), line) for name, line in series.items()}, "frame", "IoU"),
)
passed = {name: round(iou(some[exam] >= 0.5, exam_label), 2) for name, some in maps.items()}
print(f"exam, frame {exam}: IoU", passed)

# %% [markdown] minutes=4 tags=["slide"]
# It gets better on nearly all frames, those without any label among them. What is left is a gap in
# the middle: around frame 10 most of the star is behind the reed, no label is near, and none was
# carried there. That is where a sixth label would pay most.
#
# One number hides where it changed. Draw the curtain over the frame: left of it is the shipped
# network's map, right of it the adapted one's. Look at the reed, then at the star's arms, then for
# anything that was *right* before.

# %%
from rcrlib.course.widgets import curtain

curtain(frames, maps, [truth[t] for t in range(len(video))] if FILM is None else None)

# %% [markdown] minutes=2
# ### A score that needs no label
#
# A good map moves as the film does. Bring the next frame's map back along the flow, and compare: what is left is
# **flicker**,
#
# $$\frac{1}{N} \sum_{t} \sum_x \big| P_t(x) - P_{t+1}\big(x + O_{t \to t+1}(x)\big) \big|$$
#
# with $N$ pixels in all frames but the last. It needs no truth. **Predict.** Which map has no
# flicker at all, and is worthless?


# %% tags=["exercise"]
def flicker(maps, flows):
    """Return how much maps change from frame to frame, beyond moving along.

    maps: (T, 1, H, W) in [0, 1]. flows: (T-1, 2, H, W), the flow from each frame to the next.
    warp(image, flow) samples an image (B, C, H, W) at (x, y) + flow. Returns a tensor of one number.
    """
    # your turn
    return (maps[:-1] - warp(maps[1:], flows)).abs().mean()
    # end


check(flicker)

# %%
flicker = use(flicker)
tensors = [torch.from_numpy(frame).movedim(2, 0)[None] for frame in frames]
flows = torch.cat([dis(a, b) for a, b in pairwise(tensors)])
print(f"{'':<12}{'flicker':>9}{'found':>9}{'IoU':>7}   (flicker in thousandths)")
for name, some in {**maps, "nothing": [0 * one for one in shipped]}.items():
    change = flicker(torch.from_numpy(np.stack(some))[:, None], flows)
    share = np.mean([(one >= 0.5).mean() for one in some])
    known = np.mean([score(some[t], t) for t in unseen])
    print(f"{name:<12}{1000 * change:9.2f}{100 * share:7.1f} %{known:7.2f}")

# %% [markdown] minutes=2 tags=["slide"]
# ## 8 · The film
#
# A map that finds nothing never flickers: read that number beside the share that is found, never
# alone.
#
# What you came for: the film with what is salient tinted. `rcr predict film.mp4 --weights FILE
# --overlay` writes it at the film's own rate; here we have the maps already. To keep the file, copy
# `result` out of the temporary folder: `import shutil; shutil.copy(result, "tinted.mp4")`.

# %% tags=["result"]
from rcrlib.show import film as overlay_film

result = work / "tinted.mp4"
with overlay_film(result, video) as show:
    for frame, saliency in zip(frames, adapted, strict=True):
        show(frame, saliency)

tinted = list(load(result)[0].stream())
sheet(
    f"Frames {shown}, tinted by the shipped network, and as read back from the film of"
    f" {len(tinted)} frames with the adapted one. Mean IoU where nothing was learned: {said}.",
    [[overlay(frames[t], shipped[t]) for t in shown], [tinted[t] for t in shown]],
    [f"frame {t}" for t in shown],
    list(maps),
    cell_width=150,
)

# %% [markdown] minutes=4 tags=["slide"]
# ## 9 · What it cannot do
#
# The adapted network is an expert for *one* film. What has become of the rest? Here is another
# film, on which the shipped network did well.
#
# **Predict.** Better, as before, or worse?

# %%
from rcrlib.data import SyntheticConfig, make_synthetic

other = make_synthetic(SyntheticConfig(videos=6, size=(180, 320), seed=5))[2]
times = (0, 6, 12, 18)
for name, some in (("shipped", load_weights(shipped_weights())), ("adapted", network)):
    found = saliency_maps(some, (other.frame(t) for t in times), settings)
    ious = [iou(one >= 0.5, other.mask(t)) for one, t in zip(found, times, strict=True)]
    print(f"{name}: mean IoU {np.mean(ious):.2f} over {len(times)} frames of another film")

# %% [markdown] minutes=2
# It lost part of it: twelve steps on one film are paid for elsewhere. Keep the shipped file for the
# next film. Further, from the network's model card (`rcrlib/weights/MODEL_CARD.md`):
#
# - It finds what stands out by itself or by its motion. Of several such things, or none, it
#   guesses; it knows no names and follows no instruction. Your labels move its guess, no more.
# - Thin parts (legs, bicycle frames, ropes) come out thick or are lost.
# - It learned from daylight films of animals, people and vehicles. Nothing was tested on medical,
#   aerial, night or infrared pictures.
# - It is not for decisions about people, and not for surveillance. It was measured for neither.
# - Its licence is **CC BY-NC 4.0**, because of the films that it learned from: research and other
#   non-commercial use. What you adapt from it inherits that, whoever made the film.
#
# ### Where paper and released code part
#
# Neither adapts a network to one film: paper and released code train once, on the training sets,
# and test on other videos. Nor does either choose frames; *which* frames to label is the paper's
# future work, and `rcr experiment keyframes` compares the policies. The paper's pseudo-labels come from
# FGPLG, which learns whom to believe; our rule of agreement is a poor man's version of it.
#
# ### All of it, from the command line
#
# ```bash
# rcr data label film.mp4 --frames 5 --policy flow -o to-draw     # then draw, in any tool
# rcr data label film.mp4 --labels to-draw -o my-set
# rcr demo --data my-set -o my-run                                # FGPLG and RCRNet+NER, from scratch
# rcr predict film.mp4 --overlay -o maps                          # the shipped network
# ```

# %% [markdown] minutes=1 tags=["slide"]
# ## Summary
#
# - A box, a stroke and GrabCut make a label in seconds; check what comes back before you learn from it.
# - Carried labels that agree can be believed; those that do not are better left out.
# - A few labels turn the network's guess into yours, for this film; keep one back as the exam.
#
# ## Questions
#
# 1. Could two carried labels agree and both be wrong? Think of what they have in common.
# 2. The exam frame was labelled by GrabCut, like those learned from. What does that hide?
# 3. You have a minute more: one more box, or one more stroke? Which numbers above tell?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051). C. Rother, V. Kolmogorov, A. Blake,
# *"GrabCut": Interactive Foreground Extraction using Iterated Graph Cuts*, SIGGRAPH 2004. Flicker
# along the flow: W.-S. Lai et al., *Learning Blind Video Temporal Consistency*, ECCV 2018,
# [arXiv:1808.00449](https://arxiv.org/abs/1808.00449).
#
# **Next:** *10 · Making it fast, and still exact*
