/* Annotations that help some compilers and vanish for the others. */
#ifndef CLOACINA_MACROS_H
#define CLOACINA_MACROS_H

#ifdef __cplusplus
#define CLOACINA_BEGIN_C extern "C" {
#define CLOACINA_END_C }
#else
#define CLOACINA_BEGIN_C
#define CLOACINA_END_C
#endif

/* Nullability is for the Swift importer, the one reader that turns it into types. */
#ifdef __swift__
#define CLOACINA_NULLABLE _Nullable
#define CLOACINA_NONNULL _Nonnull
#else
#define CLOACINA_NULLABLE
#define CLOACINA_NONNULL
#endif

/* Marks the entry points of a package built with hidden visibility. */
#if defined(__GNUC__)
#define CLOACINA_EXPORT __attribute__((visibility("default")))
#else
#define CLOACINA_EXPORT
#endif

#endif
