#!/usr/bin/env bash
# forms_test.sh <command that runs forms>...: starts it on a port of its own, sends its forms and a forged request.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

serve forms "$@"

failures=0
# expect <what> <fields> <body> <a line of the answer>...: the request has the fields (each with \r\n) and the body.
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

readonly urlencoded='Content-Type: application/x-www-form-urlencoded\r\n'
readonly multipart='Content-Type: multipart/form-data; boundary=b\r\n'
readonly field='--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nTrip\r\n'
readonly photo='--b\r\nContent-Disposition: form-data; name="photo"; filename="../trip.jpg"\r\n\r\n12345\r\n'

expect 'GET /' '' '' 'HTTP/1.1 200 OK' '<title>Forms</title>'
expect 'POST /name' "$urlencoded" 'name=Ada+L%3b' 'HTTP/1.1 303 See Other' 'Location: /' \
  'Set-Cookie: name=Ada+L%3B; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax'
expect 'POST /name' "$urlencoded" 'name=%' 'HTTP/1.1 400 Bad Request'
expect 'POST /upload' "${multipart}Cookie: name=Ada+L%%3B\r\n" "$field$photo--b--" 'HTTP/1.1 200 OK' \
  'from: Ada L;' 'title: "Trip"' 'photo: "trip.jpg", 5 bytes, in memory'
expect 'POST /upload' "$multipart" "$field$photo" 'HTTP/1.1 400 Bad Request' 'unexpected EOF'
expect 'POST /upload' "${multipart}Sec-Fetch-Site: cross-site\r\n" "$field--b--" 'HTTP/1.1 403 Forbidden'
exit $((failures > 0))
