// The gallery: tiles from sheets of 256 images, so that hundreds are there at once and sorting asks for nothing.
const SHEET = 256
const SHEET_COLUMNS = 16

// the sheet that holds an image: of synthetic ones by their place, of real ones by the list that first shows them
function sheetFor(bench, rows) {
  const known = bench.sheetRules.length
  const missing = rows.filter((row) => !bench.sheets.has(row))
  for (const side of [false, true]) {
    const wanted = missing.filter((row) => isSynthetic(bench, row) === side)
    const all = side ? [...new Set(wanted.map((row) => Math.floor((row - bench.realCount) / SHEET)))].flatMap((sheet) => {
      const first = bench.realCount + sheet * SHEET
      return [Array.from({ length: Math.min(SHEET, bench.ids.length - first) }, (_, place) => first + place)]
    }) : chunks(wanted, SHEET)
    for (const sheetRows of all) {
      const ids = sheetRows.map((row) => bench.ids[row]).join(",")
      const columns = Math.min(SHEET_COLUMNS, sheetRows.length)
      const address = `${bench.data.sprites[side ? "synthetic" : "real"]}?tile=64&columns=${columns}&ids=${ids}`
      const sheet = nameSheet(bench, address)
      sheetRows.forEach((row, place) => bench.sheets.set(row, { address, sheet, columns, place, count: sheetRows.length }))
    }
  }
  if (bench.sheetRules.length === known) return
  bench.sheetStyle ??= bench.root.appendChild(document.createElement("style"))
  bench.sheetStyle.textContent = bench.sheetRules.join("\n")
}

// the address of a sheet is long: it stands once in a rule, and its tiles name the rule
function nameSheet(bench, address) {
  const sheet = `sheet-${bench.sheetRules.length}`
  bench.sheetRules.push(`.bench.bench .${sheet} { background-image: url("${address}") }`)
  return sheet
}

function chunks(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(size * index, size * (index + 1)))
}

function showTile(bench, element, row, size) {
  const { sheet, columns, place, count } = bench.sheets.get(row)
  const [column, line] = [place % columns, Math.floor(place / columns)]
  const [wide, tall] = [columns * size, Math.ceil(count / columns) * size]
  element.classList.add(sheet)
  element.style.cssText += `background-size: ${wide}px ${tall}px; background-position: ${-column * size}px ${-line * size}px`
}

function tileOf(bench, row) {
  if (bench.tiles.has(row)) return bench.tiles.get(row)
  const tile = document.createElement("button")
  tile.type = "button"
  tile.tabIndex = -1
  tile.dataset.id = bench.ids[row]
  tile.dataset.row = row
  tile.setAttribute("role", "option")
  showTile(bench, tile, row, TILE)
  bench.tiles.set(row, tile)
  markTile(bench, row)
  return tile
}

const SIGNS = { keep: "✓", reject: "✕", flag: "⚑" }

function markTile(bench, row) {
  const tile = bench.tiles.get(row)
  if (!tile) return
  const own = decisionOf(bench, row)?.decision
  const decisions = isComparing(bench) ? decisionsOf(bench, row).map(([reader, one]) => [one.decision, `${readerName(reader)}: ${one.decision}`]) : own ? [[own, own]] : []
  const label = [nameOf(bench, row), bench.ids[row], ...decisions.map(([, told]) => told)].join(", ")
  tile.title = label
  tile.setAttribute("aria-label", label)
  tile.setAttribute("aria-selected", String(bench.picked === row || bench.selected.has(row)))
  tile.classList.toggle("picked", bench.picked === row)
  tile.classList.toggle("selected", bench.selected.has(row))
  const marks = decisions.map(([decision]) => decision).join(" ")
  if ((tile.dataset.marks ?? "") === marks && tile.dataset.mark === own) return
  tile.dataset.marks = marks
  if (own) tile.dataset.mark = own
  else delete tile.dataset.mark
  tile.replaceChildren(...decisions.map(([decision]) => {
    const sign = document.createElement("i")
    sign.dataset.mark = decision
    sign.textContent = SIGNS[decision]
    return sign
  }))
}

// a row of small images without names, for the findings
function thumbnails(bench, rows, size) {
  sheetFor(bench, rows)
  const strip = document.createElement("span")
  strip.className = "thumbs"
  for (const row of rows) {
    const thumb = document.createElement("span")
    thumb.style.width = thumb.style.height = `${size}px`
    thumb.className = isSynthetic(bench, row) ? "synthetic" : "real"
    showTile(bench, thumb, row, size)
    strip.append(thumb)
  }
  return strip
}
