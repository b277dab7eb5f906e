// SPDX-License-Identifier: MIT
// The tokens that one call into llama.cpp computes.
#pragma once

#include <llama.h>

#include <cstddef>
#include <cstdint>

namespace llmspool::llamacpp {

class Batch {
 public:
  explicit Batch(std::size_t capacity)
      : capacity_(capacity), batch_(llama_batch_init(static_cast<int32_t>(capacity), 0, 1)) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { llama_batch_free(batch_); }

  void clear() { batch_.n_tokens = 0; }
  bool empty() const { return batch_.n_tokens == 0; }
  std::size_t room() const { return capacity_ - static_cast<std::size_t>(batch_.n_tokens); }

  // Gives the row that the token has in the batch. `output`: the next token is going to be chosen
  // from there.
  int32_t add(llama_token token, std::size_t position, llama_seq_id sequence, bool output) {
    const int32_t row = batch_.n_tokens++;
    batch_.token[row] = token;
    batch_.pos[row] = static_cast<llama_pos>(position);
    batch_.n_seq_id[row] = 1;
    batch_.seq_id[row][0] = sequence;
    batch_.logits[row] = output ? 1 : 0;
    return row;
  }

  const llama_batch& get() const { return batch_; }

 private:
  std::size_t capacity_;
  llama_batch batch_;
};

}  // namespace llmspool::llamacpp
