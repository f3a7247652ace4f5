"""The mean of several files of weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.networks import NETWORK
from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import (
    NERConfig,
    RCRNet,
    RCRNetNER,
    average_weights,
    load_weights,
    save_weights,
)


@pytest.fixture
def saved(tmp_path):
    """Save networks and give their files."""

    def save(*networks):
        files = [tmp_path / f"{n}.safetensors" for n in range(len(networks))]
        for network, file in zip(networks, files, strict=True):
            save_weights(network, file)
        return files

    return save


def test_every_weight_is_the_mean_of_the_files(saved):
    networks = [RCRNetNER(NETWORK) for _ in range(3)]
    mean = average_weights(saved(*networks)).state_dict()
    for name, *values in zip(mean, *(n.state_dict().values() for n in networks), strict=True):
        expected = torch.stack(values).double().mean(dim=0).to(mean[name].dtype)
        torch.testing.assert_close(mean[name], expected)


def test_an_rcrnet_counts_where_it_has_weights(saved):
    video, image = RCRNetNER(NETWORK), RCRNet(NETWORK)
    mean = average_weights(saved(video, image))
    assert isinstance(mean, RCRNetNER)
    assert not mean.training
    for name, value in mean.ner.named_parameters():
        assert torch.equal(value, video.ner.get_parameter(name)), name
    for name, value in mean.rcrnet.named_parameters():
        both = video.rcrnet.get_parameter(name), image.get_parameter(name)
        torch.testing.assert_close(value, sum(both) / 2)


def test_the_mean_of_a_file_with_itself_is_the_file(saved):
    (file,) = saved(RCRNetNER(NETWORK).eval())
    clip = torch.randn(1, 2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(average_weights([file] * 3)(clip), load_weights(file)(clip))


@pytest.mark.parametrize(
    "other",
    [
        RCRNet(replace(NETWORK, refine_channels=4)),
        RCRNetNER(NETWORK, NERConfig(first_non_local=False)),
        RCRNetNER(replace(NETWORK, aspp_channels=4)),
    ],
    ids=["smaller decoder", "other NER", "smaller ASPP"],
)
def test_networks_that_differ_are_refused_by_name(saved, other):
    first, second = saved(RCRNetNER(NETWORK), other)
    with pytest.raises(WeightsError, match=r"1.safetensors: holds an .* kind or size .*0.safe"):
        average_weights([first, second])


def test_an_image_network_is_not_made_a_video_one(saved):
    files = saved(RCRNet(NETWORK), RCRNetNER(NETWORK))
    with pytest.raises(WeightsError, match="holds an RCRNetNER"):
        average_weights(files)


def test_one_file_has_no_mean(saved):
    with pytest.raises(OptionError, match="the only file"):
        average_weights(saved(RCRNet(NETWORK)))
