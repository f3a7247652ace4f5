"""The weights that come with the package."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from rcrlib.data import Dataset, load
from rcrlib.errors import WeightsError
from rcrlib.evaluation import evaluate_saliency
from rcrlib.metrics import SaliencyMetrics
from rcrlib.models import RCRNetNER, load_weights, shipped_weights, weights_metadata
from rcrlib.models.files import shipped
from rcrlib.predict import PredictConfig, predict, saliency_maps

CARD = shipped.FILE.with_name("MODEL_CARD.md")


def said(protocol: str) -> list[float]:
    """Return max F, S and MAE as the model card has them."""
    row = re.search(rf"\| `{protocol}` \| (\S+) \| (\S+) \| (\S+) \|", CARD.read_text())
    assert row is not None
    return [float(number) for number in row.groups()]


def settings() -> PredictConfig:
    trained = weights_metadata(shipped_weights())
    return PredictConfig(clip=trained["clip"], size=trained["size"], device="cpu")


@pytest.fixture
def val(shared: Path) -> Dataset:
    return load(shared / "data/DAVIS2016", split="val")


def test_shipped_weights_are_a_small_rcrnet_ner_that_says_how_it_was_trained():
    assert shipped_weights().stat().st_size < 30e6
    assert isinstance(load_weights(shipped_weights()), RCRNetNER)
    trained = weights_metadata(shipped_weights())
    assert (trained["stage"], trained["preset"], trained["seed"]) == ("video", "light", 0)


def test_the_card_names_licence_data_and_limits():
    card = CARD.read_text()
    for words in ("CC BY-NC 4.0", "DUTS-TR", "validation sequences", "What it cannot do"):
        assert words in card


def test_an_installation_without_the_weights_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "FILE", tmp_path / "gone.safetensors")
    with pytest.raises(WeightsError, match=r"gone.safetensors: .* install it again"):
        shipped_weights()


@pytest.mark.shared
def test_shipped_weights_find_what_is_salient_in_real_video(val):
    """One clip of each of the two sequences that they are best at."""
    network, measured = load_weights(shipped_weights()), SaliencyMetrics()
    for name in ("blackswan", "car-roundabout"):
        frames = [val[name].frame(t) for t in range(4)]
        for t, map_ in enumerate(saliency_maps(network, frames, settings())):
            measured.update(map_, val[name].label(t), video=name)
    result = measured.compute()
    assert result.max_f > 0.85
    assert result.s > 0.85


@pytest.mark.shared
def test_the_cards_numbers_are_those_of_the_file(val, full, tmp_path):
    if not full:
        pytest.skip("predicts 534 frames; pytest --full runs it")
    maps = predict(load_weights(shipped_weights()), val, tmp_path / "maps", settings())
    for protocol in ("davsod", "paper"):
        result = evaluate_saliency(val, maps, protocol=protocol, weighted=False).result
        found = [result.max_f, result.s, result.mae]
        np.testing.assert_allclose(found, said(protocol), atol=2e-3)
