"""NER, the non-locally enhanced recurrent module: what makes a video of images (paper 3.2)."""

from __future__ import annotations

from torch import Tensor, nn

from rcrlib.models.config import NERConfig
from rcrlib.models.convgru import DBConvGRU
from rcrlib.models.nonlocal_block import NonLocalBlock


class NER(nn.Module):
    """Non-local block -> deep bidirectional ConvGRU -> non-local block, on a clip's context.

    Source: paper 3.2. Parts that `config` leaves out pass their input on (paper's Table 3).
    """

    def __init__(self, channels: int, config: NERConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NERConfig()

        def non_local(present: bool) -> nn.Module:
            return NonLocalBlock(channels, softmax=config.softmax) if present else nn.Identity()

        self.first_non_local = non_local(config.first_non_local)
        self.recurrence: nn.Module = nn.Identity()
        if config.recurrence != "none":
            bidirectional = config.recurrence == "bidirectional"
            self.recurrence = DBConvGRU(channels, config.variant, bidirectional)
        self.second_non_local = non_local(config.second_non_local)

    def forward(self, x: Tensor) -> Tensor:
        """Enhance clip features (B, T, C, H, W); the shape stays."""
        return self.second_non_local(self.recurrence(self.first_non_local(x)))
