// The buttons above the map: tools, overlays, and the legend whose entries hide and show their layer.
const DISC = "M7 1a6 6 0 100 12A6 6 0 107 1z"
const SHAPES = [
  "M2 2h10v10H2z", // training: filled square
  "M7 1l6 6-6 6-6-6z", // tuning: filled diamond
  "M2.5 2.5h9v9h-9z", // hold-out: hollow square
  "M7 1v12M1 7h12", // synthetic: plus
]

function toolButton(text, action, pressed) {
  const button = document.createElement("button")
  button.type = "button"
  button.textContent = text
  if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed))
  button.onclick = action
  return button
}

// new buttons, the focus on the one in the same place
function replaceButtons(toolbar, buttons) {
  const focused = toolbar.getRootNode().activeElement
  const focusedIndex = focused && toolbar.contains(focused) ? [...toolbar.children].indexOf(focused) : -1
  toolbar.replaceChildren(...buttons)
  if (focusedIndex >= 0) toolbar.children[focusedIndex]?.focus()
}

function drawToolbar(state) {
  const mode = (name) => () => {
    state.mode = name
    state.overlay.dataset.mode = name
    drawToolbar(state)
  }
  const overlay = (name) => () => {
    state.shown[name] = !state.shown[name]
    drawToolbar(state)
    drawGroupList(state)
    paint(state)
  }
  const zoomBy = (factor) => () => {
    zoom(state, factor, screenMiddle(state))
    paint(state)
  }
  const buttons = [
    toolButton("Fit", () => (fitToScreen(state), paint(state))),
    toolButton("+", zoomBy(1.4)),
    toolButton("−", zoomBy(1 / 1.4)),
  ]
  buttons[1].setAttribute("aria-label", "Zoom in")
  buttons[2].setAttribute("aria-label", "Zoom out")
  if (state.data.gathers)
    buttons.unshift(
      toolButton("Move", mode("pan"), state.mode === "pan"),
      toolButton("Lasso", mode("lasso"), state.mode === "lasso"),
    )
  if (state.lasso) buttons.push(toolButton("Clear lasso", () => clearLasso(state)))
  if (state.links.length && !state.labelOf)
    buttons.push(toolButton(`Suspected copies (${state.links.length})`, overlay("links"), state.shown.links))
  if (state.groups.length && !state.labelOf)
    buttons.push(toolButton(`Missing groups (${state.groups.length})`, overlay("groups"), state.shown.groups))
  buttons.push(...neighbourhoodButtons(state))
  replaceButtons(state.root.querySelector(".toolbar"), buttons)
}

function drawLegend(state) {
  const { counts } = state
  const entry = (layer, number, text, shape, colour, hollow) => {
    const button = toolButton("", () => {
      const hidden = state.hidden[layer]
      if (!hidden.delete(number)) hidden.add(number)
      if (state.hover >= 0 && !visible(state, state.hover)) state.hover = -1
      drawLegend(state)
      paint(state)
    }, !state.hidden[layer].has(number))
    button.append(symbol(shape, colour, hollow), `${text} (${counts[layer][number].toLocaleString("en")})`)
    return button
  }
  const roles = state.data.roles.flatMap((text, role) =>
    counts.roles[role] ? [entry("roles", role, text, SHAPES[role], "currentColor", role >= 2)] : [],
  )
  const classes = state.data.classes.map((text, number) =>
    entry("classes", number, text, DISC, state.data.colours[number], false),
  )
  replaceButtons(state.root.querySelector(".roles"), roles)
  replaceButtons(state.root.querySelector(".classes"), classes)
}

function symbol(shape, colour, hollow) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 14 14")
  svg.setAttribute("aria-hidden", "true")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", shape)
  path.setAttribute("fill", hollow ? "none" : colour)
  path.setAttribute("stroke", colour)
  path.setAttribute("stroke-width", hollow ? "2" : "0")
  svg.append(path)
  return svg
}
