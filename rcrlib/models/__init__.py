"""The networks: tensors in, tensors out.

Images are (B, C, H, W) and clips (B, T, C, H, W), ImageNet-normalised floats; all networks return
logits. `RCRNet` is the paper's section 3.1, `RCRNetNER` 3.2 and `FGPLG` 3.3.
"""

from rcrlib.models.average import average_weights
from rcrlib.models.config import NERConfig, RCRNetConfig
from rcrlib.models.convgru import ConvGRUCell, DBConvGRU
from rcrlib.models.encoder import Features
from rcrlib.models.fgplg import FGPLG
from rcrlib.models.inference import for_inference
from rcrlib.models.ner import NER
from rcrlib.models.nonlocal_block import NonLocalBlock
from rcrlib.models.paths import is_readable, readable
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.shipped import shipped_weights
from rcrlib.models.video import RCRNetNER
from rcrlib.models.weights import (
    Network,
    encoder_file_info,
    load_encoder_weights,
    load_weights,
    parameter_count,
    save_weights,
    weights_metadata,
)

__all__ = [
    "FGPLG",
    "NER",
    "ConvGRUCell",
    "DBConvGRU",
    "Features",
    "NERConfig",
    "Network",
    "NonLocalBlock",
    "RCRNet",
    "RCRNetConfig",
    "RCRNetNER",
    "average_weights",
    "encoder_file_info",
    "for_inference",
    "is_readable",
    "load_encoder_weights",
    "load_weights",
    "parameter_count",
    "readable",
    "save_weights",
    "shipped_weights",
    "weights_metadata",
]
