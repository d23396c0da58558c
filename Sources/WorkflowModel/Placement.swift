extension TaskDefinition {
  /// True when any node may run it, and nothing limits how many of it run at once.
  package var isPlain: Bool { tags.isEmpty && concurrencyLimit == 0 }

  /// True when its attempts have to hold a permit.
  package var needsPermit: Bool { concurrencyLimit > 0 && !concurrencyKey.isEmpty }

  /// True when a node with these tags has every tag the task asks for.
  package func fits(_ nodeTags: [String]) -> Bool { tags.allSatisfy(nodeTags.contains) }
}
