// Reads what a schema says before the library does: the library ignores what it does not know, follows references that
// lead in a circle until the stack is used up, and matches patterns by recursion.
#ifndef CLOACINA_INPUTSCHEMA_REWRITE_H
#define CLOACINA_INPUTSCHEMA_REWRITE_H

#include <nlohmann/json.hpp>
#include <string>

namespace input_schema {

using json = nlohmann::json;

// Why something is refused, and where.
struct flaw {
  std::string pointer;
  std::string message;
};

// Keyword that this shim puts into every schema; its value is read by `guard_builder`.
constexpr const char *guard_keyword = "x-cloacina-guard";

constexpr unsigned deepest_schema = 64;   // levels of JSON
constexpr unsigned most_schemas = 1000;   // in one document
constexpr unsigned deepest_input = 128;   // levels of JSON

// The schema with a guard in front of each of its schemas, and with the keywords left out that the guards see to.
// Throws `flaw` for what is no schema of draft 7, or more than is supported.
json rewrite(const json &schema);

// Numbers as the library has to see them: 1.0 is the integer 1, and what 64 bits with a sign cannot hold is no integer.
// Throws `flaw` for nesting beyond `deepest`.
void settle_numbers(json &value, unsigned deepest);

// A step of a JSON pointer, with its slash.
std::string step(const std::string &name);

}  // namespace input_schema

#endif
