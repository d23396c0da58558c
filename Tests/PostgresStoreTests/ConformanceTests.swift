import StoreConformance
import Testing

@Suite(.serialized) struct ConformanceTests {
  @Test(arguments: StoreCheck.all)
  func aSchemaConforms(check: StoreCheck) throws {
    try withSchema { schema in try check.run({ try schema.open() }, sql: { try schema.sql($0) }) }
  }
}
