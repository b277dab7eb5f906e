# SPDX-License-Identifier: MIT
"""Following a job: events as JSON, as SSE and over WebSockets, across reconnects and a restart."""

import asyncio
import json
import select
import socket

import pytest
import websockets

from daemon import UnixConnection

WORDS = "alpha beta gamma delta epsilon zeta"


def sse(daemon, job_id, after=None, headers=None, limit=None):
    """The stream's events until it ends, or the first `limit` of them."""
    connection = UnixConnection(daemon.socket)
    query = "" if after is None else f"?after={after}"
    connection.request("GET", f"/api/jobs/{job_id}/events{query}",
                       headers={"Accept": "text/event-stream", **(headers or {})})
    response = connection.getresponse()
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/event-stream")
    events, fields = [], {}
    for line in response:
        line = line.decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
        elif fields.get("event") == "queue":  # no part of the log
            assert "id" not in fields
            fields = {}
        elif "data" in fields:
            events.append(json.loads(fields["data"]))
            assert int(fields["id"]) == events[-1]["seq"] and fields["event"] == events[-1]["type"]
            fields = {}
            if limit and len(events) == limit:
                break
    connection.close()
    return events


def over_websocket(daemon, path, talk):
    """Runs `talk(socket)`; gives what it gives and the close code."""
    async def run():
        async with websockets.unix_connect(str(daemon.socket), f"ws://localhost{path}") as connection:
            result = await talk(connection)
            await asyncio.wait_for(connection.wait_closed(), 30)
            return result, connection.close_code
    return asyncio.run(run())


async def everything(connection):
    messages = []
    try:
        async for message in connection:
            messages.append(json.loads(message))
    except websockets.ConnectionClosedError:
        pass  # closed with a code of our own, which the test looks at
    return messages


def test_sse_gives_every_event_once_and_ends(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"tokens_per_second": 20})["job_id"]
    events = sse(daemon, job_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "completed"
    assert sse(daemon, job_id) == events == daemon.events(job_id)


def test_sse_goes_on_where_it_was(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"tokens_per_second": 20})["job_id"]
    first = sse(daemon, job_id, limit=3)
    rest = sse(daemon, job_id, headers={"Last-Event-ID": str(first[-1]["seq"])})
    assert first + rest == daemon.events(job_id)
    assert sse(daemon, job_id, after=first[-1]["seq"]) == rest


def test_events_wait_for_the_next(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]
    seq = daemon.job(job_id)["seq"]
    nothing = daemon.get(f"/api/jobs/{job_id}/events?after={seq}&wait=0.1").json()
    assert nothing == {"events": [], "last": seq}
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.connect(str(daemon.socket))
        waiting.sendall(f"GET /api/jobs/{job_id}/events?after={seq}&wait=30 HTTP/1.1\r\n"
                        f"Host: x\r\nConnection: close\r\n\r\n".encode())
        assert not select.select([waiting], [], [], 0.2)[0], "nothing has happened yet"
        daemon.request("POST", f"/api/jobs/{job_id}/release")
        page = json.loads(b"".join(iter(lambda: waiting.recv(65536), b"")).partition(b"\r\n\r\n")[2])
    assert page["events"][0]["seq"] == seq + 1


def test_a_websocket_shows_the_job_until_it_ends(daemon):
    job_id = daemon.submit(prompt=WORDS, params={"tokens_per_second": 20})["job_id"]
    jobs, code = over_websocket(daemon, f"/api/ws/jobs/{job_id}", everything)
    assert code == 1000
    assert jobs[-1]["status"] == "completed" and jobs[-1]["progress"] == 100
    assert [job["seq"] for job in jobs] == sorted({job["seq"] for job in jobs})
    assert {"processing", "completed"} <= {job["status"] for job in jobs}


def test_a_websocket_answers_what_the_status_is(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]

    async def talk(connection):
        first = json.loads(await connection.recv())
        await connection.send("status")
        second = json.loads(await connection.recv())
        await connection.close()
        return first, second

    (first, second), _ = over_websocket(daemon, f"/api/ws/jobs/{job_id}", talk)
    assert first == second and first["status"] == "held"


def test_a_websocket_of_events_goes_on_where_it_was(daemon):
    job_id = daemon.run(prompt=WORDS)["job_id"]
    events, code = over_websocket(daemon, f"/api/ws/jobs/{job_id}?events=all&after=2", everything)
    assert code == 1000 and events == daemon.events(job_id)[2:]


def test_a_websocket_of_an_unknown_job(daemon):
    messages, code = over_websocket(daemon, "/api/ws/jobs/999", everything)
    assert code == 4504 and "999" in messages[0]["error"]


def test_a_binary_message_is_not_wanted(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]

    async def talk(connection):
        await connection.recv()
        await connection.send(b"\x00")

    assert over_websocket(daemon, f"/api/ws/jobs/{job_id}", talk)[1] == 1003


def test_followers_of_a_removed_job_are_let_go(daemon):
    job_id = daemon.submit(prompt=WORDS, hold=True)["job_id"]

    async def talk(connection):
        await connection.recv()
        await asyncio.to_thread(daemon.request, "DELETE", f"/api/jobs/{job_id}")
        return await everything(connection)

    _, code = over_websocket(daemon, f"/api/ws/jobs/{job_id}", talk)
    assert code in (1000, 4504)


def test_a_follower_that_reads_nothing_costs_the_job_nothing(daemon):
    job_id = daemon.submit(prompt="word " * 200_000)["job_id"]
    with socket.socket(socket.AF_UNIX) as lazy:
        lazy.connect(str(daemon.socket))
        lazy.sendall(f"GET /api/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\n"
                     f"Accept: text/event-stream\r\n\r\n".encode())
        assert daemon.ended(job_id)["status"] == "completed"


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_follower_misses_nothing_across_a_restart(make_daemon, how):
    daemon = make_daemon().start()
    job_id = daemon.submit(prompt="word " * 30, params={"tokens_per_second": 10})["job_id"]
    before = sse(daemon, job_id, limit=6)
    getattr(daemon, how)()
    daemon.start()
    after = sse(daemon, job_id, after=before[-1]["seq"])
    events = before + after
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events == daemon.events(job_id) and events[-1]["type"] == "completed"
