"""Files of weights: saving, loading, averaging; released files; what comes with the package."""

from rcrlib.models.files.average import average_weights
from rcrlib.models.files.encoder_weights import encoder_file_info, load_encoder_weights
from rcrlib.models.files.pickled import foreign_objects
from rcrlib.models.files.shipped import shipped_weights
from rcrlib.models.files.weights import (
    Network,
    kind_of,
    load_weights,
    save_weights,
    weights_metadata,
)

__all__ = [
    "Network",
    "average_weights",
    "encoder_file_info",
    "foreign_objects",
    "kind_of",
    "load_encoder_weights",
    "load_weights",
    "save_weights",
    "shipped_weights",
    "weights_metadata",
]
