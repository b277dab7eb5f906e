// SPDX-License-Identifier: MIT
// Words that say nothing about what a job asks for.
#pragma once

#include <string_view>

namespace llmspool::ats {

// Takes a word's key; see words.hpp.
bool is_stopword(std::string_view key);

}  // namespace llmspool::ats
