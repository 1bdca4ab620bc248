# serve.sh: what the tests of examples that are servers source.
#
#   serve hello "$@"            # starts it, or ends the test
#   ask 'GET / HTTP/1.0\r\n\r\n'
#   echo "$answer"
#   expect 'GET /' '' '' 'HTTP/1.1 200 OK'
#   exit $((failures > 0))
#
# $scratch is a folder for the test's own files. When the test ends, the server is ended and the folder removed.

scratch=$(mktemp -d)
output=$scratch/output # what the server prints
port=                  # where it listens, on 127.0.0.1
server=
trap '[[ $server ]] && kill "$server"; rm -rf "$scratch"' EXIT

# serve <name> <command>...: the command gets --addr with a port of its own. Another program may own the port that is
# tried: then the command ends at once and the next one is tried.
serve() {
  local name=$1 attempt wait
  shift
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    "$@" --addr "127.0.0.1:$port" >"$output" 2>&1 &
    server=$!
    for wait in {1..400}; do
      kill -0 "$server" 2>/dev/null || { server=; break; }
      (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
      sleep 0.1
    done
    [[ $server ]] && break
  done
  echo "$name does not start:"
  cat "$output"
  exit 1
}

# ask <format> <argument>...: sends what printf makes of them; $answer is all that comes back, without its CRs.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  # shellcheck disable=SC2059
  printf "$@" >&3
  answer=$(tr -d '\r' <&3)
  exec 3>&-
}

failures=0
# expect <method and target> <fields> <body> <a line of the answer>...: the request has the fields (each with \r\n) and
# the body, in which backslashes are read as printf's %b reads them.
expect() {
  local request=$1 fields=$2 body=$3 answer line
  shift 3
  body=$(printf '%b.' "$body")
  body=${body%.}
  ask "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n$fields\r\n%s" \
    "$request" "${#body}" "$body"
  for line in "$@"; do
    if ! grep -qxF -- "$line" <<<"$answer"; then
      printf '%s: expected the line "%s", got:\n%s\n' "$request" "$line" "$answer"
      failures=$((failures + 1))
    fi
  done
}
