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
    runtime=${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/llmspool}
    socket=${runtime:-$state}/llmspool.sock
    mkdir -p "$state/models" "${socket%/*}"
    if ! compgen -G "$state/models/*.gguf" > /dev/null; then
        ln -sf "$PWD/tests/fixtures/tiny-cv/tiny-cv.gguf" "$state/models/"
    fi
    config=$state/build-tree.toml
    tools/dev_config.sh "$build" "$state" "$socket" 127.0.0.1:7741 "$state/models" > "$config"
    echo "run: state and models are in $state; try in another terminal:" >&2
    echo "  $build/sdk/cli/llmspool --socket $socket submit --watch 'Write a cover letter.'" >&2
fi
exec "$build/daemon/llmspoold" --config "$config"
