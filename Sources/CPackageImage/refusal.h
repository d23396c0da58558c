/* Why an image is refused: one stable code per reason. The table for people is in ABI/README.md. */
#ifndef CLOACINA_REFUSAL_H
#define CLOACINA_REFUSAL_H

#include "package_image.h"

#define REFUSED_NOT_ELF "CLO-P001"
#define REFUSED_ELF_CLASS "CLO-P002"
#define REFUSED_MACHINE "CLO-P003"
#define REFUSED_NOT_SHARED "CLO-P004"
#define REFUSED_DAMAGED "CLO-P005"
#define REFUSED_NO_ENTRY_POINT "CLO-P006"
#define REFUSED_TEXT_RELOCATIONS "CLO-P007"
#define REFUSED_EXECUTABLE_STACK "CLO-P008"
#define REFUSED_DESCRIPTOR "CLO-P009"
#define REFUSED_BY_LINKER "CLO-P010"
#define REFUSED_NULL_PACKAGE "CLO-P011"
#define REFUSED_STRUCT_SIZE "CLO-P012"
#define REFUSED_MAJOR "CLO-P013"
#define REFUSED_NEEDS_MINOR "CLO-P014"
#define REFUSED_RESERVED "CLO-P015"
#define REFUSED_FEATURE "CLO-P016"
#define REFUSED_FLAG "CLO-P017"
#define REFUSED_ENUM "CLO-P018"
#define REFUSED_DEFERS "CLO-P019"
#define REFUSED_NULL_POINTER "CLO-P020"
#define REFUSED_TEXT "CLO-P021"
#define REFUSED_NAME "CLO-P022"
#define REFUSED_COUNT "CLO-P023"
#define REFUSED_RULE_DEPTH "CLO-P024"
#define REFUSED_COMPILER "CLO-P025"
#define REFUSED_NUMBER "CLO-P026"
#define REFUSED_MEMORY "CLO-P027"
#define REFUSED_OPEN "CLO-P028"

/* Fills `error`; always -1, so that a check can return it. */
__attribute__((format(printf, 3, 4))) int clo_refuse(cloacina_image_error *error, const char *code,
                                                     const char *format, ...);

#endif
