"""SMPTE timecodes (SMPTE ST 12-1): hours, minutes, seconds and frames of the nominal rate."""

from __future__ import annotations

from fractions import Fraction

_DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}
"""Frame numbers that are left out at the start of each minute but every tenth, at the rates that have drop-frame
timecode, so that 29.97 frames a second keep pace with the clock."""


def timecode(frame: int, rate: Fraction) -> str:
    """The timecode of the `frame`-th frame, or of a duration of so many frames.

    >>> timecode(100, Fraction(25))
    '00:00:04:00'
    >>> timecode(1800, Fraction(30000, 1001))
    '00:01:00;02'
    >>> timecode(17982, Fraction(30000, 1001))
    '00:10:00;00'
    """
    nominal = max(int(rate + Fraction(1, 2)), 1)
    drop = _DROPPED.get(rate, 0)
    number = frame + _left_out(frame, nominal, drop)
    seconds, frames = divmod(number, nominal)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if drop else ':'}{frames:02}"


def _left_out(frame: int, nominal: int, drop: int) -> int:
    """How many numbers were left out before the `frame`-th frame."""
    if not drop:
        return 0
    minute = 60 * nominal - drop
    tens, rest = divmod(frame, 10 * minute + drop)
    return 9 * drop * tens + (drop * ((rest - drop) // minute) if rest >= drop else 0)
