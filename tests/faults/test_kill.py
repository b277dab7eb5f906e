# SPDX-License-Identifier: MIT
"""The daemon is killed at random moments under load, and no acknowledged job is lost.

LLMSPOOL_FAULT_SEED repeats a run's choices; LLMSPOOL_FAULT_KILLS sets how many kills there are."""

import collections
import os
import random
import time

import verdict
from load import CLIENTS

KILLS = int(os.environ.get("LLMSPOOL_FAULT_KILLS", "50"))
SEED = int(os.environ.get("LLMSPOOL_FAULT_SEED", str(random.randrange(10**6))))
DRAIN_SECONDS = 120


def test_no_acknowledged_job_is_lost_and_none_ends_twice(make_daemon):
    print(f"LLMSPOOL_FAULT_SEED={SEED}")
    choose = random.Random(SEED)
    daemon = make_daemon(config="[log]\nlevel = 'error'\n").start()
    clients = [kind(daemon, f"{kind.__name__}{number}", choose.random())
               for number, kind in enumerate(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(KILLS):
            kill(daemon, choose)
    except BaseException:
        daemon.kill()  # or the clients would wait for it for ever
        raise
    finally:
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()
    for client in clients:
        if client.trouble:
            raise client.trouble
    check(daemon, clients)


def kill(daemon, choose):
    """After a while of work, or in the midst of the start that follows."""
    time.sleep(choose.uniform(0.0, 0.5))
    daemon.kill()
    if choose.random() < 0.2:
        daemon.spawn()
        time.sleep(choose.uniform(0.0, 0.1))
        daemon.kill()
    daemon.start()


def check(daemon, clients):
    promises = {job_id: promise for client in clients for job_id, promise in client.jobs.items()}
    assert len(promises) == sum(len(client.jobs) for client in clients), "an id was given twice"
    load = {client.name: len(client.jobs) for client in clients}
    assert min(load.values()) > KILLS / 5, load
    jobs = {job_id: daemon.ended(job_id, DRAIN_SECONDS) for job_id in promises}
    for job_id, promise in promises.items():
        verdict.check(jobs[job_id], promise, daemon.events(job_id), jobs)
    check_nothing_else(daemon, promises)
    for client in clients:
        check_keys(daemon, client)
    print(f"{KILLS} kills, jobs: {load}")


def check_nothing_else(daemon, promises):
    """Each submit was repeated until it was acknowledged: so no other job may be there."""
    found, cursor = [], ""
    while cursor is not None:
        page = daemon.get(f"/api/jobs?limit=500{cursor}").json()
        found += page["jobs"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert sorted(job["job_id"] for job in found) == sorted(promises)
    counted = collections.Counter(job["status"] for job in found)
    for status, count in daemon.get("/api/health").json()["jobs"].items():
        assert count == counted[status], (status, counted)


def check_keys(daemon, client):
    for key, (job_id, body) in list(client.keys.items())[-20:]:
        again = daemon.request("POST", "/api/jobs", body, {"Idempotency-Key": key})
        assert again.status == 200 and again.json()["job_id"] == job_id, again.body
