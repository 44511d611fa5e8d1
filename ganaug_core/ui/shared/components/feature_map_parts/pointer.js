// Mouse, pen, wheel and keys. Python only hears the picked id or the corners of a loop.

function listen(state) {
  const { over } = state
  const at = (event) => {
    const box = over.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  let held = null
  over.onpointerdown = (event) => {
    if (!state.ids) return
    over.setPointerCapture(event.pointerId)
    over.focus()
    const draws = state.data.gathers && (state.mode === "lasso" || event.shiftKey)
    held = { at: at(event), view: { ...state.view }, moved: false, draws }
  }
  over.onpointermove = (event) => {
    if (!state.ids) return
    const [x, y] = at(event)
    if (!held) {
      const found = nearestTo(state, [x, y], 10)
      if (found === state.hover) return
      state.hover = found
      paintOver(state)
      return
    }
    held.moved ||= Math.hypot(x - held.at[0], y - held.at[1]) > 3
    if (!held.moved) return
    state.hover = -1
    if (held.draws) {
      state.loop = held.loop ??= [toGround(state, ...held.at)]
      held.loop.push(toGround(state, x, y))
      paintOver(state)
    } else {
      state.view.x = held.view.x - (x - held.at[0]) / held.view.scale
      state.view.y = held.view.y + (y - held.at[1]) / held.view.scale
      state.untouched = false
      paint(state)
    }
  }
  over.onpointerup = (event) => {
    const was = held
    held = null
    if (!was) return
    if (!was.moved) pick(state, nearestTo(state, at(event), 10))
    else if (was.loop) closeLoop(state, was.loop)
  }
  over.onpointercancel = () => (held = null)
  over.onpointerleave = () => {
    if (held || !state.ids) return
    state.hover = -1
    paintOver(state)
  }
  over.addEventListener("wheel", (event) => {
    if (!state.ids) return
    event.preventDefault()
    zoom(state, Math.exp(-event.deltaY * 0.0015), at(event))
    paint(state)
  }, { passive: false })
  over.onkeydown = (event) => {
    if (!state.ids || !press(state, event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }
}

// what a key does; false for a key that means nothing here
function press(state, key) {
  if (key.startsWith("Arrow")) {
    state.hover = nextTowards(state, key)
    if (state.hover >= 0) state.spoken.textContent = label(state, state.hover)
    paintOver(state)
  } else if (key === "Enter" && state.hover >= 0) pick(state, state.hover)
  else if (key === "Escape") {
    state.hover = -1
    if (state.loop) clearLoop(state)
    pick(state, -1)
  } else if ("+=-".includes(key)) {
    zoom(state, key === "-" ? 1 / 1.4 : 1.4, middleOf(state))
    paint(state)
  } else if (key === "0") {
    fit(state)
    paint(state)
  } else return false
  return true
}

function pick(state, i) {
  state.picked = i
  state.heard = i < 0 ? null : state.ids[i]
  state.spoken.textContent = said(state)
  state.send("picked", state.heard)
  paintOver(state)
}

function said(state) {
  return state.picked < 0 ? "" : `Picked: ${label(state, state.picked)}`
}

function closeLoop(state, loop) {
  const every = Math.max(1, Math.ceil(loop.length / 64))
  const corners = loop.filter((_, k) => k % every === 0).map(([x, y]) => [Number(x.toFixed(5)), Number(y.toFixed(5))])
  if (corners.length < 3) {
    clearLoop(state)
    return
  }
  const shown = (total, hidden) => [...Array(total).keys()].filter((each) => !hidden.has(each))
  state.send("lasso", {
    corners,
    roles: shown(4, state.hidden.roles),
    labels: shown(state.data.classes.length, state.hidden.classes),
  })
  tools(state)
  paintOver(state)
}

function clearLoop(state) {
  state.loop = null
  state.send("lasso", null)
  tools(state)
  paintOver(state)
}
