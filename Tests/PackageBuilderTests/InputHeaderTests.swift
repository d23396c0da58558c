import Foundation
import Testing

@Suite struct InputHeaderTests {
  /// Reads values out of a text, then out of each of its prefixes, each in a block of memory of exactly its size.
  private static let program = """
    #include <cloacina/author.h>
    #include <stdio.h>

    static int failures;
    static void expect(const char *what, cloacina_text got, const char *wanted) {
      if (got.count == strlen(wanted) && memcmp(got.utf8, wanted, got.count) == 0) return;
      printf("%s: '%.*s' instead of '%s'\\n", what, (int)got.count, got.utf8 ? got.utf8 : "", wanted);
      failures++;
    }

    static long walk(cloacina_text object) {
      const char *names[] = {"a", "list", "nested", "text", "last", "none", ""};
      long sum = 0;
      for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
        cloacina_text value = cloacina_member(object, names[name]), element = {0, 0};
        sum += cloacina_integer(value, 0) + cloacina_integer(cloacina_member(value, "b"), 0);
        for (int count = 0; (element = cloacina_next(value, element)).count > 0; count++) {
          sum += cloacina_integer(element, 0);
          if (count > 100) { failures++; puts("a list without an end"); break; }
        }
      }
      return sum;
    }

    int main(void) {
      const char text[] = " { \\"a\\" : 7 ,\\"list\\":[1, 2,[3,\\"]\\"],{\\"x\\":\\"}\\"}, -4 ],"
                          "\\"text\\":\\"q\\\\\\"u, \\\\\\\\\\",\\"nested\\":{\\"a\\":0,\\"b\\":30},\\"last\\":null}";
      cloacina_call call = {0};
      call.input.start = (const uint8_t *)text;
      call.input.count = sizeof text - 1;
      expect("a", cloacina_input(&call, "a"), "7");
      expect("text", cloacina_input(&call, "text"), "\\"q\\\\\\"u, \\\\\\\\\\"");
      expect("nested", cloacina_input(&call, "nested"), "{\\"a\\":0,\\"b\\":30}");
      expect("b is not on top", cloacina_input(&call, "b"), "");
      expect("last", cloacina_input(&call, "last"), "null");
      cloacina_text list = cloacina_input(&call, "list"), element = {0, 0};
      const char *elements[] = {"1", "2", "[3,\\"]\\"]", "{\\"x\\":\\"}\\"}", "-4", ""};
      for (int at = 0; at < 6; at++) expect("element", element = cloacina_next(list, element), elements[at]);
      cloacina_text empty = {"[]", 2}, none = {0, 0}, number = {"12", 2}, fraction = {"1.5", 3};
      expect("empty", cloacina_next(empty, none), "");
      expect("no list", cloacina_next(number, none), "");
      if (cloacina_integer(number, 0) != 12 || cloacina_integer(fraction, -1) != -1 || cloacina_integer(none, 5) != 5)
        failures++;
      for (size_t count = 0; count <= sizeof text - 1; count++) {
        char *copy = malloc(count ? count : 1);
        memcpy(copy, text + 1, count ? count - 1 : 0);
        cloacina_text prefix = {copy, count ? count - 1 : 0};
        walk(prefix);
        if (count == sizeof text - 1 && walk(prefix) != 7 + 1 + 2 - 4 + 30) failures++;
        free(copy);
      }
      return failures != 0;
    }

    """

  @Test func valuesAreFoundAndNothingIsReadBeyondTheText() throws {
    let folder = try BuildFolder(["reader.c": InputHeaderTests.program])
    let build = try run(
      "/usr/bin/cc",
      [
        "-std=c17", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover",
        "-I\(BuildFolder.repository)/ABI/include", "-o", "\(folder.path)/reader", "\(folder.path)/reader.c",
      ])
    #expect(build.status == 0, "\(build.output)")
    let result = try run("\(folder.path)/reader", [])
    #expect(result.status == 0, "\(result.output)")
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
