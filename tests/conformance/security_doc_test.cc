// docs/security.md tells the truth: each example of its table of requests has the outcome that its row says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gale/tests/conformance/wire_cases.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

struct Row {
  std::string what;
  std::string status;
  std::string connection;
  std::vector<std::string> examples;
};

// The texts between backquotes.
std::vector<std::string> CodeIn(std::string_view cell) {
  std::vector<std::string> texts;
  for (std::size_t begin = cell.find('`'); begin != std::string_view::npos; begin = cell.find('`')) {
    cell.remove_prefix(begin + 1);
    const std::size_t end = cell.find('`');
    texts.emplace_back(cell.substr(0, end));
    cell.remove_prefix(end + 1);
  }
  return texts;
}

// The rows of the table under the heading "## Requests".
std::vector<Row> ReadRows() {
  std::vector<Row> rows;
  std::ifstream file(GALE_SECURITY_DOC);
  bool in_section = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) in_section = line == "## Requests";
    if (!in_section || !line.starts_with("| ") || line.starts_with("| What")) continue;
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(cell.substr(1));
    if (cells.size() == 5) rows.push_back({cells[0], cells[1].substr(0, 3), cells[2], CodeIn(cells[4])});
  }
  return rows;
}

// Expand replaces "{text*count}" by the text's repetitions.
std::string Expand(std::string text) {
  for (std::size_t begin = text.find('{'); begin != std::string::npos; begin = text.find('{', begin)) {
    const std::size_t end = text.find('}', begin);
    const std::size_t star = text.rfind('*', end);
    const std::string part = text.substr(begin + 1, star - begin - 1);
    std::string repeated;
    for (int i = std::stoi(text.substr(star + 1)); i > 0; --i) repeated += part;
    text.replace(begin, end - begin + 1, repeated);
    begin += repeated.size();
  }
  return text;
}

TEST(SecurityDocTest, EveryExampleHasTheOutcomeOfItsRow) {
  TestServer server(Echo, {.max_body_bytes = 1 << 20});
  const std::vector<Row> rows = ReadRows();
  ASSERT_GT(rows.size(), 30u);
  for (const Row& row : rows) {
    EXPECT_FALSE(row.examples.empty()) << row.what;
    for (const std::string& example : row.examples) {
      SCOPED_TRACE(row.what + example);
      const bool closes = row.connection == "closes ";
      ASSERT_TRUE(closes || row.connection == "stays open ");
      WireClient client = server.Connect();
      client.Send(Expand(Unescape(example)));
      if (closes) client.CloseWrite();
      const WireResponse response = client.ReadResponse();
      EXPECT_EQ(std::to_string(response.status), row.status) << response.problem;
      EXPECT_EQ(response.Get("Connection"), closes ? "close" : "(none)");
      if (closes) {
        EXPECT_TRUE(client.AtEnd()) << client.Ending();
      } else {
        EXPECT_EQ(client.Ask(Get("/")).status, 200);
      }
    }
  }
}

}  // namespace
}  // namespace gale::http
