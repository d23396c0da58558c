/// Rows in aligned columns.
package struct Table {
  package struct Column {
    package var title: String
    package var alignsRight: Bool

    package init(_ title: String, alignsRight: Bool = false) {
      self.title = title
      self.alignsRight = alignsRight
    }
  }

  package struct Cell: ExpressibleByStringLiteral {
    var text: String
    var tint: Style.Tint?

    package init(_ text: String, _ tint: Style.Tint? = nil) {
      self.text = SafeText.line(text)
      self.tint = tint
    }

    package init(stringLiteral text: String) { self.init(text) }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row with one cell for each column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a row must have a cell for each column")
    rows.append(cells)
  }

  /// The lines of the table, each with its line end; on a terminal the last column is cut to fit.
  package func text(_ style: Style) -> String {
    let heading = columns.map { Cell($0.title, .dim) }
    let shown = style.showsHeadings ? [heading] + rows : rows
    let widths = columns.indices.map { column in shown.map { SafeText.width($0[column].text) }.max() ?? 0 }
    return shown.map { line($0, widths, style) + "\n" }.joined()
  }

  private func line(_ cells: [Cell], _ widths: [Int], _ style: Style) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      var text = cell.text
      if isLast, let width = style.width {
        let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        text = SafeText.cut(text, to: max(8, width - before))
      }
      let gap = String(repeating: " ", count: max(0, widths[index] - SafeText.width(text)))
      let painted = style.paint(text, cell.tint)
      line += columns[index].alignsRight ? gap + painted : isLast ? painted : painted + gap
      if !isLast { line += "  " }
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
