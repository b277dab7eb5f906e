# SPDX-License-Identifier: MIT
"""Wrong input of every kind is refused with a clear sentence, and changes nothing."""

import json

import pytest

JSON = {"Content-Type": "application/json"}


def refused(daemon, body, status=400, headers=JSON, path="/api/jobs"):
    answer = daemon.request("POST", path, body, headers)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["type"] and problem["title"]
    assert daemon.get("/api/jobs").json()["jobs"] == []
    return problem


@pytest.mark.parametrize("body, words", [
    (b"{", ["JSON"]),
    (b"", ["JSON"]),
    (b"[1]", ["object"]),
    (b'{"prompt": 7}', ["prompt", "text"]),
    (b'{"prompt": ""}', ["prompt"]),
    (b'{"prompt": "x", "priority": "high"}', ["priority", "0", "100"]),
    (b'{"prompt": "x", "priority": 101}', ["priority", "100"]),
    (b'{"prompt": "x", "priority": 1.5}', ["priority", "whole"]),
    (b'{"prompt": "x", "promt": "y"}', ["promt", "prompt"]),
    (b'{"prompt": "x", "pipeline": "application"}', ["prompt", "pipeline"]),
    (b'{"priority": 1}', ["prompt", "messages", "pipeline"]),
    (b'{"messages": []}', ["messages"]),
    (b'{"messages": [{"role": "boss", "content": "x"}]}', ["role", "user"]),
    (b'{"messages": [{"content": "x"}]}', ["role"]),
    (b'{"prompt": "x", "backend": "gpu"}', ["gpu", "echo"]),
    (b'{"prompt": "x", "model": "gpt"}', ["gpt", "echo"]),
    (b'{"prompt": "x", "params": {"temperatur": 1}}', ["params.temperatur", "temperature"]),
    (b'{"prompt": "x", "params": {"temperature": "hot"}}', ["params.temperature", "number"]),
    (b'{"prompt": "x", "params": {"fail": "loudly"}}', ["params.fail", "retry_later"]),
    (b'{"prompt": "x", "params": {"json_schema": {"maximum": 1e400}}}', ["number"]),
    (b'{"prompt": "x", "optimizers": [{"name": "magic"}]}', ["magic", "ats"]),
    (b'{"prompt": "x", "after": ["999"]}', ["after", "999"]),
    (b'{"prompt": "x", "deadline": "tomorrow"}', ["deadline", "2026-"]),
    (b'{"prompt": "x", "deadline": "2001-01-01T00:00:00Z"}', ["deadline", "future"]),
    (b'{"prompt": "x", "delay_seconds": -1}', ["delay_seconds"]),
    (b'{"prompt": "x", "max_attempts": 0}', ["max_attempts", "1"]),
    (b'{"prompt": "x", "labels": {"a": 1}}', ["labels"]),
    (b'{"pipeline": "magic"}', ["magic", "application"]),
    (b'{"pipeline": "application", "inputs": {"cv": "x"}}', ["job_description"]),
    (b'{"pipeline": "application", "inputs": {"cv": "x", "job_description": "y", "colour": "red"}}',
     ["colour"]),
    (b'{"pipeline": "application", "inputs": {"cv": "x", "job_description": "y", "enable_ats": "maybe"}}',
     ["enable_ats"]),
    (b'{"prompt": "bad \xff byte"}', ["UTF-8"]),
])
def test_a_wrong_body(daemon, body, words):
    detail = json.dumps(refused(daemon, body))
    for word in words:
        assert word in detail


def test_a_binary_file_is_no_cv(daemon):
    cv = "%PDF-1.7\n\u0000\u0001"
    problem = refused(daemon, json.dumps({"pipeline": "application",
                                          "inputs": {"cv": cv, "job_description": "y"}}).encode())
    assert "cv" in json.dumps(problem) and "PDF" in json.dumps(problem)


def test_a_binary_file_in_a_form(daemon):
    body = (b'--b\r\nContent-Disposition: form-data; name="cv_file"; filename="../../etc/cv.pdf"\r\n\r\n'
            b'%PDF-1.7\n\x00\xff\r\n'
            b'--b\r\nContent-Disposition: form-data; name="job_desc_file"; filename="j.txt"\r\n\r\njob\r\n'
            b'--b--\r\n')
    problem = refused(daemon, body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert "cv_file" in json.dumps(problem) or '"cv"' in json.dumps(problem)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type(daemon, media_type):
    refused(daemon, b'{"prompt": "x"}', 415, {"Content-Type": media_type})


def test_a_huge_upload_is_refused_before_it_is_read(daemon):
    problem = refused(daemon, b"", 413, {**JSON, "Content-Length": str(100 * 1024 * 1024)})
    assert "MiB" in problem["detail"] or "MB" in problem["detail"] or "bytes" in problem["detail"]


def test_a_huge_upload_that_is_sent(daemon):
    body = b'{"prompt": "' + b"x" * (100 * 1024 * 1024) + b'"}'
    try:
        refused(daemon, body, 413)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the daemon stopped reading: the answer may be lost under what was still sent
    assert daemon.get("/healthz").status == 200


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/api/jobs/999", 404), ("GET", "/api/jobs/abc", 404), ("GET", "/api/jobs/-1", 404),
    ("GET", "/api/nothing", 404), ("PUT", "/api/jobs", 405), ("POST", "/api/jobs/999/cancel", 404),
    ("DELETE", "/api/jobs/999", 404), ("GET", "/api/jobs?status=done", 400),
    ("GET", "/api/jobs?limit=501", 400), ("GET", "/api/jobs?colour=red", 400),
    ("GET", "/api/jobs?cursor=%00", 400), ("GET", "/api/jobs/999/files/..%2f..%2fetc%2fpasswd", 404),
])
def test_a_wrong_request(daemon, method, path, status):
    answer = daemon.request(method, path)
    assert answer.status == status, answer.body
    assert answer.json()["detail"]
    assert answer.headers["X-Request-Id"]


def test_a_file_name_never_becomes_a_path(daemon):
    job_id = daemon.run(prompt="x")["job_id"]
    for name in ("..%2fllmspool.db", "%2fetc%2fpasswd", "llmspool.db"):
        assert daemon.get(f"/api/jobs/{job_id}/files/{name}").status == 404
