// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace llmspool::ats {

namespace {

// A character and where its bytes begin.
struct Character {
  UChar32 code;
  std::size_t begin;
};

std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> all;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at < size;) {
    const auto begin = static_cast<std::size_t>(at);
    UChar32 code = 0;
    // Gives a negative code for bytes that are no UTF-8. Increments in the conditions of its macro.
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions)
    U8_NEXT(bytes, at, size, code);
    all.push_back({code, begin});
  }
  return all;
}

bool is_word_character(UChar32 code) {
  return u_isalnum(code) != 0 || (U_GET_GC_MASK(code) & U_GC_M_MASK) != 0 || code == '_';
}
bool is_apostrophe(UChar32 code) {
  return code == '\'' || code == 0x2019;
}

// Walks over a text's characters.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), characters_(characters_of(text)) {}

  std::vector<Word> words() {
    while (at_ < characters_.size()) {
      if (begins_chunk() && chunk_is_address())
        skip_chunk();
      else if (begins_word())
        take_word();
      else
        skip_character();
    }
    return std::move(words_);
  }

 private:
  // 0 before the text and after it.
  UChar32 code(std::size_t index) const {
    return index < characters_.size() ? characters_[index].code : 0;
  }
  UChar32 before(std::size_t index) const { return index == 0 ? 0 : code(index - 1); }
  bool is_word(std::size_t index) const { return is_word_character(code(index)); }
  std::string_view slice(std::size_t begin, std::size_t end) const {
    const auto offset = [&](std::size_t index) {
      return index < characters_.size() ? characters_[index].begin : text_.size();
    };
    return text_.substr(offset(begin), offset(end) - offset(begin));
  }

  // A chunk is what stands between blanks.
  std::size_t chunk_end() const {
    std::size_t end = at_;
    while (end < characters_.size() && u_isUWhiteSpace(code(end)) == 0) ++end;
    return end;
  }
  bool begins_chunk() const { return at_ == 0 || u_isUWhiteSpace(before(at_)) != 0; }
  bool chunk_is_address() const {
    const auto chunk = slice(at_, chunk_end());
    return chunk.find('@') != chunk.npos || chunk.find("://") != chunk.npos ||
           chunk.starts_with("www.");
  }
  void skip_chunk() {
    at_ = chunk_end();
    ++phrase_;
  }

  bool begins_word() const {
    if (is_word(at_)) return true;
    return code(at_) == '.' && u_isalpha(code(at_ + 1)) != 0 && !is_word_character(before(at_)) &&
           before(at_) != '.';
  }

  void take_word() {
    const std::size_t begin = at_;
    do {
      ++at_;
    } while (is_word(at_) || joins(begin));
    while (code(at_) == '+' || code(at_) == '#') ++at_;
    const auto text = slice(begin, at_);
    words_.push_back({text, key_of(text), phrase_});
    const bool has_genitive_s =
        is_apostrophe(code(at_)) && code(at_ + 1) == 's' && !is_word(at_ + 2);
    if (has_genitive_s) at_ += 2;
  }

  // Whether the character here, between two others, belongs to the word that began at `begin`.
  bool joins(std::size_t begin) const {
    if (!is_word(at_ - 1) || !is_word(at_ + 1)) return false;
    switch (code(at_)) {
      case '.':
      case '-':
      case '&':
      case 0x2010:  // hyphen
      case 0x2011:  // non-breaking hyphen
        return true;
      case '/':
        return is_abbreviation(begin, at_) && is_abbreviation(at_ + 1, end_of_letters(at_ + 1));
      default:
        return false;
    }
  }
  std::size_t end_of_letters(std::size_t index) const {
    while (is_word(index)) ++index;
    return index;
  }
  bool is_abbreviation(std::size_t begin, std::size_t end) const {
    if (end - begin > 3) return false;
    for (auto index = begin; index < end; ++index)
      if (u_isupper(code(index)) == 0) return false;
    return true;
  }

  void skip_character() {
    const auto skipped = code(at_++);
    const bool is_blank = skipped == ' ' || skipped == '\t' || skipped == 0xA0;
    if (!is_blank) ++phrase_;
  }

  std::string_view text_;
  std::vector<Character> characters_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::size_t phrase_ = 0;
};

std::string case_folded(std::string_view word) {
  UErrorCode status = U_ZERO_ERROR;
  std::string folded;
  icu::StringByteSink<std::string> sink(&folded);
  icu::Normalizer2::getNFKCCasefoldInstance(status)->normalizeUTF8(
      0, icu::StringPiece(word.data(), static_cast<int32_t>(word.size())), sink, nullptr, status);
  return folded;
}

std::string without(std::string_view text, std::string_view part) {
  std::string rest;
  for (auto at = text.find(part); at != text.npos; at = text.find(part)) {
    rest += text.substr(0, at);
    text.remove_prefix(at + part.size());
  }
  return rest.append(text);
}

// Harman's rules, which take away less than a stemmer and so confuse no two words.
void make_singular(std::string& word) {
  const auto ends = [&word](std::string_view ending) { return word.ends_with(ending); };
  if (word.size() < 4 || !ends("s") || ends("us") || ends("ss")) return;
  if (ends("ies"))
    word.replace(word.size() - 3, 3, "y");
  else if (!ends("aes") && !ends("ees") && !ends("oes"))
    word.pop_back();
}

template <class Property>
bool any_character(std::string_view word, Property has) {
  const auto characters = characters_of(word);
  return std::any_of(characters.begin(), characters.end(),
                     [&](const Character& character) { return has(character.code); });
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
  return Scanner(text).words();
}

std::string key_of(std::string_view word) {
  std::string key = without(without(case_folded(word), "\u2010"), "\u2011");
  const bool leading_dot = key.starts_with('.');
  std::erase_if(key, [](char c) { return c == '-' || c == '.'; });
  make_singular(key);
  return leading_dot ? "." + key : key;
}

bool has_letter(std::string_view word) {
  return any_character(word, [](UChar32 code) { return u_isalpha(code) != 0; });
}

bool looks_technical(std::string_view word) {
  const auto begin = word.find_first_not_of('.');
  if (begin == word.npos || !has_letter(word)) return false;
  return any_character(word.substr(begin + 1), [](UChar32 code) {
    return u_isupper(code) != 0 || u_isdigit(code) != 0 || code == '+' || code == '#' ||
           code == '.' || code == '/';
  });
}

bool starts_with_capital(std::string_view word) {
  return !word.empty() && u_isupper(characters_of(word).front().code) != 0;
}

}  // namespace llmspool::ats
