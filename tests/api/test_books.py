"""The month's end: files for the books that are on record, closing and reconciling all, and whose duty that is."""

import datetime
import io
import zipfile
import zoneinfo

import blake3
import pytest

PLAN = """plan = "api-2020"
currency = "GBP"
effective_from = "2020-01-01"
monthly_fee = "35.00"
"""


@pytest.fixture
def priced(server):
    """An account of two licences with a plan, and the month that it is in."""
    clinic = server.open_account(licences=2)
    clinic.finance = server.client("finance")
    clinic.finance.call("PUT", f"{clinic.path}/plan", {"plan": PLAN, "from": "2020-01-01"}).ok()
    clinic.month = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/London")).strftime("%Y-%m")
    return clinic


def known_by(*files):
    return blake3.blake3(b"".join(blake3.blake3(file).digest() for file in files)).hexdigest()


def test_what_is_handed_out_can_be_held_against_the_record(priced, server):
    body = {"month": priced.month, "account": priced.name, "draft": True, "reason": "a look ahead"}
    charges = priced.finance.post("/v1/exports/charges", body)
    assert charges.headers["content-disposition"] == f'attachment; filename="charges-{priced.month}-DRAFT.csv"'
    assert charges.headers["seatledger-digest"] == known_by(charges.content)
    rows = server.client("auditor").get("/v1/access").ok()["rows"]
    [row] = [row for row in rows if row["position"] == int(charges.headers["seatledger-position"])]
    assert known_by(charges.content) in row["what"] and "drafts" in row["what"]
    assert row["reason"] == "a look ahead" and row["by"].startswith("finance")
    pages = priced.finance.post("/v1/exports/html", body)
    files = zipfile.ZipFile(io.BytesIO(pages.content))
    assert pages.headers["seatledger-digest"] == known_by(*(files.read(name) for name in sorted(files.namelist())))
    told = priced.finance.post("/v1/exports/html", body, accept="application/json").ok()
    assert [file["name"] for file in told["files"]] == files.namelist() and told["statements"] == 1
    priced.finance.post("/v1/exports/gocardless", body).problem(422, "unprocessable")


def test_a_month_that_is_not_over_stays_open(priced):
    told = priced.finance.post("/v1/closings", {"month": priced.month}).ok()
    [row] = [row for row in told["accounts"] if row["account"] == priced.name]
    assert row["status"] == "open" and "can be closed from" in row["why"]
    assert told["closed"] == 0 and told["open"] >= 1
    assert priced.finance.get("/v1/reconciliation").ok()["agrees"] is True


def test_duties_are_named(priced, server):
    support = server.client("support")
    for path, duty in (("/v1/closings", "close"), ("/v1/exports/charges", "export")):
        refused = support.post(path, {"month": priced.month}).problem(403, "not_allowed")
        assert refused["detail"].startswith(f"the duty {duty} is for finance, admin")
    refused = support.call("PUT", f"{priced.path}/plan", {"plan": PLAN}).problem(403, "not_allowed")
    assert "the duty set_prices" in refused["detail"]
