/* Checks JSON against a JSON Schema with kept libraries, so that no C++ type reaches Swift. */
#ifndef CLOACINA_CINPUTSCHEMA_H
#define CLOACINA_CINPUTSCHEMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled schema: constant, so that any number of threads may check by it at once. */
typedef struct cloacina_input_schema cloacina_input_schema;

/* What is wrong, both ending in NUL, and freed with cloacina_input_fault_free. */
typedef struct cloacina_input_fault {
  char *pointer; /* where: a JSON pointer into the schema or the input */
  char *message; /* null, and so the pointer, when nothing is wrong; null alone when memory ran out */
} cloacina_input_fault;

/* Compiles a schema of draft 7, as far as it is supported. Nothing is ever fetched. The bytes may be hostile: nesting
 * and size are limited, and no exception leaves. Null, with `fault` filled, for what is no such schema. */
cloacina_input_schema *cloacina_input_schema_compile(const char *utf8, size_t count, cloacina_input_fault *fault);

void cloacina_input_schema_free(cloacina_input_schema *schema);

/* Checks an input, which may be hostile too: the work and the stack that it may take are limited. */
cloacina_input_fault cloacina_input_schema_check(const cloacina_input_schema *schema, const char *utf8, size_t count);

void cloacina_input_fault_free(cloacina_input_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
