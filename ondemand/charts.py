"""Charts drawn on the server as SVG, in integers and with classes only; each comes with its table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from babel import Locale
from babel.numbers import format_compact_currency
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, to_locale

from ondemand.money import Money

Draw = Callable[[int], str]
Place = tuple[int, int]


@dataclass(frozen=True)
class Point:
    """One period: its label, and the value now and a year before (None: there was nothing to count yet)."""

    label: str
    now: int | None
    then: int | None


@dataclass(frozen=True)
class Frame:
    """Sizes in the SVG's own units; `every` so many labels one is written."""

    kind: str
    width: int
    height: int
    left: int
    every: int
    top: int = 12
    bottom: int = 26
    right: int = 14


YEAR = 12
WIDE = Frame("chart", 760, 270, 64, 1)
NARROW = Frame("chart narrow", 340, 230, 52, 3)


@dataclass(frozen=True)
class Scale:
    low: int
    high: int
    step: int

    def y(self, value: int, frame: Frame) -> int:
        room = frame.height - frame.top - frame.bottom
        return frame.top + (self.high - value) * room // (self.high - self.low)

    @property
    def marks(self) -> range:
        return range(self.low, self.high + 1, self.step)


def scale_of(values: Sequence[int]) -> Scale:
    """From a round number at or below the least value (or 0) to one at or above the greatest, in few steps."""
    low, high = min(0, *values, 0), max(0, *values, 0)
    step = _round_step(high - low or 100)
    return Scale(low // step * step, max(-(-high // step) * step, low // step * step + step), step)


def _round_step(span: int) -> int:
    """The least of 1, 2, 5, 10, 20 … that takes at most four steps."""
    ten = 1
    while ten * 5 * 4 < span:
        ten *= 10
    return next(lead * ten for lead in (1, 2, 5) if lead * ten * 4 >= span)


def money_draw(currency: str) -> tuple[Draw, Draw]:
    """How amounts in minor units read on an axis (short) and in a table (exact)."""
    locale = Locale.parse(to_locale(get_language() or "en"))

    def short(amount: int) -> str:
        return format_compact_currency(Money(amount, currency).decimal, currency, locale=locale, fraction_digits=1)

    return short, lambda amount: str(Money(amount, currency))


def year_chart(
    points: Sequence[Point], *, title: str, short: Draw, exact: Draw, period: str | None = None
) -> SafeString:
    """This year as an area, last year as a dashed line; wide and narrow drawings, a legend and a table.

    `short` writes the axis, `exact` the tooltips and the table. Without any value of last year, it is
    left out of all of them. `period` heads the table's labels: a month, unless it says otherwise.
    """
    if not points:
        return mark_safe("")
    values = [value for point in points for value in (point.now, point.then) if value is not None]
    scale = scale_of(values or [0])
    drawings = [_drawing(frame, points, scale, title, short, exact) for frame in (WIDE, NARROW)]
    return format_html(
        '<div class="chart-box">{}{}{}{}</div>',
        _legend(points),
        *drawings,
        _table(points, title, exact, period or gettext("Month")),
    )


def _drawing(frame: Frame, points: Sequence[Point], scale: Scale, title: str, short: Draw, exact: Draw) -> SafeString:
    now = _places(frame, scale, [point.now for point in points])
    then = _places(frame, scale, [point.then for point in points])
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="xMinYMid" role="img" aria-label="{}">'
        "{}{}{}{}{}{}</svg>",
        frame.kind,
        frame.width,
        frame.height,
        title,
        _grid(frame, scale, short),
        _labels(frame, points),
        _area(frame, scale, now),
        _line("then", then),
        _line("now", now),
        _dots(points, frame, scale, exact),
    )


def _x(frame: Frame, place: int, of: int) -> int:
    room = frame.width - frame.left - frame.right
    return frame.left + (place * room // (of - 1) if of > 1 else room // 2)


def _places(frame: Frame, scale: Scale, values: Sequence[int | None]) -> list[Place | None]:
    return [
        None if value is None else (_x(frame, place, len(values)), scale.y(value, frame))
        for place, value in enumerate(values)
    ]


def _runs(places: Sequence[Place | None]) -> Iterator[list[Place]]:
    """Stretches without a gap."""
    run: list[Place] = []
    for place in [*places, None]:
        if place is not None:
            run.append(place)
        elif run:
            yield run
            run = []


def _line(kind: str, places: Sequence[Place | None]) -> SafeString:
    drawn = ((kind, _path(run)) for run in _runs(places))
    return format_html_join("", '<path class="{}" d="{}"/>', drawn)


def _area(frame: Frame, scale: Scale, places: Sequence[Place | None]) -> SafeString:
    ground = scale.y(0, frame)
    drawn = ((f"{_path(run)}V{ground}H{run[0][0]}Z",) for run in _runs(places))
    return format_html_join("", '<path class="area" d="{}"/>', drawn)


def _path(run: Sequence[Place]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in run)


def _grid(frame: Frame, scale: Scale, short: Draw) -> SafeString:
    rows = ((scale.y(mark, frame), short(mark)) for mark in scale.marks)
    line = '<path class="grid" d="M{} {}H{}"/><text class="end" x="{}" y="{}">{}</text>'
    end = frame.width - frame.right
    return format_html_join("", line, ((frame.left, y, end, frame.left - 8, y + 4, text) for y, text in rows))


def _labels(frame: Frame, points: Sequence[Point]) -> SafeString:
    """Every so many, counted from the last: the newest period is always named. More than a year's get no denser."""
    every = max(frame.every, -(-len(points) * frame.every // YEAR))
    last = len(points) - 1
    shown = [
        ("end" if place == last > YEAR else "mid", _x(frame, place, len(points)), frame.height - 6, point.label)
        for place, point in enumerate(points)
        if (last - place) % every == 0
    ]
    return format_html_join("", '<text class="{}" x="{}" y="{}">{}</text>', shown)


def _dots(points: Sequence[Point], frame: Frame, scale: Scale, exact: Draw) -> SafeString:
    places = _places(frame, scale, [point.now for point in points])
    drawn = (
        (place[0], place[1], f"{point.label}: {_said(point, exact)}")
        for place, point in zip(places, points, strict=True)
        if place
    )
    return format_html_join("", '<circle class="point" cx="{}" cy="{}" r="3"><title>{}</title></circle>', drawn)


def _said(point: Point, exact: Draw) -> str:
    now = "—" if point.now is None else exact(point.now)
    if point.then is None:
        return now
    return gettext("%(now)s, a year before %(then)s") % {"now": now, "then": exact(point.then)}


def _compares(points: Sequence[Point]) -> bool:
    return any(point.then is not None for point in points)


def _legend(points: Sequence[Point]) -> SafeString:
    if not _compares(points):
        return mark_safe("")
    key = '<span><svg viewBox="0 0 24 8" aria-hidden="true"><path class="key {}" d="M0 4H24"/></svg> {}</span>'
    keys = (("now", gettext("This year")), ("then", gettext("Last year")))
    return format_html('<p class="legend">{}</p>', format_html_join("", key, keys))


def _table(points: Sequence[Point], title: str, exact: Draw, period: str) -> SafeString:
    heads = [gettext("This year"), gettext("Last year")] if _compares(points) else [title]
    rows = [(point.label, _figures(point, len(heads), exact)) for point in reversed(points)]
    return format_html(
        '<details><summary>{}</summary><div class="scroll"><table><caption class="unseen">{}</caption>'
        '<thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div></details>',
        gettext("Show as a table"),
        title,
        period,
        format_html_join("", '<th scope="col" class="number">{}</th>', ((head,) for head in heads)),
        format_html_join("", '<tr><th scope="row">{}</th>{}</tr>', rows),
    )


def _figures(point: Point, many: int, exact: Draw) -> SafeString:
    shown = ["—" if value is None else exact(value) for value in (point.now, point.then)][:many]
    return format_html_join("", '<td class="number">{}</td>', ((text,) for text in shown))


def funnel(steps: Sequence[tuple[str, int]], *, number: Draw = str) -> SafeString:
    """Each step as a bar, its share taken of the first step; a later step may be greater than an earlier one."""
    whole = max((size for _, size in steps), default=0) or 1
    first = steps[0][1] if steps else 0
    rows = ((label, number(size), _share(size, first), whole, size, label) for label, size in steps)
    row = (
        '<li><div class="row"><span>{}</span><span><b>{}</b> <span class="soft">{}</span></span></div>'
        '<progress max="{}" value="{}" aria-label="{}"></progress></li>'
    )
    return format_html('<ol class="funnel">{}</ol>', format_html_join("", row, rows))


def _share(size: int, first: int) -> str:
    return gettext("%(share)s%%") % {"share": (2 * 100 * size + first) // (2 * first)} if first else ""
