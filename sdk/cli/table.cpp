// SPDX-License-Identifier: MIT
// Tables of text in columns; see table.hpp.
#include "table.hpp"

#include <algorithm>

#include "text.hpp"

namespace llmspool::cli {

Table::Table(std::vector<std::string> heading) {
  std::vector<Cell> row;
  row.reserve(heading.size());
  for (auto& title : heading) row.push_back({std::move(title), Colour::dim});
  rows_.push_back(std::move(row));
}

void Table::add(std::vector<Cell> row) {
  for (auto& cell : row) cell.text = escaped(cell.text);
  row.resize(rows_.front().size());
  rows_.push_back(std::move(row));
}

std::vector<std::string> Table::lines(const Terminal& terminal) const {
  if (rows_.size() == 1) return {"There are none."};
  std::vector<std::size_t> widths(rows_.front().size());
  for (std::size_t column = 0; column < widths.size(); ++column) {
    for (std::size_t row = 1; row < rows_.size(); ++row)
      widths[column] = std::max(widths[column], columns(rows_[row][column].text));
    if (widths[column] > 0)
      widths[column] = std::max(widths[column], columns(rows_.front()[column].text));
  }

  constexpr std::size_t kGap = 2;
  const auto limit = terminal.present ? terminal.width : std::string::npos;
  std::vector<std::string> lines;
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    std::size_t written = 0;
    for (std::size_t column = 0, start = 0; column < widths.size() && start < limit; ++column) {
      const auto cell = clipped(row[column].text, limit - start, terminal.ellipsis());
      if (widths[column] > 0 && !cell.empty()) {
        line += std::string(start - written, ' ') + terminal.painted(cell, row[column].colour);
        written = start + columns(cell);
      }
      if (widths[column] > 0) start += widths[column] + kGap;
    }
  }
  return lines;
}

std::string Table::text(const Terminal& terminal) const {
  std::string text;
  for (const auto& line : lines(terminal)) text += line + '\n';
  return text;
}

}  // namespace llmspool::cli
