// TempFolder: a folder for the time of a test.
//
//   TempFolder folder;
//   folder.Write("css/site.css", "a {}");
//   http::FileServer files(folder.Path());
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace gale::http::testing {

class TempFolder {
 public:
  TempFolder() : path_((std::filesystem::temp_directory_path() / "gale-files-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << path_;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& Path() const { return path_; }
  std::string PathOf(std::string_view name) const { return path_ + '/' + std::string(name); }

  // Write makes the file, and the folders on the way.
  void Write(std::string_view name, std::string_view text) const {
    const std::filesystem::path path = PathOf(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    if (!std::filesystem::exists(path)) ADD_FAILURE() << "cannot write " << path;
  }
  void MakeFolder(std::string_view name) const { std::filesystem::create_directories(PathOf(name)); }
  void Link(const std::string& target, std::string_view name) const {
    std::filesystem::create_symlink(target, PathOf(name));
  }

  // SetModified sets the time of the last change, in seconds since 1970.
  void SetModified(std::string_view name, std::int64_t seconds) const {
    const timespec times[] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
    EXPECT_EQ(::utimensat(AT_FDCWD, PathOf(name).c_str(), times, 0), 0);
  }

 private:
  std::string path_;
};

}  // namespace gale::http::testing
