/* The version of this ABI. It is neither the version of an archive nor of a package. */
#ifndef CLOACINA_VERSION_H
#define CLOACINA_VERSION_H

/* Raised when an old package could no longer be understood; the entry point is renamed with it. */
#define CLOACINA_ABI_MAJOR 1
/* Raised when fields, features or extensions are appended. */
#define CLOACINA_ABI_MINOR 2

#endif
