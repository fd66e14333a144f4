"""The worked examples: python3 -m unittest discover tests/oracle

Each is told as changes of licences, sessions and closings, and billed without the product.
"""

import re
import tomllib
import unittest
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from blake3 import blake3

import bill

FILE = Path(__file__).parent
TZDB = "2025b"


def instant(text, zone):
    """Microseconds of `2026-05-14 09:00` in the zone, of a civil day's first instant, or of `...Z`."""
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return bill.first_instant(zone, date.fromisoformat(text)) * bill.SECOND
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    since = at.astimezone(timezone.utc) - bill.EPOCH
    return (since.days * 86_400 + since.seconds) * bill.SECOND


def plan_file(base, rules):
    """The base, without the keys that the rules give anew, then the rules."""
    given = tomllib.loads(rules).keys()
    given |= {"monthly_fee"} if "tiers" in given else set()
    lines = [line for line in base.strip().split("\n") if line.split(" = ")[0] not in given]
    return "\n".join([*lines, rules.strip()]) + "\n"


def account(example, base):
    """The example's account, and until when it is known."""
    zone = example.get("zone", "Europe/London")
    plan = plan_file(base, example.get("rules", ""))
    told = []  # When recorded, in which order, event.
    for effective, licences, *recorded in example["licences"]:
        at = instant(*recorded, zone) if recorded else instant(effective, zone)
        told.append((at, 1, ["LicencesChanged", None, licences, instant(effective, zone)]))
    for session, (seat, begins, ends, overdraft) in enumerate(example.get("sessions", []), 1):
        told.append((instant(begins, zone), 2, ["SeatGranted", session, seat, overdraft]))
        told.append((instant(ends, zone), 0, ["LoggedOut", session, 0]))
    for month in example.get("close", []):
        ends = bill.month_of(zone, month).ends
        told.append((ends + 57 * 3_600 * bill.SECOND, 3, ["PeriodClosed", {"month": month}]))
    if "closed" in example:
        told.append((instant(example["closed"], zone), 4, ["AccountClosed"]))
    told.sort(key=lambda each: each[:2])
    opened = [["AccountOpened", zone], ["PlanAssigned", blake3(plan.encode()).hexdigest(), 0]]
    told.insert(0, (told[0][0], 0, *opened))
    commits = []
    for version, (at, _, *events) in enumerate(told, 1):
        if events[0][0] == "PeriodClosed":
            events[0][1].update(as_of=version - 1, until=at)
        commits.append({"version": version, "position": version - 1, "at": at, "events": events})
    return bill.Account(1, commits, [plan], TZDB), told[-1][0] + 400 * 86_400 * bill.SECOND


def money(units):
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 100}.{abs(units) % 100:02}"


class Examples(unittest.TestCase):
    def check(self, example, base):
        zone = example.get("zone", "Europe/London")
        billed, until = account(example, base)
        for expected in example["expect"]:
            found = billed.statement(expected.pop("month"), until)
            for key, value in expected.items():
                if key == "lines":
                    has = [[line["charge"], line["subject"] or "", line["quantity"], money(line["unit"]),
                            money(line["net"])] for line in found["lines"]]
                elif key == "overdraft":
                    has = [[row["from"], row["over"]] for row in found["overdraft"]]
                elif key in ("from", "to"):
                    has, value = found[key], instant(value, zone)
                elif key == "vat":
                    has = money(found["vat"]["amount"])
                else:
                    has = money(found[key]) if isinstance(value, str) else found[key]
                self.assertEqual(has, value, f"{example['name']} {found['month']} {key}")

    def test_all(self):
        told = tomllib.loads((FILE / "examples.toml").read_text(encoding="utf-8"))
        for example in told["example"]:
            with self.subTest(example["name"]):
                self.check(example, told["base"])


if __name__ == "__main__":
    unittest.main()
