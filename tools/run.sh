#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs the daemon from the release build tree in the foreground, as whoever you are, with its state
# where XDG says. A configuration of your own in ~/.config/llmspool/llmspoold.toml goes before.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/build.sh release
build=$PWD/build/release
config=${XDG_CONFIG_HOME:-$HOME/.config}/llmspool/llmspoold.toml
if [ ! -e "$config" ]; then
    state=${XDG_STATE_HOME:-$HOME/.local/state}/llmspool
    socket=${XDG_RUNTIME_DIR:-$state}/llmspool/llmspool.sock
    mkdir -p "$state/models"
    if ! compgen -G "$state/models/*.gguf" > /dev/null; then
        ln -sf "$PWD/tests/fixtures/tiny-cv/tiny-cv.gguf" "$state/models/"
    fi
    config=$state/build-tree.toml
    tools/dev_config.sh "$build" "$state" "$socket" 127.0.0.1:7741 "$state/models" > "$config"
    echo "run: state and models in $state; try: $build/sdk/cli/llmspool --socket $socket submit --prompt Hello" >&2
fi
exec "$build/daemon/llmspoold" --config "$config"
