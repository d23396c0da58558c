// The only place that sees the TOML library. Errors are values here; only lack of memory throws.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "CToml.h"
#include "dots.h"

namespace {

constexpr size_t most_dots_on_a_line = 16;

// A value that JSON cannot say.
struct misfit {
  const char *message;
  toml::source_position position;
};

class json_writer {
 public:
  std::string text;
  misfit refused{nullptr, {}};

  bool write(const toml::node &node) {
    switch (node.type()) {
      case toml::node_type::table: return write_table(*node.as_table());
      case toml::node_type::array: return write_array(*node.as_array());
      case toml::node_type::string: return write_string(node.as_string()->get());
      case toml::node_type::boolean: text += node.as_boolean()->get() ? "true" : "false"; return true;
      case toml::node_type::integer: text += std::to_string(node.as_integer()->get()); return true;
      case toml::node_type::floating_point: return write_double(node);
      default: return refuse(node, "a date or time is not allowed here; write it as a string");
    }
  }

 private:
  bool refuse(const toml::node &node, const char *message) {
    refused = {message, node.source().begin};
    return false;
  }

  bool write_table(const toml::table &table) {
    text += '{';
    bool first = true;
    for (const auto &[key, value] : table) {
      if (!first) text += ',';
      first = false;
      write_string(key.str());
      text += ':';
      if (!write(value)) return false;
    }
    text += '}';
    return true;
  }

  bool write_array(const toml::array &array) {
    text += '[';
    for (size_t index = 0; index < array.size(); index++) {
      if (index > 0) text += ',';
      if (!write(array[index])) return false;
    }
    text += ']';
    return true;
  }

  bool write_double(const toml::node &node) {
    const double value = node.as_floating_point()->get();
    if (!std::isfinite(value)) return refuse(node, "infinity and nan are not allowed");
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", value);
    text += digits;
    return true;
  }

  bool write_string(std::string_view string) {
    text += '"';
    for (const char byte : string) {
      if (byte == '"' || byte == '\\') {
        text += '\\';
        text += byte;
      } else if (static_cast<unsigned char>(byte) < 0x20) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", byte);
        text += escape;
      } else {
        text += byte;
      }
    }
    text += '"';
    return true;
  }
};

char *copy(std::string_view text) {
  auto *bytes = static_cast<char *>(std::malloc(text.size() + 1));
  if (bytes == nullptr) return nullptr;
  std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
  return bytes;
}

cloacina_toml_result refusal(std::string_view message, cloacina_toml_place place) {
  return {nullptr, 0, copy(message), place};
}

cloacina_toml_place place_of(const toml::source_position &position) { return {position.line, position.column}; }

cloacina_toml_result read(std::string_view text) {
  const cloacina_toml_place dots = find_too_many_dots(text, most_dots_on_a_line);
  if (dots.line != 0) return refusal("a line has more dotted names than are allowed", dots);
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return refusal(parsed.error().description(), place_of(parsed.error().source().begin));
  json_writer writer;
  if (!writer.write(parsed.table())) return refusal(writer.refused.message, place_of(writer.refused.position));
  return {copy(writer.text), writer.text.size(), nullptr, {0, 0}};
}

}  // namespace

cloacina_toml_result cloacina_toml_to_json(const char *utf8, size_t count) {
  try {
    return read({utf8, count});
  } catch (const std::bad_alloc &) {
    return {nullptr, 0, nullptr, {0, 0}};
  }
}

void cloacina_toml_free(cloacina_toml_result *result) {
  std::free(result->json);
  std::free(result->message);
  *result = {nullptr, 0, nullptr, {0, 0}};
}

static cloacina_toml_place find_in(const toml::table *table, const char *key) {
  if (table == nullptr) return {0, 0};
  const auto found = table->find(key);
  return found == table->end() ? cloacina_toml_place{0, 0} : place_of(found->first.source().begin);
}

cloacina_toml_place cloacina_toml_find_key_of_table(const char *utf8, size_t count, const char *table,
                                                    const char *key) {
  try {
    const toml::parse_result parsed = toml::parse(std::string_view{utf8, count});
    return parsed ? find_in(parsed.table()[table].as_table(), key) : cloacina_toml_place{0, 0};
  } catch (const std::bad_alloc &) {
    return {0, 0};
  }
}

cloacina_toml_place cloacina_toml_find_key(const char *utf8, size_t count, const char *key) {
  try {
    const toml::parse_result parsed = toml::parse(std::string_view{utf8, count});
    return parsed ? find_in(&parsed.table(), key) : cloacina_toml_place{0, 0};
  } catch (const std::bad_alloc &) {
    return {0, 0};
  }
}
