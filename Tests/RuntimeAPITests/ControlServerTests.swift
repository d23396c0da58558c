import CloacinaRuntime
import Foundation
import Glibc
import Testing
import Threading
import WorkflowModel

@testable import RuntimeAPI

/// A folder with a socket in it, removed afterwards.
private final class Folder {
  let path = "/tmp/cloacina-api-\(UInt64.random(in: .min ... .max))"

  init() throws { try #require(mkdir(path, 0o700) == 0) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var socket: String { "\(path)/test.db.sock" }
}

@Suite(.serialized) struct ControlServerTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// Repeats what it was asked; `fail` fails.
  private static let echo: OperationHandler = { name, params, attachment, _ throws(RuntimeError) in
    if name == "fail" { throw RuntimeError(.notFound, code: "CLO-X001", "no such thing", fix: "look elsewhere") }
    return Answer(.object([JSONMember("op", .string(name)), JSONMember("params", params)]), attachment: attachment)
  }

  private func client() throws -> ControlClient { try #require(try ControlClient.connect([folder.socket])) }

  @Test func oneConnectionCarriesManyRequests() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    let client = try client()
    for number in 0..<100 {
      let params = JSONValue.object([JSONMember("n", .integer(number))])
      let answer = try client.perform("echo", params, attachment: [UInt8(number)])
      #expect(answer.document["params"] == params)
      #expect(answer.attachment == [UInt8(number)])
    }
  }

  @Test func errorsCrossWhole() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    let client = try client()
    let expected = RuntimeError(.notFound, code: "CLO-X001", "no such thing", fix: "look elsewhere")
    #expect(throws: expected) { try client.perform("fail", .object([])) }
    #expect(try client.perform("after", .object([])).document["op"]?.text == "after")
  }

  @Test(arguments: [
    RuntimeError.Kind.invalid, .unavailable, .notFound, .refused, .timeout, .rejectedPackage, .internal,
  ]) func everyKindOfErrorSurvivesTheWire(_ kind: RuntimeError.Kind) {
    for fix in [nil, "do"] {
      let error = RuntimeError(kind, code: "C", "m", fix: fix)
      #expect(RuntimeError(json: error.json) == error)
    }
  }

  @Test func onlyTheOwnerMayOpenTheSocket() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    var facts = stat()
    #expect(stat(folder.socket, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
    server.stop()
    #expect(access(folder.socket, F_OK) != 0, "the socket file goes with the server")
  }

  @Test func withoutADaemonThereIsNoClient() throws {
    #expect(try ControlClient.connect([folder.socket]) == nil)
    #expect(try ControlClient.connect([]) == nil)
  }

  @Test func theSocketOfADeadDaemonIsReplaced() throws {
    let dead = try ControlSocket.listen(folder.socket)
    close(dead)
    #expect(access(folder.socket, F_OK) == 0, "it left its file behind")
    #expect(try ControlClient.connect([folder.socket]) == nil)
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    #expect(try client().perform("echo", .object([])).document["op"]?.text == "echo")
  }

  @Test func malformedInputClosesItsConnectionAndNoOther() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    let good = try client()
    for bytes in [[255, 255, 255, 255, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0x7B]] as [[UInt8]] {
      let descriptor = try #require(try ControlSocket.connect(folder.socket))
      let bad = SocketStream(descriptor)
      try bad.write(bytes)
      #expect(try Frame.read(from: bad) == nil, "closed without an answer")
      close(descriptor)
    }
    #expect(try good.perform("echo", .object([])).document["op"]?.text == "echo")
  }

  @Test func aRequestWithoutAnOperationIsAnError() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    let descriptor = try #require(try ControlSocket.connect(folder.socket))
    defer { close(descriptor) }
    for document in [JSONValue.null, .object([]), .object([JSONMember("op", .integer(1))])] {
      try Frame(document).write(to: SocketStream(descriptor))
      let reply = try #require(try Frame.read(from: SocketStream(descriptor)))
      #expect(reply.document["error"]?["code"]?.text == "CLO-D006")
    }
  }

  @Test func oneConnectionTooManyIsToldSo() throws {
    let server = try ControlServer(path: folder.socket, handler: ControlServerTests.echo)
    defer { server.stop() }
    var clients: [ControlClient] = []
    for _ in 0..<ControlServer.connectionLimit {
      let client = try client()
      _ = try client.perform("echo", .object([]))
      clients.append(client)
    }
    let error = #expect(throws: RuntimeError.self) { try client().perform("echo", .object([])) }
    #expect(error?.code == "CLO-D003")
    #expect(error?.kind == .unavailable)
    #expect(try clients[0].perform("echo", .object([])).document["op"]?.text == "echo")
  }

  @Test func oneWaitingRequestHoldsUpNoOther() throws {
    let (entered, release) = (OneShot<Void>(), OneShot<Void>())
    let server = try ControlServer(path: folder.socket) { name, _, _, _ throws(RuntimeError) in
      if name == "wait" {
        entered.deliver(())
        _ = release.wait()
      }
      return Answer(.string(name))
    }
    defer { server.stop() }
    let path = folder.socket
    let answered = OneShot<String>()
    let thread = NamedThread("waiter") {
      let client = try? ControlClient.connect([path])
      answered.deliver((try? client?.perform("wait", .object([])))?.document.text ?? "failed")
    }
    #expect(entered.wait() != nil)
    #expect(try client().perform("quick", .object([])).document.text == "quick")
    release.deliver(())
    #expect(answered.wait() == "wait")
    thread.join()
  }

  @Test func progressComesBeforeTheAnswerToWhoeverWantsIt() throws {
    let heard = OneShot<String>()
    let server = try ControlServer(path: folder.socket) { name, _, _, progress throws(RuntimeError) in
      progress(.string("half of it"))
      // Only a client that is told at once lets the operation end.
      if name == "patient" { _ = heard.wait() }
      if name == "failing" { throw RuntimeError(.refused, code: "CLO-X002", "no") }
      return Answer(.string("all of it"))
    }
    defer { server.stop() }
    let client = try client()
    let told = Mailbox<String>()
    let answer = try client.perform("patient", .object([])) { document in
      told.post(document.text ?? "")
      heard.deliver(document.text ?? "")
    }
    #expect(answer.document.text == "all of it")
    #expect(told.take(until: 0) == ["half of it"])
    let error = #expect(throws: RuntimeError.self) {
      try client.perform("failing", .object([])) { told.post($0.text ?? "") }
    }
    #expect(error?.code == "CLO-X002")
    #expect(told.take(until: 0) == ["half of it"])
    #expect(try client.perform("plain", .object([])).document.text == "all of it", "who does not ask is not told")
  }

  @Test func aStoppingServerRefusesNewRequestsAndAnswersOldOnes() throws {
    let (entered, release) = (OneShot<Void>(), OneShot<Void>())
    let server = try ControlServer(path: folder.socket) { name, _, _, _ throws(RuntimeError) in
      if name == "wait" {
        entered.deliver(())
        _ = release.wait()
      }
      return Answer(.string(name))
    }
    let path = folder.socket
    let answered = OneShot<String>()
    let thread = NamedThread("waiter") {
      let client = try? ControlClient.connect([path])
      answered.deliver((try? client?.perform("wait", .object([])))?.document.text ?? "failed")
    }
    let idle = try client()
    _ = try idle.perform("quick", .object([]))
    #expect(entered.wait() != nil)
    server.stopAccepting()
    let error = #expect(throws: RuntimeError.self) { try idle.perform("quick", .object([])) }
    #expect(error?.code == "CLO-D005")
    #expect(try ControlClient.connect([path]) == nil)
    release.deliver(())
    #expect(answered.wait() == "wait")
    thread.join()
    server.stop()
    let gone = #expect(throws: RuntimeError.self) { try idle.perform("quick", .object([])) }
    #expect(gone?.kind == .unavailable)
  }

  @Test func anAnswerThatIsTooLargeIsAnErrorAndTheConnectionLives() throws {
    let server = try ControlServer(path: folder.socket) { name, _, _, _ throws(RuntimeError) in
      Answer(name == "large" ? .string(String(repeating: "x", count: Frame.documentCap)) : .null)
    }
    defer { server.stop() }
    let client = try client()
    let error = #expect(throws: RuntimeError.self) { try client.perform("large", .object([])) }
    #expect(error?.code == "CLO-D004")
    #expect(try client.perform("small", .object([])).document == .null)
  }
}

@Suite struct ControlSocketTests {
  @Test func theSocketLiesBesideTheDatabase() {
    #expect(ControlSocket.candidates(database: "/tmp/x.db", runtimeFolder: "/run/user/7") == ["/tmp/x.db.sock"])
    #expect(ControlSocket.candidates(database: "/tmp/../tmp/./x.db", runtimeFolder: nil) == ["/tmp/x.db.sock"])
  }

  @Test func aLongPathGetsAShortSocketThatBothEndsDerive() {
    let long = "/tmp/" + String(repeating: "d", count: 120) + "/x.db"
    let first = ControlSocket.candidates(database: long, runtimeFolder: "/run/user/7")
    #expect(first == ControlSocket.candidates(database: long, runtimeFolder: "/run/user/7"))
    #expect(first.count == 2)
    #expect(first[0].hasPrefix("/run/user/7/cloacina-"))
    #expect(first[1].hasPrefix("/tmp/cloacina-\(geteuid())-"))
    #expect(first.allSatisfy { $0.utf8.count <= ControlSocket.pathLimit })
    #expect(ControlSocket.candidates(database: long + "2", runtimeFolder: nil) != [first[1]])
  }

  @Test func relativePathsAndLinksMeanTheSameSocket() throws {
    let folder = try Folder()
    try #require(symlink(folder.path, "\(folder.path)/link") == 0)
    let direct = ControlSocket.candidates(database: "\(folder.path)/x.db", runtimeFolder: nil)
    #expect(ControlSocket.candidates(database: "\(folder.path)/link/x.db", runtimeFolder: nil) == direct)
    #expect(ControlSocket.canonical("x.db").hasSuffix("/x.db"))
    #expect(ControlSocket.canonical("x.db").hasPrefix("/"))
  }
}
