"""The same networks, faster: `accelerate(network)` puts each part's fast twin in its place.

What makes them faster, and where:

    convolution.py      batch normalisation, sum and ReLU folded into the convolution before them
    onednn.py           the CPU's operators that do this in one pass over memory
    memory_format.py    channels_last, where it pays
    head.py             the head in tiles, without its map at full resolution
    interpolation.py    its bilinear enlargement as a banded matrix
    nonlocal_block.py   attention that is linear in the clip
    convgru.py          the ConvGRU's input convolutions for all frames at once
    encoder.py, decoder.py  their blocks, with all of the above
    networks.py         a few frames at a time through encoder and decoder
    twins.py            which class has which twin

The networks that are read and taught are in `rcrlib.models`; their modules do not
import this package.
"""

from rcrlib.models.fast.convolution import fold_batch_norm
from rcrlib.models.fast.head import tiled_head
from rcrlib.models.fast.nonlocal_block import dot_product_sum
from rcrlib.models.fast.twins import TWINS, accelerate, for_inference, for_training, plain_copy

__all__ = [
    "TWINS",
    "accelerate",
    "dot_product_sum",
    "fold_batch_norm",
    "for_inference",
    "for_training",
    "plain_copy",
    "tiled_head",
]
