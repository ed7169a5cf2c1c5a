"""Small networks of our own on features of the core models; `training/` makes them, `models/heads/` keeps them.

A head is one .npz (weights in half precision) and one .json, its card: data, size, measured accuracy, failures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..config import data_file

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Standardise, then layers with Relu between them, then a calibrated softmax."""

    mean: Floats
    """[inputs]"""
    scale: Floats
    """[inputs], multiplies what is left after the mean."""
    layers: tuple[tuple[Floats, Floats], ...]
    """Weights [inputs, outputs] and biases [outputs] of each layer; the temperature is in the last."""

    def probabilities(self, features: Floats) -> Floats:
        """[n, outputs], each row adding up to 1, for `features` [n, inputs]."""
        x = (features - self.mean) * self.scale
        for weights, biases in self.layers[:-1]:
            x = np.maximum(x @ weights + biases, 0)
        weights, biases = self.layers[-1]
        logits = x @ weights + biases
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


@cache
def head(name: str) -> Head:
    """The committed head of that name; raises FileNotFoundError for one that is not there."""
    with np.load(data_file(f"heads/{name}.npz")) as stored:
        arrays = {key: stored[key].astype(np.float32) for key in stored.files}
    depth = sum(key.startswith("weights") for key in arrays)
    layers = tuple((arrays[f"weights{i}"], arrays[f"biases{i}"]) for i in range(depth))
    return Head(arrays["mean"], arrays["scale"], layers)
