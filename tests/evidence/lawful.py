"""Small histories at the edge of each law of docs/evidence.md: which are lawful, which break it and where.

Made anew at each run of check.py and not kept. All are sealed by the ledger, so that only a law is broken.
"""

from build import ACCOUNT, LONDON, SECOND, micros, pack
from writer import Log, zipped

START, MINUTE = micros("2026-04-01 09:00"), 60 * SECOND
HISTORIES = []


def history(name, *lines, breaks=None):
    """A line is what one commit holds. `breaks`: the place of the line that breaks a law, from the end."""
    HISTORIES.append((name, lines, breaks))


def e(name, *parts):
    return name, list(parts)


def licences(before, after, at=0):
    return e("LicencesChanged", before, after, (START + at * MINUTE, None))


def asked(request, user=1, site=None, device=None):
    return e("LoginRequested", bytes([request]) * 16, user, site, device)


def granted(session, seat, overdraft=False, request=None):
    return e("SeatGranted", request and bytes([request]) * 16, session, seat, overdraft)


def login(session, user, seat, overdraft=False):
    return [asked(session % 251, user), granted(session, seat, overdraft)]


def out(session, silent=0):
    return e("LoggedOut", session, "User", None, None, silent)


def over(session, cause, silent=0):
    return e("Expired", session, cause, silent)


def dormant(session, silent=0):
    return [e("WentDormant", session, silent)]


def denied(held, silent, request=None):
    return e("SeatDenied", request and bytes([request]) * 16, "AllSeatsHeld", held, silent)


def policy(**settings):
    return [e("PolicyChanged", [(name, [value]) for name, value in settings.items()])]


OPENED = [e("AccountOpened", LONDON, bytes(32))]
USERS = [e("UserAdded", user, bytes(32)) for user in (1, 2, 3)]
ONE, TWO = ([OPENED + USERS + [licences(0, count)]] for count in (1, 2))

# 2. Opened first and once; events of the service.
history("opened-late", USERS, breaks=1)
history("opened-twice", *ONE, OPENED, breaks=1)
for event in (e("ServiceStarted", None), e("ServiceStopped"), e("ClockStepped", 1, 2),
              e("SealingKeyChanged", bytes(32), None), e("IdentityShown", 3, "Who", None),
              e("TokenMade", 3, "Customer", [1, 300], 70_000), e("TokenRevoked", 3),
              e("StatementsExported", "Xero", 2026, 5, [3, 300], 2, bytes(32), False)):
    history(f"service-{event[0]}", *ONE, [event], breaks=1)
history("let-in-offline", *ONE, [e("SeatTakenOffline", bytes(16), 2, START, START + MINUTE)],
        [e("SeatTakenOffline", bytes(16), 2, START, START + MINUTE)])
history("reason-given", *ONE, [e("ReasonGiven", bytes(32))])
history("reason-before-the-opening", [e("ReasonGiven", bytes(32))], *ONE, breaks=2)
# 3. From what was in force.
history("licences-in-order", *ONE, [licences(1, 2, 10), licences(2, 5, 20)],
        [licences(1, 3, 5)], [licences(2, 4, 10)], [licences(4, 9, 15)])
history("licences-again-at-the-same-instant", *ONE,
        [licences(1, 2, 10)], [licences(2, 4, 10)], [licences(4, 1, 10)])
history("licences-from-the-future", *ONE, [licences(1, 2, 10)], [licences(2, 3, 9)], breaks=1)
history("licences-before-the-first", *ONE, [licences(0, 3, -10)])
history("licences-before-the-first-from-one", *ONE, [licences(1, 3, -10)], breaks=1)
# 4. Numbers in order; logins from what was added.
history("sites-in-order", *ONE, [e("SiteAdded", 1, bytes(32)),
        e("SiteAdded", 2, bytes(32))], [asked(1, 1, 2), granted(1, 1)])
history("site-left-out", *ONE, [e("SiteAdded", 2, bytes(32))], breaks=1)
history("device-twice", *ONE, [e("DeviceAdded", 1, bytes(32))], [e("DeviceAdded", 1, bytes(32))], breaks=1)
history("login-from-no-site", *ONE, [asked(1, 1, 1), denied(0, 0)], breaks=1)
history("login-from-site-0", *ONE, [asked(1, 1, 0), denied(0, 0)], breaks=1)
history("login-from-no-device", *ONE, [asked(1, 1, None, 7), denied(0, 0)], breaks=1)
history("login-from-a-forgotten-device", *ONE, [e("DeviceAdded", 1, bytes(32))], [e("DeviceForgotten", 1)],
        [asked(1, 1, None, 1), granted(1, 1)])
SITES = [[e("SiteAdded", site, bytes(32)) for site in range(first, min(first + 500, 65_536))]
         for first in range(1, 65_536, 500)]
history("last-site-again", *ONE, *SITES, [e("SiteAdded", 65_535, bytes(32))], breaks=1)
BACKWARDS = [licences(0, 0, -number) for number in range(40_000)]
history("licences-told-backwards", *ONE, *(BACKWARDS[first:first + 900] for first in range(900, 40_000, 900)))
# 5. Users and devices that there are.
history("user-twice", *ONE, [USERS[0]], breaks=1)
history("user-of-any-number", *ONE, [e("UserAdded", 70_000, bytes(32))], login(1, 70_000, 1))
history("suspended-twice", *ONE, [e("UserSuspended", 1)], [e("UserSuspended", 1)], [e("UserReinstated", 1)])
history("suspended-nobody", *ONE, [e("UserSuspended", 9)], breaks=1)
history("reinstated-forgotten", *ONE, [e("UserForgotten", 1)], [e("UserReinstated", 1)], breaks=1)
history("forgotten-and-added", *ONE, [e("UserForgotten", 1)], [USERS[0]], breaks=1)
history("device-forgotten-twice", *ONE, [e("DeviceAdded", 1, bytes(32))],
        [e("DeviceForgotten", 1)], [e("DeviceForgotten", 1)], breaks=1)
history("device-forgotten-that-is-not", *ONE, [e("DeviceForgotten", 0)], breaks=1)
# 6. Requests and answers.
history("answered-later", *ONE, [asked(1)], [e("ReasonGiven", bytes(32))], [granted(1, 1, request=1)])
history("answered-later-unnamed", *ONE, [asked(1)], [granted(1, 1)], breaks=1)
history("asked-twice", *ONE, [asked(1)], [asked(1)], breaks=1)
history("asked-again-after-the-answer", *ONE, [asked(1), denied(0, 0)], [asked(1), denied(0, 0)])
history("answered-twice", *ONE, [asked(1), denied(0, 0), denied(0, 0)], breaks=1)
history("answered-twice-by-name", *ONE, [asked(1), denied(0, 0)], [denied(0, 0, request=1)], breaks=1)
history("two-asked-two-answered-by-name", *TWO,
        [asked(1), asked(2, 2), granted(1, 1, request=1), granted(2, 2, request=2)])
history("two-asked-the-last-answered-first", *TWO,
        [asked(1), asked(2, 2), granted(1, 1), granted(2, 2, request=1)])
history("two-asked-two-unnamed", *TWO, [asked(1), asked(2, 2), granted(1, 1), granted(2, 2)], breaks=1)
# 7. Grants.
history("second-of-one", *ONE, login(1, 1, 1), login(2, 2, 2), breaks=1)
history("second-of-two", *TWO, login(1, 1, 1), login(2, 2, 2))
history("after-a-log-out", *ONE, login(1, 1, 1), [out(1)], login(2, 2, 1))
history("licences-of-later", *ONE, [licences(1, 2, 30)], login(1, 1, 1), login(2, 2, 2), breaks=1)
history("licences-of-now", *ONE, [licences(1, 2, 3)], login(1, 1, 1), login(2, 2, 2))
history("overdraft-marked", *ONE, policy(Overdraft=1), login(1, 1, 1), login(2, 2, 2, True))
history("overdraft-not-marked", *ONE, policy(Overdraft=1), login(1, 1, 1), login(2, 2, 2), breaks=1)
history("overdraft-marked-early", *TWO, policy(Overdraft=1), login(1, 1, 1, True))
history(
    "overdraft-used-up",
    *ONE,
    policy(
        Overdraft=1),
    login(
        1,
        1,
        1),
    login(
        2,
        2,
        2,
        True),
    login(
        3,
        3,
        3,
        True),
    breaks=1)
history("overdraft-of-the-latest", *ONE,
        [e("PolicyChanged", [("Overdraft", [5]), ("Overdraft", [0])])], login(1, 1, 1), login(2, 2, 2, True),
        breaks=1)
history("granted-to-nobody", *ONE, login(1, 9, 1), breaks=1)
history("granted-to-the-suspended", *ONE, [e("UserSuspended", 1)], login(1, 1, 1), breaks=1)
history("granted-to-the-forgotten", *ONE, [e("UserForgotten", 1)], login(1, 1, 1), breaks=1)
history("granted-while-suspended", *ONE, [e("AccountSuspended")], login(1, 1, 1), breaks=1)
history("granted-after-the-closing", *ONE, [e("AccountClosed")], login(1, 1, 1), breaks=1)
history("session-twice", *TWO, login(1, 1, 1), [out(1)], [asked(9), granted(1, 1)], breaks=1)
history("session-lower", *TWO, login(7, 1, 1), login(6, 2, 2), breaks=1)
history("session-zero", *ONE, [asked(1), granted(0, 1)], breaks=1)
history("session-left-out", *TWO, login(7, 1, 1), login(9, 2, 2))
history("shared", *ONE, login(1, 1, 1), login(2, 1, 1))
history("shared-by-another", *TWO, login(1, 1, 1), login(2, 2, 1), breaks=1)
history("shared-after-a-decrease", *TWO, login(1, 1, 1), login(2, 2, 2), [licences(2, 1, 3)], login(3, 1, 1))
history(
    "shared-mark-lost",
    *ONE,
    policy(
        Overdraft=1),
    login(
        1,
        1,
        1),
    login(
        2,
        2,
        2,
        True),
    login(
        3,
        2,
        2),
    breaks=1)
history(
    "shared-mark-kept",
    *ONE,
    policy(
        Overdraft=1),
    login(
        1,
        1,
        1),
    login(
        2,
        2,
        2,
        True),
    login(
        3,
        2,
        2,
        True))
history("shared-mark-gone-with-licences", *ONE, policy(Overdraft=1), login(1, 1, 1), login(2, 2, 2, True),
        [licences(1, 2, 4)], login(3, 2, 2))
TAKEN = over(2, "TakenOver")
history("taken-over", *ONE, login(2, 1, 1), [asked(3), TAKEN, granted(3, 1)])
history("taken-over-above-after-a-decrease", *TWO, login(1, 2, 2),
        login(2, 1, 1), [licences(2, 1, 3)], [asked(3), TAKEN, granted(3, 1)])
history("taken-over-by-another", *ONE, login(2, 1, 1), [asked(3, 2), TAKEN, granted(3, 1)], breaks=1)
history("taken-over-mark-lost", *ONE, policy(Overdraft=1), login(1, 2, 1),
        login(2, 1, 2, True), [asked(3), TAKEN, granted(3, 2)], breaks=1)
history("taken-over-mark-kept", *ONE, policy(Overdraft=1), login(1, 2, 1),
        login(2, 1, 2, True), [asked(3), TAKEN, granted(3, 2, True)])
history("squeezed-in-while-taken-over", *ONE, login(2, 1, 1),
        [asked(3), asked(4, 2), TAKEN, granted(3, 9, request=4), granted(4, 1, request=3)], breaks=1)
history("one-of-two-taken-over", *ONE, login(1, 1, 1), login(2, 1, 1), [TAKEN])
history(
    "one-of-two-taken-over-mark-lost", *ONE, policy(
        Overdraft=1), login(
            9, 3, 9), login(
                10, 1, 1, True), login(
                    11, 1, 1, True), [
                        over(
                            10, "TakenOver")], [
                                over(
                                    11, "TakenOver"), asked(12), granted(
                                        12, 1)], breaks=1)
# 8. Sessions that sit somewhere.
history("dormant-and-back", *ONE, login(1, 1, 1), dormant(1), [e("Resumed", 1)], dormant(1), [out(1)])
history("dormant-twice", *ONE, login(1, 1, 1), dormant(1), dormant(1), breaks=1)
history("dormant-before-it-sat", *ONE, dormant(1), breaks=1)
history("resumed-awake", *ONE, login(1, 1, 1), [e("Resumed", 1)], breaks=1)
history("resumed-after-the-end", *ONE, login(1, 1, 1), dormant(1), [out(1)], [e("Resumed", 1)], breaks=1)
history("out-twice", *ONE, login(1, 1, 1), [out(1)], [out(1)], breaks=1)
history("silent-since-the-grant", *ONE, login(1, 1, 1), dormant(1, MINUTE))
history("silent-before-the-grant", *ONE, login(1, 1, 1), dormant(1, MINUTE + 1), breaks=1)
history("out-silent-before-the-grant", *ONE, login(1, 1, 1), [out(1, MINUTE + 1)], breaks=1)
history("expired-silent-before-the-grant", *ONE, login(1, 1, 1), [over(1, "Idle", MINUTE + 1)], breaks=1)
# 9. Releases.
history("released-for-nothing", *ONE, login(1, 1, 1), [e("LoggedOut", 1, "Release", None, None, 0)], breaks=1)
history("released", *ONE, login(1, 1, 1), [e("LoggedOut", 1, "Release", "Other", None, 0)])
# 10. Reclaims.
RECLAIMED = over(1, "Reclaimed")
history("reclaimed", *ONE, login(1, 1, 1), dormant(1), [asked(2, 2), RECLAIMED, granted(2, 1)])
history("reclaimed-awake", *ONE, login(1, 1, 1), [asked(2, 2), RECLAIMED, granted(2, 1)], breaks=1)
history("reclaimed-for-nobody", *ONE, login(1, 1, 1), dormant(1), [RECLAIMED], breaks=1)
history("reclaimed-for-a-denial", *ONE, login(1, 1, 1), dormant(1),
        [asked(2, 2), RECLAIMED, denied(0, 0)], breaks=1)
history("reclaimed-after-the-grant", *TWO, login(1, 1, 1),
        dormant(1), [asked(2, 2), granted(2, 2), RECLAIMED], breaks=1)
MANY = [login(session, 1, 1) for session in range(1, 1002)]
SHARED = [sum(MANY[first:first + 250], []) for first in range(0, 1001, 250)]
SILENT = [[e("WentDormant", session, 0) for session in range(1, 1002)]]
GHOSTS = [over(session, "Reclaimed") for session in range(1, 1002)]
history("a-thousand-reclaimed-ahead", *ONE, *SHARED, *SILENT,
        GHOSTS[:1000], [GHOSTS[1000], asked(2, 2), granted(2000, 1)])
history("nearly-a-thousand-reclaimed-ahead", *ONE, *SHARED, *SILENT, GHOSTS[:999], breaks=1)
history("a-thousand-and-a-note", *ONE, *SHARED, *SILENT,
        GHOSTS[:1000] + [e("ReasonGiven", bytes(32))], breaks=1)
# 11. Take-overs.
history("taken-over-for-nobody", *ONE, login(2, 1, 1), [TAKEN], breaks=1)
history("taken-over-and-moved", *TWO, login(2, 1, 1), [asked(3), TAKEN, granted(3, 2)], breaks=1)
# 12. Denials.
history("denied", *TWO, login(1, 1, 1), login(2, 2, 2), dormant(2), [asked(3, 3), denied(2, 1)])
history("denied-with-more-held", *TWO, login(1, 1, 1), [asked(3, 3), denied(2, 0)], breaks=1)
history("denied-with-four-billion-held", *TWO, [asked(3, 3), denied((1 << 32) - 1, 0)], breaks=1)
WAIT = [e("ReasonGiven", bytes(32))]
GONE = policy(Linger=120), login(1, 1, 1), [out(1)]  # Seat 1 lingers for two minutes, two lines.
history("denied-while-a-seat-lingers", *TWO, *GONE, [asked(3, 3), denied(1, 0)])
history("denied-with-a-lingering-seat-passed-over", *TWO, *GONE, [asked(3, 3), denied(0, 0)])
history("denied-with-more-than-linger", *TWO, *GONE, [asked(3, 3), denied(2, 0)], breaks=1)
history("denied-as-the-lingering-ends", *TWO, *GONE, WAIT, [asked(3, 3), denied(1, 0)], breaks=1)
history("denied-as-the-lingering-has-a-minute", *TWO, policy(Linger=121), login(1, 1, 1), [out(1)], WAIT,
        [asked(3, 3), denied(1, 0)])
history("lingering-of-then", *TWO, *GONE[:2], [out(1)] + policy(Linger=0), [asked(3, 3), denied(1, 0)])
history("lingering-that-is-set-too-late", *TWO, login(1, 1, 1), [out(1)] + policy(Linger=120),
        [asked(3, 3), denied(1, 0)], breaks=1)
history("no-lingering-of-the-released", *TWO, *GONE[:2], [e("LoggedOut", 1, "Release", "Other", None, 0)],
        [asked(3, 3), denied(1, 0)], breaks=1)
history("no-lingering-of-the-expired", *TWO, *GONE[:2], [over(1, "Idle")], [asked(3, 3), denied(1, 0)], breaks=1)
history("no-lingering-of-a-seat-granted-again", *TWO, *GONE, login(2, 1, 1), [asked(3, 3), denied(2, 0)], breaks=1)
history("no-lingering-of-a-seat-still-held", *TWO, *GONE[:2], login(2, 1, 1), [out(1)],
        [asked(3, 3), denied(2, 0)], breaks=1)
history("lingering-when-the-last-of-a-shared-seat-is-out", *TWO, *GONE[:2], login(2, 1, 1), [out(1)], [out(2)],
        [asked(3, 3), denied(1, 0)])
history("lingering-anew", *TWO, *GONE, login(2, 1, 1), [out(2)], [asked(3, 3), denied(1, 0)])
history("lingering-anew-and-over", *TWO, *GONE, login(2, 1, 1), [out(2)], WAIT, [asked(3, 3), denied(1, 0)], breaks=1)
# 19. Civil dates.
DAY = 86_400 * SECOND
ON = START // DAY  # The day by UTC.


def dated(day, instant=START):
    return [e("LicencesChanged", 1, 1, (instant, day)), e("PlanAssigned", bytes(32), (instant, day))]


for number, (day, instant, lawful) in enumerate((
        (ON, START, True), (ON - 1, START, True), (ON + 1, START, True), (ON - 2, START, False),
        (ON + 2, START, False), (ON + 20, START, False), (-1, START, False), ((1 << 31) - 1, START, False),
        (-(1 << 31), START, False), (ON + 2, (ON + 1) * DAY, False), (ON + 2, (ON + 1) * DAY + 1, True),
        (ON, (ON + 2) * DAY, False), (ON, (ON + 2) * DAY - 1, True))):
    for event in dated(day, instant):
        history(f"{event[0]}-on-day-{number}", *ONE, [event], breaks=None if lawful else 1)
history("denied-with-fewer-held", *TWO, login(1, 1, 1), [asked(3, 3), denied(0, 0)], breaks=1)
history("denied-with-more-dormant", *TWO, login(1, 1, 1), [asked(3, 3), denied(1, 1)], breaks=1)
history("denied-shared-half-dormant", *ONE, login(1, 1, 1),
        login(2, 1, 1), dormant(1), [asked(3, 3), denied(1, 0)])
history("denied-shared-all-dormant", *ONE, login(1, 1, 1), login(2, 1, 1),
        dormant(1), dormant(2), [asked(3, 3), denied(1, 1)])
history("denied-shared-awake-one-left", *ONE, login(1, 1, 1),
        login(2, 1, 1), dormant(1), [out(2)], [asked(3, 3), denied(1, 1)])
history("denied-shared-dormant-one-left", *ONE, login(1, 1, 1), login(2, 1, 1),
        dormant(1), dormant(2), [out(1)], [e("Resumed", 2)], [asked(3, 3), denied(1, 0)])
history("denied-joined-again", *ONE, login(1, 1, 1), dormant(1), login(2, 1, 1), [asked(3, 3), denied(1, 0)])
# 13. The account.
history(
    "suspended-and-closed", *ONE, [
        e("AccountSuspended")], [
            e("AccountReinstated")], [
                e("AccountSuspended")], [
                    e("AccountClosed")], [
                        asked(1), denied(
                            0, 0)])
history("account-suspended-twice", *ONE, [e("AccountSuspended")], [e("AccountSuspended")], breaks=1)
history("account-reinstated-open", *ONE, [e("AccountReinstated")], breaks=1)
history("account-reinstated-closed", *ONE, [e("AccountSuspended")],
        [e("AccountClosed")], [e("AccountReinstated")], breaks=1)
history("closed-while-held", *ONE, login(1, 1, 1), [e("AccountClosed")], breaks=1)
history("closed-twice", *ONE, [e("AccountClosed")], [e("AccountClosed")], breaks=1)
# 14. Imports.
A, B = b"a" * 32, b"b" * 32
history("imported", *ONE, [e("ImportStarted", A)], login(1, 1, 1), [out(1)], [e("ImportCompleted", A)])
history("imported-twice-in-a-row", *ONE, [e("ImportStarted", A)],
        [e("ImportCompleted", A)], [e("ImportStarted", B)])
history("import-within-an-import", *ONE, [e("ImportStarted", A)], [e("ImportStarted", A)], breaks=1)
history("import-after-a-grant", *ONE, login(1, 1, 1), [out(1)], [e("ImportStarted", A)], breaks=1)
history("import-of-another-completed", *ONE, [e("ImportStarted", A)], [e("ImportCompleted", B)], breaks=1)
history("import-completed-only", *ONE, [e("ImportCompleted", A)], breaks=1)


# 15. In line.
def queued(request, user, held, silent=0):
    return [asked(request, user), e("Queued", "AllSeatsHeld", held, silent)]


def offered(request, seat, minutes=1, line=4):
    """In the line with this number, counted from 0, for so many minutes."""
    return [e("SeatOffered", bytes([request]) * 16, seat, START + (line + minutes) * MINUTE)]


def of(name, request, *more):
    return [e(name, bytes([request]) * 16, *more)]


FULL = [*ONE, login(1, 1, 1), queued(8, 2, 1)]
FREE = [*FULL, [out(1)]]
OFFERED = [*FREE, offered(8, 1)]
TAKES = [granted(2, 1, request=8)]
history("queued", *FULL)
history("queued-with-fewer-held", *ONE, login(1, 1, 1), queued(8, 2, 0), breaks=1)
history("queued-with-more-dormant", *ONE, login(1, 1, 1), queued(8, 2, 1, 1), breaks=1)
history("queued-that-nobody-asked", *ONE, [e("Queued", "AllSeatsHeld", 0, 0)], breaks=1)
history("queued-in-a-later-commit", *ONE, [asked(8, 2)], [e("Queued", "AllSeatsHeld", 0, 0)], breaks=1)
history("queued-after-the-answer", *ONE, [asked(8, 2), denied(0, 0), e("Queued", "AllSeatsHeld", 0, 0)], breaks=1)
history("queued-twice", *ONE, queued(8, 2, 0) + [e("Queued", "AllSeatsHeld", 0, 0)], breaks=1)
history("queued-and-granted-unnamed", *ONE, queued(8, 2, 0) + [granted(1, 1)], breaks=1)
history("asked-again-in-line", *FULL, [asked(8, 2)], breaks=1)
history("in-line-twice", *FULL, queued(9, 2, 1), breaks=1)
history("in-line-and-asked-anew", *FULL, queued(9, 2, 1) + of("LeftQueue", 8, "AskedAnew"))
history("in-line-and-another-asked-anew", *FULL, queued(7, 3, 1),
        queued(9, 2, 1) + of("LeftQueue", 7, "AskedAnew"), breaks=1)
history("two-in-line", *FULL, queued(9, 3, 1))
history("denied-in-line", *FULL, [denied(1, 0, request=8)], queued(9, 2, 1))
# 16. Offers.
history("offered", *OFFERED)
history("offered-to-nobody", *FREE, offered(9, 1), breaks=1)
history("offered-to-the-merely-asked", *ONE, [asked(8, 2)], offered(8, 1), breaks=1)
history("offered-twice", *TWO, queued(8, 2, 0), offered(8, 1), offered(8, 2), breaks=1)
history("offered-while-full", *FULL, offered(8, 2), breaks=1)
history("offered-above-as-overdraft", *ONE, policy(Overdraft=1), login(1, 1, 1), queued(8, 2, 1),
        offered(8, 2), [granted(2, 2, True, request=8)])
history("offered-above-and-not-marked", *ONE, policy(Overdraft=1), login(1, 1, 1), queued(8, 2, 1),
        offered(8, 2), [granted(2, 2, request=8)], breaks=1)
history("offered-a-held-seat", *TWO, login(1, 1, 1), queued(8, 2, 1), offered(8, 1), breaks=1)
history("offered-one-seat-to-two", *TWO, queued(8, 2, 0), queued(9, 3, 0), offered(8, 1), offered(9, 1), breaks=1)
history("offered-two-seats-of-one", *ONE, queued(8, 2, 0), queued(9, 3, 0), offered(8, 1), offered(9, 2), breaks=1)
history("offered-to-the-suspended", *FREE, [e("UserSuspended", 2)], offered(8, 1), breaks=1)
history("offered-while-suspended", *FREE, [e("AccountSuspended")], offered(8, 1), breaks=1)
history("offered-and-granted-to-another", *OFFERED, login(2, 3, 1), breaks=1)
history("offered-and-full-for-another", *OFFERED, login(2, 3, 2), breaks=1)
history("offered-and-marked-for-another", *ONE, policy(Overdraft=1), queued(8, 2, 0), offered(8, 1), login(1, 3, 2, True))
history("offered-and-not-marked-for-another", *ONE, policy(Overdraft=1), queued(8, 2, 0), offered(8, 1), login(1, 3, 2), breaks=1)
history("denied-while-offered", *OFFERED, [asked(9, 3), denied(1, 0)])
history("denied-while-offered-with-fewer-held", *OFFERED, [asked(9, 3), denied(0, 0)], breaks=1)
history("reclaimed-for-an-offer", *FULL, dormant(1), [RECLAIMED] + offered(8, 1, line=5))
history("reclaimed-after-the-offer", *TWO, login(1, 1, 1), dormant(1), queued(8, 2, 1, 1),
        offered(8, 2) + [RECLAIMED], breaks=1)
history("a-thousand-reclaimed-ahead-of-an-offer", *ONE, *SHARED, *SILENT, queued(8, 2, 1, 1),
        GHOSTS[:1000], [GHOSTS[1000]] + offered(8, 1, line=9))
# 7. Grants in line.
history("offer-taken", *OFFERED, TAKES)
history("offer-taken-twice", *OFFERED, TAKES, [granted(3, 1, request=8)], breaks=1)
history("offer-taken-with-another-seat", *TWO, queued(8, 2, 0), offered(8, 1), [granted(1, 2, request=8)], breaks=1)
history("granted-in-line-without-an-offer", *FREE, TAKES, breaks=1)
history("granted-in-line-on-ones-own-seat", *ONE, login(1, 2, 1), queued(8, 2, 1), [granted(2, 1, request=8)])
history("granted-in-line-by-taking-over", *ONE, login(2, 2, 1), queued(8, 2, 1),
        [TAKEN, granted(3, 1, request=8)])
history("asked-anew-and-granted-what-was-offered", *OFFERED,
        [asked(9, 2)] + of("LeftQueue", 8, "AskedAnew") + [granted(2, 1)])
history("asked-anew-and-granted-beside-the-offer", *OFFERED, [asked(9, 2), granted(2, 1)], breaks=1)
# 17. Offers that end.
history("offer-lapsed", *OFFERED, of("OfferLapsed", 8), login(2, 3, 1))
history("offer-lapsed-early", *FREE, offered(8, 1, minutes=2), of("OfferLapsed", 8), breaks=1)
history("offer-lapsed-that-was-not", *FREE, of("OfferLapsed", 8), breaks=1)
history("offer-lapsed-twice", *OFFERED, of("OfferLapsed", 8), of("OfferLapsed", 8), breaks=1)
history("offer-lapsed-and-taken", *OFFERED, of("OfferLapsed", 8), TAKES, breaks=1)
history("offer-withdrawn-and-made-again", *OFFERED, of("OfferWithdrawn", 8), offered(8, 1), TAKES)
history("offer-withdrawn-and-taken", *OFFERED, of("OfferWithdrawn", 8), TAKES, breaks=1)
history("offer-withdrawn-that-was-not", *FREE, of("OfferWithdrawn", 8), breaks=1)
# 18. Leaving.
history("left-the-line", *FULL, of("LeftQueue", 8, "GaveUp"), queued(9, 2, 1), of("LeftQueue", 9, "NotHeardOf"))
history("left-the-line-with-an-offer", *OFFERED, of("LeftQueue", 8, "GaveUp"), login(2, 3, 1))
history("left-the-line-twice", *FULL, of("LeftQueue", 8, "GaveUp"), of("LeftQueue", 8, "GaveUp"), breaks=1)
history("left-and-denied", *FULL, of("LeftQueue", 8, "GaveUp"), [denied(1, 0, request=8)], breaks=1)
history("left-what-was-merely-asked", *ONE, [asked(8, 2)], of("LeftQueue", 8, "GaveUp"), breaks=1)


# 20. Asking for a seat.
def asking(number, request, seat, minutes=1, line=4):
    """In the line with this number, counted from 0; for so many minutes."""
    return [e("HandOverAsked", number, bytes([request]) * 16, seat, START + (line + minutes) * MINUTE)]


def end(number, how):
    return [e("HandOverEnded", number, how)]


ASKED = [*FULL, asking(1, 8, 1)]
GIVEN, HANDED = over(1, "HandedOver"), granted(2, 1, request=8)
history("asking", *ASKED)
history("asking-by-nobody-in-line", *FULL, asking(1, 9, 1), breaks=1)
history("asking-for-a-free-seat", *FULL, asking(1, 8, 2), breaks=1)
history("asking-for-ones-own-seat", *ONE, login(1, 2, 1), queued(8, 2, 1), asking(1, 8, 1), breaks=1)
history("asking-with-a-number-left-out", *FULL, asking(2, 8, 1), breaks=1)
history("asking-with-number-0", *FULL, asking(0, 8, 1), breaks=1)
history("asking-twice-for-one-seat", *ASKED, queued(9, 3, 1), asking(2, 9, 1), breaks=1)
history("asking-twice-by-one", *TWO, login(1, 1, 1), login(2, 3, 2), queued(8, 2, 2), asking(1, 8, 1),
        asking(2, 8, 2), breaks=1)
history("asking-another-after-the-first", *TWO, login(1, 1, 1), login(2, 3, 2), queued(8, 2, 2), asking(1, 8, 1),
        end(1, "Declined"), asking(2, 8, 2))
# 21. Answers.
history("consented", *ASKED, end(1, "Consented") + [GIVEN, HANDED])
history("consented-and-kept", *ASKED, end(1, "Consented"), breaks=1)
history("consented-and-granted-to-nobody", *ASKED, end(1, "Consented") + [GIVEN], breaks=1)
history("consented-and-granted-to-another", *ASKED, end(1, "Consented") + [GIVEN] + login(2, 3, 1), breaks=1)
history("consented-and-granted-later", *ASKED, end(1, "Consented") + [GIVEN], [HANDED], breaks=2)
history("consented-and-not-left", *ASKED, end(1, "Consented") + [HANDED], breaks=1)
history("consented-and-granted-another-seat", *TWO, login(1, 1, 1), queued(8, 2, 1), asking(1, 8, 1),
        end(1, "Consented") + [GIVEN, granted(2, 2, request=8)], breaks=1)
history("consented-shared", *ONE, login(1, 1, 1), login(2, 1, 1), queued(8, 2, 1), asking(1, 8, 1),
        end(1, "Consented") + [GIVEN, over(2, "HandedOver"), granted(3, 1, request=8)])
history("consented-shared-and-one-stays", *ONE, login(1, 1, 1), login(2, 1, 1), queued(8, 2, 1), asking(1, 8, 1),
        end(1, "Consented") + [GIVEN, granted(3, 1, request=8)], breaks=1)
history("consented-above-after-a-decrease", *TWO, login(1, 1, 1), login(2, 3, 2), queued(8, 2, 2),
        [licences(2, 1, 4)], asking(1, 8, 1), end(1, "Consented") + [GIVEN, granted(3, 1, request=8)], breaks=1)
history("handed-over-without-a-word", *ASKED, [GIVEN, HANDED], breaks=1)
history("handed-over-by-another", *TWO, login(1, 1, 1), login(2, 3, 2), queued(8, 2, 2), asking(1, 8, 1),
        end(1, "Consented") + [over(2, "HandedOver")], breaks=1)
history("handed-over-two-at-once", *TWO, login(1, 1, 1), login(2, 3, 2), queued(8, 2, 2), asking(1, 8, 1),
        end(1, "Consented") + queued(9, 1, 2) + asking(2, 9, 2) + end(2, "Consented"), breaks=1)
history("silent", *FULL, asking(1, 8, 1, minutes=0), end(1, "Silent") + [GIVEN, HANDED])
history("silent-early", *FULL, asking(1, 8, 1, minutes=2), end(1, "Silent") + [GIVEN, HANDED], breaks=1)
history("consented-early", *FULL, asking(1, 8, 1, minutes=9), end(1, "Consented") + [GIVEN, HANDED])
history("declined", *ASKED, end(1, "Declined"), asking(2, 8, 1))
history("answered-that-was-not-asked", *FULL, end(1, "Declined"), breaks=1)
history("asking-answered-twice", *ASKED, end(1, "Declined"), end(1, "Withdrawn"), breaks=1)
for how in ("Declined", "Consented", "Silent"):
    history(f"{how}-after-the-asker-left".lower(), *ASKED, of("LeftQueue", 8, "GaveUp"), end(1, how), breaks=1)
    history(f"{how}-after-the-holder-left".lower(), *ASKED, [out(1)], end(1, how), breaks=1)
    history(f"{how}-by-the-next-holder".lower(), *ASKED, [out(1)], login(2, 3, 1), end(1, how), breaks=1)
history("withdrawn-after-the-asker-left", *ASKED, of("LeftQueue", 8, "GaveUp"), end(1, "Withdrawn"), [out(1)])
history("withdrawn-after-the-holder-left", *ASKED, [out(1)], end(1, "Withdrawn"), offered(8, 1, line=8))
history("asked-anew-and-handed-over", *ASKED, queued(9, 2, 1) + of("LeftQueue", 8, "AskedAnew"),
        end(1, "Consented") + [GIVEN, granted(2, 1, request=9)])


def lawful_cases():
    """Name, pack and verdict of each."""
    for name, lines, breaks in HISTORIES:
        log = Log()
        log.append(0, START, [e("ServiceStarted", None)], role="Service")
        for number, events in enumerate(lines):
            log.append(ACCOUNT, START + number * MINUTE, events)
        end = START + len(lines) * MINUTE
        log.append(ACCOUNT, end, [e("EvidenceTaken", START, end, False)], role="Auditor")
        members = pack(log, told={}, plans=(), period=(START, end), names=False, first_size=2, witnesses=[])
        position = None if breaks is None else log.of(ACCOUNT)[len(lines) - breaks]
        verdict = ("ok", None, None) if breaks is None else ("bad", "law", position)
        yield f"law-{name}", zipped(members), verdict
