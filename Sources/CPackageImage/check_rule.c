#include <stdio.h>

#include "descriptor.h"

typedef struct rule_walk {
  const char *where;
  uint32_t seen;
  cloacina_image_error *error;
} rule_walk;

static int check_subject(const cloacina_rule *rule, rule_walk *walk) {
  char what[160];
  snprintf(what, sizeof what, "the subject of the rule of %s", walk->where);
  switch (rule->kind) {
    case CLOACINA_RULE_SUCCEEDED:
    case CLOACINA_RULE_FAILED:
    case CLOACINA_RULE_SKIPPED:
      return clo_check_name(rule->subject, what, walk->error);
    case CLOACINA_RULE_CONTEXT:
      if (rule->subject.count == 0)
        return clo_refuse(walk->error, REFUSED_TEXT, "%s is empty; name a member of the context", what);
      if (clo_check_text(rule->subject, longest_word, what, walk->error) != 0) return -1;
      snprintf(what, sizeof what, "the value of the rule of %s", walk->where);
      return clo_check_text(rule->value, longest_value, what, walk->error);
    default:
      return 0;
  }
}

static int check(const cloacina_rule *rule, int depth, rule_walk *walk) {
  char what[160];
  snprintf(what, sizeof what, "the rule of %s", walk->where);
  if (rule == NULL) return clo_refuse(walk->error, REFUSED_NULL_POINTER, "%s has a null child", what);
  if (depth > deepest_rule)
    return clo_refuse(walk->error, REFUSED_RULE_DEPTH, "%s is nested deeper than %d", what, deepest_rule);
  if (++walk->seen > most_rules)
    return clo_refuse(walk->error, REFUSED_COUNT, "%s has more than %d parts", what, most_rules);
  if (clo_check_size(rule->struct_size, sizeof *rule, what, walk->error) != 0 ||
      clo_check_enum(rule->kind, CLOACINA_RULE_CONTEXT, "the kind of a rule", walk->error) != 0 ||
      clo_check_enum(rule->comparison, CLOACINA_COMPARE_CONTAINS, "the comparison of a rule", walk->error) != 0)
    return -1;
  if (rule->reserved != 0) return clo_refuse(walk->error, REFUSED_RESERVED, "reserved is not zero in %s", what);
  if (rule->kind < CLOACINA_RULE_ALL || rule->kind > CLOACINA_RULE_NONE) return check_subject(rule, walk);
  if (rule->child_count > 0 && rule->children == NULL)
    return clo_refuse(walk->error, REFUSED_NULL_POINTER, "%s has %zu children at a null pointer", what,
                      rule->child_count);
  for (size_t index = 0; index < rule->child_count; index++)
    if (check(rule->children[index], depth + 1, walk) != 0) return -1;
  return 0;
}

int clo_check_rule(const cloacina_rule *rule, const char *where, cloacina_image_error *error) {
  rule_walk walk = {.where = where, .error = error};
  return check(rule, 1, &walk);
}
