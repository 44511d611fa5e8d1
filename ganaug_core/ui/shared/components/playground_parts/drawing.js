// A truth is drawn with the mouse: places along the way, which are learnt as small clouds.
const APART = 0.07 // in units of the plane

function startDrawing(bench) {
  bench.isDrawing = true
  bench.isPlaying = false
  bench.strokes = []
  bench.drawn = ""
  bench.tables.forEach((table) => {
    table.abort?.abort()
    Object.assign(table, { header: null, bytes: null, length: 0, problem: "" })
    table.settings.target = "drawn"
    table.settings.drawn = ""
  })
  showSettings(bench)
  bench.draw()
}

function listenToDrawing(bench, canvas) {
  const add = (event) => {
    const box = canvas.getBoundingClientRect()
    const { reach } = bench.data
    const x = ((event.clientX - box.left) / box.width) * 2 * reach - reach
    const y = reach - ((event.clientY - box.top) / box.height) * 2 * reach
    const isFree = bench.strokes.every(([a, b]) => Math.hypot(a - x, b - y) >= APART)
    if (!isFree || Math.max(Math.abs(x), Math.abs(y)) > reach || bench.strokes.length >= bench.data.mostDrawn) return
    bench.strokes.push([x, y])
    bench.drawn = bench.strokes.map((pair) => pair.map((value) => value.toFixed(2)).join("_")).join("*")
    bench.draw()
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (!bench.isDrawing) return
    canvas.setPointerCapture(event.pointerId)
    add(event)
  })
  canvas.addEventListener("pointermove", (event) => bench.isDrawing && event.buttons && add(event))
}

function endDrawing(bench) {
  if (!bench.drawn) return
  bench.isDrawing = false
  bench.tables.forEach((table) => (table.settings.drawn = bench.drawn))
  restart(bench, bench.tables)
}
