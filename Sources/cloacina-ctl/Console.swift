import CommandLineInterface
import Glibc
import WorkflowModel

/// Standard output and standard error, with the options that shape them.
struct Console {
  let format: String
  let isQuiet: Bool
  let isVerbose: Bool
  let style: Style
  private let errorStyle: Style

  init(_ invocation: Invocation) {
    format = invocation.format
    isQuiet = invocation.has("quiet")
    isVerbose = invocation.has("verbose")
    style = Console.style(STDOUT_FILENO, color: invocation["color"], showsHeadings: !isQuiet)
    errorStyle = Console.style(STDERR_FILENO, color: invocation["color"], showsHeadings: true)
  }

  /// Prints a document on standard output; false when nobody reads it any more, which is no error.
  @discardableResult func show(_ document: JSONValue) throws(CommandError) -> Bool {
    if Console.write(Renderer.text(document, format: format, style: style), to: STDOUT_FILENO) { return true }
    guard errno == EPIPE else { throw Console.unwritable(errno) }
    return false
  }

  /// Prints text that is part of a document on standard output; a reader that is gone is no error.
  func write(_ text: String) throws(CommandError) {
    if !Console.write(text, to: STDOUT_FILENO), errno != EPIPE { throw Console.unwritable(errno) }
  }

  private static func unwritable(_ reason: Int32) -> CommandError {
    .invalid("CLO-C013", "standard output cannot be written: \(String(cString: strerror(reason)))")
  }

  /// Shows how far a long command is, on one line of a terminal that is written again and again.
  func progress(_ text: String) {
    if showsProgress { Console.write("\r\(SafeText.line(text))\u{1B}[K", to: STDERR_FILENO) }
  }

  /// Says how far a long command is where no terminal can show it on one line.
  func line(_ text: String) {
    if !isQuiet, !showsProgress { Console.write("\(SafeText.line(text))\n", to: STDERR_FILENO) }
  }

  /// Says that a step of a long command is over, in place of the line of ``progress(_:)``.
  func step(_ text: String) {
    endProgress()
    if !isQuiet { Console.write("\(SafeText.line(text))\n", to: STDERR_FILENO) }
  }

  /// Clears the line of ``progress(_:)``.
  func endProgress() {
    if showsProgress { Console.write("\r\u{1B}[K", to: STDERR_FILENO) }
  }

  private var showsProgress: Bool { !isQuiet && isatty(STDERR_FILENO) == 1 }

  /// Says something on standard error that is no error, unless `--quiet`.
  func note(_ text: String) {
    if !isQuiet { Console.write("note: \(SafeText.line(text))\n", to: STDERR_FILENO) }
  }

  /// Says something on standard error with `--verbose`.
  func detail(_ text: String) { if isVerbose { note(text) } }

  /// Reports an error on standard error, as JSON when results are asked for as JSON.
  func report(_ error: CommandError) { Console.report(error, asJSON: format.hasPrefix("json"), errorStyle) }

  /// Reports an error of a command line that could not be understood as a whole.
  static func report(_ error: CommandError, arguments: [String]) {
    let pairs = zip(arguments, arguments.dropFirst())
    let isJSON =
      pairs.contains { ["-o", "--output"].contains($0) && $1.hasPrefix("json") }
      || arguments.contains { $0.hasPrefix("--output=json") || $0.hasPrefix("-ojson") }
    report(error, asJSON: isJSON, style(STDERR_FILENO, color: nil, showsHeadings: true))
  }

  private static func report(_ error: CommandError, asJSON: Bool, _ style: Style) {
    let text =
      asJSON
      ? error.contract.json + "\n"
      : Renderer.error(code: error.code, message: error.message, fix: error.fix, style: style)
    write(text, to: STDERR_FILENO)
  }

  /// Writes all of `text`; false when the reader is gone or the write fails.
  @discardableResult static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { buffer in
      var rest = UnsafeRawBufferPointer(buffer)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
  }

  private static func style(_ descriptor: Int32, color: String?, showsHeadings: Bool) -> Style {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let hasSize = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Style(
      usesColor: Style.usesColor(choice: color, isTerminal: isTerminal, environment: Environment.value),
      width: hasSize ? Int(size.ws_col) : nil, showsHeadings: showsHeadings)
  }
}

/// Variables of the process's environment.
enum Environment {
  /// The value of a variable; nil when it is unset or empty.
  static func value(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}
