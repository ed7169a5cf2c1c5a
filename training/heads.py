"""Trains a head: standardised inputs, at most one hidden layer, soft targets, Adam, a calibrated temperature."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.heads import Floats, Head

FOLDS = 4
FOLDER = Path(__file__).resolve().parent.parent / "models" / "heads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a head is trained; the same recipe on the same data gives the same head."""

    hidden: int = 32
    """Units between inputs and outputs; none makes it a logistic regression."""
    epochs: int = 30
    rate: float = 1e-3
    decay: float = 0.05
    """Of the weights, decoupled (Loshchilov and Hutter, 2019)."""
    dropout: float = 0.4
    """Of hidden units; half as much of the inputs."""
    batch: int = 128
    seed: int = 1


def train(inputs: Floats, targets: Floats, owners: Sequence[str], recipe: Recipe) -> Head:
    """A head for `targets` [n, outputs], each row a distribution, rounded to half precision as it is stored.

    Its temperature is what suits people, or photos, that it was not trained on: each quarter of the `owners` [n] of
    the rows is left out in turn and guessed at by a head trained on the others.
    """
    folds = np.array([hashlib.sha256(owner.encode()).digest()[1] % FOLDS for owner in owners])
    guesses = np.empty_like(targets)
    for fold in range(FOLDS):
        trial = _fitted(inputs[folds != fold], targets[folds != fold], recipe)
        guesses[folds == fold] = trial.probabilities(inputs[folds == fold])
    temperature = _temperature(guesses, targets)
    head = _fitted(inputs, targets, recipe)
    weights, biases = head.layers[-1]
    cooled = (_half(weights / temperature), _half(biases / temperature))
    return replace(head, layers=(*head.layers[:-1], cooled))


def save(head: Head, name: str) -> Path:
    """Write `models/heads/{name}.npz`; the same head is the same bytes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    arrays = {"mean": head.mean, "scale": head.scale}
    for number, (weights, biases) in enumerate(head.layers):
        arrays |= {f"weights{number}": weights.astype(np.float16), f"biases{number}": biases.astype(np.float16)}
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


def _fitted(inputs: Floats, targets: Floats, recipe: Recipe) -> Head:
    random = np.random.default_rng(recipe.seed)
    mean, scale = inputs.mean(0), 1 / (inputs.std(0) + 1e-4)
    x = ((inputs - mean) * scale).astype(np.float32)
    sizes = [x.shape[1], *([recipe.hidden] if recipe.hidden else []), targets.shape[1]]
    parameters = [
        array
        for before, after in pairwise(sizes)
        for array in (random.normal(0, before**-0.5, (before, after)).astype(np.float32), np.zeros(after, np.float32))
    ]
    _descend(parameters, x, targets, recipe, random)
    layers = tuple((_half(w), _half(b)) for w, b in zip(parameters[::2], parameters[1::2], strict=True))
    return Head(mean.astype(np.float32), scale.astype(np.float32), layers)


def _descend(parameters: list[Floats], x: Floats, targets: Floats, recipe: Recipe, random: np.random.Generator) -> None:
    """Adam (Kingma and Ba, 2015) with a cosine schedule, in place."""
    first, second = ([np.zeros_like(each) for each in parameters] for _ in range(2))
    steps = recipe.epochs * max(len(x) // recipe.batch, 1)
    for step in range(1, steps + 1):
        rows = random.integers(0, len(x), recipe.batch)
        rate = recipe.rate * 0.5 * (1 + np.cos(np.pi * step / steps))
        for i, gradient in enumerate(_gradients(parameters, x[rows], targets[rows], recipe, random)):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
            decay = recipe.decay * parameters[i] if i % 2 == 0 else 0
            parameters[i] -= (rate * (move + decay)).astype(np.float32)


def _gradients(
    parameters: list[Floats], x: Floats, targets: Floats, recipe: Recipe, random: np.random.Generator
) -> list[Floats]:
    """Of the cross entropy, under dropout."""
    kept = [_mask(x.shape, recipe.dropout / 2, random)]
    activations = [x * kept[0]]
    for weights, biases in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        hidden = np.maximum(activations[-1] @ weights + biases, 0)
        kept.append(_mask(hidden.shape, recipe.dropout, random))
        activations.append(hidden * kept[-1])
    logits = activations[-1] @ parameters[-2] + parameters[-1]
    powers = np.exp(logits - logits.max(1, keepdims=True))
    error = (powers / powers.sum(1, keepdims=True) - targets) / len(x)
    gradients: list[Floats] = []
    for layer in reversed(range(len(activations))):
        gradients[:0] = [activations[layer].T @ error, error.sum(0)]
        error = error @ parameters[2 * layer].T * kept[layer] * (activations[layer] > 0)
    return gradients


def _mask(shape: tuple[int, ...], share: float, random: np.random.Generator) -> Floats:
    kept: Floats = (random.random(shape, dtype=np.float32) >= share).astype(np.float32) / np.float32(1 - share)
    return kept


def _temperature(probabilities: Floats, targets: Floats) -> float:
    """What to divide logits by so that the targets are likeliest (Guo et al., 2017)."""
    logits = np.log(np.maximum(probabilities, 1e-12))
    return float(min(np.geomspace(0.5, 6, 60), key=lambda temperature: _surprise(logits / temperature, targets)))


def _surprise(logits: NDArray[np.float32], targets: Floats) -> float:
    logits = logits - logits.max(1, keepdims=True)
    return float(-(targets * (logits - np.log(np.exp(logits).sum(1, keepdims=True)))).sum(1).mean())


def _half(array: Floats) -> Floats:
    return array.astype(np.float16).astype(np.float32)
