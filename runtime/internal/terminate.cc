#include "gale/runtime/internal/terminate.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/traceback.h"

namespace gale::internal {

namespace {

std::terminate_handler former_handler = nullptr;

std::string TypeName(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                   &std::free);
  return name != nullptr ? name.get() : type.name();
}

void PrintException() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    std::fputs("panic: std::terminate was called\n\n", stderr);
    return;
  }
  std::fprintf(stderr, "panic: %s", TypeName(*type).c_str());
  try {
    throw;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, ": %s", exception.what());
  } catch (const std::string& text) {
    std::fprintf(stderr, ": %s", text.c_str());
  } catch (const char* text) {
    std::fprintf(stderr, ": %s", text);
  } catch (int number) {
    std::fprintf(stderr, ": %d", number);
  } catch (...) {
  }
  std::fputs("\n\n", stderr);
}

[[noreturn]] void HandleTerminate() {
  if (CurrentGoroutine() == nullptr && former_handler != nullptr) former_handler();
  std::fflush(stdout);
  PrintException();
  PrintSeedOfCurrentBubble();
  PrintTraceback(1);
  std::abort();
}

}  // namespace

void InstallTerminateHandler() { former_handler = std::set_terminate(&HandleTerminate); }

}  // namespace gale::internal
