// Connections in memory.
#include "gale/net/pipe.h"

#include <gtest/gtest.h>

#include <string>

#include "gale/runtime/clock.h"
#include "gale/runtime/context.h"
#include "gale/runtime/go.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::net {
namespace {

using namespace std::chrono_literals;

std::string ReadOnce(Conn& conn) {
  char buffer[100];
  auto count = conn.Read(buffer);
  return count ? std::string(buffer, *count) : count.error().Message();
}

TEST(PipeTest, CarriesBytesBothWays) {
  auto [a, b] = Pipe();
  EXPECT_EQ(*a->Write("hello"), 5u);
  EXPECT_EQ(ReadOnce(*b), "hello");
  EXPECT_EQ(*b->Write("world"), 5u);
  EXPECT_EQ(ReadOnce(*a), "world");
}

TEST(PipeTest, WhatWasWrittenBeforeTheEndIsRead) {
  auto [a, b] = Pipe();
  (void)a->Write("last");
  EXPECT_FALSE(b->PeerClosed());
  EXPECT_FALSE(a->Close());
  EXPECT_TRUE(b->PeerClosed());
  EXPECT_EQ(ReadOnce(*b), "last");
  EXPECT_EQ(ReadOnce(*b), "EOF");
  EXPECT_EQ(b->Write("x").error(), std::errc::broken_pipe);
  EXPECT_EQ(a->Write("x").error(), Errc::kClosed);
  EXPECT_EQ(a->Close(), Errc::kClosed);
  EXPECT_EQ(ReadOnce(*a), "read pipe: use of closed network connection");
}

TEST(PipeTest, CloseWriteEndsOneDirection) {
  auto [a, b] = Pipe();
  EXPECT_FALSE(a->CloseWrite());
  EXPECT_EQ(ReadOnce(*b), "EOF");
  EXPECT_TRUE(b->Write("still"));
  EXPECT_EQ(ReadOnce(*a), "still");
}

TEST(PipeTest, AWriterWaitsForRoom) {
  auto [a, b] = Pipe({.buffer = 3});
  WaitGroup group;
  group.Go([&, a = a] {
    EXPECT_EQ(*a->Write("0123456789"), 10u);
    (void)a->CloseWrite();
  });
  std::string all;
  for (std::string some; (some = ReadOnce(*b)) != "EOF";) {
    EXPECT_LE(some.size(), 3u);
    all += some;
  }
  EXPECT_EQ(all, "0123456789");
  group.Wait();
}

TEST(PipeTest, CloseWakesThoseWhoWait) {
  auto [a, b] = Pipe({.buffer = 1});
  WaitGroup group;
  group.Go([&, a = a] { EXPECT_EQ(a->Write("full").error(), Errc::kClosed); });
  group.Go([&, a = a] { EXPECT_EQ(ReadOnce(*a), "read pipe: use of closed network connection"); });
  group.Go([&, a = a] { EXPECT_TRUE(a->WaitReadable()); });
  gale::Sleep(5ms);
  (void)a->Close();
  group.Wait();
}

TEST(PipeTest, DeadlinesFollowTheBubblesClock) {
  gale::testing::Synctest([] {
    auto [a, b] = Pipe({.buffer = 1});
    const auto start = Clock::now();
    a->SetReadDeadline(start + 1h);
    EXPECT_EQ(ReadOnce(*a), "read pipe: i/o timeout");
    EXPECT_EQ(Clock::now() - start, 1h);
    a->SetWriteDeadline(start + 2h);
    EXPECT_EQ(a->Write("full").error(), Errc::kTimeout);
    EXPECT_EQ(Clock::now() - start, 2h);
    // One that is moved while somebody waits for it.
    a->SetReadDeadline(start + 3h);
    Go([a = a, start] {
      Sleep(30min);
      a->SetReadDeadline(start + 4h);
    });
    EXPECT_EQ(a->WaitReadable(), Errc::kTimeout);
    EXPECT_EQ(Clock::now() - start, 4h);
    a->SetReadDeadline({});
    (void)b->Write("x");
    EXPECT_EQ(ReadOnce(*a), "x");
  });
}

TEST(PipeTest, CancelsWhenThePeerGoes) {
  for (const bool is_own : {true, false}) {
    auto [a, b] = Pipe();
    auto [context, cancel] = WithCancel(Background());
    b->CancelOnPeerClosed(cancel);
    (void)a->Write("does not matter");
    EXPECT_FALSE(context.Err());
    (void)(is_own ? b : a)->Close();
    EXPECT_TRUE(context.Err());
    auto [late, cancel_late] = WithCancel(Background());
    b->CancelOnPeerClosed(cancel_late);
    EXPECT_TRUE(late.Err());
  }
}

TEST(PipeListenerTest, AcceptsWhatDialsUntilItIsClosed) {
  PipeListener listener;
  auto client = *listener.Dial();
  auto server = *listener.Accept();
  EXPECT_EQ(server->RemoteAddr().String(), "192.0.2.2:10001");
  EXPECT_EQ(client->RemoteAddr(), listener.Address());
  (void)client->Write("hello");
  EXPECT_EQ(ReadOnce(*server), "hello");

  auto waiting = *listener.Dial();
  WaitGroup group;
  EXPECT_FALSE(listener.Close());
  EXPECT_EQ(listener.Accept().error(), Errc::kClosed);
  EXPECT_EQ(listener.Dial().error(), std::errc::connection_refused);
  EXPECT_EQ(ReadOnce(*waiting), "EOF");
  EXPECT_TRUE(client->Write("lives on"));
}

}  // namespace
}  // namespace gale::net
