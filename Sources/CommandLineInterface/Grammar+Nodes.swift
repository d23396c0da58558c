extension Grammar {
  private static let name = Operand("NAME", "name of a node, as 'node list' shows it")

  static let nodeVerbs = [
    Verb(
      "node list", "List the nodes that work on the database", formats: items, usesTenant: false,
      details: ["Nodes that were lost are listed for an hour."], examples: ["node list"]),
    Verb(
      "node show", "Show a node with the packages it has in place", operands: [name], formats: items, usesTenant: false,
      examples: ["node show worker-1"]),
    Verb(
      "node drain", "Let a node hand its work over, for example before the machine is stopped", operands: [name],
      flags: [
        Flag("wait", "wait until it holds nothing any more"),
        Flag("timeout", value: "SECONDS", range: 0...31_536_000, "with --wait: how long (default: for ever)"),
      ],
      formats: items, usesTenant: false,
      details: [
        "A drained node goes on reporting itself and takes in nothing, also after a restart, until 'node uncordon'.",
        "With --wait the exit code is 7 when the time was up.",
      ],
      examples: ["node drain worker-1 --wait --timeout 300"]),
    Verb(
      "node cordon", "Let a node take in nothing new; it goes on with what it holds", operands: [name], formats: items,
      usesTenant: false, examples: ["node cordon worker-1"]),
    Verb(
      "node uncordon", "Let a node take in work again", operands: [name], formats: items, usesTenant: false,
      examples: ["node uncordon worker-1"]),
  ]
}
