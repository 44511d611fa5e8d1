// The playground: two games side by side, played on the server and shown here at 30 moments a second.
const STATES = new WeakMap()
const A_SECOND = 30

export default function ({ data, parentElement }) {
  const before = STATES.get(parentElement)
  if (before && JSON.stringify([before.data.games, before.data.goal]) === JSON.stringify([data.games, data.goal])) return
  before?.end()
  const bench = newBench(parentElement.querySelector(".playground"), data)
  STATES.set(parentElement, bench)
  bench.end = () => {
    bench.isGone = true
    bench.tables.forEach((table) => table.abort?.abort())
    bench.observer.disconnect()
    STATES.delete(parentElement)
  }
  return bench.end
}

function newBench(root, data) {
  const bench = { root, data, drawn: "", strokes: [], moment: 0, isPlaying: false, isDrawing: false, dot: data.dot }
  bench.shows = { truth: true, field: true, arrows: false, grid: false }
  bench.tables = [...root.querySelectorAll(".table")].map((element) => ({
    root: element,
    plane: element.querySelector(".plane"),
    optimum: element.querySelector(".optimum"),
  }))
  bench.draw = () => draw(bench)
  translate(root, data)
  root.classList.toggle("plain", data.plain)
  root.classList.toggle("exercise", Boolean(data.goal))
  readAddress(bench)
  for (const table of bench.tables) {
    newSettings(bench, table)
    newCharts(bench, table)
    listenToDrawing(bench, table.plane)
  }
  listenToBar(bench)
  bench.observer = new ResizeObserver(() => bench.draw())
  bench.observer.observe(root)
  const at = bench.moment
  restart(bench, bench.tables)
  bench.moment = at
  bench.isPlaying = !at
  requestAnimationFrame((now) => tick(bench, now))
  return bench
}

function restart(bench, tables) {
  bench.moment = 0
  bench.isPlaying = true
  bench.isDrawing = false
  showSettings(bench)
  writeAddress(bench)
  tables.forEach((table) => playGame(bench, table))
  bench.draw()
}

// time decides which moment is shown, so that a slow browser leaves moments out and does not fall behind
function tick(bench, now) {
  if (bench.isGone) return
  const since = now - (bench.ticked ?? now)
  bench.ticked = now
  if (bench.isPlaying) {
    const there = Math.min(...bench.tables.map((table) => momentsOf(table) - 1))
    const before = Math.floor(bench.moment)
    bench.moment = Math.max(0, Math.min(there, bench.moment + (since / 1000) * A_SECOND))
    if (bench.moment >= lastOf(bench)) {
      bench.isPlaying = false
      writeAddress(bench)
    }
    if (Math.floor(bench.moment) !== before || !bench.isPlaying || there < 1) bench.draw()
  }
  requestAnimationFrame((later) => tick(bench, later))
}

function lastOf(bench) {
  return Math.max(1, ...bench.tables.map((table) => (table.header ? table.header.steps.length - 1 : 0)))
}

function draw(bench) {
  const { root, tables } = bench
  const number = Math.floor(bench.moment)
  for (const table of tables) {
    const there = momentsOf(table)
    const shown = Math.min(number, there - 1)
    const moment = shown >= 0 && !bench.isDrawing ? momentAt(table, shown) : null
    drawPlane(bench, table, moment)
    drawOptimum(bench, table, moment)
    drawCharts(bench, table, Math.max(0, shown))
    table.root.querySelector(".says").textContent = saysOf(bench, table, moment)
    table.root.querySelector(".problem").textContent = inWords(bench.data, table.problem ?? "")
  }
  const steps = tables.find((table) => table.header)?.header.steps ?? [0]
  const slider = root.querySelector(".moment")
  slider.max = lastOf(bench)
  slider.value = number
  const [now, last] = [steps[Math.min(number, steps.length - 1)] ?? 0, steps.at(-1)].map((step) => step.toLocaleString("en"))
  root.querySelector(".step").textContent = inWords(bench.data, `step ${now} of ${last}`)
  root.querySelector(".play").textContent = inWords(bench.data, bench.isPlaying ? "Pause" : "Play")
  root.querySelector(".draw").textContent = inWords(bench.data, bench.isDrawing ? "Learn this drawing" : "Draw a truth")
  root.classList.toggle("drawing", bench.isDrawing)
  showGoal(bench)
  root.dataset.moments = tables.map(momentsOf).join(" ")
  root.dataset.moment = number
}

function listenToBar(bench) {
  const { root } = bench
  const on = (name, act) => root.querySelector(name).addEventListener("click", act)
  on(".play", () => {
    if (!bench.isPlaying && bench.moment >= lastOf(bench)) bench.moment = 0
    bench.isPlaying = !bench.isPlaying
    writeAddress(bench)
    bench.draw()
  })
  on(".one", () => show(bench, Math.floor(bench.moment) + 1))
  on(".save", () => {
    const tables = root.querySelector(".tables")
    saveSvg("playground", asSvg(tables, bench.draw, "h2, figcaption"))
  })
  on(".restart", () => restart(bench, bench.tables))
  on(".draw", () => (bench.isDrawing ? endDrawing(bench) : startDrawing(bench)))
  on(".same", () => {
    bench.tables[1].settings = { ...bench.tables[0].settings }
    restart(bench, [bench.tables[1]])
  })
  root.querySelector(".moment").addEventListener("input", (event) => show(bench, Number(event.target.value)))
  for (const box of root.querySelectorAll(".shows input")) {
    box.checked = bench.shows[box.name]
    box.addEventListener("change", () => {
      bench.shows[box.name] = box.checked
      bench.draw()
    })
  }
}

function show(bench, number) {
  bench.isPlaying = false
  bench.moment = Math.max(0, Math.min(lastOf(bench), number))
  writeAddress(bench)
  bench.draw()
}
