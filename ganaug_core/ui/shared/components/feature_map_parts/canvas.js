// Where things are: the ground of the map, the part of it that is on the screen, and which point is nearest.

// a grid of cells, so that finding the nearest point looks at few of them
function index(state) {
  const { xy, n } = state
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let i = 0; i < n; i++) {
    left = Math.min(left, xy[2 * i])
    right = Math.max(right, xy[2 * i])
    bottom = Math.min(bottom, xy[2 * i + 1])
    top = Math.max(top, xy[2 * i + 1])
  }
  state.box = { left, bottom, width: right - left || 1, height: top - bottom || 1 }
  state.counts = { roles: [0, 0, 0, 0], classes: state.data.classes.map(() => 0) }
  for (let i = 0; i < n; i++) {
    state.counts.roles[state.role[i]]++
    state.counts.classes[state.label[i]]++
  }
  const side = (state.side = Math.max(8, Math.ceil(Math.sqrt(n / 2))))
  state.cells = Array.from({ length: side * side }, () => [])
  for (let i = 0; i < n; i++) state.cells[cell(state, xy[2 * i], 0) + side * cell(state, xy[2 * i + 1], 1)].push(i)
}

function cell(state, value, axis) {
  const { left, bottom, width, height } = state.box
  const share = axis ? (value - bottom) / height : (value - left) / width
  return Math.min(state.side - 1, Math.max(0, Math.floor(share * state.side)))
}

function middleOf(state) {
  return [state.over.clientWidth / 2, state.over.clientHeight / 2]
}

function fit(state) {
  const { left, bottom, width, height } = state.box
  const scale = 0.92 * Math.min(state.over.clientWidth / width, state.over.clientHeight / height)
  state.fitted = Math.max(scale, 1e-9)
  state.view = { scale: state.fitted, x: left + width / 2, y: bottom + height / 2 }
  state.untouched = true
}

// keeps the place below the cursor where it is
function zoom(state, factor, [across, down]) {
  const [x, y] = toGround(state, across, down)
  const [middle, centre] = middleOf(state)
  state.view.scale *= factor
  state.view.x = x - (across - middle) / state.view.scale
  state.view.y = y + (down - centre) / state.view.scale
  state.untouched = false
}

function toScreen(state, x, y) {
  const [middle, centre] = middleOf(state)
  return [middle + (x - state.view.x) * state.view.scale, centre - (y - state.view.y) * state.view.scale]
}

function toGround(state, across, down) {
  const [middle, centre] = middleOf(state)
  return [state.view.x + (across - middle) / state.view.scale, state.view.y - (down - centre) / state.view.scale]
}

function place(state, i) {
  return toScreen(state, state.xy[2 * i], state.xy[2 * i + 1])
}

function visible(state, i) {
  return !state.hidden.roles.has(state.role[i]) && !state.hidden.classes.has(state.label[i])
}

function nearestTo(state, [across, down], reach) {
  const [x, y] = toGround(state, across, down)
  const far = reach / state.view.scale
  let best = -1
  let least = far * far
  for (let row = cell(state, y - far, 1); row <= cell(state, y + far, 1); row++)
    for (let column = cell(state, x - far, 0); column <= cell(state, x + far, 0); column++)
      for (const i of state.cells[column + state.side * row]) {
        const distance = (state.xy[2 * i] - x) ** 2 + (state.xy[2 * i + 1] - y) ** 2
        // <= : of points on one spot, the one drawn last is the one that is seen
        if (distance <= least && visible(state, i)) [least, best] = [distance, i]
      }
  return best
}

// the next point in the direction of an arrow key, preferring what lies straight ahead
function nextTowards(state, key) {
  const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  if (state.hover < 0) return state.picked >= 0 ? state.picked : nearestTo(state, middleOf(state), 1e4)
  const [x, y] = place(state, state.hover)
  let best = state.hover
  let least = Infinity
  for (let i = 0; i < state.n; i++) {
    if (i === state.hover || !visible(state, i)) continue
    const [u, v] = place(state, i)
    const along = (u - x) * across + (v - y) * down
    const aside = Math.abs((u - x) * down) + Math.abs((v - y) * across)
    if (along <= 0.5 || aside > along) continue
    const cost = along * along + 2 * aside * aside
    if (cost < least) [least, best] = [cost, i]
  }
  return best
}
