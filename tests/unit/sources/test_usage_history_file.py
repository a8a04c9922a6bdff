from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billbridge.errors import InvalidInput
from billbridge.sources.usage_history import (
    COLUMNS,
    REQUIRED_COLUMNS,
    ProblemKind,
    UsageHistory,
    UsageHistoryRow,
    UsageStatus,
    read_usage_history,
)

DAY = date(2026, 3, 2)

EXPORT = """\
Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost
Server,Acme Dental,acme.front,ACME-DC01,Paid,2025-11-01,P-1000,2025-11-03,,28,5.00
Desktop,Acme Dental,acme.front,ACME-RX7,Paid,2025-11-01,P-1000,2026-02-10,2026-02-20,11,0.98
Microsoft 365 / Google Workspace,Acme Dental,,ann@acme.example,Paid,2026-01-01,P-1001,2026-01-01,,28,1.50
SharePoint / Teams / Shared Drives,Acme Dental,,acme.example,Paid,2026-01-01,P-1001,2026-01-01,,28,2.00
Ultimate,Acme Dental,acme.front,ACME-NEW,Active trial,2026-02-26,P-1002,2026-02-26,,3,0.00
"""

ROW = {
    "Type": "Server",
    "Company": "Acme Dental",
    "User": "acme.front",
    "Endpoint": "ACME-DC01",
    "Status": "Paid",
    "Purchased": "2025-11-01",
    "Purchase ID": "P-1000",
    "Activated": "2026-02-10",
    "Deactivated": "2026-02-20",
    "Days Active": "11",
    "Cost": "0.98",
}


def read(text: str, **options: object) -> UsageHistory:
    return read_usage_history(text.encode(), day=DAY, **options)  # type: ignore[arg-type]


def file_of(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, delimiter: str = ",") -> str:
    """A file with the columns in the given order; a row's missing values are those of ROW."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(ROW | row for row in rows)
    return text.getvalue()


def read_row(**cells: str) -> UsageHistory:
    return read(file_of({name.replace("_", " "): value for name, value in cells.items()}))


def test_the_export_of_the_console_is_read_whole() -> None:
    history = read(EXPORT)

    assert [(row.line, row.type, row.endpoint, row.status) for row in history.rows] == [
        (2, "Server", "ACME-DC01", UsageStatus.PAID),
        (3, "Desktop", "ACME-RX7", UsageStatus.PAID),
        (4, "Microsoft 365 / Google Workspace", "ann@acme.example", UsageStatus.PAID),
        (5, "SharePoint / Teams / Shared Drives", "acme.example", UsageStatus.PAID),
        (6, "Ultimate", "ACME-NEW", UsageStatus.ACTIVE_TRIAL),
    ]
    assert history.problems == ()
    assert history.duplicates == 0


def test_a_row_keeps_the_days_and_the_console_s_own_figures() -> None:
    assert read(EXPORT).rows[1] == UsageHistoryRow(
        line=3,
        type="Desktop",
        company="Acme Dental",
        user="acme.front",
        endpoint="ACME-RX7",
        status=UsageStatus.PAID,
        activated=date(2026, 2, 10),
        deactivated=date(2026, 2, 20),
        days_active=11,
        cost=Decimal("0.98"),
    )


def test_a_license_still_assigned_has_no_day_of_release() -> None:
    assert read(EXPORT).rows[0].deactivated is None


def test_a_row_without_a_user_is_taken() -> None:
    assert read(EXPORT).rows[3].user == ""


# --- the file


@given(
    columns=st.permutations(COLUMNS),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_the_same_export_reads_the_same_in_any_column_order_delimiter_and_encoding(
    columns: list[str], delimiter: str, encoding: str, line_end: str
) -> None:
    source = list(csv.DictReader(io.StringIO(EXPORT)))
    text = file_of(*source, columns=tuple(columns), delimiter=delimiter).replace("\r\n", line_end)

    assert read_usage_history(text.encode(encoding), day=DAY) == read(EXPORT)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=12), min_size=1, max_size=4))
def test_names_come_back_as_they_went_in_whatever_they_hold(names: list[str]) -> None:
    names = [f"x{name}x" for name in names]
    text = file_of(*({"Company": name, "Endpoint": f"PC{number}"} for number, name in enumerate(names)))

    assert [row.company for row in read(text).rows] == names


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_by_its_mark_in_either_byte_order(encoding: str) -> None:
    assert read_usage_history(("\ufeff" + EXPORT).encode(encoding), day=DAY) == read(EXPORT)


def test_a_header_may_be_written_in_any_case_and_spacing() -> None:
    text = EXPORT.replace("Purchase ID", " PURCHASE_ID").replace("Days Active", "days  active ")

    assert read(text) == read(EXPORT)


def test_unknown_columns_are_ignored() -> None:
    text = file_of({"Region": "EU"}, columns=("Region", *COLUMNS))

    assert read(text).rows == read(file_of({})).rows


def test_columns_that_only_explain_may_be_missing() -> None:
    (row,) = read(file_of({}, columns=tuple(sorted(REQUIRED_COLUMNS)))).rows

    assert (row.days_active, row.cost) == (None, None)


@pytest.mark.parametrize("column", sorted(REQUIRED_COLUMNS))
def test_a_column_that_a_count_hangs_on_must_be_there(column: str) -> None:
    with pytest.raises(InvalidInput, match=f"lacks the column {column}"):
        read(file_of({}, columns=tuple(name for name in COLUMNS if name != column)))


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(InvalidInput, match="lacks the columns Type, Status, Activated"):
        read(file_of({}, columns=("Company", "User", "Endpoint", "Deactivated", "Cost")))


def test_the_error_for_missing_columns_shows_the_header_that_was_found() -> None:
    with pytest.raises(InvalidInput) as caught:
        read("Name,Amount\nx,1\n")

    assert "Name, Amount" in caught.value.hint


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="column Company twice"):
        read(file_of({}, columns=(*COLUMNS, "Company")))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is empty"):
        read("\n\n")


def test_a_header_alone_is_a_file_without_rows() -> None:
    assert read(EXPORT.splitlines()[0]) == UsageHistory(rows=())


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "Müller".encode("cp1252"), EXPORT.encode("utf-16-le")]
)
def test_what_is_not_unicode_text_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="CSV UTF-8"):
        read_usage_history(data, day=DAY)


def test_a_quotation_mark_that_is_never_closed_is_refused_rather_than_swallowing_the_rest() -> None:
    with pytest.raises(InvalidInput, match="no readable CSV"):
        read(EXPORT.replace("Desktop,", '"Desktop,'))


def test_excel_s_line_that_declares_the_delimiter_is_understood() -> None:
    history = read("sep=;\n" + file_of({}, delimiter=";"))

    assert [row.line for row in history.rows] == [3]


def test_blank_rows_are_skipped_and_keep_their_line_numbers() -> None:
    lines = EXPORT.splitlines()
    history = read("\n".join([lines[0], "", lines[1], ",,,,,,,,,,", "  ", lines[2]]))

    assert [row.line for row in history.rows] == [3, 6]


def test_line_numbers_are_those_of_the_file_when_a_quoted_name_holds_a_line_break() -> None:
    history = read(file_of({"Company": "Acme\nDental"}, {"Endpoint": "ACME-DC02"}))

    assert [row.line for row in history.rows] == [2, 4]
    assert history.rows[0].company == "Acme\nDental"


def test_a_comma_in_a_quoted_name_belongs_to_the_name() -> None:
    assert read(file_of({"Company": "Birch & Co, Ltd."})).rows[0].company == "Birch & Co, Ltd."


def test_a_comma_in_a_name_without_quotes_makes_the_row_an_error_instead_of_shifting_it() -> None:
    history = read(EXPORT.replace("Desktop,Acme Dental,", "Desktop,Birch & Co, Ltd.,"))

    assert [(problem.line, problem.kind) for problem in history.problems] == [(3, ProblemKind.ERROR)]
    assert "more cells than the header" in history.problems[0].reason
    assert 3 not in {row.line for row in history.rows}


def test_empty_cells_beyond_the_header_are_harmless() -> None:
    assert read(EXPORT.replace(",0.98", ",0.98,,")) == read(EXPORT)


def test_names_are_trimmed_and_keep_their_case() -> None:
    (row,) = read_row(Company="  aCME Dental ").rows

    assert row.company == "aCME Dental"


# --- single rows


@pytest.mark.parametrize("column", ["Type", "Company", "Endpoint", "Status", "Activated"])
def test_a_row_without_a_value_a_count_hangs_on_is_left_out(column: str) -> None:
    history = read(file_of({column: " "}))

    assert history.rows == ()
    assert [(each.line, each.column, each.reason) for each in history.errors] == [(2, column, "is missing")]


def test_every_fault_of_a_row_is_reported_not_only_the_first() -> None:
    history = read_row(Company="", Status="Borrowed", Activated="soon")

    assert [each.column for each in history.errors] == ["Company", "Status", "Activated"]


def test_a_faulty_row_does_not_keep_the_others_out() -> None:
    history = read(file_of({"Company": ""}, {"Endpoint": "ACME-DC02"}))

    assert [row.endpoint for row in history.rows] == ["ACME-DC02"]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("Paid", UsageStatus.PAID),
        ("EXPIRED", UsageStatus.EXPIRED),
        ("active  Trial", UsageStatus.ACTIVE_TRIAL),
        ("Expired trial", UsageStatus.EXPIRED_TRIAL),
    ],
)
def test_a_state_is_known_in_any_case(written: str, status: UsageStatus) -> None:
    assert read_row(Status=written).rows[0].status is status


def test_an_unknown_state_is_an_error_that_names_the_known_ones() -> None:
    (problem,) = read_row(Status="Borrowed").errors

    assert (problem.column, problem.value) == ("Status", "Borrowed")
    assert "Paid, Expired, Active trial, Expired trial" in problem.reason


def test_a_release_before_the_activation_is_an_error() -> None:
    (problem,) = read_row(Activated="2026-02-10", Deactivated="2026-02-09").errors

    assert (problem.column, problem.value) == ("Deactivated", "2026-02-09")
    assert "before the activation on 2026-02-10" in problem.reason


def test_a_release_on_the_day_of_activation_is_one_day() -> None:
    assert read_row(Activated="2026-02-10", Deactivated="2026-02-10", Days_Active="1").problems == ()


@pytest.mark.parametrize("column", ["Activated", "Deactivated"])
def test_a_day_after_the_business_day_is_an_error(column: str) -> None:
    history = read(file_of({"Activated": "2026-02-10", "Deactivated": "", "Days Active": "", column: "2026-03-03"}))

    assert [each.column for each in history.errors] == [column]
    assert "lies in the future" in history.errors[0].reason


def test_the_business_day_itself_is_not_the_future() -> None:
    assert read_row(Activated=str(DAY), Deactivated=str(DAY), Days_Active="1").problems == ()


# --- days active


@pytest.mark.parametrize(
    ("activated", "deactivated", "days"),
    [
        ("2026-02-10", "2026-02-20", "11"),  # whole days, both ends counted
        ("2026-02-10", "2026-02-20", "10"),  # from noon to noon
        ("2025-11-03", "", "28"),  # February's share of a license that is still held
        ("2025-11-03", "2026-02-20", "20"),  # February's share of one that was released
        ("2026-03-01", "", "31"),  # the running month, counted to its end
        ("2025-11-03", "2026-02-20", "110"),  # the whole span
    ],
)
def test_days_that_the_dates_can_hold_are_believed(activated: str, deactivated: str, days: str) -> None:
    history = read_row(Activated=activated, Deactivated=deactivated, Days_Active=days)

    assert history.problems == ()
    assert history.rows[0].days_active == int(days)


@pytest.mark.parametrize(
    ("activated", "deactivated", "days"),
    [
        ("2026-02-10", "2026-02-20", "12"),
        ("2026-02-10", "2026-02-20", "9"),
        ("2026-02-10", "2026-02-20", "0"),
        ("2026-03-01", "", "32"),
        ("2025-11-03", "2026-02-20", "111"),
    ],
)
def test_days_that_contradict_the_dates_are_a_warning_and_the_row_is_taken(
    activated: str, deactivated: str, days: str
) -> None:
    history = read_row(Activated=activated, Deactivated=deactivated, Days_Active=days)

    assert [(each.column, each.value, each.kind) for each in history.problems] == [
        ("Days Active", days, ProblemKind.WARNING)
    ]
    assert len(history.rows) == 1
    assert history.errors == ()
    assert history.warnings == history.problems


def test_an_expired_license_may_have_fewer_days_than_lie_before_its_release() -> None:
    assert read_row(Status="Expired", Days_Active="3").problems == ()


@pytest.mark.parametrize(
    ("column", "value"), [("Days Active", "a week"), ("Days Active", "-1"), ("Cost", "gratis")]
)
def test_a_figure_that_only_explains_may_be_unreadable(column: str, value: str) -> None:
    history = read(file_of({column: value}))

    assert [(each.column, each.value, each.kind) for each in history.problems] == [
        (column, value, ProblemKind.WARNING)
    ]
    assert len(history.rows) == 1


# --- duplicates


def test_identical_rows_collapse_and_are_counted() -> None:
    history = read(file_of({}, {"Endpoint": "ACME-DC02"}, {}, {}))

    assert [row.line for row in history.rows] == [2, 3]
    assert history.duplicates == 2
    assert history.problems == ()


def test_a_warning_of_a_duplicate_is_not_repeated() -> None:
    assert len(read(file_of({"Days Active": "30"}, {"Days Active": "30"})).warnings) == 1


@pytest.mark.parametrize("column", ["Purchase ID", "Endpoint", "User", "Cost"])
def test_rows_that_differ_in_anything_are_both_kept(column: str) -> None:
    history = read(file_of({}, {column: "7"}))

    assert len(history.rows) == 2
    assert history.duplicates == 0


# --- dates in another order


@pytest.mark.parametrize(
    ("order", "written"),
    [
        ("us", "2/10/2026"),
        ("us", "02/10/2026 3:04:05 PM"),
        ("eu", "10.2.2026"),
        ("eu", "10/02/2026"),
        ("eu", "10-02-2026"),
    ],
)
def test_dates_are_read_in_the_order_that_was_told(order: str, written: str) -> None:
    history = read(file_of({"Activated": written, "Deactivated": "", "Days Active": ""}), dates=order)

    assert [row.activated for row in history.rows] == [date(2026, 2, 10)]


@pytest.mark.parametrize(("order", "written"), [("iso", "2/10/2026"), ("us", "2026-02-10"), ("eu", "2026-02-10")])
def test_a_date_in_an_order_that_was_not_told_is_an_error_never_a_guess(order: str, written: str) -> None:
    history = read(file_of({"Activated": written, "Deactivated": ""}), dates=order)

    assert history.rows == ()
    assert [each.column for each in history.errors] == ["Activated"]
    assert "choose the date order" in history.errors[0].reason
