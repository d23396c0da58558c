package import WorkflowModel

/// One message of the control protocol: a JSON document, and bytes that belong to it.
///
/// On the wire: the document's size and the attachment's size, each a little-endian u32, then both.
package struct Frame: Sendable, Equatable {
  /// Largest JSON document that is sent or taken, in bytes.
  package static let documentCap = 64 << 20
  /// Largest attachment that is sent or taken, in bytes.
  package static let attachmentCap = 256 << 20
  /// Nesting that is read: a payload of the deepest kind, inside the envelope around it.
  static let depthLimit = JSONReader.depthLimit + 16

  package var document: JSONValue
  package var attachment: [UInt8]

  package init(_ document: JSONValue, attachment: [UInt8] = []) {
    self.document = document
    self.attachment = attachment
  }

  /// Reads the next frame; nil when the peer closed the connection between two frames.
  ///
  /// - Throws: ``FrameError`` for sizes over the caps, a cut frame, text that is not JSON, or a failed read.
  package static func read(from stream: SocketStream) throws(FrameError) -> Frame? {
    guard let header = try stream.readHeader() else { return nil }
    let sizes = (size(header[0..<4]), size(header[4..<8]))
    guard sizes.0 <= documentCap, sizes.1 <= attachmentCap else {
      throw FrameError(
        "a frame of \(sizes.0) + \(sizes.1) bytes is over the limits of \(documentCap) + \(attachmentCap)")
    }
    let text = try stream.read(sizes.0)
    let attachment = try stream.read(sizes.1)
    do throws(JSONError) {
      return Frame(try JSONReader.read(text, refuseDuplicates: false, depthLimit: depthLimit), attachment: attachment)
    } catch { throw FrameError("a frame's document is not JSON: \(error)") }
  }

  /// Sends the frame.
  ///
  /// - Throws: ``FrameError`` when it is over the caps or the peer is gone.
  package func write(to stream: SocketStream) throws(FrameError) {
    let text = document.bytes
    guard text.count <= Frame.documentCap, attachment.count <= Frame.attachmentCap else {
      throw FrameError("a message of \(text.count) + \(attachment.count) bytes is over the limits", isOversize: true)
    }
    try stream.write(Frame.bytes(ofSize: text.count) + Frame.bytes(ofSize: attachment.count) + text)
    if !attachment.isEmpty { try stream.write(attachment) }
  }

  private static func size(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private static func bytes(ofSize size: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
  }
}

/// Why a frame could not be read or written; the connection is of no further use unless `isOversize`.
package struct FrameError: Error, Sendable, Equatable {
  package var message: String
  /// Nothing was sent because the message is too large.
  package var isOversize: Bool

  package init(_ message: String, isOversize: Bool = false) {
    self.message = message
    self.isOversize = isOversize
  }
}
