"""Which colours dominate: k-means in OKLab, a space in which equal distances look equally different.

OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020. AWS names a colour by CSS and by one of
twelve simplified names; it does not publish the twelve, so they are here the groups of the CSS names (unconfirmed).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 16_384
"""Looked at for dominant colours: more change no colour."""
_ROUNDS = 12
_ALIKE = 0.05
"""In OKLab: nearer colours are one (just noticeable is .02)."""
_NAMING = np.array([1, 2, 2])
"""Axes when a colour is named: a wrong hue is a worse name than a wrong lightness, or a dim brown becomes grey."""

_SIMPLIFIED = {
    "pink": "pink lightpink hotpink deeppink palevioletred mediumvioletred",
    "purple": "lavender thistle plum orchid violet fuchsia magenta mediumorchid darkorchid darkviolet blueviolet "
    "darkmagenta purple mediumpurple mediumslateblue slateblue darkslateblue rebeccapurple indigo",
    "red": "lightsalmon salmon darksalmon lightcoral indianred crimson red firebrick darkred",
    "orange": "orange darkorange coral tomato orangered",
    "yellow": "gold yellow lightyellow lemonchiffon lightgoldenrodyellow papayawhip moccasin peachpuff palegoldenrod "
    "khaki darkkhaki",
    "green": "greenyellow chartreuse lawngreen lime limegreen palegreen lightgreen mediumspringgreen springgreen "
    "mediumseagreen seagreen forestgreen green darkgreen yellowgreen olivedrab darkolivegreen olive "
    "mediumaquamarine darkseagreen lightseagreen darkcyan teal",
    "cyan": "aqua cyan lightcyan paleturquoise aquamarine turquoise mediumturquoise darkturquoise",
    "blue": "cadetblue steelblue lightsteelblue lightblue powderblue lightskyblue skyblue cornflowerblue deepskyblue "
    "dodgerblue royalblue blue mediumblue darkblue navy midnightblue",
    "brown": "cornsilk blanchedalmond bisque navajowhite wheat burlywood tan rosybrown sandybrown goldenrod "
    "darkgoldenrod peru chocolate saddlebrown sienna brown maroon",
    "white": "white snow honeydew mintcream azure aliceblue ghostwhite whitesmoke seashell beige oldlace floralwhite "
    "ivory antiquewhite linen lavenderblush mistyrose",
    "grey": "gainsboro lightgrey silver darkgrey dimgrey grey lightslategrey slategrey darkslategrey",
    "black": "black",
}


@dataclass(frozen=True, slots=True)
class Colour:
    """One dominant colour."""

    red: int
    green: int
    blue: int
    css: str
    """The nearest CSS colour's name, such as "darkslategrey"."""
    simplified: str
    """One of twelve names, such as "grey"."""
    percent: float
    """0 to 100, of the pixels; those of all colours of one answer add up to 100."""

    @property
    def hex(self) -> str:
        """As CSS writes it, such as #a0b1c2."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


def dominant_colours(pixels: NDArray[np.uint8], most: int) -> tuple[Colour, ...]:
    """At most `most` colours of `pixels` ([n, 3], sRGB), the commonest first; none of no pixels."""
    if not len(pixels) or most < 1:
        return ()
    sample = pixels[:: -(-len(pixels) // MOST_PIXELS)]
    centres, counts = _joined(*_clusters(oklab(sample), most))
    order = np.argsort(-counts, kind="stable")
    return tuple(_colour(centres[index], 100 * counts[index] / counts.sum()) for index in order)


def oklab(colours: NDArray[np.integer]) -> NDArray[np.float64]:
    """[n, 3] sRGB of eight bits to [n, 3] OKLab: lightness 0 to 1, then green to red and blue to yellow about 0."""
    encoded = colours / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES) @ _TO_LAB)


def srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The inverse of `oklab`, to the nearest colour a screen can show."""
    linear = ((lab @ np.linalg.inv(_TO_LAB)) ** 3 @ np.linalg.inv(_TO_CONES)).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((encoded * 255).round(), dtype=np.uint8)


_TO_CONES = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]
)


def _clusters(points: NDArray[np.float64], most: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Lloyd's k-means: centres [k, 3] and how many of `points` each has. Equal points make equal answers."""
    centres = _seeds(points, most)
    for _ in range(_ROUNDS):
        nearest = (centres**2).sum(axis=1) - 2 * points @ centres.T  # the points' own length decides nothing
        members = nearest.argmin(axis=1)
        counts = np.bincount(members, minlength=len(centres))
        sums = np.stack([np.bincount(members, points[:, axis], len(centres)) for axis in range(3)], axis=1)
        centres, counts = sums[counts > 0] / counts[counts > 0, None], counts[counts > 0]
    return centres, counts


def _seeds(points: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """First centres by k-means++ (Arthur and Vassilvitskii, 2007), with a fixed seed."""
    random = np.random.default_rng(0)
    seeds = [points[len(points) // 2]]
    distances = ((points - seeds[0]) ** 2).sum(axis=1)
    while len(seeds) < most and distances.max() > _ALIKE**2:
        seeds.append(points[random.choice(len(points), p=distances / distances.sum())])
        distances = np.minimum(distances, ((points - seeds[-1]) ** 2).sum(axis=1))
    return np.stack(seeds)


def _joined(centres: NDArray[np.float64], counts: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The same with colours that look alike made one, the nearest two first."""
    while len(centres) > 1:
        apart = ((centres[:, None] - centres) ** 2).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        one, other = np.unravel_index(apart.argmin(), apart.shape)
        if apart[one, other] >= _ALIKE**2:
            break
        centres[one] = np.average(centres[[one, other]], axis=0, weights=counts[[one, other]])
        counts[one] += counts[other]
        centres, counts = np.delete(centres, other, axis=0), np.delete(counts, other)
    return centres, counts


def _colour(lab: NDArray[np.float64], percent: float) -> Colour:
    names, simplified, places = _css()
    nearest = int((((places - lab) * _NAMING) ** 2).sum(axis=1).argmin())
    red, green, blue = srgb(lab[None])[0].tolist()
    return Colour(red, green, blue, names[nearest], simplified[nearest], float(percent))


@cache
def _css() -> tuple[list[str], list[str], NDArray[np.float64]]:
    """CSS's names, their simplified names, and where they lie in OKLab."""
    from PIL.ImageColor import getrgb

    named = [(name, simple) for simple, group in _SIMPLIFIED.items() for name in group.split()]
    names, simplified = map(list, zip(*named, strict=True))
    return names, simplified, oklab(np.array([getrgb(name)[:3] for name in names]))
