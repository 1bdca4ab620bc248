#!/usr/bin/env bash
# hello_test.sh <command that runs hello>...: starts it on a port of its own and asks for each of its pages.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

serve hello "$@"

failures=0
# expect <target> <a line of the head> <the body>
expect() {
  local answer head body
  ask 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1"
  head=${answer%%$'\n\n'*}
  body=${answer#*$'\n\n'}
  if ! grep -qixF -- "$2" <<<"$head" || [[ $body != "$3" ]]; then
    printf 'GET %s: expected "%s" and the body "%s", got:\n%s\n' "$1" "$2" "$3" "$answer"
    failures=$((failures + 1))
  fi
}

expect / 'HTTP/1.1 200 OK' 'hello world'
expect / 'Content-Type: application/json' 'hello world'
expect /nowhere 'HTTP/1.1 200 OK' 'hello world'
expect /about 'HTTP/1.1 200 OK' 'About page'
expect /items/7 'HTTP/1.1 200 OK' 'item 7'
grep -qxF "Server running on 127.0.0.1:$port" "$output" || { echo "hello does not say where it runs"; failures=1; }
exit $((failures > 0))
