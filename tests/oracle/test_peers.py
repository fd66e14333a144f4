"""What other billing systems expect, held against plans of ours: python3 -m unittest discover tests/oracle"""

import calendar
import tomllib
import unittest
from datetime import date, timedelta
from pathlib import Path

import bill
from test_examples import account

PEERS = tomllib.loads((Path(__file__).parent / "peers.toml").read_text(encoding="utf-8"))
# A month of ours with as many days.
LIKE = {28: "2026-02", 29: "2024-02", 30: "2026-04", 31: "2026-05"}
MILLION = 100_000_000  # Minor units: so high a fee shows the fraction.


def base(fee, currency="GBP"):
    return (f'plan = "peer"\ncurrency = "{currency}"\neffective_from = "2000-01-01"\nmonthly_fee = "{fee}"\n')


def net(plan, month, licences, **more):
    billed, until = account({"licences": licences, **more}, plan)
    return billed.statement(month, until)


def anchored(start, day, end, target):
    """Their periods, from the billing day on, charged when they begin: days and days of the whole period."""
    def anchor(months):
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        return date(year, month + 1, min(day, calendar.monthrange(year, month + 1)[1]))
    next_one = 0 if anchor(0) >= start else 1
    begins = start
    while begins == start or begins <= target and (end is None or begins < end):
        whole = (anchor(next_one) - anchor(next_one - 1)).days
        ends = min(anchor(next_one), end or date.max)
        if ends > begins:
            kind = "joined" if begins == start and begins > anchor(next_one - 1) else "left"
            yield kind, (ends - begins).days, whole
        begins, next_one = anchor(next_one), next_one + 1


class Peers(unittest.TestCase):
    def test_killbill(self):
        plan = base("1000000.00") + PEERS["killbill"]["rules"] + "\n"
        for name, start, day, end, target, cycles in PEERS["killbill"]["cases"]:
            end = date.fromisoformat(end) if end else None
            parts = list(anchored(date.fromisoformat(start), day, end, date.fromisoformat(target)))
            total = 0
            for kind, days, whole in parts:
                month = LIKE[whole]
                first = date.fromisoformat(month + "-01")
                since = (first + timedelta(whole - days)).isoformat() if kind == "joined" else "2020-01-01"
                left = {} if days == whole or kind == "joined" else {"closed": (first + timedelta(days)).isoformat()}
                total += net(plan, month, [[since, 1]], **left)["net"]
            above, _, below = cycles.partition("/")
            above, below = int(above), int(below or 1)
            with self.subTest(name):  # Half a penny for each part, at most.
                self.assertLessEqual(abs(2 * (total * below - MILLION * above)), len(parts) * below)

    def test_killbill_quantity(self):
        told = PEERS["killbill_quantity"]
        for month, expected in told["expect"]:
            found = net(base(told["fee"]) + told["rules"] + "\n", month, told["licences"])
            self.assertEqual(found["net"], bill.decimal(expected, 2))
            self.assertEqual(found["lines"][0]["unit"], bill.decimal(told["fee"], 2))

    def test_openmeter(self):
        told = PEERS["openmeter"]
        for cases, rules in (("cases", "rules"), ("unprorated", "unprorated_rules")):
            for fee, currency, since, until, expected in told[cases]:
                found = net(base(fee, currency) + told[rules] + "\n", "2026-01", [[since, 1]], closed=until, zone="UTC")
                self.assertEqual(found["net"], bill.decimal(expected, bill.PLACES.get(currency, 2)), fee)

    def test_lago(self):
        told = PEERS["lago"]
        for since, until, month, days in told["cases"]:
            licences = [["2026-01-01", 1], [since, 2]] + ([[until, 1]] if until else [])
            found = net(base("10.00") + told["rules"] + "\n", month, licences)
            length = len(bill.month_of("Europe/London", month).days)
            self.assertEqual(found["licence_days"] - length, days)


if __name__ == "__main__":
    unittest.main()
