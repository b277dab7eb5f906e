# SPDX-License-Identifier: MIT
"""The daemon by itself: its start, its memory, a cancel, and a stream of a real model."""

import pathlib
import statistics
import time

from daemon import FIXTURES, Daemon
from rounds import ROUNDS
from table import Row

STARTS = 11


def start_ms(daemon):
    """From the fork of the process to its READY=1."""
    begin = time.perf_counter()
    daemon.start()
    return (time.perf_counter() - begin) * 1000


def start_to_ready_ms(directory):
    """On a state directory that is there already."""
    times = []
    for _ in range(STARTS):
        daemon = Daemon(directory, "start")
        times.append(start_ms(daemon))
        daemon.stop()
    return statistics.median(times[1:])


def pss_mib(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel gives no PSS")


def cancel_ms(daemon):
    """From the cancel of a running generation to its backend being free again."""
    times = []
    for _ in range(ROUNDS):
        job = daemon.submit(prompt="x", backend="echo", params={"stall_seconds": 600})["job_id"]
        daemon.until(job, lambda now: now["status"] == "processing")
        begin = time.perf_counter()
        daemon.request("POST", f"/api/jobs/{job}/cancel")
        while any(each["running"] for each in daemon.get("/api/backends").json()["backends"]):
            pass
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


def tokens_per_second(daemon):
    """One stream of the real tiny model through the whole daemon, events stored and all."""
    rates = []
    for seed in range(ROUNDS):
        job = daemon.run(prompt="Write a cover letter for a gardener.", backend="llamacpp",
                         params={"max_tokens": 200, "seed": seed})
        assert job["status"] == "completed", job
        events = daemon.events(job["job_id"])
        first = next(event for event in events if event["type"] == "delta")["at"]
        seconds = to_seconds(events[-1]["at"]) - to_seconds(first)
        rates.append(job["usage"]["completion_tokens"] / max(seconds, 1e-3))
    return statistics.median(rates[1:])


def to_seconds(at):
    clock = at.split("T")[1].rstrip("Z").split(":")
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])


def measure(directory):
    ready = start_to_ready_ms(directory)
    daemon = Daemon(directory, "alone", config=f"""
[log]
level = "warning"
[backends.echo]
[backends.llamacpp]
models = ["{FIXTURES / 'tiny-cv'}"]
threads = 1
""").start()
    try:
        daemon.get("/api/health")
        time.sleep(1)  # let it come to rest: this is what is measured
        idle = pss_mib(daemon)
        return [
            Row("start to ready", f"{ready:.1f} ms", "under 50 ms"),
            Row("memory at rest (PSS), no model loaded", f"{idle:.1f} MiB", "under 15 MB"),
            Row("cancel to a free backend, p50", f"{cancel_ms(daemon):.1f} ms", "under 200 ms"),
            Row("tiny-cv, one stream, one thread",
                f"{tokens_per_second(daemon):.0f} tokens/s", "–"),
        ]
    finally:
        daemon.stop()
