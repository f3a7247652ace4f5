"""The networks: tensors in, tensors out.

Images are (B, C, H, W) and clips (B, T, C, H, W), ImageNet-normalised floats; all networks return
logits. `RCRNet` is the paper's section 3.1, `RCRNetNER` 3.2 and `FGPLG` 3.3.

The modules here are the paper alone: `forward` is the equations. `rcrlib.models.fast` holds the
same networks, faster (`accelerate(network)`), `rcrlib.models.files` loads and saves them.
"""

from rcrlib.models.config import Backbone, NERConfig, RCRNetConfig
from rcrlib.models.convgru import ConvGRUCell, DBConvGRU
from rcrlib.models.decoder import RefinementBlock, ResidualSkip
from rcrlib.models.encoder import Features
from rcrlib.models.fast import accelerate, for_inference, for_training, plain_copy
from rcrlib.models.fgplg import FGPLG
from rcrlib.models.files import (
    Network,
    average_weights,
    encoder_file_info,
    foreign_objects,
    kind_of,
    load_encoder_weights,
    load_weights,
    save_weights,
    shipped_weights,
    weights_metadata,
)
from rcrlib.models.layers import parameter_count, upsample
from rcrlib.models.ner import NER
from rcrlib.models.nonlocal_block import NonLocalBlock, pairwise_sum, softmax_sum
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER

__all__ = [
    "FGPLG",
    "NER",
    "Backbone",
    "ConvGRUCell",
    "DBConvGRU",
    "Features",
    "NERConfig",
    "Network",
    "NonLocalBlock",
    "RCRNet",
    "RCRNetConfig",
    "RCRNetNER",
    "RefinementBlock",
    "ResidualSkip",
    "accelerate",
    "average_weights",
    "encoder_file_info",
    "for_inference",
    "for_training",
    "foreign_objects",
    "kind_of",
    "load_encoder_weights",
    "load_weights",
    "pairwise_sum",
    "parameter_count",
    "plain_copy",
    "save_weights",
    "shipped_weights",
    "softmax_sum",
    "upsample",
    "weights_metadata",
]
