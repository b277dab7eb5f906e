// SPDX-License-Identifier: MIT
// Tables.
#include "table.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

Table people() {
  Table table({"NAME", "NOTHING", "REMARK"});
  table.add({{"Ada"}, {""}, {"first of all"}});
  table.add({{"Grüße"}, {""}, {""}});
  return table;
}

TEST(Table, AlignsColumnsAndLeavesOutEmptyOnes) {
  EXPECT_EQ(people().text({}),
            "NAME   REMARK\n"
            "Ada    first of all\n"
            "Grüße\n");
}

TEST(Table, IsNoWiderThanTheTerminal) {
  const Terminal narrow{.present = true, .width = 12};
  EXPECT_EQ(people().text(narrow),
            "NAME   RE...\n"
            "Ada    fi...\n"
            "Grüße\n");
}

TEST(Table, IsPaintedWhereThereAreColours) {
  Table table({"STATUS"});
  table.add({{"failed", status_colour("failed")}});
  EXPECT_EQ(table.text({.colour = true}), "\x1b[2mSTATUS\x1b[0m\n\x1b[31mfailed\x1b[0m\n");
}

TEST(Table, DoesNotLetATextPaint) {
  Table table({"NAME"});
  table.add({{"\x1b[31mred"}});
  EXPECT_EQ(table.text({}), "NAME\n\\x1B[31mred\n");
}

TEST(Table, TellsALineBreakFromASpace) {
  Table table({"NAME"});
  table.add({{"a\nb\tc"}});
  table.add({{"a b c"}});
  EXPECT_EQ(table.text({}), "NAME\na\\nb\\tc\na b c\n");
}

TEST(Table, SaysThatItIsEmpty) {
  EXPECT_EQ(Table({"NAME"}).text({}), "There are none.\n");
}

}  // namespace
}  // namespace llmspool::cli
