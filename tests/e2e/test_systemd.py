# SPDX-License-Identifier: MIT
"""The daemon as systemd runs it: units, socket, status, watchdog, sandbox, journal."""

import json

SOCKET = "/run/llmspool/llmspool.sock"
CONFIG = "/etc/llmspool/llmspoold.toml"


def submit(container, prompt, *options, user="alice"):
    """The job's object, as the client prints it."""
    return json.loads(container.out("llmspool", "--json", "submit", "--backend", "echo", *options,
                                    prompt, user=user))


def journal_of(container, job_id):
    container.run("journalctl", "--sync")
    lines = container.out("journalctl", "-o", "json", f"LLMSPOOL_JOB_ID={job_id}")
    return [json.loads(line) for line in lines.splitlines()]


def test_units_are_sound_and_hardened(container):
    verified = container.run("systemd-analyze", "verify", "llmspoold.service", "llmspoold.socket")
    assert verified.stderr == ""
    container.run("systemd-analyze", "security", "--offline=yes", "--threshold=20",
                  "llmspoold.service")


def test_starts_says_how_it_is_and_stops_cleanly(service):
    assert service.show("ActiveState") == "active"
    assert "running" in service.show("StatusText")
    assert service.out("ps", "-o", "user=", "-p", service.show("MainPID")) == "llmspool"
    assert service.out("stat", "-c", "%U:%G %a", SOCKET) == "llmspool:llmspool 660"
    service.run("systemctl", "stop", "llmspoold.service")
    assert service.show("Result") == "success"
    assert service.show("ExecMainStatus") == "0"
    service.run("test", "-S", SOCKET)  # it is the socket unit's, and stays


def test_the_first_client_starts_it(service):
    service.run("systemctl", "stop", "llmspoold.service")
    assert service.show("ActiveState") == "inactive"
    assert service.out("llmspool", "submit", "--backend", "echo", "--wait", "30", "wake up",
                       user="alice") == "wake up"
    assert service.show("ActiveState") == "active"


def test_one_outside_the_group_is_told_what_to_do(service):
    refused = service.run("llmspool", "submit", "hello", user="bob", check=False)
    assert refused.returncode == 4
    assert "permission" in refused.stderr.lower() and "llmspool" in refused.stderr


def test_a_model_runs_inside_the_sandbox(service):
    text = service.out("llmspool", "submit", "--backend", "llamacpp", "--param", "max_tokens=40",
                       "--wait", "60", "Write a cover letter.", user="alice", timeout=90)
    assert len(text.split()) > 5


def test_a_frozen_daemon_is_restarted_and_its_jobs_go_on(service):
    service.write("/etc/systemd/system/llmspoold.service.d/watchdog.conf",
                  "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\nRestartSec=100ms\n")
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "restart", "llmspoold.service")
    words = " ".join(f"word{n}" for n in range(30))
    job = submit(service, words, "--param", "tokens_per_second=5")
    frozen = service.show("MainPID")
    service.run("kill", "-STOP", frozen)
    service.wait_until("the watchdog restarts it", lambda: service.show("NRestarts") == "1")
    service.wait_until("it is ready again", lambda: service.show("ActiveState") == "active")
    assert service.show("MainPID") != frozen
    watched = service.run("llmspool", "watch", job["job_id"], user="alice")
    assert watched.stdout.strip() == words


def test_reload_takes_a_new_configuration(service):
    main_pid = service.show("MainPID")
    service.write("/etc/llmspool/pipelines/shout.toml", """
name = "shout"
[[inputs]]
name = "text"
required = true
[[steps]]
name = "shout"
generate = "{{ inputs.text }}!"
[[outputs]]
file = "shout.txt"
role = "other"
content = "{{ steps.shout.text }}"
""")
    service.run("systemctl", "reload", "llmspoold.service")
    service.wait_until("the new pipeline is there", lambda: "shout" in service.out(
        "llmspool", "pipelines", user="alice"))
    assert service.show("MainPID") == main_pid


def test_a_wrong_configuration_is_not_tried_again(service):
    service.run("cp", CONFIG, "/root/kept.toml")
    try:
        service.write(CONFIG, "[server]\nsockt = 1\n")
        service.run("systemctl", "restart", "llmspoold.service", check=False)
        assert service.show("ExecMainStatus") == "78"
        assert service.show("NRestarts") == "0"
        assert f"{CONFIG}:2:" in service.out("journalctl", "-u", "llmspoold", "-n", "20")
    finally:
        service.run("cp", "/root/kept.toml", CONFIG)


def test_the_journal_tells_a_jobs_story_and_no_secrets(service):
    done = submit(service, "pssst-a-private-word", "--wait", "30")
    lines = journal_of(service, done["job_id"])
    ids = [line.get("MESSAGE_ID") for line in lines]
    explained = service.out("journalctl", "--list-catalog")
    assert len(ids) >= 3 and all(id and id in explained for id in ids)
    assert {line["_SYSTEMD_UNIT"] for line in lines} == {"llmspoold.service"}
    assert {line["SYSLOG_IDENTIFIER"] for line in lines} == {"llmspoold"}
    assert any(line.get("LLMSPOOL_BACKEND") == "echo" for line in lines)
    assert "pssst" not in service.out("journalctl", "-u", "llmspoold")
