#include "dots.h"

namespace {

struct walk {
  std::string_view text;
  size_t position = 0;
  uint32_t line = 1;
  size_t line_start = 0;

  bool at(std::string_view word) const { return text.compare(position, word.size(), word) == 0; }

  void step() {
    if (text[position++] != '\n') return;
    line++;
    line_start = position;
  }

  void skip_comment() {
    while (position < text.size() && text[position] != '\n') position++;
  }

  // Passes a string; a one-line string that is not closed ends with its line.
  void skip_string() {
    const char quote = text[position];
    const char triple[] = {quote, quote, quote};
    const bool several_lines = at({triple, 3});
    position += several_lines ? 3 : 1;
    while (position < text.size()) {
      if (quote == '"' && text[position] == '\\' && position + 1 < text.size()) position++;
      else if (several_lines && at({triple, 3})) return close_triple(quote);
      else if (!several_lines && (text[position] == quote || text[position] == '\n')) break;
      step();
    }
    if (position < text.size()) step();
  }

  // Up to two quotes may stand before the closing three.
  void close_triple(char quote) {
    size_t quotes = 0;
    while (quotes < 5 && position < text.size() && text[position] == quote) position++, quotes++;
  }
};

}  // namespace

cloacina_toml_place find_too_many_dots(std::string_view text, size_t most) {
  walk walk{text};
  uint32_t counted_line = 0;
  size_t dots = 0;
  while (walk.position < text.size()) {
    const char byte = text[walk.position];
    if (byte == '#') { walk.skip_comment(); continue; }
    if (byte == '"' || byte == '\'') { walk.skip_string(); continue; }
    if (walk.line != counted_line) counted_line = walk.line, dots = 0;
    if (byte == '.' && ++dots > most) {
      return {walk.line, static_cast<uint32_t>(walk.position - walk.line_start + 1)};
    }
    walk.step();
  }
  return {0, 0};
}
