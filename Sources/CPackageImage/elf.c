/* Is this a shared library for this machine? Decided from its bytes, before any of them is mapped as code. */
#include <string.h>

#include "elf_file.h"
#include "refusal.h"

#if defined(__x86_64__)
enum { host_machine = EM_X86_64 };
#elif defined(__aarch64__)
enum { host_machine = EM_AARCH64 };
#else
#error "no ELF machine number is known for this architecture"
#endif

static int check_header(elf_file *file, cloacina_image_error *error) {
  if (elf_copy(file, 0, &file->header, sizeof file->header) != 0 || memcmp(file->bytes, ELFMAG, SELFMAG) != 0)
    return clo_refuse(error, REFUSED_NOT_ELF, "the library is not an ELF file (%zu bytes); build it as a shared "
                      "library for Linux", file->count);
  const Elf64_Ehdr *header = &file->header;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
    return clo_refuse(error, REFUSED_ELF_CLASS, "the library has ELF class %d and byte order %d; only 64-bit "
                      "little-endian libraries can be loaded", header->e_ident[EI_CLASS], header->e_ident[EI_DATA]);
  if (header->e_machine != host_machine)
    return clo_refuse(error, REFUSED_MACHINE, "the library is built for ELF machine %d, this host is machine %d; "
                      "pack a library for this target", header->e_machine, host_machine);
  if (header->e_type != ET_DYN)
    return clo_refuse(error, REFUSED_NOT_SHARED, "the library has ELF type %d, not a shared library (3); link it "
                      "with -shared", header->e_type);
  if (header->e_phnum == 0 || header->e_phentsize != sizeof(Elf64_Phdr))
    return clo_refuse(error, REFUSED_DAMAGED, "the library's program headers are damaged: %d of %d bytes each",
                      header->e_phnum, header->e_phentsize);
  return 0;
}

/* Without the stack header the linker would make every stack of the process executable. */
static int read_stack(const elf_file *file, cloacina_elf_facts *facts, cloacina_image_error *error) {
  facts->executable_stack = 1;
  for (uint32_t index = 0; index < file->header.e_phnum; index++) {
    Elf64_Phdr segment;
    if (elf_segment(file, index, &segment) != 0)
      return clo_refuse(error, REFUSED_DAMAGED, "program header %u of the library lies outside of the file", index);
    if (segment.p_type == PT_GNU_STACK) facts->executable_stack = (segment.p_flags & PF_X) != 0;
  }
  return 0;
}

static int judge(const cloacina_elf_facts *facts, cloacina_image_error *error) {
  if (!facts->exports_entry_point)
    return clo_refuse(error, REFUSED_NO_ENTRY_POINT, "the library does not define the function cloacina_package_v1 "
                      "among its %u exports: it is no package, or it is built for another major version of the ABI",
                      facts->export_count);
  if (facts->has_text_relocations)
    return clo_refuse(error, REFUSED_TEXT_RELOCATIONS, "the library has text relocations; compile it with -fPIC");
  if (facts->executable_stack)
    return clo_refuse(error, REFUSED_EXECUTABLE_STACK, "the library asks for an executable stack; link it with "
                      "-z noexecstack");
  return 0;
}

int cloacina_elf_inspect(const uint8_t *bytes, size_t count, cloacina_elf_facts *facts, cloacina_image_error *error) {
  memset(facts, 0, sizeof *facts);
  elf_file file = {.bytes = bytes, .count = count};
  if (check_header(&file, error) != 0 || read_stack(&file, facts, error) != 0) return -1;
  facts->machine = file.header.e_machine;
  elf_dynamic dynamic = {0};
  if (elf_read_dynamic(&file, &dynamic, error) != 0) return -1;
  facts->needed_count = dynamic.needed_count;
  facts->has_text_relocations = dynamic.text_relocations;
  if (elf_read_symbols(&file, &dynamic, facts, error) != 0) return -1;
  return judge(facts, error);
}

int cloacina_elf_exports(const uint8_t *bytes, size_t count, void *context,
                         void (*visit)(void *context, const char *name, size_t count), cloacina_image_error *error) {
  elf_file file = {.bytes = bytes, .count = count};
  if (check_header(&file, error) != 0) return -1;
  elf_dynamic dynamic = {0};
  if (elf_read_dynamic(&file, &dynamic, error) != 0) return -1;
  return elf_visit_exports(&file, &dynamic, context, visit, error);
}
