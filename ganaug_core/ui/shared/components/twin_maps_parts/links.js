// What is done on one map is seen on the other: the same image, or, where it is not there, its nearest training image.

function otherOf(twins, state) {
  return twins.states[1 - twins.states.indexOf(state)]
}

// where an image of one map stands on the other; -1 where there is none
function counterpart(state, other, row) {
  if (row < 0 || !other.ids) return -1
  const same = other.rows.get(state.ids[row])
  if (same !== undefined) return same
  const nearest = state.nearest[row]
  return nearest < 0 ? -1 : other.rows.get(state.ids[nearest]) ?? -1
}

function linkHover(twins, state) {
  const other = otherOf(twins, state)
  if (!state.ids || !other.ids) return
  const row = counterpart(state, other, state.hover)
  if (other.hover !== row) {
    other.hover = row
    paintOverlay(other)
    showCardQuietly(other)
  }
  twins.root.dataset.linked = row < 0 ? "" : other.ids[row]
  linkView(twins, state)
}

// the linked map marks the place; the picture stands where the mouse is
function showCardQuietly(state) {
  state.card.style.display = "none"
}

// maps of one feature space lie on one canvas: they move together
function linkView(twins, state) {
  const other = otherOf(twins, state)
  if (!twins.isOneCanvas || !other.view) return
  const { scale, x, y } = state.view
  const { scale: otherScale, x: otherX, y: otherY } = other.view
  if (scale === otherScale && x === otherX && y === otherY) return
  other.view = { scale, x, y }
  other.isFitted = state.isFitted
  paint(other)
}

function linkPick(twins, state, id) {
  const other = otherOf(twins, state)
  if (!other.ids) return
  other.picked = id === null ? -1 : counterpart(state, other, state.rows.get(id))
  other.sentPick = other.data.picked = other.picked < 0 ? null : other.ids[other.picked]
  state.data.picked = id
  paintOverlay(other)
  twins.root.dataset.picked = other.sentPick ?? ""
}

// what a loop holds stays bright on both maps, everything else is faint
function linkLasso(twins, state, corners) {
  const other = otherOf(twins, state)
  if (!corners) {
    for (const one of [state, other]) Object.assign(one, { faint: null, lasso: null })
    twins.said.textContent = placesText(twins)
  } else {
    const rows = state.ids.flatMap((_, row) =>
      visible(state, row) && isInside(corners, state.positions[2 * row], state.positions[2 * row + 1]) ? [row] : [])
    brighten(state, rows)
    brighten(other, rows.map((row) => other.rows.get(state.ids[row])).filter((row) => row !== undefined))
    other.lasso = null
    const synthetic = rows.filter((row) => state.role[row] === SYNTHETIC).length
    const shared = rows.filter((row) => other.rows.has(state.ids[row])).length
    twins.said.textContent = `Inside: ${rows.length - synthetic} real and ${synthetic} synthetic images; ${shared} of them are on the other map too.`
  }
  paint(state)
  paint(other)
}

function brighten(state, rows) {
  state.faint = new Uint8Array(state.count).fill(1)
  for (const row of rows) state.faint[row] = 0
}

function placesText({ isOneCanvas }) {
  return isOneCanvas
    ? "Every real image lies at the same place on both maps, and they move together. Point at an image to see it on the other."
    : "The maps were drawn apart, so places do not compare. Point at an image to see where it lies on the other."
}

// real images lie at the same places on both
function haveOneCanvas([first, second]) {
  let looked = 0
  for (let row = 0; row < first.count && looked < 50; row++) {
    const other = second.rows.get(first.ids[row])
    if (other === undefined || first.role[row] === SYNTHETIC) continue
    looked++
    for (const axis of [0, 1]) if (Math.abs(first.positions[2 * row + axis] - second.positions[2 * other + axis]) > 1e-4) return false
  }
  return looked > 0
}
