// Where things are: coordinates of the map and of the screen, and which point is nearest.

// a grid of cells, so that finding the nearest point looks at few of them
function buildGrid(state) {
  const { positions, count } = state
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let row = 0; row < count; row++) {
    left = Math.min(left, positions[2 * row])
    right = Math.max(right, positions[2 * row])
    bottom = Math.min(bottom, positions[2 * row + 1])
    top = Math.max(top, positions[2 * row + 1])
  }
  state.box = { left, bottom, width: right - left || 1, height: top - bottom || 1 }
  state.counts = { roles: [0, 0, 0, 0], classes: state.data.classes.map(() => 0) }
  for (let row = 0; row < count; row++) {
    state.counts.roles[state.role[row]]++
    state.counts.classes[state.label[row]]++
  }
  const gridSide = (state.gridSide = Math.max(8, Math.ceil(Math.sqrt(count / 2))))
  state.cells = Array.from({ length: gridSide * gridSide }, () => [])
  for (let row = 0; row < count; row++) {
    const [column, line] = [cellOf(state, positions[2 * row], 0), cellOf(state, positions[2 * row + 1], 1)]
    state.cells[column + gridSide * line].push(row)
  }
}

function cellOf(state, value, axis) {
  const { left, bottom, width, height } = state.box
  const share = axis ? (value - bottom) / height : (value - left) / width
  return Math.min(state.gridSide - 1, Math.max(0, Math.floor(share * state.gridSide)))
}

function screenMiddle(state) {
  return [state.overlay.clientWidth / 2, state.overlay.clientHeight / 2]
}

function fitToScreen(state) {
  const { left, bottom, width, height } = state.box
  const scale = 0.92 * Math.min(state.overlay.clientWidth / width, state.overlay.clientHeight / height)
  state.fittedScale = Math.max(scale, 1e-9)
  state.view = { scale: state.fittedScale, x: left + width / 2, y: bottom + height / 2 }
  state.isFitted = true
}

// as near as the points allow, with some room round them
function zoomToRows(state, rows) {
  if (!rows.length) return
  const [xs, ys] = [0, 1].map((axis) => rows.map((row) => state.positions[2 * row + axis]).sort((a, b) => a - b))
  const [low, high] = [Math.floor(0.02 * rows.length), Math.ceil(0.98 * rows.length) - 1] // without the furthest
  const width = Math.max(xs[high] - xs[low], state.box.width / 40)
  const height = Math.max(ys[high] - ys[low], state.box.height / 40)
  const scale = 0.7 * Math.min(state.overlay.clientWidth / width, state.overlay.clientHeight / height)
  state.view = { scale: Math.max(scale, state.fittedScale), x: (xs[low] + xs[high]) / 2, y: (ys[low] + ys[high]) / 2 }
  state.isFitted = false
}

// a ray from a point to the right crosses an odd number of edges of a loop that it lies in
function isInside(corners, x, y) {
  let inside = false
  corners.forEach(([x1, y1], index) => {
    const [x2, y2] = corners[(index + 1) % corners.length]
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  })
  return inside
}

// keeps the place below the cursor where it is
function zoom(state, factor, [across, down]) {
  const [x, y] = toMap(state, across, down)
  const [middle, centre] = screenMiddle(state)
  state.view.scale *= factor
  state.view.x = x - (across - middle) / state.view.scale
  state.view.y = y + (down - centre) / state.view.scale
  state.isFitted = false
}

function toScreen(state, x, y) {
  const [middle, centre] = screenMiddle(state)
  return [middle + (x - state.view.x) * state.view.scale, centre - (y - state.view.y) * state.view.scale]
}

function toMap(state, across, down) {
  const [middle, centre] = screenMiddle(state)
  return [state.view.x + (across - middle) / state.view.scale, state.view.y - (down - centre) / state.view.scale]
}

function screenPosition(state, row) {
  return toScreen(state, state.positions[2 * row], state.positions[2 * row + 1])
}

function visible(state, row) {
  return !state.hidden.roles.has(state.role[row]) && !state.hidden.classes.has(state.label[row]) && isOfMoment(state, row)
}

function nearestPoint(state, [across, down], reach) {
  const [x, y] = toMap(state, across, down)
  const reachOnMap = reach / state.view.scale
  let best = -1
  let least = reachOnMap * reachOnMap
  const [firstLine, lastLine] = [cellOf(state, y - reachOnMap, 1), cellOf(state, y + reachOnMap, 1)]
  const [firstColumn, lastColumn] = [cellOf(state, x - reachOnMap, 0), cellOf(state, x + reachOnMap, 0)]
  for (let line = firstLine; line <= lastLine; line++)
    for (let column = firstColumn; column <= lastColumn; column++)
      for (const row of state.cells[column + state.gridSide * line]) {
        const distance = (state.positions[2 * row] - x) ** 2 + (state.positions[2 * row + 1] - y) ** 2
        // <= : of points on one spot, the one drawn last is the one that is seen
        if (distance <= least && visible(state, row)) [least, best] = [distance, row]
      }
  return best
}

// the next point in the direction of an arrow key, preferring what lies straight ahead
function nextTowards(state, key) {
  const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  if (state.hover < 0) return state.picked >= 0 ? state.picked : nearestPoint(state, screenMiddle(state), 1e4)
  const [x, y] = screenPosition(state, state.hover)
  let best = state.hover
  let least = Infinity
  for (let row = 0; row < state.count; row++) {
    if (row === state.hover || !visible(state, row)) continue
    const [otherX, otherY] = screenPosition(state, row)
    const along = (otherX - x) * across + (otherY - y) * down
    const aside = Math.abs((otherX - x) * down) + Math.abs((otherY - y) * across)
    if (along <= 0.5 || aside > along) continue
    const cost = along * along + 2 * aside * aside
    if (cost < least) [least, best] = [cost, row]
  }
  return best
}
