#include "gale/tests/model/race_detector.h"

#include "absl/debugging/symbolize.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gale/tests/model/arena.h"
#include "gale/tests/model/explorer.h"

namespace gale::model {

namespace {

// Access is what one thread did last to a byte of a cell.
struct Access {
  std::uint32_t epoch = 0;
  std::uint8_t thread = 0;
  std::uint8_t bytes = 0;  // a bit for each of the cell's eight; 0: none
  bool writes = false;
  bool frees = false;
  const void* caller = nullptr;
};

// Cell holds the last accesses to eight bytes.
struct Cell {
  std::uintptr_t address = 0;
  std::uint32_t execution = 0;
  std::uint8_t next = 0;
  std::array<Access, 6> accesses;
};

constexpr std::size_t kCells = 1 << 16;
std::vector<Cell> cells(kCells);
std::uint32_t execution = 0;
const char* region_low = nullptr;
std::size_t region_size = 0;

Cell& CellAt(std::uintptr_t address) {
  for (std::size_t i = (address >> 3) * 0x9E3779B97F4A7C15ull >> 48, tries = 0;; ++i, ++tries) {
    Cell& cell = cells[i % kCells];
    if (cell.execution == execution && cell.address == address) return cell;
    if (cell.execution == execution && tries < 64) continue;
    // Free, or the table is crowded: then an old cell is forgotten, and a race may be missed.
    cell = Cell{.address = address, .execution = execution, .next = 0, .accesses = {}};
    return cell;
  }
}

bool Watched(const void* address) {
  return InArena(address) || OnThreadStack(address) ||
         static_cast<std::size_t>(static_cast<const char*>(address) - region_low) < region_size;
}

std::string Describe(const Access& access) {
  char function[256];
  if (!absl::Symbolize(access.caller, function, sizeof(function))) std::snprintf(function, sizeof(function), "?");
  const char* what = access.frees ? "freed" : access.writes ? "written" : "read";
  return std::string(what) + " by " + ThreadName(access.thread) + " in " + function;
}

[[noreturn]] void Report(const Access& before, const Access& now) {
  Fail((before.frees ? "use of freed memory: " : "data race: ") + Describe(before) + ", then " + Describe(now));
}

void NoteInCell(std::uintptr_t address, const Access& now) {
  Cell& cell = CellAt(address);
  const VectorClock& happened = TheMemory().Happened();
  Access* place = nullptr;
  for (Access& before : cell.accesses) {
    if (before.bytes == 0) {
      if (place == nullptr) place = &before;
      continue;
    }
    if ((before.bytes & now.bytes) == 0) continue;
    bool ordered = before.thread == now.thread || happened.Covers(before.thread, before.epoch);
    if (before.frees || (!ordered && (before.writes || now.writes))) {
      Report(before, now);
    }
    // The new access stands for the old one where whoever is unordered with the old is so with the new.
    if (ordered && (now.writes || !before.writes) && (before.bytes & ~now.bytes) == 0) place = &before;
  }
  if (place == nullptr) place = &cell.accesses[cell.next++ % cell.accesses.size()];
  *place = now;
}

void Note(const void* address, std::size_t size, Access now) {
  auto low = reinterpret_cast<std::uintptr_t>(address);
  auto high = low + size;
  for (std::uintptr_t cell = low & ~std::uintptr_t{7}; cell < high; cell += 8) {
    unsigned bytes = 0xff;
    if (cell < low) bytes &= 0xffu << (low - cell);
    if (cell + 8 > high) bytes &= 0xffu >> (cell + 8 - high);
    now.bytes = static_cast<std::uint8_t>(bytes);
    NoteInCell(cell, now);
  }
}

// Synchronize is for the standard library's own atomics (the counts of shared_ptr): no place for another thread, but
// each read-modify-write happens after the one before.
void Synchronize(const void* object) {
  if (!Running()) return;
  Inside inside;
  Memory& memory = TheMemory();
  if (!memory.Known(object)) memory.Construct(object, 0);
  memory.Exchange(object, 0, std::memory_order_acq_rel);
}

Access Begin(bool writes, bool frees, const void* caller) {
  Memory& memory = TheMemory();
  // After the thread's last operation on an atomic, before its next one.
  std::uint32_t epoch = memory.Happened().at[memory.Self()] + 1;
  return {.epoch = epoch,
          .thread = static_cast<std::uint8_t>(memory.Self()),
          .writes = writes,
          .frees = frees,
          .caller = caller};
}

}  // namespace

void ForgetAccesses() { ++execution; }

void NoteAccess(const void* address, std::size_t size, bool writes, const void* caller) {
  if (!Running() || Alone() || !Watched(address)) return;
  Inside inside;
  Note(address, size, Begin(writes, false, caller));
}

void NoteFreed(const void* address, std::size_t size) {
  if (!Running() || Alone()) return;
  Inside inside;
  Note(address, size, Begin(true, true, __builtin_return_address(0)));
}

void WatchRegion(const void* low, std::size_t size) {
  region_low = static_cast<const char*>(low);
  region_size = size;
}

}  // namespace gale::model

// What -fsanitize=thread calls.
extern "C" {

#define GALE_MODEL_ACCESS(size)                                                                               \
  void __tsan_read##size(void* at) { gale::model::NoteAccess(at, size, false, __builtin_return_address(0)); } \
  void __tsan_write##size(void* at) { gale::model::NoteAccess(at, size, true, __builtin_return_address(0)); } \
  void __tsan_unaligned_read##size(void* at) {                                                                \
    gale::model::NoteAccess(at, size, false, __builtin_return_address(0));                                    \
  }                                                                                                           \
  void __tsan_unaligned_write##size(void* at) { gale::model::NoteAccess(at, size, true, __builtin_return_address(0)); }
GALE_MODEL_ACCESS(1)
GALE_MODEL_ACCESS(2)
GALE_MODEL_ACCESS(4)
GALE_MODEL_ACCESS(8)
GALE_MODEL_ACCESS(16)
#undef GALE_MODEL_ACCESS

void __tsan_read_range(void* at, std::size_t size) {
  gale::model::NoteAccess(at, size, false, __builtin_return_address(0));
}
void __tsan_write_range(void* at, std::size_t size) {
  gale::model::NoteAccess(at, size, true, __builtin_return_address(0));
}
void __tsan_vptr_read(void* at) { gale::model::NoteAccess(at, 8, false, __builtin_return_address(0)); }
void __tsan_vptr_update(void* at, void*) { gale::model::NoteAccess(at, 8, true, __builtin_return_address(0)); }
int __tsan_atomic32_fetch_add(int* at, int change, int) {
  gale::model::Synchronize(at);
  return std::exchange(*at, *at + change);
}
char __tsan_atomic8_load(const char* at, int) { return *at; }  // guards of static objects
long __tsan_atomic64_load(const long* at, int) {
  gale::model::Synchronize(at);
  return *at;
}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_init() {}
}
