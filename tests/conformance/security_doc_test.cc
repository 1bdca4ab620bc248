// docs/security.md tells the truth: each example of its tables has the outcome that its row says.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gale/net/fmt.h"
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

// The rows of the table under a heading.
std::vector<Row> ReadRows(std::string_view heading) {
  std::vector<Row> rows;
  std::ifstream file(GALE_SECURITY_DOC);
  bool in_section = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) in_section = line == heading;
    if (!in_section || !line.starts_with("| ") || line.starts_with("| What")) continue;
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(cell.substr(1));
    if (cells.size() == 5) rows.push_back({cells[0], cells[1], cells[2], CodeIn(cells[4])});
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
  const std::vector<Row> rows = ReadRows("## Requests");
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
      EXPECT_EQ(std::to_string(response.status), row.status.substr(0, 3)) << response.problem;
      EXPECT_EQ(response.Get("Connection"), closes ? "close" : "(none)");
      if (closes) {
        EXPECT_TRUE(client.AtEnd()) << client.Ending();
      } else {
        EXPECT_EQ(client.Ask(Get("/")).status, 200);
      }
    }
  }
}

// DescribeForm answers with the status of the row, as the row says it.
void DescribeForm(ResponseWriter& w, Request& r) {
  const bool is_multipart = r.Header().Get("Content-Type").starts_with("multipart/");
  if (gale::Error error = is_multipart ? r.ParseMultipartForm() : r.ParseForm()) {
    return Error(w, error.Message(), StatusForBodyError(error));
  }
  const auto& files = r.MultipartForm().AllFiles();
  if (!files.empty()) gale::Fprint(w, files[0].InMemory() ? "the file is in memory" : "the file is on disk");
  if (!r.Header().Has("Cookie")) return;
  gale::Fprint(w, r.Cookies().empty() ? "none is seen" : r.Cookies().size() == 1 ? "it is skipped" : "all are seen");
}

std::string FormRequest(std::string_view example) {
  const std::size_t colon = example.find(": ");
  const std::string_view kind = example.substr(0, colon);
  const std::string text = Expand(Unescape(example.substr(colon + 2)));
  if (kind == "cookie") return Get("/", "Cookie: " + text + "\r\n");
  return Post("/", text,
              kind == "multipart" ? "Content-Type: multipart/form-data; boundary=b\r\n"
                                  : "Content-Type: application/x-www-form-urlencoded\r\n");
}

TEST(SecurityDocTest, EveryFormAndCookieHasTheOutcomeOfItsRow) {
  TestServer server(DescribeForm);
  const std::vector<Row> rows = ReadRows("## Forms, uploads and cookies");
  ASSERT_EQ(rows.size(), 9u);
  for (const Row& row : rows) {
    EXPECT_FALSE(row.examples.empty()) << row.what;
    for (const std::string& example : row.examples) {
      SCOPED_TRACE(row.what + example);
      WireClient client = server.Connect();
      const WireResponse response = client.Ask(FormRequest(example));
      EXPECT_EQ(std::to_string(response.status), row.status.substr(0, 3)) << response.problem;
      if (response.status == 200) {
        EXPECT_EQ(response.body + " ", row.status.substr(5));
      }
      EXPECT_EQ(row.connection, "stays open ");
      EXPECT_EQ(client.Ask(Get("/")).status, 200);
    }
  }
}

}  // namespace
}  // namespace gale::http
