"""A stretch of time, as people say it: "7d", "36h", "2026-11-01"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from darkroom.errors import InvalidRequest

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)
"""A report has a line for each day."""


@dataclass(frozen=True)
class Period:
    """From an instant to another, in UTC.

    Attributes:
        since: Its first instant.
        until: The first instant that is no longer in it.
    """

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: str, until: str | None = None, now: datetime | None = None) -> Period:
        """A period in words.

        Args:
            since: How long before its end it begins, such as "12h", "7d" or "4w"; or a day, such as
                "2026-11-01", or an instant, "2026-11-01T08:00". Without a zone that is UTC.
            until: A day, which is the last of it, or an instant; None for now.
            now: The present instant; None for the clock's.

        Raises:
            InvalidRequest: It says no time, or ends before it begins.
        """
        end = now or datetime.now(UTC)
        if until is not None:
            end = _instant("until", until, last=True)
        if ago := re.fullmatch(r"(\d{1,5})\s*([hdw])", since.strip().lower()):
            length = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            begin = end - min(length, end - _instant("since", "0001-01-01", last=False))
        else:
            begin = _instant("since", since, last=False)
        if begin >= end:
            raise InvalidRequest.of("since", since, f"the period would end before, on {_said(end)}")
        if end - begin > _LONGEST:
            raise InvalidRequest.of("since", since, "a period has at most ten years")
        return cls(begin, end)

    def __contains__(self, instant: datetime) -> bool:
        """Whether an instant is in it."""
        known = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return self.since <= known < self.until

    def __str__(self) -> str:
        return f"{_said(self.since)} to {_said(self.until)}"

    @property
    def days(self) -> list[date]:
        """Its days (UTC), the first and the last as far as they are in it."""
        last = (self.until - timedelta(microseconds=1)).date()
        first = self.since.date()
        return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def _instant(field: str, words: str, *, last: bool) -> datetime:
    """The instant that words say; of a day its first one, or the one after it."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", words.strip()):
            day = date.fromisoformat(words.strip())
            return datetime.combine(day + timedelta(days=last), time(), UTC)
        instant = datetime.fromisoformat(words.strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest.of(
            field,
            words,
            "a time is expected",
            'Say "7d", "12h" or "4w", or a day as 2026-11-01.'
            if field == "since"
            else "Say a day as 2026-11-01, or an instant as 2026-11-01T08:00.",
        ) from error


def _said(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
