// SPDX-License-Identifier: MIT
// What somebody may have meant by a word that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmspool::toml {

// The candidate that a few typing errors turn into `word`; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// The end of a message about an unknown word: "; did you mean 'x'? LABEL: x, y"
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates,
                       std::string_view label);

}  // namespace llmspool::toml
