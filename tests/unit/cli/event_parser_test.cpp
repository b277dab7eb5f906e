// SPDX-License-Identifier: MIT
// Server-sent events out of bytes that come in any portions.
#include <gtest/gtest.h>

#include <llmspool/client.hpp>

namespace llmspool::client {
namespace {

std::vector<std::string> events_of(std::string_view stream, std::size_t portion) {
  EventParser parser(1000);
  std::vector<std::string> events;
  for (std::size_t at = 0; at < stream.size(); at += portion) {
    parser.feed(stream.substr(at, portion));
    while (const auto event = parser.next())
      events.push_back(event->id + '|' + event->event + '|' + event->data);
  }
  return events;
}

TEST(EventParser, GivesWholeEventsWhateverThePortions) {
  constexpr std::string_view kStream =
      "retry: 2000\n\n"
      ": ping\n\n"
      "id: 1\nevent: created\ndata: {}\n\n"
      "id: 2\r\nevent: delta\r\ndata: {\"text\":\"Grüße: x\"}\r\n\r\n"
      "data:two\ndata: lines\nunknown: x\ndata\n\n"
      "event: nothing\n\n"
      "event: last\ndata: cut";
  const std::vector<std::string> expected{"1|created|{}", "2|delta|{\"text\":\"Grüße: x\"}",
                                          "2|message|two\nlines\n"};
  for (std::size_t portion = 1; portion <= kStream.size(); ++portion)
    EXPECT_EQ(events_of(kStream, portion), expected) << portion;
}

TEST(EventParser, HasALimit) {
  EventParser parser(10);
  parser.feed("data: ");
  EXPECT_THROW(parser.feed("12345"), Error);
  EventParser lines(10);
  lines.feed("data: 123\n");
  EXPECT_FALSE(lines.next());
  EXPECT_THROW(lines.feed("data: 456\n"), Error);
}

}  // namespace
}  // namespace llmspool::client
