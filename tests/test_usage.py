"""A ledger sums up what it is told, and knows what it does not know."""

from __future__ import annotations

from array import array
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from darkroom.errors import InvalidRequest
from darkroom.period import Period
from darkroom.picture import Picture, Provenance
from darkroom.usage import NO_FLOW, UNKNOWN, Fact, Ledger, Sum, quantile

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CORE, SD35, NOVA = (
    "stability.stable-image-core-v1:1",
    "stability.sd3-5-large-v1:0",
    "amazon.nova-canvas-v1:0",
)


@pytest.fixture
def ledger() -> Ledger:
    """Of the three days before noon of November 28."""
    return Ledger(Period.of("3d", now=NOW), "file:///store")


def made(number: int, model: str | None = CORE, **how: Any) -> Picture:
    """A picture of a call of its own, at $0.04 in two seconds, now."""
    known = {
        "mode": "text_to_image",
        "model": model,
        "price_usd": 0.04,
        "seconds": 2.0,
        "request_id": str(number),
        "made_at": NOW - timedelta(seconds=1),
    }
    return Picture(
        sha256=f"{number:064x}",
        media_type="image/png",
        width=8,
        height=8,
        size_bytes=1,
        uri="file:///store/x.png",
        provenance=Provenance.model_validate(known | how),
    )


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        ("7d", None, datetime(2026, 11, 21, 12, tzinfo=UTC), NOW),
        ("12h", None, datetime(2026, 11, 28, tzinfo=UTC), NOW),
        ("1w", "2026-11-08", datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)),
        ("2026-11-01", None, datetime(2026, 11, 1, tzinfo=UTC), NOW),
        (
            "2026-11-01T08:00+02:00",
            "2026-11-01T08:00",
            datetime(2026, 11, 1, 6, tzinfo=UTC),
            datetime(2026, 11, 1, 8, tzinfo=UTC),
        ),
    ],
)
def test_periods_are_what_people_say(
    since: str, until: str | None, begin: datetime, end: datetime
) -> None:
    """Lengths count back from the end, days are whole, and the last one belongs to it."""
    assert Period.of(since, until, NOW) == Period(begin, end)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("", None),
        ("7", None),
        ("seven days", None),
        ("-3d", None),
        ("0d", None),
        ("2026-13-01", None),
        ("2026-12-24", None),
        ("1d", "yesterday"),
        ("2026-11-02", "2026-11-01"),
        ("0002-01-01", "0001-01-01"),
        ("99999w", None),
        ("2026-11-01", "9999-12-31"),
    ],
)
def test_what_is_no_period_is_refused_by_name(since: str, until: str | None) -> None:
    """The error names the field and the value, whatever it is."""
    with pytest.raises(InvalidRequest, match=r"^(since|until) = "):
        Period.of(since, until, NOW)


def test_a_period_has_its_days_and_its_instants() -> None:
    """Its end is not in it, and instants without a zone are UTC."""
    period = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert period.days == [date(2026, 11, 1), date(2026, 11, 2)]
    assert datetime(2026, 11, 1) in period  # noqa: DTZ001
    assert datetime(2026, 11, 3, tzinfo=UTC) not in period


def test_pictures_of_one_call_are_one_call(ledger: Ledger) -> None:
    """Three pictures of two calls have three prices and two times."""
    for number, request in enumerate(["a", "a", "b"]):
        ledger.add_picture(made(number, request_id=request, seconds=float(number + 1)), "shots")
    total = ledger.usage().total
    assert (total.pictures, total.calls, total.spend_usd) == (3, 2, 0.12)
    (model,) = ledger.usage().models
    assert (model.seconds_p50, model.seconds_p95) == (1.0, 3.0)


def test_a_price_that_nobody_knows_is_not_nothing(ledger: Ledger) -> None:
    """Such pictures are counted apart, and the sum says so in words."""
    ledger.add_picture(made(1, price_usd=None), "shots")
    assert ledger.usage().total.spend == "1 picture of unknown price"
    ledger.add_picture(made(2), "shots")
    assert ledger.usage().total.spend == "$0.04 + 1 picture of unknown price"
    assert ledger.usage().total.unpriced == 1


def test_only_what_models_made_in_the_period_counts(ledger: Ledger) -> None:
    """Earlier and later pictures, contact sheets, and those without a time are left out."""
    outside = [NOW, NOW - timedelta(days=4), None]
    told = [ledger.add_picture(made(1, made_at=each), "shots") for each in outside]
    told.append(ledger.add_picture(made(2, model=None), "shots"))
    assert told == [False] * 4
    assert ledger.usage().total.is_empty
    assert ledger.usage().models == []


def test_every_day_is_there_with_its_spend_by_model(ledger: Ledger) -> None:
    """Three days to noon touch four, and those without pictures are empty."""
    ledger.add_picture(made(1), "shots")
    ledger.add_picture(made(2, SD35, made_at=NOW - timedelta(days=2)), "shots")
    days = {each.day.day: each.spend_usd for each in ledger.usage().days}
    assert days == {25: {}, 26: {SD35: 0.04}, 27: {}, 28: {CORE: 0.04}}


def test_outcomes_are_counted_by_model_and_flow(ledger: Ledger) -> None:
    """Each request counts where it belongs, and in the total."""
    mode = "text_to_image"
    ledger.add(Fact("made", CORE, mode, "a", retries={"Throttled": 2, "ServiceFault": 1}))
    ledger.add(Fact("cached", CORE, mode, "a"))
    ledger.add(Fact("filtered", SD35, mode, "b", filtered={"prompt": 1}))
    ledger.add(Fact("made", SD35, mode, "b", filtered={"output": 2}))
    ledger.add(Fact("failed", None, mode, NO_FLOW))
    ledger.add(Fact("stopped", CORE, mode, UNKNOWN))
    usage = ledger.usage()
    assert {each.model: (each.made, each.cached) for each in usage.models} == {
        CORE: (1, 1),
        SD35: (1, 0),
        UNKNOWN: (0, 0),
    }
    assert {each.flow: (each.made, each.filtered, each.failed) for each in usage.flows} == {
        "a": (1, 0, 0),
        "b": (1, 3, 0),
        NO_FLOW: (0, 0, 1),
        UNKNOWN: (0, 0, 0),
    }
    total = usage.total
    assert (total.retries, total.throttles, total.filtered, total.stopped) == (3, 2, 3, 1)
    assert usage.filtered_because == {"output": 2, "prompt": 1}
    assert usage.retried_because == {"Throttled": 2, "ServiceFault": 1}


def test_the_filter_rate_is_of_calls_that_reached_the_model() -> None:
    """Three of twelve are a quarter; of none there is no rate."""
    assert Sum(calls=9, filtered=3).filter_rate == 0.25
    assert Sum(cached=5).filter_rate is None


def test_what_is_under_way_is_said_and_not_counted(ledger: Ledger) -> None:
    """A request without an end is no success and no failure."""
    ledger.add(Fact("running", CORE, "text_to_image", "a"))
    usage = ledger.usage()
    assert usage.unknown == ["1 request is still under way, or ended without a word."]
    assert usage.total.is_empty


def test_models_near_their_end_are_named_with_who_follows(ledger: Ledger) -> None:
    """Only those that were used, with a successor for each mode that was asked."""
    ledger.add_picture(made(1, NOVA), "shots")
    ledger.add(Fact("made", NOVA, "outpaint", "shots"))
    ledger.add_picture(made(2, CORE), "shots")
    (ending,) = ledger.usage(date(2026, 7, 15)).ending
    assert (ending.name, ending.end_of_life, ending.days_left) == (
        "nova-canvas",
        date(2026, 9, 30),
        77,
    )
    assert ending.successor.startswith("For outpaint use outpaint")
    assert "For text_to_image use" in ending.successor
    assert ledger.usage(date(2026, 6, 1)).ending == []


def test_a_model_that_the_catalog_does_not_know_is_called_by_its_id(ledger: Ledger) -> None:
    """Pictures of models of another catalog count as well."""
    ledger.add_picture(made(1, "acme.image-v9"), "shots")
    (model,) = ledger.usage().models
    assert (model.model, model.name, model.calls) == ("acme.image-v9", "acme.image-v9", 1)


@pytest.mark.parametrize(
    ("count", "part", "found"),
    [(1, 0.5, 1), (1, 0.95, 1), (4, 0.5, 2), (100, 0.95, 95), (101, 0.95, 96), (0, 0.5, None)],
)
def test_quantiles_are_values_that_were_measured(
    count: int, part: float, found: float | None
) -> None:
    """The least value that so many of them do not exceed."""
    assert quantile(array("d", reversed(range(1, count + 1))), part) == found


def test_a_report_survives_json(ledger: Ledger) -> None:
    """What machines read is what was reported."""
    ledger.add_picture(made(1), "shots")
    usage = ledger.usage()
    assert type(usage).model_validate_json(usage.model_dump_json()) == usage
