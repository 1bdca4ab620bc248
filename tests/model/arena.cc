#include "gale/tests/model/arena.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#include "gale/tests/model/race_detector.h"

namespace gale::model {

namespace {

constexpr std::size_t kSize = std::size_t{64} << 20;

// The same in each process, or a schedule could not be repeated in another one.
void* const kPlace = reinterpret_cast<void*>(0x2000'0000'0000);

char* base = nullptr;
std::size_t used = 0;
bool in_use = false;

void* Allocate(std::size_t size, std::size_t alignment) {
  if (!in_use) {
    void* memory = alignment <= alignof(std::max_align_t)
                       ? std::malloc(size)
                       : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr) std::abort();
    return memory;
  }
  used = (used + alignment - 1) / alignment * alignment;
  char* result = base + used;
  used += size + 16;
  if (used > kSize) std::abort();
  return result;
}

void Release(void* memory, std::size_t size) {
  if (!InArena(memory)) return std::free(memory);
  if (in_use && size != 0) NoteFreed(memory, size);
}

}  // namespace

void ResetArena() {
  if (base == nullptr) {
    base = static_cast<char*>(
        mmap(kPlace, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  }
  used = 0;
}

bool InArena(const void* address) {
  auto offset = reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base);
  return base != nullptr && offset < kSize;
}

void UseArena(bool use) { in_use = use; }
bool UsesArena() { return in_use; }

}  // namespace gale::model

void* operator new(std::size_t size) { return gale::model::Allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return gale::model::Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { gale::model::Release(memory, 0); }
void operator delete(void* memory, std::size_t size) noexcept { gale::model::Release(memory, size); }
void operator delete(void* memory, std::align_val_t) noexcept { gale::model::Release(memory, 0); }
void operator delete(void* memory, std::size_t size, std::align_val_t) noexcept { gale::model::Release(memory, size); }
