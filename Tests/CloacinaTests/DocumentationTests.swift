import Foundation
import Testing

/// The library is read by people who see nothing but its public symbols.
@Suite struct DocumentationTests {
  @Test func everyPublicSymbolSaysWhatItIs() throws {
    let folder = "\(SampleArchives.repository)/Sources/Cloacina"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 10)
    for file in files {
      let lines = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).components(separatedBy: "\n")
      for (index, line) in lines.enumerated() where line.contains("public ") && !line.contains("//") {
        let above = lines[..<index].last { !$0.contains("@discardableResult") } ?? ""
        #expect(above.contains("///"), "\(file):\(index + 1) says nothing about \(line)")
      }
    }
  }
}
