"""The public sets of labelled images that the paper's first stage and its field use."""

from __future__ import annotations

from rcrlib.data.fetch.catalogue import NO_TERMS, Archive, Counts, PublishedDataset

IMAGE_SETS = (
    PublishedDataset(
        name="duts",
        title="DUTS",
        folder="DUTS",
        layout="images",
        archives=tuple(
            Archive(
                f"DUTS-{part}.zip",
                (
                    f"https://saliencydetection.net/duts/download/DUTS-{part}.zip",
                    f"http://saliencydetection.net/duts/download/DUTS-{part}.zip",
                ),
                (f"DUTS-{part}-Image", f"DUTS-{part}-Mask"),
                estimated_size=300_000_000,
            )
            for part in ("TR", "TE")
        ),
        page="http://saliencydetection.net/duts/",
        licence="academic use",
        citation="Wang et al., Learning to Detect Salient Objects with Image-level Supervision,"
        " CVPR 2017",
        counts=Counts(15572, 15572, 15572),
        splits={"train": Counts(10553, 10553, 10553), "test": Counts(5019, 5019, 5019)},
        note="Some masks have grey edges: what is >= 128 is salient.",
    ),
    PublishedDataset(
        name="ecssd",
        title="ECSSD",
        folder="ECSSD",
        layout="images",
        archives=(
            Archive(
                "images.zip",
                (
                    "https://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/data/ECSSD/images.zip",
                    "http://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/data/ECSSD/images.zip",
                ),
                ("images",),
                size=67_766_979,
                checksums=(
                    "sha256:7d5dce1a21c6d82e2f9617c00ad7eae2de5ded9320e8c59a01b4c731d210ea47",
                ),
            ),
            Archive(
                "ground_truth_mask.zip",
                (
                    "https://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/data/ECSSD/ground_truth_mask.zip",
                    "http://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/data/ECSSD/ground_truth_mask.zip",
                ),
                ("ground_truth_mask",),
                size=1_571_109,
                checksums=(
                    "sha256:dc0a9f11f2adee2737d95b28f9567a0a5de33f78743447c097ceb4d42f281a31",
                ),
                expansion=10,
            ),
        ),
        page="https://www.cse.cuhk.edu.hk/leojia/projects/hsaliency/dataset.html",
        licence=NO_TERMS,
        citation="Yan, Xu, Shi, Jia, Hierarchical Saliency Detection, CVPR 2013",
        counts=Counts(1000, 1000, 1000),
    ),
    PublishedDataset(
        name="msra-b",
        title="MSRA-B",
        folder="MSRA-B",
        layout="images",
        archives=(
            Archive(
                "MSRA-B.zip",
                (
                    "https://mftp.mmcheng.net/Data/MSRA-B.zip",
                    "http://mftp.mmcheng.net/Data/MSRA-B.zip",
                ),
                ("*.jpg", "*.png"),
                size=114_133_760,
                checksums=(
                    "sha256:1c82ee25d81284922c1d3bd7be971d1010999bb7a85b6fefc5d3246ee07937d8",
                ),
            ),
        ),
        page="https://mmcheng.net/msra10k/",
        licence=NO_TERMS,
        citation="Liu et al., Learning to Detect a Salient Object, TPAMI 33(2), 2011; masks: Jiang"
        " et al., Salient Object Detection: A Discriminative Regional Feature Integration Approach,"
        " CVPR 2013",
        counts=Counts(5000, 5000, 5000),
        note="The lists of 2500, 500 and 2000 images are not in the archive; where you have them,"
        " put them into ImageSets/{train,val,test}.txt.",
    ),
    PublishedDataset(
        name="hku-is",
        title="HKU-IS",
        folder="HKU-IS",
        layout="images",
        archives=(Archive("HKU-IS.rar", (), ("imgs", "gt")),),
        page="https://i.cs.hku.hk/~gbli/deep_saliency.html",
        licence=NO_TERMS,
        citation="Li, Yu, Visual Saliency Based on Multiscale Deep Features, CVPR 2015",
        counts=Counts(4447, 4447, 4447),
    ),
)
