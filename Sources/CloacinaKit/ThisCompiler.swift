extension PackageIdentity {
  /// The compiler that this kit, and so the package it is linked into, is built with: `swift-6.3.1`.
  ///
  /// A host compares it with its own, for Swift has no stable ABI on Linux.
  public static var thisCompiler: String {
    #if compiler(>=6.5)
      "swift-6.5"
    #elseif compiler(>=6.4)
      "swift-6.4"
    #elseif compiler(>=6.3.3)
      "swift-6.3.3"
    #elseif compiler(>=6.3.2)
      "swift-6.3.2"
    #elseif compiler(>=6.3.1)
      "swift-6.3.1"
    #elseif compiler(>=6.3)
      "swift-6.3"
    #else
      "swift-6.2"
    #endif
  }
}
