/* `report` takes only what fits its schema, `free` takes anything. */
#include <cloacina/author.h>

static cloacina_status count(const cloacina_call *call) {
  return cloacina_emit(call, "{\"counted\":%lld}", (long long)cloacina_integer(cloacina_input(call, "rows"), 0));
}

CLOACINA_PACKAGE(
  CLOACINA_WORKFLOW_WITH((CLOACINA_INPUT_SCHEMA({
      "type": "object",
      "properties": {"rows": {"type": "integer", "minimum": 1}, "note": {"type": "string", "pattern": "^\\w+$"}},
      "required": ["rows"],
      "additionalProperties": false
    })), "report", "Counts rows", CLOACINA_TASK(count)),
  CLOACINA_WORKFLOW("free", "Counts whatever it is given", CLOACINA_TASK(count)))
