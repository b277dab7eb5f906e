// SPDX-License-Identifier: MIT
// Turns the pieces of text that a model's tokens stand for into text that may leave: whole UTF-8
// characters, none of the model's thoughts, and nothing of a text that ends the answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmspool::llamacpp {

// What a model puts around the thoughts that precede its answer. Without a `begin` it has none.
struct ThoughtTags {
  std::string begin;
  std::vector<std::string> ends;
};

class TextStream {
 public:
  // `thinking`: the prompt has opened the model's thoughts already.
  TextStream(std::vector<std::string> stops, ThoughtTags tags, bool thinking);

  // The text that has become certain with this piece. Add no more once stopped().
  std::string add(std::string_view piece);

  // What was still held back when the answer ended without a stop text; without the first bytes of
  // a character whose last ones never came.
  std::string rest();

  // One of the stop texts has come.
  bool stopped() const { return stopped_; }

 private:
  enum class State { start, thought, answer };

  bool reaches_answer();
  std::size_t certain_size() const;

  std::vector<std::string> stops_;
  ThoughtTags tags_;
  State state_;
  std::string held_;  // not certain yet
  bool stopped_ = false;
};

}  // namespace llmspool::llamacpp
