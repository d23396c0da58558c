extension Grammar {
  private static let run = Operand("ID", "a run's full id")
  static let runStatuses = ["pending", "leased", "succeeded", "failed", "cancelled", "paused"]

  static let runVerbs = [
    Verb(
      "start", "Start a run of a workflow",
      operands: [Operand("NAME", "package.workflow, a workflow, or a package that holds one")],
      flags: [
        Flag(
          "input", value: "JSON|@FILE|-", "the run's input, a JSON object: as text, from a file, or from standard input"
        ),
        Flag("wait", "wait until the run is over and show it"),
        Flag("timeout", value: "SECONDS", range: 0...31_536_000, "with --wait: how long (default: for ever)"),
        Flag("idempotency-key", value: "KEY", "start nothing when a run with this key exists, but name that run"),
        Flag("count", value: "N", range: 1...100_000, "start N runs in one transaction"),
      ],
      formats: items,
      details: [
        "Without a daemon the run is recorded and waits for one; with --wait this command then runs it itself.",
        "With --wait the exit code is 6 when a run failed or was cancelled and 7 when the time was up.",
      ],
      examples: [
        "start simple_demo --input '{\"rows\": 5}' --wait",
        "start etl.nightly --input @input.json --idempotency-key 2026-01-31",
        "start simple_demo --count 200 -o id",
      ]),
    Verb(
      "run list", "List runs, newest first",
      flags: [
        Flag("status", value: "STATUS", choices: runStatuses, "only runs with this status"),
        Flag("workflow", value: "NAME", "only runs of this package.workflow, package or workflow"),
        Flag("limit", value: "N", range: 1...10_000, "at most N runs (default: 50)"),
      ],
      formats: items, examples: ["run list --status failed --limit 10", "run list --workflow simple_demo -o id"]),
    Verb(
      "run show", "Show a run with its tasks and its result", operands: [run], formats: items,
      examples: ["run show 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41"]),
    Verb(
      "run events", "Show the audit trail of a run", operands: [run], formats: items,
      examples: ["run events 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41 -o jsonl"]),
    Verb(
      "run cancel", "Cancel a run; its running tasks are asked to stop", operands: [run], formats: items,
      details: ["Exit code 5 when the run is over already."],
      examples: ["run cancel 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41"]),
    Verb(
      "run follow", "Print a run's events as they happen, until it is over", operands: [run],
      details: [
        "Exit code 6 when the run failed or was cancelled. A run that is not over needs a daemon to be followed.",
        "With --output json everything is printed at the end, as one document.",
      ],
      examples: ["run follow 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41"]),
  ]

  static let engineVerbs = [
    Verb(
      "serve", "Run the engine as a daemon in the foreground",
      flags: [
        Flag("slots", value: "N", range: 1...4096, "tasks at once (default: 64)"),
        Flag("node", value: "NAME", "name of this node in leases and lists (default: local)"),
        Flag(
          "drain", value: "SECONDS", range: 0...86_400, "time for running tasks to end after a signal (default: 10)"),
      ],
      formats: ["table", "json"], usesTenant: false,
      details: [
        "Prints one line on standard output when it is ready; logs go to standard error.",
        "SIGTERM or SIGINT stops it in order; a second one at once.",
      ],
      examples: ["serve --db sqlite:flows.db", "serve --slots 8 --drain 60"]),
    Verb("status", "Show the engine on one screen", formats: ["table", "json", "jsonl"], examples: ["status"]),
    Verb(
      "db migrate", "Create the database or bring it to this version", usesTenant: false,
      details: ["Every command that writes does this by itself; here it is explicit."],
      examples: ["db migrate --db sqlite:flows.db"]),
    Verb("db status", "Show the migrations of the database", usesTenant: false, examples: ["db status"]),
    Verb(
      "db check", "Check the database for damage and impossible states", usesTenant: false,
      details: ["Exit code 1 when a fault was found."], examples: ["db check"]),
    Verb(
      "version", "Print the version", usesDatabase: false, usesTenant: false, examples: ["version -o json"]),
  ]
}
