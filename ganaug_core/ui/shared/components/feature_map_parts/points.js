// The lower canvas: all points, and the missing groups. Points are stamped into an array of pixels, which without a
// graphics card takes a tenth of what paths take. What `faint` names is drawn below the others and hardly seen.
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
  const { width, height, clientWidth } = state.pointsCanvas
  if (!width || !height) return
  const ratio = width / clientWidth
  const smallest = state.count < 3000 ? 3.2 : state.count < 12000 ? 2.3 : 1.7
  const radius = ratio * Math.min(6, smallest * Math.max(1, Math.sqrt(state.view.scale / state.fittedScale)))
  const sheet = cleanSheet(state, pen, width, height)
  const layers = pointsByLayer(state, ratio, width, height)
  let drawn = 0
  for (const key of [...layers.keys()].sort((a, b) => a - b)) {
    const role = (key >> 8) & 3
    const places = layers.get(key)
    drawn += places.length / 2
    const share = (key < 1024 ? 0.12 : 1) * (role === SYNTHETIC ? 1 : role === 2 ? 0.8 : 0.5)
    stampLayer(sheet, stampOf(role, radius, ratio), places, rgb((state.shade?.colours ?? state.data.colours)[key & 255]), share)
  }
  pen.putImageData(sheet.image, 0, 0)
  state.root.dataset.drawn = String(drawn)
}

// the places on the canvas, in its pixels, of the points of each role and class that are seen; faint ones come first
function pointsByLayer(state, ratio, width, height) {
  const { positions, role, label, faint, shade, view, count } = state
  const [left, top] = [width / 2 - ratio * view.scale * view.x, height / 2 + ratio * view.scale * view.y]
  const [scale, margin] = [ratio * view.scale, 6 * ratio]
  const layers = new Map()
  for (let row = 0; row < count; row++) {
    if (!visible(state, row)) continue
    const [x, y] = [Math.round(left + scale * positions[2 * row]), Math.round(top - scale * positions[2 * row + 1])]
    if (x < -margin || y < -margin || x > width + margin || y > height + margin) continue
    const key = (faint?.[row] ? 0 : 1024) + role[row] * 256 + (shade ? shade.steps[row] : label[row])
    const places = layers.get(key)
    if (places) places.push(x, y)
    else layers.set(key, [x, y])
  }
  return layers
}

const GROUND = [11, 13, 16, 255]

// the pixels of the canvas, how much a layer covers of each, and which ones it covers at all
function cleanSheet(state, pen, width, height) {
  if (state.sheet?.width !== width || state.sheet.height !== height) {
    const image = pen.createImageData(width, height)
    state.sheet = { width, height, image, coverage: new Uint8Array(width * height), covered: new Uint32Array(width * height) }
  }
  const [ground] = new Uint32Array(new Uint8Array(GROUND).buffer)
  new Uint32Array(state.sheet.image.data.buffer).fill(ground)
  return state.sheet
}

// points of one layer do not darken each other: a pixel counts once, as much as the point that covers most of it
function stampLayer({ width, height, image, coverage, covered }, { side, alpha }, places, [red, green, blue], share) {
  const half = side >> 1
  let count = 0
  for (let index = 0; index < places.length; index += 2) {
    const [left, top] = [places[index] - half, places[index + 1] - half]
    for (let row = Math.max(0, -top); row < Math.min(side, height - top); row++)
      for (let column = Math.max(0, -left); column < Math.min(side, width - left); column++) {
        const cover = alpha[row * side + column]
        const pixel = (top + row) * width + left + column
        if (cover <= coverage[pixel]) continue
        if (!coverage[pixel]) covered[count++] = pixel
        coverage[pixel] = cover
      }
  }
  const { data } = image
  for (let index = 0; index < count; index++) {
    const pixel = covered[index]
    const weight = (share * coverage[pixel]) / 255
    coverage[pixel] = 0
    data[4 * pixel] += weight * (red - data[4 * pixel])
    data[4 * pixel + 1] += weight * (green - data[4 * pixel + 1])
    data[4 * pixel + 2] += weight * (blue - data[4 * pixel + 2])
  }
}

const STAMPS = new Map()

// the shape of a role as shares of pixels that it covers, (side, side)
function stampOf(role, radius, ratio) {
  const key = `${role} ${radius.toFixed(1)} ${ratio}`
  if (STAMPS.has(key)) return STAMPS.get(key)
  const side = 2 * Math.ceil(1.3 * radius + ratio) + 1
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = side
  const pen = canvas.getContext("2d", { willReadFrequently: true })
  pen.lineWidth = ratio * (role === SYNTHETIC ? 1.5 : 1)
  pen.beginPath()
  traceSymbol(pen, role, side / 2, side / 2, radius)
  if (role === SYNTHETIC || role === 2) pen.stroke()
  else pen.fill()
  const { data } = pen.getImageData(0, 0, side, side)
  const stamp = { side, alpha: Uint8Array.from({ length: side * side }, (_, pixel) => data[4 * pixel + 3]) }
  STAMPS.set(key, stamp)
  return stamp
}

function rgb(colour) {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
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
