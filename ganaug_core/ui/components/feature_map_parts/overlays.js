// The upper canvas: rings, links, outlined groups with their labels, and the loop of the lasso.
const DARK = "#0b0d10"
const WHITE = "#ffffff"
const COPY = "#ff9a5c"
const LABEL_HEIGHT = 26
const LABEL_FONT = "600 13px sans-serif"
const GAP = 6

function paintOver(state) {
  const pen = prepared(state.over)
  if (!state.loop) for (const i of state.chosen) ring(state, pen, i, 4, WHITE)
  if (state.shown.links) paintLinks(state, pen)
  if (state.shown.groups) paintGroups(state, pen)
  else delete state.root.dataset.labels
  for (const [i, size] of [[state.picked, 10], [state.hover, 8]]) {
    if (i < 0) continue
    const near = state.nearest[i]
    if (near >= 0) {
      line(state, pen, i, near, WHITE, [4, 3])
      ring(state, pen, near, 6, WHITE)
    }
    ring(state, pen, i, size, WHITE)
  }
  if (state.loop) paintLoop(state, pen)
  showCard(state)
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

function line(state, pen, from, to, colour, dash) {
  pen.beginPath()
  pen.moveTo(...place(state, from))
  pen.lineTo(...place(state, to))
  pen.setLineDash(dash)
  pen.strokeStyle = colour
  pen.lineWidth = 1.5
  pen.stroke()
  pen.setLineDash([])
}

function paintLinks(state, pen) {
  for (const [from, to] of state.links) {
    line(state, pen, from, to, COPY, [])
    ring(state, pen, from, 5, COPY)
  }
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

// first every group's rings, then every label: a ring never crosses a label
function paintGroups(state, pen) {
  const groups = state.groups.filter(({ members }) => members.length)
  pen.strokeStyle = WHITE
  pen.lineWidth = 1.5
  const centres = groups.map(({ members }) => {
    const at = members.map((i) => place(state, i))
    pen.beginPath()
    for (const [x, y] of at) {
      pen.moveTo(x + 6, y)
      pen.arc(x, y, 6, 0, 2 * Math.PI)
    }
    pen.stroke()
    return [0, 1].map((axis) => at.map((each) => each[axis]).sort((a, b) => a - b)[at.length >> 1])
  })
  pen.font = LABEL_FONT
  const widths = groups.map(({ says }) => pen.measureText(says).width + 16)
  const labels = labelPlaces(centres, widths, middleOf(state).map((half) => 2 * half))
  labels.forEach(({ x, y, width }, k) => paintLabel(pen, groups[k].says, x, y, width, centres[k]))
  state.root.dataset.labels = JSON.stringify(labels)
}

function paintLabel(pen, says, x, y, width, [across, down]) {
  pen.beginPath()
  pen.moveTo(Math.min(Math.max(across, x), x + width), Math.min(Math.max(down, y), y + LABEL_HEIGHT))
  pen.lineTo(across, down)
  pen.stroke()
  pen.fillStyle = DARK
  pen.fillRect(x, y, width, LABEL_HEIGHT)
  pen.strokeRect(x, y, width, LABEL_HEIGHT)
  pen.fillStyle = WHITE
  pen.fillText(says, x + 8, y + 18)
}

// Each label stands above its group, or at the nearest place where it covers no other label and stays on the map.
function labelPlaces(centres, widths, [right, bottom]) {
  const placed = []
  centres.forEach(([across, down], k) => {
    const width = widths[k]
    const [mostX, mostY] = [Math.max(GAP, right - width - GAP), Math.max(GAP, bottom - LABEL_HEIGHT - GAP)]
    const inside = (x, y) => ({ x: Math.min(Math.max(GAP, x), mostX), y: Math.min(Math.max(GAP, y), mostY), width })
    const wanted = inside(across - width / 2, down - 44)
    const tried = [wanted, inside(across - width / 2, down + 18)]
    for (const { x, y, width: wide } of placed) // touching the edges of a label that is there
      tried.push(
        inside(wanted.x, y - LABEL_HEIGHT - GAP),
        inside(wanted.x, y + LABEL_HEIGHT + GAP),
        inside(x - width - GAP, wanted.y),
        inside(x + wide + GAP, wanted.y),
      )
    const far = ({ x, y }) => (x - wanted.x) ** 2 + (y - wanted.y) ** 2
    const free = tried.filter((each) => !placed.some((other) => covers(each, other))).sort((a, b) => far(a) - far(b))
    placed.push(free[0] ?? wanted)
  })
  return placed
}

function covers(one, other) {
  return (
    one.x < other.x + other.width + GAP / 2 &&
    other.x < one.x + one.width + GAP / 2 &&
    Math.abs(one.y - other.y) < LABEL_HEIGHT + GAP / 2
  )
}
