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
        Flag("count", value: "N", range: 1...1_000_000, "start N runs, up to 1000 in one transaction"),
        Flag("input-lines", value: "FILE|-", "start a run for each line, which is its input, a JSON object"),
        Flag("version", value: "VERSION", "run it by this registered version (default: the active one)"),
        Flag(
          "label", value: "NAME=VALUE,…", isList: true, isRepeatable: true,
          "labels to find the run by; may be given several times"),
        Flag("key-field", value: "FIELD", "with --input-lines: the member of each input that is its idempotency key"),
      ],
      formats: items,
      details: [
        "Without a daemon the run is recorded and waits for one; with --wait this command then runs it itself.",
        "With --wait the exit code is 6 when a run failed or was cancelled and 7 when the time was up.",
        """
        Lines are checked before anything is started; blank ones are skipped. Up to 1000 runs are started in one \
        transaction: when a later one fails, the error says how many runs there are.
        """,
      ],
      examples: [
        "start simple_demo --input '{\"rows\": 5}' --wait",
        "start etl.nightly --input @input.json --idempotency-key 2026-01-31",
        "start simple_demo --count 200 -o id",
        "start etl.nightly --input-lines orders.jsonl --key-field order_id",
        "start etl.nightly --version 1.4.0 --label customer=acme --label region=eu",
      ]),
    Verb(
      "run list", "List runs, newest first",
      flags: [
        Flag("status", value: "STATUS", choices: runStatuses, "only runs with this status"),
        Flag("workflow", value: "NAME", "only runs of this package.workflow, package or workflow"),
        query,
        Flag("limit", value: "N", range: 1...10_000, "at most N runs (default: 50)"),
      ],
      formats: items, details: queryDetails,
      examples: [
        "run list --where 'status = failed and started > -2h and error ~ \"timeout\"'",
        "run list --status failed --limit 10", "run list --workflow simple_demo -o id",
      ]),
    Verb(
      "run show", "Show a run with its tasks and its result", operands: [run], formats: items,
      examples: ["run show 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41"]),
    Verb(
      "run events", "Show the audit trail of a run", operands: [run], formats: items,
      examples: ["run events 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41 -o jsonl"]),
    cancelVerb, retryVerb, migrateVerb,
    Verb(
      "run follow", "Print a run's events as they happen, until it is over", operands: [run],
      details: [
        "Exit code 6 when the run failed or was cancelled. A run that is not over needs a daemon to be followed.",
        "With --output json everything is printed at the end, as one document.",
      ],
      examples: ["run follow 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41"]),
  ]
}
