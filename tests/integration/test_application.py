# SPDX-License-Identifier: MIT
"""The application pipeline with a real model: a CV and a posting go in, files come out."""

import pytest

from daemon import FIXTURES

CV = (FIXTURES / "application/cv.md").read_text()
POSTING = (FIXTURES / "application/posting.md").read_text()
CONFIG = f"""
[backends.llamacpp]
models = ["{FIXTURES / 'tiny-cv'}"]
threads = 1
"""


@pytest.fixture
def llm(make_daemon):
    return make_daemon(config=CONFIG, default_backend="llamacpp").start()


def test_an_application_is_written(llm):
    submitted = llm.submit(pipeline="application",
                           inputs={"cv": CV, "job_description": POSTING, "company_name": "Northwind"})
    job = llm.ended(submitted["job_id"], seconds=300)
    assert job["status"] == "completed", job
    assert job["pipeline"] == "application" and job["backend"] == "llamacpp"
    assert job["company_name"] == "Northwind" and job["enable_ats"] is True
    assert 0 <= job["ats_score"] <= 100
    assert job["usage"]["completion_tokens"] > 20

    files = {file["type"]: file for file in llm.get(f"/api/jobs/{job['job_id']}/files").json()["files"]}
    assert {"cv", "cover_letter", "ats_report"} <= set(files)
    for file in files.values():
        assert file["size"] > 100
    report = llm.get(f"/api/jobs/{job['job_id']}/files/{files['ats_report']['filename']}").body.decode()
    assert "[MATCH]" in report and "[MISSING]" in report

    events = llm.events(job["job_id"])
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    percents = [event["progress"] for event in events if event["type"] == "progress"]
    assert percents == sorted(percents)
    deltas = [event["step"] for event in events if event["type"] == "delta"]
    first_of = {step: deltas.index(step) for step in deltas}
    last_of = {step: len(deltas) - 1 - deltas[::-1].index(step) for step in deltas}
    assert any(first_of[a] < first_of[b] < last_of[a] for a in first_of for b in first_of if a != b), \
        "steps that do not need each other run side by side"


def test_a_form_finds_its_pipeline(llm):
    parts = {"cv_file": CV, "job_desc_file": POSTING, "enable_ats": "false", "backend_type": "llamacpp",
             "backend_model": "tiny-cv"}
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"'
                   + (f'; filename="{name}.md"' if name.endswith("file") else "") + f"\r\n\r\n{value}\r\n"
                   for name, value in parts.items()) + "--b--\r\n"
    answer = llm.request("POST", "/api/jobs", body.encode(),
                         {"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status == 201, answer.body
    job = llm.ended(answer.json()["job_id"], seconds=300)
    assert job["status"] == "completed" and job["pipeline"] == "application"
    assert job["enable_ats"] is False and job["model"] == "tiny-cv"
    roles = {file["type"] for file in llm.get(f"/api/jobs/{job['job_id']}/files").json()["files"]}
    assert "ats_report" not in roles and "cv" in roles


def test_the_same_seed_gives_the_same_text(llm):
    outputs = {llm.run(prompt="Write a cover letter for a gardener.",
                       params={"seed": 7, "max_tokens": 40})["output"] for _ in range(2)}
    assert len(outputs) == 1 and len(outputs.pop()) > 20


def test_a_prompt_that_is_too_long_says_so(llm):
    job = llm.run(prompt="word " * 3000)
    assert job["status"] == "failed" and "tokens" in job["error"]


def test_after_a_kill_a_job_goes_on_from_its_last_finished_step(llm):
    job_id = llm.submit(pipeline="application", inputs={"cv": CV, "job_description": POSTING})["job_id"]
    llm.until(job_id, lambda job: llm.get(f"/api/jobs/{job_id}/files").json()["files"] != [])
    finished = llm.get(f"/api/jobs/{job_id}/files").json()["files"]
    llm.kill()
    llm.start()
    job = llm.ended(job_id, seconds=300)
    assert job["status"] == "completed"
    assert "The daemon ended before a running job could be put back" in llm.log()
    events = llm.events(job_id)
    made = [event["filename"] for event in events if event["type"] == "file"]
    assert all(made.count(file["filename"]) == 1 for file in finished), "no finished step ran again"
