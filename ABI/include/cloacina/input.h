/* Reading the input of a task without a JSON library: values are borrowed pieces of its text, found by walking.
 *
 * The host has checked that the input is JSON, so these functions do not; they stay inside the text whatever it is.
 * A missing value is a text of count 0, and every function takes one. */
#ifndef CLOACINA_INPUT_H
#define CLOACINA_INPUT_H

#include <stdlib.h>
#include <string.h>

#include "call.h"

CLOACINA_BEGIN_C

/* The text without its first `count` bytes. */
static inline cloacina_text cloacina_drop(cloacina_text text, size_t count) {
  cloacina_text rest = {text.utf8 + (count < text.count ? count : text.count),
                        count < text.count ? text.count - count : 0};
  return rest;
}

/* The text without white space, commas and colons at its start. */
static inline cloacina_text cloacina_skip(cloacina_text text) {
  while (text.count > 0 && memchr(" \t\r\n,:", *text.utf8, 6)) text = cloacina_drop(text, 1);
  return text;
}

/* The value that `text` starts with; count 0 at the end of a list. */
static inline cloacina_text cloacina_value(cloacina_text text) {
  size_t at = 0, depth = 0;
  do {
    char byte = at < text.count ? text.utf8[at] : 0;
    if (byte == '"') {
      for (at++; at < text.count && text.utf8[at] != '"'; at++) at += text.utf8[at] == '\\';
      at++;
    } else if (byte == '{' || byte == '[') {
      depth++;
      at++;
    } else if (byte == '}' || byte == ']') {
      if (depth == 0) break;
      depth--;
      at++;
    } else if (depth > 0) {
      at++;
    } else {
      while (at < text.count && !memchr(" \t\r\n,:}]", text.utf8[at], 8)) at++;
    }
  } while (depth > 0 && at < text.count);
  cloacina_text value = {text.utf8, at < text.count ? at : text.count};
  return value;
}

/* The element of `array` that follows `element`; the first one for a text of count 0.
 *
 *     cloacina_text row = {0, 0};
 *     while ((row = cloacina_next(rows, row)).count > 0) … */
static inline cloacina_text cloacina_next(cloacina_text array, cloacina_text element) {
  if (array.count == 0 || *array.utf8 != '[') return cloacina_drop(array, array.count);
  size_t past = element.count > 0 ? (size_t)(element.utf8 - array.utf8) + element.count : 1;
  return cloacina_value(cloacina_skip(cloacina_drop(array, past)));
}

/* The value of the member of `object` that is spelled `name`. */
static inline cloacina_text cloacina_member(cloacina_text object, const char *name) {
  size_t count = strlen(name);
  cloacina_text rest = cloacina_skip(cloacina_drop(object, object.count > 0 && *object.utf8 == '{'));
  while (rest.count > 0 && *rest.utf8 == '"') {
    cloacina_text key = cloacina_value(rest);
    cloacina_text value = cloacina_value(cloacina_skip(cloacina_drop(rest, key.count)));
    if (key.count == count + 2 && memcmp(key.utf8 + 1, name, count) == 0) return value;
    size_t past = value.count > 0 ? (size_t)(value.utf8 - rest.utf8) + value.count : rest.count;
    rest = cloacina_skip(cloacina_drop(rest, past));
  }
  return cloacina_drop(rest, rest.count);
}

/* The member `name` of the call's input. */
static inline cloacina_text cloacina_input(const cloacina_call *call, const char *name) {
  cloacina_text input = {(const char *)call->input.start, call->input.count};
  return cloacina_member(cloacina_skip(input), name);
}

/* The value as a whole number; `otherwise` when it is missing or something else. */
static inline int64_t cloacina_integer(cloacina_text value, int64_t otherwise) {
  char digits[24], *end;
  if (value.count == 0 || value.count >= sizeof digits) return otherwise;
  memcpy(digits, value.utf8, value.count);
  digits[value.count] = 0;
  int64_t number = strtoll(digits, &end, 10);
  return *end == 0 ? number : otherwise;
}

CLOACINA_END_C

#endif
