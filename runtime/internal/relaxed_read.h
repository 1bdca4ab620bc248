// RelaxedRead: a look at what another thread owns, for dumps and traces.
#pragma once

namespace gale::internal {

// RelaxedRead reads a word that its owner may be writing: it yields some value that was there. Only for words that
// need no atomic for anything but being watched. Sanitizers do not look.
template <typename Word>
[[gnu::noinline, gnu::no_sanitize("address", "thread")]] Word RelaxedRead(const Word& word) {
  static_assert(sizeof(Word) <= sizeof(void*), "must be read at once");
  return *const_cast<const volatile Word*>(&word);
}

}  // namespace gale::internal
