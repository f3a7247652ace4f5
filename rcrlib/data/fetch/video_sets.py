"""The public sets of videos that the paper and its field use.

Addresses are those that the authors publish; hosts of universities come and go, which is why every
set can also be brought as a file. Sizes and checksums are given where they are published.
"""

from __future__ import annotations

from rcrlib.data.fetch.catalogue import NO_TERMS, Archive, Counts, PublishedDataset
from rcrlib.data.fetch.davis_frames import TRAIN, VAL

_DAVIS = ("JPEGImages/480p", "Annotations/480p")

VIDEO_SETS = (
    PublishedDataset(
        name="davis2016",
        title="DAVIS 2016",
        folder="DAVIS2016",
        layout="davis2016",
        archives=(
            Archive(
                "DAVIS-data.zip",
                (
                    "https://graphics.ethz.ch/Downloads/Data/Davis/DAVIS-data.zip",
                    "https://cgl.ethz.ch/Downloads/Data/Davis/DAVIS-data.zip",
                ),
                _DAVIS,
                # The archive was published twice; both are good.
                checksums=(
                    "md5:464ebb594dcbc34e012487f4cd0f8213",
                    "md5:0cb3cf9c5617209fa3cc4794e52a2ffa",
                ),
                estimated_size=1_900_000_000,
            ),
        ),
        page="https://davischallenge.org/davis2016/code.html",
        licence="CC BY-NC 4.0",
        citation="Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object"
        " Segmentation, CVPR 2016",
        counts=Counts(50, 3455, 3455),
        splits={
            "train": Counts(30, sum(TRAIN.values()), sum(TRAIN.values())),
            "val": Counts(20, sum(VAL.values()), sum(VAL.values())),
        },
        frames_per_video={**TRAIN, **VAL},
    ),
    PublishedDataset(
        name="davis2017",
        title="DAVIS 2017 (train and val, 480p)",
        folder="DAVIS2017",
        layout="davis2017",
        archives=(
            Archive(
                "DAVIS-2017-trainval-480p.zip",
                ("https://data.vision.ee.ethz.ch/csergi/share/davis/DAVIS-2017-trainval-480p.zip",),
                (*_DAVIS, "ImageSets/2017"),
                estimated_size=800_000_000,
            ),
        ),
        page="https://davischallenge.org/davis2017/code.html",
        licence="CC BY-NC 4.0",
        citation="Pont-Tuset et al., The 2017 DAVIS Challenge on Video Object Segmentation,"
        " arXiv 1704.00675",
        counts=Counts(90, 6208, 6208),
        splits={"train": Counts(60, 4209, 4209), "val": Counts(30, 1999, 1999)},
        note="Masks are palettes of object ids: what is salient is every id but 0.",
    ),
    PublishedDataset(
        name="fbms",
        title="FBMS-59",
        folder="FBMS",
        layout="fbms",
        archives=tuple(
            Archive(
                f"FBMS_{part}.zip",
                (
                    f"https://lmb.informatik.uni-freiburg.de/resources/datasets/fbms/FBMS_{part}.zip",
                ),
                (part,),
                estimated_size=1_000_000_000,
                expansion=3,  # masks as .ppm are not compressed
            )
            for part in ("Trainingset", "Testset")
        ),
        page="https://lmb.informatik.uni-freiburg.de/resources/datasets/",
        licence="research only",
        citation="Ochs, Malik, Brox, Segmentation of Moving Objects by Long Term Video Analysis,"
        " TPAMI 36(6), 2014",
        counts=Counts(59, labels=720),
        splits={"train": Counts(29), "test": Counts(30)},
    ),
    PublishedDataset(
        name="segtrack",
        title="SegTrack v2",
        folder="SegTrackv2",
        layout="segtrack",
        archives=(
            Archive(
                "SegTrackv2.zip",
                ("https://web.engr.oregonstate.edu/~lif/SegTrack2/SegTrackv2.zip",),
                ("JPEGImages", "GroundTruth"),
                estimated_size=200_000_000,
            ),
        ),
        page="https://web.engr.oregonstate.edu/~lif/SegTrack2/dataset.html",
        licence=NO_TERMS,
        citation="Li et al., Video Segmentation by Tracking Many Figure-Ground Segments, ICCV 2013",
        counts=Counts(14),
        note="Masks are one folder per object: what is salient is their union.",
    ),
    PublishedDataset(
        name="vos",
        title="VOS",
        folder="VOS",
        layout="vos",
        archives=(Archive("VOS.zip", (), ("JPEGImages", "Annotations")),),
        page="http://cvteam.net/projects/TIP18-VOS/VOS.html",
        licence=NO_TERMS,
        citation="Li, Xia, Chen, A Benchmark Dataset and Saliency-Guided Stacked Autoencoders for"
        " Video-Based Salient Object Detection, TIP 27(1), 2018",
        counts=Counts(200, 116_103, 7_650),
        splits={"train": Counts(119), "val": Counts(40), "test": Counts(40)},
        note="The lists are those of the paper's authors: they name 199 of the 200 videos.",
    ),
    PublishedDataset(
        name="davsod",
        title="DAVSOD",
        folder="DAVSOD",
        layout="generic",
        archives=tuple(
            Archive(name, (), ("*/Imgs",), subfolder=into)
            for name, into in (
                ("DAVSOD-TrainingSet.zip", "train"),
                ("DAVSOD-ValidationSet.zip", "val"),
                ("Easy-35.zip", "test"),
                ("Normal-25.zip", "test-normal"),
                ("Difficult-20.zip", "test-difficult"),
            )
        ),
        page="https://github.com/DengPingFan/DAVSOD",
        licence=NO_TERMS,
        citation="Fan et al., Shifting More Attention to Video Salient Object Detection, CVPR 2019",
        counts=Counts(187),
        note="Its five archives hold 187 sequences, where the paper counts 226 shorter ones.",
    ),
)
