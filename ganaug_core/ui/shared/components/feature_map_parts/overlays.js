// The upper canvas: rings, links and the loop of the lasso.
const DARK = "#0b0d10"
const WHITE = "#ffffff"
const COPY = "#f95f55"
const MOST_RINGS = 200 // more would cover what they mark

function paintOverlay(state) {
  const pen = clearedPen(state.overlay)
  if (state.chosen.length <= MOST_RINGS) for (const row of state.chosen) ring(state, pen, row, 4, WHITE)
  if (state.shown.links) paintLinks(state, pen)
  for (const [row, size] of [[state.picked, 10], [state.hover, 8]]) {
    if (row < 0) continue
    const training = trainingOf(state, row)
    if (training >= 0) {
      line(state, pen, row, training, WHITE, [4, 3])
      ring(state, pen, training, 6, WHITE)
    }
    ring(state, pen, row, size, WHITE)
  }
  if (state.lasso) paintLasso(state, pen)
  paintTrails(state, pen)
  paintNeighbourhoods(state, pen)
  showCard(state)
}

// the real image that a point is shown with: the one that the audit suspects it to copy, else the nearest one
function trainingOf(state, row) {
  if (state.nearestOf) return state.nearestOf(row)
  return state.copied.get(row) ?? state.nearest[row]
}

function ring(state, pen, row, size, colour) {
  const [x, y] = screenPosition(state, row)
  pen.beginPath()
  pen.arc(x, y, size, 0, 2 * Math.PI)
  pen.strokeStyle = DARK
  pen.lineWidth = 4
  pen.stroke()
  pen.strokeStyle = colour
  pen.lineWidth = 2
  pen.stroke()
}

function line(state, pen, from, to, colour, dash, width = 1.5) {
  pen.beginPath()
  pen.moveTo(...screenPosition(state, from))
  pen.lineTo(...screenPosition(state, to))
  pen.setLineDash(dash)
  pen.strokeStyle = colour
  pen.lineWidth = width
  pen.stroke()
  pen.setLineDash([])
}

// a few links are drawn boldly, hundreds of them thinly, or they would cover the map
function paintLinks(state, pen) {
  const many = state.links.length > 60
  pen.globalAlpha = many ? 0.55 : 1
  for (const [from, to] of state.links) {
    line(state, pen, from, to, COPY, [], many ? 0.8 : 1.5)
    if (!many) ring(state, pen, from, 5, COPY)
  }
  pen.globalAlpha = 1
}

function paintLasso(state, pen) {
  pen.beginPath()
  const corners = state.lasso.map(([x, y]) => toScreen(state, x, y))
  corners.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)))
  pen.closePath()
  pen.fillStyle = "rgba(255, 255, 255, 0.12)"
  pen.fill()
  pen.strokeStyle = WHITE
  pen.lineWidth = 1.5
  pen.stroke()
}
