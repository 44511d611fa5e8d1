// Feature map: points and groups on one canvas, rings, links and the loop on another, so that hovering repaints little.
// Points come by route once; `state` holds what the map knows, one for each place on a page.
const STATES = new WeakMap()
const HELP = "Feature map. Arrow keys move from point to point, Enter picks, Escape clears, plus and minus zoom, 0 fits all."

export default function ({ data, parentElement, setStateValue }) {
  let state = STATES.get(parentElement)
  if (!state) {
    const hidden = { roles: new Set(), classes: new Set() }
    state = { mode: "pan", hover: -1, picked: -1, group: -1, opened: -1, hidden, shown: null }
    STATES.set(parentElement, state)
    mount(state, parentElement.querySelector(".map"))
  }
  state.data = data
  state.send = setStateValue
  state.root.querySelector(".ground").style.setProperty("--height", `${data.height}px`)
  if (state.points !== data.points) load(state, data.points)
  else if (state.ids) refresh(state)
  return () => {
    state.observer.disconnect()
    STATES.delete(parentElement)
  }
}

function mount(state, root) {
  state.root = root
  state.base = root.querySelector(".points")
  state.over = root.querySelector(".over")
  state.card = root.querySelector(".card")
  state.spoken = root.querySelector(".spoken")
  state.over.setAttribute("aria-label", HELP)
  state.observer = new ResizeObserver(() => {
    if (!state.ids) return
    if (!state.view || state.untouched) fit(state)
    paint(state)
  })
  state.observer.observe(state.over)
  listen(state)
}

async function load(state, points) {
  state.points = points
  delete state.root.dataset.ready
  const before = state.ids && state.picked >= 0 ? state.ids[state.picked] : null
  let bytes
  try {
    const answer = await fetch(points)
    if (!answer.ok) throw new Error(points)
    bytes = await answer.arrayBuffer()
  } catch {
    state.spoken.textContent = "The points of the map could not be loaded. Reload the page."
    return
  }
  if (state.points !== points) return
  const n = (state.n = state.data.count)
  state.xy = new Float32Array(bytes, 0, 2 * n)
  state.nearest = new Int32Array(bytes, 8 * n, n)
  state.label = new Uint8Array(bytes, 12 * n, n)
  state.role = new Uint8Array(bytes, 13 * n, n)
  const text = new TextDecoder().decode(new Uint8Array(bytes, 14 * n, 12 * n))
  state.ids = Array.from({ length: n }, (_, i) => text.slice(12 * i, 12 * i + 12))
  state.rows = new Map(state.ids.map((id, i) => [id, i]))
  state.hover = -1
  state.loop = null
  state.picked = state.rows.get(state.data.picked ?? before) ?? -1
  state.heard = state.data.picked
  index(state)
  fit(state)
  refresh(state)
  state.root.dataset.ready = String(n)
}

// what Python says may have changed: picked image, overlays, theme
function refresh(state) {
  if (state.heard !== state.data.picked) {
    state.heard = state.data.picked
    state.picked = state.rows.get(state.data.picked) ?? -1
    state.spoken.textContent = said(state)
  }
  state.shown ??= { ...state.data.shown }
  const row = (id) => state.rows.get(id)
  const there = (i) => i !== undefined
  state.chosen = state.data.chosen.map(row).filter(there)
  state.links = state.data.links.map(([from, to]) => [row(from), row(to)]).filter((pair) => pair.every(there))
  state.copied = new Map(state.links)
  state.groups = state.data.groups
    .map(({ says, members }, place) => ({ says, place, members: members.map(row).filter(there) }))
    .filter(({ members }) => members.length)
  if (state.asked !== state.data.opened) {
    state.asked = state.data.opened
    state.opened = state.group = state.groups.findIndex(({ place }) => place === state.asked)
  }
  tools(state)
  legend(state)
  groupList(state)
  paint(state)
}
