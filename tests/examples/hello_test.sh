#!/usr/bin/env bash
# hello_test.sh <command that runs hello>...: starts it on a port of its own and asks for each of its pages.
set -uo pipefail

output=$(mktemp)
server=
trap '[[ $server ]] && kill "$server"; rm -f "$output"' EXIT

# Another program may own the port that is tried: then hello ends at once and the next one is tried.
for attempt in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 10000))
  "$@" --addr "127.0.0.1:$port" >"$output" 2>&1 &
  server=$!
  for wait in {1..100}; do
    kill -0 "$server" 2>/dev/null || { server=; break; }
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break 2
    sleep 0.1
  done
done
if [[ -z $server ]]; then
  echo "hello does not start:"
  cat "$output"
  exit 1
fi

failures=0
# expect <target> <a line of the head> <the body>
expect() {
  local answer head body
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  answer=$(tr -d '\r' <&3)
  exec 3>&-
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
