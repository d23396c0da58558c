#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

int clo_refuse(cloacina_image_error *error, const char *code, const char *format, ...) {
  snprintf(error->code, sizeof error->code, "%s", code);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
  va_end(arguments);
  return -1;
}
