/// The kind of machine this code runs on, as packages name it.
package enum HostTarget {
  #if arch(x86_64)
    /// The target triple whose libraries can be loaded here.
    package static let triple = "x86_64-unknown-linux-gnu"
  #elseif arch(arm64)
    /// The target triple whose libraries can be loaded here.
    package static let triple = "aarch64-unknown-linux-gnu"
  #else
    #error("no target triple is known for this architecture")
  #endif
}
