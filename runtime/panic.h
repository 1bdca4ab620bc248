// Panic: what a misuse deserves.
//
// Where Go panics (a send on a closed channel, a negative WaitGroup counter, a bad pattern), Gale throws a Panic
// with Go's words. It can be caught; if nothing catches it, the process ends with the message, the goroutine's
// number and its stack. What is a fatal error in Go (unlock of an unlocked mutex, a deadlock) throws nothing and
// ends the process at once.
#pragma once

#include <stdexcept>
#include <string>

namespace gale {

class Panic : public std::logic_error {
 public:
  explicit Panic(const std::string& message) : std::logic_error(message) {}
  explicit Panic(const char* message) : std::logic_error(message) {}
};

}  // namespace gale
