/* Has a rule that contains itself. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
extern const cloacina_rule rule;
static const cloacina_rule *const inside[] = {&rule};
__attribute__((visibility("hidden"))) const cloacina_rule rule = {
    .struct_size = sizeof(cloacina_rule), .kind = CLOACINA_RULE_ALL, .child_count = 1, .children = inside};
TASK(act, "act", .rule = &rule);
WORKFLOW(main_workflow, "main", &act);
PACKAGE("deep_rule", main_workflow)
