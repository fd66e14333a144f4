#!/usr/bin/env python3
"""Checks a Seatledger evidence pack. Written from evidence.md and format.md alone, not from the program.

The idea: a pack holds all commits of one account, as they were hashed. Each commit names the hash of
the one before it; the first, the last and every one that a bill names are proved to be leaves of the
Merkle tree whose root the ledger has signed (the seal), and witnesses may have signed it too. So what
is here is all there was. Then the laws of seats are played over the commits, and the facts of each
month's bill are worked out again and compared with those in the pack.

    pip install blake3
    python3 verify.py PACK --key VKEY [--key VKEY ...] [--policy FILE] [--json]

Exit code 0: everything is as it should be. 5: it is not; one line says what and where.
2: called wrongly, or something is missing on this machine. Python 3.9, for price plans 3.11.

The pack is not trusted: every number in it is held against a limit before memory or time is spent.
"""

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from bisect import bisect_left, bisect_right, insort
from collections import deque, namedtuple
from datetime import date, datetime, time, timedelta, timezone
from itertools import accumulate, groupby
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

try:
    from blake3 import blake3
except ImportError:
    print("verify.py needs the package blake3: pip install blake3", file=sys.stderr)
    sys.exit(2)
try:
    import tomllib
except ImportError:
    tomllib = None

MEMBERS, UNPACKED, OTHERS, COMMITS, PATH = 4096, 1 << 30, 64 << 20, 4_000_000, 64
MONTHS, ASSIGNMENTS, CHANGES, PLAN_BYTES, SKEW = 1_200, 10_000, 50_000, 28_672, 300
SECOND, DAY = 1_000_000, 86_400_000_000
COMMIT_BYTES, NOTE_BYTES, SIGNATURES, RECLAIMS = 24_576, 64 << 10, 100, 1_000


class Wrong(Exception):
    """The pack is not as it should be: code, position and words of the verdict."""

    def __init__(self, code, why, position=None):
        super().__init__(why)
        self.code, self.why, self.position = code, why, position


class Usage(Exception):
    """Not the pack is at fault but the call."""


def need(holds, code, why, position=None):
    if not holds:
        raise Wrong(code, why, position)


# The zip file -----------------------------------------------------------------------------------------

NAMES = {"README.txt", "manifest.txt", "pack.json", "commits.bin", "proofs.json", "first.txt", "last.txt",
         "verify.py"}
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
STATEMENT = re.compile(rf"statement-({MONTH.pattern})\.json")
PLAN = re.compile(r"plan-([0-9a-f]{64})\.toml")


def unzip(data):
    """All members by name. Nothing but members, directory and end, so that no two readers can see different
    packs, and nothing can hide between them."""
    end = data.rfind(b"PK\5\6", -22 - 65535)
    need(0 <= end <= len(data) - 22, "pack", "not a zip file")
    disk, first_disk, here, count, size, start, comment = struct.unpack_from("<4H2IH", data, end + 4)
    need(disk == first_disk == comment == 0 and here == count and start + size == end
         and end + 22 == len(data), "pack", "not a whole zip file")
    need(count <= MEMBERS, "pack", "too many members")
    found, at, left, others, next_header = {}, start, UNPACKED, OTHERS, 0
    for _ in range(count):
        need(at + 46 <= end, "pack", "the zip directory ends too early")
        (signature, _, _, flags, method, _, _, crc, packed, length, n, extra, comment, _, _, _,
         header) = struct.unpack_from("<4s6H3I5H2I", data, at)
        name = data[at + 46:at + 46 + n]
        at += 46 + n + extra + comment
        need(signature == b"PK\1\2" and at <= end and not extra and not comment, "pack",
             "the zip directory is damaged")
        need(not flags & ~0x806 and method in (0, 8), "pack", "a member is encrypted or packed oddly")
        need(header == next_header, "pack", "something stands between the members")
        next_header += 30 + n + packed
        name = name.decode("ascii", "replace")
        need(name in NAMES or name == "directory.json" or STATEMENT.fullmatch(name)
             or PLAN.fullmatch(name), "pack", f"a member of another name: {name[:80]}")
        need(name not in found, "pack", f"{name} is there twice")
        left, others = left - length, others - (length if name != "commits.bin" else 0)
        need(left >= 0 and others >= 0, "pack", f"{name} is too large")
        found[name] = member(data, name, header, method, packed, length, crc)
    need(at == end and next_header == start, "pack", "the zip directory is damaged")
    return found


def member(data, name, header, method, packed, length, crc):
    need(header + 30 <= len(data) and data[header:header + 4] == b"PK\3\4", "pack", f"{name} is missing")
    flags, local_method, *_, n, extra = struct.unpack_from("<2H2x2xIII2H", data, header + 6)
    body = header + 30 + n
    need(local_method == method and not flags & ~0x806 and not extra
         and data[header + 30:body] == name.encode() and body + packed <= len(data), "pack",
         f"{name} is damaged")
    content = data[body:body + packed]
    if method == 8:
        try:
            inflate = zlib.decompressobj(-15)
            content = inflate.decompress(content, length + 1)
        except zlib.error:
            raise Wrong("pack", f"{name} is damaged") from None
        need(inflate.eof and not inflate.unused_data, "pack", f"{name} is not as long as it says")
    need(len(content) == length and zlib.crc32(content) == crc, "pack", f"{name} is damaged")
    return content


# JSON: no floats, no second key of a name, exactly the keys that evidence.md shows -------------------

Hex, Month, Path = object(), object(), object()
Count, Amount, Signed = range(1 << 32), range(1 << 63), range(-1 << 63, 1 << 63)


class Null:
    """A shape, or null."""

    def __init__(self, shape):
        self.shape = shape


SHAPES = {
    "pack.json": {"format": str, "origin": str, "account": int, "zone": str, "from": int, "to": int,
                  "commits": int, "months": [Month], "product": str, "tzdb": str},
    "proofs.json": {"inclusion": [{"position": int, "path": Path}],
                    "first_inclusion": Null({"position": int, "path": Path}), "consistency": Path},
    "directory.json": {"entries": [{"kind": str, "number": int, "salt": Hex, "text": str}]},
}
STATEMENT_SHAPE = {
    "format": str, "account": int, "month": Month, "from": int, "to": int, "zone": str, "tzdb": str,
    "offsets": [[Signed]], "as_of": int, "until": int, "plan": Null(Hex), "currency": Null(str),
    "opening_licences": Count, "closing_licences": Count,
    "days": [{"from": str, "to": str, "days": int, "in_force": Count, "billable": Count,
              "licence_days": int}],
    "licence_days": int, "overdraft": [{"from": str, "to": str, "days": int, "over": Count}],
    "lines": [{"charge": str, "subject": Null(str), "counted": Null(Amount), "quantity": Amount,
               "unit": Signed, "net": Signed, "commits": [int]}],
    "net": Null(Signed), "vat": Null({"code": str, "rate": str, "amount": Signed}), "gross": Null(Signed),
    "carried_in": Null(Signed), "due": Null(Amount), "carried_out": Null(Signed)}


def fits(value, shape):
    if isinstance(shape, Null):
        return value is None or fits(value, shape.shape)
    if isinstance(shape, dict):
        return (isinstance(value, dict) and value.keys() == shape.keys()
                and all(fits(value[key], shape[key]) for key in shape))
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    if shape is Path:
        return fits(value, [Hex]) and len(value) <= PATH
    if shape is int:
        return type(value) is int and 0 <= value < 1 << 64
    if isinstance(shape, range):
        return type(value) is int and value in shape
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        return False
    return (shape is str or (shape is Hex and re.fullmatch("[0-9a-f]{64}", value) is not None)
            or (shape is Month and MONTH.fullmatch(value) is not None))


def whole(text):
    if len(text) > 20 or text == "-0":
        raise ValueError("no whole number of 64 bits")
    return int(text)


def refuse(text):
    raise ValueError(f"{text[:20]} is no whole number")


def once(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def read_json(name, content, shape):
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=once, parse_int=whole,
                           parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Wrong("pack", f"{name}: {error}") from None
    need(fits(value, shape), "pack", f"{name} is not of the form that is asked")
    return value


def records(content):
    """The commits of commits.bin: position and bytes."""
    at, left = 0, COMMITS
    while at < len(content):
        need(left and at + 12 <= len(content), "pack", "commits.bin: too many commits, or half of one")
        position, length = struct.unpack_from(">QI", content, at)
        at, left = at + 12 + length, left - 1
        need(at <= len(content), "pack", "commits.bin ends within a commit")
        yield position, content[at - length:at]


# Ed25519, RFC 8032: s below L, points in their one spelling; R is compared as bytes ------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def plus(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    g, h = 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = plus(total, point)
        point, number = plus(point, point), number >> 1
    return total


def point_of(spelling):
    """The point, or None if the 32 bytes are not the one spelling of a point."""
    y = int.from_bytes(spelling, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (odd and not x):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def spelling_of(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def small(point):
    """Of small order: as a key or as R it would sign anything, or for anybody."""
    return spelling_of(times(8, point)) == spelling_of((0, 1, 1, 0))


def signed(public, message, signature):
    key, s = point_of(public), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or s >= L or small(key):
        return False
    first = point_of(signature[:32])
    if first is None or small(first):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    back = times(L - int.from_bytes(digest, "little") % L, key)
    return spelling_of(plus(times(s, BASE), back)) == signature[:32]


# Keys, seals, witnesses --------------------------------------------------------------------------------

LEDGER, WITNESS = 1, 4
Key = namedtuple("Key", "name id kind public")
Seal = namedtuple("Seal", "size root signers")


def exact_base64(text):
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("base64 that is not the shortest")
    return content


def good_name(name):
    return (0 < len(name.encode("utf-8", "replace")) <= 200 and "+" not in name
            and not any(c.isspace() or c < " " or "\x7f" <= c <= "\x9f" for c in name))


def read_key(text, kind):
    try:
        name, id, body = text.split("+", 2)
        body = exact_base64(body)
    except ValueError:
        raise Usage(f"not a key: {text}") from None
    hashed = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + body).digest()[:4]
    if not good_name(name) or len(body) != 33 or id != hashed.hex() or not point_of(body[1:]):
        raise Usage(f"not a key: {text}")
    if body[0] != kind:
        raise Usage(f"not a key of a {'ledger' if kind == LEDGER else 'witness'}: {text}")
    return Key(name, hashed, kind, body[1:])


def open_note(note, keys):
    """The text of a signed note, and who of those we know signed it: key and time."""
    need(len(note) <= NOTE_BYTES, "seal", "longer than 64 KiB")
    try:
        text, middle, lines = note.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise Wrong("seal", "not UTF-8") from None
    need(not re.search("[\0-\x09\x0b-\x1f]", text + lines), "seal", "a control character")
    need(text and middle and lines.endswith("\n"), "seal", "no text, or no signature lines")
    text, lines, signers = (text + "\n").encode(), lines[:-1].split("\n"), []
    need(len(lines) <= SIGNATURES, "seal", "too many signature lines")
    for line in lines:
        dash, _, line = line.partition(" ")
        name, _, signature = line.partition(" ")
        need(dash == "\u2014" and good_name(name), "seal", "a line that is not a signature")
        try:
            signature = exact_base64(signature)
        except ValueError:
            raise Wrong("seal", "a signature that is not base64") from None
        need(len(signature) > 4, "seal", "a signature without a key")
        key, signature, when, signs = keys.get((name, signature[:4])), signature[4:], None, text
        if key and key.kind == WITNESS:
            when, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            signs = b"cosignature/v1\ntime %d\n" % when + text
        if key:
            need(signed(key.public, signs, signature), "seal", f"the signature of {name} does not hold")
            signers.append((key, when))
    return text.decode(), signers


def read_seal(name, note, origin, given, known):
    try:
        text, signers = open_note(note, known)
        lines = text[:-1].split("\n")
        need(len(lines) == 3, "seal", "a seal has three lines")
        need(lines[0] == origin, "seal", f"it is of {lines[0]}, not of {origin}")
        need(re.fullmatch("0|[1-9][0-9]{0,19}", lines[1]) and int(lines[1]) < 1 << 64, "seal", "no size")
        try:
            root = exact_base64(lines[2])
        except ValueError:
            root = b""
        need(len(root) == 32, "seal", "no root")
        need(any(key in given and key.name == origin for key, _ in signers), "seal",
             "not signed by a key that was given")
        return Seal(int(lines[1]), root, signers)
    except Wrong as wrong:
        raise Wrong("seal", f"{name}: {wrong.why}") from None


class Policy:
    """A C2SP tlog-policy: which witnesses must have signed."""

    def __init__(self, text):
        self.logs, self.members, self.quorum = [], {}, None
        listed = set()
        if re.search("[\0-\x08\x0b-\x1f\x7f]", text) or text.count("\n") > 10_000:
            raise Usage("policy: a control character, or more than 10,000 lines")
        for line in text.split("\n"):
            words = line.replace("\t", " ").split(" ")
            words = [word for word in words if word]
            if not words or words[0].startswith("#"):
                continue
            kind, name = words[0], words[1] if len(words) > 1 else ""
            if kind == "log" and len(words) in (2, 3):
                self.logs.append(read_key(name, LEDGER))
            elif kind == "witness" and len(words) in (3, 4) and self.free(name):
                self.members[name] = read_key(words[2], WITNESS)
            elif kind == "group" and len(words) > 3 and self.free(name):
                of = words[3:]
                least = {"all": str(len(of)), "any": "1"}.get(words[2], words[2])
                if (not re.fullmatch("[1-9][0-9]{0,8}", least) or int(least) > len(of) or listed & {*of}
                        or len({*of}) < len(of) or not {*of} <= self.members.keys()):
                    raise Usage(f"policy: {line}")
                listed |= {*of}
                self.members[name] = (int(least), of)
            elif (kind == "quorum" and len(words) == 2 and self.quorum is None
                  and (name == "none" or name in self.members)):
                self.quorum = name
            else:
                raise Usage(f"policy: {line}")
        keys = [key.public for key in self.keys() + self.logs]
        if self.quorum is None or len({*keys}) < len(keys):
            raise Usage("policy: no quorum, or a key twice")

    def free(self, name):
        return name != "none" and name not in self.members

    def keys(self):
        return [member for member in self.members.values() if isinstance(member, Key)]

    def met(self, signers):
        logged = not self.logs or any(key in signers for key in self.logs)
        agreed = {"none": True}
        for name, of in self.members.items():  # A group comes after its members.
            agreed[name] = of in signers if isinstance(of, Key) else sum(agreed[m] for m in of[1]) >= of[0]
        return logged and agreed[self.quorum]


# The Merkle tree: RFC 9162, 2.1.3.2 and 2.1.4.2 ----------------------------------------------------------

def leaf_hash(commit):
    return blake3(b"\0" + commit).digest()


def node(left, right):
    return blake3(b"\1" + left + right).digest()


def included(leaf, index, size, path, root):
    if index >= size:
        return False
    last, hashed = size - 1, leaf
    for other in path:
        if not last:
            return False
        if index & 1 or index == last:
            hashed = node(other, hashed)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            hashed = node(hashed, other)
        index, last = index >> 1, last >> 1
    return not last and hashed == root


def consistent(first_size, first_root, size, root, path):
    if first_size == size:
        return not path and first_root == root
    if not first_size:
        return not path and first_root == blake3(b"").digest()
    if first_size & first_size - 1 == 0:
        path = [first_root] + path
    index, last = first_size - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    if not path:
        return False
    old = new = path[0]
    for other in path[1:]:
        if not last:
            return False
        if index & 1 or index == last:
            old, new = node(other, old), node(other, new)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new = node(new, other)
        index, last = index >> 1, last >> 1
    return not last and old == first_root and new == root


# Commits: the tables of format.md, read strictly --------------------------------------------------------

class Unreadable(Exception):
    pass


class Reader:
    def __init__(self, content):
        self.content, self.at = content, 0

    def take(self, count):
        self.at += count
        if self.at > len(self.content):
            raise Unreadable("it ends too early")
        return self.content[self.at - count:self.at]

    def varint(self, size):
        """A number of at most `size` bytes in its shortest spelling."""
        first = self.take(1)[0]
        if first <= 250:
            return first
        length, least = {251: (2, 251), 252: (4, 1 << 16), 253: (8, 1 << 32)}.get(first, (9, 0))
        if length > size:
            raise Unreadable("a number that is too large for its place")
        number = int.from_bytes(self.take(length), "little")
        if number < least:
            raise Unreadable("a number that is not spelt the shortest way")
        return number


def u16(reader):
    return reader.varint(2)


def u32(reader):
    return reader.varint(4)


def u64(reader):
    return reader.varint(8)


def i32(reader):
    number = reader.varint(4)
    return ~(number >> 1) if number & 1 else number >> 1


def u8(reader):
    return reader.take(1)[0]


def i64(reader):
    number = reader.varint(8)
    return ~(number >> 1) if number & 1 else number >> 1


def letters(reader):
    return reader.take(3)


def b16(reader):
    return reader.take(16)


def b32(reader):
    return reader.take(32)


def flag(reader):
    value = reader.take(1)[0]
    if value > 1:
        raise Unreadable("neither 0 nor 1")
    return value == 1


def text(reader):
    try:
        return reader.take(u64(reader)).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("text that is not UTF-8") from None


def option(field):
    return lambda reader: field(reader) if flag(reader) else None


def fields(*parts):
    return lambda reader: [part(reader) for part in parts]


def many(field):
    # A count without as many things behind it ends with the bytes.
    return lambda reader: [field(reader) for _ in range(u64(reader))]


def choice(table):
    """A tag, then the fields of what was chosen: (name, fields)."""
    table = [row.split() if isinstance(row, str) else row for row in table]

    def read(reader):
        tag = u32(reader)
        if tag >= len(table):
            raise Unreadable("an unknown tag")
        name, *parts = table[tag]
        return name, [part(reader) for part in parts]
    return read


def tag(names):
    table = choice(names.split())
    return lambda reader: table(reader)[0]


EFFECTIVE = fields(u64, option(i32))
ROLE = tag("Clock App Support Finance Auditor Admin Customer Importer Service")
DENIAL = tag("AllSeatsHeld SeatsReserved AlreadyLoggedIn NotRegistered UserSuspended AccountSuspended"
             " AccountClosed")
RELEASE = tag("BrowserClosed HolderAway HolderAsked NeededElsewhere Unauthorised Other")
CAUSE = tag("Reclaimed TakenOver LeaseEnded Idle Goodbye MaxSession UserSuspended AccountClosed"
            " HandedOver")
HAND_OVER_END = tag("Consented Declined Silent Withdrawn")
LEAVING = tag("GaveUp NotHeardOf AskedAnew Barred")
SETTING = choice([
    ("Users", tag("Open Registered")), ("Lease", option(u32)), ("IdleAfter", option(u32)),
    ("GoodbyeGrace", u32), ("Reclaim", tag("Never OnDemand AtOnce")), ("MaxSession", option(u32)),
    ("SameUser", tag("TakeOver Share Separate Deny")), ("Overdraft", u32), ("Linger", u32),
    ("Reserved", u16, u32), ("ReleaseFloor", u32), ("Names", tag("Full Initials None")),
    ("KeepDevices", option(u32)), ("Reasons", tag("Optional ForLooks ForAll")),
    ("WhenFull", tag("Deny Queue")), ("Offer", u32), ("WaitLease", u32),
    ("HandOver", option(u32))])
EVENT = choice([
    ("AccountOpened", text, b32), ("PolicyChanged", many(SETTING)), ("LicencesChanged", u32, u32, EFFECTIVE),
    ("PlanAssigned", b32, EFFECTIVE), ("SiteAdded", u16, b32), ("UserAdded", u32, b32),
    ("UserSuspended", u32), ("UserReinstated", u32), ("UserForgotten", u32), ("DeviceAdded", u32, b32),
    ("LoginRequested", b16, u32, option(u16), option(u32)), ("SeatGranted", option(b16), u64, u32, flag),
    ("SeatDenied", option(b16), DENIAL, u32, u32), ("WentDormant", u64, u64), ("Resumed", u64),
    ("LoggedOut", u64, tag("User Release"), option(RELEASE), option(b32), u64), ("Expired", u64, CAUSE, u64),
    "AccountSuspended", "AccountReinstated", "AccountClosed", ("ImportStarted", b32),
    ("ImportCompleted", b32), ("ServiceStarted", option(u64)), "ServiceStopped", ("ClockStepped", u64, u64),
    ("SealingKeyChanged", b32, option(b32)), ("DeviceForgotten", u32), ("ReasonGiven", b32),
    ("IdentityShown", u64, tag("Who Why Trail Evidence SubjectAccess Directory"), option(u32)),
    ("EvidenceTaken", u64, u64, flag), ("Queued", DENIAL, u32, u32), ("SeatOffered", b16, u32, u64),
    ("OfferLapsed", b16), ("OfferWithdrawn", b16), ("LeftQueue", b16, LEAVING),
    ("HandOverAsked", u32, b16, u32, u64), ("HandOverEnded", u32, HAND_OVER_END),
    ("TokenMade", u32, tag("App Support Finance Auditor Admin Customer"), option(many(u64)), option(u64)),
    ("TokenRevoked", u32), ("SeatTakenOffline", b16, u32, u64, u64),
    ("PeriodClosed", u16, u8, u64, u64, u64, u64, b32, b32, letters, i64, i64, i64, i64, u64, b32, text, text),
    ("StatementsExported", tag("Charges Xero Sage Gocardless Notices Xlsx Html"), u16, u8, option(many(u64)),
     u32, b32, flag)])

Commit = namedtuple("Commit", "account version previous at delay role actor rules pool events")
COMMIT = fields(u64, u64, b32, u64, u64, ROLE, u32, u16, u16, many(EVENT))


def read_commit(content):
    if len(content) > COMMIT_BYTES:
        raise Unreadable("longer than a commit may be")
    reader = Reader(content)
    if reader.take(1) != b"\1":
        raise Unreadable("of another format")
    commit = Commit(*COMMIT(reader))
    if reader.at < len(content) or not commit.events:
        raise Unreadable("bytes after its last event" if commit.events else "no event")
    if commit.at + commit.delay >= 1 << 64:
        raise Unreadable("written later than time can tell")
    return commit


# The laws -----------------------------------------------------------------------------------------------

class Broken(Exception):
    pass


def law(number, holds, why):
    if not holds:
        raise Broken(f"law {number}: {why}")


class Changes:
    """What was said for which instant; the latest up to an instant is found fast, however many there are."""

    def __init__(self):
        self.said, self.runs = {}, [[0]]

    def add(self, instant, what):
        if instant not in self.said:
            which = bisect_right(self.runs, [instant, 1 << 64]) - 1
            run = self.runs[which]
            insort(run, instant)
            if len(run) > 2000:
                self.runs[which:which + 1] = [run[:1000], run[1000:]]
        self.said[instant] = what

    def up_to(self, instant):
        run = self.runs[bisect_right(self.runs, [instant, 1 << 64]) - 1]
        return self.said.get(run[bisect_right(run, instant) - 1], 0)


class Session:
    def __init__(self, seat, user, overdraft, since):
        self.seat, self.user, self.overdraft, self.since, self.dormant = seat, user, overdraft, since, False


class Seat:
    """A held seat: whose, and how many sessions sit on it, are awake, are marked overdraft."""

    def __init__(self, user):
        self.user, self.sessions, self.awake, self.marked = user, 0, 0, 0


SERVICE = {"ServiceStarted", "ServiceStopped", "ClockStepped", "SealingKeyChanged", "IdentityShown",
           "TokenMade", "TokenRevoked", "StatementsExported"}


class Laws:
    """One account, as far as the laws look at it. A method for each event that a law speaks of."""

    def __init__(self, account):
        self.service, self.state, self.highest, self.granted = account == 0, "new", 0, False
        self.licences, self.overdraft, self.importing = Changes(), 0, None
        self.period = None  # The last one closed: its end, the version that closed it.
        self.sites, self.devices, self.forgotten_devices = 0, 0, set()
        self.users, self.requests, self.sessions = {}, {}, {}
        self.seats, self.silent = {}, 0  # Held seats; how many of them have nobody awake.
        self.linger, self.kept, self.ends = 0, {}, []  # Free seats that may linger: seat -> until; a heap.
        # Requests in line: whose; how many of each user; what is offered to them: request -> seat, until.
        self.line, self.in_line, self.offers = {}, {}, {}
        self.askings, self.last_asking = {}, 0  # Of a seat: number -> seat, holder, asker, until.

    def commit(self, commit):
        self.at, self.asked, self.reclaims, self.queued, self.version = commit.at, None, 0, [], commit.version
        self.handed = None  # A seat that is given away in this commit, and to whom.
        self.emptied, self.taken = set(), {}  # By take-over in this commit: seats; seat -> user, marked.
        for name, parts in commit.events:
            law(2, name == "ReasonGiven" or self.service == (name in SERVICE),
                f"{name} is an event of the service, or of an account")
            law(2, self.service or (self.state == "new") == (name == "AccountOpened"),
                "an account is opened first, and once")
            if hasattr(self, name):
                getattr(self, name)(*parts)
        law(10, not self.reclaims or self.reclaims == len(commit.events) >= RECLAIMS,
            "a seat was reclaimed for nobody")
        law(11, not self.emptied, "a seat was taken over and not granted again")
        law(15, all(self.in_line[user] < 2 for user in self.queued), "somebody is in line twice")
        law(21, self.handed is None, "a seat was handed over and not granted to who asked for it")

    def AccountOpened(self, zone, profile):
        self.state = "open"

    def AccountSuspended(self):
        law(13, self.state == "open", "the account is not open")
        self.state = "suspended"

    def AccountReinstated(self):
        law(13, self.state == "suspended", "the account is not suspended")
        self.state = "open"

    def AccountClosed(self):
        law(13, self.state != "closed" and not self.seats, "the account is closed already, or seats are held")
        self.state = "closed"

    def PolicyChanged(self, settings):
        for name, parts in settings:
            if name == "Overdraft":
                self.overdraft = parts[0]
            elif name == "Linger":
                self.linger = parts[0] * SECOND

    def dated(self, instant, day):
        law(19, day is None or (day - 1) * DAY < instant < (day + 2) * DAY, f"no zone has day {day} then")

    def PlanAssigned(self, plan, effective):
        self.dated(*effective)

    def PeriodClosed(self, year, month, begins, ends, as_of, until, *rest):
        end, version = self.period or (begins, 0)
        law(22, end == begins < ends <= until <= self.at, "a month that is not over, or not next to the one before")
        law(22, version <= as_of < self.version, f"version {as_of} cannot be what it was derived from")
        self.period = ends, self.version

    def LicencesChanged(self, before, after, effective):
        self.dated(*effective)
        law(3, before == self.licences.up_to(effective[0]), f"{before} licences were not in force")
        self.licences.add(effective[0], after)

    def SiteAdded(self, site, profile):
        self.sites += 1
        law(4, site == self.sites, f"site {site} is not the next one")

    def DeviceAdded(self, device, profile):
        self.devices += 1
        law(4, device == self.devices, f"device {device} is not the next one")

    def DeviceForgotten(self, device):
        there = 1 <= device <= self.devices and device not in self.forgotten_devices
        law(5, there, f"there is no device {device}")
        self.forgotten_devices.add(device)

    def UserAdded(self, user, profile):
        law(5, user not in self.users, f"user {user} is added again")
        self.users[user] = "welcome"

    def user_is(self, user, now):
        law(5, self.users.get(user, "forgotten") != "forgotten", f"there is no user {user}")
        self.users[user] = now

    def UserSuspended(self, user):
        self.user_is(user, "suspended")

    def UserReinstated(self, user):
        self.user_is(user, "welcome")

    def UserForgotten(self, user):
        self.user_is(user, "forgotten")

    def LoginRequested(self, request, user, site, device):
        law(4, (site is None or 1 <= site <= self.sites) and (device is None or 1 <= device <= self.devices),
            "a login from a site or device that there is not")
        law(6, request not in self.requests, "asked again before it was answered")
        self.requests[request], self.asked = user, request

    def answered(self, request):
        """Whose request is answered here."""
        request = self.asked if request is None else request
        law(6, request in self.requests, "an answer to nobody")
        return self.requests.pop(request)

    def may_sit(self, number, user):
        law(number, self.state == "open", f"a seat while the account is {self.state}")
        law(number, self.users.get(user) == "welcome", f"a seat for user {user}, who may not log in")

    def is_own(self, number, user):
        """Whether a seat is held by its user, or on its way from one of the user's sessions to the next."""
        if number in self.seats:
            return self.seats[number].user == user
        return number in self.emptied and self.taken[number][0] == user

    def leave_line(self, request):
        """A request is in line no longer. What it was offered."""
        self.in_line[self.line.pop(request)] -= 1
        return self.offers.pop(request, (None, None))

    def Queued(self, reason, held, dormant):
        request, self.asked = self.asked, None
        law(15, request in self.requests and request not in self.line, "nobody is put in line")
        user = self.line[request] = self.requests[request]
        self.in_line[user] = self.in_line.get(user, 0) + 1
        self.queued.append(user)
        self.count(15, held, dormant)

    def SeatOffered(self, request, number, until):
        law(16, request in self.line and request not in self.offers, "an offer to nobody in line, or the second")
        self.may_sit(16, self.line[request])
        held, limit = len(self.seats) + len(self.emptied) + len(self.offers), self.licences.up_to(self.at)
        law(16, held < limit + self.overdraft, f"{held} seats are held or offered, {limit} licences bought")
        law(16, number not in self.seats and number not in self.emptied, f"seat {number} is held")
        law(16, all(number != seat for seat, _ in self.offers.values()), f"seat {number} is offered twice")
        self.offers[request], self.reclaims = (number, until), 0
        self.kept.pop(number, None)

    def OfferLapsed(self, request):
        law(17, request in self.offers, "an offer lapses that was not made")
        law(17, self.offers[request][1] <= self.at, "an offer lapses before its end")
        self.LeftQueue(request, None)

    def OfferWithdrawn(self, request):
        law(17, request in self.offers, "an offer is withdrawn that was not made")
        del self.offers[request]

    def LeftQueue(self, request, how):
        law(18, request in self.line, "somebody leaves the line who is not in it")
        self.leave_line(request)
        del self.requests[request]

    def HandOverAsked(self, asking, request, number, until):
        law(20, asking == self.last_asking + 1, f"asking {asking} is not the next one")
        law(20, request in self.line and number in self.seats, "nobody in line asks, or nobody is asked")
        holder, asker = self.seats[number].user, self.line[request]
        law(20, holder != asker and all(number != seat and asker != other
            for seat, _, other, _ in self.askings.values()), "somebody asks, or is asked, twice")
        self.last_asking, self.askings[asking] = asking, (number, holder, asker, until)

    def HandOverEnded(self, asking, how):
        law(21, asking in self.askings, f"asking {asking} is answered and not open")
        number, holder, asker, until = self.askings.pop(asking)
        if how == "Withdrawn":
            return
        there = number in self.seats and self.seats[number].user == holder and self.in_line.get(asker)
        law(21, there, "an asking is answered whose holder or asker has gone")
        if how == "Declined":
            return
        law(21, how == "Consented" or until <= self.at, "silence answers before the time is over")
        law(21, self.handed is None, "two seats are handed over at once")
        self.handed = number, asker

    def SeatGranted(self, request, session, number, overdraft):
        request = self.asked if request is None else request
        user = self.answered(request)
        self.may_sit(7, user)
        law(7, session > self.highest, f"session {session} is not higher than those before")
        handed = self.handed == (number, user)
        if handed:
            self.handed = None
        if request in self.line:
            law(7, self.leave_line(request)[0] == number or handed or self.is_own(number, user),
                f"seat {number} was not offered to the login in line")
        law(7, all(number != seat for seat, _ in self.offers.values()), f"seat {number} is offered to another")
        held = len(self.seats) + len(self.emptied) + len(self.offers)
        licences = self.licences.up_to(self.at)
        seat, (was, marked) = self.seats.get(number), self.taken.get(number, (None, False))
        if seat or number in self.emptied:
            law(7, (seat.user if seat else was) == user, f"seat {number} is another user's")
            marked = marked or seat is not None and seat.marked > 0
            law(7, overdraft or held <= licences or not marked, "a mark of overdraft is lost")
        else:
            law(7, held < licences + self.overdraft, f"{held} seats are held, {licences} licences bought")
            law(7, overdraft or held < licences, "a grant above the licences is not marked")
        self.highest, self.granted, self.reclaims = session, True, 0
        self.emptied.discard(number)
        self.taken.pop(number, None)
        self.kept.pop(number, None)
        self.sessions[session] = Session(number, user, overdraft, self.at)
        if not seat:
            seat = self.seats[number] = Seat(user)
        elif not seat.awake:
            self.silent -= 1
        seat.sessions, seat.awake, seat.marked = seat.sessions + 1, seat.awake + 1, seat.marked + overdraft

    def SeatDenied(self, request, denial, held, dormant):
        request = self.asked if request is None else request
        self.answered(request)
        self.count(12, held, dormant)
        if request in self.line:
            self.leave_line(request)

    def count(self, number, held, dormant):
        while self.ends and self.ends[0][0] <= self.at:
            until, seat = heappop(self.ends)
            if self.kept.get(seat) == until:
                del self.kept[seat]
        least = len(self.seats) + len(self.offers)
        law(number, least <= held <= least + len(self.kept),
            f"{least} seats are held or offered and {len(self.kept)} linger, not {held}")
        law(number, dormant == self.silent, f"{self.silent} held seats are dormant, not {dormant}")

    def sitting(self, number, silent=0):
        session = self.sessions.get(number)
        law(8, session, f"session {number} sits nowhere")
        law(8, silent <= self.at - session.since, f"session {number} was silent before it was granted")
        return session, self.seats[session.seat]

    def WentDormant(self, number, silent):
        session, seat = self.sitting(number, silent)
        law(8, not session.dormant, f"session {number} is dormant already")
        session.dormant, seat.awake = True, seat.awake - 1
        self.silent += not seat.awake

    def Resumed(self, number):
        session, seat = self.sitting(number)
        law(8, session.dormant, f"session {number} is not dormant")
        self.silent -= not seat.awake
        session.dormant, seat.awake = False, seat.awake + 1

    def LoggedOut(self, number, by, release, note, silent):
        law(9, by == "User" or release is not None, "a release without a reason")
        seat = self.leave(number, silent)
        if by == "User" and self.linger and seat not in self.seats:
            self.kept[seat] = min(self.at + self.linger, (1 << 64) - 1)
            heappush(self.ends, (self.kept[seat], seat))

    def Expired(self, number, cause, silent):
        session, _ = self.sitting(number, silent)
        law(10, cause != "Reclaimed" or session.dormant, f"session {number} was reclaimed and not dormant")
        given = self.handed is not None and self.handed[0] == session.seat
        law(21, cause != "HandedOver" or given, f"session {number} ends for a hand-over without consent")
        self.reclaims += cause == "Reclaimed"
        self.leave(number, silent)
        if cause == "TakenOver":
            _, marked = self.taken.get(session.seat, (None, False))
            self.taken[session.seat] = session.user, marked or session.overdraft
            if session.seat not in self.seats:
                self.emptied.add(session.seat)

    def leave(self, number, silent):
        """A session ends. The number of its seat."""
        session, seat = self.sitting(number, silent)
        del self.sessions[number]
        self.silent -= not seat.awake
        seat.sessions, seat.marked = seat.sessions - 1, seat.marked - session.overdraft
        seat.awake -= not session.dormant
        if seat.sessions:
            self.silent += not seat.awake
        else:
            del self.seats[session.seat]
        return session.seat

    def ImportStarted(self, source):
        law(14, self.importing is None and not self.granted,
            "an import after another began, or after a grant")
        self.importing = source

    def ImportCompleted(self, source):
        law(14, self.importing == source, "another import than the one that is going on")
        self.importing = None


# Price plans: "The plan file" of billing.md ----------------------------------------------------------------

TIERS, DISCOUNTS = 20, 20
MINOR_UNITS = """
0: BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
2: AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
   CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
   HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
   MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB
   SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
   USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
3: BHD IQD JOD KWD LYD OMR TND
4: CLF UYW
"""
PLACES = {code: int(places) for places, codes in re.findall("([0-9]):([A-Z\\s]+)", MINOR_UNITS)
          for code in codes.split()}
Plan = namedtuple("Plan", "digest currency effective_from included tiers tiered volume setup every_increase "
                  "cooling_off increase to_end months fixed_30 half_even discounts overdraft rate grace vat")
Tier = namedtuple("Tier", "first last fee")
Discount = namedtuple("Discount", "name percent amount since until")


def decimal(text, places, most):
    """A number with so many decimals as a whole one; zeros may be too many."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"{text} is no amount")
    whole, _, part = text.partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    if len(part) > places or len(whole) > 18 or int(whole + part.ljust(places, "0")) > most:
        raise ValueError(f"{text} is too much, or has more than {places} decimals")
    return int(whole + part.ljust(places, "0"))


class Table:
    """A table of a plan. Every key is taken once; a key that nobody takes is not known."""

    def __init__(self, words, currency=None):
        if type(words) is not dict:
            raise ValueError("no table")
        self.words, self.currency = dict(words), currency

    def take(self, kind, key, needed=False):
        value = self.words.pop(key, None)  # There is no null in TOML.
        if (needed or value is not None) and type(value) is not kind:
            raise ValueError(f"{key} is {value!r:.80}")
        return value

    def one_of(self, key, *words):
        """One of these words; the first if it is left out."""
        word = self.take(str, key)
        if word is not None and word not in words:
            raise ValueError(f"{key} is {word!r:.80}")
        return words[0] if word is None else word

    def whole(self, key, most, default=0, least=0):
        number = self.take(int, key)
        if number is not None and not least <= number <= most:
            raise ValueError(f"{key} is {number}")
        return default if number is None else number

    def amount(self, key, needed=False):
        text = self.take(str, key, needed)
        return None if text is None else decimal(text, PLACES[self.currency], 10**9)

    def name(self, key, needed=True):
        text = self.take(str, key, needed)
        if text is not None and not text.strip():
            raise ValueError(f"{key} is blank")
        return text

    def day(self, key, needed=False):
        text = self.take(str, key, needed)
        if text is not None and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(f"{key} is {text:.80}")
        return None if text is None else date.fromisoformat(text)

    def tables(self, key, most):
        found = self.take(list, key) or []
        if len(found) > most:
            raise ValueError(f"more than {most} {key}")
        return [Table(words, self.currency) for words in found]

    def table(self, key):
        return Table(self.take(dict, key) or {}, self.currency)

    def done(self):
        if self.words:
            raise ValueError(f"nobody knows {sorted(self.words)[0]:.80}")


def read_plan(content, digest=None):
    if tomllib is None:
        raise Usage("price plans are TOML: Python 3.11 or newer reads them")
    if b"\\" in content or len(content) > PLAN_BYTES:
        raise ValueError("it has a backslash, or is too long")
    plan = Table(tomllib.loads(content.decode()))
    plan.name("plan")
    currency = plan.currency = plan.take(str, "currency", True)
    if currency not in PLACES:
        raise ValueError(f"no currency {currency:.80}")
    effective_from, included = plan.day("effective_from", True), plan.whole("included_licences", (1 << 32) - 1)
    tiered, tiers, volume = read_tiers(plan)
    fixed_30 = plan.one_of("month_basis", "actual_days", "fixed_30") == "fixed_30"
    plan.one_of("timing", "arrears")
    if effective_from.day != 1 or volume and fixed_30:
        raise ValueError("effective_from is no first of a month, or tiers by volume with fixed_30")
    mode, rate, grace = read_overdraft(plan.table("overdraft"), None if tiered else tiers[0].fee)
    close = plan.table("close")
    close.whole("grace_days", 60)
    close.take(bool, "second_person")
    close.done()
    read = Plan(
        digest, currency, effective_from, included, tiers, tiered, volume, plan.amount("setup_fee") or 0,
        plan.one_of("setup_on", "above_high_water", "every_increase") == "every_increase",
        plan.whole("cooling_off_days", 366), plan.one_of("increase", "daily", "full_month", "next_month"),
        plan.one_of("decrease", "end_of_period", "daily") == "end_of_period", plan.whole("min_term_months", 120),
        fixed_30, plan.one_of("rounding", "half_up", "half_even") == "half_even",
        [read_discount(words) for words in plan.tables("discounts", DISCOUNTS)], mode, rate, grace,
        read_vat(plan.table("vat")))
    plan.done()
    return read


def read_tiers(plan):
    """Whether there are tiers, the tiers, and whether they go by volume. A plain fee is one tier."""
    fee, mode, given, tiers = plan.amount("monthly_fee"), plan.take(str, "tier_mode"), plan.tables("tiers", TIERS), []
    if (fee is None) != bool(given) or mode not in (("graduated", "volume", None) if given else (None,)):
        raise ValueError("a monthly_fee or tiers, and tier_mode with tiers only")
    for words in given:
        first = tiers[-1].last + 1 if tiers else 1
        last = words.whole("up_to", (1 << 32) - 1, None, first)
        if (last is None) != (words is given[-1]):
            raise ValueError("the last tier, and no other, is without up_to")
        tiers.append(Tier(first, last, words.amount("monthly_fee", True)))
        words.done()
    return bool(given), tiers or [Tier(1, None, fee)], mode == "volume"


def read_discount(words):
    percent = words.take(str, "percent")
    percent = None if percent is None else decimal(percent, 2, 10_000)
    found = Discount(words.name("name"), percent, words.amount("amount"), words.day("from"), words.day("until", True))
    words.done()
    first, after = found.since or date.min, found.until + timedelta(days=1)
    if first.day != 1 or after.day != 1 or first >= after or (percent is None) == (found.amount is None) or percent == 0:
        raise ValueError(f"the discount {found.name:.80}")
    return found


def read_overdraft(words, fee):
    mode = words.one_of("mode", "report_only", "deny", "per_seat_day", "monthly_peak")
    day_rate, peak_rate = words.amount("day_rate"), words.amount("peak_rate")
    grace = words.whole("overlap_grace_s", 86_400, 300) * SECOND
    words.done()
    peak = fee if peak_rate is None else peak_rate
    if (mode == "per_seat_day") != (day_rate is not None) or mode != "monthly_peak" and peak_rate is not None \
            or mode == "monthly_peak" and peak is None:
        raise ValueError(f"the rates of overdraft {mode}")
    return mode, day_rate if mode == "per_seat_day" else peak, grace


def read_vat(words):
    compute = words.one_of("mode", "none", "compute") == "compute"
    code, rate = words.name("code", compute), words.take(str, "rate", compute)
    hundredths = 0 if rate is None else decimal(rate, 2, 10_000)
    words.done()
    return (code, rate, hundredths) if compute else None


# Statements: "Exactly" of billing.md. Whole numbers only, instants in microseconds -------------------------

LATEST = 253_370_764_800_000_000  # 9999-01-01T00:00:00Z.
NEVER = 1 << 65
PERIODS, WORK = 1_200, 50_000_000
EPOCH, MICRO = datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(microseconds=1)
Day = namedtuple("Day", "date begins ends")
Calendar = namedtuple("Calendar", "month days begins ends offsets")
Change = namedtuple("Change", "instant licences position version")
Assigned = namedtuple("Assigned", "instant digest position version")
# When a session was live: from an instant and version; to an instant, as is known from another version on.
Stretch = namedtuple("Stretch", "begins since ends gone till seat marked position")


class Period(namedtuple("Period", "month begins ends as_of until statement plan currency net gross due carried "
                        "size root tzdb product position version")):
    """A closed month, as its commit says."""

    def follows(self):
        """What its statement must say too."""
        return {"from": self.begins, "to": self.ends, "plan": self.plan.hex(),
                "currency": self.currency.decode("latin-1"), "net": self.net, "gross": self.gross,
                "due": self.due, "carried_out": self.carried}


def first_instant(zone, day):
    """When a civil day begins; None if the zone's clocks skipped it."""
    midnight = datetime.combine(day, time())

    def reached(seconds):
        return (start + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)
    start = midnight.replace(tzinfo=zone).astimezone(timezone.utc)
    low, high = -90_000, 90_000
    if reached(0) == midnight:
        high = 0
    else:  # There was no midnight: the day begins where the clock jumped over it.
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(middle) >= midnight else (middle, high)
    return (start + timedelta(seconds=high) - EPOCH) // MICRO if reached(high).date() == day else None


def month_days(zone, month):
    """The days of a month that exist, each with its first instant; then the first day after it."""
    day, days = date(int(month[:4]), int(month[5:]), 1), []
    while not days or days[-1][0].isoformat()[:7] == month:
        begins = first_instant(zone, day)
        if begins is not None:
            days.append((day, begins))
        day += timedelta(days=1)
    return days


def months_within(zone, start, end, at_most):
    """The calendar months that lie within; one more than `at_most` is enough to tell."""
    months, month = [], (EPOCH + start * MICRO).astimezone(zone).isoformat()[:7]
    while len(months) <= at_most:
        days = month_days(zone, month)
        if days[-1][1] > end:
            break
        if days[0][1] >= start:
            months.append(month)
        month = days[-1][0].isoformat()[:7]
    return months


def offset(zone, instant):
    return (EPOCH + instant * MICRO).astimezone(zone).utcoffset() // timedelta(seconds=1)


def calendar(zone, month):
    """A month's days and edges, and the zone's offsets within it with the instants from which they hold."""
    days = month_days(zone, month)
    begins, ends = days[0][1], days[-1][1]
    at, offsets = begins, [[begins, offset(zone, begins)]]
    while at < ends - SECOND:
        step = min(at + 3600 * SECOND, ends - SECOND)
        if offset(zone, step) != offsets[-1][1]:
            low, high = at, step
            while high - low > SECOND:
                middle = low + (high - low) // (2 * SECOND) * SECOND
                low, high = (middle, high) if offset(zone, middle) == offsets[-1][1] else (low, middle)
            offsets.append([high, offset(zone, high)])
        at = step
    days = [Day(day, start, end) for (day, start), (_, end) in zip(days, days[1:])]
    return Calendar(month, days, begins, ends, offsets)


def month_after(month):
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def day_of(zone, instant):
    """The day that has begun at an instant and whose next has not. Not what a clock shows that was set back."""
    day = (EPOCH + instant * MICRO).astimezone(zone).date()
    while True:
        after, begins = day + timedelta(days=1), None
        while begins is None:
            begins, after = first_instant(zone, after), after + timedelta(days=1)
        if begins > instant:
            return day
        day = after - timedelta(days=1)


def term_end(zone, day, months):
    """The first instant of the day that lies so many months after another."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > 9998:
        return NEVER
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    end, begins = date(year, month + 1, min(day.day, last)), None
    while begins is None:
        begins, end = first_instant(zone, end), end + timedelta(days=1)
    return begins


def rounded(numerator, denominator, half_even=False):
    whole, rest = divmod(abs(numerator), denominator)
    up = 2 * rest > denominator or 2 * rest == denominator and (not half_even or whole & 1)
    return whole + up if numerator >= 0 else -whole - up


class Facts:
    """What the statements and the directory need to know of the commits."""

    def __init__(self):
        self.zone, self.closing, self.live = "", Change(NEVER, 0, None, NEVER), {}
        self.told, self.assigned, self.stretches, self.periods, self.commitments = [], [], [], [], {}

    def add(self, position, commit, account):
        at, version = commit.at, commit.version
        for name, parts in commit.events:
            if name == "AccountOpened":
                self.zone, self.commitments["account", account] = parts
            elif name == "LicencesChanged":
                self.told.append(Change(parts[2][0], parts[1], position, version))
            elif name == "PlanAssigned":
                self.assigned.append(Assigned(parts[1][0], parts[0].hex(), position, version))
            elif name == "AccountClosed":
                self.closing = Change(at, 0, position, version)
            elif name == "SeatGranted":
                self.live[parts[1]] = at, version, parts[2], parts[3], position
            elif name == "Resumed":
                self.live[parts[0]] = at, version, *self.live[parts[0]][2:]
            elif name in ("WentDormant", "LoggedOut", "Expired"):
                self.silent(parts[0], parts[-1], at, version, name != "WentDormant")
            elif name == "PeriodClosed":
                month = f"{parts[0]:04}-{parts[1]:02}"
                self.periods.append(Period(month, *parts[2:], position, version))
            elif name in ("SiteAdded", "UserAdded", "DeviceAdded"):
                self.commitments[name[:-5].lower(), parts[0]] = parts[1]

    def silent(self, session, silent, at, version, ends):
        """A session was heard last so long ago; if it had fallen silent before, that is known already."""
        begins, since, seat, marked, position = self.live[session]
        if begins is not None:
            self.stretches.append(Stretch(begins, since, max(at - silent, begins), at, version, seat, marked, position))
        self.live[session] = None, since, seat, marked, position
        if ends:
            del self.live[session]


class Ledger:
    """All that is known of the account, made ready to be asked as it was known at some version."""

    def __init__(self, facts, zone, pack, tzdb, account):
        self.facts, self.zone, self.pack, self.tzdb, self.account, self.left = facts, zone, pack, tzdb, account, WORK
        need(len(facts.assigned) <= ASSIGNMENTS and len(facts.told) <= CHANGES and len(facts.periods) <= PERIODS,
             "statement", "plans were assigned, licences changed, or months closed more often than is looked through")
        self.plans, self.calendars, self.days_of, self.closed, self.charged = {}, {}, {}, {}, {}
        going = [Stretch(begins, since, NEVER, NEVER, NEVER, *rest)
                 for begins, since, *rest in facts.live.values() if begins is not None]
        self.stretches = sorted(facts.stretches + going)
        self.begins, self.gone, latest = [each.begins for each in self.stretches], [], 0
        for each in self.stretches:
            latest = max(latest, each.gone)
            self.gone.append(latest)
        by_till, self.open_since, earliest = sorted(self.stretches, key=lambda each: each.till), [], NEVER
        for each in reversed(by_till):
            earliest = min(earliest, each.begins)
            self.open_since.append(earliest)
        self.open_since, self.tills = self.open_since[::-1] + [NEVER], [each.till for each in by_till]
        self.marked = [each for each in self.stretches if each.marked]

    def work(self, steps):
        self.left -= steps
        need(self.left >= 0, "statement", "more would have to be walked through than a pack may ask")

    def calendar(self, month):
        if month not in self.calendars:
            try:
                self.calendars[month] = calendar(self.zone, month)
            except (ValueError, OverflowError):
                raise Wrong("statement", f"{month}: no calendar here for it") from None
        return self.calendars[month]

    def plan(self, digest, month):
        if digest not in self.plans:  # Each is read once, however many months ask for it.
            self.plans[digest] = self.read(digest)
        need(isinstance(self.plans[digest], Plan), "statement", f"{month}: plan {digest} {self.plans[digest]}")
        return self.plans[digest]

    def read(self, digest):
        """The plan, or what is wrong with it."""
        if f"plan-{digest}.toml" not in self.pack:
            return "is not in the pack"
        try:
            return read_plan(self.pack[f"plan-{digest}.toml"], digest)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            return f"does not read: {error}"

    def day_of(self, instant):
        if instant not in self.days_of:
            self.days_of[instant] = day_of(self.zone, instant)
        return self.days_of[instant]

    def settle(self):
        """The statements of all closed months, in order: each needs those before it."""
        for period in self.facts.periods:
            closed = self.statement(period.month, Known(self, period.as_of, period.until, period.version - 1))
            for key, told in period.follows().items():
                need(closed[key] == told, "statement", f"{period.month}: it was closed with {key} {told}, not {closed[key]}")
            closed["tzdb"] = period.tzdb
            kept = json.dumps(closed, ensure_ascii=False, separators=(",", ":")).encode()
            need(blake3(kept).digest() == period.statement, "statement",
                 f"{period.month}: it is not the statement that was closed")
            self.closed[period.month], self.charged[period.month] = (period, closed), 0
            for line in closed["lines"]:
                self.charged[line["subject"] if line["charge"] == "adjustment" else period.month] += line["net"]

    def statement(self, month, known):
        """A month's statement by what is known (rules 1 to 15)."""
        about = self.calendar(month)
        plan, assigned = known.plan_of(about)
        days, over = known.days(about, plan), known.over(about, plan.grace if plan else 300 * SECOND)
        lines = known.lines(about, plan, assigned, days, over) if plan else []
        carried = 0
        if self.closed and month == month_after([*self.closed][-1]):
            lines += known.adjustments()
            carried = [*self.closed.values()][-1][1]["carried_out"]
        net = sum(line["net"] for line in lines)
        code, rate, hundredths = plan.vat if plan and plan.vat else (None, None, 0)
        gross = net + rounded(net * hundredths, 10_000)
        rows = [{"from": first, "to": last, "days": count, "in_force": in_force, "billable": billable,
                 "licence_days": count * billable}
                for first, last, count, (in_force, billable) in neighbours(about.days, days)]
        return {
            "format": "seatledger statement 1", "account": self.account, "month": month, "from": about.begins,
            "to": about.ends, "zone": self.facts.zone, "tzdb": self.tzdb, "offsets": about.offsets,
            "as_of": known.as_of, "until": known.until, "plan": plan and plan.digest,
            "currency": plan and plan.currency, "opening_licences": known.in_force(about.begins),
            "closing_licences": known.in_force(about.ends - 1), "days": rows,
            "licence_days": sum(row["licence_days"] for row in rows),
            "overdraft": [{"from": first, "to": last, "days": count, "over": number}
                          for first, last, count, number in neighbours(about.days, over) if number],
            "lines": lines, "net": net if plan else None,
            "vat": {"code": code, "rate": rate, "amount": gross - net} if plan and plan.vat else None,
            "gross": gross if plan else None, "carried_in": carried if plan else None,
            "due": max(gross + carried, 0) if plan else None,
            "carried_out": min(gross + carried, 0) if plan else None}


def neighbours(days, values):
    """Days next to one another with the same value: first day, last day, how many, value."""
    rows = []
    for day, value in zip(days, values):
        if not rows or rows[-1][3] != value:
            rows.append([day.date.isoformat(), None, 0, value])
        rows[-1][1], rows[-1][2] = day.date.isoformat(), rows[-1][2] + 1
    return rows


class Known:
    """What the commits up to a version say, known until an instant."""

    def __init__(self, ledger, as_of, until, written=None):
        """`written` is the last version there was then, if not all of it was known."""
        facts = ledger.facts
        self.ledger, self.as_of, self.until, self.all = ledger, as_of, until, written in (None, as_of)
        self.told, assigned = said_by(facts.told, as_of), said_by(facts.assigned, as_of)
        ledger.work(len(self.told) + len(assigned))
        self.closing = facts.closing if facts.closing.version <= as_of else Change(NEVER, 0, None, NEVER)
        self.assigned = sorted(assigned, key=lambda each: each.instant)
        self.assigned_at = [each.instant for each in self.assigned]
        latest = {change.instant: change for change in self.told}
        self.changes = [latest[at] for at in sorted(latest) if at < min(self.closing.instant, LATEST)]
        self.instants = [each.instant for each in self.changes]
        self.force = Steps([(each.instant, each.licences) for each in self.walk()])
        self.bounds, self.setups = {0: self.force}, {}

    def walk(self):
        """The changes in order of effective instant, the closing as one to 0."""
        return self.changes + ([self.closing] if self.closing.instant < LATEST else [])

    def in_force(self, instant):
        return self.force.at(instant)

    def plan_of(self, about):
        """The plan that counts for a month, and its assignment (14)."""
        before, until = bisect_right(self.assigned_at, about.begins), bisect_left(self.assigned_at, about.ends)
        self.ledger.work(until)
        passed = set()  # Looked at, and not usable for this month.
        within = groupby(self.assigned[before:until], key=lambda each: each.instant)
        within = [each for _, same in within for each in reversed(list(same))]  # The last corrects the others.
        for each in self.assigned[:before][::-1] + within:
            if each.digest in passed:
                continue
            passed.add(each.digest)
            plan = self.ledger.plan(each.digest, about.month)
            if plan.effective_from <= about.days[0].date:
                return plan, each
        return None, None

    # Days (3 to 5) ----------------------------------------------------------------------------------------

    def bound(self, months):
        """Licences in force, and given back before the end of their term (3)."""
        if months not in self.bounds:
            self.ledger.work(10 * len(self.changes))
            # Lots in order of beginning, and so of their terms' ends: those given back, then those in force.
            back, lots, more, before = [], deque(), {}, 0
            for change in self.walk():
                at, k = change.instant, change.licences - before
                before = change.licences
                more[at] = more.get(at, 0) + k
                while k > 0 and back and back[-1][0] > at:
                    end, licences = back.pop()
                    taken = min(k, licences)
                    k -= taken
                    more[at] -= taken
                    more[end] += taken
                    lots.appendleft((end, taken))
                    if taken < licences:
                        back.append((end, licences - taken))
                if k > 0:
                    back.clear()  # Their terms are over, all of them.
                    lots.append((term_end(self.ledger.zone, self.ledger.day_of(at), months), k))
                while k < 0:
                    end, licences = lots.popleft()
                    given = min(-k, licences)
                    k += given
                    if end > at:
                        more[at], more[end] = more[at] + given, more.get(end, 0) - given
                    back.append((end, given))
                    if given < licences:
                        lots.appendleft((end, licences - given))
            steps, total = [], 0
            for at in sorted(more):
                total += more[at]
                steps.append((at, total))
            self.bounds[months] = Steps(steps)
        return self.bounds[months]

    def days(self, about, plan):
        """Licences in force and billable of each day."""
        self.ledger.work(1_000 + bisect_left(self.instants, about.ends) - bisect_right(self.instants, about.begins))
        in_force = [self.force.most(day.begins, day.ends) for day in about.days]
        included, bound = (plan.included, self.bound(plan.months)) if plan else (0, self.force)
        y = x = [max(bound.most(day.begins, day.ends) - included, 0) for day in about.days]
        if plan and plan.increase == "next_month":
            never = not self.changes or self.changes[0].instant > about.begins
            base = (self.changes[0].licences if self.changes else 0) if never else bound.at(about.begins)
            y = [min(each, max(base - included, 0)) for each in x]
        elif plan and plan.increase == "full_month":
            first, y = self.instants[0] if self.instants else NEVER, [*accumulate(x[::-1], max)][::-1]
            y = [each if day.ends > first else 0 for each, day in zip(y, about.days)]
        if plan is None or plan.to_end:
            y = [*accumulate(y, max)]
        return [*zip(in_force, y)]

    def over(self, about, grace):
        """Seats above the licences, of each day (10). What is further away than the grace changes no day."""
        since, till, days = about.begins - grace, min(about.ends + grace, self.until), [0] * len(about.days)
        self.ledger.work(len(self.ledger.marked))
        if not any(self.clipped(each, since, till) for each in self.ledger.marked):
            return days
        first = bisect_right(self.ledger.gone, since) if self.all else 0
        last = bisect_left(self.ledger.begins, till)
        self.ledger.work(max(last - first, 0))
        events = [(at, 0, 0, False) for at in self.force.instants if since < at < till]
        for each in self.ledger.stretches[max(first, 0):last]:
            begins, ends = self.clipped(each, since, till) or (0, 0)
            events += [(begins, 1, each.seat, each.marked), (ends, -1, each.seat, each.marked)] if ends else []
        live, marked, rising, begun = {}, {}, [], [day.begins for day in about.days]
        for at, group in groupby(sorted(events), key=lambda event: event[0]):
            for _, more, seat, mark in group:
                for seats in (live, marked) if mark else (live,):
                    seats[seat] = seats.get(seat, 0) + more
                    if not seats[seat]:
                        del seats[seat]
            now = max(min(len(marked), len(live) - (self.in_force(at) if live else 0)), 0)
            start = at
            while rising and rising[-1][1] > now:
                start, height = rising.pop()
                if at - start >= grace:
                    for day in range(max(bisect_right(begun, start) - 1, 0), bisect_left(begun, at)):
                        days[day] = max(days[day], height if about.days[day].ends > start else 0)
            if now and (not rising or rising[-1][1] < now):
                rising.append((start, now))
        return days

    def clipped(self, stretch, since, till):
        """What is known of a stretch between two instants; None if there is nothing."""
        if stretch.since > self.as_of:
            return None
        begins = max(stretch.begins, since)
        ends = min(stretch.ends if stretch.till <= self.as_of else self.until, till)
        return (begins, ends) if begins < ends else None

    # Lines (6 to 11) --------------------------------------------------------------------------------------

    def lines(self, about, plan, assigned, days, over):
        billable = [each for _, each in days]
        monthly = self.monthly(about, plan, assigned, billable)
        return (monthly + discounts(about, plan, assigned, sum(each["net"] for each in monthly))
                + self.setup(plan, about)
                + self.overdraft(about, plan, over))

    def monthly(self, about, plan, assigned, billable):
        named, after = {assigned.position}, bisect_left(self.instants, about.ends)
        if about.begins < self.closing.instant:
            first = max(bisect_right(self.instants, about.begins) - 1, 0)
            named |= {each.position for each in self.changes[first:after]}
        if about.begins <= self.closing.instant < about.ends:
            named.add(self.closing.position)
        of, found = 30 if plan.fixed_30 else len(billable), []
        for tier in plan.tiers:
            units = units_of(tier, plan, billable)
            if units or tier is plan.tiers[0]:
                label = f"{tier.first}+" if tier.last is None else f"{tier.first}-{tier.last}"
                net = rounded(tier.fee * units, of, plan.half_even)
                quantity, unit = (1, net) if units % of else (units // of, tier.fee)
                found.append(line("monthly", label if plan.tiered else None, units, quantity, unit, named))
        return found[1:] if len(found) > 1 and not found[0]["counted"] else found

    def setup(self, plan, about):
        """Set-up fees, then refunds, of a month; worked out over all time, once (9)."""
        if plan.digest not in self.setups:
            self.ledger.work(10 * len(self.changes))
            charged, refunded = [], []
            self.set_up(plan, charged, refunded)
            self.setups[plan.digest] = [([at for at, _ in lines], lines) for lines in (charged, refunded)]
        return [line for instants, lines in self.setups[plan.digest]
                for _, line in lines[bisect_left(instants, about.begins):bisect_left(instants, about.ends)]]

    def set_up(self, plan, charged, refunded):
        if not plan.setup or not self.told:
            return
        first = min([self.told[0].licences] + [each.licences for each in self.changes[:1]])
        paid_for = before = max(first - plan.included, 0)
        charges = []  # Not refunded yet: when, licences, position.
        for change in self.walk():
            paid, at = max(change.licences - plan.included, 0), change.instant
            k, before = before - paid, paid
            while k > 0 and charges and plan.cooling_off and self.days_between(charges[-1][0], at) <= plan.cooling_off:
                when, licences, position = charges.pop()
                back = min(k, licences)
                k, paid_for = k - back, paid_for - (0 if plan.every_increase else back)
                named = {position, change.position}
                refunded.append((at, line("refund", None, None, back, -plan.setup, named)))
                if back < licences:
                    charges.append((when, licences - back, position))
            if paid > paid_for:
                charges.append((at, paid - paid_for, change.position))
                charged.append((at, line("setup", None, None, paid - paid_for, plan.setup, {change.position})))
            paid_for = paid if plan.every_increase else max(paid, paid_for)

    def days_between(self, earlier, later):
        return (self.ledger.day_of(later) - self.ledger.day_of(earlier)).days

    def overdraft(self, about, plan, over):
        quantity = {"per_seat_day": sum(over), "monthly_peak": max(over)}.get(plan.overdraft, 0)
        if not quantity:
            return []
        named = {each.position for each in self.ledger.marked if self.clipped(each, about.begins, about.ends)}
        return [line("overdraft", None, quantity, quantity, plan.rate, named)]

    def adjustments(self):
        """For each closed month what it would cost now, less what was charged for it (11)."""
        found, since = [], self.touched()
        for month, (period, _) in self.ledger.closed.items():
            about = self.ledger.calendar(month)
            if about.ends > since:
                plan, assigned = self.plan_of(about)
                days, over = self.days(about, plan), self.over(about, plan.grace)
                net = sum(each["net"] for each in self.lines(about, plan, assigned, days, over))
                net -= self.ledger.charged[month]
                if net:
                    self.ledger.work(len(self.told) + len(self.assigned))
                    late = [each.position for each in self.after(period.as_of) if each.instant < about.ends]
                    found.append(line("adjustment", month, None, 1, net, {period.position, *late}))
        return found

    def after(self, version):
        """What was recorded after a version."""
        assigned = [each for each in self.assigned if each.version > version]
        told = self.told[len(said_by(self.told, version)):]
        return told + assigned + ([self.closing] if NEVER > self.closing.version > version else [])

    def touched(self):
        """An instant before which nothing is known now that was not known at the last closing."""
        as_of = [*self.ledger.closed.values()][-1][0].as_of
        late = [each.instant for each in self.after(as_of)]
        # A stretch that was going on then, or has begun since, may turn out otherwise within a day of it.
        late.append(self.ledger.open_since[bisect_right(self.ledger.tills, as_of)] - DAY)
        return min(late)


class Steps:
    """A number that changes at instants; 0 before the first."""

    def __init__(self, steps):
        self.instants, self.numbers = [at for at, _ in steps], [number for _, number in steps]

    def at(self, instant):
        index = bisect_right(self.instants, instant)
        return self.numbers[index - 1] if index else 0

    def most(self, begins, ends):
        within = self.numbers[bisect_right(self.instants, begins):bisect_left(self.instants, ends)]
        return max([self.at(begins)] + within)


def said_by(facts, version):
    """Of what was recorded in order of version, all up to one."""
    low, high = 0, len(facts)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if facts[middle].version <= version else (low, middle)
    return facts[:low]


def line(charge, subject, counted, quantity, unit, named):
    return {"charge": charge, "subject": subject, "counted": counted, "quantity": quantity, "unit": unit,
            "net": quantity * unit, "commits": sorted(named)}


def units_of(tier, plan, billable):
    """Units of the licences in a tier (6); by volume, of the days whose number lies in it (7)."""
    last = max(billable) if tier.last is None else tier.last
    if plan.volume:
        return sum(each for each in billable if tier.first <= each <= last)
    units, below = 0, 0
    for height in sorted({*billable}):  # The licences above `below` up to this have the same days.
        n = sum(each >= height for each in billable)
        if plan.fixed_30:
            n = 30 if n == len(billable) else min(n, 30)
        units += n * max(min(height, last) - max(below, tier.first - 1), 0)
        below = height
    return units


def discounts(about, plan, assigned, fees):
    left, found = fees, []
    for each in plan.discounts:
        if (each.since or date.min) <= about.days[0].date <= each.until:
            less = each.amount if each.percent is None else rounded(fees * each.percent, 10_000, plan.half_even)
            less = min(less, left)
            left -= less
            found += [line("discount", each.name, None, 1, -less, {assigned.position})] if less else []
    return found


# The checks, in the order of the table of verdicts --------------------------------------------------------

def check_pack(data):
    pack = unzip(data)
    for name in sorted(NAMES):
        need(name in pack, "pack", f"{name} is missing")
    parsed = {name: read_json(name, pack[name], shape) for name, shape in SHAPES.items() if name in pack}
    about = parsed["pack.json"]
    need(about["format"] == "seatledger evidence 1", "pack", "a format that is not known here")
    for name in sorted(pack):
        month, plan = STATEMENT.fullmatch(name), PLAN.fullmatch(name)
        need(not month or month[1] in about["months"], "pack", f"{name} is of no month of pack.json")
        need(not plan or blake3(pack[name]).hexdigest() == plan[1], "pack", f"{name} is another plan")
    need(len({*about["months"]}) == len(about["months"]), "pack", "a month is listed twice")
    for month in about["months"]:
        name = f"statement-{month}.json"
        need(name in pack, "pack", f"{name} is missing")
        parsed[name] = read_json(name, pack[name], STATEMENT_SHAPE)
    for _ in records(pack["commits.bin"]):
        pass
    return pack, parsed, about


def check_manifest(pack):
    expected = "".join(f"{hashlib.sha256(pack[name]).hexdigest()}  {name}\n"
                       for name in sorted(pack) if name != "manifest.txt")
    need(pack["manifest.txt"] == expected.encode(), "manifest", "the manifest is not that of the members")


Walked = namedtuple("Walked", "leaves below first last before at recorded count facts")


def check_commits(content, about, first_size, size, wanted):
    """All that is checked of each commit by itself; and what the later checks need of them."""
    leaves, below, facts, laws = {}, None, Facts(), Laws(about["account"])
    first = last = before = None
    previous, at, recorded, count = bytes(32), 0, 0, 0
    for position, raw in records(content):
        need((last is None or position > last) and position < size, "order",
             "not above the position before it, or not below the size of the last seal", position)
        try:
            commit = read_commit(raw)
        except Unreadable as error:
            raise Wrong("bytes", str(error), position) from None
        count += 1
        need(commit.account == about["account"], "account", f"it is of account {commit.account}", position)
        need(commit.version == count, "gap", f"version {commit.version}, not {count}", position)
        need(commit.previous == previous, "chain", "it does not follow the one before it", position)
        need(commit.at >= at and commit.at + commit.delay >= recorded, "time", "time goes back", position)
        try:
            laws.commit(commit)
        except Broken as error:
            raise Wrong("law", str(error), position) from None
        facts.add(position, commit, about["account"])
        before, at, recorded = None if last is None else at, commit.at, commit.at + commit.delay
        previous, first, last = leaf_hash(raw), position if first is None else first, position
        if position in wanted:
            leaves[position] = previous
        if position < first_size:
            below = position, previous
    return Walked(leaves, below, first, last, before, at, recorded, count, facts)


def check_inclusion(parsed, walked, first, last):
    proofs, given = parsed["proofs.json"], -1
    for entry in proofs["inclusion"]:
        position = entry["position"]
        need(position > given, "inclusion", "the paths are not in order of position", position)
        need(position in walked.leaves, "inclusion", "a path of a commit that is not here", position)
        path = [bytes.fromhex(each) for each in entry["path"]]
        need(included(walked.leaves[position], position, last.size, path, last.root), "inclusion",
             "its path does not lead to the root of the last seal", position)
        given = position
    named = {walked.first, walked.last} - {None}
    for name, statement in parsed.items():
        if name.startswith("statement-"):
            named |= {position for line in statement["lines"] for position in line["commits"]}
    for position in sorted(named - {entry["position"] for entry in proofs["inclusion"]}):
        raise Wrong("inclusion", "it must have a path and has none", position)
    entry, (position, leaf) = proofs["first_inclusion"], walked.below or (None, None)
    need(walked.below or not entry, "inclusion", "the first seal holds nothing of the account",
         entry and entry["position"])
    if walked.below:
        need(entry and entry["position"] == position, "inclusion", "it has no path in the first seal",
             position)
        path = [bytes.fromhex(each) for each in entry["path"]]
        need(included(leaf, position, first.size, path, first.root), "inclusion",
             "its path does not lead to the root of the first seal", position)


def check_period(about, walked):
    """The account's time zone, once all that pack.json says of the period is found true."""
    need(about["from"] < about["to"], "period", "the period ends before it begins")
    need(about["to"] <= LATEST, "period", "the period ends after the year 9998")
    need(walked.count and walked.at >= about["to"], "period", "no commit closes the period")
    closes = [each for each in walked.facts.periods if each.position == walked.last]
    closes = closes and about["from"] <= closes[0].begins and closes[0].ends <= about["to"]
    need(closes or walked.before is None or walked.before < about["to"], "period",
         "commits follow the closing one")
    need(walked.count == about["commits"], "period", f"{walked.count} commits, not {about['commits']}")
    need(walked.facts.zone == about["zone"], "period", f"the account's zone is {walked.facts.zone}")
    need(about["zone"] not in ("Factory", "localtime", "posixrules")
         and not about["zone"].startswith(("posix/", "right/")), "period", "no zone of the IANA database")
    try:
        zone = ZoneInfo(about["zone"])
        months = months_within(zone, about["from"], about["to"], min(len(about["months"]), MONTHS))
    except (LookupError, ValueError, OSError, OverflowError):
        raise Wrong("period", f"no calendar here for {about['zone']} and this period") from None
    need(len(months) <= MONTHS and months == about["months"], "period", "the months are not those within the period")
    return zone


def in_time(last, walked):
    """Who signed the last seal; of the witnesses those who could have seen the commit that closes the period."""
    return [(key, when) for key, when in last.signers
            if when is None or (when + SKEW) * SECOND >= walked.recorded]


def check_statements(pack, parsed, about, walked, zone):
    """What must follow, and each closed month as its commit says. Which months are closed, for the report."""
    ledger = Ledger(walked.facts, zone, pack, about["tzdb"], about["account"])
    ledger.settle()
    known = Known(ledger, walked.count, walked.at)
    for month in about["months"]:
        told, (period, derived) = parsed[f"statement-{month}.json"], ledger.closed.get(month, (None, None))
        if period:
            digest = blake3(pack[f"statement-{month}.json"]).digest()
            need(digest == period.statement, "statement", f"{month}: it is not the statement that was closed")
        else:
            derived = ledger.statement(month, known)
        for key in derived:
            need(told[key] == derived[key], "statement", f"{month}: {key} is {told[key]}, not {derived[key]}")
    return ledger.closed


def check_directory(parsed, facts):
    for entry in parsed.get("directory.json", {"entries": []})["entries"]:
        commitment = blake3(bytes.fromhex(entry["salt"]) + entry["text"].encode()).digest()
        need(facts.commitments.get((entry["kind"], entry["number"])) == commitment, "directory",
             f"{entry['kind']} {entry['number']} is not {entry['text']}")


def verify(data, keys, policy=None):
    """The lines of what was found true. Raises Wrong with the first thing that is not."""
    pack, parsed, about = check_pack(data)
    check_manifest(pack)
    known = {(key.name, key.id): key for key in keys + (policy.keys() + policy.logs if policy else [])}
    first, last = (read_seal(name, pack[name], about["origin"], keys, known)
                   for name in ("first.txt", "last.txt"))
    need(not policy or policy.met([key for key, _ in last.signers]), "witness",
         "the last seal does not have the signatures that the policy asks for")
    proofs = parsed["proofs.json"]
    need(first.size <= last.size, "consistency", "the last seal is smaller than the first")
    need(consistent(*first[:2], *last[:2], [bytes.fromhex(each) for each in proofs["consistency"]]),
         "consistency", "the first seal's tree is not the beginning of the last one's")
    walked = check_commits(pack["commits.bin"], about, first.size, last.size,
                           {entry["position"] for entry in proofs["inclusion"]})
    check_inclusion(parsed, walked, first, last)
    zone = check_period(about, walked)
    last = last._replace(signers=in_time(last, walked))
    need(not policy or policy.met([key for key, _ in last.signers]), "witness",
         "witnesses that the policy asks for signed before the period was closed")
    closed = check_statements(pack, parsed, about, walked, zone)
    check_directory(parsed, walked.facts)
    return report(parsed, about, walked, first, last, closed)


def instant(micros):
    try:
        return (EPOCH + micros * MICRO).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{micros} microseconds since 1970"


def money(units, currency):
    whole, part = divmod(abs(units), 10**PLACES[currency])
    point = f".{part:0{PLACES[currency]}}" if PLACES[currency] else ""
    return f"{currency} {'-' if units < 0 else ''}{whole}{point}"


def report(parsed, about, walked, first, last, closed):
    yield f"account {about['account']} of {about['origin']}, {about['zone']}"
    yield f"period {instant(about['from'])} to {instant(about['to'])}"
    yield f"commits {walked.count}, positions {walked.first} to {walked.last}; the laws hold"
    for name, seal in (("first", first), ("last", last)):
        yield f"{name} seal: size {seal.size}, root {base64.b64encode(seal.root).decode()}"
    for key, when in last.signers:
        if key.kind == WITNESS:
            yield f"witness {key.name} at {instant(when * 1_000_000)}"
    for month in about["months"]:
        statement = parsed[f"statement-{month}.json"]
        currency, state = statement["currency"], "closed" if month in closed else "open"
        if currency is None:
            yield f"month {month}: no price plan"
        else:
            net, due = money(statement["net"], currency), money(statement["due"], currency)
            yield f"month {month}: net {net}, due {due}, {state}"
    if "directory.json" in parsed:
        yield f"directory: {len(parsed['directory.json']['entries'])} names"


def shown(text):
    """What a pack says must not command the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text)[:500])


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks a Seatledger evidence pack.")
    parser.add_argument("pack", metavar="PACK")
    parser.add_argument("--key", metavar="VKEY", action="append", required=True,
                        help="the ledger's public key")
    parser.add_argument("--policy", metavar="FILE", help="who must have signed (C2SP tlog-policy)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")
    verdict, lines = {"verdict": "ok", "code": None, "position": None, "why": None}, []
    try:
        ZoneInfo("Europe/London")
        keys = [read_key(text, LEDGER) for text in asked.key]
        with open(asked.pack, "rb") as file:
            data = file.read(UNPACKED + (16 << 20) + 1)
        policy = None
        if asked.policy:
            with open(asked.policy, encoding="utf-8", newline="\n") as file:
                policy = Policy(file.read(NOTE_BYTES * 16))
        try:
            need(len(data) <= UNPACKED + (16 << 20), "pack", "the file is too large")
            lines = list(verify(data, keys, policy))
        except Wrong as wrong:
            verdict = {"verdict": "bad", "code": wrong.code, "position": wrong.position,
                       "why": shown(wrong.why)}
        except (Usage, OSError):
            raise
        except Exception as error:  # Foreseen by no check: it must not pass.
            verdict = {"verdict": "bad", "code": "pack", "position": None,
                       "why": shown(f"stumbled: {error!r}")}
    except KeyError:
        parser.error("no time zones on this machine: pip install tzdata")
    except (Usage, OSError, UnicodeDecodeError) as error:
        parser.error(shown(error))
    if asked.json:
        print(json.dumps(verdict))
    elif verdict["code"]:
        at = "" if verdict["position"] is None else f" at position {verdict['position']}"
        print(f"bad: {verdict['code']}{at}: {verdict['why']}")
    for line in lines if not asked.json else []:
        print(f"ok {shown(line)}")
    return 5 if verdict["code"] else 0


if __name__ == "__main__":
    sys.exit(main())
