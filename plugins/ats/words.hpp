// SPDX-License-Identifier: MIT
// Cuts UTF-8 text into the words that job postings and CVs are made of: C++, .NET, Node.js, CI/CD
// and full-stack are one word each; e-mail and web addresses are none. Whatever the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmspool::ats {

struct Word {
  std::string_view text;  // as it stands there
  std::string key;        // the same for all spellings that mean the same; see key_of()
  std::size_t phrase;     // words with no punctuation and no line's end between them share it
};

std::vector<Word> words_of(std::string_view text);

// Case-folded, without inner hyphens and dots and without an English plural's ending, so that
// "Node.js" and "NodeJS", "full-stack" and "Fullstack", "databases" and "Database" are the same.
std::string key_of(std::string_view word);

bool has_letter(std::string_view word);
// A name or an abbreviation by its looks: "SQL", "JavaScript", "C#", "Node.js", "OAuth2".
bool looks_technical(std::string_view word);
bool starts_with_capital(std::string_view word);

}  // namespace llmspool::ats
