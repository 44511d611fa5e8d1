// The plane: the discriminator as a field, truth, generated points, where they are pushed, and the grid of latents.
function sharp(canvas) {
  const ratio = devicePixelRatio || 1
  const { clientWidth: width, clientHeight: height } = canvas
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio)
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio)
  const brush = canvas.pen ?? canvas.getContext("2d")
  brush.setTransform(ratio, 0, 0, ratio, 0, 0)
  brush.clearRect(0, 0, width, height)
  return { brush, width, height }
}

function scaleOf(width, reach) {
  return (x, y) => [((x + reach) / (2 * reach)) * width, ((reach - y) / (2 * reach)) * width]
}

function drawPlane(bench, table, moment) {
  const { brush, width } = sharp(table.plane)
  const place = scaleOf(width, bench.data.reach)
  if (moment && bench.shows.field) drawField(bench, brush, width, moment.field, table.header.field)
  if (bench.shows.truth) drawTruth(bench, table, brush, place)
  if (!moment) return
  if (bench.shows.grid) drawGrid(bench, table, brush, place, moment.grid)
  if (table.header.target === "dirac") drawTrail(bench, table, brush, place)
  drawPoints(bench, table, brush, place, moment.points)
  if (bench.shows.arrows) drawArrows(bench, table, brush, place, moment)
}

function drawOptimum(bench, table, moment) {
  const { brush, width } = sharp(table.optimum)
  if (moment) drawField(bench, brush, width, moment.optimum, table.header.field)
}

// 1 has the colour of the truth, one half is the ground, 0 has that of the generator
function drawField(bench, brush, width, values, side) {
  const image = new ImageData(side, side)
  const [real, fake] = [bench.data.colours.train, bench.data.colours.synthetic].map(rgbOf)
  values.forEach((value, index) => {
    const away = value / 126 - 1
    const colour = away > 0 ? real : fake
    const row = side - 1 - Math.floor(index / side)
    image.data.set([...colour, 150 * Math.abs(away)], 4 * (row * side + (index % side)))
  })
  const small = new OffscreenCanvas(side, side)
  small.getContext("2d").putImageData(image, 0, 0)
  brush.imageSmoothingEnabled = true
  // the outermost values lie on the border, so the middles of the outermost pixels do
  const step = width / (side - 1)
  brush.save()
  brush.beginPath()
  brush.rect(0, 0, width, width)
  brush.clip()
  brush.drawImage(small, -step / 2, -step / 2, width + step, width + step)
  brush.restore()
}

function rgbOf(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16))
}

function drawTruth(bench, table, brush, place) {
  brush.fillStyle = bench.data.colours.train
  const size = bench.dot
  for (const [x, y] of truthOf(bench, table)) {
    const [left, top] = place(x, y)
    brush.fillRect(left - size / 2, top - size / 2, size, size)
  }
}

function truthOf(bench, table) {
  if (!table.header || bench.isDrawing) return pairsOf(table.settings.drawn || bench.drawn)
  const { real, unit } = table.header
  return Array.from({ length: real.length / 2 }, (_, n) => [real[2 * n] / unit, real[2 * n + 1] / unit])
}

function drawPoints(bench, table, brush, place, points) {
  brush.strokeStyle = bench.data.colours.synthetic
  brush.lineWidth = bench.dot / 2.6
  brush.beginPath()
  const arm = bench.dot * 0.8
  for (let n = 0; n < points.length; n += 2) {
    const [left, top] = place(points[n] / table.header.unit, points[n + 1] / table.header.unit)
    brush.moveTo(left - arm, top)
    brush.lineTo(left + arm, top)
    brush.moveTo(left, top - arm)
    brush.lineTo(left, top + arm)
  }
  brush.stroke()
}

// the way of the one point up to now
function drawTrail(bench, table, brush, place) {
  brush.strokeStyle = bench.data.colours.synthetic
  brush.lineWidth = 1
  const last = Math.min(Math.floor(bench.moment), momentsOf(table) - 1)
  const way = Array.from({ length: last + 1 }, (_, number) => momentAt(table, number).points)
  line(brush, way.map((points) => place(points[0] / table.header.unit, points[1] / table.header.unit)))
}

function drawArrows(bench, table, brush, place, { points, arrows }) {
  brush.strokeStyle = bench.data.colours.text
  brush.lineWidth = 1.2
  brush.beginPath()
  for (let n = 0; n < arrows.length; n += 2) {
    const [x, y] = [points[n] / table.header.unit, points[n + 1] / table.header.unit]
    const [dx, dy] = [(arrows[n] / 127) * LONGEST, (arrows[n + 1] / 127) * LONGEST]
    const [left, top] = place(x, y)
    const [toLeft, toTop] = place(x + dx, y + dy)
    const angle = Math.atan2(toTop - top, toLeft - left)
    brush.moveTo(left, top)
    brush.lineTo(toLeft, toTop)
    for (const turn of [2.6, -2.6]) {
      brush.moveTo(toLeft, toTop)
      brush.lineTo(toLeft + 4 * Math.cos(angle + turn), toTop + 4 * Math.sin(angle + turn))
    }
  }
  brush.stroke()
}

const LONGEST = 0.35 // in units of the plane

function drawGrid(bench, table, brush, place, grid) {
  const side = table.header.grid
  const at = (row, column) => {
    const n = 2 * (row * side + column)
    return place(grid[n] / table.header.unit, grid[n + 1] / table.header.unit)
  }
  brush.strokeStyle = bench.data.colours.quiet
  brush.lineWidth = 0.8
  brush.beginPath()
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      if (column + 1 < side) brush.moveTo(...at(row, column)), brush.lineTo(...at(row, column + 1))
      if (row + 1 < side) brush.moveTo(...at(row, column)), brush.lineTo(...at(row + 1, column))
    }
  brush.stroke()
}

function pairsOf(text) {
  return text.split("*").filter(Boolean).map((pair) => pair.split("_").map(Number))
}
