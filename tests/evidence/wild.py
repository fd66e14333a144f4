"""Histories and bills that a seed makes up, with what `docs/verify.py` says of them.

A history goes on as long as it is lawful; now and then it breaks a law in the end. A bill is what the
verifier derives. Alone this shows only that the verifier does not stumble; with `--rust` two programs
written apart must agree on what nobody thought of.
"""

import copy
import random

import verify
from bills import assigned, plan, utc
from build import ACCOUNT, SECOND, days, micros, pack
from lawful import START, MINUTE, e, licences
from writer import Log, zipped


def one_commit(r, laws, sessions):
    """Some events that could stand in one commit, many of them sensible."""
    users, seats, n = range(1, 5), range(1, 5), sessions[0]
    sitting = list(laws.sessions) or [1]
    someone = r.choice(sitting) if r.random() < 0.95 else r.randrange(n + 2)
    silent = r.choice([0, 0, MINUTE // 2, MINUTE, 3 * MINUTE])
    request, user = bytes([r.randrange(40)]) * 16, r.choice(users)
    ask = e("LoginRequested", request, user, r.choice([None, None, 1, 2]), r.choice([None, None, 1]))
    own = [seat for seat, held in laws.seats.items() if held.user == user]
    where = r.choice(own) if own and r.random() < 0.7 else r.choice(seats)
    sessions[0] += 1
    grant = e("SeatGranted", r.choice([None, None, None, request]), n, where, r.random() < 0.3)
    deny = e("SeatDenied", r.choice([None, None, request]), "AllSeatsHeld", len(
        laws.seats) + r.choice([0, 0, 0, 1, -1]) % 9, laws.silent + (r.random() < 0.1))
    theirs = [each for each, session in laws.sessions.items() if session.seat == where] or [someone]
    ghosts = [each for each, session in laws.sessions.items() if session.dormant] or [someone]
    at = r.choice([-20, 0, 5, 30, 60])
    before = laws.licences.up_to(START + at * MINUTE) if r.random() < 0.9 else r.randrange(5)
    waiting = r.choice(list(laws.line) or [request]) if r.random() < 0.95 else request
    until = laws.offers.get(waiting, (0, 0))[1] if r.random() < 0.3 else r.choice([START, START + 40 * MINUTE])
    queue = e("Queued", r.choice(["AllSeatsHeld", "SeatsReserved"]),
              len(laws.seats) + len(laws.offers), laws.silent + (r.random() < 0.05))
    offer = e("SeatOffered", waiting, r.choice(seats), until)
    where_offered = laws.offers.get(waiting, (where, 0))[0] if r.random() < 0.9 else where
    asking = laws.last_asking + (1 if r.random() < 0.95 else 0)
    held = r.choice(list(laws.seats) or [1])
    asks = e("HandOverAsked", asking, waiting, held, r.choice([START, START + 20 * MINUTE]))
    ended = r.choice(list(laws.askings) or [1])
    seat, _, asker, _ = laws.askings.get(ended, (held, 0, 0, 0))
    for_whom = [id for id, user in laws.line.items() if user == asker] or [waiting]
    on_it = [e("Expired", each, "HandedOver", 0) for each, session in laws.sessions.items() if session.seat == seat]
    end = e("HandOverEnded", ended, r.choice(["Consented", "Silent", "Declined", "Withdrawn"]))
    hand = [end] + on_it[:9 if r.random() < 0.95 else 0] + [
        e("SeatGranted", r.choice(for_whom), n, seat, r.random() < 0.4)]
    taken = [e("Expired", each, "TakenOver", 0) for each in theirs[:r.randrange(1, 4)]]
    return r.choice([
        [ask, grant], [ask, grant], [ask, grant], [ask, grant], [ask, grant], [ask, grant], [ask, deny],
                     [ask, deny], [ask], [grant],
        [deny], [e("WentDormant", someone, 0)], [e("WentDormant", someone, 0)],
        [ask] + taken + [grant], [ask] + taken + [grant], taken,
        [ask, e("Expired", r.choice(ghosts), "Reclaimed", silent), grant],
                     [e("Expired", r.choice(ghosts), "Reclaimed", silent)],
        [e("WentDormant", someone, silent)], [e("WentDormant", someone, 0)], [e("Resumed", r.choice(ghosts))],
        [e("LoggedOut", someone, "User", None, None, silent)],
                     [e("LoggedOut", someone, "Release", r.choice([None, "Other"]), None, 0)],
        [e("Expired", someone, r.choice(["Idle", "LeaseEnded", "MaxSession"]), silent)],
        [licences(max(before, 0), r.randrange(5), at)],
                     [e("PolicyChanged", [("Overdraft", [r.randrange(3)]), ("Linger", [r.randrange(300)])])],
        [e("UserAdded", user, bytes(32))], [e("UserSuspended", user)], [e("UserReinstated", user)],
                     [e("SiteAdded", r.choice([1, 2]), bytes(32))],
        [e("DeviceAdded", r.choice([1, 2]), bytes(32))], [e("ReasonGiven", bytes(32))],
        [e(r.choice(["AccountSuspended", "AccountReinstated", "AccountReinstated", "AccountReinstated"]))],
        [e("ImportStarted", bytes(32))], [e("ImportCompleted", bytes(32))],
        [ask, queue], [ask, queue], [ask, queue], [ask, queue, e("LeftQueue", waiting, "AskedAnew")],
        [offer], [offer], [offer], [e("Expired", r.choice(ghosts), "Reclaimed", silent), offer],
        [e("SeatGranted", waiting, n, where_offered, r.random() < 0.4)],
        [e("SeatGranted", waiting, n, where_offered, r.random() < 0.4)],
        [ask, queue, asks], [asks], [asks], [asks], [end], hand, hand, hand,
        [e("OfferLapsed", waiting)], [e("OfferWithdrawn", waiting)],
        [e("LeftQueue", waiting, r.choice(["GaveUp", "NotHeardOf", "Barred"]))]])


def wild_history(seed):
    r, laws, sessions = random.Random(seed), verify.Laws(ACCOUNT), [1]
    lines = [[e("AccountOpened", "UTC", bytes(32)), *(e("UserAdded", user, bytes(32))
                for user in (1, 2, 3)), licences(0, 2)]]
    for number in range(400):
        if len(lines) == 60:
            break
        events = lines[0] if number == 0 else sum(
            (one_commit(r, laws, sessions) for _ in range(r.choice([1, 1, 1, 2]))), [])
        tried = copy.deepcopy(laws)
        commit = verify.Commit(ACCOUNT, 1, b"", START + len(lines) * MINUTE, 0, "App", 1, 1, 0, events)
        try:
            tried.commit(commit)
        except verify.Broken:
            if r.random() < 0.99:
                continue
            lines.append(events)
            return lines
        if number:
            lines.append(events)
        laws = tried
    return lines


def history_pack(seed):
    log, lines = Log(), wild_history(seed)
    for number, events in enumerate(lines):
        log.append(ACCOUNT, START + (number + 1 if number else 0) * MINUTE, events)
    end = START + (len(lines) + 1) * MINUTE
    log.append(ACCOUNT, end, [e("EvidenceTaken", START, end, False)], role="Auditor")
    return pack(
        log,
        told={},
        plans=(),
        zone="UTC",
        period=(
            START,
            end),
        names=False,
        first_size=1,
        witnesses=[])


def bill_pack(seed):
    """Licences, plans, perhaps a closing, at any instants of some months; and the bill as it is derived."""
    r, log, zone = random.Random(seed), Log(), random.Random(seed).choice(
        ["Europe/London", "Pacific/Apia", "America/Sao_Paulo", "UTC"])
    plans = [plan(r.choice(["30.00", "0.01", "35", "99.99"]), setup_fee=r.choice(["0", "5.00", "150"]),
                  included_licences=r.randrange(3),
                  setup_on=r.choice(["above_high_water", "every_increase"]),
                  decrease=r.choice(["daily", "end_of_period"]),
                  rounding=r.choice(["half_up", "half_even"]),
                  effective_from=r.choice(["2010-01-01", "2011-12-01", "2012-01-01"]))
             for _ in range(3)]
    begins, ends = micros("2011-11-01 00:00", zone), micros("2012-02-01 00:00", zone)
    at = utc("2011-11-01 00:00") - 20 * 86_400 * SECOND
    log.append(ACCOUNT, at, [e("AccountOpened", zone, bytes(32))])
    in_force, closed = verify.Changes(), False
    for _ in range(r.randrange(2, 12)):
        at += r.randrange(12) * 86_400 * SECOND + r.randrange(86_400 * SECOND)
        if at >= ends:
            break
        day = r.choice(["2011-10-20", "2011-11-01", "2011-11-15", "2011-12-01",
                       "2011-12-29", "2011-12-31", "2012-01-01", "2012-01-31"])
        when, dated = r.choice([(at, None), (at, None), (micros(f"{day} 00:00", zone), days(day)),
                                (micros(f"{day} 12:34", zone), days(day))])
        if r.random() < 0.3:
            events = [assigned(r.choice(plans), f"{day} 00:00", zone)]
        elif r.random() < 0.08 and not closed:
            events, closed = [e("AccountClosed")], True
        else:
            events = [e("LicencesChanged", in_force.up_to(when), r.randrange(6), (when, days(day)))]
            in_force.add(when, events[0][1][1])
        log.append(ACCOUNT, at, events)
    log.append(ACCOUNT, max(at, ends), [e("EvidenceTaken", begins, ends, False)], role="Auditor")
    files, facts = {f"plan-{verify.blake3(toml).hexdigest()}.toml": toml for toml in plans}, verify.Facts()
    for position, raw in enumerate(log.commits):
        facts.add(position, verify.read_commit(raw), ACCOUNT)
    facts.settle()
    told = {month: facts.statement(month, verify.ZoneInfo(zone), files)
                                   for month in ("2011-11", "2011-12", "2012-01")}
    return pack(log, told, plans, zone=zone, period=(begins, ends), names=False, first_size=1, witnesses=[])


def wild_cases(count, keys):
    """Name, pack and verdict of each."""
    for seed in range(count):
        for name, make in (("history", history_pack), ("bill", bill_pack)):
            data = zipped(make(seed))
            try:
                list(verify.verify(data, [verify.read_key(keys, verify.LEDGER)]))
                yield f"wild-{name}-{seed}", data, ("ok", None, None)
            except verify.Wrong as wrong:
                yield f"wild-{name}-{seed}", data, ("bad", wrong.code, wrong.position)
