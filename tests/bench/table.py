# SPDX-License-Identifier: MIT
"""What was measured, as a table, and its place in docs/performance.md."""

import dataclasses
import os
import platform
import time

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclasses.dataclass
class Row:
    what: str
    measured: str
    wanted: str
    peer: str = "–"
    ratio: str = "–"


def rate(jobs_per_second):
    return f"{jobs_per_second:,.0f} jobs/s"


def faster(what, ours, peer_name, peers, wanted="–"):
    """A row of rates: how many times the peer's ours is."""
    return Row(what, rate(ours), wanted, f"{peer_name}: {rate(peers)}", f"{ours / peers:.1f}×")


def slower(what, ours_ms, peer_name, peers_ms, wanted="–"):
    """A row of times: how many times the peer's ours is."""
    return Row(what, f"{ours_ms:.2f} ms", wanted, f"{peer_name}: {peers_ms:.2f} ms",
               f"{ours_ms / peers_ms:.1f}×")


def markdown(rows):
    lines = ["| what | measured | peer | ratio | wanted |", "|---|---|---|---|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.peer} | {row.ratio} | {row.wanted} |"
              for row in rows]
    return "\n".join(lines)


def write(page, table):
    """Between the page's markers."""
    before, _, rest = page.read_text().partition(BEGIN)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"
    measured = f"{BEGIN}\n{time.strftime('%Y-%m-%d')}, {machine}\n\n{table}\n{END}"
    page.write_text(before + measured + rest.partition(END)[2])
