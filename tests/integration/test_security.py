# SPDX-License-Identifier: MIT
"""Who may do what: peers, hosts, origins and limits."""

import http.client
import os
import socket
import subprocess

import pytest

from daemon import UnixConnection

OTHER = 65534  # nobody


def tcp(daemon, method="GET", path="/api/jobs", body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.tcp_port(), timeout=10)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.read()


def as_other(daemon, method, path, body=""):
    """The same request from another user's process; gives status and body."""
    script = (f"import http.client,sys; sys.path.insert(0, {os.path.dirname(__file__)!r} + '/../support')\n"
              f"from daemon import UnixConnection\n"
              f"c = UnixConnection({str(daemon.socket)!r})\n"
              f"c.request({method!r}, {path!r}, {body!r}, {{'Content-Type': 'application/json'}})\n"
              f"r = c.getresponse(); print(r.status, r.read().decode())")
    for parent in (daemon.directory, *daemon.directory.parents):
        if parent.owner() == "root" and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o055)
    daemon.socket.chmod(0o666)
    done = subprocess.run(["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups",
                           "/usr/bin/python3", "-B", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    status, _, answer = done.stdout.partition(" ")
    return int(status), answer


def test_the_socket_is_for_its_group_alone(daemon):
    assert daemon.socket.stat().st_mode & 0o777 == 0o660


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_somebody_elses_job_is_not_found(daemon):
    mine = daemon.submit(prompt="secret", hold=True)["job_id"]
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/files"), ("GET", "/events"), ("DELETE", "")):
        assert as_other(daemon, method, f"/api/jobs/{mine}{path}")[0] == 404
    assert '"jobs":[]' in as_other(daemon, "GET", "/api/jobs")[1]
    status, theirs = as_other(daemon, "POST", "/api/jobs", '{"prompt": "x", "hold": true}')
    assert status == 201 and '"owner":"nobody"' in theirs
    assert len(daemon.get("/api/jobs").json()["jobs"]) == 2, "root sees all"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_what_is_for_administrators_is_refused_to_others(daemon):
    for what in ("pause", "resume", "reject", "accept", "pause?backend=echo"):
        assert as_other(daemon, "POST", f"/api/queue/{what}")[0] == 403
    assert as_other(daemon, "GET", "/api/admin/backup")[0] == 403
    assert daemon.get("/api/queue").json()["paused"] is False


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_somebody_elses_group_is_not_found(daemon):
    daemon.submit(prompt="secret", hold=True, group="spring")
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/results")):
        assert as_other(daemon, method, f"/api/groups/spring{path}?owner=root")[0] == 404
    assert '"groups":[]' in as_other(daemon, "GET", "/api/groups?owner=root")[1]
    assert daemon.get("/api/groups/spring").json()["jobs"]["held"] == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_members_of_the_admin_group_see_and_do_all(make_daemon):
    daemon = make_daemon(settings={"server": {"admin_group": "nogroup"}}).start()
    job = daemon.submit(prompt="x", hold=True)["job_id"]
    assert as_other(daemon, "GET", f"/api/jobs/{job}")[0] == 200
    assert as_other(daemon, "POST", "/api/queue/pause")[0] == 200


def test_names_and_sites_that_are_allowed_are_let_in(make_daemon):
    strangers = ({"Host": "printer.example.org"}, {"Origin": "https://app.example.org"})
    usual = make_daemon("usual").start()
    open_ = make_daemon("open", settings={"server": {
        "allowed_hosts": ["printer.example.org"], "allowed_origins": ["https://app.example.org"]}}).start()
    for headers in strangers:
        request = ("POST", "/api/jobs", '{"prompt": "x"}', {"Content-Type": "application/json", **headers})
        assert tcp(usual, *request)[0] == 403
        assert tcp(open_, *request)[0] == 201


def test_tcp_knows_its_peer_too(daemon):
    job_id = daemon.submit(prompt="x", hold=True)["job_id"]
    assert tcp(daemon, path=f"/api/jobs/{job_id}")[0] == 200


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("localhost:7741", 200), ("127.0.0.1", 200), ("[::1]:80", 200),
    ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.nip.io", 403), ("", 403),
])
def test_a_host_that_is_not_ours_is_refused(daemon, host, status):
    got = tcp(daemon, headers={"Host": host})[0]
    assert got == status or (host == "" and got == 400)


@pytest.mark.parametrize("origin, status", [
    (None, 201), ("same", 201), ("http://evil.example", 403), ("null", 403), ("http://localhost:1", 403),
])
def test_a_page_of_another_origin_may_change_nothing(daemon, origin, status):
    headers = {"Content-Type": "application/json"}
    if origin:
        headers["Origin"] = f"http://127.0.0.1:{daemon.tcp_port()}" if origin == "same" else origin
    assert tcp(daemon, "POST", body='{"prompt": "x"}', headers=headers)[0] == status


def test_a_websocket_of_another_origin_is_refused(daemon):
    job_id = daemon.submit(prompt="x", hold=True)["job_id"]
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": "http://evil.example"}
    assert tcp(daemon, path=f"/api/ws/jobs/{job_id}", headers=headers)[0] == 403


def test_headers_are_bounded(daemon):
    connection = UnixConnection(daemon.socket)
    connection.request("GET", "/healthz", headers={"X-Long": "x" * 64 * 1024})
    assert connection.getresponse().status == 431


def test_what_is_not_http_is_told_so(daemon):
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(daemon.socket))
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert b" 400 " in raw.recv(4096)
