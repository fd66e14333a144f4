"""Small accounts with a bill each: odd calendars, every rule of a price plan, changes that came late.

The bills are worked out by hand from docs/evidence.md. Made anew at each run of check.py and not kept.
"""

from datetime import datetime, timezone

from blake3 import blake3

from build import ACCOUNT, SECOND, days, micros, pack
from writer import Log, zipped

BILLS = []


def utc(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND


def plan(fee="30.00", currency="GBP", effective_from="2010-01-01", **rules):
    rules = {"plan": "steady", "currency": currency, "effective_from": effective_from, "monthly_fee": fee, **rules}
    return "".join(f"{key} = {value}\n" if isinstance(value, int) else f'{key} = "{value}"\n'
                   for key, value in rules.items()).encode()


def bill(name, zone, lines, *months, plans=(), bad=None):
    """Lines are civil time and event. A month is (month, first instant, first one after it, plan, currency,
    opening, closing, rows, lines). Rows: first day, last day, days, in force, billable. A bill's line: charge,
    quantity, unit, net, places of the lines that it names. `bad` is the code that is due instead of ok."""
    BILLS.append((name, zone, lines, months, plans, bad))


def bought(before, after, when, zone="Europe/London"):
    return "LicencesChanged", [before, after, (micros(when, zone), None)]


def assigned(toml, when, zone="Europe/London"):
    return "PlanAssigned", [blake3(toml).digest(), (micros(when, zone), days(when[:10]))]


CLOSED = ("AccountClosed", [])
APRIL, MAY, JUNE = "2026-03-31 23:00", "2026-04-30 23:00", "2026-05-31 23:00"
ALL_APRIL, ALL_MAY = ("2026-04-01", "2026-04-30", 30), ("2026-05-01", "2026-05-31", 31)

STEADY = plan()
DAILY = plan(decrease="daily")

bill("no-plan", "Europe/London", [("2026-03-10 10:00", bought(0, 2, "2026-03-10 10:00"))],
     ("2026-04", APRIL, MAY, None, None, 2, 2, [(*ALL_APRIL, 2, 2)], []))

# 30 December 2011 did not exist in Samoa: that month has 30 days. One licence all along, another on the last.
APIA = "Pacific/Apia"
bill("a-day-that-did-not-exist", APIA,
     [("2011-11-10 10:00", bought(0, 1, "2011-11-10 10:00", APIA)),
      ("2011-11-10 10:00", assigned(STEADY, "2011-12-01 00:00", APIA)),
      ("2011-12-31 09:00", bought(1, 2, "2011-12-31 09:00", APIA))],
     ("2011-12", "2011-12-01 10:00", "2011-12-31 10:00", STEADY, "GBP", 1, 2,
      [("2011-12-01", "2011-12-29", 29, 1, 1), ("2011-12-31", "2011-12-31", 1, 2, 2)],
      [("monthly", 1, 3100, 3100, [0, 1, 2])]), plans=[STEADY])

# On 4 November 2018 clocks in Sao Paulo went from 00:00 to 01:00: the day began at 03:00 UTC, as 01:00.
SAO = "America/Sao_Paulo"
bill("a-day-that-began-at-one", SAO,
     [("2018-10-10 10:00", bought(0, 1, "2018-10-10 10:00", SAO)),
      ("2018-10-10 10:00", assigned(STEADY, "2018-11-01 00:00", SAO)),
      ("2018-11-04 01:00", bought(1, 2, "2018-11-04 01:00", SAO))],
     ("2018-11", "2018-11-01 03:00", "2018-12-01 02:00", STEADY, "GBP", 1, 2,
      [("2018-11-01", "2018-11-03", 3, 1, 1), ("2018-11-04", "2018-11-30", 27, 2, 2)],
      [("monthly", 1, 5700, 5700, [0, 1, 2])]), plans=[STEADY])

# The month itself begins with the jump: 1 October 2017 in Asuncion began at 01:00, 04:00 UTC.
ASU = "America/Asuncion"
bill("a-month-that-began-at-one", ASU,
     [("2017-09-10 10:00", bought(0, 1, "2017-09-10 10:00", ASU)),
      ("2017-09-10 10:00", assigned(STEADY, "2017-09-15 00:00", ASU))],
     ("2017-10", "2017-10-01 04:00", "2017-11-01 03:00", STEADY, "GBP", 1, 1,
      [("2017-10-01", "2017-10-31", 31, 1, 1)], [("monthly", 1, 3000, 3000, [0, 1])]), plans=[STEADY])

# 18 February 2018 there: 24:00 of the 17th was 23:00 again, so 02:30 UTC is still the 17th.
DAILY_SAO = plan(decrease="daily")
bill("an-hour-twice-at-midnight", SAO,
     [("2018-01-10 10:00", bought(0, 1, "2018-01-10 10:00", SAO)),
      ("2018-01-10 10:00", assigned(DAILY_SAO, "2018-01-10 10:00", SAO)),
      ("2018-02-17 23:45", ("LicencesChanged", [1, 2, (utc("2018-02-18 02:30"), None)])),
      ("2018-02-19 10:00", ("LicencesChanged", [2, 1, (utc("2018-02-18 03:00"), None)]))],
     ("2018-02", "2018-02-01 02:00", "2018-03-01 03:00", DAILY_SAO, "GBP", 1, 1,
      [("2018-02-01", "2018-02-16", 16, 1, 1), ("2018-02-17", "2018-02-17", 1, 2, 2),
       ("2018-02-18", "2018-02-28", 11, 1, 1)],
      [("monthly", 1, 3107, 3107, [0, 1, 2, 3])]), plans=[DAILY_SAO])  # 3000 x 29 / 28 = 3107.14

# 101 yen for 15 of 30 days are 50.5: to even 50, up 51.
for rounding, net in (("half_even", 50), ("half_up", 51)):
    YEN = plan("101", "JPY", rounding=rounding)
    bill(f"yen-{rounding}", "Europe/London",
         [("2026-03-10 10:00", assigned(YEN, "2026-03-10 10:00")),
          ("2026-04-16 10:00", bought(0, 1, "2026-04-16 10:00"))],
         ("2026-04", APRIL, MAY, YEN, "JPY", 0, 1,
          [("2026-04-01", "2026-04-15", 15, 0, 0), ("2026-04-16", "2026-04-30", 15, 1, 1)],
          [("monthly", 1, net, net, [0, 1])]), plans=[YEN])
ODD = plan("103", "JPY", rounding="half_even")  # 51.5 to even is 52.
bill("yen-half-even-up", "Europe/London",
     [("2026-03-10 10:00", assigned(ODD, "2026-03-10 10:00")),
      ("2026-04-16 10:00", bought(0, 1, "2026-04-16 10:00"))],
     ("2026-04", APRIL, MAY, ODD, "JPY", 0, 1,
      [("2026-04-01", "2026-04-15", 15, 0, 0), ("2026-04-16", "2026-04-30", 15, 1, 1)],
      [("monthly", 1, 52, 52, [0, 1])]), plans=[ODD])
DINAR = plan("1.25", "KWD")
bill("dinars-have-three-places", "Europe/London",
     [("2026-03-10 10:00", assigned(DINAR, "2026-03-10 10:00")),
      ("2026-03-16 10:00", bought(0, 2, "2026-03-16 10:00"))],
     ("2026-04", APRIL, MAY, DINAR, "KWD", 2, 2, [(*ALL_APRIL, 2, 2)], [("monthly", 2, 1250, 2500, [0, 1])]),
     plans=[DINAR])
FINE = plan("30.001")
bill("a-tenth-of-a-penny", "Europe/London",
     [("2026-03-10 10:00", assigned(FINE, "2026-03-10 10:00")),
      ("2026-03-16 10:00", bought(0, 2, "2026-03-16 10:00"))],
     ("2026-04", APRIL, MAY, FINE, "GBP", 2, 2, [(*ALL_APRIL, 2, 2)], [("monthly", 2, 3000, 6000, [0, 1])]),
     plans=[FINE],
     bad="statement")

# What does not read, and what does: TOML's versions, Python and Rust have their own ideas of each.
for odd, text, reads in (
        ("escape-of-1-1", 'plan = "\\e"', False), ("escape-of-1-1-in-hex", 'plan = "\\x41"', False),
        ("escape", 'plan = "\\u0041"', False), ("escaped-separator", 'plan = "\\u001f"', False),
        ("escape-in-a-comment", 'plan = "a" # C:\\', False), ("literal-backslash", "plan = 'a\\b'", False),
        ("line-continued", 'plan = """a\\\n  b"""', False), ("separator", 'plan = "\x1f"', False),
        ("next-line", 'plan = "\x85"', False), ("narrow-space", 'plan = "\u202f"', False),
        ("zero-width-space", 'plan = "\u200b"', True), ("mongolian-separator", 'plan = "\u180e"', True),
        ("empty", 'plan = ""', False), ("tab", 'plan = "a\tb"', True), ("delete", 'plan = "\x7f"', False),
        ("carriage-return", 'plan = "a"\r', True), ("carriage-return-alone", 'plan = "a" # b\rc', False),
        ("long-text", 'plan = """a\nb"""', True), ("twice", 'plan = "a"\nplan = "a"', False),
        ("table", '[plan]\na = 1', False), ("quoted-key", '"plan" = "a"', True), ("dotted", 'plan.a = "a"', False),
        ("date", 'plan = 2026-01-01', False), ("list", 'plan = ["a"]', False),
        ("setup-on-as-a-table", 'plan = "a"\nsetup_on = {above_high_water = {}}', False),
        ("setup-on-by-dots", 'plan = "a"\nsetup_on.above_high_water = {}', False),
        ("rounding-as-a-list", 'plan = "a"\nrounding = ["half_up"]', False),
        ("included-in-hex", 'plan = "a"\nincluded_licences = 0x1_0', True),
        ("included-signed", 'plan = "a"\nincluded_licences = +16', True),
        ("included-as-a-float", 'plan = "a"\nincluded_licences = 16.0', False),
        ("included-as-true", 'plan = "a"\nincluded_licences = true', False),
        ("included-beyond-32-bits", 'plan = "a"\nincluded_licences = 4294967296', False),
        ("included-beyond-64-bits", 'plan = "a"\nincluded_licences = 99999999999999999999', False),
        ("another-key", 'plan = "a"\nfee = "1"', False), ("planned-key", 'plan = "a"\nvat = "20"', False)):
    ODD = plan().replace(b'plan = "steady"', text.encode())
    licences = 16 if "included" in odd else 0
    bill(f"plan-{odd}", "Europe/London",
         [("2026-03-10 10:00", assigned(ODD, "2026-03-10 10:00")),
          ("2026-03-16 10:00", bought(0, licences + 1, "2026-03-16 10:00"))],
         ("2026-04", APRIL, MAY, ODD, "GBP", licences + 1, licences + 1, [(*ALL_APRIL, licences + 1, 1)],
          [("monthly", 1, 3000, 3000, [0, 1])]), plans=[ODD], bad=None if reads else "statement")

# Currencies: those of the list in docs/evidence.md, with their decimals.
for currency, fee, minor in (
        ("EUR", "30.00", 3000), ("CHE", "1.01", 101), ("XCD", "1.01", 101), ("ZWG", "1", 100), ("HRK", "1", 100),
        ("XOF", "30", 30), ("TND", "0.001", 1), ("CLF", "0.0001", 1), ("UYW", "1", 10_000), ("UYI", "7", 7),
        ("XOF", "0.1", None), ("TND", "0.0001", None), ("CLF", "0.00001", None),
        ("XAU", "1", None), ("XTS", "1", None), ("XXX", "1", None), ("XDR", "1", None), ("QQQ", "1", None),
        ("DEM", "1", None), ("XAD", "1", None), ("gbp", "1", None), ("826", "1", None), ("GBPX", "1", None), ("", "1", None)):
    ODD = plan(fee, currency)
    bill(f"in-{currency or 'nothing'}-{fee}", "Europe/London",
         [("2026-03-10 10:00", assigned(ODD, "2026-03-10 10:00")),
          ("2026-03-16 10:00", bought(0, 1, "2026-03-16 10:00"))],
         ("2026-04", APRIL, MAY, ODD, currency, 1, 1, [(*ALL_APRIL, 1, 1)],
          [("monthly", 1, minor or 0, minor or 0, [0, 1])]), plans=[ODD],
         bad="statement" if minor is None else None)

# Given back on the 11th: with end_of_period counted to the end of the month, with daily to the 11th itself.
BACK = [("2026-03-10 10:00", bought(0, 3, "2026-03-10 10:00")),
         ("2026-04-11 10:00", bought(3, 2, "2026-04-11 10:00"))]
bill("given-back-end-of-period",
    "Europe/London",
    BACK + [("2026-04-12 10:00",
    assigned(STEADY,
    "2026-04-01 00:00"))],
    ("2026-04",
    APRIL,
    MAY,
    STEADY,
    "GBP",
    3,
    2,
    [("2026-04-01",
    "2026-04-11",
    11,
    3,
    3),
    ("2026-04-12",
    "2026-04-30",
    19,
    2,
    3)],
    [("monthly",
    3,
    3000,
    9000,
    [0,
    1,
    2])]),
    plans=[STEADY])
bill("given-back-daily",
    "Europe/London",
    BACK + [("2026-04-12 10:00",
    assigned(DAILY,
    "2026-04-01 00:00"))],
    ("2026-04",
    APRIL,
    MAY,
    DAILY,
    "GBP",
    3,
    2,
    [("2026-04-01",
    "2026-04-11",
    11,
    3,
    3),
    ("2026-04-12",
    "2026-04-30",
    19,
    2,
    2)],
    [("monthly",
    1,
    7100,
    7100,
    [0,
    1,
    2])]),
    plans=[DAILY])

# Closed on 10 April; a change for after the closing counts for nothing, and May bills nothing.
bill("closed", "Europe/London",
     [("2026-03-10 10:00", bought(0, 2, "2026-03-10 10:00")),
      ("2026-03-10 10:00", assigned(DAILY, "2026-03-10 10:00")),
      ("2026-03-11 10:00", bought(2, 9, "2026-04-20 10:00")), ("2026-04-10 10:00", CLOSED)],
     ("2026-04", APRIL, MAY, DAILY, "GBP", 2, 0,
      [("2026-04-01", "2026-04-10", 10, 2, 2), ("2026-04-11", "2026-04-30", 20, 0, 0)],
      [("monthly", 1, 2000, 2000, [0, 1, 3])]),
     ("2026-05", MAY, JUNE, DAILY, "GBP", 0, 0, [(*ALL_MAY, 0, 0)], [("monthly", 0, 3000, 0, [1])]),
     plans=[DAILY])

# Which plan: one that is not yet in effect is passed over; one assigned
# within the month counts if there is no other.
LATER = plan("99.00", effective_from="2026-05-01")
bill("plan-not-yet-usable", "Europe/London",
     [("2026-03-10 10:00", bought(0, 1, "2026-03-10 10:00")),
      ("2026-03-10 10:00", assigned(STEADY, "2026-03-10 10:00")),
      ("2026-03-20 10:00", assigned(LATER, "2026-03-20 10:00"))],
     ("2026-04", APRIL, MAY, STEADY, "GBP", 1, 1, [(*ALL_APRIL, 1, 1)], [("monthly", 1, 3000, 3000, [0, 1])]),
     ("2026-05", MAY, JUNE, LATER, "GBP", 1, 1, [(*ALL_MAY, 1, 1)], [("monthly", 1, 9900, 9900, [0, 2])]),
     plans=[STEADY, LATER])
bill("plan-not-yet-usable-left-out", "Europe/London",
     [("2026-03-10 10:00", bought(0, 1, "2026-03-10 10:00")),
      ("2026-03-10 10:00", assigned(STEADY, "2026-03-10 10:00")),
      ("2026-03-20 10:00", assigned(LATER, "2026-03-20 10:00"))],
     ("2026-04", APRIL, MAY, STEADY, "GBP", 1, 1, [(*ALL_APRIL, 1, 1)], [("monthly", 1, 3000, 3000, [0, 1])]),
     plans=[STEADY],
     bad="statement")
bill("plan-within-the-month", "Europe/London",
     [("2026-03-10 10:00", bought(0, 1, "2026-03-10 10:00")),
      ("2026-04-10 10:00", assigned(STEADY, "2026-04-10 10:00"))],
     ("2026-04", APRIL, MAY, STEADY, "GBP", 1, 1, [(*ALL_APRIL, 1, 1)], [("monthly", 1, 3000, 3000, [0, 1])]),
     plans=[STEADY])

# Two of three licences are included. The third was there first, so that only the fourth is set up.
INCLUDED = plan(setup_fee="5.00", included_licences=2)
bill("included", "Europe/London",
     [("2026-03-10 10:00", assigned(INCLUDED, "2026-03-10 10:00")),
      ("2026-03-10 10:01", bought(0, 3, "2026-03-10 10:01")),
      ("2026-04-16 10:00", bought(3, 4, "2026-04-16 10:00"))],
     ("2026-04", APRIL, MAY, INCLUDED, "GBP", 3, 4,
      [("2026-04-01", "2026-04-15", 15, 3, 1), ("2026-04-16", "2026-04-30", 15, 4, 2)],
      [("monthly", 1, 4500, 4500, [0, 1, 2]), ("setup", 1, 500, 500, [2])]), plans=[INCLUDED])

# Down and up again: a set-up fee once, or each time.
for setup_on, again in (("above_high_water", []), ("every_increase", [("setup", 1, 500, 500, [3])])):
    FEE = plan(setup_fee="5.00", setup_on=setup_on)
    bill(f"setup-{setup_on}", "Europe/London",
         [("2026-03-10 10:00", assigned(FEE, "2026-03-10 10:00")),
          ("2026-03-10 10:01", bought(0, 2, "2026-03-10 10:01")),
          ("2026-04-05 10:00", bought(2, 1, "2026-04-05 10:00")),
          ("2026-04-07 10:00", bought(1, 2, "2026-04-07 10:00"))],
         ("2026-04", APRIL, MAY, FEE, "GBP", 2, 2,
          [("2026-04-01", "2026-04-05", 5, 2, 2), ("2026-04-06", "2026-04-06", 1, 1, 2),
                                                  ("2026-04-07", "2026-04-30", 24, 2, 2)],
          [("monthly", 2, 3000, 6000, [0, 1, 2, 3])] + again), plans=[FEE])

# The first change was for May; then it was said that 5 had been there
# from April: 3 more than the first change told.
LATE = plan(setup_fee="5.00")
bill("said-late", "Europe/London",
     [("2026-03-10 10:00", assigned(LATE, "2026-03-10 10:00")),
      ("2026-03-10 10:01", bought(0, 2, "2026-05-01 00:00")),
      ("2026-05-20 10:00", bought(0, 5, "2026-04-01 00:00"))],
     ("2026-04", APRIL, MAY, LATE, "GBP", 5, 5, [(*ALL_APRIL, 5, 5)],
      [("monthly", 5, 3000, 15000, [0, 2]), ("setup", 3, 500, 1500, [2])]),
     ("2026-05", MAY, JUNE, LATE, "GBP", 2, 2, [(*ALL_MAY, 2, 2)], [("monthly", 2, 3000, 6000, [0, 1])]),
     plans=[LATE])

# Two changes for one instant: the later overrules, and the other is not named.
bill("said-twice", "Europe/London",
     [("2026-03-10 10:00", assigned(LATE, "2026-03-10 10:00")),
      ("2026-03-10 10:01", bought(0, 1, "2026-03-10 10:01")),
      ("2026-04-10 10:00", bought(1, 7, "2026-04-16 00:00")),
      ("2026-04-11 10:00", bought(7, 3, "2026-04-16 00:00"))],
     ("2026-04", APRIL, MAY, LATE, "GBP", 1, 3,
      [("2026-04-01", "2026-04-15", 15, 1, 1), ("2026-04-16", "2026-04-30", 15, 3, 3)],
      [("monthly", 2, 3000, 6000, [0, 1, 3]), ("setup", 2, 500, 1000, [3])]), plans=[LATE])

# A change at the very first instant of a month belongs to it, and to its opening.
bill("at-the-first-instant", "Europe/London",
     [("2026-03-10 10:00", assigned(LATE, "2026-03-10 10:00")),
      ("2026-03-10 10:01", bought(0, 1, "2026-03-10 10:01")),
      ("2026-04-10 10:00", bought(1, 2, "2026-05-01 00:00"))],
     ("2026-04", APRIL, MAY, LATE, "GBP", 1, 1, [(*ALL_APRIL, 1, 1)], [("monthly", 1, 3000, 3000, [0, 1])]),
     ("2026-05", MAY, JUNE, LATE, "GBP", 2, 2, [(*ALL_MAY, 2, 2)],
      [("monthly", 2, 3000, 6000, [0, 2]), ("setup", 1, 500, 500, [2])]),
     plans=[LATE])


def statement(month, begins, ends, toml, currency, opening, closing, rows, lines, positions):
    row = "from to days in_force billable licence_days".split()
    rows = [dict(zip(row, (*each, each[2] * each[4]))) for each in rows]
    lines = [{**dict(zip("charge quantity unit net".split(), each)), "commits": [positions[place]
                     for place in each[4]]} for each in lines]
    return {
        "month": month,
        "from": utc(begins),
        "to": utc(ends),
        "plan": toml and blake3(toml).hexdigest(),
        "currency": currency,
        "opening_licences": opening,
        "closing_licences": closing,
        "days": rows,
        "licence_days": sum(
            each["licence_days"] for each in rows),
        "lines": lines,
        "net": sum(
            each["net"] for each in lines) if toml else None}


def bill_cases():
    """Name, pack and verdict of each."""
    for name, zone, lines, months, plans, bad in BILLS:
        log, positions = Log(), []
        first = micros(lines[0][0], zone)
        log.append(1, first - 2 * SECOND, [("AccountOpened", ["UTC", bytes(32)])])
        log.append(ACCOUNT, first - SECOND, [("AccountOpened", [zone, bytes(32)])])
        positions = [log.append(ACCOUNT, micros(when, zone), [event]) for when, event in lines]
        begins, ends = utc(months[0][1]), utc(months[-1][2])
        log.append(ACCOUNT, ends, [("EvidenceTaken", [begins, ends, False])], role="Auditor")
        told = {month[0]: statement(*month, positions) for month in months}
        members = pack(
            log,
            told,
            plans,
            zone=zone,
            period=(
                begins,
                ends),
            names=False,
            first_size=1,
            witnesses=[])
        yield f"bill-{name}", zipped(members), ("bad", bad, None) if bad else ("ok", None, None)
