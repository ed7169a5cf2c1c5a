"""Conditional writes: one that came too late is told from one that failed."""

from __future__ import annotations

from pynamodb.exceptions import PynamoDBException, TransactWriteError


def only_conditional(error: PynamoDBException) -> None:
    """Raises the error unless all that is wrong is that its condition does not hold."""
    if error.cause_response_code != "ConditionalCheckFailedException":
        raise error


def refused(error: TransactWriteError) -> list[str | None]:
    """Why each item of a transaction was refused, where somebody else was writing; else raises the error."""
    reasons = [reason.code if reason else None for reason in error.cancellation_reasons]
    if not any(reasons) or set(reasons) - {None, "ConditionalCheckFailed", "TransactionConflict"}:
        raise error
    return reasons
