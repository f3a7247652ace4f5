"""Semi-supervised video salient object detection with pseudo-labels (Yan et al., ICCV 2019).

A video and a few labelled frames go in; FGPLG makes pseudo-labels for frames in between;
RCRNet with its non-locally enhanced recurrent module (NER) learns from both; a saliency map for
every frame of any video comes out.

The rooms, in the order in which data flows: `rcrlib.data`, `rcrlib.flow`, `rcrlib.models`,
`rcrlib.pseudo`, `rcrlib.train`, `rcrlib.predict`, `rcrlib.metrics`, `rcrlib.show`.
"""

__version__ = "0.1.0"
