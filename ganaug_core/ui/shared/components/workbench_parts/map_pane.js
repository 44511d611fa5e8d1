// The map in the workbench: what is chosen in the gallery or among the findings is seen there, and the other way round.

function drawMapPane(bench) {
  const pane = bench.root.querySelector(".mappane")
  const { map } = bench.data
  pane.querySelector(".nomap").hidden = Boolean(map)
  pane.querySelector(".map").hidden = !map
  if (!map || bench.choice.view === "gallery") return
  if (!bench.map) {
    bench.map = newMap()
    mountMap(bench.map, pane.querySelector(".map"))
    Object.assign(bench.map, {
      send: (what, value) => mapSays(bench, what, value),
      nearestOf: (point) => pointOf(bench, nearestOf(bench, rowOfPoint(bench, point))[0]?.row),
      labelOf: (point) => pointText(bench, rowOfPoint(bench, point)),
      pairText: (point) => nearText(bench, rowOfPoint(bench, point)),
    })
  }
  const state = bench.map
  const { classes, colours, roles, images } = bench.data
  state.data = { ...map, classes, colours, roles, images, picked: bench.ids[bench.picked] ?? null, chosen: [], links: [], groups: [], shown: { links: true, groups: true }, gathers: true }
  pane.querySelector(".faithful").textContent = map.says
  if (state.points !== map.points) loadMap(state, map.points).then(() => mapIsHere(bench))
}

function mapIsHere(bench) {
  if (!bench.map.ids) return
  bench.map.lasso = bench.choice.lasso
  readLasso(bench)
  bench.changed({ zoom: Boolean(bench.choice.finding) })
}

function rowOfPoint(bench, point) {
  return bench.rows.get(bench.map.ids[point])
}

function pointOf(bench, row) {
  return row === undefined ? -1 : bench.map.rows.get(bench.ids[row]) ?? -1
}

function pointText(bench, row) {
  return `${bench.data.roles[bench.role[row]]}, ${nameOf(bench, row)}, ${bench.ids[row]}`
}

function nearText(bench, row) {
  const [near] = nearestOf(bench, row)
  return `nearest, ${measureOf(bench, row)} ${near.distance.toFixed(3)}: ${pointText(bench, near.row)}`
}

function mapSays(bench, what, value) {
  if (what === "picked") {
    bench.map.data.picked = value
    if (value) pick(bench, bench.rows.get(value), { fromMap: true })
  } else if (what === "lasso") {
    bench.choice.lasso = value
    readLasso(bench)
    if (value) bench.selected.clear()
    bench.changed({ step: true })
    if (value && bench.list.length && !bench.inLasso.has(bench.picked)) pick(bench, bench.list[0])
  }
}

// only the ring moves: the points stay as they are painted
function ringOnMap(bench, row) {
  const state = bench.map
  state.data.picked = state.sentPick = bench.ids[row]
  state.picked = pointOf(bench, row)
  if (bench.choice.view !== "gallery") paintOverlay(state)
}

// the images inside the loop, of the layers that are seen
function readLasso(bench) {
  const { lasso } = bench.choice
  const state = bench.map
  bench.inLasso = null
  if (!lasso || !state?.ids) return
  const inside = state.ids.filter((_, point) => visible(state, point) && isInside(lasso, state.positions[2 * point], state.positions[2 * point + 1]))
  bench.inLasso = new Set(rowsOf(bench, inside))
}

function clearLassoOf(bench) {
  bench.choice.lasso = null
  bench.inLasso = null
  if (bench.map) bench.map.lasso = null
}

// what a finding or a filter leaves is drawn as ever, everything else faintly; a finding has its outline or its links
function drawMapChoice(bench, { zoom = false } = {}) {
  const state = bench.map
  if (!state?.ids) return
  const finding = chosenFinding(bench)
  const pointsOf = (rows) => rows.map((row) => pointOf(bench, row)).filter((point) => point >= 0)
  const real = bench.sections.flatMap((section) => section.real)
  const isFiltered = finding || bench.inLasso || bench.choice.label >= 0 || bench.choice.which !== "all"
  const bright = pointsOf([...bench.list, ...(finding || bench.inLasso ? real : [])])
  state.faint = isFiltered ? new Uint8Array(state.count).fill(1) : null
  if (state.faint) {
    for (const point of bright) state.faint[point] = 0
    if (!finding && !bench.inLasso && bench.choice.label >= 0)
      for (let point = 0; point < state.count; point++) if (state.role[point] < 3 && state.label[point] === bench.choice.label) state.faint[point] = 0
  }
  Object.assign(state.data, {
    picked: bench.ids[bench.picked] ?? null,
    chosen: [...bench.selected].map((row) => bench.ids[row]),
    links: linksOf(bench, finding),
    groups: finding?.isGroup ? [{ says: finding.title, members: finding.real }] : [],
  })
  if (zoom && finding && bright.length) zoomToRows(state, bright)
  else if (zoom && !finding) fitToScreen(state)
  refreshMap(state)
  bench.root.dataset.bright = String(bright.length)
  bench.root.dataset.links = String(state.links.length)
}

// lines to the image that is copied: of one copied image all, of all copied ones only as many as can be told apart
function linksOf(bench, finding) {
  if (!finding?.groups) return []
  const group = finding.groups[bench.choice.group]
  const groups = group ? [group] : finding.groups
  const links = groups.flatMap(({ real, images }) => images.map((image) => [image, real]))
  return links.length > MOST_LINKS ? groups.map(({ real, images }) => [images[0], real]) : links
}

const MOST_LINKS = 60
