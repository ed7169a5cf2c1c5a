"""Polygons of an image, as ratios of its width and height, and the regions that a request is limited to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import InvalidParameterException
from ..vision.geometry import Box, Point

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import RegionOfInterestOutputTypeDef, RegionOfInterestTypeDef

Region = tuple[Point, ...]
"""The corners of a polygon, which need not be convex."""

_FEWEST_CORNERS, _MOST_CORNERS = 3, 10
_BOX = ("Left", "Top", "Width", "Height")


def regions_of_interest(
    members: Iterable[RegionOfInterestTypeDef | RegionOfInterestOutputTypeDef],
) -> tuple[Region, ...]:
    """RegionsOfInterest as polygons.

    Raises InvalidParameterException for a region with no shape or two, an incomplete box or point, or a polygon
    of fewer than 3 or more than 10 points (unconfirmed, but for the 10).
    """
    return tuple(_region(member) for member in members)


def _region(member: RegionOfInterestTypeDef | RegionOfInterestOutputTypeDef) -> Region:
    box, points = member.get("BoundingBox"), member.get("Polygon")
    if box is not None and points is None and all(name in box for name in _BOX):
        left, top = box["Left"], box["Top"]
        right, bottom = left + box["Width"], top + box["Height"]
        return Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)
    if (
        points is not None
        and box is None
        and _FEWEST_CORNERS <= len(points) <= _MOST_CORNERS
        and all("X" in point and "Y" in point for point in points)
    ):
        return tuple(Point(point["X"], point["Y"]) for point in points)
    raise InvalidParameterException("Request has invalid parameters")


def inside(polygon: Sequence[Point], regions: Sequence[Region]) -> bool:
    """Whether more than half of `polygon`, convex and clockwise, lies in one of `regions`; none is everywhere."""
    half = area(polygon) / 2
    return not regions or any(area(shared(region, polygon)) > half for region in regions)


def bounds(polygon: Sequence[Point]) -> Box:
    """The smallest upright box around `polygon`."""
    left, top = min(point.x for point in polygon), min(point.y for point in polygon)
    right, bottom = max(point.x for point in polygon), max(point.y for point in polygon)
    return Box(left, top, right - left, bottom - top)


def area(polygon: Sequence[Point]) -> float:
    """By the shoelace formula, whichever way round the corners are."""
    pairs = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return abs(sum(one.x * other.y - other.x * one.y for one, other in pairs)) / 2


def shared(region: Region, window: Sequence[Point]) -> list[Point]:
    """The part of `region` inside `window`, a convex polygon, clockwise as seen.

    Sutherland and Hodgman, "Reentrant polygon clipping", 1974: where a region falls into several parts, edges
    without area join them.
    """
    part = list(region)
    for begin, end in zip(window, [*window[1:], *window[:1]], strict=True):
        part = _cut(part, begin, end)
    return part


def _cut(polygon: Sequence[Point], begin: Point, end: Point) -> list[Point]:
    """What lies right of the line from `begin` to `end`."""

    def depth(point: Point) -> float:
        return (end.x - begin.x) * (point.y - begin.y) - (end.y - begin.y) * (point.x - begin.x)

    kept: list[Point] = []
    for one, other in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        here, there = depth(one), depth(other)
        if here >= 0:
            kept.append(one)
        if (here > 0 > there) or (here < 0 < there):
            share = here / (here - there)
            kept.append(Point(one.x + share * (other.x - one.x), one.y + share * (other.y - one.y)))
    return kept
