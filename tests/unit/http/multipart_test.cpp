// SPDX-License-Identifier: MIT
#include "http/multipart.hpp"

#include <gmock/gmock.h>

#include "base/limits.hpp"

namespace llmspool::http {
namespace {

using testing::HasSubstr;

std::string part(const std::string& header, const std::string& content) {
  return "--B\r\n" + header + "\r\n\r\n" + content + "\r\n";
}
std::string field(const std::string& name, const std::string& content) {
  return part("Content-Disposition: form-data; name=\"" + name + "\"", content);
}

TEST(Multipart, GivesFieldsAndFilesInOrder) {
  const std::string body =
      field("a", "1") +
      part(
          "Content-Disposition: form-data; name=\"cv_file\"; filename=\"cv.md\"\r\n"
          "Content-Type: text/markdown",
          "# CV\r\n\r\nText\n") +
      field("empty", "") + "--B--\r\n";
  const auto parts = parse_multipart(body, "B");
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ((*parts)[0].name, "a");
  EXPECT_EQ((*parts)[0].content, "1");
  EXPECT_EQ((*parts)[1].content, "# CV\r\n\r\nText\n");
  EXPECT_EQ((*parts)[1].content_type, "text/markdown");
  EXPECT_EQ((*parts)[2].content, "");
}

TEST(Multipart, LeavesContentAloneThatLooksLikeABoundary) {
  for (const std::string content :
       {"x--B", "x\r\n--", "\r\n--Bx\r\n", "\r\n-B--\r\n", "\n--B--\n", "\r\n\r\n"}) {
    const std::string body = field("a", content) + "--B--";
    const auto parts = parse_multipart(body, "B");
    ASSERT_TRUE(parts) << content << parts.error().message;
    ASSERT_EQ(parts->size(), 1U) << content;
    EXPECT_EQ((*parts)[0].content, content);
  }
}

TEST(Multipart, PassesOverWhatIsAroundIt) {
  const std::string body = "preamble\r\n" + field("a", "1") + "--B--\r\nepilogue\r\n--B\r\n";
  ASSERT_EQ(parse_multipart(body, "B")->size(), 1U);
  const std::string spaced = "--B  \r\nContent-Disposition:form-data;name=a\r\n\r\nx\r\n--B-- ";
  const auto parts = parse_multipart(spaced, "B");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->front().name, "a");
  EXPECT_EQ(parse_multipart("--B--\r\n", "B")->size(), 0U);
}

TEST(Multipart, ReadsNamesAsBrowsersEscapeThem) {
  const std::string body =
      part("Content-Disposition: form-data; name=\"a%22b%0D%0A\"", "") + "--B--";
  const auto parts = parse_multipart(body, "B");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ((*parts)[0].name, "a\"b\r\n");
}

TEST(Multipart, KnowsWhereNoFileWasChosen) {
  const std::pair<std::string, bool> cases[] = {{"", false},
                                                {"; filename=cv.md", false},
                                                {"; filename=\"\"", true},
                                                {"; filename*=UTF-8''na%C3%AFve.md", false},
                                                {"; filename=\"\"; filename*=UTF-8''cv.md", false}};
  for (const auto& [file, expected] : cases) {
    const std::string body = part("Content-Disposition: form-data; name=a" + file, "") + "--B--";
    const auto parts = parse_multipart(body, "B");
    ASSERT_TRUE(parts) << file << parts.error().message;
    EXPECT_EQ(parts->front().is_unchosen_file, expected) << file;
  }
}

TEST(Multipart, IsRefusedWhereItIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "does not occur"},
      {"--C--", "does not occur"},
      {"--B", "line's end"},
      {"--Bx", "line's end"},
      {"--B\r\n", "cut off"},
      {field("a", "1"), "cut off"},
      {field("a", "1") + "--B", "cut off"},
      {field("a", "1") + "--B-", "cut off"},
      {"--B\r\n--B--", "no header"},
      {"--B\r\n\r\n--B--", "blank line"},
      {"--B\r\n\r\nx\r\n--B--", "no Content-Disposition"},
      {"--B\r\nContent-Disposition: form-data; name=a\r\n--B--", "blank line"},
      {part("Nonsense", "x") + "--B--", "no colon"},
      {part("Content-Disposition: form-data", "x") + "--B--", "has no name"},
      {part("Content-Disposition: form-data; name=\"\"", "x") + "--B--", "has no name"},
      {part("Content-Disposition: attachment; name=a", "x") + "--B--", "not 'form-data"},
      {part("Content-Disposition: form-data; name=\"a", "x") + "--B--", "not 'form-data"},
      {part("Content-Disposition: form-data; name=\"\xff\"", "x") + "--B--", "not UTF-8"},
      {field(std::string(limits::kNameBytesMax + 1, 'n'), "x") + "--B--", "longer than"},
      {part("X: " + std::string(4094, 'x') + "\r\nContent-Disposition: form-data; name=a", "x") +
           "--B--",
       "longer than 4096"},
      {part("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64", "x") +
           "--B--",
       "base64"},
      {part("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
            "x") +
           "--B--",
       "two Content-Disposition"},
  };
  for (const auto& [body, message] : cases) {
    const auto parts = parse_multipart(body, "B");
    ASSERT_FALSE(parts) << body;
    EXPECT_EQ(parts.error().code, Code::invalid);
    EXPECT_THAT(parts.error().message, HasSubstr(message)) << body;
  }
}

TEST(Multipart, HasABoundedNumberOfParts) {
  std::string body;
  for (std::size_t i = 0; i < limits::kMultipartPartsMax; ++i) body += field("a", "1");
  EXPECT_TRUE(parse_multipart(body + "--B--", "B"));
  EXPECT_FALSE(parse_multipart(body + field("a", "1") + "--B--", "B"));
}

TEST(Multipart, HasNamesUpToALimit) {
  const std::string longest(limits::kNameBytesMax, 'n');
  const std::string body = field(longest, "x") + "--B--";
  const auto parts = parse_multipart(body, "B");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->front().name, longest);
  EXPECT_FALSE(parse_multipart(field(longest + "n", "x") + "--B--", "B"));
}

TEST(Boundary, IsReadFromTheContentType) {
  EXPECT_EQ(*boundary_of("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(*boundary_of("multipart/form-data; charset=utf-8; boundary=\"a b:c\""), "a b:c");
  for (const std::string& text :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"a \"")}) {
    EXPECT_FALSE(boundary_of(text)) << text;
  }
}

TEST(Boundary, HasAtMost70Characters) {
  const std::string longest(70, 'b');
  EXPECT_EQ(*boundary_of("multipart/form-data; boundary=" + longest), longest);
  EXPECT_FALSE(boundary_of("multipart/form-data; boundary=" + longest + "b"));
}

}  // namespace
}  // namespace llmspool::http
