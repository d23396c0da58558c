/* Everything stable: what a package author includes. */
#ifndef CLOACINA_H
#define CLOACINA_H

#include "call.h"
#include "package.h"
#include "task.h"
#include "types.h"
#include "version.h"

#endif
