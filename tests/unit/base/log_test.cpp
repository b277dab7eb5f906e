// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include <gtest/gtest.h>

namespace llmspool::log {
namespace {

TEST(Log, GoesNowhereByDefault) {
  EXPECT_FALSE(enabled(Level::error));
  error("nobody reads this");
}

TEST(Log, GivesItsSinkWhatIsEnabled) {
  std::vector<std::string> lines;
  set_sink(
      [&](const Record& record) {
        std::string line(record.message);
        for (const auto& [name, value] : record.fields)
          line += " " + std::string(name) + "=" + value;
        lines.push_back(std::to_string(static_cast<int>(record.level)) + " " + line);
      },
      Level::warning);
  error("e", {{"JOB_ID", "42"}});
  warning("w");
  info("i");
  debug("d");
  set_sink(nullptr, Level::error);
  error("late");
  EXPECT_EQ(lines, (std::vector<std::string>{"3 e JOB_ID=42", "4 w"}));
}

}  // namespace
}  // namespace llmspool::log
