#!/bin/bash
# SPDX-License-Identifier: MIT
# Prints a configuration that runs the daemon from a build tree:
# tools/dev_config.sh BUILD_DIR STATE_DIR SOCKET ADDRESS:PORT MODEL_DIR
set -euo pipefail

source_dir=$(realpath "$(dirname "$0")/..")
cat << END
[server]
socket = "$3"
listen = ["$4"]
[state]
directory = "$2"
[plugins]
directories = ["$1/plugins"]
[pipelines]
directories = ["$source_dir/etc/pipelines"]
[backends.llamacpp]
models = ["$5"]
END
