#include <string.h>

#include "elf_file.h"
#include "refusal.h"

int elf_copy(const elf_file *file, uint64_t offset, void *into, size_t size) {
  if (offset > file->count || size > file->count - offset) return -1;
  memcpy(into, file->bytes + offset, size);
  return 0;
}

int elf_segment(const elf_file *file, uint32_t index, Elf64_Phdr *segment) {
  uint64_t offset;
  if (__builtin_add_overflow(file->header.e_phoff, (uint64_t)index * sizeof *segment, &offset)) return -1;
  return elf_copy(file, offset, segment, sizeof *segment);
}

int elf_offset(const elf_file *file, uint64_t address, uint64_t *offset, uint64_t *available) {
  for (uint32_t index = 0; index < file->header.e_phnum; index++) {
    Elf64_Phdr segment;
    if (elf_segment(file, index, &segment) != 0) return -1;
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    uint64_t inside = address - segment.p_vaddr;
    if (inside >= segment.p_filesz) continue;
    if (segment.p_offset > file->count || segment.p_filesz > file->count - segment.p_offset) return -1;
    *offset = segment.p_offset + inside;
    *available = segment.p_filesz - inside;
    return 0;
  }
  return -1;
}

static void note(elf_dynamic *dynamic, const Elf64_Dyn *entry) {
  switch (entry->d_tag) {
    case DT_SYMTAB: dynamic->symbols = entry->d_un.d_ptr; break;
    case DT_STRTAB: dynamic->strings = entry->d_un.d_ptr; break;
    case DT_STRSZ: dynamic->strings_size = entry->d_un.d_val; break;
    case DT_HASH: dynamic->hash = entry->d_un.d_ptr; break;
    case DT_GNU_HASH: dynamic->gnu_hash = entry->d_un.d_ptr; break;
    case DT_NEEDED: dynamic->needed_count++; break;
    case DT_TEXTREL: dynamic->text_relocations = 1; break;
    case DT_FLAGS: dynamic->text_relocations |= (entry->d_un.d_val & DF_TEXTREL) != 0; break;
    default: break;
  }
}

static int find_dynamic(const elf_file *file, Elf64_Phdr *found) {
  for (uint32_t index = 0; index < file->header.e_phnum; index++)
    if (elf_segment(file, index, found) == 0 && found->p_type == PT_DYNAMIC) return 0;
  return -1;
}

int elf_read_dynamic(const elf_file *file, elf_dynamic *dynamic, cloacina_image_error *error) {
  Elf64_Phdr segment;
  if (find_dynamic(file, &segment) != 0)
    return clo_refuse(error, REFUSED_NOT_SHARED, "the library has no dynamic section; link it with -shared");
  for (uint64_t done = 0; done + sizeof(Elf64_Dyn) <= segment.p_filesz; done += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    uint64_t offset;
    if (__builtin_add_overflow(segment.p_offset, done, &offset) || elf_copy(file, offset, &entry, sizeof entry) != 0)
      return clo_refuse(error, REFUSED_DAMAGED, "the library's dynamic section reaches past the end of the file");
    if (entry.d_tag == DT_NULL) return 0;
    note(dynamic, &entry);
  }
  return clo_refuse(error, REFUSED_DAMAGED, "the library's dynamic section has no end");
}
