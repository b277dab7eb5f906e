// SPDX-License-Identifier: MIT
#include "toml/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "toml/json.hpp"

namespace llmspool::toml {
namespace {

const Member& member(const Document& document, std::string_view key) {
  for (const Member& found : std::get<Members>(document.root.content))
    if (found.key == key) return found;
  throw std::out_of_range("no such key");
}

TEST(Document, KnowsWhereKeysAndValuesStand) {
  const auto document = parse("\n  name = 'x'\n[table]\n", "a.toml");
  ASSERT_TRUE(document);
  EXPECT_EQ(to_string(member(*document, "name").at), "a.toml:2:3");
  EXPECT_EQ(to_string(member(*document, "name").value.at), "a.toml:2:10");
  EXPECT_EQ(to_string(member(*document, "table").value.at), "a.toml:3:1");
}

TEST(Document, TellsSyntaxErrorsInOneSentenceWithTheirPlace) {
  for (const auto& [source, place] :
       std::vector<std::pair<std::string, std::string>>{{"a = ", "a.toml:1:5: "},
                                                        {"a = 1\nb = [1,\n", "a.toml:2:9: "},
                                                        {"a = 1\na = 2\n", "a.toml:2:"},
                                                        {"a = \"\xFF\"\n", "a.toml:1:5: "},
                                                        {"[a]\n[a]\n", "a.toml:2:"}}) {
    const auto document = parse(source, "a.toml");
    ASSERT_FALSE(document) << source;
    EXPECT_EQ(document.error().code, Code::invalid);
    EXPECT_THAT(document.error().message, testing::StartsWith(place));
    EXPECT_THAT(document.error().message, testing::HasSubstr("this is no valid TOML: "));
    EXPECT_THAT(document.error().message, testing::Not(testing::HasSubstr("\n")));
  }
}

TEST(Document, FindsThePlaceOfAByteInsideAText) {
  struct Case {
    std::string reason, source, marked;  // `marked` up to and without its ^ is the text
    std::uint32_t line, column;
  };
  const std::vector<Case> cases{
      {"a basic text", "a = \"x{{\"", "x", 1, 7},
      {"a literal text", "a = 'x{{'", "x", 1, 7},
      {"escapes are shorter than their spelling", R"(a = "\t\u00e9\U0001F600{{")",
       "\t\u00e9\U0001F600", 1, 24},
      {"characters count once", "a = \"\u00e9{{\"", "\u00e9", 1, 7},
      {"the line break after the quotes is no part", "a = \"\"\"\nx\n y{{\"\"\"", "x\n y", 3, 3},
      {"neither is it with CRLF", "a = \"\"\"\r\nx\r\n y{{\"\"\"", "x\n y", 3, 3},
      {"no line break after the quotes", "a = '''x\n{{'''", "x\n", 2, 1},
      {"a backslash joins lines", "a = \"\"\"x \\\n\n   y{{\"\"\"", "x y", 3, 5},
      {"the place itself may follow joined lines", "a = \"\"\"x \\\n   {{\"\"\"", "x ", 2, 4},
      {"a backslash in a literal text is itself", "a = '\\n{{'", "\\n", 1, 8},
      {"a byte order mark counts nothing",
       "\xEF\xBB\xBF"
       "a = 'x{{'",
       "x", 1, 7},
      {"two quotes open and close an empty text", "a = ''", "", 1, 6},
  };
  for (const Case& c : cases) {
    const auto document = parse(c.source, "a.toml");
    ASSERT_TRUE(document) << c.reason << ": " << document.error().message;
    const Value& value = member(*document, "a").value;
    EXPECT_THAT(std::get<std::string>(value.content), testing::StartsWith(c.marked)) << c.reason;
    const Position place = document->inside(value, c.marked.size());
    EXPECT_EQ(place.line, c.line) << c.reason;
    EXPECT_EQ(place.column, c.column) << c.reason;
  }
}

TEST(Document, BecomesJson) {
  const auto document =
      parse("a = [1, 2.5, true, 'x']\nb = { c = 1979-05-27T07:32:00Z, d = 07:32:00 }\ne = inf", "");
  ASSERT_TRUE(document);
  Problems problems;
  const auto json = to_json(std::get<Members>(document->root.content), problems);
  EXPECT_EQ(json.at("a"), boost::json::parse(R"([1, 2.5, true, "x"])"));
  EXPECT_EQ(json.at("b"), boost::json::parse(R"({"c": "1979-05-27T07:32:00Z", "d": "07:32:00"})"));
  EXPECT_EQ(problems.error().message, ":3:5: a number here must be finite");
}

TEST(ReadFile, SaysWhyItCannot) {
  const auto folder = std::filesystem::path(testing::TempDir());
  EXPECT_EQ(read_file(folder / "none.toml").error().message,
            "The file '" + (folder / "none.toml").string() +
                "' cannot be read: No such file or directory.");
  EXPECT_FALSE(read_file(folder));
  std::ofstream(folder / "large.toml") << std::string(1024 * 1024 + 1, '#');
  EXPECT_THAT(read_file(folder / "large.toml").error().message,
              testing::EndsWith("it is larger than 1 MiB."));
  std::ofstream(folder / "largest.toml") << std::string(1024 * 1024, '#');
  EXPECT_TRUE(read_file(folder / "largest.toml"));
  std::ofstream(folder / "good.toml") << "a = 1\n";
  EXPECT_EQ(read_file(folder / "good.toml").value(), "a = 1\n");
}

}  // namespace
}  // namespace llmspool::toml
