#include "rewrite.h"

#include <re2/re2.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace input_schema {

namespace {

enum class shape {
  note,         // says nothing about validity
  schema,
  schema_list,
  schema_map,
  items,        // a schema, or a list of them
  dependencies,
  type,
  any,
  values,       // a list with something in it
  number,
  divisor,      // a number above 0
  count,
  names,        // strings, each once
  flag,
  pattern,
  root_only,
};

const std::map<std::string, shape> keywords = {
    {"$comment", shape::note}, {"title", shape::note}, {"description", shape::note}, {"default", shape::note},
    {"examples", shape::note}, {"format", shape::note}, {"readOnly", shape::note}, {"writeOnly", shape::note},
    {"contentMediaType", shape::note}, {"contentEncoding", shape::note},
    {"$schema", shape::root_only}, {"$id", shape::root_only}, {"definitions", shape::root_only},
    {"not", shape::schema}, {"if", shape::schema}, {"then", shape::schema}, {"else", shape::schema},
    {"contains", shape::schema}, {"propertyNames", shape::schema}, {"additionalItems", shape::schema},
    {"additionalProperties", shape::schema},
    {"allOf", shape::schema_list}, {"anyOf", shape::schema_list}, {"oneOf", shape::schema_list},
    {"properties", shape::schema_map}, {"items", shape::items}, {"dependencies", shape::dependencies},
    {"type", shape::type}, {"const", shape::any}, {"enum", shape::values},
    {"minimum", shape::number}, {"maximum", shape::number}, {"exclusiveMinimum", shape::number},
    {"exclusiveMaximum", shape::number}, {"multipleOf", shape::divisor},
    {"minLength", shape::count}, {"maxLength", shape::count}, {"minItems", shape::count}, {"maxItems", shape::count},
    {"minProperties", shape::count}, {"maxProperties", shape::count},
    {"required", shape::names}, {"uniqueItems", shape::flag}, {"pattern", shape::pattern},
};

// Keywords whose schemas see the very value that the schema around them sees.
const std::set<std::string> same_value = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies"};

const std::set<std::string> types = {"null", "boolean", "object", "array", "number", "integer", "string"};

class rewriter {
 public:
  explicit rewriter(const json &root) : root(root) {}

  json run() {
    json result = schema(root, "", 0, true);
    if (root.is_object() && root.contains("definitions")) {
      const json &definitions = root["definitions"];
      if (!definitions.is_object()) throw flaw{"/definitions", "definitions are an object of schemas"};
      for (const auto &[name, value] : definitions.items()) {
        owner = "#/definitions/" + name;
        result["definitions"][name] = schema(value, "/definitions" + step(name), 1, true);
      }
    }
    refuse_missing();
    for (const auto &[from, targets] : references) refuse_circle(from);
    return result;
  }

 private:
  struct reference {
    std::string target;
    std::string at;
  };

  const json &root;
  unsigned count = 0;
  // What is being read: `#`, or a definition. With `references`: whom it hands the same value on to.
  std::string owner = "#";
  std::map<std::string, std::vector<reference>> references;
  std::vector<reference> all;
  std::set<std::string> settled;
  std::vector<std::string> path;

  // `same`: the schema sees the value that `owner` sees.
  json schema(const json &value, const std::string &at, unsigned depth, bool same) {
    if (depth > deepest_schema) throw flaw{at, "the schema is nested deeper than " + number(deepest_schema)};
    if (++count > most_schemas) throw flaw{at, "there are more than " + number(most_schemas) + " schemas in it"};
    if (value.is_boolean()) {
      const json rest = value.get<bool>() ? json::object() : json{{"not", json::object()}};
      return {{"allOf", json::array({json{{guard_keyword, {{"cost", 1}}}}, rest})}};
    }
    if (!value.is_object()) throw flaw{at, "a schema is an object, true or false"};
    if (value.contains("$ref")) return redirected(value, at, same);
    json guard = {{"cost", 1}};
    json rest = json::object();
    for (const auto &[name, member] : value.items()) keyword(name, member, at, depth, same, guard, rest);
    // Behind a step of its own the rest has a path that no reference names: the library confuses some keywords of a
    // schema that is referred to with the schema itself.
    return {{"allOf", json::array({json{{guard_keyword, guard}}, rest})}};
  }

  json redirected(const json &value, const std::string &at, bool same) {
    const json &target = value["$ref"];
    const std::string where = at + "/$ref";
    const std::string prefix = "#/definitions/";
    if (!target.is_string()) throw flaw{where, "$ref is a string"};
    const auto name = target.get<std::string>();
    if (name != "#" && name.compare(0, prefix.size(), prefix) != 0)
      throw flaw{where, "'" + name + "' is not in this document: $ref names '#' or '#/definitions/NAME', and nothing "
                        "is fetched"};
    if (name.find_first_of("/~%\"\\", name == "#" ? 1 : prefix.size()) != std::string::npos || name == prefix)
      throw flaw{where, "'" + name + "' names no definition that $ref can name: give it a plain name"};
    refuse_beside(value, at);
    all.push_back({name, where});
    if (same) references[owner].push_back({name, where});
    return {{"$ref", name}};
  }

  static void refuse_beside(const json &value, const std::string &at) {
    for (const auto &[name, member] : value.items()) {
      const auto known = keywords.find(name);
      const bool is_note = known != keywords.end() && known->second == shape::note;
      if (name == "$ref" || is_note || (at.empty() && known != keywords.end() && known->second == shape::root_only))
        continue;
      throw flaw{at + step(name), "draft 7 reads nothing beside $ref; put both into allOf"};
    }
  }

  void keyword(const std::string &name, const json &value, const std::string &at, unsigned depth, bool same,
               json &guard, json &rest) {
    const std::string where = at + step(name);
    const auto known = keywords.find(name);
    if (known == keywords.end()) {
      if (name.compare(0, 2, "x-") == 0 && name != guard_keyword) return;
      throw flaw{where, "the keyword '" + name + "' is not supported; names of your own begin with x-"};
    }
    const bool inner = same && same_value.count(name) != 0;
    switch (known->second) {
      case shape::note: return;
      case shape::root_only: return top(name, value, at, where);
      case shape::schema: rest[name] = below(name, value, where, depth, inner); return;
      case shape::schema_list: rest[name] = list(value, where, depth, inner); return;
      case shape::schema_map: rest[name] = map(value, where, depth, inner); return;
      case shape::items:
        rest[name] = value.is_array() ? list(value, where, depth, false) : schema(value, where, depth + 1, false);
        return;
      case shape::dependencies: rest[name] = dependencies(value, where, depth, inner, guard); return;
      case shape::type: check_type(value, where); break;
      case shape::any: guard["text"] = true; break;
      case shape::values:
        if (!value.is_array() || value.empty()) throw flaw{where, name + " is an array with something in it"};
        guard["text"] = true;
        cost(guard, value.size());
        break;
      case shape::number:
        if (!value.is_number()) throw flaw{where, name + " is a number"};
        break;
      case shape::divisor:
        if (!value.is_number() || !(value.get<double>() > 0)) throw flaw{where, name + " is a number above 0"};
        guard[name] = value.get<double>();
        return;
      case shape::count:
        if (!value.is_number_integer() || value.get<int64_t>() < 0) throw flaw{where, name + " is a whole number"};
        if (name != "minLength" && name != "maxLength") break;
        // The library counts up to a character U+0000.
        guard["text"] = true;
        guard[name] = value;
        return;
      case shape::names: check_names(name, value, where); cost(guard, value.size()); break;
      case shape::flag:
        if (!value.is_boolean()) throw flaw{where, name + " is true or false"};
        // The library notes each pair of equal items.
        if (value.get<bool>()) guard[name] = true;
        return;
      case shape::pattern:
        check_pattern(value, where);
        guard[name] = value;
        guard["text"] = true;
        return;
    }
    rest[name] = value;
  }

  static void top(const std::string &name, const json &value, const std::string &at, const std::string &where) {
    if (!at.empty()) throw flaw{where, name + " stands at the top of the schema only"};
    if (name == "$id" && !value.is_string()) throw flaw{where, "$id is a string"};
    if (name != "$schema") return;
    const auto draft = value.is_string() ? value.get<std::string>() : std::string();
    if (draft != "http://json-schema.org/draft-07/schema#" && draft != "http://json-schema.org/draft-07/schema")
      throw flaw{where, "only draft 7 is known: http://json-schema.org/draft-07/schema#"};
  }

  // A plain `false` for what is not named otherwise gives the library's better sentence.
  json below(const std::string &name, const json &value, const std::string &where, unsigned depth, bool inner) {
    if (value.is_boolean() && (name == "additionalProperties" || name == "additionalItems")) return value;
    return schema(value, where, depth + 1, inner);
  }

  json list(const json &value, const std::string &where, unsigned depth, bool inner) {
    if (!value.is_array() || value.empty()) throw flaw{where, "an array with at least one schema is expected"};
    json result = json::array();
    for (size_t index = 0; index < value.size(); index++)
      result.push_back(schema(value[index], where + "/" + std::to_string(index), depth + 2, inner));
    return result;
  }

  json map(const json &value, const std::string &where, unsigned depth, bool inner) {
    if (!value.is_object()) throw flaw{where, "an object of schemas is expected"};
    json result = json::object();
    for (const auto &[name, member] : value.items()) {
      refuse_nul(name, where);
      result[name] = schema(member, where + step(name), depth + 2, inner);
    }
    return result;
  }

  json dependencies(const json &value, const std::string &where, unsigned depth, bool inner, json &guard) {
    if (!value.is_object()) throw flaw{where, "an object of schemas or of lists of names is expected"};
    json result = json::object();
    for (const auto &[name, member] : value.items()) {
      refuse_nul(name, where);
      if (member.is_array()) {
        check_names("a dependency", member, where + step(name));
        cost(guard, member.size());
        result[name] = member;
      } else {
        result[name] = schema(member, where + step(name), depth + 2, inner);
      }
    }
    return result;
  }

  static void check_type(const json &value, const std::string &where) {
    std::set<std::string> seen;
    const json words = value.is_array() ? value : json::array({value});
    for (const auto &word : words)
      if (!word.is_string() || types.count(word.get<std::string>()) == 0 ||
          !seen.insert(word.get<std::string>()).second)
        throw flaw{where, "type is null, boolean, object, array, number, integer or string, or a list of them"};
    if (words.empty()) throw flaw{where, "type is an empty list"};
  }

  static void check_names(const std::string &name, const json &value, const std::string &where) {
    std::set<std::string> seen;
    if (!value.is_array()) throw flaw{where, name + " is a list of names"};
    for (const auto &word : value) {
      if (!word.is_string() || !seen.insert(word.get<std::string>()).second)
        throw flaw{where, name + " is a list of names, each once"};
      refuse_nul(word.get<std::string>(), where);
    }
  }

  // The library reads names as C does.
  static void refuse_nul(const std::string &name, const std::string &where) {
    if (name.find('\0') != std::string::npos) throw flaw{where, "a name with the character 0 in it"};
  }

  static void check_pattern(const json &value, const std::string &where) {
    if (!value.is_string()) throw flaw{where, "pattern is a string"};
    const RE2 pattern(value.get<std::string>(), RE2::Quiet);
    if (!pattern.ok()) throw flaw{where, "the pattern is not supported: " + pattern.error()};
  }

  static void cost(json &guard, size_t more) { guard["cost"] = guard["cost"].get<size_t>() + more; }

  static std::string number(unsigned value) { return std::to_string(value); }

  void refuse_missing() const {
    for (const auto &[target, at] : all) {
      if (target == "#") continue;
      const auto name = target.substr(std::string("#/definitions/").size());
      if (!root.contains("definitions") || !root["definitions"].contains(name))
        throw flaw{at, "there is no " + target};
    }
  }

  // Schemas that hand one value on to each other in a circle would never come to an end.
  void refuse_circle(const std::string &from) {
    if (settled.count(from) != 0) return;
    path.push_back(from);
    const auto found = references.find(from);
    if (found != references.end()) {
      for (const auto &next : found->second) {
        for (const auto &before : path)
          if (before == next.target)
            throw flaw{next.at, "the reference leads back to itself for one and the same value"};
        refuse_circle(next.target);
      }
    }
    path.pop_back();
    settled.insert(from);
  }
};

}  // namespace

json rewrite(const json &schema) { return rewriter(schema).run(); }

void settle_numbers(json &value, unsigned deepest) {
  if (value.is_structured()) {
    if (deepest == 0) throw flaw{"", "it is nested too deep"};
    for (auto &member : value) settle_numbers(member, deepest - 1);
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number >= -0x1p63 && number < 0x1p63 && std::trunc(number) == number) value = static_cast<int64_t>(number);
  } else if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t(std::numeric_limits<int64_t>::max())) {
    value = value.get<double>();
  }
}

std::string step(const std::string &name) {
  std::string text = "/";
  for (const char byte : name) {
    if (byte == '~') text += "~0";
    else if (byte == '/') text += "~1";
    else text += byte;
  }
  return text;
}

}  // namespace input_schema
