// Dotted keys nest without limit in the TOML library; this finds lines with more dots than anybody writes.
#ifndef CLOACINA_CTOML_DOTS_H
#define CLOACINA_CTOML_DOTS_H

#include <cstddef>
#include <string_view>

#include "CToml.h"

// The first place at which a line has more than `most` dots outside of strings and comments; line 0: nowhere.
cloacina_toml_place find_too_many_dots(std::string_view text, size_t most);

#endif
