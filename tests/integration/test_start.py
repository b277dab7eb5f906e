# SPDX-License-Identifier: MIT
"""Starting, stopping, and what keeps the daemon from starting."""

import os
import shutil
import socket
import subprocess

import pytest

from daemon import BUILD


def refused(daemon, status, *words):
    """The daemon gives up with `status` and one sentence that has all the words."""
    daemon.spawn()
    assert daemon.wait() == status, daemon.log()
    complaint = [line for line in daemon.log().splitlines() if line.startswith("llmspoold: ")][-1]
    for word in words:
        assert word in complaint
    return complaint


def test_a_clean_stop_exits_with_0_and_leaves_no_socket(daemon):
    assert daemon.stop() == 0
    assert not daemon.socket.exists()


def test_a_typo_in_the_configuration(make_daemon):
    daemon = make_daemon(config="[log]\nlevle = 'info'\n")
    line = daemon.config_file.read_text().splitlines().index("levle = 'info'") + 1
    refused(daemon, 78, f"{daemon.config_file}:{line}:1", "levle", "level")


def test_check_config_finds_the_same(make_daemon):
    daemon = make_daemon(config="[log]\nlevel = 'loud'\n")
    checked = subprocess.run([BUILD / "daemon/llmspoold", "--check-config", "--config", daemon.config_file],
                             capture_output=True, text=True)
    assert checked.returncode == 78 and "loud" in checked.stderr and "debug" in checked.stderr
    fine = make_daemon("fine")
    checked = subprocess.run([BUILD / "daemon/llmspoold", "--check-config", "--config", fine.config_file],
                             capture_output=True, text=True)
    assert checked.returncode == 0 and "fine" in checked.stdout
    assert not fine.state.exists(), "a check writes nothing"


@pytest.mark.parametrize("option, lowest, highest", [
    ("context_tokens", 0, 1048576), ("threads", 0, 512), ("batch_tokens", 1, 8192), ("parallel", 1, 64),
    ("gpu_layers", -1, 10000)])
def test_check_config_keeps_a_plugins_options_to_their_bounds(make_daemon, option, lowest, highest):
    def status(value):
        daemon = make_daemon(f"of_{value}", config=f"[backends.llamacpp]\n{option} = {value}\n")
        return subprocess.run([BUILD / "daemon/llmspoold", "--check-config", "--config", daemon.config_file],
                              capture_output=True).returncode
    assert [status(value) for value in (lowest - 1, lowest, highest, highest + 1)] == [78, 0, 0, 78]


def test_a_configuration_that_is_not_there(make_daemon):
    daemon = make_daemon()
    daemon.config_file.unlink()
    refused(daemon, 78, str(daemon.config_file))


def test_a_backend_that_no_plugin_offers(make_daemon):
    refused(make_daemon(config="[backends.gpu]\nplugin = 'lama'\n"), 78, "lama", "echo", ".toml:")


def test_a_text_file_named_so_changes_nothing_else(make_daemon, tmp_path):
    plugins = tmp_path / "plugins"
    shutil.copytree(BUILD / "plugins", plugins)
    (plugins / "notes.so").write_text("just notes")
    daemon = make_daemon(plugins=[plugins]).start()
    assert daemon.run(prompt="x")["status"] == "completed"
    notes = next(each for each in daemon.get("/api/plugins").json()["plugins"]
                 if each["file"].endswith("notes.so"))
    assert "file too short" in str(notes)
    assert "notes.so" in daemon.log()


def test_a_port_in_use(make_daemon):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon = make_daemon()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon.config_file.write_text(daemon.config_file.read_text().replace("127.0.0.1:0", address))
        refused(daemon, 69, address, "server.listen")


def test_another_daemon_on_the_same_state(make_daemon):
    first = make_daemon().start()
    second = make_daemon("second")
    second.config_file.write_text(second.config_file.read_text().replace(str(second.state), str(first.state)))
    refused(second, 73, str(first.state))


def test_an_address_that_is_not_loopback(make_daemon):
    daemon = make_daemon()
    daemon.config_file.write_text(daemon.config_file.read_text().replace("127.0.0.1:0", "0.0.0.0:7741"))
    refused(daemon, 78, "0.0.0.0:7741", "loopback")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give up root's rights")
def test_a_state_directory_that_cannot_be_written(make_daemon, tmp_path):
    daemon = make_daemon()
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o755)
    daemon.config_file.write_text(
        daemon.config_file.read_text().replace(str(daemon.state), str(locked / "state")))
    for path in (tmp_path, *tmp_path.parents):
        if path.owner() == "root" and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           BUILD / "daemon/llmspoold", "--config", daemon.config_file],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 73, done.stderr
    assert str(locked / "state") in done.stderr


def test_sigterm_lets_steps_end_and_puts_the_rest_back(make_daemon):
    daemon = make_daemon().start()
    quick = daemon.submit(prompt="one two three", params={"tokens_per_second": 6})["job_id"]
    endless = daemon.submit(prompt="x", params={"stall_seconds": 600})["job_id"]
    for job_id in (quick, endless):
        daemon.until(job_id, lambda job: job["status"] == "processing")
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.job(quick)["status"] == "completed" and daemon.job(quick)["attempt"] == 1
    again = daemon.until(endless, lambda job: job["status"] == "processing")
    assert again["attempt"] == 1, "being put back costs no attempt"
    daemon.request("POST", f"/api/jobs/{endless}/cancel")


def test_a_reload_says_what_waits_for_a_restart(daemon):
    import signal
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_logged("Reloaded")
    with open(daemon.config_file, "a") as config:
        config.write('waiting_max = 5\n[log]\nlevel = "debug"\n[retention]\ndays = 1\n')
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until_logged(r"What else has changed in \[queue\], \[retention\] is taken at the next start")
    assert daemon.log().count("at the next start") == 1, "nothing had changed at first"


def test_a_reload_lets_a_stopped_backend_go_on(daemon):
    import signal
    job_id = daemon.submit(prompt="x", params={"fail": "stop_queue", "fail_attempts": 0})["job_id"]
    assert daemon.ended(job_id)["status"] == "completed"
    stopped = daemon.submit(prompt="x", params={"fail": "stop_queue", "fail_attempts": 1})["job_id"]
    daemon.until(stopped, lambda job: job["status"] == "pending" and job["seq"] > 2)
    daemon.request("POST", f"/api/jobs/{stopped}/cancel")
    later = daemon.submit(prompt="y")["job_id"]
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.ended(later)["status"] == "completed"
