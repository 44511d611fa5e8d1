// Mouse, pen, wheel and keys. Python only hears the picked id or the corners of a loop.

function listenToPointer(state) {
  const { overlay } = state
  const cursor = (event) => {
    const box = overlay.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  let drag = null
  overlay.onpointerdown = (event) => {
    if (!state.ids) return
    overlay.setPointerCapture(event.pointerId)
    overlay.focus()
    const drawsLasso = state.data.gathers && (state.mode === "lasso" || event.shiftKey)
    drag = { start: cursor(event), view: { ...state.view }, moved: false, drawsLasso }
  }
  overlay.onpointermove = (event) => {
    if (!state.ids) return
    const [x, y] = cursor(event)
    if (!drag) {
      const hovered = nearestPoint(state, [x, y], 10)
      if (hovered === state.hover) return
      state.hover = hovered
      paintOverlay(state)
      return
    }
    drag.moved ||= Math.hypot(x - drag.start[0], y - drag.start[1]) > 3
    if (!drag.moved) return
    state.hover = -1
    if (drag.drawsLasso) {
      state.lasso = drag.lasso ??= [toMap(state, ...drag.start)]
      drag.lasso.push(toMap(state, x, y))
      paintOverlay(state)
    } else {
      state.view.x = drag.view.x - (x - drag.start[0]) / drag.view.scale
      state.view.y = drag.view.y + (y - drag.start[1]) / drag.view.scale
      state.isFitted = false
      paint(state)
    }
  }
  overlay.onpointerup = (event) => {
    const ended = drag
    drag = null
    if (!ended) return
    if (!ended.moved) pickPoint(state, nearestPoint(state, cursor(event), 10))
    else if (ended.lasso) closeLasso(state, ended.lasso)
  }
  overlay.onpointercancel = () => (drag = null)
  overlay.onpointerleave = () => {
    if (drag || !state.ids) return
    state.hover = -1
    paintOverlay(state)
  }
  overlay.addEventListener("wheel", (event) => {
    if (!state.ids) return
    event.preventDefault()
    zoom(state, Math.exp(-event.deltaY * 0.0015), cursor(event))
    paint(state)
  }, { passive: false })
  overlay.onkeydown = (event) => {
    if (!state.ids || !handleKey(state, event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }
}

// what a key does; false for a key that means nothing here
function handleKey(state, key) {
  if (key.startsWith("Arrow")) {
    state.hover = nextTowards(state, key)
    if (state.hover >= 0) state.announcement.textContent = pointLabel(state, state.hover)
    paintOverlay(state)
  } else if (key === "Enter" && state.hover >= 0) pickPoint(state, state.hover)
  else if (key === "Escape") {
    state.hover = -1
    if (state.lasso) clearLasso(state)
    pickPoint(state, -1)
  } else if ("+=-".includes(key)) {
    zoom(state, key === "-" ? 1 / 1.4 : 1.4, screenMiddle(state))
    paint(state)
  } else if (key === "0") {
    fitToScreen(state)
    paint(state)
  } else if (key === "l" && state.data.gathers) loopAround(state)
  else return false
  return true
}

// the lasso of whoever has no mouse: a loop around a point, larger each time
function loopAround(state) {
  const point = state.hover >= 0 ? state.hover : state.picked
  if (point < 0) return
  const { loop } = state
  const isSame = state.lasso && loop?.point === point
  state.loop = { point, radius: isSame ? loop.radius * 1.5 : FIRST_LOOP / state.view.scale }
  const [x, y] = [state.positions[2 * point], state.positions[2 * point + 1]]
  const turns = Array.from({ length: 24 }, (_, corner) => (corner / 12) * Math.PI)
  closeLasso(state, turns.map((turn) => [x + state.loop.radius * Math.cos(turn), y + state.loop.radius * Math.sin(turn)]))
}

const FIRST_LOOP = 30 // pixels of the screen

function pickPoint(state, row) {
  state.picked = row
  state.sentPick = row < 0 ? null : state.ids[row]
  state.announcement.textContent = pickedText(state)
  state.send("picked", state.sentPick)
  paintOverlay(state)
}

function pickedText(state) {
  return state.picked < 0 ? "" : `Picked: ${pointLabel(state, state.picked)}`
}

function closeLasso(state, lasso) {
  const step = Math.max(1, Math.ceil(lasso.length / 64))
  const corners = lasso
    .filter((_, index) => index % step === 0)
    .map(([x, y]) => [Number(x.toFixed(5)), Number(y.toFixed(5))])
  if (corners.length < 3) {
    clearLasso(state)
    return
  }
  state.lasso = corners
  state.send("lasso", corners)
  drawToolbar(state)
  paintOverlay(state)
}

function clearLasso(state) {
  state.lasso = null
  state.send("lasso", null)
  drawToolbar(state)
  paintOverlay(state)
}
