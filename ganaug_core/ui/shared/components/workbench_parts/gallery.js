// The gallery pane: sections with their tiles; a click picks, Ctrl and Shift select many, arrows go from tile to tile.
const TILE = 72

function drawGallery(bench) {
  const started = performance.now()
  const pane = bench.root.querySelector(".sections")
  sheetFor(bench, bench.sections.flatMap(({ real, rows }) => [...real, ...rows]))
  pane.replaceChildren(...bench.sections.flatMap((section) => sectionElements(bench, section)))
  if (!bench.sections.length) pane.textContent = "No image is here: choose another filter, or show all."
  const shown = bench.list.length < bench.total ? `first ${bench.list.length.toLocaleString("en")} of ` : ""
  bench.root.querySelector(".count").textContent = `${shown}${bench.total.toLocaleString("en")} synthetic`
  const all = [...bench.list, ...bench.sections.flatMap(({ real }) => real)]
  const first = bench.tiles.get(bench.tiles.get(bench.picked)?.isConnected ? bench.picked : bench.list[0] ?? all[0])
  if (first) first.tabIndex = 0
  bench.root.dataset.shown = bench.list.length
  bench.root.dataset.filtered = (performance.now() - started).toFixed(1)
  awaitSheets(bench, all)
}

function sectionElements(bench, { title, real, rows, total }) {
  const heading = document.createElement("h2")
  heading.textContent = title
  const count = document.createElement("small")
  count.textContent = `${total.toLocaleString("en")} synthetic`
  heading.append(count)
  const parts = [heading]
  for (const [kind, of, name] of [["strip", real, `Real images, ${title}`], ["made", rows, `Synthetic images, ${title}`]]) {
    if (!of.length) continue
    const tiles = document.createElement("div")
    tiles.className = `tiles ${kind}`
    tiles.setAttribute("role", "listbox")
    tiles.setAttribute("aria-multiselectable", "true")
    tiles.setAttribute("aria-label", name)
    tiles.append(...of.map((row) => tileOf(bench, row)))
    parts.push(tiles)
  }
  return parts
}

// says when the pictures of what is shown are there
function awaitSheets(bench, rows) {
  const wanted = [...new Set(rows.map((row) => bench.sheets.get(row).address))]
  const waits = wanted.map((address) => {
    if (!bench.pictures.has(address))
      bench.pictures.set(address, new Promise((resolve) => {
        const image = new Image()
        image.onload = resolve
        image.onerror = () => (announce(bench, "The images could not be loaded. Reload the page."), resolve())
        image.src = address
      }))
    return bench.pictures.get(address)
  })
  const drawn = (bench.drawn = (bench.drawn ?? 0) + 1)
  Promise.all(waits).then(() => drawn === bench.drawn && (bench.root.dataset.pictured = String(rows.length)))
}

function listenToGallery(bench) {
  const pane = bench.root.querySelector(".sections")
  pane.onclick = (event) => {
    const tile = event.target.closest("button[data-row]")
    if (!tile) return
    const row = Number(tile.dataset.row)
    if (event.shiftKey && bench.picked >= 0) selectRange(bench, bench.picked, row)
    else if (event.ctrlKey || event.metaKey) toggleSelected(bench, row)
    else {
      if (bench.selected.size) clearSelected(bench)
      pick(bench, row, { focus: true })
    }
  }
  pane.onpointerover = (event) => {
    const tile = event.target.closest("button[data-row]")
    if (tile) fetchPair(bench, Number(tile.dataset.row)) // a click finds its images here
  }
  pane.onkeydown = (event) => {
    const tile = event.target.closest("button[data-row]")
    const target = tile && tileTowards(bench, tile, event.key)
    if (!target) return
    event.preventDefault()
    event.stopPropagation()
    pick(bench, Number(target.dataset.row), { focus: true })
  }
}

function tileTowards(bench, tile, key) {
  const all = [...bench.root.querySelectorAll(".sections button[data-row]")]
  const place = all.indexOf(tile)
  const steps = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: all.length - 1 }
  if (key in steps) return all[Math.min(all.length - 1, Math.max(0, steps[key]))]
  if (key !== "ArrowDown" && key !== "ArrowUp") return null
  const down = key === "ArrowDown" ? 1 : -1
  let best = null
  for (let next = place + down; next >= 0 && next < all.length; next += down) {
    if (all[next].offsetTop === tile.offsetTop) continue
    if (best && all[next].offsetTop !== best.offsetTop) break
    const aside = (one) => Math.abs(one.offsetLeft - tile.offsetLeft)
    if (!best || aside(all[next]) < aside(best)) best = all[next]
  }
  return best
}
