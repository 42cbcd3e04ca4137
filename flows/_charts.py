"""A report's figures as pictures. Matplotlib is imported when one is drawn: it takes half a second.

They have a ground of their own, so that they can be read in a dark dashboard and in a light one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pybase64
from PIL import Image

from darkroom.usage import OfModel, Usage, short
from tasks._show import MAX_DATA, data_uri

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MODELS = 8
"""How many models a chart has: those that cost most."""

_INK, _FAINT, _GROUND = "#1f2933", "#d5dbe1", "#ffffff"
# Told apart by those who see red and green alike (Okabe and Ito).
_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7a5195", "#9a8c4a")
_REST = "#9aa5b1"
_OUTCOMES = {
    "made": "#009e73",
    "cached": "#56b4e9",
    "filtered": "#e69f00",
    "failed": "#d55e00",
    "stopped": "#7a5195",
}
_WIDTH, _DPI = 7.6, 130
_STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "text.color": _INK,
    "text.parse_math": False,  # a "$" is a dollar
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "figure.facecolor": _GROUND,
    "axes.facecolor": _GROUND,
}


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        name: What it shows, in a word or two with dashes: "spend".
        title: What it shows, in a line.
        png: The picture.
    """

    name: str
    title: str
    png: bytes

    @property
    def data_uri(self) -> str:
        """As a WebP in a data URI that an artifact may have: sharp, if that is small enough."""
        with Image.open(io.BytesIO(self.png)) as image:
            out = io.BytesIO()
            image.convert("RGB").save(out, "WEBP", lossless=True, quality=100, method=4)
        uri = "data:image/webp;base64," + pybase64.b64encode(out.getvalue()).decode("ascii")
        return uri if len(uri) <= MAX_DATA else data_uri(self.png, 960)


def charts(usage: Usage) -> Iterator[Chart]:
    """The charts of a report: those for which there is anything to show."""
    if any(any(day.spend_usd.values()) for day in usage.days):
        yield _drawn("spend", "Spend by day and model, US$", 3.6, usage, _spend)
    if timed := [each for each in usage.models if each.seconds_p50 is not None]:
        title = f"Seconds of a call by model{_of(timed)}"
        yield _drawn("seconds", title, _height(len(timed)), usage, _seconds)
    if asked := [each for each in usage.models if _requests(each)]:
        title = f"What became of requests, by model{_of(asked)}"
        yield _drawn("outcomes", title, _height(len(asked)), usage, _outcomes)


def _of(models: list[OfModel]) -> str:
    """Says where some are left out."""
    return f" ({MOST_MODELS} of {len(models)})" if len(models) > MOST_MODELS else ""


def _drawn(
    name: str, title: str, height: float, usage: Usage, draw: Callable[[Axes, Usage], None]
) -> Chart:
    with _figure(height) as (figure, axes):
        axes.set_title(title)
        draw(axes, usage)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=_DPI)
    return Chart(name, title, out.getvalue())


@contextmanager
def _figure(height: float) -> Iterator[tuple[Figure, Axes]]:
    """A figure of one chart. It knows no screen: it is drawn by Agg, into memory."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height))
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        FigureCanvasAgg(figure)
        yield figure, figure.add_subplot()


def _spend(axes: Axes, usage: Usage) -> None:
    """A bar for each day, of one piece for each model that was paid for."""
    from matplotlib.ticker import StrMethodFormatter

    paid = [each.model for each in usage.models if each.spend_usd]
    shown, rest = paid[:MOST_MODELS], paid[MOST_MODELS:]
    days = [each.spend_usd for each in usage.days]
    pieces = {short(id_): [day.get(id_, 0.0) for day in days] for id_ in shown}
    if rest:
        pieces["other models"] = [sum(day.get(id_, 0.0) for id_ in rest) for day in days]
    below = [0.0] * len(days)
    for number, (name, heights) in enumerate(pieces.items()):
        color = _COLORS[number] if number < len(shown) else _REST
        axes.bar(range(len(days)), heights, bottom=below, width=0.7, color=color, label=_cut(name))
        below = [low + high for low, high in zip(below, heights, strict=True)]
    for place, total in enumerate(below):
        if total and len(days) <= 14:
            label = f"${total:.2f}" if total >= 0.01 else f"${total:.3g}"
            axes.annotate(label, (place, total), (0, 3), textcoords="offset points", ha="center")
    every = max(1, -(-len(days) // 10))
    places = range(0, len(days), every)
    axes.set_xticks(list(places), [_day(usage.days[place].day) for place in places])
    axes.set_xlim(-0.6, max(len(days) - 0.4, 3.4))
    axes.yaxis.set_major_formatter(StrMethodFormatter("${x:,.2f}"))
    axes.margins(y=0.12)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), reverse=True)


def _seconds(axes: Axes, usage: Usage) -> None:
    """Two bars for each model: what half of its calls, and what nearly all of them took."""
    models = [each for each in usage.models if each.seconds_p50 is not None][:MOST_MODELS]
    places = range(len(models))
    for shift, part, color, label in (
        (-0.19, "seconds_p50", _COLORS[0], "p50: half of the calls took no longer"),
        (0.19, "seconds_p95", _COLORS[4], "p95: 95 of 100 took no longer"),
    ):
        values = [getattr(each, part) for each in models]
        bars = axes.barh([place + shift for place in places], values, 0.36, color=color)
        bars.set_label(label)
        axes.bar_label(bars, [_time(value) for value in values], padding=4)
    _name_rows(axes, models)
    axes.set_xlabel("seconds")


def _outcomes(axes: Axes, usage: Usage) -> None:
    """A bar for each model, of one piece for each outcome; below it how often it was retried."""
    from matplotlib.ticker import MaxNLocator

    models = [each for each in usage.models if _requests(each)][:MOST_MODELS]
    left = [0] * len(models)
    for outcome, color in _OUTCOMES.items():
        values = [getattr(each, outcome) for each in models]
        if any(values):
            bars = axes.barh(range(len(models)), values, 0.5, left=left, color=color)
            bars.set_label(outcome)
            most = max(map(_requests, models))
            labels = [str(value) if value > most * 0.04 else "" for value in values]
            ink = _INK if outcome in ("cached", "filtered") else _GROUND
            axes.bar_label(bars, labels, label_type="center", color=ink, weight="bold")
            left = [low + value for low, value in zip(left, values, strict=True)]
    retries = [each.retries for each in models]
    if any(retries):
        below = [place + 0.34 for place in range(len(models))]
        bars = axes.barh(below, retries, 0.14, color=_REST, hatch="////", edgecolor=_GROUND)
        bars.set_label("tried again")
        axes.bar_label(bars, [str(each or "") for each in retries], padding=4, fontsize=8)
    _name_rows(axes, models)
    axes.set_xlabel("requests (filtered: calls)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _name_rows(axes: Axes, models: list[OfModel]) -> None:
    """The names of models on the left, from the top, and a legend below."""
    axes.set_yticks(range(len(models)), [_cut(each.name) for each in models])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.margins(x=0.1)
    axes.grid(axis="x")
    figure: Any = axes.figure
    figure.legend(ncols=6, loc="outside lower left")


def _requests(each: OfModel) -> int:
    return sum(int(getattr(each, outcome)) for outcome in _OUTCOMES)


def _height(rows: int) -> float:
    """Inches for so many rows."""
    return 1.6 + 0.5 * min(max(rows, 2), MOST_MODELS)


def _time(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2g}"


def _day(day: date) -> str:
    return f"{day:%b} {day.day}"


def _cut(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
