// The lower canvas: all points, one path for each role and class (a few dozen strokes instead of thousands), and
// the missing groups.
const SYNTHETIC = 3

// the canvas's pen in CSS pixels, on a clean sheet
function prepared(canvas) {
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
    paintOver(state)
  })
}

function paintPoints(state) {
  const pen = prepared(state.base)
  const [width, height] = [state.base.clientWidth, state.base.clientHeight]
  const small = state.n < 3000 ? 3.2 : state.n < 12000 ? 2.3 : 1.7
  const r = Math.min(6, small * Math.max(1, Math.sqrt(state.view.scale / state.fitted)))
  const layers = new Map()
  for (let i = 0; i < state.n; i++) {
    if (!visible(state, i)) continue
    const [x, y] = place(state, i)
    if (x < -6 || y < -6 || x > width + 6 || y > height + 6) continue
    const key = state.role[i] * 256 + state.label[i]
    if (!layers.has(key)) layers.set(key, [])
    layers.get(key).push(x, y)
  }
  let drawn = 0
  for (const key of [...layers.keys()].sort((a, b) => a - b)) {
    const role = key >> 8
    const at = layers.get(key)
    drawn += at.length / 2
    pen.beginPath()
    for (let k = 0; k < at.length; k += 2) trace(pen, role, at[k], at[k + 1], r)
    ink(pen, role, state.data.colours[key & 255])
  }
  state.root.dataset.drawn = String(drawn)
}

function trace(pen, role, x, y, r) {
  if (role === SYNTHETIC) {
    pen.moveTo(x - 1.3 * r, y)
    pen.lineTo(x + 1.3 * r, y)
    pen.moveTo(x, y - 1.3 * r)
    pen.lineTo(x, y + 1.3 * r)
  } else if (role === 1) {
    pen.moveTo(x, y - 1.2 * r)
    pen.lineTo(x + 1.2 * r, y)
    pen.lineTo(x, y + 1.2 * r)
    pen.lineTo(x - 1.2 * r, y)
    pen.closePath()
  } else pen.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r)
}

function ink(pen, role, colour) {
  pen.strokeStyle = pen.fillStyle = colour
  pen.globalAlpha = role === SYNTHETIC ? 1 : role === 2 ? 0.8 : 0.5
  pen.lineWidth = role === SYNTHETIC ? 1.5 : 1
  if (role === SYNTHETIC || role === 2) pen.stroke()
  else pen.fill()
  pen.globalAlpha = 1
}
