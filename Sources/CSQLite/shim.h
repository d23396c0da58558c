/* Makes a Debian C library importable. */
#include <sqlite3.h>

/* Stops SQLite from counting the memory it uses, which takes a lock for each allocation. To be called before
   any database is opened; returns SQLITE_MISUSE, and changes nothing, when one was opened already. */
static inline int cloacina_sqlite_stop_counting_memory(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Says whether the schema's triggers fire for this connection; other connections are not touched. */
static inline int cloacina_sqlite_set_triggers(sqlite3 *database, int enabled) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled, (int *)0);
}
