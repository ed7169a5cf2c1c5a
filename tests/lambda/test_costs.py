"""What docs/deploy.md tells of costs and of a flood is what is computed, and the computation keeps its books."""

from __future__ import annotations

import pytest

from deploy import costs, simulation
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()


@pytest.fixture(scope="module")
def runs() -> list[simulation.Run]:
    return [simulation.by_queue(), simulation.by_lambda()]


def test_the_page_tells_what_is_computed(runs: list[simulation.Run]) -> None:
    assert costs.table() in PAGE, "python -m deploy costs"
    assert simulation.table(runs) in PAGE, "python -m deploy simulate"


def test_no_event_is_lost_and_the_queue_is_empty_at_last(runs: list[simulation.Run]) -> None:
    for run in runs:
        assert run.done + run.parked + run.expired == simulation.EVENTS
        assert run.waiting[-1] == 0
        assert run.attempts >= simulation.EVENTS


def test_the_queue_throttles_nothing_and_parks_nothing(runs: list[simulation.Run]) -> None:
    through_queue, by_lambda = runs
    assert (sum(through_queue.throttled), through_queue.parked) == (0, 0)
    assert sum(by_lambda.throttled) > simulation.EVENTS
    assert by_lambda.parked > 0


def test_no_second_does_more_than_its_environments_can(runs: list[simulation.Run]) -> None:
    per_second = simulation.ENVIRONMENTS / costs.seconds_of_upload()
    for run in runs:
        assert run.attempts <= 1.01 * per_second * len(run.waiting)
        assert run.cold_starts <= simulation.ENVIRONMENTS


def test_prices_are_proportional_but_for_what_is_fixed() -> None:
    one, thousand = costs.of_uploads(1e6), costs.of_uploads(1e9)
    fixed = costs.of_uploads(0).total
    assert thousand.total - fixed == pytest.approx(1000 * (one.total - fixed))
    assert costs.of_uploads(1e6, "arm64").compute < one.compute


@pytest.mark.parametrize(("images", "dollars"), [(250_000, 1_000.0), (1_250_000, 4_200.0), (10_000_000, 23_450.0)])
def test_rekognitions_price_falls_in_steps(images: float, dollars: float) -> None:
    assert costs.of_rekognition(images) == pytest.approx(dollars)
