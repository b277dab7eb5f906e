// SPDX-License-Identifier: MIT
#include "toml/nearest.hpp"

#include <gtest/gtest.h>

namespace llmspool::toml {
namespace {

TEST(Nearest, FindsWhatAFewTypingErrorsHide) {
  const std::vector<std::string> known{"listen", "socket", "admin_group"};
  for (const auto& [word, meant] :
       std::vector<std::pair<std::string, std::string>>{{"lisen", "listen"},    // one dropped
                                                        {"listenn", "listen"},  // one added
                                                        {"sokcet", "socket"},   // two swapped
                                                        {"admingroup", "admin_group"},
                                                        {"address", ""},  // nothing near
                                                        {"", ""},
                                                        {std::string(10'000, 'x'), ""}})
    EXPECT_EQ(nearest(word, known), meant) << word;
  EXPECT_EQ(nearest("a", {}), "");
  EXPECT_EQ(nearest("ab", {"c"}), "");  // to replace all of it is no typing error
}

TEST(Nearest, EndsAMessage) {
  EXPECT_EQ(suggestion("lisen", {"listen", "socket"}, "Accepted"),
            "; did you mean 'listen'? Accepted: listen, socket");
  EXPECT_EQ(suggestion("zzz", {"listen"}, "Accepted"), ". Accepted: listen");
  EXPECT_EQ(suggestion("zzz", {}, "Accepted"), "");
}

}  // namespace
}  // namespace llmspool::toml
