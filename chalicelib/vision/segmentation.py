"""Who is in the foreground: MediaPipe's selfie segmentation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .alignment import batch
from .picture import Picture
from .sessions import Sessions

MODEL_SIDE = 256
LEAST_SHARE = 0.02
"""Of the picture, below which a foreground is noise: the network knows people near the camera and nothing else."""


def foreground(picture: Picture, sessions: Sessions) -> NDArray[np.float32] | None:
    """How far each pixel belongs to a person in front: [height, width], 0 to 1.

    None where the network sees nobody, so that the caller takes the whole picture for the foreground.
    """
    side = MODEL_SIDE, MODEL_SIDE
    small = picture.image.resize(side, Image.Resampling.BILINEAR, reducing_gap=2.0)
    mask = sessions.run("selfie_segmentation", {"input": batch([small])})[0][0]
    if (mask > 0.5).mean() < LEAST_SHARE:
        return None
    full = Image.fromarray(mask).resize((picture.width, picture.height), Image.Resampling.BILINEAR)
    result: NDArray[np.float32] = np.asarray(full)
    return result
