// SPDX-License-Identifier: MIT
// shout: the smallest useful backend. It answers with the prompt in capital letters, word by word.
#include <llmspool/plugin.hpp>

#include <algorithm>
#include <string>

namespace {

class Shout final : public llmspool::Backend {
 public:
  llmspool::Verdict generate(const llmspool::Request& request, const llmspool::Run& run) override {
    std::string text(request.prompt());
    std::ranges::transform(text, text.begin(),
                           [](char c) { return 'a' <= c && c <= 'z' ? char(c - 'a' + 'A') : c; });
    for (std::size_t begin = 0; begin < text.size();) {
      if (run.cancelled()) return llmspool::Verdict::cancelled;
      const std::size_t end = std::min(text.find(' ', begin), text.size() - 1) + 1;
      run.emit(std::string_view(text).substr(begin, end - begin));
      run.progress(llmspool::Phase::generate, end, text.size());
      begin = end;
    }
    return llmspool::Verdict::done;
  }
};

constexpr llmspool::PluginInfo kInfo{
    .id = "org.example.shout", .name = "Shout", .version = "1.0.0"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo, llmspool::backend<Shout>("shout", "Shout", "Answers in capital letters"));
