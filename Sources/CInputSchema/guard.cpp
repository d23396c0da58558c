#include "guard.h"

#include <cmath>
#include <limits>
#include <unordered_set>

namespace input_schema {

namespace {

constexpr uint64_t most_steps = 1'000'000;
constexpr ptrdiff_t most_stack = 512 << 10;
constexpr size_t most_unique = 1000;    // items of which none may equal another
constexpr size_t bytes_per_step = 256;  // of a string that is read
constexpr size_t most_faults = 20;

thread_local allowance *current = nullptr;

const char *here() { return static_cast<const char *>(__builtin_frame_address(0)); }

// Characters of UTF-8.
uint64_t length(const std::string &text) {
  uint64_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

void append(const std::string &text, std::string &to) { to += std::to_string(text.size()) + ":" + text; }

// Appends a text that is the same for equal values, and for no others. Numbers are settled, so one that is whole is an
// integer; members come in the order of their names.
void canonical(const valijson::adapters::Adapter &value, std::string &to) {
  allowance::take(1);
  if (value.isString()) {
    to += 's';
    append(value.asString(), to);
  } else if (value.isArray()) {
    to += '[';
    value.applyToArray([&](const valijson::adapters::Adapter &item) { return canonical(item, to), true; });
    to += ']';
  } else if (value.isObject()) {
    to += '{';
    value.applyToObject([&](const std::string &name, const valijson::adapters::Adapter &member) {
      append(name, to);
      return canonical(member, to), true;
    });
    to += '}';
  } else if (value.isInteger()) {
    to += 'i' + std::to_string(value.asInteger()) + ';';
  } else if (value.isNumber()) {
    const double number = value.getNumber();
    to += 'd';
    to.append(reinterpret_cast<const char *>(&number), sizeof number);
  } else if (value.isBool()) {
    to += value.asBool() ? 't' : 'f';
  } else {
    to += 'n';
  }
}

bool repeats_itself(const valijson::adapters::Adapter &array) {
  std::unordered_set<std::string> seen;
  bool repeats = false;
  array.applyToArray([&](const valijson::adapters::Adapter &item) {
    std::string text;
    canonical(item, text);
    allowance::take(text.size() / bytes_per_step);
    repeats = !seen.insert(std::move(text)).second;
    return !repeats;
  });
  return repeats;
}

}  // namespace

allowance::allowance() : left(most_steps), floor(here() - most_stack) { current = this; }

allowance::~allowance() { current = nullptr; }

void allowance::take(uint64_t steps) {
  if (current == nullptr) return;
  if (here() < current->floor) throw limit_reached{"it takes more nested checks than are allowed"};
  if (steps > current->left) throw limit_reached{"it takes more checks than are allowed"};
  current->left -= steps;
}

const char *guard::misfit(const valijson::adapters::Adapter &value) const {
  if (is_unique && value.isArray() && value.getArraySize() > most_unique)
    return "has more than the 1000 items that can be compared with each other";
  if (is_unique && value.isArray() && repeats_itself(value)) return "has two items that are equal";
  double number = 0;
  if (divisor > 0 && value.isNumber() && value.getNumber(number) && number != 0) {
    const double rest = std::remainder(number, divisor);
    // 0.3 is a multiple of 0.1, although neither is what it seems.
    const double blur = std::trunc(divisor) == divisor ? 0 : 4 * std::numeric_limits<double>::epsilon();
    if (std::fabs(rest) > std::fabs(number) * blur) return "is not the multiple that is asked for";
  }
  std::string text;
  if (reads_text && value.isString() && value.getString(text)) {
    allowance::take(text.size() / bytes_per_step);
    const uint64_t count = least_length > 0 || most_length < UINT64_MAX ? length(text) : 0;
    if (count < least_length) return "is too short";
    if (count > most_length) return "is too long";
    if (pattern && !RE2::PartialMatch(text, *pattern)) return "does not match the pattern";
  }
  return nullptr;
}

bool guard::validate(const valijson::adapters::Adapter &value, const std::vector<std::string> &context,
                     valijson::ValidationResults *results) const {
  // The library copies where it is for each value.
  uint64_t bytes = 0;
  for (const auto &part : context) bytes += part.size();
  allowance::take(cost + bytes / bytes_per_step);
  if (results != nullptr && results->numErrors() > most_faults) throw enough_faults{};
  const char *fault = misfit(value);
  if (fault == nullptr) return true;
  if (results != nullptr) results->pushError(context, fault);
  return false;
}

valijson::constraints::Constraint *guard_builder::make(const valijson::adapters::Adapter &value) const {
  auto made = std::make_unique<guard>();
  value.applyToObject([&](const std::string &name, const valijson::adapters::Adapter &member) {
    if (name == "cost") made->cost = static_cast<uint64_t>(member.asInteger());
    if (name == "text") made->reads_text = true;
    if (name == "uniqueItems") made->is_unique = true;
    if (name == "minLength") made->least_length = static_cast<uint64_t>(member.asInteger());
    if (name == "maxLength") made->most_length = static_cast<uint64_t>(member.asInteger());
    if (name == "multipleOf") made->divisor = member.getNumber();
    if (name == "pattern") made->pattern = std::make_shared<RE2>(member.asString(), RE2::Quiet);
    return true;
  });
  return made.release();
}

}  // namespace input_schema
