// Whole multipart forms: values, files in memory and on disk, and what they may take.
#include "gale/http/multipart_form.h"

#include <gtest/gtest.h>

#include <dirent.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "gale/http/message_errc.h"
#include "gale/tests/http/test_server.h"
#include "gale/tests/net/piece_reader.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

constexpr std::string_view kType = "multipart/form-data; boundary=b";

std::string Field(std::string_view name, std::string_view value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" + std::string(value) +
         "\r\n";
}
std::string File(std::string_view name, std::string_view filename, std::string_view content) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"; filename=\"" +
         std::string(filename) + "\"\r\nContent-Type: text/plain\r\n\r\n" + std::string(content) + "\r\n";
}
const std::string kEnd = "--b--\r\n";

// Upload is a request with a multipart body.
class Upload : public Request {
 public:
  explicit Upload(std::string body, std::string_view type = kType, gale::Error end = Errc::kEof)
      : reader_(std::move(body), 1000, std::move(end)) {
    EXPECT_TRUE(URL().ParseRequestTarget("POST", "/?q=query&a=query"));
    SetMethod("POST");
    Header().Set("Content-Type", type);
    SetBody(reader_, -1);
  }
  std::size_t Consumed() const { return reader_.Consumed(); }

 private:
  gale::testing::PieceReader reader_;
};

std::string Content(std::expected<FormFile, gale::Error> file) {
  return file ? ReadAll(*file).value_or("unreadable") : file.error().Message();
}

TEST(MultipartFormTest, ValuesAndFiles) {
  Upload r(Field("a", "1") + File("f", "dir/one.txt", "content") + Field("a", "2") + File("f", "two.txt", "") +
           File("g", "", "unnamed") + "--b\r\n\r\nno name\r\n" + kEnd);
  ASSERT_FALSE(r.ParseMultipartForm());
  // A type makes no file: some clients give one to every field.
  EXPECT_EQ(r.MultipartForm().Value().Encode(), "a=1&a=2&g=unnamed");
  EXPECT_EQ(r.Form().Encode(), "a=query&a=1&a=2&g=unnamed&q=query");
  EXPECT_EQ(r.PostForm().Encode(), "a=1&a=2&g=unnamed");
  EXPECT_EQ(r.PostFormValue("a"), "1");
  EXPECT_EQ(r.FormValue("q"), "query");

  const auto files = r.MultipartForm().Files("f");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].Filename(), "one.txt");
  EXPECT_EQ(files[0].Size(), 7);
  EXPECT_EQ(files[0].Header().Get("Content-Type"), "text/plain");
  EXPECT_TRUE(files[0].InMemory());
  EXPECT_EQ(files[1].Size(), 0);
  EXPECT_EQ(r.MultipartForm().AllFiles().size(), 2u);

  auto file = r.FormFile("f");
  ASSERT_TRUE(file);
  EXPECT_EQ(*ReadAll(*file), "content");
  EXPECT_EQ(Content(r.FormFile("f")), "content");
  EXPECT_TRUE(r.FormFile("g").error() == MessageErrc::kMissingFile);
  EXPECT_TRUE(r.FormFile("a").error() == MessageErrc::kMissingFile);
}

TEST(MultipartFormTest, FormValueAndFormFileParseByThemselves) {
  Upload value(Field("a", "1") + kEnd);
  EXPECT_EQ(value.FormValue("b"), "");
  EXPECT_EQ(value.PostFormValue("a"), "1");
  Upload file(File("f", "x", "content") + kEnd);
  EXPECT_EQ(Content(file.FormFile("f")), "content");
}

TEST(MultipartFormTest, AFileHandleOutlivesTheRequest) {
  std::optional<FormFile> in_memory;
  std::optional<FormFile> on_disk;
  {
    Upload r(File("f", "x", "content") + File("g", "y", std::string(1000, 'y')) + kEnd);
    ASSERT_FALSE(r.ParseMultipartForm({.max_memory = 100}));
    in_memory = r.MultipartForm().File("f");
    on_disk = r.MultipartForm().File("g");
    r.Reset();
    EXPECT_TRUE(r.MultipartForm().AllFiles().empty());
  }
  EXPECT_EQ(*ReadAll(*in_memory), "content");
  EXPECT_FALSE(on_disk->InMemory());
  EXPECT_EQ(*ReadAll(*on_disk), std::string(1000, 'y'));
}

TEST(MultipartFormTest, WhatDoesNotFitGoesToDisk) {
  const Baseline baseline;
  const auto directory = std::filesystem::temp_directory_path() / ("gale-form-test-" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  {
    const std::string big = std::string(100'000, 'x') + std::string(100'000, 'y');
    Upload r(File("big", "b", big) + File("small", "s", "content") + kEnd);
    ASSERT_FALSE(r.ParseMultipartForm({.max_memory = 100'000, .temp_directory = directory.string()}));
    auto file = r.FormFile("big");
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->InMemory());
    EXPECT_TRUE(r.FormFile("small")->InMemory()) << "the memory of what moved to disk is free again";
    EXPECT_TRUE(std::filesystem::is_empty(directory)) << "the file has no name";
    EXPECT_EQ(file->Size(), 200'000);
    EXPECT_EQ(*ReadAll(*file), big);

    auto copy = *file;
    copy.Seek(99'999);
    std::string two(2, '\0');
    EXPECT_EQ(*copy.Read(two), 2u);
    EXPECT_EQ(two, "xy");
    EXPECT_EQ(*copy.ReadAt(two, 199'999), 1u);
    EXPECT_TRUE(copy.ReadAt(two, 200'000).error() == Errc::kEof);
    EXPECT_TRUE(copy.ReadAt(two, -1).error() == std::errc::invalid_argument);
    EXPECT_TRUE(file->Read(two).error() == Errc::kEof) << "each handle has a place of its own";
  }
  std::filesystem::remove(directory);
  EXPECT_TRUE(baseline.BackAgain());
}

TEST(MultipartFormTest, AllFilesOnDiskTakeOneDescriptor) {
  const int descriptors = OpenDescriptors();
  std::string body;
  for (int i = 0; i < 50; ++i)
    body += File("f", std::to_string(i), std::string(100 + i, static_cast<char>('a' + i % 26)));
  Upload r(body + kEnd);
  ASSERT_FALSE(r.ParseMultipartForm(50));
  EXPECT_EQ(OpenDescriptors(), descriptors + 1);
  auto files = r.MultipartForm().Files("f");
  ASSERT_EQ(files.size(), 50u);
  for (int i = 49; i >= 0; --i) {
    EXPECT_FALSE(files[i].InMemory());
    EXPECT_EQ(*ReadAll(files[i]), std::string(100 + i, static_cast<char>('a' + i % 26))) << i;
  }
}

TEST(MultipartFormTest, NoDirectoryForFiles) {
  Upload r(File("f", "x", "content") + kEnd);
  const gale::Error error = r.ParseMultipartForm({.max_memory = 0, .temp_directory = "/nonexistent/directory"});
  EXPECT_TRUE(error == std::errc::no_such_file_or_directory) << error.Message();
  EXPECT_EQ(StatusForBodyError(error), 500);
}

TEST(MultipartFormTest, AFullDiskIs507) {
  EXPECT_EQ(StatusForBodyError(gale::Error::FromErrno(ENOSPC, "write")), 507);
  EXPECT_EQ(StatusForBodyError(gale::Error::FromErrno(EDQUOT)), 507);
}

TEST(MultipartFormTest, ValuesHaveALimit) {
  constexpr std::size_t kValues = 10 << 20;  // beyond max_memory
  Upload fits(Field("a", std::string(kValues - 1000, 'x')) + kEnd);
  EXPECT_FALSE(fits.ParseMultipartForm({.max_memory = 0}));
  Upload large(Field("a", std::string(kValues + 1, 'x')) + Field("b", "1") + kEnd);
  const gale::Error error = large.ParseMultipartForm({.max_memory = 0});
  EXPECT_TRUE(error == MessageErrc::kFormTooLarge);
  EXPECT_EQ(StatusForBodyError(error), 413);
  EXPECT_EQ(large.PostFormValue("a"), "");
  EXPECT_TRUE(large.ParseMultipartForm() == MessageErrc::kFormTooLarge);
}

TEST(MultipartFormTest, AllHasALimit) {
  const std::string body = File("f", "x", std::string(500, 'x')) + Field("a", std::string(500, 'y')) + kEnd;
  Upload fits(body);
  EXPECT_FALSE(fits.ParseMultipartForm({.max_bytes = 1000}));
  Upload large(body);
  EXPECT_TRUE(large.ParseMultipartForm({.max_bytes = 999}) == MessageErrc::kFormTooLarge);
  Upload parts(body);
  EXPECT_TRUE(parts.ParseMultipartForm({.max_parts = 1}) == MessageErrc::kTooManyParts);
  EXPECT_EQ(StatusForBodyError(parts.ParseMultipartForm()), 413);
}

TEST(MultipartFormTest, OtherRequests) {
  Upload json("{}", "application/json");
  EXPECT_TRUE(json.ParseMultipartForm() == MessageErrc::kNotMultipart);
  EXPECT_EQ(json.FormValue("a"), "query");
  EXPECT_TRUE(json.MultipartReader().error() == MessageErrc::kNotMultipart);
  EXPECT_TRUE(json.FormFile("a").error() == MessageErrc::kNotMultipart);
  EXPECT_EQ(json.Consumed(), 0u);

  Upload mixed("", "multipart/mixed; boundary=b");
  EXPECT_TRUE(mixed.ParseMultipartForm() == MessageErrc::kNotMultipart);
  const std::pair<std::string_view, MessageErrc> rows[] = {
      {"multipart/form-data", MessageErrc::kMissingBoundary},
      {"multipart/form-data; boundary=\"\"", MessageErrc::kMissingBoundary},
      {"multipart/form-data; boundary=b; boundary=c", MessageErrc::kDuplicateParameter},
      {"multipart/form-data; boundary=\"b \"", MessageErrc::kInvalidBoundary},
      {"multipart/form-data; boundary=", MessageErrc::kInvalidParameter},
  };
  for (const auto& [type, error] : rows) {
    Upload r(Field("a", "1") + kEnd, type);
    const gale::Error got = r.ParseMultipartForm();
    EXPECT_TRUE(got == error) << type << ": " << got.Message();
    EXPECT_EQ(StatusForBodyError(got), 400);
  }
}

TEST(MultipartFormTest, StreamOrWholeButNotBoth) {
  Upload streamed(Field("a", "1") + kEnd);
  auto reader = streamed.MultipartReader();
  ASSERT_TRUE(reader);
  EXPECT_EQ(*ReadAll(**(*reader)->NextPart()), "1");
  EXPECT_TRUE(streamed.MultipartReader().error() == MessageErrc::kMultipartReaderTwice);
  EXPECT_TRUE(streamed.ParseMultipartForm() == MessageErrc::kReadByMultipartReader);
  EXPECT_EQ(streamed.FormValue("a"), "query");
  EXPECT_EQ(StatusForBodyError(streamed.FormFile("a").error()), 500);

  Upload whole(Field("a", "1") + kEnd);
  ASSERT_FALSE(whole.ParseMultipartForm());
  ASSERT_FALSE(whole.ParseMultipartForm());
  EXPECT_EQ(whole.PostForm().All("a").size(), 1u);
  EXPECT_TRUE(whole.MultipartReader().error() == MessageErrc::kReadByMultipartForm);
}

// What a client uploads comes back; broken off in the middle it leaves nothing behind.
TEST(MultipartFormTest, OverTheWire) {
  const Baseline baseline;
  {
    TestServer server([](ResponseWriter& w, Request& r) {
      if (gale::Error error = r.ParseMultipartForm({.max_memory = 1000})) {
        return Error(w, error.Message(), StatusForBodyError(error));
      }
      (void)w.Write(r.FormValue("a"));
      for (FormFile& file : r.MultipartForm().Files("f")) (void)gale::Copy(w, file);
    });
    const std::string content(300'000, 'x');
    const std::string body = Field("a", "value:") + File("f", "x", content) + kEnd;
    const std::string type = "Content-Type: " + std::string(kType) + "\r\n";
    WireClient client = server.Connect();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Ask(Post("/", body, type)).body, "value:" + content);
    EXPECT_EQ(server.Ask(Post("/", body.substr(0, 200'000), type)).status, 400);

    WireClient aborted = server.Connect();
    const std::string request = Post("/", body, type);
    EXPECT_TRUE(aborted.Send(request.substr(0, request.size() - 1000)));
    aborted.Reset();
  }
  EXPECT_TRUE(baseline.BackAgain());
}

}  // namespace
}  // namespace gale::http
