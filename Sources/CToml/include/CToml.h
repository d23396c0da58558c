/* Reads TOML 1.0 with a kept library and hands it over as JSON, so that no C++ type reaches Swift. */
#ifndef CLOACINA_CTOML_H
#define CLOACINA_CTOML_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where in a text something is, both counted from 1; 0 when it is nowhere. */
typedef struct cloacina_toml_place {
  uint32_t line;
  uint32_t column;
} cloacina_toml_place;

/* The outcome of a reading: JSON text, or a sentence and a place; freed with cloacina_toml_free. */
typedef struct cloacina_toml_result {
  char *json;    /* null when the text was refused */
  size_t json_count;
  char *message; /* null when it was read; also null, with json null, when memory ran out */
  cloacina_toml_place place;
} cloacina_toml_result;

/* Reads `utf8` as one TOML document whose values JSON can say: dates, infinities and NaN are refused, and so is
 * nesting that could exhaust a stack. Members come in byte order of their names. The bytes may be hostile. */
cloacina_toml_result cloacina_toml_to_json(const char *utf8, size_t count);

void cloacina_toml_free(cloacina_toml_result *result);

/* Where the top-level key `key` (ending in NUL) is written in a document that was read before. */
cloacina_toml_place cloacina_toml_find_key(const char *utf8, size_t count, const char *key);

/* Where `key` is written in the table that is the value of the top-level key `table`. */
cloacina_toml_place cloacina_toml_find_key_of_table(const char *utf8, size_t count, const char *table, const char *key);

#ifdef __cplusplus
}
#endif

#endif
