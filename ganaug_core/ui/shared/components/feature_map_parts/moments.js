// What one run drew over time: a slider shows one moment after the other on the same real images; a line leads from where
// each latent was at the moments before.
const TRAIL = 4 // moments

function readMoments(state) {
  const of = state.data.moments
  if (!of) {
    state.momentOf = null
    state.root.querySelector(".moments")?.remove()
    return
  }
  if (state.momentsOf === state.points && state.momentOf) return
  const moments = [...new Set(of)].sort((a, b) => a - b)
  const number = new Map(moments.map((seen, place) => [seen, place]))
  const first = state.count - of.length // synthetic images come last
  state.momentOf = Int32Array.from({ length: state.count }, (_, row) => (row < first ? -1 : number.get(of[row - first])))
  Object.assign(state, { momentsOf: state.points, moments, moment: moments.length - 1, each: of.length / moments.length })
  drawSlider(state)
}

function drawSlider(state) {
  const slider = state.root.querySelector(".moments") ?? document.createElement("label")
  slider.className = "moments"
  const input = document.createElement("input")
  Object.assign(input, { type: "range", min: 0, max: state.moments.length - 1, step: 1, value: state.moment })
  input.setAttribute("aria-label", "Moment of the training")
  const said = document.createElement("output")
  input.oninput = () => {
    state.moment = Number(input.value)
    if (state.hover >= 0 && !visible(state, state.hover)) state.hover = -1
    said.textContent = momentText(state)
    paint(state)
  }
  said.textContent = momentText(state)
  slider.replaceChildren(input, said)
  if (!slider.isConnected) state.root.querySelector(".canvases").before(slider)
}

function momentText({ moments, moment, root }) {
  root.dataset.moment = String(moments[moment])
  return `after ${moments[moment].toLocaleString("en")} images (${moment + 1} of ${moments.length})`
}

function isOfMoment({ momentOf, moment }, row) {
  return !momentOf || momentOf[row] < 0 || momentOf[row] === moment
}

function paintTrails(state, pen) {
  const { momentOf, moment, each } = state
  if (!momentOf || state.hidden.roles.has(SYNTHETIC)) return
  for (let row = 0; row < state.count; row++) {
    if (momentOf[row] !== moment || !visible(state, row)) continue
    for (let back = 1; back <= Math.min(TRAIL, moment); back++) {
      pen.globalAlpha = 0.5 / back
      line(state, pen, row - each * (back - 1), row - each * back, WHITE, [], 1)
    }
  }
  pen.globalAlpha = 1
  for (let row = 0; row < state.count; row++) if (momentOf[row] === moment && visible(state, row)) ring(state, pen, row, 5, WHITE)
}
