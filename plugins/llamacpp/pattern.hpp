// SPDX-License-Identifier: MIT
// Regular expressions in JSON schemas.
#pragma once

#include <string_view>

namespace llmspool::llamacpp {

// Whether a part of the pattern that may be empty is to be repeated, as in "(a?)*", or repeats
// within repeats come to hundreds, as in "((a{1,9}){1,9}){1,9}". A grammar of it can be in so many
// states at once that one token takes minutes, for all jobs of the engine.
bool has_too_many_states(std::string_view pattern);

}  // namespace llmspool::llamacpp
