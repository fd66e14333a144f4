"""Packs that cost little to make and much to check, if a verifier is not careful. Made anew at each run.

Each comes with how many seconds it may take, on a slow machine that has other work, and with its verdict.
"""

import json
from zoneinfo import ZoneInfo

import verify
from bills import assigned, bought, plan, utc
from build import ACCOUNT, SECOND, days, pack
from lawful import e
from writer import Log, manifest, to_json, zipped

DAY = 86_400 * SECOND


def months(first, count):
    """Their names, and the first instant after the last."""
    begin = int(first[:4]) * 12 + int(first[5:]) - 1
    named = [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(begin, begin + count + 1)]
    return named[:-1], utc(f"{named[-1]}-01 00:00")


def billed(events, first, count, plans=(), derive=True):
    """An account with all these events on its first day, and a statement for each month; those of `derive` false
    say nothing true, because nobody looks at them."""
    log, named = Log(), months(first, count)
    begins, ends = utc(f"{first}-01 00:00"), named[1]
    log.append(1, begins - 2 * DAY, [("AccountOpened", ["UTC", bytes(32)])])
    log.append(ACCOUNT, begins - DAY, [("AccountOpened", ["UTC", bytes(32)])])
    for place in range(0, len(events), 400):
        log.append(ACCOUNT, begins - DAY, events[place:place + 400])
    log.append(ACCOUNT, ends, [("EvidenceTaken", [begins, ends, False])], role="Auditor")
    files, facts = {f"plan-{verify.blake3(toml).hexdigest()}.toml": toml for toml in plans}, verify.Facts()
    for position in log.of(ACCOUNT):
        facts.add(position, verify.read_commit(log.commits[position]), ACCOUNT)
    if derive:
        bills = verify.Ledger(facts, ZoneInfo("UTC"), files, "2025b", ACCOUNT)
        bills.settle()
        known = verify.Known(bills, len(log.of(ACCOUNT)), ends)
        told = {month: bills.statement(month, known) for month in named[0]}
    else:
        told = dict.fromkeys(named[0], {
            "format": "seatledger statement 1", "account": ACCOUNT, "month": "2000-01", "from": 0, "to": 0,
            "zone": "UTC", "tzdb": "2025b", "offsets": [], "as_of": 0, "until": 0, "plan": None, "currency": None,
            "opening_licences": 0, "closing_licences": 0, "days": [], "licence_days": 0, "overdraft": [], "lines": [],
            "net": None, "vat": None, "gross": None, "carried_in": None, "due": None, "carried_out": None})
    return pack(log, told, plans, zone="UTC", period=(begins, ends), names=False, first_size=1, witnesses=[])


def assignment(toml, number=0):
    return "PlanAssigned", [verify.blake3(toml).digest(), (utc("1970-01-01 00:00") + number, None)]


def never(number=0, padding=0):
    """A plan that is not usable for any month, each time another one."""
    return plan(effective_from="9000-01-01") + b"# %d %s\n" % (number, b"x" * padding)


def changes(count):
    """As many changes of licences, each at its own instant, up and down."""
    return [e("LicencesChanged", number % 2, (number + 1) % 2, (number, None)) for number in range(count)]


def with_member(members, name, content):
    return zipped(manifest({**members, name: content}))


def heavy_cases():
    """Name, pack, seconds, verdict."""
    ok, bad = ("ok", None, None), lambda code: ("bad", code, None)
    plans = [never(number, 2_000) for number in range(1_000)]
    yield ("unusable-plans-for-every-month",
           zipped(billed([assignment(each) for each in plans], "1980-01", 500, plans)), 30, ok)
    two = [never(0), never(1)]
    often = [assignment(two[number % 2], number) for number in range(10_001)]
    yield "ten-thousand-assignments", zipped(billed(often[:-1], "1980-01", 1_200, two)), 120, ok
    yield "more-assignments", zipped(billed(often, "1980-01", 1, two, derive=False)), 30, bad("statement")
    fee = plan(setup_fee="1.00", setup_on="every_increase", effective_from="1970-01-01")
    many = [assignment(fee), *changes(50_001)]
    yield "fifty-thousand-changes", zipped(billed(many[:-1], "1980-01", 1_200, [fee])), 240, ok
    yield "more-changes", zipped(billed(many, "1980-01", 1, [fee], derive=False)), 30, bad("statement")
    yield "more-months", zipped(billed([], "1980-01", 1_201, derive=False)), 30, bad("period")
    few = billed([e("SiteAdded", 1, bytes(32))], "1980-01", 1)
    entry = {"kind": "site", "number": 1, "salt": "0" * 64, "text": "x"}
    many = [{**entry, "number": number} for number in range(2, 300_000)]
    yield "names-of-nobody", with_member(few, "directory.json", to_json({"entries": many})), 30, bad("directory")
    for name, opening in (("lists-in-lists", b"["), ("objects-in-objects", b'{"a":')):
        yield name, with_member(few, "pack.json", opening * 10_000_000), 30, bad("pack")
    ends = b"PK\5\6" + bytes(14)
    yield "ends-in-the-end", zipped(few)[:-2] + b"\xff\xff" + (ends * 4_000)[:65_535], 30, bad("pack")
    yield "nothing-but-ends", ends * 1_000_000, 30, bad("pack")
    for name, text in (("lists-in-lists", b"a = " + b"[" * 28_000), ("dots", b"a" + b".a" * 14_000 + b" = 1"),
                       ("tables-in-tables", b"a = " + b"{a = " * 5_000),
                       ("dotted-tables", b"".join(b"[a%d.b.c]\n" % number for number in range(2_000))),
                       ("keys", b"".join(b"k%d=1\n" % number for number in range(3_500))),
                       ("much-text", b'plan = "' + b"x" * 28_000 + b'"'),
                       ("much-more-text", b"#" + b"x" * 1_000_000)):
        odd = text + b"\n" + (b"" if name == "much-text" else plan())
        told = billed([assignment(odd)], "1980-01", 1, [odd], derive=False)
        yield f"plan-of-{name}", zipped(told), 30, bad("statement")
