#!/usr/bin/env bash
# forms_test.sh <command that runs forms>...: starts it on a port of its own, sends its forms and a forged request.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"

serve forms "$@"

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
