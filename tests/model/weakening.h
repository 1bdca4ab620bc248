// Weakening: breaking the code under test on purpose, to see that the scenarios notice.
//
// An operation is named by its file and by words that its line must contain:
//
//   Weaken({"run_queue.h", "tail_.store(tail + 1"});   // as if it were relaxed
//   Weaken({"scheduler.cc", "// S2"});                 // a relaxed fence is none
#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>

namespace gale::model {

struct Place {
  std::string file;
  std::string line;
};

// Weaken makes the atomic operations at this place relaxed, until WeakenNothing.
void Weaken(const Place& place);
void WeakenNothing();
// Weakened is the order that the operation has.
std::memory_order Weakened(std::memory_order order, const std::source_location& where);
// TimesWeakened counts the operations that were changed: 0 if the place does not exist any more.
std::uint64_t TimesWeakened();

// SourceLine is the text of the line, without indentation.
std::string SourceLine(const std::source_location& where);

}  // namespace gale::model
