"""The logger."""

from __future__ import annotations

import logging

logger = logging.getLogger("lookalike")
