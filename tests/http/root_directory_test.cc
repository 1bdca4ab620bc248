// RootDirectory: nothing that is opened through it is outside, with openat2 and without.
#include "gale/http/internal/root_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "gale/tests/http/temp_folder.h"

namespace gale::http::internal {
namespace {

using Way = RootDirectory::Way;
using http::testing::TempFolder;

// The file's content, "(folder)", or the errno's name.
std::string Opened(const RootDirectory& root, const std::string& name) {
  const auto file = root.Open(name);
  if (!file) return ::strerrorname_np(file.error());
  if (file->is_directory) return "(folder)";
  std::array<char, 100> bytes;
  const ssize_t count = ::pread(file->descriptor.Get(), bytes.data(), bytes.size(), 0);
  EXPECT_EQ(count, file->size);
  return std::string(bytes.data(), static_cast<std::size_t>(count));
}

class RootDirectoryTest : public ::testing::TestWithParam<Way> {
 protected:
  RootDirectoryTest() {
    folder_.Write("root/a.txt", "a");
    folder_.Write("root/dir/b.txt", "b");
    folder_.Write("secret.txt", "secret");
    folder_.Write("outside/c.txt", "c");
  }
  RootDirectory Root() {
    auto root = RootDirectory::OpenFolder(folder_.PathOf("root"), GetParam());
    if (!root) throw std::runtime_error(root.error().Message());
    return *std::move(root);
  }
  bool FollowsLinks() const { return GetParam() == Way::kBest; }

  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(, RootDirectoryTest, ::testing::Values(Way::kBest, Way::kSegments),
                         [](const auto& way) { return way.param == Way::kBest ? "Best" : "Segments"; });

TEST_P(RootDirectoryTest, OpensWhatIsInside) {
  const RootDirectory root = Root();
  EXPECT_EQ(Opened(root, "a.txt"), "a");
  EXPECT_EQ(Opened(root, "dir/b.txt"), "b");
  EXPECT_EQ(Opened(root, "dir"), "(folder)");
  EXPECT_EQ(Opened(root, ""), "(folder)");
  EXPECT_EQ(Opened(root, "missing"), "ENOENT");
  EXPECT_EQ(Opened(root, "missing/b.txt"), "ENOENT");
  EXPECT_EQ(Opened(root, "a.txt/b.txt"), "ENOTDIR");
  EXPECT_EQ(Opened(root, std::string("a.txt\0x", 7)), "ENOENT");
  EXPECT_EQ(Opened(root, std::string(256, 'x')), "ENAMETOOLONG");
}

TEST_P(RootDirectoryTest, NoPathLeadsOut) {
  const RootDirectory root = Root();
  EXPECT_EQ(Opened(root, "../secret.txt"), "EXDEV");
  EXPECT_EQ(Opened(root, "dir/../../secret.txt"), "EXDEV");
  EXPECT_EQ(Opened(root, ".."), "EXDEV");
  EXPECT_EQ(Opened(root, folder_.PathOf("secret.txt")), "EXDEV");
  EXPECT_EQ(Opened(root, "/etc/passwd"), "EXDEV");
}

TEST_P(RootDirectoryTest, NoLinkLeadsOut) {
  folder_.Link("../secret.txt", "root/up");
  folder_.Link(folder_.PathOf("secret.txt"), "root/absolute");
  folder_.Link(folder_.PathOf("root/a.txt"), "root/absolute_inside");
  folder_.Link("../outside", "root/folder");
  folder_.Link("up", "root/chain");
  folder_.Link("loop", "root/loop");
  folder_.Link("/proc/self/root/etc/passwd", "root/magic");
  const RootDirectory root = Root();
  for (const char* name : {"up", "absolute", "absolute_inside", "folder", "folder/c.txt", "chain", "magic"}) {
    const std::string opened = Opened(root, name);
    EXPECT_TRUE(opened == "EXDEV" || opened == "ELOOP" || opened == "ENOTDIR") << name << ": " << opened;
  }
  EXPECT_EQ(Opened(root, "loop"), "ELOOP");
}

TEST_P(RootDirectoryTest, LinksThatStayInside) {
  folder_.Link("dir/b.txt", "root/b");
  folder_.Link("dir", "root/folder");
  folder_.Link("../a.txt", "root/dir/a");
  const RootDirectory root = Root();
  EXPECT_EQ(Opened(root, "b"), FollowsLinks() ? "b" : "ELOOP");
  EXPECT_EQ(Opened(root, "folder/b.txt"), FollowsLinks() ? "b" : "ENOTDIR");
  EXPECT_EQ(Opened(root, "dir/a"), FollowsLinks() ? "a" : "ELOOP");
}

TEST_P(RootDirectoryTest, TheRootItselfMayBeALinkAndIsKept) {
  folder_.Link("root", "link");
  auto root = RootDirectory::OpenFolder(folder_.PathOf("link"), GetParam());
  ASSERT_TRUE(root);
  EXPECT_EQ(Opened(*root, "a.txt"), "a");
  // Where it is called something else now, it is still the same folder.
  std::filesystem::rename(folder_.PathOf("root"), folder_.PathOf("renamed"));
  EXPECT_EQ(Opened(*root, "a.txt"), "a");
}

TEST_P(RootDirectoryTest, OnlyFilesAndFolders) {
  ASSERT_EQ(::mkfifo(folder_.PathOf("root/fifo").c_str(), 0600), 0);
  const RootDirectory root = Root();
  EXPECT_EQ(Opened(root, "fifo"), "ENXIO") << "and it was not waited for";
  auto devices = RootDirectory::OpenFolder("/dev", GetParam());
  ASSERT_TRUE(devices);
  EXPECT_EQ(Opened(*devices, "null"), "ENXIO");
}

TEST_P(RootDirectoryTest, AFileIsNoRoot) {
  EXPECT_EQ(RootDirectory::OpenFolder(folder_.PathOf("root/a.txt"), GetParam()).error(), std::errc::not_a_directory);
  EXPECT_EQ(RootDirectory::OpenFolder(folder_.PathOf("x"), GetParam()).error(), std::errc::no_such_file_or_directory);
}

// The attack on every check of a path before it is opened: what was a folder is a link out a moment later.
TEST_P(RootDirectoryTest, AFolderThatBecomesALinkMeanwhile) {
  folder_.Write("root/swapped/c.txt", "inside");
  folder_.Link("../outside", "root/evil");
  const RootDirectory root = Root();
  std::atomic<bool> stop = false;
  std::thread attacker([&] {
    while (!stop) {
      // Each takes the other's name in one step.
      (void)::renameat2(AT_FDCWD, folder_.PathOf("root/swapped").c_str(), AT_FDCWD, folder_.PathOf("root/evil").c_str(),
                        RENAME_EXCHANGE);
    }
  });
  // Until each of the two has been met.
  int inside = 0;
  int refused = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (int i = 0; (i < 3000 || inside == 0 || refused == 0) && std::chrono::steady_clock::now() < end; ++i) {
    const std::string opened = Opened(root, "swapped/c.txt");
    ++(opened == "inside" ? inside : refused);
    if (opened == "c") ADD_FAILURE() << "out of the root";
    if (HasFailure()) break;
  }
  stop = true;
  attacker.join();
  EXPECT_GT(inside, 0);
  EXPECT_GT(refused, 0);
}

// Makes the kernel say to this thread that it has no openat2, with this errno. False where that is not possible.
bool ForbidOpenat2(int error) {
  std::array<sock_filter, 4> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(RootDirectorySandboxTest, WithoutOpenat2SegmentsAreOpenedOneByOne) {
  TempFolder folder;
  folder.Write("root/dir/b.txt", "b");
  folder.Write("secret.txt", "secret");
  folder.Link("../secret.txt", "root/up");
  folder.Link("dir", "root/inside");
  for (const int error : {ENOSYS, EPERM}) {
    std::thread([&] {
      if (!ForbidOpenat2(error)) GTEST_SKIP() << "no seccomp here";
      const auto root = RootDirectory::OpenFolder(folder.PathOf("root"));
      ASSERT_TRUE(root);
      EXPECT_EQ(Opened(*root, "dir/b.txt"), "b");
      EXPECT_EQ(Opened(*root, "up"), "ELOOP");
      EXPECT_EQ(Opened(*root, "inside/b.txt"), "ENOTDIR") << "what the kernel vouches for it would have followed";
      EXPECT_EQ(Opened(*root, "../secret.txt"), "EXDEV");
    }).join();
  }
}

}  // namespace
}  // namespace gale::http::internal
