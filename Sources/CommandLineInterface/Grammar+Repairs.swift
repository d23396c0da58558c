extension Grammar {
  private static let oneRun = Operand("ID", isOptional: true, "a run's full id; or --where")

  static let query = Flag("where", value: "QUERY", "only runs for which this holds (see below)")

  static let queryDetails = [
    """
    QUERY: conditions joined by and, or, not and parentheses, for example
      workflow = etl.nightly and status = failed and (started > -2h or label.customer = acme) and version != active
    Fields: workflow (a name, or package.workflow), package, type, status, version (active stands for whichever is),
    error, error.class, label.NAME, created, started, ended, priority, id.
    Signs: =, !=, ~ (contains), in (a, b); of times and priority <, <=, >, >=. Times: -30m, -2h, -7d, or RFC 3339.
    Texts with spaces or signs stand between quotes.
    """
  ]

  private static let bulkFlags = [
    Flag("where", value: "QUERY", "all runs for which this holds, as in 'run list --where'"),
    Flag("yes", short: "y", "with --where: do it; without this only the number of runs and some of them are shown"),
    Flag("dry-run", "with --where: show the number of runs and some of them, and succeed"),
  ]

  private static let bulkDetail = """
    With --where runs are changed in batches. What is as it should be already is left alone: after an interruption \
    repeat the command. \(bulkCodes)
    """

  private static let bulkCodes = "With --where the exit code is 1 without --yes, 5 when a run was refused."

  private static let bulkRetryDetail = """
    With --where runs are opened in batches, each once. When the command is repeated, runs that are open are left \
    alone; but one that was opened and has ended since is opened once more where the query names it still. \
    '(QUERY) and ended < TIME', with the time at which the command was given first, leaves these out; after an \
    interruption the message says the time. \(bulkCodes)
    """

  static let cancelVerb = Verb(
    "run cancel", "Cancel a run, or many; running tasks are asked to stop", operands: [oneRun], flags: bulkFlags,
    formats: items, details: ["Exit code 5 when the run is over already.", bulkDetail],
    examples: [
      "run cancel 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41",
      "run cancel --where 'workflow = etl and status = pending' --dry-run",
    ])

  static let retryVerb = Verb(
    "run retry", "Open a run that is over again and do what failed once more", operands: [oneRun],
    flags: [
      Flag(
        "from", value: "failed|TASK|start",
        "what is done again: what failed (default), a task with all behind it, or everything"),
      Flag("on", value: "VERSION|active", "go on by this version (default: the run's own)"),
      Flag(
        "set", value: "KEY=JSON", isRepeatable: true,
        "change a key of the run's input, null removes it; may be given several times"),
    ] + bulkFlags,
    formats: items,
    details: [
      """
      Finished tasks are kept with their results as far as nothing before them is done again; attempts of the others \
      begin anew. With --on every task that is kept must stand behind the same tasks in that version.
      """,
      """
      A run whose own version was removed is done again on another one with --from start --on VERSION; what it has done \
      cannot be kept.
      """,
      "A run that is not over is not changed, and that is no error. Exit code 5 when the run is refused.",
      bulkRetryDetail,
    ],
    examples: [
      "run retry 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41",
      "run retry 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41 --from transform --on active --set rows=5",
      "run retry --where 'status = failed and error.class = timeout and ended > -1d' --yes",
    ])

  static let migrateVerb = Verb(
    "run migrate", "Give a run that is not over another version", operands: [oneRun],
    flags: [Flag("to", value: "VERSION|active", "the version it is to go on by")] + bulkFlags, formats: items,
    details: [
      """
      Every task that has ended must stand behind the same tasks in that version; else the run is refused. Tasks that \
      run are stopped and begin again by the new version; that costs them no attempt.
      """,
      "Exit code 5 when the run is refused or is over: see 'run retry --on'.", bulkDetail,
    ],
    examples: [
      "run migrate 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41 --to 1.4.1",
      "run migrate --where 'workflow = etl and status in (pending, leased) and version != active' --to active --yes",
    ])
}
