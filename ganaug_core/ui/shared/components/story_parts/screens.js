// One drawing a kind of screen.
const SCREENS = {
  wedge: () => [wedge()],
  sheets: (story, content) => [
    sheetsOf(content.sheets, content.classes),
    ...(content.vote?.length ? [votesOf(story, content.vote)] : []),
  ],
  maps: (story, content) => [mapsOf(content.maps)],
  flicker: (story, content) => [flickerOf(story, content)],
  missing: (story, content) => (content.sheets.length ? [sheetsOf(content.sheets)] : []),
  verdicts: (story, content) => [verdictsOf(content)],
  benefit: (story, content) => [linesOf(content.lines)],
  figure: (story, content) => [figureOf(story, content)],
  games: (story, content) => [gamesOf(story, content)],
  words: () => [],
  still: (story, content) => [stillOf(content)],
  end: (story, content) => [linesOf(content.lines), ...(content.vote.length ? [votesOf(story, content.vote)] : [])],
}
const SIGNS = { pass: "✓", warn: "!", fail: "✕", not_assessable: "?" }

function verdictsOf({ rows, titles, colours }) {
  const table = element("table")
  const head = element("tr")
  head.append(element("th", "", ""), ...titles.map((title) => element("th", "", title)))
  table.append(head)
  for (const row of rows) {
    const line = element("tr")
    const name = element("th", "", row.title)
    name.scope = "row"
    name.title = row.question
    line.append(name)
    for (const { state, word } of row.cells) {
      const cell = element("td")
      const sign = element("span", "sign", SIGNS[state] ?? "?")
      sign.style.background = colours[state]
      cell.append(sign, ` ${word}`)
      line.append(cell)
    }
    table.append(line)
  }
  return table
}

function linesOf(lines) {
  const list = element("dl")
  for (const { title, text } of lines) list.append(element("dt", "", title), element("dd", "", text))
  return list
}
