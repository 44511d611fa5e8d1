// Explorer: images to start from, tools that change them, and what is found beside where it began. The server draws what
// recipes say; of Streamlit it asks only to keep a set and to search for a real image.
const EXPLORERS = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let explorer = EXPLORERS.get(parentElement)
  const isNew = !explorer
  if (isNew) {
    explorer = newExplorer(parentElement.querySelector(".explorer"))
    EXPLORERS.set(parentElement, explorer)
    document.addEventListener("keydown", explorer.onKey, true)
  }
  explorer.send = setTriggerValue
  const isOther = explorer.data?.draw !== data.draw
  const isOtherCohort = explorer.data?.real?.list !== data.real?.list
  explorer.data = data
  if (isOtherCohort) Object.assign(explorer, { list: null, real: null, page: 0, realClass: 0 })
  if (isOther) begin(explorer)
  else if (explorer.tool === "real") showTool(explorer)
  return () => {
    document.removeEventListener("keydown", explorer.onKey, true)
    clearInterval(explorer.viewer.flicker)
    EXPLORERS.delete(parentElement)
  }
}

function newExplorer(root) {
  const viewer = mountViewer(root.querySelector(".viewer"))
  viewer.differenceLast = true
  const explorer = { root, viewer, images: new Map(), tiles: new Set(), wishes: {}, drawing: {}, role: 0, realClass: 0, page: 0, row: 0, layers: 0 }
  viewer.onWindow = () => requestAnimationFrame(() => repaintTiles(explorer))
  explorer.onKey = (event) => onExplorerKey(explorer, event)
  return explorer
}

function begin(explorer) {
  const { data, root, viewer } = explorer
  explorer.images.clear()
  viewer.request = { panels: [], unit: data.unit, scale: data.scale, windows: data.windows, start: data.start, clipped: data.clipped }
  viewer.window = null
  Object.assign(explorer, recalled(explorer), { picked: null, wayOf: null })
  explorer.slot = firstSlot(explorer, toolOf(explorer))
  const select = root.querySelector(".label")
  select.replaceChildren(new Option("all classes", ""), ...data.classes.map((name) => new Option(name, name)))
  select.value = data.classes.includes(explorer.label) ? explorer.label : ""
  select.onchange = () => {
    explorer.label = select.value
    remember(explorer)
    showShelf(explorer)
  }
  root.querySelector(".others").onclick = () => {
    explorer.seed += 1
    remember(explorer)
    showShelf(explorer)
  }
  root.querySelector(".save").onclick = () => askForName(explorer)
  showShelf(explorer)
  showKept(explorer)
  prepare(explorer)
}

// the directions of a class take a moment the first time: they are asked for before anybody wants to see them
async function prepare(explorer) {
  const { data } = explorer
  try {
    await drawn(explorer, [startRecipe(explorer.seed, 0, data.classes[0])])
    for (const name of data.classes.slice(0, 4)) await drawn(explorer, [alongPrincipal(startRecipe(0, 0, name), 0, 1)])
    explorer.root.dataset.prepared = "true"
  } catch {
    // whoever asks for them is told
  }
}

function onExplorerKey(explorer, event) {
  const [target] = event.composedPath()
  if (!explorer.root.isConnected || explorer.root.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return
  if (target.closest?.("input, textarea, select, [contenteditable], [role=combobox]")) return
  if (event.key.toLowerCase() === "k" && !event.repeat) toggleKept(explorer)
  else if (["ArrowLeft", "ArrowRight"].includes(event.key) && target.closest?.(".tile")) step(target.closest(".tile"), event.key === "ArrowRight" ? 1 : -1)
  else if (!viewerCommand(explorer.viewer, event)) return
  event.preventDefault()
  event.stopPropagation()
}

// from one tile to its neighbour, which a click or Enter then picks
function step(tile, steps) {
  const tiles = [...tile.closest(".shelf, .results, .kept, .reals")?.querySelectorAll(".tile") ?? []]
  const next = tiles[tiles.indexOf(tile) + steps]
  next?.focus()
  if (next?.closest(".results")) next.click()
}
