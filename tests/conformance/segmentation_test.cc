// What a client gets depends on its bytes alone, not on how they arrive: every wire case, cut in two at every byte, and
// behind another request, has the result that it has in one piece.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "gale/tests/conformance/handlers.h"
#include "gale/tests/conformance/wire_cases.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// Cuts in the middle of a long value are all alike.
constexpr std::size_t kWindow = 512;
// Sanitized programs are slow: they try every kStride-th cut, beginning elsewhere in each case.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStride = 13;
#else
constexpr std::size_t kStride = 1;
#endif

const std::vector<WireCase>& Cases() {
  static const std::vector<WireCase> cases = [] {
    std::vector<WireCase> all = ReadWireCases(GALE_WIRE_CASES);
    std::ranges::move(ReadWireCases(GALE_MORE_WIRE_CASES), std::back_inserter(all));
    return all;
  }();
  return cases;
}

// Comparable is the text without what may differ: dates, and the go-ahead that a client gets only if its body is late.
std::string Comparable(std::string text) {
  constexpr std::string_view kName = "\r\nDate: ";
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (const std::size_t at = text.find(kContinue); at != std::string::npos) text.erase(at, kContinue.size());
  for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at + 1)) {
    const std::size_t begin = at + kName.size();
    text.replace(begin, std::min(text.find("\r\n", begin), text.size()) - begin, "-");
  }
  return text;
}

// Play sends the pieces, each when the server has read those before, and returns all that comes back.
std::string Play(const TestServer& server, std::initializer_list<std::string_view> pieces) {
  WireClient client = server.Connect();
  for (std::string_view piece : pieces) client.SendAndWait(piece);
  client.CloseWrite();
  std::string answer = Comparable(client.ReadToEnd());
  return client.Ending() == "EOF" ? answer : answer + client.Ending();
}

// A reset behind the whole answer is no difference if the server has ended the connection behind the first piece by
// itself, because the client had asked for that: the second piece was on its way to nobody.
bool IsResetBehindTheEnd(const TestServer& server, const std::string& answer, const std::string& whole,
                         std::string_view first_piece) {
  if (!answer.starts_with(whole) || answer == whole) return false;
  WireClient client = server.Connect();
  client.Send(first_piece);
  return Comparable(client.ReadToEnd()) == whole && client.Ending() == "EOF";
}

// No case here waits for a timeout, but the machine may be slow.
ServerOptions PatientOptions() {
  ServerOptions options = ConformanceOptions();
  options.read_header_timeout = options.body_idle_timeout = options.idle_timeout = 1min;
  return options;
}

class SegmentationTest : public ::testing::Test {
 protected:
  TestServer server_{ServeConformance, PatientOptions(), TestServer::Network::kUnix};
};

TEST_F(SegmentationTest, DoesNotChangeTheResult) {
  std::size_t offset = 0;
  for (const auto& [id, bytes] : Cases()) {
    const std::string_view all = bytes;
    const std::string whole = Play(server_, {all});
    for (std::size_t cut = 1 + offset++ % kStride; cut < all.size(); cut += kStride) {
      if (cut > kWindow && cut + kWindow < all.size()) cut = all.size() - kWindow;
      const std::string answer = Play(server_, {all.substr(0, cut), all.substr(cut)});
      if (IsResetBehindTheEnd(server_, answer, whole, all.substr(0, cut))) continue;
      ASSERT_EQ(answer, whole) << id << " cut at " << cut;
    }
  }
}

TEST_F(SegmentationTest, DoesNotChangeTheResultByteByByte) {
  for (const auto& [id, bytes] : Cases()) {
    const std::string whole = Play(server_, {bytes});
    WireClient client = server_.Connect();
    const std::size_t single = std::min(bytes.size(), kWindow);
    for (std::size_t i = 0; i < single; ++i) client.SendAndWait(std::string_view(bytes).substr(i, 1));
    client.Send(std::string_view(bytes).substr(single));
    client.CloseWrite();
    EXPECT_EQ(Comparable(client.ReadToEnd()), whole) << id;
  }
}

// A request behind another one on the connection is read as the first one is.
TEST_F(SegmentationTest, DoesNotChangeTheResultBehindAnotherRequest) {
  const std::string before = Post("/", "before");
  const std::string answer = Play(server_, {before});
  ASSERT_TRUE(answer.ends_with("before"));
  for (const auto& [id, bytes] : Cases()) {
    const std::string expected = answer + Play(server_, {bytes});
    EXPECT_EQ(Play(server_, {before + bytes}), expected) << id;
    EXPECT_EQ(Play(server_, {before, bytes}), expected) << id;
    const std::size_t middle = bytes.size() / 2;
    EXPECT_EQ(Play(server_, {before + bytes.substr(0, middle), bytes.substr(middle)}), expected) << id;
  }
}

}  // namespace
}  // namespace gale::http
