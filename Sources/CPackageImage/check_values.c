/* Checks of single values that a descriptor is made of. */
#include <string.h>

#include "descriptor.h"

int clo_check_size(uint32_t given, size_t least, const char *what, cloacina_image_error *error) {
  if (given >= least) return 0;
  return clo_refuse(error, REFUSED_STRUCT_SIZE, "%s has struct_size %u, less than the %zu bytes of ABI 1.0; set it "
                    "with sizeof", what, given, least);
}

/* Bytes of the character that starts at `text`, or 0 if there is no valid one within `left`. */
static size_t character(const uint8_t *text, size_t left) {
  uint8_t first = text[0];
  if (first < 0x80) return 1;
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > left) return 0;
  for (size_t index = 1; index < length; index++)
    if ((text[index] & 0xC0) != 0x80) return 0;
  int overlong = (first == 0xE0 && text[1] < 0xA0) || (first == 0xF0 && text[1] < 0x90);
  int surrogate = first == 0xED && text[1] > 0x9F;
  int beyond = first == 0xF4 && text[1] > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

int clo_check_text(cloacina_text text, size_t longest, const char *what, cloacina_image_error *error) {
  if (text.count == 0) return 0;
  if (text.utf8 == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "%s is a null pointer with count %zu", what, text.count);
  if (text.count > longest)
    return clo_refuse(error, REFUSED_TEXT, "%s has %zu bytes, more than the %zu allowed", what, text.count, longest);
  for (size_t done = 0; done < text.count;) {
    size_t length = character((const uint8_t *)text.utf8 + done, text.count - done);
    if (length == 0) return clo_refuse(error, REFUSED_TEXT, "%s is not UTF-8 at byte %zu", what, done);
    done += length;
  }
  return 0;
}

static int is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

int clo_check_name(cloacina_text text, const char *what, cloacina_image_error *error) {
  if (text.count > 0 && text.utf8 == NULL)
    return clo_refuse(error, REFUSED_NULL_POINTER, "%s is a null pointer with count %zu", what, text.count);
  int valid = text.count >= 1 && text.count <= longest_name && is_letter(text.utf8[0]);
  for (size_t index = 1; valid && index < text.count; index++) {
    char c = text.utf8[index];
    valid = is_letter(c) || (c >= '0' && c <= '9') || c == '-';
  }
  if (valid) return 0;
  char shown[longest_name + 1] = {0};
  for (size_t index = 0; index < text.count && index < longest_name; index++)
    shown[index] = text.utf8[index] >= ' ' && text.utf8[index] <= '~' ? text.utf8[index] : '?';
  return clo_refuse(error, REFUSED_NAME, "%s is '%s' (%zu bytes); a name is 1 to %d of A-Z a-z 0-9 _ - and starts "
                    "with a letter or _", what, shown, text.count, longest_name);
}

int clo_check_enum(int64_t value, int64_t highest, const char *what, cloacina_image_error *error) {
  if (value >= 0 && value <= highest) return 0;
  return clo_refuse(error, REFUSED_ENUM, "%s is %lld, which this host does not know (0 to %lld)", what,
                    (long long)value, (long long)highest);
}
