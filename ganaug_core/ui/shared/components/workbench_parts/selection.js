// Many images at once: by click, range, lasso or all that is shown. Only synthetic ones can be decided about.

function toggleSelected(bench, row) {
  if (!isSynthetic(bench, row)) return
  if (!bench.selected.size && isSynthetic(bench, bench.picked) && bench.picked !== row) bench.selected.add(bench.picked)
  if (!bench.selected.delete(row)) bench.selected.add(row)
  selectionChanged(bench)
}

function selectRange(bench, from, to) {
  const [start, end] = [bench.list.indexOf(from), bench.list.indexOf(to)].sort((a, b) => a - b)
  if (start < 0) return
  for (const row of bench.list.slice(start, end + 1)) bench.selected.add(row)
  selectionChanged(bench)
}

function selectAll(bench) {
  bench.selected = new Set(bench.list)
  selectionChanged(bench)
}

function clearSelected(bench) {
  bench.selected.clear()
  selectionChanged(bench)
}

// a selection that is too long for an address, or that is to be audited alone, becomes a set with a name
function nameSet(bench) {
  const images = [...bench.selected].map((row) => bench.ids[row])
  const says = `${images.length.toLocaleString("en")} images become a set of their own.`
  const suggested = `${bench.data.samples}-selection`
  askForName(bench, { title: "Save as a set", says, suggested }, (name) => bench.trigger("chosen", { name, images }))
}

function selectionChanged(bench) {
  for (const row of bench.tiles.keys()) markTile(bench, row)
  announce(bench, bench.selected.size ? `${bench.selected.size} selected` : "Nothing is selected")
  drawDecisions(bench)
  drawMapChoice(bench)
  writeAddress(bench)
}
