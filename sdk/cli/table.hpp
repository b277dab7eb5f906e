// SPDX-License-Identifier: MIT
// Tables of text in columns.
#pragma once

#include <string>
#include <vector>

#include "terminal.hpp"

namespace llmspool::cli {

struct Cell {
  std::string text;
  Colour colour = Colour::none;
};

// Rows under a heading. What comes from the daemon may be put in as it is; sentences as one_line().
class Table {
 public:
  explicit Table(std::vector<std::string> heading);
  void add(std::vector<Cell> row);

  // One line a row; on a terminal no line is wider than it. A column without a value is left out,
  // and a table without rows says so.
  std::vector<std::string> lines(const Terminal& terminal) const;
  // The same, each line with its end.
  std::string text(const Terminal& terminal) const;

 private:
  std::vector<std::vector<Cell>> rows_;  // the first is the heading
};

}  // namespace llmspool::cli
