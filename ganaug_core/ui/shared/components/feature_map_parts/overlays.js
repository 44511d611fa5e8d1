// The upper canvas: rings, links and the loop of the lasso.
const DARK = "#0b0d10"
const WHITE = "#ffffff"
const COPY = "#ff9a5c"

function paintOver(state) {
  const pen = prepared(state.over)
  if (!state.loop) for (const i of state.chosen) ring(state, pen, i, 4, WHITE)
  if (state.shown.links) paintLinks(state, pen)
  for (const [i, size] of [[state.picked, 10], [state.hover, 8]]) {
    if (i < 0) continue
    const near = trainingOf(state, i)
    if (near >= 0) {
      line(state, pen, i, near, WHITE, [4, 3])
      ring(state, pen, near, 6, WHITE)
    }
    ring(state, pen, i, size, WHITE)
  }
  if (state.loop) paintLoop(state, pen)
  showCard(state)
}

// the training image that a point is shown with: the one that the audit suspects it to copy, else the nearest one
function trainingOf(state, i) {
  return state.copied.get(i) ?? state.nearest[i]
}

function ring(state, pen, i, size, colour) {
  const [x, y] = place(state, i)
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
  pen.moveTo(...place(state, from))
  pen.lineTo(...place(state, to))
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

function paintLoop(state, pen) {
  pen.beginPath()
  state.loop.map(([x, y]) => toScreen(state, x, y)).forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)))
  pen.closePath()
  pen.fillStyle = "rgba(255, 255, 255, 0.12)"
  pen.fill()
  pen.strokeStyle = WHITE
  pen.lineWidth = 1.5
  pen.stroke()
}
