/* Static assertions of the layout; the only C file of the ABI. */
#include <cloacina/cloacina.h>

_Static_assert(sizeof(cloacina_text) == 16, "layout");
