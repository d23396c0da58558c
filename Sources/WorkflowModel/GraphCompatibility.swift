/// Whether a run that has come some way by one version of a workflow can go on by another.
///
/// A finished task is not run again, so it must stand for the same thing in the new graph: the same name, behind the
/// same tasks. What has not begun may be anything.
package enum GraphCompatibility {
  /// - Parameter finished: ids of the tasks that have ended and stay so.
  /// - Throws: ``RepairRefusal`` naming the first task, by name, that stands in the way.
  package static func check(_ finished: [String], from old: RunVersion, to new: RunVersion) throws(RepairRefusal) {
    for task in finished.sorted() {
      guard let position = new.plan.position(of: task) else {
        throw refusal("task '\(task)' has ended, and version \(new.version) has no such task")
      }
      guard let before = old.plan.position(of: task) else {
        throw refusal("task '\(task)' has ended, and version \(old.version), whose run it is, has no such task")
      }
      if !stands(task, in: old.plan, and: new.plan) {
        let (were, are) = (old.plan.ancestorNames(of: before), new.plan.ancestorNames(of: position))
        throw refusal(
          """
          task '\(task)' has ended behind \(shown(were)) in version \(old.version), and comes behind \(shown(are)) \
          in version \(new.version)
          """)
      }
    }
  }

  /// True when both graphs have the task, behind the same tasks.
  static func stands(_ task: String, in old: RunPlan, and new: RunPlan) -> Bool {
    guard let before = old.position(of: task), let position = new.position(of: task) else { return false }
    return old.ancestorNames(of: before) == new.ancestorNames(of: position)
  }

  private static func refusal(_ message: String) -> RepairRefusal {
    RepairRefusal(
      .incompatible, message,
      fix: "let it end on its version, or do it again from an earlier task: cloacina-ctl run retry ID --from start")
  }

  private static func shown(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.joined(separator: ", ") }
}

extension RunPlan {
  /// Ids of the tasks that come before the task at `position`, sorted.
  package func ancestorNames(of position: Int) -> [String] {
    definition.tasks.indices.filter { ancestors.isAncestor($0, of: position) }.map { definition.tasks[$0].id }.sorted()
  }
}
