# SPDX-License-Identifier: MIT
"""The queue beside its peers: submits, one by one and in bulk, and jobs from start to end."""

import generator
import spooler
from peers import beanstalkd, bullmq, postgres
from rounds import medians
from table import faster, slower

SUBMITS = 20_000
PUTS = 5_000  # each of them waits for a sync of its own
ONE_BY_ONE = 500
BULK = 200_000
ADD_BULK = 20_000
COMPLETE = 5_000


def submits(directory):
    with spooler.running(directory, "submits") as ours, \
            bullmq.start(directory / "redis") as redis, \
            beanstalkd.start(directory / "beanstalkd") as tube, \
            postgres.start(directory / "postgres") as table:
        ours.submits(SUBMITS)
        per_second = medians(ours=lambda: ours.submits(SUBMITS),
                             bullmq=lambda: redis.submits(SUBMITS),
                             beanstalkd=lambda: tube.submits(PUTS, spooler.CONNECTIONS),
                             postgres=lambda: table.submits(SUBMITS))
    what = "durable submits, 64 connections"
    return [faster(what, per_second["ours"], "BullMQ", per_second["bullmq"], "≥ 2×"),
            faster(what, per_second["ours"], "beanstalkd", per_second["beanstalkd"], "≥ 8×"),
            faster(what, per_second["ours"], "PostgreSQL", per_second["postgres"])]


def one_connection(directory):
    with spooler.running(directory, "one") as ours:
        p50 = medians(
            sync=lambda: generator.run("sync", directory / "sync", ONE_BY_ONE)["p50_ms"],
            submit=lambda: ours.submit_ms(ONE_BY_ONE))
    return [slower("durable submit, one connection, p50", p50["submit"],
                   "a bare 4 KiB append and fdatasync", p50["sync"], "≤ 1.3×")]


def bulk(directory):
    with spooler.running(directory, "bulk") as ours, \
            bullmq.start(directory / "redis-bulk") as redis:
        per_second = medians(ours=lambda: ours.bulk(spooler.HELD, BULK),
                             bullmq=lambda: redis.bulk(ADD_BULK))
    return [faster(f"bulk submit, {BULK:,} lines in one request", per_second["ours"],
                   "BullMQ addBulk", per_second["bullmq"], "≥ 60,000 jobs/s")]


def end_to_end(directory):
    with spooler.running(directory, "complete") as ours, \
            bullmq.start(directory / "redis-complete") as redis, \
            postgres.start(directory / "postgres-complete") as table:
        ours.complete(COMPLETE)
        per_second = medians(ours=lambda: ours.complete(COMPLETE),
                             bullmq=lambda: redis.complete(COMPLETE),
                             postgres=lambda: table.complete(COMPLETE))
        p50 = medians(ours=lambda: ours.round_trip_ms(ONE_BY_ONE),
                      bullmq=lambda: redis.round_trip_ms(ONE_BY_ONE))
    what = "submit to completed, 64 connections, 50 at once"
    return [faster(what, per_second["ours"], "BullMQ", per_second["bullmq"], "≥ 5×"),
            faster(what, per_second["ours"], "PostgreSQL", per_second["postgres"]),
            slower("submit to completed, idle, p50", p50["ours"], "BullMQ", p50["bullmq"],
                   "under 2 ms")]
