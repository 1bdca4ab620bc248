#include "gale/tests/model/atomic.h"

namespace gale::model {

void LogOperation(const void* object, const char* what, std::memory_order order, std::uint64_t value, bool stale,
                  const std::source_location& where) {
  std::string text =
      "#" + std::to_string(TheMemory().Number(object)) + ' ' + what + ' ' + Hexadecimal(value) + ' ' + OrderName(order);
  if (stale) text += ", OLD: now " + Hexadecimal(TheMemory().Newest(object));
  Step(text, where);
}

void Fence(std::memory_order order, std::source_location where) {
  if (!Running()) return;
  Inside inside;
  order = Weakened(order, where);
  if (order == std::memory_order_relaxed) return;
  Point();
  TheMemory().Fence(order);
  if (Logging()) Step(std::string("fence ") + OrderName(order), where);
}

}  // namespace gale::model
