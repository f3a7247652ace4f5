"""Devices, precisions and seeds by name."""

from __future__ import annotations

import pytest
import torch

from rcrlib import runtime
from rcrlib.errors import OptionError
from rcrlib.runtime import autocast, computes_in_bf16, mix_seed, pick_device, pick_precision

CPU = torch.device("cpu")


def test_auto_takes_the_best_device_there_is():
    device = pick_device("auto")
    if torch.cuda.is_available():
        assert device == torch.device("cuda", 0)
    elif not torch.backends.mps.is_available():
        assert device == CPU
    assert pick_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "meta", "xla"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(OptionError, match="unknown; use auto, cpu, cuda"):
        pick_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_is_refused(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(OptionError, match="use --device cpu"):
        pick_device(name)


def test_a_gpu_beyond_the_last_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1").index == 1
    with pytest.raises(OptionError, match=r"has 2 GPU"):
        pick_device("cuda:2")


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((9, 0), "bf16-mixed"), ((8, 0), "bf16-mixed"), ((7, 5), "16-mixed")],
)
def test_auto_precision_is_what_the_gpu_computes_in(capability, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert pick_precision("auto", torch.device("cuda", 0)) == expected


def test_a_cpu_computes_in_float32_or_bf16_and_refuses_fp16():
    assert pick_precision("auto", CPU) == pick_precision("32", CPU) == "32-true"
    assert pick_precision("bf16", CPU) == "bf16-mixed"
    with pytest.raises(OptionError, match="fp16 needs a GPU"):
        pick_precision("16", CPU)
    with pytest.raises(OptionError, match="precision 'half': unknown; use auto, 32, bf16, 16"):
        pick_precision("half", CPU)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx2", "avx512_bf16"}, True), ({"amx_bf16"}, True), ({"bf16"}, True), ({"avx2"}, False)],
)
def test_a_cpu_computes_in_bf16_where_its_flags_say_so(flags, expected, monkeypatch):
    # What other machines say of themselves, which only this private function reads.
    monkeypatch.setattr(runtime, "_cpu_flags", lambda: flags)
    assert computes_in_bf16(CPU) is expected


def test_inference_runs_at_the_precision_asked_for():
    x = torch.randn(2, 2)
    with autocast(CPU, "32-true"):
        assert (x @ x).dtype == torch.float32
    with autocast(CPU, "bf16-mixed"):
        assert (x @ x).dtype == torch.bfloat16


def test_seeds_are_mixed_well_and_always_alike():
    assert mix_seed(1, 2) == mix_seed(1, 2)
    assert mix_seed(0) == 0xE220A8397B1DCDAF >> 1, "the first output of SplitMix64 from state 0"
    mixed = {mix_seed(a, b) for a in range(50) for b in range(50)}
    assert len(mixed) == 2500
    assert all(0 <= seed < 2**63 for seed in mixed)
    odd = sum(seed % 2 for seed in mixed) / 2500
    assert 0.45 < odd < 0.55, "the lowest bit decides which clips play backwards"
