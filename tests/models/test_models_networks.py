"""The three networks: shapes, parts, batch normalisation, gradients."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch import nn

from helpers.networks import NETWORK, fgplg_input
from rcrlib.errors import OptionError
from rcrlib.models import (
    FGPLG,
    NERConfig,
    NonLocalBlock,
    RCRNet,
    RCRNetConfig,
    RCRNetNER,
)

pytestmark = pytest.mark.usefixtures("seeded")

SMALL = replace(NETWORK, dropout=0.0)
TABLE_3 = {
    "Ra": NERConfig(False, "none", False),
    "Rb": NERConfig(True, "none", False),
    "Rc": NERConfig(True, "bidirectional", False),
    "Rd": NERConfig(True, "one-way", True),
    "Re": NERConfig(True, "bidirectional", True),
}
SIZES = [(64, 64), (33, 47), (16, 100), (7, 5), (1, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_image_network_answers_in_the_size_of_its_input(size):
    assert RCRNet(SMALL).eval()(torch.randn(2, 3, *size)).shape == (2, 1, *size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("length", [1, 3])
def test_video_network_answers_for_every_frame_in_the_size_of_its_input(size, length):
    assert RCRNetNER(SMALL)(torch.randn(2, length, 3, *size)).shape == (2, length, 1, *size)


@pytest.mark.parametrize("size", SIZES)
def test_fgplg_answers_in_the_size_of_its_input(size):
    assert FGPLG(SMALL)(*fgplg_input(*size)).shape == (2, 1, *size)


@pytest.mark.parametrize(
    ("backbone", "stride_on"), [("resnet50", "3x3"), ("resnet50", "1x1"), ("resnet18", "3x3")]
)
def test_feature_names_tell_their_strides(backbone, stride_on):
    with torch.device("meta"):
        network = RCRNet(RCRNetConfig(backbone=backbone, stride_on=stride_on)).eval()
        features = network.encode(torch.empty(1, 3, 64, 96))
    channels = (256, 512, 1024) if backbone == "resnet50" else (64, 128, 256)
    assert features.f4.shape == (1, channels[0], 16, 24)
    assert features.f8.shape == (1, channels[1], 8, 12)
    assert features.f16.shape == (1, channels[2], 4, 6)
    assert features.context.shape == (1, 256, 4, 6)


@pytest.mark.parametrize("backbone", ["resnet50", "resnet18"])
def test_every_3x3_convolution_of_layer4_dilates_by_two(backbone):
    with torch.device("meta"):
        layer4 = RCRNet(RCRNetConfig(backbone=backbone)).encoder.resnet.layer4
    convs = [m for m in layer4.modules() if isinstance(m, nn.Conv2d)]
    assert all(conv.stride == (1, 1) for conv in convs)
    assert Counter(c.dilation for c in convs if c.kernel_size == (3, 3)) == {
        (2, 2): 3 if backbone == "resnet50" else 4
    }


def test_the_stride_of_a_bottleneck_can_sit_on_its_1x1_convolution():
    with torch.device("meta"):
        resnet = RCRNet(RCRNetConfig(stride_on="1x1")).encoder.resnet
    for layer in (resnet.layer2, resnet.layer3):
        assert (layer[0].conv1.stride, layer[0].conv2.stride) == ((2, 2), (1, 1))
    with pytest.raises(OptionError, match="resnet18"):
        RCRNetConfig(backbone="resnet18", stride_on="1x1")


def test_the_head_upsamples_first():
    with torch.device("meta"):
        network = RCRNet().eval()
        seen = []
        network.decoder.head[0][0].register_forward_hook(lambda _m, x, _y: seen.append(x[0].shape))
        network(torch.empty(1, 3, 64, 96))
    assert seen == [(1, 128, 64, 96)]


@pytest.mark.parametrize("name", TABLE_3)
def test_every_row_of_table_3_runs_and_has_its_parts(name):
    config = TABLE_3[name]
    network = RCRNetNER(SMALL, config)
    assert torch.isfinite(network(torch.randn(1, 2, 3, 32, 32))).all()
    kinds = Counter(type(module).__name__ for module in network.ner.modules())
    assert kinds["NonLocalBlock"] == config.first_non_local + config.second_non_local
    cells = {"none": 0, "one-way": 1, "bidirectional": 2}
    assert kinds["ConvGRUCell"] == cells[config.recurrence]


def test_without_ner_a_video_is_its_images():
    image_net = RCRNet(SMALL).eval()
    video_net = RCRNetNER.from_rcrnet(image_net, TABLE_3["Ra"]).eval()
    clip = torch.randn(2, 3, 3, 32, 48)
    torch.testing.assert_close(video_net(clip), torch.stack([image_net(c) for c in clip]))


def test_video_network_starts_with_a_copy_of_the_image_network():
    image_net = RCRNet(SMALL)
    video_net = RCRNetNER.from_rcrnet(image_net)
    for name, tensor in video_net.rcrnet.state_dict().items():
        original = image_net.state_dict()[name]
        assert torch.equal(tensor, original)
        assert tensor.data_ptr() != original.data_ptr()


@pytest.mark.parametrize("make", [RCRNetNER, FGPLG])
def test_batch_norm_of_the_video_stage_stays_frozen(make):
    network = make(SMALL)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    for wrapped in (network, nn.Sequential(network), network.eval()):
        wrapped.train()
        assert network.training
        assert not any(norm.training for norm in norms)
    network(torch.randn(1, 2, 3, 32, 32)) if make is RCRNetNER else network(*fgplg_input())
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.named_buffers())
    assert all(norm.weight.requires_grad and norm.bias.requires_grad for norm in norms)


def test_batch_norm_of_the_image_stage_learns():
    network = RCRNet(SMALL)
    before = network.encoder.resnet.bn1.running_mean.clone()
    network(torch.randn(2, 3, 32, 32))
    assert not torch.equal(network.encoder.resnet.bn1.running_mean, before)


@pytest.mark.parametrize("name", [*TABLE_3, "image", "fgplg"])
def test_gradients_reach_every_parameter(name):
    if name == "image":
        network, inputs = RCRNet(SMALL), [torch.randn(2, 3, 64, 64)]
    elif name == "fgplg":
        network, inputs = FGPLG(SMALL), fgplg_input()
    else:
        network, inputs = RCRNetNER(SMALL, TABLE_3[name]), [torch.randn(1, 3, 3, 64, 64)]
    for module in network.modules():
        if isinstance(module, NonLocalBlock):
            nn.init.normal_(module.w.weight, std=0.1)  # θ, φ and g wait behind W = 0
    network.train()
    network(*inputs).square().mean().backward()
    untouched = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert untouched == []


@pytest.mark.gpu
@pytest.mark.parametrize("make", [RCRNet, RCRNetNER])
def test_a_gpu_answers_what_a_cpu_answers(make, monkeypatch):
    for backend in (torch.backends.cudnn, torch.backends.cuda.matmul):
        monkeypatch.setattr(backend, "allow_tf32", False)
    network = make(replace(SMALL, aspp_channels=64)).eval()
    shape = (1, 3, 96, 96) if make is RCRNet else (1, 3, 3, 96, 96)
    x = torch.randn(shape)
    with torch.no_grad():
        on_cpu = network(x)
        on_gpu = network.cuda()(x.cuda()).cpu()
    torch.testing.assert_close(on_gpu, on_cpu, rtol=1e-3, atol=1e-4)


def test_without_conv5_the_context_is_made_of_conv4():
    features = RCRNet(replace(SMALL, conv5=False)).encode(torch.randn(2, 3, 64, 48))
    assert features.f16.shape == (2, 256, 4, 3)
    assert features.context.shape == (2, 8, 4, 3)


@pytest.mark.parametrize("groups", [0, 1, 3])
def test_frozen_groups_do_not_learn_and_the_resnet_gathers_no_statistics(groups):
    network = RCRNet(SMALL)
    network.freeze(groups)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.eval().train()
    adam = torch.optim.Adam([p for p in network.parameters() if p.requires_grad])
    network(torch.randn(2, 3, 32, 32)).mean().backward()
    adam.step()
    after = network.state_dict()
    moved = {n.split(".")[2] for n in before if "resnet" in n and not after[n].equal(before[n])}
    parts = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    assert moved == set(parts[groups + 2 if groups else 0 :])
    gathered = {n for n in before if "running" in n and not after[n].equal(before[n])}
    assert any("resnet" in name for name in gathered) == (groups == 0)
    assert any("decoder" in name for name in gathered)
