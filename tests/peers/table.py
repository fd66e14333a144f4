"""What `tests/peers/run` measured, made into its table.

The results are lines of JSON: `kind` "fact" (peer, name, text) or "measure" (peer, what, way, clients,
round, and the figures). Round 0 is the sweep for the best client count and is never in a ratio. A ratio is
taken within each round, ours and theirs minutes apart; the table shows the median of these, always so that
more than 1 means that Seatledger is ahead.
"""

import json
import statistics
import sys

# what, its heading, the figure, its unit, whether more is better.
WORK = [
    ("spread", "durable grants/s, 1,000 accounts", "grants_per_s", "/s", True),
    ("hot", "durable answers/s, one account", "stored_per_s", "/s", True),
    ("hot", "durable grants/s, one account", "grants_per_s", "/s", True),
    ("latency", "one client, p50", "p50_us", " us", False),
    ("history", "reading the history in order, events/s", "events_per_s", "/s", True),
    ("history", "bytes on disk per event", "bytes_per_event", " B", False),
]


def load(path):
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    measures = [row for row in rows if row["kind"] == "measure"]
    for row in measures:
        # A row of the packed event table stands for more than one event.
        if "rows_per_s" in row:
            row["events_per_s"] = row["rows_per_s"] * row["events_per_row"]
            row["bytes_per_event"] = row["bytes_per_row"] / row["events_per_row"]
    return measures, [row for row in rows if row["kind"] == "fact"]


def better(path, peer, *whats):
    """Under which of several settings, each measured once, the peer granted most."""
    measures, _ = load(path)
    tried = [row for row in measures if row["peer"] == peer and row["what"] in whats]
    print(max(tried, key=lambda row: row["grants_per_s"])["what"])


def best(path, peer, what, way):
    """The client count at which the sweep granted most."""
    measures, _ = load(path)
    key = (peer, what, way, 0)
    tried = [row for row in measures if (row["peer"], row["what"], row["way"], row["round"]) == key]
    print(max(tried, key=lambda row: row["grants_per_s"])["clients"])


def per_row(path):
    """How many of our events one of our commits holds, in the history that `bench` makes."""
    measures, _ = load(path)
    print(next(row["events_per_commit"] for row in measures if "events_per_commit" in row))


def ours():
    """The answer of `seatledger bench`, on stdin, as figures of a measure."""
    row = json.load(sys.stdin)["results"][0]
    facts = row["facts"]
    if "in_flight" in facts:
        figures = {name: row[name] for name in ("p50_us", "p99_us", "sync")}
        figures["grants_per_s"] = facts["grants_per_s"]
        figures["stored_per_s"] = row["per_s"]
        figures["of_raw"] = [yardstick["ratio"] for yardstick in row["yardsticks"]]
    else:
        figures = {
            "events_per_s": row["per_s"],
            "bytes_per_event": row["bytes_per_event"],
            "events_per_commit": facts["events"] / facts["commits"],
        }
    print(json.dumps(figures))


def field(name):
    print(json.load(sys.stdin)[name])


def compared(measures):
    """One row for each peer, work and way: theirs, ours, and the median of the ratios of the rounds."""
    rows = []
    for what, heading, figure, unit, more in WORK:
        mine = {
            row["round"]: row[figure]
            for row in measures
            if row["peer"] == "seatledger" and row["what"] == what
        }
        ways = {}
        for row in measures:
            wanted = row["peer"] != "seatledger" and row["what"] == what and row["round"] > 0
            if wanted and row.get(figure) is not None:
                ways.setdefault((row["peer"], row["way"]), []).append(row)
        for (peer, way), rounds in ways.items():
            theirs = [row[figure] for row in rounds]
            ratios = [
                (mine[row["round"]] / row[figure] if more else row[figure] / mine[row["round"]])
                for row in rounds
                if row[figure] and mine.get(row["round"])
            ]
            sweep = [
                [row["clients"], row[figure]]
                for row in measures
                if (row["peer"], row["what"], row["way"], row["round"]) == (peer, what, way, 0)
            ]
            rows.append({
                "peer": peer,
                "what": heading,
                "way": way,
                "clients": rounds[0]["clients"],
                "theirs": statistics.median(theirs),
                "ours": statistics.median(mine.values()) if mine else None,
                "ratio": statistics.median(ratios) if ratios else None,
                "lowest": min(ratios, default=None),
                "highest": max(ratios, default=None),
                "rounds": len(ratios),
                "unit": unit,
                "sweep": sweep,
            })
    order = list(dict.fromkeys(row["peer"] for row in rows))
    rows.sort(key=lambda row: order.index(row["peer"]))
    return rows


def number(value, unit):
    if value is None:
        return "-"
    return f"{value:,.0f}{unit}" if value >= 1000 or unit != " B" else f"{value:.1f}{unit}"


def table(rows, facts):
    head = ["peer", "what", "theirs", "ours", "ours ahead", "(lowest-highest)", "how they were asked"]
    lines = [head]
    for row in rows:
        sweep = ", ".join(f"{clients}: {value:,.0f}" for clients, value in row["sweep"])
        clients = f"{row['clients']} client{'s' if row['clients'] > 1 else ''}"
        lines.append([
            row["peer"],
            row["what"],
            number(row["theirs"], row["unit"]),
            number(row["ours"], row["unit"]),
            "-" if row["ratio"] is None else f"{row['ratio']:.2f} x",
            "-" if row["ratio"] is None else f"({row['lowest']:.2f}-{row['highest']:.2f})",
            f"{row['way']}; " + (f"{clients}, best of {sweep}" if sweep else clients),
        ])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head) - 1)]
    for line in lines:
        cells = [
            cell.rjust(width) if 2 <= i <= 5 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        ]
        print("  ".join([*cells, line[-1]]))
    print()
    said = {(fact["peer"], fact["name"]): fact["text"] for fact in facts}
    for (peer, name), text in said.items():
        print(f"{peer + ', ' + name + ':':24} {text}")


def main(command, *arguments):
    if command in ("table", "json"):
        measures, facts = load(*arguments)
        rows = compared(measures)
        if command == "table":
            table(rows, facts)
        else:
            print(json.dumps({"rows": rows, "facts": facts, "measures": measures}, indent=1))
    else:
        {"better": better, "best": best, "per-row": per_row, "ours": ours, "field": field}[command](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
