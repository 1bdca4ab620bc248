#include "gale/tests/model/weakening.h"

#include <cstdint>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace gale::model {

namespace {

std::vector<Place> places;
std::map<std::pair<const char*, unsigned>, bool> known;
std::uint64_t changed = 0;

// Path finds the file in the tree: the compiler may have been given a path relative to the build's folder.
std::string Path(std::string_view file) {
  for (std::string_view folder : {"/tests/", "/net/", "/runtime/"}) {
    if (std::size_t at = file.rfind(folder); at != file.npos) return GALE_SOURCE_DIR + std::string(file.substr(at));
  }
  return std::string(file);
}

bool IsWeakened(const std::source_location& where) {
  auto [found, fresh] = known.try_emplace({where.file_name(), where.line()}, false);
  if (!fresh) return found->second;
  std::string line = SourceLine(where);
  for (const Place& place : places) {
    if (std::string_view(where.file_name()).ends_with('/' + place.file) && line.find(place.line) != line.npos) {
      found->second = true;
    }
  }
  return found->second;
}

}  // namespace

std::string SourceLine(const std::source_location& where) {
  std::ifstream in(Path(where.file_name()));
  std::string line;
  for (unsigned i = 0; i < where.line(); ++i) std::getline(in, line);
  return line.erase(0, line.find_first_not_of(' '));
}

void Weaken(const Place& place) {
  places.push_back(place);
  known.clear();
}

void WeakenNothing() {
  places.clear();
  known.clear();
  changed = 0;
}

std::memory_order Weakened(std::memory_order order, const std::source_location& where) {
  if (places.empty() || !IsWeakened(where)) return order;
  ++changed;
  return std::memory_order_relaxed;
}

std::uint64_t TimesWeakened() { return changed; }

}  // namespace gale::model
