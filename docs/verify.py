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
from collections import namedtuple
from datetime import date, datetime, time, timedelta, timezone
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
Count, Amount = range(1 << 32), range(1 << 63)


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
    "month": Month, "from": int, "to": int, "plan": Null(Hex), "currency": Null(str),
    "opening_licences": Count, "closing_licences": Count,
    "days": [{"from": str, "to": str, "days": int, "in_force": Count, "billable": Count,
              "licence_days": int}],
    "licence_days": int,
    "lines": [{"charge": str, "quantity": Amount, "unit": Amount, "net": Amount, "commits": [int]}],
    "net": Null(Amount)}


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
        return type(value) is int and value < 1 << 64
    if isinstance(shape, range):
        return type(value) is int and value in shape
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        return False
    return (shape is str or (shape is Hex and re.fullmatch("[0-9a-f]{64}", value) is not None)
            or (shape is Month and MONTH.fullmatch(value) is not None))


def natural(text):
    if len(text) > 20 or text[0] == "-":
        raise ValueError("not a number from 0 up")
    return int(text)


def refuse(text):
    raise ValueError(f"{text[:20]} is no whole number")


def once(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def read_json(name, content, shape):
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=once, parse_int=natural,
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
    ("TokenRevoked", u32), ("SeatTakenOffline", b16, u32, u64, u64)])

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
           "TokenMade", "TokenRevoked"}


class Laws:
    """One account, as far as the laws look at it. A method for each event that a law speaks of."""

    def __init__(self, account):
        self.service, self.state, self.highest, self.granted = account == 0, "new", 0, False
        self.licences, self.overdraft, self.importing = Changes(), 0, None
        self.sites, self.devices, self.forgotten_devices = 0, 0, set()
        self.users, self.requests, self.sessions = {}, {}, {}
        self.seats, self.silent = {}, 0  # Held seats; how many of them have nobody awake.
        self.linger, self.kept, self.ends = 0, {}, []  # Free seats that may linger: seat -> until; a heap.
        # Requests in line: whose; how many of each user; what is offered to them: request -> seat, until.
        self.line, self.in_line, self.offers = {}, {}, {}
        self.askings, self.last_asking = {}, 0  # Of a seat: number -> seat, holder, asker, until.

    def commit(self, commit):
        self.at, self.asked, self.reclaims, self.queued = commit.at, None, 0, []
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


# Statements: whole numbers only, instants in microseconds -----------------------------------------------

LATEST = 253_370_764_800_000_000  # 9999-01-01T00:00:00Z.
EPOCH, MICRO = datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(microseconds=1)
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
Plan = namedtuple("Plan", "currency effective_from included fee setup every_increase to_end half_even")


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


def minor_units(amount, currency):
    places = PLACES[currency]
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount):
        raise ValueError(f"{amount} is no amount")
    whole, _, part = amount.partition(".")
    whole, part = whole.lstrip("0") or "0", part if part.strip("0") else ""
    if len(part) > places or len(whole) > 18:
        raise ValueError(f"{amount} is no amount of {currency}")
    units = int(whole + part.ljust(places, "0"))
    if units > 10**9:
        raise ValueError(f"{amount} is more than 1,000,000,000 minor units")
    return units


def read_plan(content):
    if tomllib is None:
        raise Usage("price plans are TOML: Python 3.11 or newer reads them")
    if b"\\" in content or len(content) > PLAN_BYTES:
        raise ValueError("it has a backslash, or is longer than 28,672 bytes")
    plan = {"setup_fee": "0", "setup_on": "above_high_water", "included_licences": 0, "increase": "daily",
            "decrease": "end_of_period", "rounding": "half_up", **tomllib.loads(content.decode())}
    included, currency, day = plan["included_licences"], plan["currency"], plan["effective_from"]
    if (plan.keys() - {"plan", "currency", "effective_from", "monthly_fee"} != {"setup_fee", "setup_on",
            "included_licences", "increase", "decrease", "rounding"}
            or type(plan["plan"]) is not str or not plan["plan"].strip()
            or plan["setup_on"] not in ("above_high_water", "every_increase") or plan["increase"] != "daily"
            or plan["decrease"] not in ("end_of_period", "daily")
            or plan["rounding"] not in ("half_up", "half_even") or type(included) is not int or not 0 <= included < 1 << 32
            or currency not in PLACES or not re.fullmatch("[0-9]{4}-[0-9]{2}-01", day)):
        raise ValueError("a rule that is not known here")
    return Plan(currency, date.fromisoformat(day), included, minor_units(plan["monthly_fee"], currency),
                minor_units(plan["setup_fee"], currency), plan["setup_on"] == "every_increase",
                plan["decrease"] == "end_of_period", plan["rounding"] == "half_even")


def rounded(numerator, denominator, half_even):
    whole, rest = divmod(numerator, denominator)
    up = 2 * rest > denominator or 2 * rest == denominator and (not half_even or whole & 1)
    return whole + up


class Facts:
    """What the statements and the directory need to know of the commits."""

    def __init__(self):
        self.zone, self.closed, self.first_to, self.changed = "", (1 << 64, None), 0, 0
        self.said, self.assigned, self.commitments, self.plans, self.charged = {}, [], {}, {}, {}

    def add(self, position, commit, account):
        for name, parts in commit.events:
            if name == "AccountOpened":
                self.zone, self.commitments["account", account] = parts
            elif name == "LicencesChanged":
                self.first_to = self.first_to if self.said else parts[1]
                self.said[parts[2][0]] = parts[1], position
                self.changed += 1
            elif name == "PlanAssigned":
                self.assigned.append((parts[1][0], position, parts[0].hex()))
            elif name == "AccountClosed":
                self.closed = commit.at, position
            elif name in ("SiteAdded", "UserAdded", "DeviceAdded"):
                self.commitments[name[:-5].lower(), parts[0]] = parts[1]

    def settle(self):
        """Licences in force, in order: instant, how many, position; each instant once, up to the closing."""
        need(len(self.assigned) <= ASSIGNMENTS and self.changed <= CHANGES, "statement",
             "plans were assigned, or licences changed, more often than is looked through for each month")
        self.assigned.sort(key=lambda each: each[0])
        self.assigned_at = [at for at, _, _ in self.assigned]
        self.changes = sorted((at, *what) for at, what in self.said.items() if at < self.closed[0])
        self.instants = [at for at, _, _ in self.changes]

    def in_force(self, instant):
        index = bisect_right(self.instants, instant) - 1
        return self.changes[index][1] if index >= 0 and instant < self.closed[0] else 0

    def most_in_force(self, begins, ends):
        within = self.changes[bisect_right(self.instants, begins):bisect_left(self.instants, ends)]
        return max([self.in_force(begins)] + [licences for _, licences, _ in within])

    def plan(self, month, day, begins, ends, pack):
        """The plan that counts for the month, and the position and digest of its assignment."""
        before, until = bisect_right(self.assigned_at, begins), bisect_left(self.assigned_at, ends)
        passed = set()
        for _, position, digest in self.assigned[:before][::-1] + self.assigned[before:until]:
            if digest in passed:
                continue
            passed.add(digest)
            if digest not in self.plans:  # Each is read once, however many months ask for it.
                self.plans[digest] = self.read(digest, pack)
            plan = self.plans[digest]
            need(isinstance(plan, Plan), "statement", f"{month}: plan {digest} {plan}")
            if plan.effective_from <= day:
                return plan, position, digest
        return None, None, None

    def read(self, digest, pack):
        """The plan, or what is wrong with it."""
        if f"plan-{digest}.toml" not in pack:
            return "is not in the pack"
        try:
            return read_plan(pack[f"plan-{digest}.toml"])
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            return f"does not read: {error}"

    def setups(self, included, every_increase):
        """Increases that set-up fees are charged on, over all time: instant, licences, position."""
        first = min([self.first_to] + [licences for _, licences, _ in self.changes[:1]])
        paid_for, found = max(first - included, 0), []
        for at, licences, position in self.changes:
            paid = max(licences - included, 0)
            if paid > paid_for:
                found.append((at, paid - paid_for, position))
            paid_for = paid if every_increase else max(paid, paid_for)
        return found

    def setup_lines(self, plan, begins, ends):
        counting = plan.included, plan.every_increase
        if counting not in self.charged:
            self.charged[counting] = self.setups(*counting)
        charged = self.charged[counting]
        for _, more, position in charged[bisect_left(charged, (begins,)):bisect_left(charged, (ends,))]:
            yield {"charge": "setup", "quantity": more, "unit": plan.setup, "net": more * plan.setup,
                   "commits": [position]}

    def statement(self, month, zone, pack):
        days = month_days(zone, month)
        begins, ends, length = days[0][1], days[-1][1], len(days) - 1
        plan, assignment, digest = self.plan(month, days[0][0], begins, ends, pack)
        rows, most = [], 0
        for (day, start), (_, end) in zip(days, days[1:]):
            in_force = self.most_in_force(start, end)
            billable = max(in_force - (plan.included if plan else 0), 0)
            most = billable = max(billable, most) if plan is None or plan.to_end else billable
            if not rows or (rows[-1]["in_force"], rows[-1]["billable"]) != (in_force, billable):
                rows.append({"from": day.isoformat(), "days": 0, "in_force": in_force, "billable": billable})
            rows[-1]["to"], rows[-1]["days"] = day.isoformat(), rows[-1]["days"] + 1
            rows[-1]["licence_days"] = rows[-1]["days"] * billable
        licence_days, lines = sum(row["licence_days"] for row in rows), []
        if plan:
            net = rounded(plan.fee * licence_days, length, plan.half_even)
            even = licence_days % length == 0
            first = bisect_right(self.instants, begins) - 1 if begins < self.closed[0] else len(self.changes)
            named = self.changes[max(first, 0):bisect_left(self.instants, ends)]
            named = {assignment, *(position for _, _, position in named)}
            named |= {self.closed[1]} if begins <= self.closed[0] < ends else set()
            lines = [{"charge": "monthly", "quantity": licence_days // length if even else 1,
                      "unit": plan.fee if even else net, "net": net, "commits": sorted(named)}]
            lines += self.setup_lines(plan, begins, ends) if plan.setup else []
        return {"month": month, "from": begins, "to": ends, "plan": digest,
                "currency": plan.currency if plan else None, "opening_licences": self.in_force(begins),
                "closing_licences": self.in_force(ends - 1), "days": rows, "licence_days": licence_days,
                "lines": lines, "net": sum(line["net"] for line in lines) if plan else None}


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
    need(walked.before is None or walked.before < about["to"], "period", "commits follow the closing one")
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


def check_statements(pack, parsed, about, facts, zone):
    facts.settle()
    for month in about["months"]:
        derived, told = facts.statement(month, zone, pack), parsed[f"statement-{month}.json"]
        for key in derived:
            need(told[key] == derived[key], "statement", f"{month}: {key} is {told[key]}, not {derived[key]}")


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
    check_statements(pack, parsed, about, walked.facts, zone)
    check_directory(parsed, walked.facts)
    return report(parsed, about, walked, first, last)


def instant(micros):
    try:
        return (EPOCH + micros * MICRO).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{micros} microseconds since 1970"


def report(parsed, about, walked, first, last):
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
        net, currency = statement["net"], statement["currency"]
        if currency is None:
            yield f"month {month}: no price plan"
        else:
            places = PLACES[currency]
            whole, part = divmod(net, 10**places)
            yield f"month {month}: net {currency} {whole}" + (f".{part:0{places}}" if places else "")
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
