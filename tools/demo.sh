#!/bin/bash
# SPDX-License-Identifier: MIT
# Shows a real job from start to end: builds the release, runs the daemon unprivileged in a scratch
# folder, lets a local model write an application, and prints what came out. On a terminal the daemon
# then stays up to be played with. Whenever it ends, it leaves nothing behind.
#
# Environment: MODEL=/path/to.gguf  a model of yours instead of the tiny one that comes along
set -euo pipefail
cd "$(dirname "$0")/.."

model=$(realpath -e "${MODEL:-tests/fixtures/tiny-cv/tiny-cv.gguf}")
tools/build.sh release
build=$PWD/build/release
samples=$PWD/tests/fixtures/application

scratch='' daemon='' watcher=''
clean_up() {
    trap '' INT TERM HUP
    if [ -n "$watcher" ]; then kill -TERM "$watcher" 2> /dev/null || true; fi
    if [ -n "$daemon" ] && kill -TERM "$daemon" 2> /dev/null; then
        for _ in {1..100}; do
            kill -0 "$daemon" 2> /dev/null || break
            sleep 0.1
        done
        kill -KILL "$daemon" 2> /dev/null || true
    fi
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

scratch=$(mktemp -d /tmp/llmspool-demo.XXXXXX)    # short, since a socket's path must be
socket=$scratch/llmspool.sock
log=$scratch/daemon.log
mkdir "$scratch/state" "$scratch/models"
ln -s "$model" "$scratch/models/"

port=7741
while (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do port=$((port + 1)); done
[ "$port" = 7741 ] || echo "demo: port 7741 is in use, so this one listens on $port" >&2
tools/dev_config.sh "$build" "$scratch/state" "$socket" "127.0.0.1:$port" "$scratch/models" \
    > "$scratch/llmspoold.toml"

# As root, give root up, if somebody else can read what lies here. The daemon ends with this script.
as=(setpriv --pdeathsig TERM)
if [ "$(id -u)" = 0 ]; then
    nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
    if "${nobody[@]}" test -r "$model" -a -x "$build/daemon/llmspoold" -a -r etc/pipelines; then
        as=("${nobody[@]}" --pdeathsig TERM)
        chown -R nobody:nogroup "$scratch"
    fi
fi
echo "demo: starting the daemon with its state in $scratch" >&2
"${as[@]}" "$build/daemon/llmspoold" --config "$scratch/llmspoold.toml" > "$log" 2>&1 &
daemon=$!

client=("$build/sdk/cli/llmspool" --socket "$socket")
for _ in {1..100}; do
    if [ -S "$socket" ] || ! kill -0 "$daemon" 2> /dev/null; then break; fi
    sleep 0.1
done
[ -S "$socket" ] || { echo "demo: the daemon did not start:" >&2; cat "$log" >&2; exit 1; }

echo "demo: a CV and a job posting go in; a small model on this machine writes (seconds with the tiny one)"
# In the background, so that a signal is heard at once.
"${client[@]}" submit --pipeline application --watch \
    --input "cv=@$samples/cv.md" --input "job_description=@$samples/posting.md" &
watcher=$!
status=0
wait "$watcher" || status=$?
watcher=''
if [ "$status" != 0 ]; then
    echo "demo: the job failed; the daemon's last words:" >&2
    tail -n 20 "$log" >&2
    exit "$status"
fi

echo
echo "demo: its files, each with its first lines"
"${client[@]}" get 1 --output "$scratch/files"
for file in "$scratch"/files/*; do
    echo "--- ${file##*/}"
    head -c 500 "$file" | head -n 12
    echo
done

if ! [ -t 0 ] || ! [ -t 1 ]; then
    echo "demo: done, and all of it is removed. On a terminal the daemon stays up to be tried;"
    echo "demo: 'make run' starts one of your own, and README.md says what else there is."
    exit 0
fi
cat << END
The daemon runs on. In another terminal:
  export LLMSPOOL_SOCKET=$socket
  $build/sdk/cli/llmspool submit --watch 'Write a cover letter.'
  $build/sdk/cli/llmspool list
  curl http://127.0.0.1:$port/api/jobs/1
Its files lie in $scratch/files, its log in $log.
Ctrl-C ends the daemon and removes all of it.
END
wait "$daemon"
