// A chart: axes with titles and few round numbers, lines of at most two roles, and where the slider stands.
const LETTERS = 12 // CSS pixels; larger on a projector

function drawChart(shown, canvas, chart) {
  const ratio = devicePixelRatio || 1
  const { clientWidth: width, clientHeight: height } = canvas
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const brush = canvas.pen ?? canvas.getContext("2d")
  brush.setTransform(ratio, 0, 0, ratio, 0, 0)
  const letters = shown.letters ?? LETTERS
  const [left, below, top] = [3.9 * letters, 2.8 * letters, 1.9 * letters]
  brush.font = `${letters}px ${getComputedStyle(canvas).fontFamily}`
  const across = axis(chart.lines.flatMap((line) => line.x.flat()), chart.log_x, chart.x_range)
  const up = axis(chart.lines.flatMap((line) => (line.upright ? [] : [...line.y.flat(), ...line.low])), chart.log_y, chart.y_range)
  const bottom = height - below
  const wide = chart.is_square ? Math.min(width - left - 10, bottom - top) : width - left - 10
  const x = (value) => left + across.place(value) * wide
  const y = (value) => bottom - up.place(value) * (bottom - top)
  drawAxes(shown, brush, { right: left + wide, height, left, top, bottom, letters, across, up, x, y }, chart)
  brush.save()
  brush.beginPath()
  brush.rect(left, 0, wide + 10, bottom + 1)
  brush.clip()
  for (const line of chart.lines) drawLine(shown, brush, line, x, y, { top, bottom })
  brush.restore()
}

function axis(values, isLog, range) {
  const known = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0))
  let [low, high] = range ?? [Math.min(...known), Math.max(...known)]
  if (!range && !isLog && low > 0 && low < 0.4 * high) low = 0
  if (isLog) [low, high] = [Math.log10(low), Math.log10(high)]
  const span = Math.max(high - low, 1e-9)
  const place = (value) => ((isLog ? Math.log10(Math.max(value, 1e-12)) : value) - low) / span
  return { place, ticks: isLog ? logTicks(low, high) : ticks(low, high) }
}

function ticks(low, high) {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)
  const found = []
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-6; value += step) found.push(Number(value.toPrecision(12)))
  return found
}

function logTicks(low, high) {
  const found = []
  const factors = high - low > 2.2 ? [1] : [1, 2, 5]
  for (let power = Math.floor(low); power <= high; power++) for (const factor of factors) found.push(factor * 10 ** power)
  const inside = found.filter((value) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9)
  const every = Math.ceil(inside.length / 7)
  return inside.filter((_, n) => n % every === 0)
}

function drawAxes(shown, brush, { right, height, left, top, bottom, letters, across, up, x, y }, chart) {
  brush.strokeStyle = shown.data.colours.line
  brush.fillStyle = shown.data.colours.quiet
  brush.textAlign = "center"
  brush.textBaseline = "top"
  for (const [value, name] of chart.x_names?.length ? chart.x_names.entries() : across.ticks.map((value) => [value, rounded(value)])) {
    stroke(brush, [[x(value), top], [x(value), bottom]])
    brush.fillText(name, x(value), bottom + 4)
  }
  brush.fillText(titled(shown, chart.x, chart.log_x), (left + right) / 2, height - 1.2 * letters)
  brush.textAlign = "left"
  brush.fillText(titled(shown, chart.y, chart.log_y), 0, 0.2 * letters)
  brush.textAlign = "right"
  brush.textBaseline = "middle"
  for (const value of up.ticks) {
    stroke(brush, [[left, y(value)], [right, y(value)]])
    brush.fillText(rounded(value), left - 5, y(value))
  }
}

// what an axis is, and whether equal steps on it are equal factors
function titled(shown, title, isLog) {
  return isLog ? `${title} (${shown.words.log})` : title
}

function rounded(value) {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(0)
  return Number(value.toPrecision(4)).toLocaleString("en")
}

function drawLine(shown, brush, line, x, y, { top, bottom }) {
  const values = Array.isArray(line.y[0]) ? line.y[shown.position] : line.y
  brush.strokeStyle = brush.fillStyle = shown.data.colours[line.role]
  brush.lineWidth = shown.letters ? 4 : 2
  if (line.upright) {
    stroke(brush, [[x(values[0]), top], [x(values[0]), bottom]])
    brush.lineWidth = 1
    return
  }
  const along = Array.isArray(line.x[0]) ? line.x[shown.position] : line.x
  const corners = values.map((value, n) => [x(along[n]), y(value)])
  if (line.kind === "points") {
    const half = shown.letters ? 4 : 2.5 // 8 px and more on a projector
    for (const corner of corners) drawPoint(brush, corner, line.role, half)
  } else if (line.kind === "band") {
    brush.globalAlpha = 0.3
    brush.beginPath()
    for (const [left, top] of [...corners, ...line.low.map((value, n) => [x(line.x[n]), y(value)]).reverse()]) brush.lineTo(left, top)
    brush.fill()
    brush.globalAlpha = 1
  } else {
    brush.setLineDash(line.kind === "dashes" ? [5, 5] : [])
    stroke(brush, corners)
    brush.setLineDash([])
  }
  if (line.follows) drawPoint(brush, corners[shown.position], line.role, 5)
  brush.lineWidth = 1
}

// a square is real, a cross generated, as on every page
function drawPoint(brush, [left, top], role, half) {
  if (role === "real") brush.fillRect(left - half, top - half, 2 * half, 2 * half)
  else stroke(brush, [[left - half - 1, top], [left + half + 1, top]]), stroke(brush, [[left, top - half - 1], [left, top + half + 1]])
}

// the sign of a line in a legend
function markOf(line) {
  if (line.kind === "dashes") return "┄"
  return line.role === "real" ? "■" : line.role === "synthetic" ? "✚" : "│"
}

// small grey images, each with what is said of it; they are large on the screen, pixel by pixel
function drawPictures(parent, pictures) {
  const figures = pictures.map(({ title, pixels, says }) => {
    const figure = document.createElement("figure")
    const image = document.createElement("img")
    image.src = `data:image/png;base64,${pixels}`
    image.alt = title
    const caption = document.createElement("figcaption")
    caption.textContent = title
    const lines = says.map((sentence) => {
      const paragraph = document.createElement("p")
      paragraph.textContent = sentence
      return paragraph
    })
    figure.append(caption, image, ...lines)
    return figure
  })
  parent.replaceChildren(...figures)
}

function stroke(brush, corners) {
  brush.beginPath()
  corners.forEach(([left, top], n) => (n ? brush.lineTo(left, top) : brush.moveTo(left, top)))
  brush.stroke()
}
