import WorkflowModel

/// The full name of a task: `tenant::package::workflow::task`.
public struct TaskNamespace: Hashable, Sendable, Comparable, CustomStringConvertible {
  let name: Namespace

  /// Puts a name together; each part is a letter or `_`, then letters, digits, `_` and `-`, at most 64 bytes.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` naming the part at fault.
  public init(tenant: String, package: String, workflow: String, task: String) throws(CloacinaError) {
    do throws(NameError) {
      name = try Namespace(tenant: tenant, package: package, workflow: workflow, task: task)
    } catch { throw CloacinaError(error) }
  }

  /// Reads four names with `::` between them.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` naming the part at fault.
  public init(_ text: String) throws(CloacinaError) {
    do throws(NameError) { name = try Namespace(parsing: text) } catch { throw CloacinaError(error) }
  }

  init(_ name: Namespace) { self.name = name }

  /// Whose it is.
  public var tenant: String { name.tenant }
  /// The package that publishes it.
  public var package: String { name.package }
  /// The workflow it is part of.
  public var workflow: String { name.workflow }
  /// The task itself.
  public var task: String { name.task }

  /// `tenant::package::workflow::task`
  public var description: String { name.description }

  /// The order of the texts, byte by byte.
  public static func < (first: TaskNamespace, second: TaskNamespace) -> Bool {
    first.description.utf8.lexicographicallyPrecedes(second.description.utf8)
  }
}

/// The identity of a package version's code: the SHA-256 of the archive's statement.
public struct PackageID: Hashable, Sendable, CustomStringConvertible {
  let digest: PackageDigest

  init(_ digest: PackageDigest) { self.digest = digest }

  /// The identity written as 64 lower-case hexadecimal digits; nil for anything else.
  public init?(_ text: String) {
    guard let digest = PackageDigest(hex: text) else { return nil }
    self.digest = digest
  }

  /// The first twelve digits, for people.
  public var short: String { digest.short }

  /// 64 lower-case hexadecimal digits.
  public var description: String { digest.hex }
}
