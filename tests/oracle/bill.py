"""Works out the statement of a month from what was recorded of an account, as docs/billing.md says.

The idea: everything is a list of stretches of time with a whole number each. Licences in force, licences
bound by a minimum term and seats above the licences are such lists; a day asks for the highest number
within it. Amounts are whole minor units and are divided once, at the end of a line. The numbers in
brackets are those of the rules on the page.

Plain rather than fast: the product and docs/verify.py do the same in other ways.
"""

import re
import tomllib
from bisect import bisect_right
from collections import namedtuple
from datetime import date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from blake3 import blake3

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# The calendar (2) ---------------------------------------------------------------------------------------

Day = namedtuple("Day", "date begins ends")
Month = namedtuple("Month", "days begins ends last")


@cache
def offset(zone, second):
    """How many seconds the clocks of a zone are ahead of UTC."""
    ahead = (EPOCH + timedelta(seconds=second)).astimezone(ZoneInfo(zone)).utcoffset()
    return ahead.days * 86_400 + ahead.seconds


@cache
def offsets(zone, first, end):
    """The stretches of seconds with one offset between two: (from, to, offset)."""
    found, begins = [], first
    for hour in range(first, end, 3_600):
        till = min(hour + 3_600, end)
        while offset(zone, till) != offset(zone, begins):  # Clocks are never changed twice within an hour.
            low, high = hour, till
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == offset(zone, begins) else (low, middle)
            found.append((begins, high, offset(zone, begins)))
            begins = high
    return found + [(begins, end, offset(zone, begins))] if begins < end else found


@cache
def first_instant(zone, day):
    """The second at which a civil day begins; None if the zone has no such day."""
    midnight = (day - date(1970, 1, 1)).days * 86_400
    for begins, ends, ahead in offsets(zone, midnight - 40 * 3_600, midnight + 40 * 3_600):
        second = max(begins, midnight - ahead)
        if second < ends:
            return second if (second + ahead) // 86_400 * 86_400 == midnight else None
    return None


def existing(zone, day):
    """The first day of a zone that is not before `day`."""
    while first_instant(zone, day) is None:
        day += timedelta(days=1)
    return day


def day_of(zone, instant):
    """The civil day within whose instants this one lies."""
    second = instant // SECOND
    day = date(1970, 1, 1) + timedelta(days=(second + offset(zone, second)) // 86_400)
    while True:
        after = existing(zone, day + timedelta(days=1))
        if first_instant(zone, after) > second:
            return day
        day = after


def months_after(day, months):
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            pass
    raise ValueError(day)


@cache
def month_of(zone, name):
    first = date(int(name[:4]), int(name[5:]), 1)
    day, end, days = existing(zone, first), existing(zone, months_after(first, 1)), []
    while day < end:
        after = existing(zone, day + timedelta(days=1))
        days.append(Day(day, first_instant(zone, day) * SECOND, first_instant(zone, after) * SECOND))
        day = after
    return Month(days, days[0].begins, days[-1].ends, months_after(first, 1) - timedelta(days=1))


def following(name):
    return months_after(date(int(name[:4]), int(name[5:]), 1), 1).isoformat()[:7]


# Plans ----------------------------------------------------------------------------------------------------

PLACES = {**dict.fromkeys("CLP ISK JPY KRW XAF XOF XPF".split(), 0), **dict.fromkeys("BHD KWD TND".split(), 3)}
Plan = namedtuple("Plan", "digest currency effective_from included tiers tiered volume setup every_increase "
                  "cooling_off increase daily_decrease min_term fixed_30 half_even discounts overdraft "
                  "day_rate peak_rate grace vat close")
KEYS = {"plan", "currency", "effective_from", "included_licences", "monthly_fee", "setup_fee", "setup_on",
        "cooling_off_days", "increase", "decrease", "min_term_months", "month_basis", "timing", "rounding",
        "tier_mode", "tiers", "discounts", "overdraft", "vat", "close"}


def decimal(text, places):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"not a number: {text}")
    whole, _, part = text.partition(".")
    if len(part.rstrip("0")) > places:
        raise ValueError(f"more than {places} decimals: {text}")
    return int(whole) * 10**places + int(part[:places].ljust(places, "0") or 0)


def one_of(table, key, *words):
    """A word that is one of these; the first if it is left out."""
    word = table.get(key, words[0])
    if word not in words:
        raise ValueError(f"{key} = {word}")
    return word


def known_keys(table, *names):
    if table.keys() - {*names}:
        raise ValueError(f"unknown: {table.keys() - {*names}}")


def read_plan(text):
    table = tomllib.loads(text)
    known_keys(table, *KEYS)
    currency = table["currency"]
    places = PLACES.get(currency, 2)

    def money(words, key):
        return decimal(words[key], places) if key in words else None

    def whole(words, key, most, default=0):
        number = words.get(key, default)
        if type(number) is not int or not 0 <= number <= most:
            raise ValueError(f"{key} = {number}")
        return number

    tiers, reached = [], 0
    for tier in table.get("tiers", [{"monthly_fee": table.get("monthly_fee")}]):
        known_keys(tier, "up_to", "monthly_fee")
        up_to = tier.get("up_to")
        tiers.append((reached + 1, up_to, money(tier, "monthly_fee")))
        reached = up_to
    discounts = []
    for words in table.get("discounts", []):
        known_keys(words, "name", "percent", "amount", "from", "until")
        percent = decimal(words["percent"], 2) if "percent" in words else None
        since, until = words.get("from", "0001-01-01"), words["until"]
        discounts.append((words["name"], percent, money(words, "amount"), date.fromisoformat(since),
                          date.fromisoformat(until)))
    overdraft, vat, close = table.get("overdraft", {}), table.get("vat", {}), table.get("close", {})
    known_keys(overdraft, "mode", "day_rate", "peak_rate", "overlap_grace_s")
    known_keys(vat, "mode", "code", "rate")
    known_keys(close, "grace_days", "second_person")
    one_of(table, "timing", "arrears")
    peak = money(overdraft, "peak_rate")
    return Plan(
        digest=blake3(text.encode()).hexdigest(), currency=currency,
        effective_from=date.fromisoformat(table["effective_from"]),
        included=whole(table, "included_licences", (1 << 32) - 1), tiers=tiers, tiered="tiers" in table,
        volume=one_of(table, "tier_mode", "graduated", "volume") == "volume",
        setup=money(table, "setup_fee") or 0,
        every_increase=one_of(table, "setup_on", "above_high_water", "every_increase") == "every_increase",
        cooling_off=whole(table, "cooling_off_days", 366),
        increase=one_of(table, "increase", "daily", "full_month", "next_month"),
        daily_decrease=one_of(table, "decrease", "end_of_period", "daily") == "daily",
        min_term=whole(table, "min_term_months", 120),
        fixed_30=one_of(table, "month_basis", "actual_days", "fixed_30") == "fixed_30",
        half_even=one_of(table, "rounding", "half_up", "half_even") == "half_even", discounts=discounts,
        overdraft=one_of(overdraft, "mode", "report_only", "deny", "per_seat_day", "monthly_peak"),
        day_rate=money(overdraft, "day_rate"), peak_rate=tiers[0][2] if peak is None else peak,
        grace=whole(overdraft, "overlap_grace_s", 86_400, 300) * SECOND,
        vat=(vat["code"], vat["rate"]) if one_of(vat, "mode", "none", "compute") == "compute" else None,
        close=whole(close, "grace_days", 60, 2))


def ratio(number, by, half_even=False):
    """The nearest whole number of number / by; a half away from zero, or to even."""
    whole, rest = divmod(abs(number), by)
    if 2 * rest > by or 2 * rest == by and (not half_even or whole % 2):
        whole += 1
    return whole if number >= 0 else -whole


# What is known --------------------------------------------------------------------------------------------

Change = namedtuple("Change", "instant licences position version")
Assigned = namedtuple("Assigned", "instant digest position version")
Live = namedtuple("Live", "begins ends seat overdraft position")
Closed = namedtuple("Closed", "month as_of until position")
NEVER = 1 << 70


class Known:
    """What the commits up to a version say, known until an instant."""

    def __init__(self, commits, as_of, until):
        self.until, self.as_of, self.zone = until, as_of, None
        self.told, self.assigned, self.closed, self.live = [], [], [], []
        self.closing = Change(NEVER, 0, None, None)
        sitting = {}
        for commit in commits:
            at, position, version = commit["at"], commit["position"], commit["version"]
            for name, *parts in commit["events"] if version <= as_of else ():
                if name == "AccountOpened":
                    self.zone = parts[0]
                elif name == "LicencesChanged":
                    self.told.append(Change(parts[2], parts[1], position, version))
                elif name == "PlanAssigned":
                    self.assigned.append(Assigned(parts[1], parts[0], position, version))
                elif name == "AccountClosed":
                    self.closing = Change(at, 0, position, version)
                elif name == "PeriodClosed":
                    what = parts[0]
                    self.closed.append(Closed(what["month"], what["as_of"], what["until"], position))
                elif name == "SeatGranted":
                    sitting[parts[0]] = [at, *parts[1:], position]
                elif name == "Resumed":
                    sitting[parts[0]][0] = at
                elif name in ("WentDormant", "LoggedOut", "Expired"):
                    self.heard(sitting[parts[0]], at - parts[1])
        for session in sitting.values():
            self.heard(session, until)
        self.assigned.sort(key=lambda each: each.instant)  # Stable: of the same instant the later version last.
        latest = {change.instant: change for change in self.told}
        self.changes = [latest[at] for at in sorted(latest) if at < self.closing.instant]
        self.walk = self.changes + ([self.closing] if self.closing.position is not None else [])
        self.force = [(each.instant, each.licences) for each in self.walk]

    def heard(self, session, last):
        """A session's live stretch ends (10), if it is live."""
        begins, seat, overdraft, position = session
        if begins is not None:
            self.live.append(Live(begins, max(begins, last), seat, overdraft, position))
            session[0] = None

    def in_force(self, instant):
        return value(self.force, instant)


def value(steps, instant):
    """What a list of (from when, number) says at an instant; 0 before its first."""
    index = bisect_right(steps, (instant, NEVER)) - 1
    return steps[index][1] if index >= 0 else 0


def most(steps, begins, ends):
    return max([value(steps, begins)] + [number for at, number in steps if begins < at < ends])


def bound(known, months):
    """Licences in force and those kept until their minimum term ends (3), as steps."""
    lots, back, kept, before = [], [], [], 0  # A lot: begun, end, licences; given back: and when.
    for change in known.walk:
        at, more = change.instant, change.licences - before
        before = change.licences
        while more > 0:
            open_ones = [each for each in back if each[1] > at]
            if not open_ones:
                term = existing(known.zone, months_after(day_of(known.zone, at), months))
                lots.append([at, first_instant(known.zone, term) * SECOND, more])
                break
            lot = max(open_ones, key=lambda each: (each[1], each[0]))
            taken = min(more, lot[2])
            kept.append((lot[3], at, taken))
            lots.append([lot[0], lot[1], taken])
            lot[2], more = lot[2] - taken, more - taken
            back = [each for each in back if each[2]]
        while more < 0:
            lot = min(lots, key=lambda each: each[0])
            given = min(-more, lot[2])
            back.append([lot[0], lot[1], given, at])
            lot[2], more = lot[2] - given, more + given
            lots = [each for each in lots if each[2]]
    kept += [(since, end, licences) for _, end, licences, since in back if end > since]
    instants = sorted({at for at, _ in known.force} | {at for since, end, _ in kept for at in (since, end)})
    return [(at, known.in_force(at) + sum(n for since, end, n in kept if since <= at < end)) for at in instants]


def over_steps(known):
    """Seats above the licences at each instant (10), as steps."""
    instants = {at for stretch in known.live for at in (stretch.begins, stretch.ends)}
    instants |= {at for at, _ in known.force}
    steps = []
    live, begins, ends = {}, {}, {}
    for stretch in known.live:
        if stretch.ends > stretch.begins:
            begins.setdefault(stretch.begins, []).append(stretch)
            ends.setdefault(stretch.ends, []).append(stretch)
    for at in sorted(instants):
        for stretch in ends.get(at, ()):
            live[stretch.seat].remove(stretch)
        for stretch in begins.get(at, ()):
            live.setdefault(stretch.seat, []).append(stretch)
        seats = sum(1 for sessions in live.values() if sessions)
        marked = sum(1 for sessions in live.values() if any(each.overdraft for each in sessions))
        steps.append((at, max(min(marked, seats - known.in_force(at)), 0)))
    return steps


def overdraft_days(known, month, grace):
    """The overdraft of each day (10)."""
    steps, days = over_steps(known), [0] * len(month.days)
    ends = [at for at, _ in steps[1:]] + [known.until]
    for k in range(1, max([number for _, number in steps] + [0]) + 1):
        stretches = []
        for (begins, number), end in zip(steps, ends):
            if number >= k and stretches and stretches[-1][1] == begins:
                stretches[-1][1] = end
            elif number >= k:
                stretches.append([begins, end])
        for begins, end in stretches:
            for place, day in enumerate(month.days):
                if end - begins >= grace and begins < day.ends and end > day.begins:
                    days[place] = k
    return days


# The statement ----------------------------------------------------------------------------------------------

class Account:
    """An account's commits and plans; gives the statement of any month."""

    def __init__(self, number, commits, plans, tzdb):
        """`plans`: texts of plan files; `tzdb`: the release of the time zones."""
        plans = [read_plan(text) for text in plans]
        self.number, self.commits, self.tzdb = number, commits, tzdb
        self.plans = {plan.digest: plan for plan in plans}
        self.settled = {}
        self.closings = Known(commits, NEVER, NEVER).closed

    def statement(self, name, until):
        """As it was closed; or as all commits say, known until an instant."""
        for closed in self.closings:
            if closed.month == name:
                return self.closed(closed)
        # Of a month that is over nothing more need be known a day later.
        zone = Known(self.commits, self.commits[-1]["version"], until).zone
        until = min(until, month_of(zone, name).ends + 86_400 * SECOND)
        return self.derive(name, Known(self.commits, self.commits[-1]["version"], until))

    def closed(self, closed):
        if closed.month not in self.settled:
            known = Known(self.commits, closed.as_of, closed.until)
            self.settled[closed.month] = self.derive(closed.month, known)
        return self.settled[closed.month]

    def plan(self, known, month):
        """The plan that counts for a month, and its assignment (14)."""
        usable = [each for each in known.assigned
                  if self.plans[each.digest].effective_from <= month.days[0].date]
        before = [each for each in usable if each.instant <= month.begins]
        within = [each for each in usable if month.begins < each.instant < month.ends]
        first = [each for each in within if each.instant == within[0].instant]
        for assigned in before[-1:] + first[-1:]:
            return self.plans[assigned.digest], assigned
        return None, None

    def derive(self, name, known):
        month = month_of(known.zone, name)
        plan, assigned = self.plan(known, month)
        days = billable_days(known, month, plan)
        over = overdraft_days(known, month, plan.grace if plan else 300 * SECOND)
        lines = fee_lines(known, month, plan, assigned, days, over) if plan else []
        carried = 0
        if known.closed and name == following(known.closed[-1].month):
            lines += self.adjustments(known)
            carried = self.closed(known.closed[-1])["carried_out"]
        net = sum(each["net"] for each in lines)
        tax = ratio(net * decimal(plan.vat[1], 2), 10_000) if plan and plan.vat else 0
        left = net + tax + carried
        bounds = offsets(known.zone, month.begins // SECOND, month.ends // SECOND)
        rows = [{"from": first, "to": last, "days": count, "in_force": in_force, "billable": billable,
                 "licence_days": count * billable}
                for first, last, count, (in_force, billable) in in_rows(month, days)]
        return {
            "format": "seatledger statement 1", "account": self.number, "month": name, "from": month.begins,
            "to": month.ends, "zone": known.zone, "tzdb": self.tzdb,
            "offsets": [[begins * SECOND, ahead] for begins, _, ahead in bounds],
            "as_of": known.as_of, "until": known.until,
            "plan": plan and plan.digest, "currency": plan and plan.currency,
            "opening_licences": known.in_force(month.begins),
            "closing_licences": known.in_force(month.ends - 1), "days": rows,
            "licence_days": sum(row["licence_days"] for row in rows),
            "overdraft": [{"from": first, "to": last, "days": count, "over": number}
                          for first, last, count, number in in_rows(month, over) if number],
            "lines": lines, "net": net if plan else None,
            "vat": {"code": plan.vat[0], "rate": plan.vat[1], "amount": tax} if plan and plan.vat else None,
            "gross": net + tax if plan else None, "carried_in": carried if plan else None,
            "due": max(left, 0) if plan else None, "carried_out": min(left, 0) if plan else None}

    def closable(self, name, at, version):
        """Whether a month may be closed at an instant, as the commits before a version say."""
        known = Known(self.commits, version - 1, at)
        if not known.changes:
            return False
        month, first = month_of(known.zone, name), day_of(known.zone, known.changes[0].instant)
        due = following(known.closed[-1].month) if known.closed else first.isoformat()[:7]
        plan, _ = self.plan(known, month)
        if name != due or plan is None:
            return False
        earliest = month.last + timedelta(days=1 + plan.close)
        return at >= first_instant(known.zone, existing(known.zone, earliest)) * SECOND

    def adjustments(self, known):
        """What the months closed before would cost now, less what was charged for them (11)."""
        for closed in known.closed:
            month = month_of(known.zone, closed.month)
            plan, assigned = self.plan(known, month)
            days = billable_days(known, month, plan)
            over = overdraft_days(known, month, plan.grace)
            net = sum(each["net"] for each in fee_lines(known, month, plan, assigned, days, over))
            net -= sum(each["net"] for each in self.closed(closed)["lines"] if each["charge"] != "adjustment")
            for other in known.closed:
                net -= sum(each["net"] for each in self.closed(other)["lines"]
                           if each["charge"] == "adjustment" and each["subject"] == closed.month)
            if net:
                late = [each.position for each in known.told + known.assigned + [known.closing]
                        if each.position is not None and each.version > closed.as_of
                        and each.instant < month.ends]
                yield line("adjustment", closed.month, None, 1, net, [closed.position, *late])


def line(charge, subject, counted, quantity, unit, commits):
    return {"charge": charge, "subject": subject, "counted": counted, "quantity": quantity, "unit": unit,
            "net": quantity * unit, "commits": sorted({*commits})}


def in_rows(month, values):
    """Neighbouring days with the same value: first day, last day, how many, value."""
    rows = []
    for day, each in zip(month.days, values):
        if rows and rows[-1][3] == each:
            rows[-1][1:3] = day.date.isoformat(), rows[-1][2] + 1
        else:
            rows.append([day.date.isoformat(), day.date.isoformat(), 1, each])
    return rows


def billable_days(known, month, plan):
    """Licences in force and licences to pay for, of each day (4, 5)."""
    included, steps = (plan.included, bound(known, plan.min_term)) if plan else (0, known.force)
    in_force = [most(known.force, day.begins, day.ends) for day in month.days]
    x = [max(most(steps, day.begins, day.ends) - included, 0) for day in month.days]
    y = x
    if plan and plan.increase == "next_month":
        base = value(steps, month.begins)
        if known.changes and known.changes[0].instant > month.begins:
            base = known.changes[0].licences
        y = [min(each, max(base - included, 0)) for each in x]
    if plan and plan.increase == "full_month":
        first = known.walk[0].instant if known.walk else NEVER
        y = [max(x[place:]) if day.ends > first else 0 for place, day in enumerate(month.days)]
    if not plan or not plan.daily_decrease:
        y = [max(y[:place + 1]) for place in range(len(y))]
    return list(zip(in_force, y))


def fee_lines(known, month, plan, assigned, days, over):
    monthly = list(monthly_lines(known, month, plan, assigned, [billable for _, billable in days]))
    return (monthly + list(discount_lines(month, plan, assigned, sum(each["net"] for each in monthly)))
            + setup_lines(known, month, plan) + list(overdraft_lines(known, month, plan, over)))


def units_between(plan, billable, least, most_of_them):
    """Units of the licences numbered so within the month (6), or of the days so high (7, volume)."""
    if plan.volume:
        return sum(each for each in billable if least <= each <= most_of_them)
    units = 0
    heights = sorted({0, least - 1, most_of_them, *billable})
    for low, high in zip(heights, heights[1:]):  # All licences above low, up to high, have the same days.
        if least <= high <= most_of_them:
            n = sum(1 for each in billable if each >= high)
            units += (high - low) * ((30 if n == len(billable) else min(n, 30)) if plan.fixed_30 else n)
    return units


def monthly_lines(known, month, plan, assigned, billable):
    of = 30 if plan.fixed_30 else len(billable)
    named = [assigned.position]
    if known.closing.instant > month.begins:
        at_first = [each for each in known.changes if each.instant <= month.begins][-1:]
        within = [each for each in known.changes if month.begins < each.instant < month.ends]
        named += [each.position for each in at_first + within]
    if month.begins <= known.closing.instant < month.ends:
        named.append(known.closing.position)
    highest = max(billable)
    tiers = [(units_between(plan, billable, least, highest if up_to is None else up_to)
              if highest >= least else 0, least, up_to, fee) for least, up_to, fee in plan.tiers]
    for units, least, up_to, fee in [tier for tier in tiers if tier[0]] or tiers[:1]:
        subject = (f"{least}+" if up_to is None else f"{least}-{up_to}") if plan.tiered else None
        quantity, unit = (units // of, fee) if units % of == 0 else (1, ratio(fee * units, of, plan.half_even))
        yield line("monthly", subject, units, quantity, unit, named)


def discount_lines(month, plan, assigned, fees):
    left = fees
    for name, percent, amount, since, until in plan.discounts:
        if since <= month.days[0].date <= until:
            less = amount if percent is None else ratio(fees * percent, 10_000, plan.half_even)
            less = min(less, left)
            left -= less
            if less:
                yield line("discount", name, None, 1, -less, [assigned.position])


def setup_lines(known, month, plan):
    """Set-up fees and refunds (9)."""
    if not plan.setup or not known.told:
        return []

    def paid_of(licences):
        return max(licences - plan.included, 0)
    first = min([known.told[0].licences] + [each.licences for each in known.changes[:1]])
    paid_for = before = paid_of(first)
    charges, charged, refunded = [], [], []  # A charge: day, licences not refunded, position.
    for change in known.walk:
        day, paid = day_of(known.zone, change.instant), paid_of(change.licences)
        within, k = month.begins <= change.instant < month.ends, before - paid
        for charge in reversed(charges):
            if plan.cooling_off and k > 0 and (day - charge[0]).days <= plan.cooling_off and charge[1]:
                back = min(k, charge[1])
                charge[1], k = charge[1] - back, k - back
                paid_for -= 0 if plan.every_increase else back
                if within:
                    refunded.append(line("refund", None, None, back, -plan.setup, [change.position, charge[2]]))
        if paid > paid_for:
            charges.append([day, paid - paid_for, change.position])
            if within:
                charged.append(line("setup", None, None, paid - paid_for, plan.setup, [change.position]))
        paid_for = paid if plan.every_increase else max(paid, paid_for)
        before = paid
    return charged + refunded


def overdraft_lines(known, month, plan, over):
    rates = {"per_seat_day": (sum(over), plan.day_rate), "monthly_peak": (max(over), plan.peak_rate)}
    quantity, rate = rates.get(plan.overdraft, (0, 0))
    if quantity:
        named = [each.position for each in known.live if each.overdraft and each.begins < each.ends
                 and each.begins < month.ends and each.ends > month.begins]
        yield line("overdraft", None, quantity, quantity, rate, named)
