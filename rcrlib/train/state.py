"""Saving and restoring all of a run's state between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rcrlib.train.checkpoint import Checkpoint, RunFolder

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def save_checkpoint(
    run: RunFolder,
    fabric: Fabric,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    settings: dict[str, Any],
) -> None:
    """Write a checkpoint after `step` steps; every process calls this, the first one writes."""
    random = _random_states(fabric)
    if fabric.is_global_zero:
        run.save(
            {
                "network": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "scaler": dict(fabric.strategy.precision.state_dict()),
                "step": step,
                "random": random,
                "settings": settings,
            }
        )
    fabric.barrier()


def restore_checkpoint(
    fabric: Fabric, model: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Checkpoint
) -> int:
    """Load a checkpoint into model, optimiser and random generators; return its step."""
    model.load_state_dict(checkpoint["network"])
    optimiser.load_state_dict(checkpoint["optimiser"])
    _match_memory_format(optimiser)
    if checkpoint["scaler"]:
        fabric.strategy.precision.load_state_dict(checkpoint["scaler"])
    # Cloned, because PyTorch 2.15 crashes on a state that is a row of something larger.
    states = {name: rows[fabric.global_rank].clone() for name, rows in checkpoint["random"].items()}
    torch.set_rng_state(states["cpu"])
    if fabric.device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], fabric.device)
    return checkpoint["step"]


def _match_memory_format(optimiser: torch.optim.Optimizer) -> None:
    """Copy Adam's running means into the memory format of their weights, which may be another.

    Fused Adam assumes that a weight and its means have the same strides.
    """
    for group in optimiser.param_groups:
        for weight in group["params"]:
            state = optimiser.state.get(weight, {})
            for name, value in state.items():
                if value.shape == weight.shape:
                    state[name] = torch.empty_like(weight).copy_(value)


def _random_states(fabric: Fabric) -> dict[str, Tensor]:
    """Gather the random generators' states of all processes: device -> (processes, bytes)."""
    states = {"cpu": torch.get_rng_state()}
    if fabric.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(fabric.device)
    gathered = {}
    for name, state in states.items():
        all_states = fabric.all_gather(state.to(fabric.device))
        assert isinstance(all_states, Tensor)
        gathered[name] = all_states.reshape(fabric.world_size, -1).cpu()
    return gathered
