import PackageHost
import WorkflowModel

extension Cloacina {
  /// The libraries that packages inside the program have mapped. None is ever unmapped, so their number has a limit.
  public struct Images: Sendable, Equatable {
    /// How many there are, of all engines of the process.
    public let count: Int
    /// Bytes of their files.
    public let bytes: Int
    /// How many there may be, as ``Cloacina/Options/images`` says.
    public let limit: Int

    init(_ use: ImageUse) { (count, bytes, limit) = (use.count, use.bytes, use.limit) }
  }

  /// The libraries mapped into this process at this moment, against the limit of this engine.
  public var images: Images { Images(ImageTable.ofProcess.use(limit: engine.imageLimit)) }
}
