// Debug variables: GALEDEBUG=name=value,name=value, as Go's GODEBUG.
//
//   GALEDEBUG=schedtrace=1000,scheddetail=1     the scheduler's state, every second (schedtrace.h)
//   GALEDEBUG=sigquit=continue                  SIGQUIT dumps the goroutines, and the process lives on (quit_signal.h)
//   GALEDEBUG=sigquit=off                       SIGQUIT is left alone
//   GALEDEBUG=deadlock=0                        no "all goroutines are asleep" (deadlock.h)
//
// Unknown names are ignored.
#pragma once

#include <string>
#include <string_view>

namespace gale::internal {

// DebugVariable is the value of a name, empty if it is not set. Reads the environment: for when the runtime starts.
std::string DebugVariable(std::string_view name);

// FindDebugVariable looks it up in a text of that form; of two equal names the last one counts.
std::string_view FindDebugVariable(std::string_view variables, std::string_view name);

}  // namespace gale::internal
