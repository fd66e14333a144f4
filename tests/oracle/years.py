"""Makes account-years at random: a year of an account's commands, as README.md says.

Every year has a seed of its own, so that one can be made again alone. Odd things are made often: changes at
the edges of days and months, for days long past and to come, two for one instant; days that a zone skips;
plans that do not count yet; closings too early, twice, late, left out; sessions that fall silent.
"""

import json
import random
from datetime import timedelta

import bill

SECOND, MINUTE, HOUR, DAY = bill.SECOND, 60 * bill.SECOND, 3_600 * bill.SECOND, 86_400 * bill.SECOND
# Zones, and a month with which the year may begin; so that it holds what is odd there.
PLACES = [("Europe/London", "2025-02"), ("Europe/London", "2023-09"), ("America/New_York", "2025-01"),
          ("Australia/Lord_Howe", "2024-08"), ("Asia/Kathmandu", "2025-03"), ("Pacific/Apia", "2011-04"),
          ("Pacific/Apia", "2011-09"), ("America/Sao_Paulo", "2018-01"), ("America/Sao_Paulo", "2017-08"),
          ("Africa/Casablanca", "2025-01"), ("America/St_Johns", "2010-06"), ("America/Asuncion", "2017-01"),
          ("America/Havana", "2024-10"), ("Pacific/Kwajalein", "1993-03"), ("Antarctica/Troll", "2024-12"),
          ("Asia/Tehran", "2021-01"), ("Asia/Beirut", "2022-11"), ("Pacific/Chatham", "2025-02")]
CURRENCIES = [("GBP", 2), ("GBP", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)]


class Year:
    def __init__(self, name):
        self.name, self.random = name, random.Random(name)
        self.zone, first = self.random.choice(PLACES)
        self.months = [first]
        while len(self.months) < self.random.randrange(10, 15):
            self.months.append(bill.following(self.months[-1]))
        self.begins = bill.month_of(self.zone, first).begins
        self.ends = bill.month_of(self.zone, self.months[-1]).ends
        self.currency, self.places = self.random.choice(CURRENCIES)
        self.plans, self.commands = {}, []

    def likely(self, percent):
        return self.random.randrange(100) < percent

    def do(self, at, what, **rest):
        self.commands.append({"at": at, "do": what, **rest})

    # Instants ---------------------------------------------------------------------------------------------

    def day(self, begins, ends):
        """A civil day that exists, between two instants."""
        first, last = bill.day_of(self.zone, begins), bill.day_of(self.zone, ends)
        return bill.existing(self.zone, first + timedelta(days=self.random.randrange((last - first).days + 1)))

    def instant(self, begins, ends):
        """Any instant; often one at or beside the beginning of a day or month."""
        kind = self.random.randrange(10)
        at = self.random.randrange(begins, ends)
        if kind < 3:
            at = bill.first_instant(self.zone, self.day(begins, ends)) * SECOND
        elif kind < 5:
            at = bill.month_of(self.zone, self.random.choice(self.months)).begins
        if kind in (1, 3):
            at += self.random.choice([-1, 1, -30 * MINUTE, 45 * MINUTE])
        return min(max(at, begins), ends - 1)

    def effective(self, at):
        """From when something counts that is recorded at an instant."""
        kind = self.random.randrange(10)
        if kind < 4:
            return at
        past, ahead = max(at - 100 * DAY, self.begins - 10 * DAY), at + 60 * DAY
        begins, ends = (past, at) if kind < 8 else (at, ahead)
        if kind % 2:
            return self.random.randrange(begins, ends)
        return self.day(begins, ends).isoformat()

    # Plans ------------------------------------------------------------------------------------------------

    def amount(self, least, most):
        units = self.random.randrange(least, most)
        whole, part = divmod(units, 10**self.places)
        return f"{whole}.{part:0{self.places}}" if self.places else str(whole)

    def plan(self, effective_from):
        """The text of a plan; its name."""
        pick, likely = self.random.choice, self.likely
        name = "abcdefgh"[len(self.plans)]
        lines = [f'plan = "plan {name}"', f'currency = "{self.currency}"', f'effective_from = "{effective_from}"']
        if likely(30):
            lines.append(f"included_licences = {self.random.randrange(4)}")
        if likely(60):
            lines.append(f'setup_fee = "{self.amount(0, 20_000)}"')
            lines.append(f'setup_on = "{pick(["above_high_water", "every_increase"])}"')
            lines.append(f"cooling_off_days = {pick([0, 1, 14, 30, 366])}")
        if likely(60):
            lines.append(f'increase = "{pick(["daily", "full_month", "next_month"])}"')
        if likely(70):
            lines.append(f'decrease = "{pick(["daily", "end_of_period"])}"')
        if likely(35):
            lines.append(f"min_term_months = {pick([1, 1, 2, 3, 12])}")
        mode = pick(["graduated", "volume"]) if likely(40) else None
        if mode != "volume" and likely(25):
            lines.append('month_basis = "fixed_30"')
        if likely(30):
            lines.append('rounding = "half_even"')
        lines += self.tiers(mode) if mode else [f'monthly_fee = "{self.amount(0, 9_000)}"']
        for number in range(pick([0, 0, 1, 2, 3])):
            lines += self.discount(number)
        lines += self.overdraft(mode)
        if likely(40):
            lines += ["[vat]", 'mode = "compute"', 'code = "VAT"', f'rate = "{pick(["20", "17.5", "5.25", "0"])}"']
        lines += ["[close]", f"grace_days = {pick([0, 2, 2, 5])}"]
        self.plans[name] = "\n".join(lines) + "\n"
        return name

    def tiers(self, mode):
        lines, up_to = [f'tier_mode = "{mode}"'], 0
        for _ in range(self.random.randrange(3)):
            up_to += self.random.randrange(1, 4)
            lines += ["[[tiers]]", f"up_to = {up_to}", f'monthly_fee = "{self.amount(0, 9_000)}"']
        return lines + ["[[tiers]]", f'monthly_fee = "{self.amount(0, 9_000)}"']

    def discount(self, number):
        lines = ["[[discounts]]", f'name = "discount {number}"']
        if self.likely(50):
            lines.append(f'percent = "{self.random.choice(["12.5", "33.33", "100", "0.01", "50"])}"')
        else:
            lines.append(f'amount = "{self.amount(1, 9_000)}"')
        first = self.random.randrange(len(self.months))
        if self.likely(50):
            lines.append(f'from = "{self.months[first]}-01"')
        until = bill.month_of(self.zone, self.random.choice(self.months[first:])).last
        return lines + [f'until = "{until.isoformat()}"']

    def overdraft(self, mode):
        kind = self.random.choice([None, "deny", "report_only", "per_seat_day", "per_seat_day", "monthly_peak"])
        if kind is None:
            return []
        lines = ["[overdraft]", f'mode = "{kind}"']
        if kind == "per_seat_day":
            lines.append(f'day_rate = "{self.amount(0, 700)}"')
        if kind == "monthly_peak" and (mode or self.likely(50)):
            lines.append(f'peak_rate = "{self.amount(0, 5_000)}"')
        if self.likely(50):
            lines.append(f"overlap_grace_s = {self.random.choice([0, 1, 60, 300, 86_400])}")
        return lines

    def effective_from(self):
        """Often long ago, else with one of the months."""
        return "1990-01-01" if self.likely(70) else self.random.choice(self.months[:6]) + "-01"

    # What happens -----------------------------------------------------------------------------------------

    def open(self):
        first = bill.month_of(self.zone, self.months[0])
        at = self.instant(first.begins, first.ends)
        self.opened = at
        settings = [f"overdraft {self.random.choice([0, 1, 2, 3, 4])}", f"lease {self.random.choice([2, 7, 30, 240])} min",
                    f"reclaim {self.random.choice(['never', 'on-demand', 'at-once'])}",
                    f"same-user {self.random.choice(['take-over', 'share', 'separate'])}"]
        plan = self.plan(self.effective_from()) if self.likely(80) else None
        effective = bill.day_of(self.zone, at).isoformat() if self.likely(50) else at
        self.do(at, "open", licences=self.random.randrange(1, 5), settings=settings, plan=plan,
                effective=effective)
        if plan is not None and self.likely(15):  # Corrected, for the same instant.
            self.do(self.instant(at + 1, first.ends + 40 * DAY), "set_plan", plan=self.plan(self.effective_from()),
                    effective=effective)
        for _ in range(self.random.randrange(3) + (plan is None)):
            at = self.instant(self.opened + 1, self.ends if self.likely(50) else first.ends + 40 * DAY)
            self.do(at, "set_plan", plan=self.plan(self.effective_from()), effective=self.effective(at))

    def change(self):
        for _ in range(self.random.choice([0, 1, 2, 4, 7, 12])):
            at = self.instant(self.opened + 1, self.ends)
            effective = self.effective(at)
            for _ in range(1 + self.likely(10)):  # Twice for one instant, now and then.
                self.do(at, "set_licences", to=self.random.choice([1, 1, 2, 2, 3, 4, 5, 8]), effective=effective)
                at += self.random.randrange(2 * DAY)
            if self.likely(35):  # Given back so many days or months later exactly, and perhaps taken again.
                day = bill.day_of(self.zone, at)
                later = [day + timedelta(days=days) for days in (0, 1, 14, 30)]
                later += [bill.months_after(day, months) for months in (1, 1, 2, 3)]
                for to in (1, self.random.choice([2, 3, 5])):
                    day = bill.existing(self.zone, self.random.choice(later))
                    at = max(at + HOUR, bill.first_instant(self.zone, day) * SECOND)
                    self.do(at, "set_licences", to=to, effective=day.isoformat() if self.likely(50) else at)

    def use(self):
        """Days on which people come; some log out, some fall silent, some come back."""
        for _ in range(self.random.choice([0, 3, 8, 16])):
            begins = self.instant(self.opened + 1, self.ends)
            for user in self.random.sample(range(1, 10), self.random.randrange(1, 9)):
                at = begins + self.random.choice([0, 1, 5, 9]) * MINUTE + self.random.randrange(2 * MINUTE)
                self.do(at, "login", user=user)
                if self.likely(15):  # As long as a grace, to the microsecond.
                    self.do(at + self.random.choice([1, 60, 300]) * SECOND, "logout", user=user)
                    continue
                for _ in range(self.random.choice([0, 1, 3, 6, 9])):
                    at += self.random.choice([1, 4, 4, 20, 200]) * MINUTE + self.random.randrange(2 * MINUTE)
                    self.do(at, "heartbeat", user=user)
                if self.likely(60):
                    self.do(at + self.random.choice([1, 300, 900]) * SECOND, "logout", user=user)
        if self.likely(30):
            self.do(self.instant(self.opened + 1, self.ends), "set_policy",
                    settings=[f"overdraft {self.random.randrange(5)}"])

    def close(self):
        """Month after month; some late, some too early, some twice, from some month on none at all."""
        at, last = self.opened, self.random.randrange(len(self.months) + 2)
        for month in self.months[:last]:
            ends = bill.month_of(self.zone, month).ends
            at = max(at + SECOND, ends + self.random.choice([0, 2, 3, 5, 9, 70]) * DAY
                     + self.random.choice([-1, 0, 1, 5 * HOUR]))
            earlier = self.months[:self.months.index(month)] if self.likely(60) else []
            for each in [*earlier, month]:  # Those too that were refused so far.
                self.do(at, "close_month", month=each)
            while self.likely(25):
                at += self.random.randrange(5 * DAY)
                self.do(at, "close_month", month=self.random.choice(self.months))
            if self.likely(50):  # Once more, in case it was too early.
                at += 5 * DAY
                self.do(at, "close_month", month=month)

    def lines(self):
        """The year as the driver reads it."""
        self.open()
        self.change()
        self.use()
        self.close()
        if self.likely(20):
            self.do(self.instant(self.opened + 1, self.ends), "close_account")
        asked = max([self.ends] + [each["at"] for each in self.commands]) + self.random.randrange(40 * DAY)
        if self.likely(20):  # In the midst of the year: what comes later is cut off.
            asked = self.instant(self.opened + 1, self.ends)
        commands = sorted((each for each in self.commands if each["at"] < asked), key=lambda each: each["at"])
        after = [bill.following(self.months[-1])]
        commands.append({"at": asked, "do": "ask", "months": self.months + after})
        return {"year": self.name, "zone": self.zone, "plans": self.plans, "commands": commands}


def year(seed, number):
    return Year(f"{seed}/{number}").lines()


if __name__ == "__main__":
    import sys
    print(json.dumps(year(sys.argv[1], int(sys.argv[2])), indent=1))
