#include "gale/runtime/internal/symbolize.h"

#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

namespace {

// MappedFile is a file's bytes, read-only.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat status {};
    if (fstat(fd, &status) == 0 && status.st_size > 0) {
      auto size = static_cast<std::size_t>(status.st_size);
      void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory != MAP_FAILED) bytes_ = {static_cast<const char*>(memory), size};
    }
    close(fd);
  }
  ~MappedFile() {
    if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Array is `count` items at an offset, or null if the file is too short.
  template <typename Item>
  const Item* Array(std::uint64_t offset, std::uint64_t count) const {
    if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(Item)) return nullptr;
    return reinterpret_cast<const Item*>(bytes_.data() + offset);
  }

 private:
  std::string_view bytes_;
};

// Module is one program or library. Its names stay in the mapped file.
class Module {
 public:
  explicit Module(const char* path) : file_(path) {
    if (!LoadTable(SHT_SYMTAB)) LoadTable(SHT_DYNSYM);
    std::sort(functions_.begin(), functions_.end(),
              [](const Function& a, const Function& b) { return a.start < b.start; });
  }

  // NameAt is the mangled name of the function at an address of the file, or null.
  const char* NameAt(std::uintptr_t address) const {
    auto after = std::upper_bound(functions_.begin(), functions_.end(), address,
                                  [](std::uintptr_t wanted, const Function& f) { return wanted < f.start; });
    if (after == functions_.begin()) return nullptr;
    const Function& function = *std::prev(after);
    // Functions in assembly may have no size.
    bool inside = function.size == 0 || address - function.start < function.size;
    return inside ? function.name : nullptr;
  }

 private:
  struct Function {
    std::uintptr_t start;
    std::uint64_t size;
    const char* name;
  };

  bool LoadTable(std::uint32_t type) {
    const auto* header = file_.Array<ElfW(Ehdr)>(0, 1);
    if (header == nullptr || std::string_view(reinterpret_cast<const char*>(header->e_ident), SELFMAG) != ELFMAG) {
      return false;
    }
    const auto* sections = file_.Array<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
    if (sections == nullptr) return false;
    for (int i = 0; i < header->e_shnum; ++i) {
      const ElfW(Shdr)& section = sections[i];
      if (section.sh_type != type || section.sh_link >= header->e_shnum) continue;
      return AddFunctions(section, sections[section.sh_link]);
    }
    return false;
  }

  bool AddFunctions(const ElfW(Shdr) & table, const ElfW(Shdr) & names) {
    std::size_t count = table.sh_size / sizeof(ElfW(Sym));
    const auto* symbols = file_.Array<ElfW(Sym)>(table.sh_offset, count);
    const char* text = file_.Array<char>(names.sh_offset, names.sh_size);
    if (symbols == nullptr || text == nullptr || names.sh_size == 0 || text[names.sh_size - 1] != '\0') return false;
    for (std::size_t i = 0; i < count; ++i) {
      const ElfW(Sym)& symbol = symbols[i];
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
      if (symbol.st_name < names.sh_size)
        functions_.push_back({symbol.st_value, symbol.st_size, text + symbol.st_name});
    }
    return !functions_.empty();
  }

  MappedFile file_;
  std::vector<Function> functions_;
};

// Place is where an address lies: in which file, and where there.
struct Place {
  std::uintptr_t address;
  std::string path;
  std::uintptr_t offset = 0;
};

int FindPlace(dl_phdr_info* info, std::size_t, void* argument) {
  auto* place = static_cast<Place*>(argument);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    if (place->address - (info->dlpi_addr + segment.p_vaddr) >= segment.p_memsz) continue;
    place->offset = place->address - info->dlpi_addr;
    place->path = info->dlpi_name;
    if (!place->path.empty()) return 1;
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program));
    place->path.assign(program, length > 0 ? static_cast<std::size_t>(length) : 0);
    return 1;
  }
  return 0;
}

std::string Demangle(const char* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> demangled(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                        &std::free);
  return demangled != nullptr ? demangled.get() : name;
}

struct Modules {
  SpinLock lock;  // held while a file is read, which is rare; never over a park
  std::map<std::string, std::unique_ptr<Module>> by_path;
};

const Module& ModuleOf(const std::string& path) {
  static auto* modules = new Modules;
  std::lock_guard guard(modules->lock);
  std::unique_ptr<Module>& module = modules->by_path[path];
  // A program that was replaced on disk meanwhile is still this one.
  if (module == nullptr)
    module = std::make_unique<Module>(access(path.c_str(), R_OK) == 0 ? path.c_str() : "/proc/self/exe");
  return *module;
}

}  // namespace

Symbol Symbolize(std::uintptr_t pc) {
  Place place{.address = pc - 1, .path = {}};
  if (dl_iterate_phdr(&FindPlace, &place) == 0) return {};
  Symbol symbol{.function = {}, .file = std::move(place.path), .offset = place.offset};
  if (const char* name = ModuleOf(symbol.file).NameAt(symbol.offset)) symbol.function = FunctionName(Demangle(name));
  return symbol;
}

std::string FunctionName(std::string demangled) {
  constexpr std::string_view kCall = "void gale::internal::CallAndDestroy<";
  constexpr std::string_view kCallEnd = ">(void*)";
  if (demangled.starts_with(kCall) && demangled.ends_with(kCallEnd)) {
    std::string closure = demangled.substr(kCall.size(), demangled.size() - kCall.size() - kCallEnd.size());
    while (closure.ends_with(' ')) closure.pop_back();
    return closure + "::operator()";
  }
  // gale::Run<closure>(closure&&)::{lambda(void*)#1}::_FUN(void*)
  constexpr std::string_view kRun = "gale::Run<";
  constexpr std::string_view kRunEnd = "&&)::{lambda(void*)#1}::_FUN(void*)";
  if (demangled.starts_with(kRun) && demangled.ends_with(kRunEnd)) {
    std::size_t closure_size = (demangled.size() - kRun.size() - std::string_view(">(").size() - kRunEnd.size()) / 2;
    return demangled.substr(kRun.size(), closure_size) + "::operator()";
  }
  return demangled;
}

}  // namespace gale::internal
