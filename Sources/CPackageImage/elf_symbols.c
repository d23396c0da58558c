/* The dynamic symbols. Their number is stated nowhere; it follows from the hash table the linker will use. */
#include <string.h>

#include "elf_file.h"
#include "refusal.h"

static const char entry_point[] = "cloacina_package_v1";

static int read_word(const elf_file *file, uint64_t start, uint64_t available, uint64_t index, uint32_t *word) {
  if (index >= available / sizeof *word) return -1;
  return elf_copy(file, start + index * sizeof *word, word, sizeof *word);
}

/* DT_HASH: the second word is the number of symbols. */
static int count_by_hash(const elf_file *file, uint64_t address, uint32_t *count) {
  uint64_t start, available;
  if (elf_offset(file, address, &start, &available) != 0) return -1;
  return read_word(file, start, available, 1, count);
}

/* DT_GNU_HASH: buckets name the first symbol of a chain, whose last member has its lowest bit set. */
static int count_by_gnu_hash(const elf_file *file, uint64_t address, uint32_t *count) {
  uint64_t start, available;
  uint32_t buckets, first, bloom_words, highest = 0, word;
  if (elf_offset(file, address, &start, &available) != 0) return -1;
  if (read_word(file, start, available, 0, &buckets) != 0 || read_word(file, start, available, 1, &first) != 0 ||
      read_word(file, start, available, 2, &bloom_words) != 0)
    return -1;
  uint64_t bucket_base = 4 + 2 * (uint64_t)bloom_words, chain_base = bucket_base + buckets;
  for (uint32_t index = 0; index < buckets; index++) {
    if (read_word(file, start, available, bucket_base + index, &word) != 0) return -1;
    if (word > highest) highest = word;
  }
  *count = first;
  if (highest == 0) return 0;
  if (highest < first) return -1;
  for (uint64_t symbol = highest;; symbol++) {
    if (symbol >= UINT32_MAX || read_word(file, start, available, chain_base + symbol - first, &word) != 0) return -1;
    if (word & 1) {
      *count = (uint32_t)symbol + 1;
      return 0;
    }
  }
}

static int is_export(const Elf64_Sym *symbol) {
  unsigned binding = ELF64_ST_BIND(symbol->st_info), visibility = ELF64_ST_VISIBILITY(symbol->st_other);
  int bound = binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE;
  return bound && symbol->st_shndx != SHN_UNDEF && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* The symbols and the names they point into, both inside of the file. */
typedef struct symbol_table {
  uint32_t count;
  uint64_t symbols, strings, strings_size;
} symbol_table;

static int is_named_entry_point(const elf_file *file, const symbol_table *table, const Elf64_Sym *symbol) {
  char name[sizeof entry_point];
  if (symbol->st_name > table->strings_size || sizeof name > table->strings_size - symbol->st_name) return 0;
  return elf_copy(file, table->strings + symbol->st_name, name, sizeof name) == 0 &&
         memcmp(name, entry_point, sizeof name) == 0;
}

static int count_symbols(const elf_file *file, const elf_dynamic *dynamic, uint32_t *count) {
  if (dynamic->gnu_hash != 0) return count_by_gnu_hash(file, dynamic->gnu_hash, count);
  if (dynamic->hash != 0) return count_by_hash(file, dynamic->hash, count);
  return -1;
}

static int find_table(const elf_file *file, const elf_dynamic *dynamic, symbol_table *table,
                      cloacina_image_error *error) {
  uint64_t symbols_size, strings_size;
  if (count_symbols(file, dynamic, &table->count) != 0 ||
      elf_offset(file, dynamic->symbols, &table->symbols, &symbols_size) != 0 ||
      table->count > symbols_size / sizeof(Elf64_Sym) ||
      elf_offset(file, dynamic->strings, &table->strings, &strings_size) != 0 ||
      dynamic->strings_size > strings_size)
    return clo_refuse(error, REFUSED_DAMAGED, "the library's table of dynamic symbols is damaged or missing");
  table->strings_size = dynamic->strings_size;
  return 0;
}

static int read_symbol(const elf_file *file, const symbol_table *table, uint32_t index, Elf64_Sym *symbol,
                       cloacina_image_error *error) {
  if (elf_copy(file, table->symbols + index * sizeof *symbol, symbol, sizeof *symbol) == 0) return 0;
  return clo_refuse(error, REFUSED_DAMAGED, "dynamic symbol %u of the library lies outside of the file", index);
}

int elf_read_symbols(const elf_file *file, const elf_dynamic *dynamic, cloacina_elf_facts *facts,
                     cloacina_image_error *error) {
  symbol_table table;
  if (find_table(file, dynamic, &table, error) != 0) return -1;
  for (uint32_t index = 1; index < table.count; index++) {
    Elf64_Sym symbol;
    if (read_symbol(file, &table, index, &symbol, error) != 0) return -1;
    if (!is_export(&symbol)) continue;
    facts->export_count++;
    if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && is_named_entry_point(file, &table, &symbol))
      facts->exports_entry_point = 1;
  }
  return 0;
}

int elf_visit_exports(const elf_file *file, const elf_dynamic *dynamic, void *context,
                      void (*visit)(void *context, const char *name, size_t count), cloacina_image_error *error) {
  symbol_table table;
  if (find_table(file, dynamic, &table, error) != 0) return -1;
  for (uint32_t index = 1; index < table.count; index++) {
    Elf64_Sym symbol;
    if (read_symbol(file, &table, index, &symbol, error) != 0) return -1;
    if (!is_export(&symbol)) continue;
    /* find_table has seen that all of the names lie inside of the file. */
    const char *name = (const char *)file->bytes + table.strings + symbol.st_name;
    const char *end = symbol.st_name < table.strings_size ? memchr(name, 0, table.strings_size - symbol.st_name) : 0;
    if (!end)
      return clo_refuse(error, REFUSED_DAMAGED, "the name of dynamic symbol %u of the library has no end", index);
    visit(context, name, (size_t)(end - name));
  }
  return 0;
}
