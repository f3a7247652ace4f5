# %% [markdown] minutes=1 tags=["slide"]
# # 08 · Ablations and honest statistics
#
# **You will run a table with twenty seeds a row, see what three of them would have claimed, and put
# error bars on the paper's Tables 2 to 4.**

# %% [markdown] tags=["objectives"]
# When you are through, you can
#
# - say what a row of an ablation shows, and what it cannot,
# - give a difference with its interval, paired by seed, and say what pairing buys,
# - resample whole videos, because the frames of a video are not new evidence,
# - tell how far apart the rows of a table of *nothing* would be, and spot a number that was chosen
#   on the test set.
#
# You need means and indexing in PyTorch. Each exercise has a check, two hints and a solution; what
# you leave out, the library fills in, so **Run → Run All Cells** always reaches the end.

# %% tags=["setup"]
# The builder puts the set-up cell here.

# %%
from itertools import combinations

import numpy as np
import torch
from IPython.display import Markdown
from scipy import stats

from rcrlib.course import check, one_thread, picture, setup, use
from rcrlib.course.lessons.l08_ablations.stored_tables import ASKED, claimed, verdict
from rcrlib.show import Panel, curves, dot_plot, interval_plot

session = setup("08_ablations")

# %% [markdown] minutes=3 tags=["slide"]
# ## 1 · What a table claims
#
# An **ablation** adds or removes one part, trains again, and writes down a row. Two rows differ by
# the part, *and by everything that was left to chance*: the first weights, the order of the clips,
# which frames were labelled. The paper has three such tables, all max F on the test set of VOS:
#
# - **Table 2**, m/l: one label in l is kept, m pseudo-labels are made in each interval (lesson 07);
# - **Table 3**: Ra has no NER, Re all of it; Rc and Rd are Re less one part (lesson 04);
# - **Table 4**: Ga has no pseudo-labels; FGPLG sees RGB in Gb, labels too in Gc, flow too in Gd
#   (lesson 06).
#
# **Predict.** Everything below is trained once more, with another seed. On which differences would
# you bet that their sign stays? Write them down.

# %%
# NBVAL_CHECK_OUTPUT
for table, pairs in ASKED.items():
    said = ",  ".join(f"{' - '.join(pair)} {100 * claimed(table, pair):+.1f}" for pair in pairs)
    print(f"{table}, in points:  {said}")
every = [claimed(table, pair) for table, pairs in ASKED.items() for pair in pairs]
print(f"{sum(one < 0.03 for one in every)} of {len(every)} are below 3 points")

# %% [markdown] minutes=3 tags=["slide"]
# A row is one number: the tables give no deviation. How far apart are two runs of the *same* row?
# That takes many runs, and RCRNet takes hours for one.
#
# ## 2 · A table of our own
#
# So we shrink everything: `train_rows` trains twenty networks at once, which judge single pixels of
# synthetic videos with sixteen hidden units. What they see of a pixel has four parts, and our table
# adds them one by one:
#
# | | colour | contrast | flow | noise |
# |---|---|---|---|---|
# | Ma | ✓ | | | |
# | Mb | ✓ | ✓ | | |
# | Mc | ✓ | ✓ | ✓ | |
# | Md | ✓ | ✓ | ✓ | ✓ |
#
# *Contrast* is how far a pixel's surroundings are from the frame's median colour; *flow*, how fast
# they move. *Noise* is random numbers: **we know that Md is no better than Mc.** The seed decides
# which 12 of 24 videos have labels, the first weights, and the order of the pixels.
#
# **Predict.** What will lie further apart: two rows, or two seeds of one row?

# %%
from rcrlib.course.lessons.l08_ablations.pixel_ablation import PARTS, pixels, train_rows

SEEDS, LABELLED = 20, 12
learn, test = pixels(24, frames=6, seed=0), pixels(12, frames=12, seed=1)
shown = torch.arange(12) < torch.tensor((3, 12) * 6)[:, None]  # (videos, frames): short and long
ROWS, parts = ("Ma", "Mb", "Mc", "Md"), list(PARTS)
with one_thread():
    rows = [train_rows(parts[: n + 1], learn, test, SEEDS, LABELLED) for n in range(4)]
iou = torch.stack(rows)  # (rows, seeds, videos, frames)
by_video = (iou * shown).sum(-1) / shown.sum(-1)  # a mean for each video, short or long
scores = by_video.mean(-1)  # (rows, seeds)
picture(
    f"IoU of four rows with {SEEDS} seeds each, a dot a seed and a bar at the mean; from"
    f" {scores.min():.2f} to {scores.max():.2f}.",
    dot_plot([Panel("IoU on the test videos", dict(zip(ROWS, scores.tolist(), strict=True)))]),
)

# %% [markdown]
# ### The ± of a table
#
# Behind a ± stands the **deviation** over seeds, $s = \sqrt{\sum_i (x_i - \bar x)^2 / (n - 1)}$.


# %% tags=["exercise"]
def mean_and_deviation(scores):
    """Return each row's mean and deviation over seeds.

    scores: (rows, seeds). Returns two tensors, (rows,) each.
    """
    # your turn
    return scores.mean(dim=1), scores.std(dim=1)
    # end


check(mean_and_deviation)

# %%
mean_and_deviation = use(mean_and_deviation)
means, deviations = mean_and_deviation(scores)
for row, mean, deviation in zip(ROWS, means, deviations, strict=True):
    print(f"{row}  {mean:.3f} ± {deviation:.3f}")
steps = means.diff().abs().max() / deviations.mean()
print(f"the largest step from row to row is {steps:.1f} deviations")

# %% [markdown] minutes=3 tags=["slide"]
# Two seeds of one row lie further apart than two rows. A table with one run a row would show mostly
# luck. Is there anything to be seen, then?
#
# ## 3 · Differences, paired
#
# Look at what seeds *share*. Seed 7 of Mb has the same labelled videos as seed 7 of Ma, and the same
# first weights: if it was lucky with them, both were. So subtract seed by seed, $d_i = a_i - b_i$,
# and the shared luck is gone. The 95 % interval of the mean difference is
#
# $$\bar d \pm t_{0.975,\,n-1} \; \frac{s_d}{\sqrt n}$$
#
# with Student's $t$: `stats.t.ppf(0.975, n - 1)`. If 0 lies within, the sign of the difference is
# not known.
#
# **Predict.** By which factor will pairing narrow the intervals of our table?


# %% tags=["exercise"]
def paired_interval(first, second):
    """Return the mean of first less second, and the low and high end of its 95 % interval.

    first, second: (seeds,), two rows on the same seeds. Returns three numbers.
    """
    # your turn
    d = first - second
    n = len(d)
    half = stats.t.ppf(0.975, n - 1) * d.std() / n**0.5
    return d.mean(), d.mean() - half, d.mean() + half
    # end


check(paired_interval)

# %%
paired_interval = use(paired_interval)


for row in (1, 2, 3):
    first, second = scores[row], scores[row - 1]
    mean, low, high = paired_interval(first, second)
    apart = stats.ttest_ind(first.numpy(), second.numpy()).confidence_interval(0.95)
    narrower = (apart.high - apart.low) / float(high - low)
    print(f"{ROWS[row]} - {ROWS[row - 1]} {float(mean):+.3f}")
    print(f"   unpaired {apart.low:+.3f} to {apart.high:+.3f}: {verdict(*apart)}")
    print(f"   paired   {low:+.3f} to {high:+.3f}: {verdict(low, high)}; {narrower:.1f}x narrower")

# %% [markdown] minutes=3 tags=["slide"]
# The same forty numbers, and much more certain: contrast helps, flow brings little if anything, and
# noise is not mistaken for news. Pairing narrows most where two rows have most in common. It costs
# nothing but discipline, the same seeds in every row; the library's tables share even stage 1
# between rows of one seed.
#
# ## 4 · Three seeds
#
# Twenty are a luxury. With real networks one has three, and their deviation is itself a guess; that
# is what $t$ makes up for: 4.30 at 2 degrees of freedom, where a known deviation has 1.96.
#
# **Predict.** Someone takes 1.96 with three seeds. How often does the interval hold the truth: 95,
# 90 or 80 % of the time?

# %%
# NBVAL_CHECK_OUTPUT
chance = np.random.default_rng(0)
for n in (2, 3, 5, 10, 20):
    d = chance.normal(size=(100_000, n))  # the true mean is 0
    off, t = abs(d.mean(1)) / (d.std(1, ddof=1) / n**0.5), stats.t.ppf(0.975, n - 1)
    held = [(off <= limit).mean() for limit in (1.96, t)]
    print(f"{n:>2} seeds   ± 1.96 holds it {held[0]:.0%}   ± {t:5.2f} holds it {held[1]:.0%}")

# %% [markdown] minutes=2
# Now we can do what nobody can with a real table: look at *every* choice of three seeds out of our
# twenty. There are 1140, and each is a paper that somebody might have written.
#
# **Predict.** Contrast helps, twenty seeds say. How many of the 1140 papers find that out? And how
# many find that noise matters?

# %%
T3 = stats.t.ppf(0.975, 2)
for row in (1, 2, 3):
    papers = torch.combinations(scores[row] - scores[row - 1], 3)  # (1140, 3)
    middle3, half = papers.mean(1), T3 * papers.std(1) / 3**0.5
    up, down = ((sign * middle3 > half).float().mean() for sign in (1, -1))
    wrong = (middle3 < 0).float().mean()
    print(
        f"{ROWS[row]} - {ROWS[row - 1]}: {up:4.0%} find it better, {down:4.0%} worse,"
        f" {1 - up - down:4.0%} cannot tell; the mean is negative in {wrong:.0%}"
    )

# %% tags=["result"]
groups = {f"seeds {i}, {i + 1}, {i + 2}": slice(i, i + 3) for i in range(0, 18, 3)}
groups["all 20 seeds"] = slice(None)
seen = {
    name: tuple(float(x) for x in paired_interval(scores[1, part], scores[0, part]))
    for name, part in groups.items()
}
said = "; ".join(f"{n} {a:+.3f} ({b:+.3f} to {c:+.3f})" for n, (a, b, c) in seen.items())
picture(
    f"What contrast brings, Mb - Ma, with 95 % intervals: six times three seeds, and all. {said}.",
    interval_plot(seen, "difference in IoU, Mb - Ma", "The same comparison, with other seeds"),
)

# %% [markdown] minutes=3 tags=["slide"]
# "Cannot tell" is not "no effect": most of these papers miss a part that helps. And a row without an
# interval would have told you the sign of its three seeds, as if that were all.
#
# ## 5 · The unit is the video
#
# Another chance is older than all seeds: *which videos were filmed.* Take one seed of Ma and of Mb.
# Over the test frames there is a difference at each, and we have 90 of those. But a video that is
# hard in one frame is hard in the next: 90 frames are not 90 pieces of evidence. There are 12.
#
# The **bootstrap** imitates other test sets: draw 12 videos out of the 12, with repeats, take the
# mean, and again; 2.5 % of the means at either end are cut off. A video comes with all its frames,
# and counts once each time it is drawn, be it long or short.
#
# **Predict.** How much wider is this interval than one that draws frames?


# %% tags=["exercise"]
def resampled_means(values, video, draws):
    """Return the mean of each resample: the mean of the drawn videos' own means.

    values: (N,), a number for each frame. video: (N,), whose frame it is, 0 to V - 1.
    draws: (R, V), the videos that each of R resamples draws. Returns (R,).
    """
    # your turn
    count = draws.shape[1]
    means = torch.stack([values[video == v].mean() for v in range(count)])
    return means[draws].mean(dim=1)
    # end


check(resampled_means)

# %%
resampled_means = use(resampled_means)
SEED = 0
values = (iou[1, SEED] - iou[0, SEED])[shown]  # (90,)
video = torch.arange(12)[:, None].expand(12, 12)[shown]


def bootstrap(values, unit):
    """Return the mean and the 95 % interval, with whole units drawn."""
    count = int(unit.max()) + 1
    draws = torch.from_numpy(np.random.default_rng(0).integers(0, count, (10_000, count)))
    once = resampled_means(values, unit, torch.arange(count)[None])
    return (float(once), *np.percentile(resampled_means(values, unit, draws), [2.5, 97.5]))


found = {
    "whole videos drawn": bootstrap(values, video),
    "frames drawn (wrong)": bootstrap(values, torch.arange(len(values))),
}
said = "; ".join(f"{n}: {a:+.3f}, {b:+.3f} to {c:+.3f}" for n, (a, b, c) in found.items())
wide, narrow = (high - low for _, low, high in found.values())
print(f"{len(values)} frames of 12 videos: over videos {wide / narrow:.1f} times as wide")
picture(
    f"Mb - Ma with seed {SEED}, 95 % bootstrap intervals. {said}.",
    interval_plot(found, "difference in IoU, Mb - Ma, one seed"),
)

# %% [markdown] minutes=2
# The two means differ as well: over frames, long videos count four times as much as short ones.
# Both numbers exist in the literature (lesson 01).
#
# An interval over videos says what other *videos* might have given, with this one network; one over
# seeds says what other *networks* might have, on these videos. Neither contains the other.
#
# ## 6 · Whoever looks often, finds
#
# **Predict.** A table has eight rows, and *all are the same network*, three seeds each. Every pair
# gets its 95 % interval. How likely is at least one "finding" among the 28?

# %%
# NBVAL_CHECK_OUTPUT
SPAN = {}
for rows in (2, 4, 5, 8):
    table = np.random.default_rng(0).normal(size=(10_000, rows, 3))  # nothing but luck
    a, b = np.triu_indices(rows, 1)
    d = table[:, a] - table[:, b]
    off = abs(d.mean(-1)) / (d.std(-1, ddof=1) / 3**0.5)
    SPAN[rows] = np.ptp(table[:, :, 0], axis=1).mean()
    careful = stats.t.ppf(1 - 0.025 / len(a), 2)
    print(
        f"{rows} rows, {len(a):>2} pairs: findings in {(off > T3).any(1).mean():.0%} of tables,"
        f" with ± {careful:.1f} in {(off > careful).any(1).mean():.0%};"
        f" with one seed each they span {SPAN[rows]:.1f} deviations"
    )

# %% [markdown] minutes=2
# Either you say beforehand which difference you will look at, or you pay: with $k$ comparisons each
# gets 5 % / $k$ (Bonferroni), which is the wider ± above, and three seeds then find hardly anything.
#
# ### The best of many seeds
#
# One may also look often along a row: run $n$ seeds, and report the best.
#
# **Predict.** How many seeds of Ma does it take until its best beats the honest mean of Mb?


# %% tags=["exercise"]
def best_of(scores, n):
    """Return what the best of n seeds scores, a mean over all choices of n seeds.

    scores: (seeds,), a row. n: 1 to the number of seeds. Returns a number.
    """
    # your turn
    best = [max(choice) for choice in combinations(scores.tolist(), n)]
    return sum(best) / len(best)
    # end


check(best_of)

# %%
best_of = use(best_of)
tries = (1, 2, 3, 4, 5)
lines = {row: [float(best_of(scores[i], n)) for n in tries] for i, row in enumerate(ROWS[:3])}
said = "; ".join(f"{r} {y[0]:.3f} to {y[-1]:.3f}" for r, y in lines.items())
picture(
    f"The score that is reported when the best of n seeds is, n from 1 to {tries[-1]}. {said}.",
    curves({row: (tries, y) for row, y in lines.items()}, "seeds tried", "IoU of the best"),
)
enough = [n for n, y in zip(tries, lines["Ma"], strict=True) if y > lines["Mb"][0]]
print(f"tries until the best of Ma beats the mean of Mb: {enough[0] if enough else 'more than 5'}")

# %% [markdown] minutes=2
# The honest way needs videos that take no part in the choice. We choose by one half of the test
# videos, and look at the other.
#
# **Predict.** The chosen seed leads its row by some points on the half it was chosen by. What is left
# of that on the other half: all, some, nothing?

# %%
halves = torch.stack([by_video[..., ::2].mean(-1), by_video[..., 1::2].mean(-1)])
lead = halves - halves.mean(-1, keepdim=True)  # (2, rows, seeds): over the row's own mean
for row, here, there in zip(ROWS, *lead, strict=True):
    (a, b), (c, d) = ([x[h.argmax()] for x in (h, o)] for h, o in ((here, there), (there, here)))
    print(
        f"{row}  chosen by: {100 * (a + c) / 2:+5.1f} points,  left on the other half:"
        f" {100 * (b + d) / 2:+5.1f}"
    )

# %% [markdown] minutes=4 tags=["slide"]
# What remains was a good seed; what is lost was luck with these videos. The same happens to a
# *threshold*, a *number of epochs* and a *setting*, whenever the test set chooses. Look at Table 2:
# 1/5 is its best row, on the test set of VOS, and 1/5 is what Table 3 goes on with. Whoever takes it
# *because* of Table 2 has chosen on the test set: one look of eight, but a look.
#
# ## 7 · The paper's tables, with error bars
#
# The course comes with tables that were run by `rcr experiment`, whole pipelines on videos and
# presets that our computers can bear. So the *level* is not the paper's. The question is whether
# the *differences* are.
#
# **Predict.** Take the differences that you wrote down at the beginning. How many will leave out 0?

# %%
from rcrlib.course.lessons.l08_ablations import stored_tables as ablations
from rcrlib.experiments import stored_results

stored = stored_results()
tables = ablations.tables_of(stored)
print("\n".join(ablations.missing(stored)))
Markdown("\n\n".join(ablations.short_table(name, result) for name, result in tables.items()))

# %%
every = {name: ablations.compared(result) for name, result in tables.items()}
for name, pairs in every.items():
    if pairs:
        print("\n".join(f"{name}: {one.says}." for one in pairs))
        picture(*ablations.drawn(name, pairs))
looks = [verdict(p.found.low, p.found.high) for pairs in every.values() for p in pairs]
clear = sum(one != "cannot tell" for one in looks)
print(f"{clear} of {len(looks)} leave out 0; with nothing to find, {0.05 * len(looks):.1f} would")

# %% [markdown] minutes=2
# Read the lines one by one. "Cannot tell" leaves your bet open. Where the paper's difference lies
# inside our interval, we have not contradicted it, which is less than having confirmed it. And a
# few of many will leave out 0 by chance alone.
#
# ### Held against what you wrote
#
# `over_seeds` is what you wrote. The tables also count which few videos were judged as chance.

# %%
from rcrlib.experiments import over_seeds

for name, result in tables.items():
    for one in every[name]:
        runs = result.paired(one.pair, one.test)
        if len(runs) < 2:
            continue
        first, second = ([run.scores["max_f"] for run in cell] for cell in zip(*runs, strict=True))
        mine = [float(x) for x in paired_interval(torch.tensor(first), torch.tensor(second))]
        theirs = over_seeds(first, second)
        same = np.allclose(mine, (theirs.mean, theirs.low, theirs.high), atol=1e-5)
        print(f"{name}, {one.numbers}; yours {mine[1]:+.3f} to {mine[2]:+.3f}", "" if same else "?")

# %% [markdown] minutes=2 tags=["slide"]
# ### Fig. 7
#
# The paper's Fig. 7 draws max F over the share of labels. What our Table 2 has of it is drawn below.
#
# **Predict.** In which direction should the line of labels alone go? If it does not, is that a
# finding?

# %%
fig7 = ablations.fig7_of(stored)
if fig7 is None:
    print("neither fig7 nor table2 is among the stored results: nothing to draw")
else:
    picture(*fig7)

# %% [markdown] minutes=2
# ### What if the rows were all the same?
#
# Section 6 measured how far apart the lowest and the highest of identical rows lie, in deviations,
# with one run each. We know our deviations. So: how wide would a paper's table of *nothing* be?
#
# **Predict.** Wider or narrower than the paper's own?

# %%
for name, result in tables.items():
    print(f"{name}: {ablations.of_nothing(result, SPAN)}")

# %% [markdown] minutes=3
# Our networks are smaller and learn from less, so their deviation may be larger than the paper's.
# Nobody knows, for nobody has published it. That is the point: *without a deviation, the reader
# cannot tell a finding from a table of nothing.*
#
# ### Where paper and released code part
#
# The paper's tables have one number a row, without a deviation, and name no protocol of max F; the
# released code has no evaluation at all. The protocol alone moves the same maps by 3 to 4 points
# (lesson 01), more than any of the differences that you saw in section 1. The row that is
# "ours" has max F .856 on VOS in Table 1 and .861 in Tables 2 and 3: half a point between two
# tables of one paper. Whatever the reason, *compare rows within one table, never across.*
#
# None of this says that the paper is wrong. The order of its rows makes sense: every part brings
# news that the others lack. But it is an argument, and three seeds are not yet a proof.
#
# **A checklist**, for the next table that you read or write: How many seeds, and are they shared? ±
# what? Which difference was asked about beforehand? Whole videos? Which data chose? Which protocol?

# %% [markdown] minutes=1 tags=["slide"]
# ## Summary
#
# - A row without a deviation is one draw. Pair by seed, give the interval of the difference, and use
#   Student's $t$: 4.30 for three seeds.
# - Videos are the unit of test data; frames of one video say the same thing again.
# - Many looks find something in nothing; what chooses must not judge; protocols differ by more than
#   most rows.
#
# ## Questions
#
# 1. In which case does pairing make an interval *wider*?
# 2. You can afford twelve runs: two rows with six seeds, or four rows with three? On what does it
#    depend?
# 3. A test set has one video of 1,000 frames. What can you say about other videos?
#
# ## References
#
# P. Yan et al., *Semi-Supervised Video Salient Object Detection Using Pseudo-Labels*, ICCV 2019,
# [arXiv:1908.04051](https://arxiv.org/abs/1908.04051): Tables 1 to 4, Fig. 7. Student, *The Probable
# Error of a Mean*, Biometrika 1908. B. Efron and R. Tibshirani, *An Introduction to the Bootstrap*,
# 1993. Seeds in deep learning: X. Bouthillier et al., *Accounting for Variance in Machine Learning
# Benchmarks*, MLSys 2021, [arXiv:2103.03098](https://arxiv.org/abs/2103.03098).
#
# **Next:** *09 · Your own video*
