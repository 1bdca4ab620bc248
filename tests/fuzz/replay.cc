// The main function where there is no libFuzzer: plays the files of the folders and files named on the command line.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gale/tests/fuzz/fuzz.h"

namespace {

void Play(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  int played = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      Play(argv[i]);
      ++played;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      Play(entry.path());
      ++played;
    }
  }
  std::printf("%d inputs\n", played);
  return played == 0 ? 1 : 0;
}
