// SPDX-License-Identifier: MIT
#include "text_stream.hpp"

#include <algorithm>
#include <utility>

namespace llmspool::llamacpp {

namespace {

struct Match {
  std::size_t begin = std::string::npos;
  std::size_t size = 0;
};

Match first_of(std::string_view text, const std::vector<std::string>& words) {
  Match first;
  for (const auto& word : words)
    if (const auto begin = text.find(word); begin < first.begin) first = {begin, word.size()};
  return first;
}

// How many bytes at the end of `text` are the beginning of `word`, but not all of it.
std::size_t begun_size(std::string_view text, std::string_view word) {
  for (auto size = std::min(text.size(), word.size() - 1); size > 0; --size)
    if (text.ends_with(word.substr(0, size))) return size;
  return 0;
}

// How many bytes at the end of `text` are a UTF-8 character that lacks its last bytes.
std::size_t broken_size(std::string_view text) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(text.size(), 3); ++size) {
    const auto byte = static_cast<unsigned char>(text[text.size() - size]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t whole = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC0U ? 2 : 1;
    return whole > size ? size : 0;
  }
  return 0;
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stops, ThoughtTags tags, bool thinking)
    : stops_(std::move(stops)),
      tags_(std::move(tags)),
      state_(thinking ? State::thought : State::start) {
  std::erase(stops_, "");
}

std::string TextStream::add(std::string_view piece) {
  held_ += piece;
  if (!reaches_answer()) return {};
  const Match stop = first_of(held_, stops_);
  stopped_ = stop.begin != std::string::npos;
  std::string certain = held_.substr(0, stopped_ ? stop.begin : certain_size());
  held_.erase(0, stopped_ ? std::string::npos : certain.size());
  return certain;
}

std::string TextStream::rest() {
  if (state_ == State::thought) return {};
  std::string rest = std::exchange(held_, {});
  rest.resize(rest.size() - broken_size(rest));
  return rest;
}

// Drops blanks and thoughts at the beginning; false if there is nothing else yet.
bool TextStream::reaches_answer() {
  while (state_ != State::answer) {
    if (state_ == State::thought) {
      const Match end = first_of(held_, tags_.ends);
      if (end.begin == std::string::npos) return false;
      held_.erase(0, end.begin + end.size);
      state_ = State::start;
    }
    held_.erase(0, held_.find_first_not_of(" \t\r\n"));
    if (held_.empty()) return false;
    const bool thinks = !tags_.begin.empty();
    if (thinks && held_.starts_with(tags_.begin)) {
      held_.erase(0, tags_.begin.size());
      state_ = State::thought;
    } else if (thinks && tags_.begin.starts_with(held_)) {
      return false;
    } else {
      state_ = State::answer;
    }
  }
  return true;
}

std::size_t TextStream::certain_size() const {
  std::size_t uncertain = broken_size(held_);
  for (const auto& stop : stops_) uncertain = std::max(uncertain, begun_size(held_, stop));
  return held_.size() - uncertain;
}

}  // namespace llmspool::llamacpp
