#include "gale/runtime/select.h"

#include <vector>

#include "gale/runtime/panic.h"

namespace gale {

std::size_t Select(std::span<SelectCase> cases) {
  if (cases.empty()) internal::ParkWithoutCases();
  constexpr std::size_t kFew = 16;
  internal::SelectEntry* few[2 * kFew];
  std::vector<internal::SelectEntry*> many(cases.size() > kFew ? 2 * cases.size() : 0);
  internal::SelectEntry** entries = many.empty() ? few : many.data();

  std::size_t count = 0;
  std::size_t default_index = internal::kDefaultCase;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    internal::SelectEntry* entry = cases[i].case_->Entry();
    if (entry != nullptr) {
      entry->index = i;
      entries[count++] = entry;
    } else if (default_index == internal::kDefaultCase) {
      default_index = i;
    } else {
      throw Panic("reflect.Select: multiple default cases");
    }
  }
  std::size_t chosen = internal::RunSelect(entries, count, default_index != internal::kDefaultCase);
  if (chosen == internal::kDefaultCase) chosen = default_index;
  cases[chosen].case_->Handle();
  return chosen;
}

}  // namespace gale
