/* Reading the tables of an ELF file out of hostile bytes. */
#ifndef CLOACINA_ELF_FILE_H
#define CLOACINA_ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "package_image.h"

typedef struct elf_file {
  const uint8_t *bytes;
  size_t count;
  Elf64_Ehdr header;
} elf_file;

/* What the dynamic section points to: addresses as in the file, 0 where absent. */
typedef struct elf_dynamic {
  uint64_t symbols, strings, strings_size, hash, gnu_hash;
  uint32_t needed_count;
  uint8_t text_relocations;
} elf_dynamic;

/* Copies `size` bytes at `offset` of the file; 0, or -1 if they are not all there. */
int elf_copy(const elf_file *file, uint64_t offset, void *into, size_t size);
/* The i-th program header. */
int elf_segment(const elf_file *file, uint32_t index, Elf64_Phdr *segment);
/* The file offset of the byte mapped at `address`, and how many bytes follow it in its segment. */
int elf_offset(const elf_file *file, uint64_t address, uint64_t *offset, uint64_t *available);
/* Reads the dynamic section; 0, or -1 with `error` filled. */
int elf_read_dynamic(const elf_file *file, elf_dynamic *dynamic, cloacina_image_error *error);
/* Counts the exports and looks for the entry point; 0, or -1 with `error` filled. */
int elf_read_symbols(const elf_file *file, const elf_dynamic *dynamic, cloacina_elf_facts *facts,
                     cloacina_image_error *error);
/* Calls `visit` with the name of each export; 0, or -1 with `error` filled. */
int elf_visit_exports(const elf_file *file, const elf_dynamic *dynamic, void *context,
                      void (*visit)(void *context, const char *name, size_t count), cloacina_image_error *error);

#endif
