// Socket activation, in a child that finds its sockets where systemd puts them.
#include "gale/net/systemd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gale/net/dial.h"
#include "gale/runtime/go.h"

namespace gale::net {
namespace {

// Exits with 0 if the condition holds.
#define CHECK_OR_EXIT(condition)                      \
  if (!(condition)) {                                 \
    std::fprintf(stderr, "not so: %s\n", #condition); \
    ::_exit(1);                                       \
  }

void Announce(int count, int pid = ::getpid()) {
  ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(pid).c_str(), 1);
}

int TcpSocket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_OR_EXIT(::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any)) == 0);
  return fd;
}

void PutAt(int fd, int number) { CHECK_OR_EXIT(fd == number || (::dup2(fd, number) == number && ::close(fd) == 0)); }

class SystemdDeathTest : public ::testing::Test {
 protected:
  SystemdDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SystemdDeathTest, TakesTheSocketsOver) {
  EXPECT_EXIT(
      {
        const int fd = TcpSocket();
        CHECK_OR_EXIT(::listen(fd, 10) == 0);
        PutAt(fd, 3);
        Announce(1);
        gale::Run([] {
          auto listeners = ListenersFromSystemd();
          CHECK_OR_EXIT(listeners && listeners->size() == 1);
          const std::string address = (*listeners)[0]->Address().String();
          gale::Go([address] { (void)(*Dial("tcp", address))->Write("hello"); });
          auto conn = (*listeners)[0]->Accept();
          CHECK_OR_EXIT(conn && *gale::ReadAll(**conn) == "hello");
          CHECK_OR_EXIT(std::getenv("LISTEN_FDS") == nullptr);
          CHECK_OR_EXIT(ListenersFromSystemd()->empty());
          CHECK_OR_EXIT(::fcntl(3, F_GETFD) == FD_CLOEXEC);
        });
        ::_exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SystemdDeathTest, LeavesWhatIsForAnotherProcess) {
  EXPECT_EXIT(
      {
        Announce(1, ::getpid() + 1);
        auto listeners = ListenersFromSystemd();
        ::_exit(listeners && listeners->empty() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SystemdDeathTest, RefusesWhatDoesNotListen) {
  EXPECT_EXIT(
      {
        PutAt(TcpSocket(), 3);
        Announce(1);
        auto listeners = ListenersFromSystemd();
        std::fprintf(stderr, "%s\n", listeners ? "no error" : listeners.error().Message().c_str());
        ::_exit(listeners ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "LISTEN_FDS: descriptor 3: [Ii]nvalid argument");
}

}  // namespace
}  // namespace gale::net
