// RelaxedRead: a look at what another thread owns, for dumps and traces.
#pragma once

#include <atomic>

namespace gale::internal {

// RelaxedRead reads a word that its owner may be writing: it yields some value that was there. Only for words that
// need no atomic for anything but being watched. Sanitizers do not look.
template <typename Word>
[[gnu::noinline, gnu::no_sanitize("address", "thread")]] Word RelaxedRead(const Word& word) {
  static_assert(sizeof(Word) <= sizeof(void*), "must be read at once");
  return *const_cast<const volatile Word*>(&word);
}

// The same for an atomic that may be just under construction, which TSan takes for a race even with an atomic load: the
// G of a slot that was carved a moment ago.
template <typename Word>
Word RelaxedRead(const std::atomic<Word>& word) {
  static_assert(sizeof(word) == sizeof(Word) && std::atomic<Word>::is_always_lock_free);
  return RelaxedRead(reinterpret_cast<const Word&>(word));
}

}  // namespace gale::internal
