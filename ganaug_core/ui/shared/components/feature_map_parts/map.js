// Points and groups on one canvas, rings, links and the loop on another, so that hovering repaints little. Points come by
// route once; `state` holds what the map knows.
const HELP = "Feature map. Arrow keys move from point to point, Enter picks, Escape clears, plus and minus zoom, 0 fits all."

function newMap() {
  const hidden = { roles: new Set(), classes: new Set() }
  return { mode: "pan", hover: -1, picked: -1, group: -1, opened: -1, hidden, shown: null, faint: null }
}

function mountMap(state, root) {
  state.root = root
  state.pointsCanvas = root.querySelector(".points")
  state.overlay = root.querySelector(".overlay")
  state.card = root.querySelector(".card")
  state.announcement = root.querySelector(".announcement")
  state.overlay.setAttribute("aria-label", HELP)
  state.observer = new ResizeObserver(() => {
    if (!state.ids) return
    if (!state.view || state.isFitted) fitToScreen(state)
    paint(state)
  })
  state.observer.observe(state.overlay)
  listenToPointer(state)
}

const POINTS = new Map()

// a promise of the points of a map; the last ones are kept
function pointsAt(address) {
  if (!POINTS.has(address)) {
    POINTS.clear()
    const bytes = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(address)
      return answer.arrayBuffer()
    })
    bytes.catch(() => POINTS.delete(address))
    POINTS.set(address, bytes)
  }
  return POINTS.get(address)
}

async function loadMap(state, points) {
  state.points = points
  delete state.root.dataset.ready
  const pickedBefore = state.ids && state.picked >= 0 ? state.ids[state.picked] : null
  let bytes
  try {
    bytes = await pointsAt(points)
  } catch {
    state.announcement.textContent = "The points of the map could not be loaded. Reload the page."
    return
  }
  if (state.points !== points) return
  const count = (state.count = state.data.count)
  state.positions = new Float32Array(bytes, 0, 2 * count)
  state.nearest = new Int32Array(bytes, 8 * count, count)
  state.label = new Uint8Array(bytes, 12 * count, count)
  state.role = new Uint8Array(bytes, 13 * count, count)
  const text = new TextDecoder().decode(new Uint8Array(bytes, 14 * count, 12 * count))
  state.ids = Array.from({ length: count }, (_, row) => text.slice(12 * row, 12 * row + 12))
  readNeighbourhoods(state, bytes)
  state.rows = new Map(state.ids.map((id, row) => [id, row]))
  state.hover = -1
  state.lasso = null
  state.picked = state.rows.get(state.data.picked ?? pickedBefore) ?? -1
  state.sentPick = state.data.picked
  buildGrid(state)
  fitToScreen(state)
  refreshMap(state)
  state.root.dataset.ready = String(count)
}

// what Python says may have changed: picked image, overlays, theme
function refreshMap(state) {
  if (state.sentPick !== state.data.picked) {
    state.sentPick = state.data.picked
    state.picked = state.rows.get(state.data.picked) ?? -1
    state.announcement.textContent = pickedText(state)
  }
  state.shown ??= { ...state.data.shown }
  const rowOf = (id) => state.rows.get(id)
  const isHere = (row) => row !== undefined
  state.chosen = state.data.chosen.map(rowOf).filter(isHere)
  state.links = state.data.links.map(([from, to]) => [rowOf(from), rowOf(to)]).filter((pair) => pair.every(isHere))
  state.copied = new Map(state.links)
  state.groups = state.data.groups
    .map(({ says, members }, number) => ({ says, number, members: members.map(rowOf).filter(isHere) }))
    .filter(({ members }) => members.length)
  readMoments(state)
  drawToolbar(state)
  drawLegend(state)
  drawGroupList(state)
  paint(state)
}
