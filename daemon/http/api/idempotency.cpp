// SPDX-License-Identifier: MIT
#include "http/api/idempotency.hpp"

#include <gcrypt.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

void write_canonical(const json::value& value, std::string& out) {
  if (const json::object* object = value.if_object()) {
    std::vector<const json::key_value_pair*> fields;
    for (const json::key_value_pair& each : *object) fields.push_back(&each);
    std::ranges::sort(fields, {}, [](const auto* each) -> std::string_view { return each->key(); });
    out += '{';
    for (const json::key_value_pair* each : fields) {
      out += json::serialize(json::string_view(each->key())) + ':';
      write_canonical(each->value(), out);
      out += ',';
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& each : *array) {
      write_canonical(each, out);
      out += ',';
    }
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

// The library wants to be set up once, before it is used.
void set_up_gcrypt() {
  [[maybe_unused]] static const bool done = [] {
    gcry_check_version(nullptr);
    gcry_control(GCRYCTL_DISABLE_SECMEM);  // nothing here is secret
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED);
    return true;
  }();
}

std::string sha256(std::string_view text) {
  set_up_gcrypt();
  std::array<unsigned char, 32> digest{};
  gcry_md_hash_buffer(GCRY_MD_SHA256, digest.data(), text.data(), text.size());
  std::string result;
  for (const unsigned char byte : digest) {
    result += "0123456789abcdef"[byte >> 4];
    result += "0123456789abcdef"[byte & 15];
  }
  return result;
}

std::unexpected<Error> wrong(std::string_view detail) {
  return fail(Code::invalid, "The Idempotency-Key header is wrong: " + std::string(detail));
}

}  // namespace

Result<std::string> idempotency_key(const Headers& headers) {
  const std::string* header = headers.find("Idempotency-Key");
  if (!header) return std::string();
  if (headers.count("Idempotency-Key") > 1) return wrong("it is given more than once.");
  const std::string_view text = trimmed(*header);
  std::string key;
  if (text.starts_with('"')) {
    bool closed = false;
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (closed) return wrong("text follows its closing quote.");
      if (text[i] == '"') {
        closed = true;
        continue;
      }
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      key += text[i];
    }
    if (!closed) return wrong("its closing quote is missing.");
  } else {
    key = text;
  }
  if (key.empty() || key.size() > limits::kIdempotencyKeyBytesMax ||
      std::ranges::any_of(key, [](char c) { return c < 0x20 || c > 0x7e; })) {
    return wrong("it must be 1 to " + std::to_string(limits::kIdempotencyKeyBytesMax) +
                 " printable ASCII characters.");
  }
  return key;
}

std::string fingerprint(const json::value& body) {
  std::string canonical = "json:";
  write_canonical(body, canonical);
  return sha256(canonical);
}

std::string fingerprint(const std::map<std::string, std::string>& form) {
  std::string canonical = "form:";
  for (const auto& [name, content] : form) {
    canonical += std::to_string(name.size()) + ':' + name;
    canonical += std::to_string(content.size()) + ':' + content;
  }
  return sha256(canonical);
}

}  // namespace llmspool::http
