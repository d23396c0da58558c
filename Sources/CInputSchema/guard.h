// Limits what a check may take, and checks what the library would check by recursion or wrongly.
#ifndef CLOACINA_INPUTSCHEMA_GUARD_H
#define CLOACINA_INPUTSCHEMA_GUARD_H

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/validation_results.hpp>
#include <vector>

namespace input_schema {

// A check went on for longer, or deeper, than is allowed.
struct limit_reached {
  const char *message;
};

// There are more faults than anybody reads.
struct enough_faults {};

// What is left to the check that this thread is about; made before it begins.
class allowance {
 public:
  allowance();
  ~allowance();
  allowance(const allowance &) = delete;
  allowance &operator=(const allowance &) = delete;
  // Takes the steps from the check that this thread is about. Throws `limit_reached`.
  static void take(uint64_t steps);

 private:
  uint64_t left;
  const char *floor;
};

// Stands in front of each schema; `rewrite` has put it there.
class guard : public valijson::constraints::PolyConstraint {
 public:
  uint64_t cost = 1;
  // The schema looks into strings.
  bool reads_text = false;
  bool is_unique = false;
  // Characters of a string.
  uint64_t least_length = 0, most_length = UINT64_MAX;
  double divisor = 0;
  std::shared_ptr<const RE2> pattern;

  bool validate(const valijson::adapters::Adapter &value, const std::vector<std::string> &context,
                valijson::ValidationResults *results) const override;

 private:
  const char *misfit(const valijson::adapters::Adapter &value) const;
  Constraint *cloneInto(void *memory) const override { return new (memory) guard(*this); }
  size_t sizeOf() const override { return sizeof(guard); }
};

class guard_builder : public valijson::ConstraintBuilder {
 public:
  valijson::constraints::Constraint *make(const valijson::adapters::Adapter &value) const override;
};

}  // namespace input_schema

#endif
