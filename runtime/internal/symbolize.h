// Symbolize: what function an address lies in, with its full name.
//
// It reads the symbol tables of the program and of its libraries (.symtab, else .dynsym) from their files, each once,
// when it is first needed. absl::Symbolize, which also works in signal handlers, leaves out template arguments: of
// goroutines' functions, which are mostly lambdas, nothing would be left but "CallAndDestroy<>".
#pragma once

#include <cstdint>
#include <string>

namespace gale::internal {

struct Symbol {
  std::string function;       // demangled; empty if unknown
  std::string file;           // the program or library
  std::uintptr_t offset = 0;  // in that file's addresses, as addr2line wants it
};

// Symbolize looks up the instruction before `pc`, which is a return address. Allocates, and reads files the first
// time. From any thread or goroutine.
Symbol Symbolize(std::uintptr_t pc);

// FunctionName makes a demangled name readable: what calls a goroutine's closure gives way to the closure.
std::string FunctionName(std::string demangled);

}  // namespace gale::internal
