#!/usr/bin/env python3
"""Opens the sample of every export by other people's programs and compares the figures.

    cargo run -p exports --example sample -- FOLDER
    tests/exports/check.py FOLDER

CSV by Python's csv and by LibreOffice (`apt install libreoffice-calc`), XLSX by openpyxl (`pip install openpyxl`) and by
LibreOffice; HTML printed by Chromium, by the very command of docs/exports.md, and the print read and looked at by poppler
(`apt install chromium poppler-utils`). What is not installed is named, and fails the check, unless SKIP names it:
SKIP=openpyxl,libreoffice,chromium. What everything is compared with are the statements as JSON, which another renderer
wrote.
"""

import csv
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal

folder = pathlib.Path(sys.argv[1])
skip = set(filter(None, os.environ.get("SKIP", "").split(",")))
statements = {}
for path in sorted(folder.glob("statement-[0-9].json")):
    statement = json.loads(path.read_text())
    year, month = statement["month"].split("-")
    statements[f"{year[2:]}{month}{statement['account_number']:04d}"] = statement
assert len(statements) == 4, "the sample has four accounts"
checks = 0


def same(found, expected, what):
    global checks
    checks += 1
    assert found == expected, f"{what}: {found!r} is not {expected!r}"


def read(pattern):
    paths = sorted(folder.glob(pattern))
    assert len(paths) == 1, f"{pattern}: {paths}"
    raw = paths[0].read_bytes()
    assert raw.decode("utf-8") and b"\n" not in raw.replace(b"\r\n", b""), f"{pattern}: lines end in CR LF"
    with open(paths[0], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        for name, value in row.items():
            risky = value[:1] in ("=", "+", "-", "@", "\t", "\r", "\0") and value != ""
            if risky:
                Decimal(value)  # A number may begin with a minus; text may not.
    return rows


def money(text):
    return Decimal(text or "0")


def pennies(amount):
    return int(amount * 100)


def charges():
    rows = read("charges-*.csv")
    same(len(rows), sum(len(s["lines"]) for s in statements.values()), "charges: rows")
    for row in rows:
        line = statements[row["statement_ref"]]["lines"][int(row["line_no"]) - 1]
        same(int(row["quantity"]) * money(row["unit_amount"]), money(row["net_amount"]), "charges: product")
        same(row["net_amount"], line["net"], "charges: net")
        same(row["statement_blake3"], statements[row["statement_ref"]]["digest"], "charges: digest")
        datetime.date.fromisoformat(row["period_start"])


def xero():
    found = {}
    for pattern in ("xero-invoices-*.csv", "xero-credit-notes-*.csv"):
        for row in read(pattern):
            amount = int(row["*Quantity"]) * money(row["*UnitAmount"]) + money(row.get("TaxAmount"))
            found[row["*InvoiceNumber"]] = found.get(row["*InvoiceNumber"], 0) + amount
            datetime.datetime.strptime(row["*DueDate"], "%d/%m/%Y")
    expected = {ref: money(s["sums"]["gross"]) for ref, s in statements.items() if s["sums"]["gross_minor"]}
    same(found, expected, "xero: gross by invoice")


def sage():
    found = {}
    for row in read("sage-*.csv"):
        sign = {"SI": 1, "SC": -1}[row["Type"]]
        amount = sign * (money(row["Net Amount"]) + money(row["Tax Amount"]))
        found[row["Reference"]] = found.get(row["Reference"], 0) + amount
        assert len(row["Details"]) <= 60 and len(row["Account Reference"]) <= 8, row
    expected = {ref: money(s["sums"]["gross"]) for ref, s in statements.items() if s["sums"]["gross_minor"]}
    same(found, expected, "sage: gross by reference")


def collected():
    rows = [row for row in read("gocardless-*.csv") if row["payment.amount"]]
    for row in rows:
        due = statements[row["payment.metadata.statement"]]["sums"]["due"]
        same(row["payment.amount"], due, "gocardless: amount")
    same(len(rows), 1, "gocardless: payments")
    for row in read("notices-*.csv"):
        kinds = ("monthly", "discount", "setup", "refund", "overdraft", "adjustment", "vat", "credit_brought_forward")
        same(sum(money(row[kind]) for kind in kinds), money(row["total"]), "notices: parts")
        same(row["total"], statements[row["statement_ref"]]["sums"]["due"], "notices: total")


def sheets_agree(sheets, by):
    """The summary and the charges of a workbook, as rows of values, against the statements."""
    summary, lines = sheets["Summary"], sheets["Charges"]
    head = summary[0]
    rows = {row[0]: dict(zip(head, row)) for row in summary[1:]}
    for ref, statement in statements.items():
        for column, key in (("Net", "net"), ("With VAT", "gross"), ("To pay", "due"), ("Credit for the next month", "carried_out")):
            same(pennies(Decimal(str(rows[ref][column]))), statement["sums"][f"{key}_minor"], f"{by}: {ref} {column}")
        same(str(rows[ref]["Closed"])[:10], statement["closed_at"][:10], f"{by}: {ref} closed")
    total = sum(s["sums"]["net_minor"] for s in statements.values())
    same(pennies(Decimal(str(rows["Total"]["Net"]))), total, f"{by}: total")
    head = lines[0]
    for row in (dict(zip(head, row)) for row in lines[1:]):
        line = statements[row["Reference"]]["lines"][int(row["Line"]) - 1]
        same(pennies(Decimal(str(row["Net"]))), line["net_minor"], f"{by}: line")
        same(int(row["Quantity"]) * pennies(Decimal(str(row["Unit"]))), line["net_minor"], f"{by}: product")
        if "HYPERLINK" in row["Name"]:
            assert row["Name"].startswith("'="), row["Name"]
    days = sheets["Licences (days)"]
    billed = sum(int(row[7] or 0) for row in days[1:])
    same(billed, sum(s["licence_days"] for s in statements.values()), f"{by}: licence-days")
    evidence = {(row[0], row[2]): row[3] for row in sheets["Evidence"][1:]}
    for ref, statement in statements.items():
        same(evidence[ref, "Statement (BLAKE3)"], statement["digest"], f"{by}: digest")
        same(evidence[ref, "Merkle root of the log then (BLAKE3)"], statement["log_root"], f"{by}: root")
        same(int(evidence[ref, "Charges"]), len(statement["lines"]), f"{by}: charges counted")


def by_openpyxl(path):
    import openpyxl

    book = openpyxl.load_workbook(path)
    same(book.sheetnames, ["Summary", "Charges", "Licences (days)", "Seat timeline", "Evidence"], "sheets")
    for sheet in book:
        same(sheet.freeze_panes, "A2", f"{sheet.title}: frozen")
        same(sheet.page_setup.orientation, "landscape", f"{sheet.title}: landscape")
        same(sheet.page_setup.fitToWidth, None, f"{sheet.title}: one page wide (the default of the format)")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0, sheet.title
        same(sheet.print_title_rows, "$1:$1", f"{sheet.title}: headings repeated")
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row), f"{sheet.title}: a formula"
    closed = max(s["closed_at"] for s in statements.values())
    same(book.properties.created.isoformat() + "Z", closed, "creation time")
    summary = book["Summary"]
    same(type(summary["F2"].value), datetime.datetime, "a date is a date")
    same(summary["N2"].data_type, "n", "an amount is a number")
    seats = list(book["Seat timeline"].iter_rows(values_only=True))
    same(seats[3][4], datetime.datetime(2026, 6, 4, 9, 30), "local time")
    same(seats[3][7], datetime.datetime(2026, 6, 4, 8, 30), "UTC")
    same(seats[2][3], "'=Bob", "a holder is no formula")
    sheets_agree({sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}, "openpyxl")


def by_libreoffice(path):
    import openpyxl

    with tempfile.TemporaryDirectory() as scratch:

        def convert(sources, to, *more):
            run = ["soffice", f"-env:UserInstallation=file://{scratch}/profile", "--headless", *more]
            run += ["--convert-to", to, "--outdir", scratch, *map(str, sources)]
            subprocess.run(run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=240)

        def cells(book):
            return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}

        # The workbook, saved by LibreOffice as a workbook: every cell of every sheet, with its type.
        convert([path], "xlsx")
        again = cells(openpyxl.load_workbook(f"{scratch}/{path.name}"))
        for name, rows in cells(openpyxl.load_workbook(path)).items():
            for number, row in enumerate(rows):
                same(again[name][number][: len(row)], row, f"LibreOffice: {name}, row {number + 1}")
        sheets_agree(again, "LibreOffice")

        # Our CSV as an accountant in Britain opens it. The first one shows that a formula would run.
        control = pathlib.Path(scratch, "control.csv")
        control.write_text("a\r\n=1+1\r\n")
        ours = sorted(folder.glob("*.csv"))
        convert([control, *ours], "xlsx", f"--infilter={CSV_FILTER},,2057,false,true,false,false,false,0,true")
        same(openpyxl.load_workbook(f"{scratch}/control.xlsx").active["A2"].data_type, "f", "LibreOffice runs formulas")
        for source in ours:
            opened_as(source, f"{scratch}/{source.stem}.xlsx", typed)
        # And with every column imported as text, which keeps leading zeros and references.
        columns = "/".join(f"{number}/2" for number in range(1, 41))
        convert(ours, "xlsx", f"--infilter={CSV_FILTER},{columns},2057,true,false")
        for source in ours:
            opened_as(source, f"{scratch}/{source.stem}.xlsx", lambda text: text or None)


# Comma, double quote, UTF-8, from line 1.
CSV_FILTER = "Text - txt - csv (StarCalc):44,34,76,1"


def typed(text):
    """What a spreadsheet in Britain makes of a cell of CSV."""
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return Decimal(text)
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            pass
    return text or None


def opened_as(source, opened, expected):
    """Every cell of a CSV, as LibreOffice opened it and as it should be."""
    import openpyxl

    sheet = openpyxl.load_workbook(opened).active
    with open(source, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    same(sheet.max_row, len(rows), f"LibreOffice: rows of {source.name}")
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row, 1):
            cell, wanted = sheet.cell(number, place), expected(text)
            found = Decimal(str(cell.value)) if cell.data_type == "n" and isinstance(wanted, Decimal) else cell.value
            same(found, wanted, f"LibreOffice: {source.name} {cell.coordinate}")


def by_chromium():
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert chromium and shutil.which("pdftoppm"), "chromium and pdftoppm (poppler-utils) are needed"
    page = pathlib.Path(__file__).resolve().parents[2].joinpath("docs/exports.md").read_text()
    command = next(line for line in page.splitlines() if line.startswith("for page in statement-*.html"))
    with tempfile.TemporaryDirectory() as scratch:
        # The command says `chromium`, wherever and however it runs here; a machine for tests has no sandbox.
        shim = pathlib.Path(scratch, "bin", "chromium")
        shim.parent.mkdir()
        flags = f"--no-sandbox --disable-dev-shm-usage --no-first-run --disable-background-networking --user-data-dir={scratch}/profile"
        shim.write_text(f'#!/bin/sh\nexec {chromium} {flags} "$@"\n')
        shim.chmod(0o755)
        environment = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"}
        for there in (folder, folder / "pages"):
            subprocess.run(["sh", "-ec", command], cwd=there, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=240)
            printed = sorted(there.glob("statement-*.pdf"))
            same([pdf.stem for pdf in printed], [html.stem for html in sorted(there.glob("statement-*.html"))], "printed")
            for pdf in printed:
                source = there / f"{pdf.stem}.json"
                statement = json.loads(source.read_text()) if source.exists() else statements[pdf.stem.removeprefix("statement-")]
                printed_as(pdf, statement)


def printed_as(pdf, statement):
    """A4, the amounts of the statement in its text, and nothing that runs over the edge of the paper."""
    about = subprocess.run(["pdfinfo", str(pdf)], check=True, capture_output=True, text=True).stdout
    pages = int(next(line.split()[1] for line in about.splitlines() if line.startswith("Pages:")))
    assert "A4" in about, about
    same(pages, 3 if len(statement["lines"]) > 30 else 1, f"{pdf.name}: sheets of A4")
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    words, sums = text.split(), statement["sums"]
    draft = "DRAFT " if statement["status"] != "closed" else ""
    reference = pdf.stem.removeprefix("statement-").removesuffix("-DRAFT")
    for number in range(1, pages + 1):
        same(f"{draft}{reference}, page {number} of {pages}" in text, True, f"{pdf.name}: foot of sheet {number}")
    amounts = [line["net"] for line in statement["lines"]] + [sums["net"], sums["gross"]]
    amounts += [sums["due"]] if sums["due_minor"] else ["-" + sums["carried_out"].lstrip("-")] if sums["carried_out_minor"] else []
    for amount in amounts:
        shown = f"{Decimal(amount):,}".replace("-", "\u2212")
        same(shown in words, True, f"{pdf.name}: {shown}")
    same(text.count("DRAFT") > 0, bool(draft), f"{pdf.name}: a draft says so")
    # What runs over the edge is cut off in print, and still in the text: it shows by where it stands.
    placed = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    for left, right, word in re.findall(r'<word xMin="(-?[0-9.]+)".* xMax="([0-9.]+)".*>(.*)</word>', placed):
        assert 41 <= float(left) <= float(right) <= 595 - 41, f"{pdf.name}: {word} stands from {left} to {right} points"
    # To be looked at.
    subprocess.run(["pdftoppm", "-r", "72", "-png", str(pdf), str(pdf.with_suffix(""))], check=True)


charges()
xero()
sage()
collected()
path = next(folder.glob("*.xlsx"))
if "openpyxl" not in skip:
    by_openpyxl(path)
if "libreoffice" not in skip:
    by_libreoffice(path)
if "chromium" not in skip:
    by_chromium()
print(f"{checks} comparisons, none differs" + (f"; skipped: {', '.join(sorted(skip))}" if skip else ""))
