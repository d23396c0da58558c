/* The package's description of itself: checked once, then written as JSON. */
#ifndef CLOACINA_DESCRIPTOR_H
#define CLOACINA_DESCRIPTOR_H

#include <cloacina/cloacina.h>

#include "buffer.h"
#include "refusal.h"

enum {
  most_workflows = 1000,
  most_tasks = 10000,             /* in all workflows of a package */
  most_dependencies = 1000000,    /* in all tasks of a package */
  most_tags = 64,                 /* of a task */
  most_rules = 4096,              /* in the rule of one task */
  deepest_rule = 16,
  longest_name = 64,              /* all lengths in bytes */
  longest_word = 256,
  longest_description = 4096,
  longest_value = 65536,
  longest_descriptor = 16 << 20,  /* as JSON */
};

/* Each check answers 0, or -1 with `error` filled. Only fields within the size are read, after the size. */
int clo_check_package(const cloacina_package *package, const char *swift_compiler, cloacina_image_error *error);
int clo_check_task(const cloacina_task *task, const char *where, uint64_t *dependencies, cloacina_image_error *error);
int clo_check_rule(const cloacina_rule *rule, const char *where, cloacina_image_error *error);

/* `least` is the size in ABI 1.0: sizeof, or the offset of the first field that a minor version has appended. */
int clo_check_size(uint32_t given, size_t least, const char *what, cloacina_image_error *error);
int clo_check_text(cloacina_text text, size_t longest, const char *what, cloacina_image_error *error);
/* A name or id: 1 to 64 of [A-Za-z0-9_-], a letter or underscore first. */
int clo_check_name(cloacina_text text, const char *what, cloacina_image_error *error);
/* What a workflow declares; CLOACINA_UPGRADE_PINNED for one of 1.0. */
int32_t clo_upgrade_of(const cloacina_workflow *workflow);
/* Empty for one of 1.0 or 1.1. Whether it is a schema is checked later, with the graph. */
cloacina_text clo_input_schema_of(const cloacina_workflow *workflow);
int clo_check_enum(int64_t value, int64_t highest, const char *what, cloacina_image_error *error);

/* Writes a checked package; `buffer->overflow` tells that it did not fit. */
void clo_write_package(clo_buffer *buffer, const cloacina_package *package);

#endif
