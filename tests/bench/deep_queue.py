# SPDX-License-Identifier: MIT
"""What a million waiting jobs cost, beside an empty queue.

They wait for a backend that is paused. A job for the other backend shows what they cost those that
pass them by; a moment in which their backend is let go shows what a claim from among them costs."""

import statistics

import spooler
from alone import pss_mib, start_ms
from rounds import ROUNDS, medians
from table import Row, slower

WAITING = 1_000_000
DRAINED = 5_000
ONE_BY_ONE = 300


def p50s(ours):
    return medians(submit=lambda: ours.submit_ms(ONE_BY_ONE),
                   round_trip=lambda: ours.round_trip_ms(ONE_BY_ONE))


def claim_ms(ours, refill):
    """What each of 5,000 jobs of the parked backend takes, from its claim to its end."""
    def once():
        refill()
        return 1000 / ours.drain("parked", DRAINED)
    return medians(claim=once)["claim"]


def start_to_ready_ms(ours):
    times = []
    for _ in range(ROUNDS):
        ours.stop()
        times.append(start_ms(ours))
    return statistics.median(times)


def measure(directory):
    with spooler.running(directory, "deep") as ours:
        ours.pause("parked")
        ours.submits(1000)
        empty = p50s(ours)
        empty_claim = claim_ms(ours, lambda: ours.bulk(spooler.PARKED, DRAINED))

        ours.bulk(spooler.PARKED, WAITING)
        ready = start_to_ready_ms(ours)
        assert ours.waiting("parked") >= WAITING
        deep = p50s(ours)
        deep_claim = claim_ms(ours, lambda: None)
        memory = pss_mib(ours)

    beside, wanted = f"{WAITING:,} jobs wait", "≤ 1.5×"
    peer = "an empty queue"
    return [
        Row(f"start to ready, {beside}", f"{ready:.1f} ms", "under 100 ms"),
        slower(f"durable submit, one connection, p50, {beside}", deep["submit"], peer,
               empty["submit"], wanted),
        slower(f"submit to completed, p50, {beside}", deep["round_trip"], peer,
               empty["round_trip"], wanted),
        slower(f"claim and run of one of {WAITING:,} jobs", deep_claim, f"one of {DRAINED:,}",
               empty_claim, wanted),
        Row(f"memory (PSS), {beside}", f"{memory:.1f} MiB", "under 40 MB"),
    ]
