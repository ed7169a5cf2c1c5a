"""What images a month cost, from public prices and from what was measured.

An image here is an upload of the usual rules: put into the bucket, analysed by four operations, kept in the tables.
Free tiers are left out, and so is what the images' own storage costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from .measuring import kept

DAY = "2025-07-21"
"""The day of the prices: US dollars in us-east-1, of Lambda, DynamoDB (on-demand capacity), S3, SQS, CloudWatch, KMS
and Rekognition (its group 2). Typed by hand, not fetched: docs/deploy.md says which were compared, with what and when.
"""
PER_INVOCATION = 0.20e-6
PER_GB_SECOND = {"x86_64": 1.66667e-5, "arm64": 1.33334e-5}
PER_WRITE, PER_READ = 0.625e-6, 0.125e-6
"""DynamoDB, on demand: a unit writes 1 KB, or reads 4 KB."""
PER_PUT, PER_GET = 5e-6, 0.4e-6
PER_MESSAGE = 0.40e-6
PER_LOG_GB = 0.50
PER_KEY_MONTH, PER_ALARM_MONTH = 1.00, 0.10
PER_KMS_CALL = 0.03 / 10_000
PER_TABLE_GB_MONTH = 0.25 + 0.20
"""Storage, and its point-in-time recovery."""
REKOGNITION = ((1e6, 1.00e-3), (5e6, 0.80e-3), (35e6, 0.60e-3), (float("inf"), 0.25e-3))
"""Amazon Rekognition's price of an image and operation, up to so many of a month."""

AWS_SECONDS = 0.010
"""That a request to DynamoDB or S3 takes from within a function: an assumption, between the few milliseconds of the one
and the some 20 of the other."""
MEMORY_GB = 1769 / 1024
"""One core, as in .chalice/config.json."""
BATCH = 10
"""Uploads of one invocation."""
WRITES, READS = 16, 3
"""Units of an image: its row of up to 4 KB and its labels of 1 KB each; read once before and once after."""
GETS = 4
"""The image is read by each operation."""
LOG_BYTES, TABLE_BYTES = 4 * 800, 6_000
"""A record of each operation; the row with its labels."""
ALARMS = 14
SWEEPS = 730
"""Of the clock's function a month. Each is taken for a cold start, which it is, and no more: mostly nothing is over."""


@dataclass(frozen=True, slots=True)
class Costs:
    """US dollars a month."""

    compute: float
    tables: float
    """Writes and reads, and what a month's images take for a month."""
    transport: float
    """S3's and SQS's requests."""
    watching: float
    """Logs, alarms and the key."""

    @property
    def total(self) -> float:
        return self.compute + self.tables + self.transport + self.watching


def seconds_of_upload() -> float:
    """That a warm function with one core takes for an image."""
    analysed = kept().analyse
    return analysed.processor + analysed.requests * AWS_SECONDS


def of_uploads(images: float, architecture: str = "x86_64") -> Costs:
    """Of so many images a month."""
    invocations = images / BATCH
    gb_seconds = (images * seconds_of_upload() + SWEEPS * kept().cold) * MEMORY_GB
    return Costs(
        compute=(invocations + SWEEPS) * PER_INVOCATION + gb_seconds * PER_GB_SECOND[architecture],
        tables=images * (WRITES * PER_WRITE + READS * PER_READ) + images * TABLE_BYTES / 1e9 * PER_TABLE_GB_MONTH,
        # A message is sent, received with others and deleted with others.
        transport=images * (PER_PUT + GETS * PER_GET + PER_MESSAGE * (1 + 2 / BATCH)),
        watching=images * LOG_BYTES / 1e9 * PER_LOG_GB
        + PER_KEY_MONTH
        + ALARMS * PER_ALARM_MONTH
        + images * PER_KMS_CALL / 100,  # bucket keys and cached data keys spare the other 99
    )


def of_rekognition(images: float, operations: int = 4) -> float:
    """What Amazon Rekognition takes for the same analyses."""
    left, done, total = images * operations, 0.0, 0.0
    for until, price in REKOGNITION:
        part = min(left, until - done)
        total += part * price
        left, done = left - part, until
    return total


def table() -> str:
    """As Markdown."""
    rows = ["| Images a month | Compute | Tables | S3, SQS | Logs, alarms, key | Together | Amazon Rekognition |"]
    rows.append("|---|---|---|---|---|---|---|")
    for images in (1e3, 1e5, 1e7):
        costs = of_uploads(images)
        parts = (costs.compute, costs.tables, costs.transport, costs.watching, costs.total, of_rekognition(images))
        rows.append(f"| {images:,.0f} | " + " | ".join(f"${part:,.2f}" for part in parts) + " |")
    return "\n".join(rows)
