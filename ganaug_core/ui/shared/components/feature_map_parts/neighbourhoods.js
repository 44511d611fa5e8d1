// What lies round a point in feature space, where the map was drawn with it: its true neighbours, how many of them are
// synthetic, and how densely images lie. On the map itself both can look otherwise.
const SHADES = ["#2c3f8f", "#3f66b0", "#5b8fc4", "#8cb8cf", "#d9d4b8", "#eab676", "#e58a4c", "#d6502f"] // few to many

function readNeighbourhoods(state, bytes) {
  const { count } = state
  const rest = bytes.byteLength - 26 * count
  state.around = null
  state.shade = null
  if (rest <= 0) return
  const each = rest / 4 / count - 1 // neighbours of a point
  const reaches = new Float32Array(bytes.slice(26 * count, 30 * count))
  const neighbours = new Int32Array(bytes.slice(30 * count))
  const shares = Float32Array.from({ length: count }, (_, row) => {
    let synthetic = 0
    for (let place = 0; place < each; place++) if (state.role[neighbours[each * row + place]] === SYNTHETIC) synthetic++
    return synthetic / each
  })
  const overall = state.role.filter((role) => role === SYNTHETIC).length / count
  state.around = { each, reaches, neighbours, shares, overall }
}

// the colour of points: steps of the share itself, or steps of equal numbers of points for the density
function shadeBy(state, what) {
  const { count, around } = state
  const steps = new Uint8Array(count)
  if (what === "share") around.shares.forEach((share, row) => (steps[row] = Math.min(SHADES.length - 1, share * SHADES.length)))
  if (what === "density") {
    const order = Array.from({ length: count }, (_, row) => row).sort((a, b) => around.reaches[b] - around.reaches[a])
    order.forEach((row, place) => (steps[row] = (place * SHADES.length) / count))
  }
  state.shade = what ? { what, colours: SHADES, steps } : null
  state.root.dataset.shade = state.shade?.what ?? ""
  drawToolbar(state)
  paint(state)
}

function neighbourhoodButtons(state) {
  if (!state.around) return []
  const colour = document.createElement("select")
  colour.setAttribute("aria-label", "Colour of the points")
  colour.title = "By the class; by how many of an image's nearest images in the feature space are synthetic; or by how near these are."
  for (const [what, text] of [["", "class"], ["share", "synthetic share"], ["density", "density"]])
    colour.append(new Option(text, what, false, what === (state.shade?.what ?? "")))
  colour.onchange = () => shadeBy(state, colour.value)
  const near = toolButton("Neighbours", () => {
    state.shown.neighbours = !state.shown.neighbours
    drawToolbar(state)
    paintOverlay(state)
  }, Boolean(state.shown.neighbours))
  near.title = "Lines to the images that are nearest in the feature space, wherever the map has put them."
  return [colour, near]
}

function neighboursOf({ around }, row) {
  return [...around.neighbours.subarray(around.each * row, around.each * (row + 1))]
}

function neighbourText(state, row) {
  const { each, shares, overall } = state.around
  return `Of its ${each} nearest images ${Math.round(shares[row] * each)} are synthetic; of all images ${Math.round(100 * overall)} % are.`
}

function paintNeighbourhoods(state, pen) {
  if (!state.around) return
  const row = state.hover >= 0 ? state.hover : state.picked
  const says = []
  if (state.shown.neighbours && row >= 0) {
    for (const other of neighboursOf(state, row)) {
      line(state, pen, row, other, state.role[other] === SYNTHETIC ? state.data.neighbourColours?.[1] ?? WHITE : state.data.neighbourColours?.[0] ?? WHITE, [])
      ring(state, pen, other, 4, WHITE)
    }
    says.push(neighbourText(state, row))
  }
  state.root.dataset.around = says.join("")
  if (state.shade) paintShades(state, pen)
  if (says.length) paintSentence(state, pen, says[0], 8)
}

function paintShades(state, pen) {
  const [low, high] = state.shade.what === "share" ? ["no synthetic", "all synthetic"] : ["sparse", "dense"]
  const top = 34 // below the sentence
  pen.font = "12px sans-serif"
  pen.textAlign = "left"
  pen.textBaseline = "middle"
  const start = 8 + pen.measureText(low).width + 6
  SHADES.forEach((colour, step) => {
    pen.fillStyle = colour
    pen.fillRect(start + 16 * step, top - 5, 16, 10)
  })
  pen.fillStyle = WHITE
  pen.fillText(low, 8, top)
  pen.fillText(high, start + 16 * SHADES.length + 6, top)
}

function paintSentence(state, pen, text, left) {
  pen.font = "12px sans-serif"
  pen.textAlign = "left"
  pen.textBaseline = "middle"
  const width = pen.measureText(text).width
  pen.fillStyle = "rgba(11, 13, 16, 0.85)"
  pen.fillRect(left - 4, 4, width + 8, 20)
  pen.fillStyle = WHITE
  pen.fillText(text, left, 14)
}
