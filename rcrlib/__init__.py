"""Semi-supervised video salient object detection with pseudo-labels (Yan et al., ICCV 2019).

A video and a few labelled frames go in; FGPLG makes pseudo-labels for frames in between;
RCRNet with its non-locally enhanced recurrent module (NER) learns from both; a saliency map for
every frame of any video comes out.

`Saliency` predicts with a trained network, the one that comes with the package unless another is
given. The rooms, in the order in which data flows: `rcrlib.data`, `rcrlib.flow`, `rcrlib.models`,
`rcrlib.pseudo`, `rcrlib.train`, `rcrlib.predict`, `rcrlib.metrics`, `rcrlib.show`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rcrlib.predict import Saliency

__version__ = "0.1.0"
__all__ = ["Saliency"]


def __getattr__(name: str) -> object:
    """Import `Saliency` when it is first asked for, so that `import rcrlib` loads no PyTorch."""
    if name == "Saliency":
        from rcrlib.predict import Saliency

        return Saliency
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
