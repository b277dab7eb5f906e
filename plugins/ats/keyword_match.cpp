// SPDX-License-Identifier: MIT
#include "keyword_match.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "stopwords.hpp"
#include "words.hpp"

namespace llmspool::ats {

namespace {

// As many as a person reads, and enough that no single one decides.
constexpr std::size_t kTermsMax = 25;
// With so many terms that are repeated or stand out, the others do not count.
constexpr std::size_t kTermsEnough = 10;
// More repetitions say nothing more.
constexpr int kCountMax = 3;
constexpr int kExcellentScore = 75;
constexpr int kGoodScore = 50;

using Keys = std::set<std::string, std::less<>>;

// A word or a pair of words that the posting may be asking for.
struct Term {
  std::string text;
  std::size_t first = 0;  // where it first occurs; counted in words
  int count = 0;
  int emphasis = 0;  // by its looks and the places where it stands
  bool is_employer = false;
  int weight() const { return std::min(count, kCountMax) + emphasis; }
};

bool has_content(const Word& word) {
  // Three languages that look like words without content.
  if (word.text == "C" || word.text == "R" || word.text == "Go") return true;
  return word.text.size() > 1 && has_letter(word.text) && !is_stopword(word.key);
}

// Two words next to each other in one phrase.
bool is_pair(std::span<const Word> words, std::size_t first) {
  return first + 1 < words.size() && words[first].phrase == words[first + 1].phrase;
}
std::string pair_key(std::span<const Word> words, std::size_t first) {
  return words[first].key + words[first + 1].key;
}

// All words and pairs, so that "full stack" is found for "full-stack" and the other way round.
Keys keys_of(std::span<const Word> words) {
  Keys keys;
  for (std::size_t i = 0; i < words.size(); ++i) {
    keys.insert(words[i].key);
    if (is_pair(words, i)) keys.insert(pair_key(words, i));
  }
  return keys;
}

// The posting's terms, found in one walk over its words.
class TermFinder {
 public:
  TermFinder(std::span<const Word> posting, const Keys& cv) : words_(posting), cv_(cv) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      ++phrase_sizes_[words_[i].phrase];
      if (is_content_pair(i)) ++pair_counts_[pair_key(words_, i)];
    }
  }

  std::map<std::string, Term> find() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (!has_content(words_[i])) continue;
      if (is_term_pair(i)) {
        add(i, 2);
        ++i;
      } else {
        add(i, 1);
      }
    }
    return std::move(terms_);
  }

 private:
  bool is_content_pair(std::size_t i) const {
    return is_pair(words_, i) && has_content(words_[i]) && has_content(words_[i + 1]);
  }

  // Two words are one term if they are a list's item or two names, if the posting says them
  // together more than once, or if the CV does too.
  bool is_term_pair(std::size_t i) const {
    if (!is_content_pair(i)) return false;
    const auto key = pair_key(words_, i);
    const bool names =
        starts_with_capital(words_[i].text) && starts_with_capital(words_[i + 1].text);
    return phrase_sizes_.at(words_[i].phrase) == 2 || names || pair_counts_.at(key) > 1 ||
           cv_.contains(key);
  }

  void add(std::size_t i, std::size_t size) {
    const auto& word = words_[i];
    auto& term = terms_[size == 1 ? word.key : pair_key(words_, i)];
    if (term.count++ == 0) {
      const char* begin = word.text.data();
      const auto last = words_[i + size - 1].text;
      term.text = std::string(begin, last.data() + last.size());
      term.first = i;
    }
    const bool is_name = starts_with_capital(word.text);
    const bool is_item = phrase_sizes_.at(word.phrase) <= size + 1;
    const int emphasis = (looks_technical(term.text) ? 2 : 0) + (size == 2 ? 1 : 0) +
                         (is_name ? 1 : 0) + (is_item ? 1 : 0);
    term.emphasis = std::max(term.emphasis, emphasis);
    // "Engineer at Fernhill Energy", "Ingenieurin bei Fernhill"
    const bool follows = i > 0 && words_[i - 1].phrase == word.phrase;
    if (is_name && follows && (words_[i - 1].key == "at" || words_[i - 1].key == "bei"))
      term.is_employer = true;
  }

  std::span<const Word> words_;
  const Keys& cv_;
  std::map<std::size_t, std::size_t> phrase_sizes_;
  std::map<std::string, int> pair_counts_;
  std::map<std::string, Term> terms_;
};

struct RankedTerm {
  std::string key;
  Term term;
};

// The terms that count, the most important first.
std::vector<RankedTerm> ranked(std::map<std::string, Term> terms) {
  std::vector<RankedTerm> all;
  for (auto& [key, term] : terms)
    if (!term.is_employer) all.push_back({key, std::move(term)});
  std::sort(all.begin(), all.end(), [](const RankedTerm& a, const RankedTerm& b) {
    return std::pair(-a.term.weight(), a.term.first) < std::pair(-b.term.weight(), b.term.first);
  });
  const auto enough = std::min(all.size(), kTermsEnough);
  all.erase(std::find_if(all.begin() + static_cast<std::ptrdiff_t>(enough), all.end(),
                         [](const RankedTerm& ranked) { return ranked.term.weight() == 1; }),
            all.end());
  if (all.size() > kTermsMax) all.erase(all.begin() + kTermsMax, all.end());
  return all;
}

}  // namespace

Match match(std::string_view cv, std::string_view posting) {
  const auto cv_keys = keys_of(words_of(cv));
  const auto posting_words = words_of(posting);
  Match match;
  int found = 0, all = 0;
  for (auto& [key, term] : ranked(TermFinder(posting_words, cv_keys).find())) {
    const bool is_there = cv_keys.contains(key);
    all += term.weight();
    found += is_there ? term.weight() : 0;
    (is_there ? match.matched : match.missing).push_back(std::move(term.text));
  }
  if (all > 0) match.score = (200 * found + all) / (2 * all);
  return match;
}

std::string_view rating_of(int score) {
  if (score >= kExcellentScore) return "EXCELLENT";
  return score >= kGoodScore ? "GOOD" : "LOW";
}

std::string report_on(const Match& match) {
  const auto matched = std::to_string(match.matched.size());
  const auto all = std::to_string(match.matched.size() + match.missing.size());
  std::string text = "ATS match report\n================\n\nScore: " + std::to_string(match.score) +
                     " of 100 [" + std::string(rating_of(match.score)) + "]\n" + "The CV has " +
                     matched + " of the " + all + " terms that matter most in the posting.\n\n";
  for (const auto& term : match.matched) text += "[MATCH]   " + term + "\n";
  for (const auto& term : match.missing) text += "[MISSING] " + term + "\n";
  if (!match.missing.empty())
    text +=
        "\nTerms that are missing but true of you belong into the CV, in the posting's words.\n";
  return text;
}

}  // namespace llmspool::ats
