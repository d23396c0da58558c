/* Has tasks that wait for each other; only the rules of graphs can see it. */
#include "package.h"

RUN {
  UNUSED;
  return CLOACINA_DONE;
}
static const cloacina_text needs_chicken[] = {TEXT("chicken")}, needs_egg[] = {TEXT("egg")};
TASK(egg, "egg", .dependency_count = 1, .dependencies = needs_chicken);
TASK(chicken, "chicken", .dependency_count = 1, .dependencies = needs_egg);
WORKFLOW(main_workflow, "main", &egg, &chicken);
PACKAGE("cycle", main_workflow)
