"""The trained network that comes with the package."""

from __future__ import annotations

from pathlib import Path

from rcrlib.errors import WeightsError

FILE = Path(__file__).parents[2] / "weights" / "rcrnet-ner-light.safetensors"


def shipped_weights() -> Path:
    """Return the path of the weights of an RCRNet+NER (preset `light`) that come with the package.

    What it was trained on, how well it does, and its licence, CC BY-NC 4.0 (DAVIS' own), are in
    `MODEL_CARD.md` beside it.

    Raises:
        WeightsError: the package was installed without them.

    Example:
        >>> from rcrlib.models import load_weights
        >>> network = load_weights(shipped_weights())
        >>> type(network).__name__
        'FastRCRNetNER'
    """
    if not FILE.is_file():
        raise WeightsError(f"{FILE}: rcrlib was installed without its weights; install it again")
    return FILE
