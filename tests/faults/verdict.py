# SPDX-License-Identifier: MIT
"""Whether a job that has ended kept what was promised, by its object and its events."""

from daemon import ENDED


def check(job, promise, events, jobs):
    """`jobs` are all that have ended, by id."""
    assert job["status"] == promise.status, (job, promise)
    check_log(events)
    assert events[:len(promise.seen)] == promise.seen, "an event was taken back"
    assert job["seq"] == len(events) and events[-1]["type"] == promise.status
    if promise.status != "cancelled":
        assert job["attempt"] == promise.attempt, (job, events)
    if promise.error_code:
        assert job["error_info"]["code"] == promise.error_code, job
    if promise.status == "completed":
        assert job["output"] == promise.prompt == streamed(events), (job, events)
        assert [event["type"] for event in events].count("retrying") == promise.attempt - 1
        check_start(job, events, [jobs[before] for before in promise.after])


def check_log(events):
    """Numbers without a gap, one end and nothing after it, and no start of what is held."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1)), events
    types = [event["type"] for event in events]
    assert types[0] == "created" and types.count("created") == 1, events
    assert [each for each in types if each in ENDED] == [types[-1]], events
    held = False
    for kind in types:
        held = (held or kind == "held") and kind != "released"
        assert not (held and kind == "started"), events


def check_start(job, events, predecessors):
    starts = [event["at"] for event in events if event["type"] == "started"]
    if job["not_before"]:
        assert starts[0] >= job["not_before"], (job, events)
    for predecessor in predecessors:
        assert starts[0] >= predecessor["completed_at"], (job, predecessor)


def streamed(events):
    """The text of the run that completed; each run begins anew."""
    text = ""
    for event in events:
        if event["type"] == "started":
            text = ""
        text += event.get("text", "")
    return text
