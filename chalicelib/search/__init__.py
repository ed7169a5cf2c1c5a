"""Nearest faces and users: the fold of a collection's log, kept in memory and brought up to date at each search.

The index is derived: losing it loses nothing. It imports no store; whoever searches hands it a `Log`.
"""

from .folding import Log, Search
from .index import Entries, Index, Match

__all__ = ["Entries", "Index", "Log", "Match", "Search"]
