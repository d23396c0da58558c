extension Grammar {
  static let engineVerbs = [
    Verb(
      "serve", "Run the engine as a daemon in the foreground",
      flags: [
        Flag(
          "node", value: "NAME",
          "name of this node in leases and lists (default: the host's name on a shared database, else local)"),
        Flag("slots", value: "N", range: 1...4096, "tasks at once (default: 64)"),
        Flag("tags", value: "TAG,…", isList: true, "what this node has that tasks may ask for"),
        Flag("types", value: "PATTERN,…", isList: true, "take in only runs of these types; % stands for anything"),
        Flag(
          "lease", value: "SECONDS", range: 1...3600,
          "a run passes to another node this long after its own was lost (default: 15)"),
        Flag("cache", value: "DIR", "folder of unpacked packages (default: see below)"),
        Flag(
          "drain", value: "SECONDS", range: 0...86_400,
          "time for running tasks to end after a signal or 'node drain' (default: 10)"),
        Flag(
          "retain", value: "DAYS", range: 1...36_500,
          "delete runs, with their events, this long after their end (default: keep them)"),
      ],
      formats: ["table", "json"], usesTenant: false,
      details: [
        "Prints one line on standard output when it is ready; logs go to standard error.",
        "SIGTERM or SIGINT stops it in order; a second one at once.",
        """
        Packages are unpacked beside a database file; for a database on a server below XDG_CACHE_HOME or ~/.cache, \
        where all nodes of one user and database share them.
        """,
      ],
      examples: [
        "serve --db sqlite:flows.db", "serve --slots 8 --drain 60", "serve --tags gpu,eu --types 'billing.%,etl.%'",
      ]),
    Verb("status", "Show the engine on one screen", formats: ["table", "json", "jsonl"], examples: ["status"]),
    Verb(
      "db migrate", "Create the database or bring it to this version",
      flags: [
        Flag("dry-run", "only say which steps are applied and which are pending; change nothing"),
        Flag("show-sql", "with --dry-run: print the SQL of each step"),
      ],
      usesTenant: false,
      details: [
        "Every command that writes does this by itself; here it is explicit.",
        "Exit code 5 (CLO-S005) when a newer release wrote the database; nothing is changed then.",
      ],
      examples: ["db migrate --db sqlite:flows.db", "db migrate --dry-run --show-sql"]),
    Verb("db status", "Show the migrations of the database", usesTenant: false, examples: ["db status"]),
    Verb(
      "db check", "Check the database for damage and impossible states", usesTenant: false,
      details: ["Exit code 1 when a fault was found."], examples: ["db check"]),
    Verb(
      "version", "Print the version", usesDatabase: false, usesTenant: false, examples: ["version -o json"]),
  ]
}
