// SPDX-License-Identifier: MIT
#include "http/multipart.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "http/headers.hpp"

namespace llmspool::http {
namespace {

constexpr std::size_t kHeaderLineBytesMax = 4096;

std::unexpected<Error> wrong(std::string detail) {
  return fail(Code::invalid, "The form is wrong: " + std::move(detail));
}

// A name as a browser escapes it in a form: %22 for a quote, %0D and %0A for a line's end.
std::string browser_unescaped(std::string text) {
  for (const auto& [escape, character] :
       {std::pair{"%22", '"'}, std::pair{"%0D", '\r'}, std::pair{"%0A", '\n'}}) {
    for (auto at = text.find(escape); at != std::string::npos; at = text.find(escape, at + 1)) {
      text.replace(at, 3, 1, character);
    }
  }
  return text;
}

Result<void> read_disposition(std::string_view value, Part& part) {
  ParameterizedValue disposition;
  if (!parse_parameterized(value, disposition) || disposition.value != "form-data") {
    return wrong("a part's Content-Disposition is not 'form-data; name=\"...\"'.");
  }
  const std::string* name = disposition.parameter("name");
  if (!name || name->empty()) return wrong("a part has no name.");
  if (name->size() > limits::kNameBytesMax) {
    return wrong("the name of a part is longer than " + std::to_string(limits::kNameBytesMax) +
                 " bytes.");
  }
  part.name = browser_unescaped(*name);
  if (invalid_utf8_at(part.name)) return wrong("the name of a part is not UTF-8.");
  // The file's own name is the client's matter; some send it as filename* (RFC 8187), or as both.
  const std::string* file_name = disposition.parameter("filename");
  part.is_unchosen_file = file_name && file_name->empty() && !disposition.parameter("filename*");
  return {};
}

Result<Part> read_part(std::string_view text) {
  Part part;
  bool disposed = false;
  for (;;) {
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos) return wrong("a part has no blank line after its header.");
    if (end > kHeaderLineBytesMax) {
      return wrong("a line of a part's header is longer than " +
                   std::to_string(kHeaderLineBytesMax) + " bytes.");
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return wrong("a line of a part's header has no colon.");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (iequals(name, "Content-Disposition")) {
      if (disposed) return wrong("a part has two Content-Disposition headers.");
      LLMSPOOL_CHECK(read_disposition(value, part));
      disposed = true;
    } else if (iequals(name, "Content-Type")) {
      part.content_type = value;
    } else if (iequals(name, "Content-Transfer-Encoding") && !iequals(value, "binary") &&
               !iequals(value, "8bit") && !iequals(value, "7bit")) {
      return wrong("a part is encoded as '" + repaired_utf8(value) + "'; send it as it is.");
    }
  }
  if (!disposed) return wrong("a part has no Content-Disposition header.");
  part.content = text;
  return part;
}

}  // namespace

Result<std::string> boundary_of(std::string_view content_type) {
  ParameterizedValue type;
  const bool parsed = parse_parameterized(content_type, type);
  const std::string* boundary = parsed ? type.parameter("boundary") : nullptr;
  if (!boundary || boundary->empty() || boundary->size() > 70 || boundary->back() == ' ') {
    return wrong("its Content-Type must name a boundary of 1 to 70 characters.");
  }
  return *boundary;
}

Result<std::vector<Part>> parse_multipart(std::string_view body, std::string_view boundary) {
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::vector<Part> parts;
  // The first delimiter may stand at the very beginning, and text before it is passed over.
  std::size_t begin = 0;  // of what follows the delimiter
  if (body.starts_with(std::string_view(delimiter).substr(2))) {
    begin = delimiter.size() - 2;
  } else {
    const auto first = body.find(delimiter);
    if (first == std::string_view::npos) return wrong("its boundary does not occur in the body.");
    begin = first + delimiter.size();
  }
  for (;;) {
    if (body.substr(begin).starts_with("--")) return parts;
    // Spaces may follow the boundary on its line; other text means that it is a longer one.
    std::size_t line_end = begin;
    while (line_end < body.size() && (body[line_end] == ' ' || body[line_end] == '\t')) ++line_end;
    if (!body.substr(line_end).starts_with("\r\n")) {
      return wrong("a boundary is not followed by a line's end.");
    }
    // The line's end is kept in front, so that a delimiter may follow at once.
    std::size_t end = line_end;
    for (;;) {
      end = body.find(delimiter, end);
      if (end == std::string_view::npos) {
        return wrong("it ends without its closing boundary; was it cut off?");
      }
      const std::string_view after = body.substr(end + delimiter.size());
      if (after.starts_with("--") || after.starts_with("\r\n") || after.starts_with(' ') ||
          after.starts_with('\t')) {
        break;
      }
      end += delimiter.size();  // the content only has something that begins like the boundary
    }
    if (parts.size() == limits::kMultipartPartsMax) {
      return wrong("it has more than " + std::to_string(limits::kMultipartPartsMax) + " parts.");
    }
    if (end < line_end + 2) return wrong("a part has no header.");
    LLMSPOOL_TRY(part, read_part(body.substr(line_end + 2, end - line_end - 2)));
    parts.push_back(std::move(part));
    begin = end + delimiter.size();
  }
}

}  // namespace llmspool::http
