extension Grammar {
  /// When `serve` ends and replaces the processes in which packages run.
  private static let runnerFlags = [
    Flag(
      "runner-idle", value: "SECONDS", range: 0...31_536_000,
      "end a runner that had no call for this long; 0: never (default: 600)"),
    Flag(
      "runner-calls", value: "N", range: 0...1_000_000_000,
      "replace a runner by a fresh one after this many calls; 0: never (default)"),
    Flag(
      "runner-memory", value: "MIB", range: 0...16_777_216,
      "replace a runner by a fresh one above this much memory; 0: never (default)"),
    Flag(
      "runners", value: "N", range: 1...4096,
      "runners to keep; above it those not used for longest are ended (default: 64)"),
    Flag(
      "images", value: "N", range: 0...4096,
      "libraries that packages with in-process isolation may map; none is ever unmapped (default: 64)"),
  ]

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
          "delete runs, with their events, and swaps this long after their end (default: keep them)"),
        Flag(
          "retain-audit", value: "DAYS", range: 1...36_500,
          "delete rows of the audit trail this long after they were written (default: keep them)"),
      ] + runnerFlags,
      formats: ["table", "json"], usesTenant: false,
      details: [
        "Prints one line on standard output when it is ready; logs go to standard error.",
        "SIGTERM or SIGINT stops it in order; a second one at once.",
        """
        Packages are unpacked beside a database file; for a database on a server below XDG_CACHE_HOME or ~/.cache, \
        where all nodes of one user and database share them.
        """,
        """
        A runner that was ended starts again with the next call for it. Limits on runners never keep work waiting: \
        while all are busy there may be more, and a runner that is replaced or ended first finishes its calls.
        """,
      ],
      examples: [
        "serve --db sqlite:flows.db", "serve --slots 8 --drain 60", "serve --tags gpu,eu --types 'billing.%,etl.%'",
      ]),
    Verb("status", "Show the engine on one screen", formats: ["table", "json", "jsonl"], examples: ["status"]),
    Verb(
      "metrics", "Print what the engine counts, in the text format of Prometheus", formats: ["table", "json", "jsonl"],
      usesTenant: false,
      details: [
        """
        Of a database on a server it shows what the database says and what its nodes last reported; what only a node \
        itself knows, such as hosts it has ended, is left out.
        """
      ],
      examples: ["metrics", "metrics -o json"]),
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
