// SPDX-License-Identifier: MIT
#include "toml/table.hpp"

#include <gtest/gtest.h>

namespace llmspool::toml {
namespace {

// What is wrong with `source` if `use` reads it.
std::string problems_of(const std::string& source, const Table::Use& use) {
  const auto document = parse(source, "f");
  if (!document) return document.error().message;
  Problems problems;
  Table::read(*document, problems, use);
  return problems.empty() ? "" : problems.error().message;
}

TEST(Table, GivesWhatIsThere) {
  EXPECT_EQ(
      problems_of(R"(
text = "x"
texts = ["x", "y"]
choice = "b"
boolean = true
integer = 7
bytes = "2 KiB"
table = { inner = 1 }
[[tables]]
n = 1
[[tables]]
n = 2
)",
                  [](Table& t) {
                    EXPECT_EQ(t.text("text")->value, "x");
                    EXPECT_EQ(t.texts("texts", "")->at(1).value, "y");
                    EXPECT_EQ(t.choice("choice", {"a", "b"})->value, "b");
                    EXPECT_EQ(t.boolean("boolean"), true);
                    EXPECT_EQ(t.integer("integer", 1, 7), 7);
                    EXPECT_EQ(t.bytes("bytes", 0, 4096), 2048U);
                    t.table("table", [](Table& i) { EXPECT_EQ(i.integer("inner", 0, 9), 1); });
                    std::vector<std::int64_t> numbers;
                    t.tables("tables", [&](Table& i) { numbers.push_back(*i.integer("n", 0, 9)); });
                    EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2}));
                    EXPECT_FALSE(t.text("absent"));
                    EXPECT_FALSE(t.has("absent"));
                  }),
      "");
}

TEST(Table, NamesWrongTypes) {
  struct Case {
    std::string source;
    Table::Use use;
    std::string message;
  };
  const std::vector<Case> cases{
      {"k = 1", [](Table& t) { EXPECT_FALSE(t.text("k")); },
       "f:1:5: 'k' must be a text, like \"…\", not 1"},
      {"k = 'x'", [](Table& t) { EXPECT_FALSE(t.texts("k", "['y']")); },
       "f:1:5: 'k' must be a list of texts, like ['y'], not 'x'"},
      {"k = ['x', 2.5]", [](Table& t) { EXPECT_FALSE(t.texts("k", "['y']")); },
       "f:1:11: 'k' must be a list of texts, like ['y'], not a number with a fraction"},
      {"k = 'inof'", [](Table& t) { EXPECT_FALSE(t.choice("k", {"info", "error"})); },
       "f:1:5: 'k' cannot be 'inof'; did you mean 'info'? Accepted: info, error"},
      {"k = 'yes'", [](Table& t) { EXPECT_FALSE(t.boolean("k")); },
       "f:1:5: 'k' must be true or false, not 'yes'"},
      {"k = 0", [](Table& t) { EXPECT_FALSE(t.integer("k", 1, 9)); },
       "f:1:5: 'k' must be a whole number from 1 to 9, not 0"},
      {"k = 10", [](Table& t) { EXPECT_FALSE(t.integer("k", 1, 9)); },
       "f:1:5: 'k' must be a whole number from 1 to 9, not 10"},
      {"k = []", [](Table& t) { EXPECT_FALSE(t.integer("k", 1, 9)); },
       "f:1:5: 'k' must be a whole number from 1 to 9, not a list"},
      {"k = 1979-05-27", [](Table& t) { t.table("k", [](Table&) { FAIL(); }); },
       "f:1:5: 'k' must be a table, like { name = \"…\" }, not a date or time"},
      {"k = {}", [](Table& t) { t.tables("k", [](Table&) { FAIL(); }); },
       "f:1:5: 'k' must be a list of tables, like [[k]], not a table"},
      {"k = [true]", [](Table& t) { t.tables("k", [](Table&) { FAIL(); }); },
       "f:1:6: 'k' must be a list of tables, like [[k]], not true"},
      {"[a]\nk = 1",
       [](Table& t) {
         t.table("a", [](Table& a) { a.each_table([](const Member&, Table&) { FAIL(); }); });
       },
       "f:2:5: 'k' in [a] must be a table, like [a.k], not 1"},
      {"[a]\nk = 1",
       [](Table& t) {
         t.table("a",
                 [](Table& a) { a.each_text("'x'", [](const Member&, const Text&) { FAIL(); }); });
       },
       "f:2:5: 'k' in [a] must be a text, like 'x', not 1"},
  };
  for (const Case& c : cases) EXPECT_EQ(problems_of(c.source, c.use), c.message);
}

TEST(Table, ReadsSizes) {
  const auto size = [](const std::string& value) {
    std::optional<std::size_t> read;
    const std::string problems = problems_of(
        "k = " + value, [&](Table& t) { read = t.bytes("k", 1, std::size_t{1} << 41); });
    EXPECT_EQ(read.has_value(), problems.empty()) << value;
    return read.value_or(0);
  };
  for (const auto& [value, expected] : std::vector<std::pair<std::string, std::size_t>>{
           {"5", 5},
           {"'5'", 5},
           {"'5 b'", 5},
           {"'5k'", 5120},
           {"'16MB'", 16777216},
           {"'16 MiB'", 16777216},
           {"'1g'", 1073741824},
           {"'2TB'", std::size_t{1} << 41},
           {"0", 0},  // below the minimum
           {"-1", 0},
           {"'3TB'", 0},                     // above the maximum
           {"'18446744073709551615KB'", 0},  // more than 64 bits
           {"'99999999999999999999'", 0},
           {"'MB'", 0},
           {"'-1MB'", 0},
           {"'1.5MB'", 0},
           {"'16XB'", 0},
           {"'16IB'", 0},
           {"''", 0},
           {"true", 0}})
    EXPECT_EQ(size(value), expected) << value;
}

TEST(Table, ReportsKeysThatNobodyAskedFor) {
  EXPECT_EQ(problems_of("lisen = 1",
                        [](Table& t) {
                          t.text("listen");
                          t.text("socket");
                        }),
            "f:1:1: unknown key 'lisen'; did you mean 'listen'? Accepted: listen, socket");
  EXPECT_EQ(problems_of("[[a]]\nfar = 1",
                        [](Table& t) { t.tables("a", [](Table& a) { a.any("near"); }); }),
            "f:2:1: unknown key 'far' in [[a]]. Accepted: near");
  EXPECT_EQ(problems_of("x = 1\ny = 2",
                        [](Table& t) {
                          t.any("x");
                          const Members rest = t.rest();
                          ASSERT_EQ(rest.size(), 1U);
                          EXPECT_EQ(rest.front().key, "y");
                        }),
            "");
}

TEST(Table, NamesEveryMistakeInTheOrderOfTheFile) {
  EXPECT_EQ(problems_of("z = 1\na = 2\nb = 3",
                        [](Table& t) {
                          t.text("b");
                          t.text("a");
                          t.missing("c", "a table needs one");
                        }),
            "f:1:1: 'c' is missing: a table needs one\n"
            "f:1:1: unknown key 'z'. Accepted: a, b, c\n"
            "f:2:5: 'a' must be a text, like \"…\", not 2\n"
            "f:3:5: 'b' must be a text, like \"…\", not 3");
}

}  // namespace
}  // namespace llmspool::toml
