// The only place that sees the schema library. Its exceptions end here.
#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "CInputSchema.h"
#include "guard.h"
#include "rewrite.h"

struct cloacina_input_schema {
  valijson::Schema schema;
};

namespace {

using input_schema::flaw;
using input_schema::json;

// The library compiles references within references, up to 1,000 of them.
constexpr size_t compiler_stack = size_t(256) << 20;
constexpr size_t longest_message = 500;

char *copy(const std::string &text) {
  auto *bytes = static_cast<char *>(std::malloc(text.size() + 1));
  if (bytes != nullptr) std::memcpy(bytes, text.c_str(), text.size() + 1);
  return bytes;
}

cloacina_input_fault fault(const std::string &pointer, const std::string &message) {
  return {copy(pointer), copy(message)};
}

std::string brief(const std::string &text) {
  return text.size() <= longest_message ? text : text.substr(0, longest_message) + " …";
}

json parse(const char *utf8, size_t count) {
  try {
    return json::parse(utf8, utf8 + count);
  } catch (const json::exception &problem) {
    throw flaw{"", brief(problem.what())};
  }
}

void compile(const char *utf8, size_t count, valijson::Schema &schema) {
  json document = parse(utf8, count);
  input_schema::settle_numbers(document, input_schema::deepest_schema);
  const json rewritten = input_schema::rewrite(document);
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.addConstraintBuilder(input_schema::guard_keyword, new input_schema::guard_builder);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(rewritten), schema);
}

// Runs `body` on a stack that its recursion cannot use up.
bool on_large_stack(const std::function<void()> &body) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread;
  const auto begin = [](void *argument) -> void * {
    (*static_cast<const std::function<void()> *>(argument))();
    return nullptr;
  };
  const bool began = pthread_attr_setstacksize(&attributes, compiler_stack) == 0 &&
                     pthread_create(&thread, &attributes, begin, const_cast<std::function<void()> *>(&body)) == 0;
  pthread_attr_destroy(&attributes);
  return began && pthread_join(thread, nullptr) == 0;
}

// `<root>`, `[rows]`, `[0]` become `/rows/0`.
std::string pointer(const std::vector<std::string> &context) {
  std::string text;
  for (const auto &part : context)
    if (part.size() >= 2 && part.front() == '[') text += input_schema::step(part.substr(1, part.size() - 2));
  return text;
}

// The library says "Failed to …" of each value around the one that is at fault: the innermost was said first.
cloacina_input_fault first_fault(valijson::ValidationResults &results) {
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return fault("", "it does not fit the schema");
  std::string message = error.description;
  while (!message.empty() && message.back() == '.') message.pop_back();
  if (!message.empty() && message.front() >= 'A' && message.front() <= 'Z') message.front() += 'a' - 'A';
  return fault(pointer(error.context), brief(message));
}

cloacina_input_fault check(const valijson::Schema &schema, const json &input) {
  const valijson::adapters::NlohmannJsonAdapter adapter(input);
  {
    input_schema::allowance allowance;
    valijson::Validator validator;
    if (validator.validate(schema, adapter, nullptr)) return {nullptr, nullptr};
  }
  // Once more, for the reasons.
  valijson::ValidationResults results;
  try {
    input_schema::allowance allowance;
    valijson::Validator validator;
    validator.validate(schema, adapter, &results);
  } catch (const input_schema::enough_faults &) {
  } catch (const input_schema::limit_reached &) {
  }
  return first_fault(results);
}

}  // namespace

cloacina_input_schema *cloacina_input_schema_compile(const char *utf8, size_t count, cloacina_input_fault *result) {
  *result = {nullptr, nullptr};
  try {
    auto made = std::make_unique<cloacina_input_schema>();
    bool is_compiled = false;
    const bool began = on_large_stack([&] {
      try {
        compile(utf8, count, made->schema);
        is_compiled = true;
      } catch (const flaw &found) {
        *result = fault(found.pointer, found.message);
      } catch (const std::exception &problem) {
        *result = fault("", brief(problem.what()));
      }
    });
    if (!began) *result = fault("", "there is no memory to compile it");
    return is_compiled ? made.release() : nullptr;
  } catch (...) {
    *result = {copy(""), nullptr};
    return nullptr;
  }
}

void cloacina_input_schema_free(cloacina_input_schema *schema) { delete schema; }

cloacina_input_fault cloacina_input_schema_check(const cloacina_input_schema *schema, const char *utf8, size_t count) {
  try {
    json input = parse(utf8, count);
    input_schema::settle_numbers(input, input_schema::deepest_input);
    return check(schema->schema, input);
  } catch (const flaw &found) {
    return fault(found.pointer, found.message);
  } catch (const input_schema::limit_reached &limit) {
    return fault("", limit.message);
  } catch (const std::exception &problem) {
    return fault("", brief(problem.what()));
  } catch (...) {
    return {copy(""), nullptr};
  }
}

void cloacina_input_fault_free(cloacina_input_fault *fault) {
  std::free(fault->pointer);
  std::free(fault->message);
  *fault = {nullptr, nullptr};
}
