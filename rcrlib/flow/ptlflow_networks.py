"""The networks of the package ptlflow (FlowNet2, RAFT, SEA-RAFT and some ninety more)."""

from __future__ import annotations

import difflib
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import torch
from torch import Tensor, nn

from rcrlib.errors import OptionError, WeightsError
from rcrlib.flow.networks import LOADING_ERRORS, NetworkFlow, why_not_loaded


def ptlflow_network(
    name: str, checkpoint: str | Path | None, device: str | torch.device = "cpu"
) -> NetworkFlow:
    """Load one of ptlflow's networks. The paper used FlowNet 2.0: "flownet2".

    Args:
        name: ptlflow's name of the network.
        checkpoint: a file in ptlflow's format, or the name of one of its published checkpoints
            ("things", "sintel", ...), which ptlflow downloads once and keeps.
        device: where it runs.

    Raises:
        OptionError: ptlflow is not installed or has no such network.
        WeightsError: there is no checkpoint, or it does not fit.
    """
    if importlib.util.find_spec("ptlflow") is None:
        raise OptionError(
            f"flow method 'ptlflow:{name}' needs the package ptlflow: pip install 'rcrlib[flow]'"
        )
    with _quiet():
        import ptlflow

        known = ptlflow.get_model_names()
        if name not in known:
            close = ", ".join(difflib.get_close_matches(name, known)) or "raft_small, flownet2"
            raise OptionError(
                f"flow method 'ptlflow:{name}': ptlflow has no such network (one of {len(known)} is"
                f" expected, for example {close})"
            )
        published = ", ".join(ptlflow.get_model_reference(name).pretrained_checkpoints) or "none"
        if checkpoint is None:
            raise WeightsError(
                f"flow method 'ptlflow:{name}' needs a checkpoint: a file or the name of a"
                f" published one ({published})"
            )
        try:
            network = ptlflow.get_model(name, ckpt_path=str(checkpoint))
        except LOADING_ERRORS as error:
            raise WeightsError(
                f"{checkpoint}: not loaded into ptlflow's {name} ({why_not_loaded(error)}); give a"
                f" file in ptlflow's format or the name of a published checkpoint ({published})"
            ) from error
    return NetworkFlow(f"ptlflow:{name}", network, ask_ptlflow, device)


def ask_ptlflow(network: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    """Run a network of ptlflow, which takes BGR pairs in [0, 1]."""
    pairs = torch.stack([a, b], dim=1).flip(2)  # (B, 2, 3, H, W)
    return network({"images": pairs})["flows"][:, 0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress output, logs and warnings of ptlflow and the packages it imports."""
    from loguru import logger  # ptlflow's own logger

    logger.disable("ptlflow")
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
