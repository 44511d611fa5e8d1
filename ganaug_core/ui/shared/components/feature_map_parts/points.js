// The lower canvas: all points, one path for each role and class (a few dozen strokes instead of thousands), and
// the missing groups.
const SYNTHETIC = 3

// the canvas's pen in CSS pixels, on a clean sheet
function clearedPen(canvas) {
  const ratio = window.devicePixelRatio || 1
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  return pen
}

function paint(state) {
  if (state.frame) return
  state.frame = requestAnimationFrame(() => {
    state.frame = 0
    const started = performance.now()
    paintPoints(state)
    paintGroups(state)
    state.root.dataset.milliseconds = (performance.now() - started).toFixed(1)
    paintOverlay(state)
  })
}

function paintPoints(state) {
  const pen = clearedPen(state.pointsCanvas)
  const [width, height] = [state.pointsCanvas.clientWidth, state.pointsCanvas.clientHeight]
  const smallest = state.count < 3000 ? 3.2 : state.count < 12000 ? 2.3 : 1.7
  const radius = Math.min(6, smallest * Math.max(1, Math.sqrt(state.view.scale / state.fittedScale)))
  const layers = new Map()
  for (let row = 0; row < state.count; row++) {
    if (!visible(state, row)) continue
    const [x, y] = screenPosition(state, row)
    if (x < -6 || y < -6 || x > width + 6 || y > height + 6) continue
    const key = state.role[row] * 256 + state.label[row]
    if (!layers.has(key)) layers.set(key, [])
    layers.get(key).push(x, y)
  }
  let drawn = 0
  for (const key of [...layers.keys()].sort((a, b) => a - b)) {
    const role = key >> 8
    const coordinates = layers.get(key)
    drawn += coordinates.length / 2
    pen.beginPath()
    for (let index = 0; index < coordinates.length; index += 2)
      traceSymbol(pen, role, coordinates[index], coordinates[index + 1], radius)
    fillOrStroke(pen, role, state.data.colours[key & 255])
  }
  state.root.dataset.drawn = String(drawn)
}

function traceSymbol(pen, role, x, y, radius) {
  if (role === SYNTHETIC) {
    pen.moveTo(x - 1.3 * radius, y)
    pen.lineTo(x + 1.3 * radius, y)
    pen.moveTo(x, y - 1.3 * radius)
    pen.lineTo(x, y + 1.3 * radius)
  } else if (role === 1) {
    pen.moveTo(x, y - 1.2 * radius)
    pen.lineTo(x + 1.2 * radius, y)
    pen.lineTo(x, y + 1.2 * radius)
    pen.lineTo(x - 1.2 * radius, y)
    pen.closePath()
  } else pen.rect(x - 0.8 * radius, y - 0.8 * radius, 1.6 * radius, 1.6 * radius)
}

function fillOrStroke(pen, role, colour) {
  pen.strokeStyle = pen.fillStyle = colour
  pen.globalAlpha = role === SYNTHETIC ? 1 : role === 2 ? 0.8 : 0.5
  pen.lineWidth = role === SYNTHETIC ? 1.5 : 1
  if (role === SYNTHETIC || role === 2) pen.stroke()
  else pen.fill()
  pen.globalAlpha = 1
}
