extension Grammar {
  static let allowDowngrade = Flag("allow-downgrade", "activate a version that is lower than the active one")
  static let whenStaged = Flag(
    "when-staged", value: "SECONDS", isValueOptional: true, range: 0...86_400,
    "activate once every node that takes in work has the version in place and probed, within so long (default: 60)")
  static let waitForRuns = Flag(
    "wait", value: "SECONDS", isValueOptional: true, range: 0...86_400,
    "wait until no run of the version before is in flight, for so long (default: 600)")
  static let downgradeDetail = "To activate a lower version needs --allow-downgrade; 'package rollback' does not."
  static let stagingDetail = """
    Nodes that are not ready are waited for 2 seconds, and then left to catch up. The exit code is 7 when a node says \
    that it cannot, and with --when-staged when one was not ready in time; what was active stays so.
    """
  static let stepsDetail = "For people each step is a line on standard error when it ends; not with --quiet."
  static let waitDetail = "With --wait the exit code is 7 when runs of the version before were in flight at the end."
  private static let exactVersion = Operand("NAME@VERSION", "package and version, for example etl@1.4.0")
  private static let packageName = Operand("NAME", "name of a package")

  /// The life of package versions.
  static let versionVerbs = [
    Verb(
      "package activate", "Let new runs take another registered version", operands: [exactVersion],
      flags: [allowDowngrade, whenStaged, waitForRuns, rollbackOn], formats: items,
      details: [
        "Runs in flight keep the version they started with, unless their workflow says 'upgrade = next-task'.",
        "Steps: verify, stage, probe, activate, settle, drain. A failure before 'activate' leaves the old version.",
        stepsDetail, downgradeDetail, stagingDetail, waitDetail, ruleDetail,
      ],
      examples: [
        "package activate hello@1.1.0", "package activate hello@1.1.0 --when-staged=120",
        "package activate hello@1.1.0 --rollback-on 'error_rate > 5% for 60s or p99 > 2s for 30s min 20 runs'",
        "package activate hello@1.0.0 --allow-downgrade",
      ]),
    Verb(
      "package rollback", "Return to the version that was active before", operands: [packageName],
      flags: [waitForRuns], formats: items,
      details: [
        "Versions that were removed, yanked or put in quarantine since are passed over.",
        "It takes no version; to choose one: 'package activate NAME@VERSION --allow-downgrade'.", stepsDetail,
        waitDetail,
        "The exit code is 7 when a node says that it cannot load that version; 'node cordon' takes it out of the way.",
        "It is refused when what is active was changed after the command was given (exit code 5, CLO-S017).",
      ],
      examples: ["package rollback hello"]),
    Verb(
      "package canary", "Let a version take a share of the package's new runs",
      operands: [Operand("NAME[@VERSION]", "package and version; with --end the package alone")],
      flags: [
        Flag("percent", value: "N", "the share, from 0 to 100; with --tenant it may be left out and is 100 then"),
        Flag(
          "rollback-on", value: "RULE", "end the canary when its runs break the rule"),
        Flag("end", "end the canary: new runs take the active version"),
      ],
      formats: items,
      details: [
        "Which runs these are follows from their ids. To let all runs take it, activate it.",
        "An activation and a rollback end the canary.", stepsDetail, ruleGrammar,
        "The rule stays with the canary when its share is changed, and is over with the canary.",
      ],
      examples: [
        "package canary hello@1.1.0 --percent 5",
        "package canary hello@1.1.0 --percent 5 --rollback-on 'error_rate > 5% for 60s'",
        "package canary hello@1.1.0 --tenant acme",
        "package canary hello --end",
      ]),
    Verb(
      "package drain", "Wait until no run is in flight on a version", operands: [exactVersion],
      flags: [
        Flag("timeout", value: "SECONDS", range: 0...31_536_000, "how long (default: for ever)"),
        Flag("yes", "take the active version out of service: new runs are refused until another one is activated"),
      ],
      formats: items,
      details: [
        "A canary is ended first, without --yes: new runs take the active version.",
        "The exit code is 7 when the time was up; the version goes on draining.",
      ],
      examples: ["package drain hello@1.0.0 --timeout 300"]),
    Verb(
      "package yank", "Take a version back: no new run may take it, runs in flight go on", operands: [exactVersion],
      flags: [Flag("undo", "let runs take it again, once it is activated")], formats: items,
      examples: ["package yank hello@1.1.0", "package yank hello@1.1.0 --undo"]),
    Verb(
      "package remove", "Delete a version that no open run is pinned to", operands: [exactVersion], formats: items,
      details: ["A version that is active, a canary or pinned is refused (exit code 5). Runs that are over stay."],
      examples: ["package remove hello@1.0.0"]),
    Verb(
      "package swaps", "Show the swaps of a package with their steps, newest first", operands: [packageName],
      flags: [Flag("limit", value: "N", range: 1...10_000, "at most N swaps (default: 50)")], formats: items,
      examples: ["package swaps hello", "package swaps hello --limit 5 -o json"]),
    Verb(
      "package quarantine list", "List archives that could not be loaded, and until when they are refused",
      formats: items, examples: ["package quarantine list"]),
    Verb(
      "package quarantine clear", "Let an archive that could not be loaded be tried again at once",
      operands: [Operand("NAME@VERSION|DIGEST", "package and version, or at least six digits of a digest")],
      formats: items, examples: ["package quarantine clear hello@1.2.0", "package quarantine clear 9f3ac1d2b4e5"]),
  ]

  static let auditVerbs = [
    Verb(
      "audit list", "List who changed what of packages, newest first",
      flags: [
        Flag("package", value: "NAME", "only changes of this package"),
        Flag("limit", value: "N", range: 1...10_000, "at most N changes (default: 50)"),
      ],
      formats: items, examples: ["audit list --package hello --limit 20"])
  ]
}
