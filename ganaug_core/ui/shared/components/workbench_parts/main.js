// The workbench: gallery or map, viewer, findings and decisions, linked here. The server hears of decisions only.
const STATES = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let bench = STATES.get(parentElement)
  const isNew = !bench
  if (isNew) {
    bench = newBench(parentElement.querySelector(".bench"))
    STATES.set(parentElement, bench)
  }
  bench.trigger = setTriggerValue
  const before = bench.data
  // of the same set the browser knows the newest decisions: each answer to one of its own holds all
  bench.data = before?.decide === data.decide ? { ...data, decisions: before.decisions } : data
  if (isNew || before.lists.synthetic !== data.lists.synthetic || before.lists.real !== data.lists.real || before.audited !== data.audited)
    open(bench, !isNew && before.lists.synthetic !== data.lists.synthetic)
  else if (bench.isOpen) {
    readDecisions(bench)
    if (before.map?.points !== data.map?.points) clearLassoOf(bench)
    if (JSON.stringify(before.map) !== JSON.stringify(data.map)) bench.changed()
    drawDecisions(bench)
  }
  return () => {
    bench.isGone = true
    dropAddress(bench)
    clearInterval(bench.viewer.flicker)
    bench.map?.observer.disconnect()
    bench.observer.disconnect()
    document.removeEventListener("keydown", bench.onKey)
    removeEventListener("popstate", bench.onBack)
    STATES.delete(parentElement)
  }
}

function newBench(root) {
  const viewer = mountViewer(root.querySelector(".viewer"))
  const bench = { root, viewer, decisions: new Map(), outbox: [], undone: [], sentNumber: 0, decidedAt: -FASTEST_MS }
  bench.session = String(Math.random()).slice(2)
  bench.goesOn = true
  bench.reader = rememberedReader()
  bench.changed = (how) => changed(bench, how)
  bench.onKey = (event) => onKey(bench, event)
  bench.onBack = () => bench.isOpen && goBack(bench)
  document.addEventListener("keydown", bench.onKey)
  addEventListener("popstate", bench.onBack)
  viewer.onStep = (steps, view) => stepFrom(bench, steps, view)
  viewer.onWindow = (window) => {
    bench.chosenWindow = window
    writeAddress(bench)
  }
  bench.observer = new ResizeObserver(() => fitPanels(bench))
  bench.observer.observe(root.querySelector(".middle"))
  bench.observer.observe(viewer.tools) // it has one row or two
  return bench
}

async function open(bench, isOtherSet) {
  bench.isOpen = false
  delete bench.root.dataset.ready
  Object.assign(bench, { picked: -1, selected: new Set(), sheets: new Map(), sheetRules: [], tiles: new Map(), pictures: new Map(), strips: new Map(), inLasso: null, cards: "" })
  if (isOtherSet && !bench.cameBack) forgetAddress(bench)
  bench.cameBack = false
  const { lists, audited, map } = bench.data
  try {
    if (map) pointsAt(map.points) // on its way while the rest comes
    const judged = audited && fetched(audited, (answer) => answer.json())
    await Promise.all([loadImages(bench), judged])
    loadNearness(bench, await judged)
  } catch {
    announce(bench, "The images could not be loaded. Reload the page.", true)
    return
  }
  if (bench.isGone || bench.data.lists.synthetic !== lists.synthetic || bench.data.audited !== audited) return
  readDecisions(bench)
  readAddress(bench)
  listenToGallery(bench)
  listenToDecisions(bench)
  listenToBar(bench)
  fillHelp(bench)
  bench.root.querySelector(".seen").textContent = bench.data.seen
  bench.isOpen = true
  bench.chosenWindow = bench.viewer.wanted ?? rememberedWindow(bench.data.unit)
  changed(bench, { zoom: Boolean(bench.choice.finding) })
  rowsOf(bench, bench.wantedSelection).forEach((row) => bench.selected.add(row))
  if (bench.selected.size) selectionChanged(bench)
  pickFirst(bench)
  bench.root.dataset.ready = String(bench.ids.length)
}

// the image of a link, what a finding shows best, or the first one that nobody has decided about
function pickFirst(bench) {
  const wanted = bench.rows.get(bench.wantedImage)
  const finding = chosenFinding(bench)
  const row = wanted ?? (finding ? worstOf(bench, finding) : bench.list.find((other) => !decisionOf(bench, other)) ?? bench.list[0])
  if (row !== undefined && row >= 0) pick(bench, row)
  if (bench.wantedImage && wanted === undefined) announce(bench, "No image of this set has the id of the link.", true)
}

function goBack(bench) {
  const set = new URLSearchParams(location.search).get("samples")
  bench.cameBack = set !== null && set !== bench.data.samples
  dropAddress(bench)
  if (bench.cameBack) return // the page brings that set, and it is read then
  readAddress(bench)
  if (bench.map) bench.map.lasso = bench.choice.lasso
  readLasso(bench)
  bench.selected = new Set(rowsOf(bench, bench.wantedSelection))
  for (const row of bench.tiles.keys()) markTile(bench, row)
  if (bench.viewer.wanted) bench.viewer.window = bench.viewer.wanted
  changed(bench, { zoom: true })
  const row = bench.rows.get(bench.wantedImage)
  if (row !== undefined) pick(bench, row)
}

// what is shown has changed: gallery, map, findings, bar and address follow
function changed(bench, { step = false, zoom = false } = {}) {
  if (!bench.isOpen) return
  if (bench.wasComparing !== isComparing(bench)) {
    bench.wasComparing = isComparing(bench)
    for (const row of bench.tiles.keys()) markTile(bench, row)
  }
  buildSections(bench)
  drawBar(bench)
  drawGallery(bench)
  drawMapPane(bench)
  drawMapChoice(bench, { zoom })
  drawFindings(bench)
  drawDecisions(bench)
  writeAddress(bench, step)
}

function pick(bench, row, { focus = false, fromMap = false } = {}) {
  const before = bench.picked
  bench.picked = row
  for (const changedRow of [before, row]) markTile(bench, changedRow)
  const tile = bench.tiles.get(row)
  if (tile?.isConnected) {
    tile.tabIndex = 0
    if (focus) tile.focus({ preventScroll: true })
    tile.scrollIntoView({ block: "nearest" })
  }
  announce(bench, `${nameOf(bench, row)}, ${bench.ids[row]}`)
  drawDecisions(bench)
  if (bench.map?.ids && !fromMap) ringOnMap(bench, row)
  writeAddress(bench)
  showPair(bench)
}

function announce(bench, text, isSeen = false) {
  const element = bench.root.querySelector(":scope > .announcement")
  element.textContent = text
  element.classList.toggle("seen-by-all", isSeen)
}

// two images large, the others below them, all as large as the pane allows
function fitPanels(bench) {
  const middle = bench.root.querySelector(".middle")
  const panels = middle.querySelector(".panels")
  const letters = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 // larger on a large screen
  const room = middle.getBoundingClientRect().bottom - panels.getBoundingClientRect().top - FOOT * letters
  const large = Math.max(120, Math.min(panels.clientWidth / 2 - 6, (room - CAPTIONS * letters) / (1 + 2 / 3)))
  panels.style.setProperty("--large", `${Math.floor(large)}px`)
  panels.style.setProperty("--small", `${Math.floor((2 * large - 12) / 3)}px`)
}

const FOOT = 64 // below the images: the window, and what the distance is
const CAPTIONS = 128 // above and below each of the two rows of images
