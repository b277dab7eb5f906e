#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the release and installs it: into DESTDIR where that is set, else into this system, with its
# user, directories, journal catalog and units. Reads DESTDIR and PREFIX (/usr).
set -euo pipefail
cd "$(dirname "$0")/.."

tools/build.sh release

as_root=()
if [ -z "${DESTDIR:-}" ] && [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
"${as_root[@]}" cmake --install build/release --strip
if [ -n "${DESTDIR:-}" ]; then exit 0; fi

# What a package's maintainer scripts would do.
"${as_root[@]}" systemd-sysusers llmspool.conf
"${as_root[@]}" systemd-tmpfiles --create llmspool.conf
"${as_root[@]}" journalctl --update-catalog
if [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl daemon-reload
    cat << 'END'

Installed. Put GGUF models into /var/lib/llmspool/models, look at /etc/llmspool/llmspoold.toml, then
    systemctl enable --now llmspoold.socket llmspoold.service
    adduser YOU llmspool            # who may submit (log in again afterwards)
END
else
    echo "Installed. systemd does not run here; start it with: llmspoold --config /etc/llmspool/llmspoold.toml"
fi
