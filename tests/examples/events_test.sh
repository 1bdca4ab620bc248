#!/usr/bin/env bash
# events_test.sh <command that runs events>...: two listeners hear what is said; one that has left disturbs nobody.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

serve events "$@"

fail() {
  echo "$1"
  exit 1
}
# listen <descriptor>: opens a stream of events, and reads its head.
listen() {
  local line
  eval "exec $1<>/dev/tcp/127.0.0.1/$port"
  printf 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$1"
  while IFS= read -r -t 20 -u "$1" line && [[ $line != $'\r' ]]; do
    [[ $line == 'Content-Type: text/event-stream'* ]] && is_stream=yes
  done
  [[ ${is_stream:-} ]] || fail 'no stream of events'
}
# hear <descriptor> <text>: waits for the event.
hear() {
  local line
  while IFS= read -r -t 20 -u "$1" line; do
    [[ $line == "data: $2" ]] && return
  done
  fail "descriptor $1 did not hear $2"
}
say() {
  ask 'POST /say HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s' \
    "${#1}" "$1"
  grep -q '^HTTP/1.1 204' <<<"$answer" || fail "$answer"
}

listen 4
listen 5
say 'text=hello+you'
hear 4 'hello you'
hear 5 'hello you'
exec 4>&-
say 'text=two%0Alines'
hear 5 'two lines'
