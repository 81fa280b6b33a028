"""The kernel of lists as far as it needs no rows: links, sums' places, files, charts."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.forms import CharField, Form
from django.http import QueryDict
from django.utils import translation
from django.utils.timezone import override

from ondemand.charts import Point, funnel, money_draw, scale_of, year_chart
from ondemand.portal import values
from ondemand.portal.exports import Column, file_name, harmless, plain_lines, write_csv, write_xlsx
from ondemand.portal.query import understood
from ondemand.portal.tables import BadgeCell, MailCell, hundredths


class Filters(Form):
    q = CharField(required=False, max_length=20)


def links(asked: str, *without: str, sort: str = "", hidden: tuple[str, ...] = ()) -> str:
    query = QueryDict(asked)
    return understood(query, Filters(query), sort, list(hidden)).link(*without)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_made_harmless(text: str) -> None:
    assert harmless(text).startswith("'")


def test_a_cell_loses_what_no_spreadsheet_can_hold() -> None:
    assert harmless("a\x00b\ud800c") == "abc"


def test_an_ordinary_name_is_exported_as_it_is() -> None:
    assert harmless("Óptica Ibérica S.L. (1=2)") == "Óptica Ibérica S.L. (1=2)"


COLUMNS = [Column("name", "name"), Column("amount", "amount", "money"), Column("rate", "rate", "rate")]
ROW = ("=cmd", -123456, 1250, "EUR")


def test_a_file_holds_exact_figures_with_a_point_even_below_zero() -> None:
    file = BytesIO()
    assert write_csv(file, ["name", "amount", "rate"], plain_lines(iter([ROW]), COLUMNS, set())) == 1
    assert file.getvalue().decode() == "name,amount,rate\r\n'=cmd,-1234.56,12.5\r\n"


def test_a_workbook_holds_numbers_as_numbers_and_no_formula() -> None:
    from openpyxl import load_workbook

    file = BytesIO()
    write_xlsx(file, ["name", "amount", "rate"], plain_lines(iter([ROW]), COLUMNS, set()))
    cells = list(load_workbook(file).active.iter_rows(min_row=2))[0]
    read = [(str(cell.value), cell.data_type) for cell in cells]
    assert read == [("'=cmd", "s"), ("-1234.56", "n"), ("12.5", "n")]


def test_the_currencies_of_a_file_are_those_of_its_rows() -> None:
    found: set[str] = set()
    list(plain_lines(iter([ROW, ("x", 1, 1, "USD"), ("y", None, None, None)]), COLUMNS, found))
    assert found == {"EUR", "USD"}


def test_a_file_is_named_after_zone_day_time_zone_and_currency() -> None:
    with override("America/New_York"):
        name = file_name("sales", datetime(2026, 11, 24, 2, tzinfo=UTC), ("USD",), "csv")
    assert re.fullmatch(r"sales_(EU|US)_2026-11-23_America-New_York_USD\.csv", name)


def test_a_rate_in_basis_points_is_written_in_per_cent() -> None:
    assert [hundredths(value) for value in (2000, 1250, 5, -333)] == ["20", "12.5", "0.05", "-3.33"]


def test_links_keep_the_filter_the_sort_and_the_hidden_columns() -> None:
    assert links("q=a b&page=3", sort="-name", hidden=("mail",)) == "?q=a+b&sort=-name&hide=mail&"


def test_a_link_drops_the_key_that_it_is_about() -> None:
    assert links("q=a", "sort", sort="name") == "?q=a&"


def test_links_drop_what_was_not_understood() -> None:
    assert links(f"q={'x' * 21}&evil=1&page=abc") == "?"


def test_a_link_to_another_site_is_never_a_script() -> None:
    assert "<a" not in values.site("javascript:alert(1)")


def test_text_in_a_cell_is_escaped() -> None:
    drawn = MailCell().draw('"><script>@x', None) + BadgeCell({}).draw("<b>", None)
    assert "<script>" not in drawn
    assert "<b>" not in drawn


def test_an_unknown_tone_is_drawn_calm() -> None:
    assert 'class="badge dot calm"' in values.badge("x", '" onclick="')


@pytest.mark.parametrize("seen", [[0], [1], [7], [-3, 8], [701_200, 320_000], [-5], [10**15]])
def test_an_axis_holds_every_value_in_a_few_round_steps(seen: list[int]) -> None:
    scale = scale_of(seen)
    assert scale.low <= min(seen) <= max(seen) <= scale.high
    assert 2 <= len(scale.marks) <= 7


def test_a_chart_carries_no_inline_style_and_comes_with_its_table() -> None:
    short, exact = money_draw("EUR")
    with translation.override("en"):
        drawn = year_chart([Point("<Jan>", 100, None), Point("Feb", None, 50)], title="T", short=short, exact=exact)
    assert "style" not in drawn
    assert "<Jan>" not in drawn
    assert "€0.50" in drawn
    assert "<table>" in drawn


def test_a_chart_without_a_year_before_speaks_of_no_year_before() -> None:
    assert "Last year" not in year_chart([Point("Jan", 1, None)], title="T", short=str, exact=str)


def test_a_chart_of_nothing_is_nothing() -> None:
    assert year_chart([], title="T", short=str, exact=str) == ""


def test_a_funnel_takes_each_share_of_its_first_step() -> None:
    drawn = funnel([("Visits", 200), ("Paid", 13)])
    assert re.findall(r"(\d+)%", drawn) == ["100", "7"]


def test_a_funnel_without_visits_shows_no_share() -> None:
    assert "%" not in funnel([("Visits", 0), ("Paid", 0)])
