#include "gale/runtime/testing/leak_check.h"

#include <algorithm>
#include <utility>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/goroutine_text.h"
#include "gale/runtime/internal/goroutines.h"
#include "gale/runtime/internal/relaxed_read.h"
#include "gale/runtime/time.h"

namespace gale::testing {

LeakCheck::LeakCheck() {
  internal::VisitGoroutines([this](const internal::G* g) {
    before_.push_back(internal::RelaxedRead(g->id));
    return true;
  });
  std::sort(before_.begin(), before_.end());
}

void LeakCheck::Ignore(std::string text) { ignored_.push_back(std::move(text)); }

std::string LeakCheck::Find(std::chrono::nanoseconds grace) const {
  std::int64_t deadline = internal::MonotonicNanos() + grace.count();
  while (AnyLeaked()) {
    if (internal::MonotonicNanos() >= deadline) return Report();
    Sleep(std::chrono::milliseconds(2));
  }
  return "";
}

// IsNew leaves out the caller and those that were there before.
bool LeakCheck::IsNew(std::uint64_t id) const {
  const internal::G* self = internal::CurrentGoroutine();
  return (self == nullptr || id != self->id) && !std::binary_search(before_.begin(), before_.end(), id);
}

bool LeakCheck::IsIgnored(const std::string& text) const {
  return std::ranges::any_of(ignored_, [&](const std::string& part) { return text.find(part) != std::string::npos; });
}

// AnyLeaked does not ask running goroutines for their stacks: it is called again and again.
bool LeakCheck::AnyLeaked() const {
  bool found = false;
  internal::VisitGoroutines([&](internal::G* g) {
    internal::GoroutineRecord record;
    if (!IsNew(internal::RelaxedRead(g->id)) || !internal::ReadGoroutine(g, record)) return true;
    found = ignored_.empty() || !IsIgnored(internal::GoroutineText(record));
    return !found;
  });
  return found;
}

std::string LeakCheck::Report() const {
  std::string leaked;
  int count = 0;
  internal::ForEachGoroutine([&](const internal::GoroutineRecord& record) {
    if (!IsNew(record.id)) return;
    std::string text = internal::GoroutineText(record);
    if (!IsIgnored(text)) leaked += (count++ == 0 ? "" : "\n") + text;
  });
  if (count == 0) return "";
  return std::to_string(count) + (count == 1 ? " goroutine was" : " goroutines were") + " left behind:\n\n" + leaked;
}

}  // namespace gale::testing
