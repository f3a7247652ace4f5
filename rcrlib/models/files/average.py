"""The mean of trained networks: one network that is often better than each of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from rcrlib.errors import OptionError, WeightsError
from rcrlib.models.files.weights import Network, configuration, kind_of, load_weights
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER


def average_weights(paths: Sequence[str | Path], *, fast: bool = True) -> Network:
    """Return the first file's network with every weight the mean over the files that have it.

    Worth doing with networks of one origin, one trained on from the other, or several from the same
    weights: between those the loss has no barrier, and what each has learned too well about its own
    few videos averages out. The mean of strangers is noise.

    Args:
        paths: two files or more. Of an RCRNet+NER and an RCRNet, the RCRNets are averaged.
        fast: return it accelerated, see `load_weights`.

    Raises:
        OptionError: only one file.
        WeightsError: a file cannot be read, or its network differs in kind or size.

    Source: M. Wortsman et al., Model Soups, ICML 2022, arXiv:2203.05482; not part of the paper.
    """
    first, *others = paths
    if not others:
        raise OptionError(f"{first}: the only file; a mean needs two or more")
    network = load_weights(first, fast=fast)
    sums = {name: tensor.double() for name, tensor in network.state_dict().items()}
    counts = dict.fromkeys(sums, 1)
    for path in others:
        for name, tensor in _counterpart(network, first, path).items():
            sums[name] = sums[name] + tensor
            counts[name] += 1
    means = {name: sums[name] / counts[name] for name in sums}
    network.load_state_dict(means)
    return network


def _counterpart(network: Network, first: str | Path, path: str | Path) -> dict[str, Tensor]:
    """Return the weights of the network in `path` by their names in `network`."""
    other = load_weights(path, fast=False)
    inner = isinstance(network, RCRNetNER) and isinstance(other, RCRNet)
    mine = network.get_submodule("rcrnet") if inner else network
    if not isinstance(mine, type(other)) or configuration(other) != configuration(mine):
        raise WeightsError(
            f"{path}: holds an {type(other).__name__} that differs in kind or size from the"
            f" {kind_of(mine).__name__} of {first}; average networks that were trained"
            " from each other"
        )
    return {("rcrnet." if inner else "") + name: t for name, t in other.state_dict().items()}
