"""FGPLG: its seven channels, where it starts, and the residual form."""

from __future__ import annotations

import pytest
import torch

from helpers.networks import NETWORK, fgplg_input
from rcrlib.errors import OptionError
from rcrlib.models import FGPLG, RCRNet
from rcrlib.models.fgplg import AGREED

pytestmark = pytest.mark.usefixtures("seeded")


def test_fgplg_starts_with_the_image_network_and_its_stem_for_rgb():
    image_net = RCRNet(NETWORK).eval()
    generator = FGPLG.from_rcrnet(image_net, inputs="rgb").eval()
    inputs = fgplg_input()
    torch.testing.assert_close(generator(*inputs), image_net(inputs[0]))
    extra = generator.network.encoder.resnet.conv1.weight[:, 3:]
    assert extra.shape == (64, 4, 7, 7)
    assert extra.std() > 0


def test_fgplg_sees_its_channels_in_the_papers_order():
    generator = FGPLG(NETWORK)
    seen = []
    generator.network.register_forward_pre_hook(lambda _m, x: seen.append(x[0]))
    inputs = fgplg_input()
    generator(*inputs)
    assert torch.equal(seen[0], torch.cat(inputs, dim=1))


@pytest.mark.parametrize(
    ("inputs", "used"), [("rgb", 0), ("rgb+labels", 2), ("rgb+labels+flow", 4)]
)
def test_fgplg_sees_zeros_in_channels_that_are_switched_off(inputs, used):
    generator = FGPLG(NETWORK, inputs=inputs).eval()
    rgb, guidance = fgplg_input()
    answer = generator(rgb, guidance)
    assert not torch.allclose(generator(rgb + 1, guidance), answer)
    for channel in range(4):
        changed = guidance.clone()
        changed[:, channel] += 1
        assert torch.allclose(generator(rgb, changed), answer) == (channel >= used)


def test_fgplg_refuses_unknown_inputs():
    with pytest.raises(OptionError, match=r"inputs='flow'.*'rgb\+labels\+flow'"):
        FGPLG(NETWORK, inputs="flow")


def test_a_residual_fgplg_adds_to_the_vote_of_the_labels():
    generator = FGPLG(NETWORK, residual=True).eval()
    rgb, random = fgplg_input()
    yes, no = torch.ones(2, 1, 64, 64), torch.zeros(2, 1, 64, 64)
    for label_i, label_j, vote in ((yes, yes, AGREED), (no, no, -AGREED), (yes, no, 0.0)):
        guidance = torch.cat([label_i, label_j, random[:, 2:]], dim=1)
        added = generator.network(torch.cat([rgb, guidance], dim=1))
        torch.testing.assert_close(generator(rgb, guidance), added + vote)


def test_a_residual_fgplg_without_labels_is_refused():
    with pytest.raises(OptionError, match="residual: needs labels to add to"):
        FGPLG(NETWORK, inputs="rgb", residual=True)
