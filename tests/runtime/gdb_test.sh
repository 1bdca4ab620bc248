#!/usr/bin/env bash
# Tests gale_gdb.py on a core and on a live process.
#
#   gdb_test.sh <gdb_subject> <gale_gdb.py>
#
# Where no core is written into the current folder, or no process may be attached to, that half is skipped, and says so;
# the exit status is 77 if both are.
set -uo pipefail
subject=$(realpath "$1")
script=$(realpath "$2")

command -v gdb >/dev/null || { echo "SKIPPED: gdb is not installed (scripts/setup)"; exit 77; }
gdb -batch -ex 'python print("has python")' 2>/dev/null | grep -q 'has python' ||
  { echo "SKIPPED: this gdb has no Python"; exit 77; }

folder=$(mktemp -d)
process=
trap '[[ $process ]] && kill -9 "$process" 2>/dev/null; rm -rf "$folder"' EXIT
failures=0
halves=0

# debug <output> <gdb arguments>...
debug() {
  local output=$1
  shift
  gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load safe-path /' "$@" -ex "source $script" \
    -ex 'info goroutines' -ex 'echo ==1\n' -ex 'goroutine all bt' -ex 'echo ==2\n' \
    -ex 'goroutine 0' -ex 'echo ==3\n' -ex 'bt 1' \
    -ex 'python print("number", [g.id for g in Layout().goroutines() if g.reason == "chan receive"][0])' \
    -ex 'python gdb.execute("goroutine %d" % [g.id for g in Layout().goroutines() if g.reason == "chan receive"][0])' \
    -ex 'echo ==4\n' -ex 'bt' -ex 'echo ==5\n' -ex 'goroutine 999999' >"$output" 2>&1
}

# expect <what> <output> <section, 0 to 5> <pattern>
expect() {
  local section
  section=$(awk -v wanted="$3" '/^==[0-9]/ { n = substr($0, 3, 1); next } n + 0 == wanted' "$2")
  grep -qE -- "$4" <<<"$section" && return
  echo "FAILED: $1: section $3 has no '$4'"
  failures=$((failures + 1))
}

check() {
  expect "$1" "$2" 0 '^  [0-9]+ +\[chan receive\] '
  expect "$1" "$2" 0 '^  [0-9]+ +\[chan send\] '
  expect "$1" "$2" 0 '^[ *] [0-9]+ +\[running\] .*\(thread [0-9]+\)$'
  expect "$1" "$2" 1 '^goroutine [0-9]+ \[chan receive\]:$'
  expect "$1" "$2" 1 '^#[0-9]+ .*WaitInTheDepth '
  expect "$1" "$2" 1 '^#[0-9]+ .*CallOneMore '
  expect "$1" "$2" 1 '^#[0-9]+ .*SendToNobody '
  expect "$1" "$2" 1 '^#0 .*ComputeForEver '
  expect "$1" "$2" 3 '^number [0-9]+$'
  expect "$1" "$2" 4 '^#[0-9]+ .*WaitInTheDepth '
  expect "$1" "$2" 4 '^#[0-9]+ .* gale_goroutine_main '
  expect "$1" "$2" 5 'There is no goroutine 999999'
  halves=$((halves + 1))
}

show_if_failed() {
  ((failures == 0)) || sed "s/^/$1: /" "$2"
}

# A core.
(cd "$folder" && ulimit -c unlimited && "$subject" abort) >/dev/null 2>&1
core=$(find "$folder" -name 'core*' | head -n 1)
if [[ $core ]]; then
  size=$(stat -c %s "$core")
  ((size < 1 << 32)) || { echo "FAILED: the core has $size bytes"; failures=$((failures + 1)); }
  debug "$folder/core.out" "$subject" "$core"
  check core "$folder/core.out"
  show_if_failed core "$folder/core.out"
else
  echo "SKIPPED: no core was written (see /proc/sys/kernel/core_pattern: $(cat /proc/sys/kernel/core_pattern))"
fi

# A live process.
mkfifo "$folder/ready"
"$subject" stay >"$folder/ready" &
process=$!
read -r _ <"$folder/ready"
debug "$folder/live.out" -p "$process"
if grep -qiE 'ptrace: Operation not permitted|Could not attach' "$folder/live.out"; then
  echo "SKIPPED: gdb may not attach to a process here"
else
  check live "$folder/live.out"
  show_if_failed live "$folder/live.out"
  kill -0 "$process" || { echo "FAILED: the process did not survive"; failures=$((failures + 1)); }
fi

((failures == 0)) || exit 1
((halves > 0)) || exit 77
echo "gdb_test: $halves halves passed"
