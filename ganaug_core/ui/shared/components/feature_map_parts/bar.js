// The buttons above the map: tools, overlays, and the legend whose entries hide and show their layer.
const DISC = "M7 1a6 6 0 100 12A6 6 0 107 1z"
const SHAPES = [
  "M2 2h10v10H2z", // training: filled square
  "M7 1l6 6-6 6-6-6z", // tuning: filled diamond
  "M2.5 2.5h9v9h-9z", // hold-out: hollow square
  "M7 1v12M1 7h12", // synthetic: plus
]

function tool(text, action, pressed) {
  const made = document.createElement("button")
  made.type = "button"
  made.textContent = text
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed))
  made.onclick = action
  return made
}

// new buttons, the focus on the one in the same place
function replace(bar, made) {
  const focused = bar.getRootNode().activeElement
  const had = focused && bar.contains(focused) ? [...bar.children].indexOf(focused) : -1
  bar.replaceChildren(...made)
  if (had >= 0) bar.children[had]?.focus()
}

function tools(state) {
  const mode = (name) => () => {
    state.mode = name
    state.over.dataset.mode = name
    tools(state)
  }
  const overlay = (name) => () => {
    state.shown[name] = !state.shown[name]
    tools(state)
    groupList(state)
    paint(state)
  }
  const nearer = (factor) => () => {
    zoom(state, factor, middleOf(state))
    paint(state)
  }
  const made = [
    tool("Fit", () => (fit(state), paint(state))),
    tool("+", nearer(1.4)),
    tool("−", nearer(1 / 1.4)),
  ]
  made[1].setAttribute("aria-label", "Zoom in")
  made[2].setAttribute("aria-label", "Zoom out")
  if (state.data.gathers)
    made.unshift(
      tool("Move", mode("pan"), state.mode === "pan"),
      tool("Lasso", mode("lasso"), state.mode === "lasso"),
    )
  if (state.loop) made.push(tool("Clear lasso", () => clearLoop(state)))
  if (state.links.length)
    made.push(tool(`Suspected copies (${state.links.length})`, overlay("links"), state.shown.links))
  if (state.groups.length)
    made.push(tool(`Missing groups (${state.groups.length})`, overlay("groups"), state.shown.groups))
  replace(state.root.querySelector(".bar"), made)
}

function legend(state) {
  const { counts } = state
  const entry = (layer, number, text, shape, colour, hollow) => {
    const made = tool("", () => {
      const hidden = state.hidden[layer]
      if (!hidden.delete(number)) hidden.add(number)
      if (state.hover >= 0 && !visible(state, state.hover)) state.hover = -1
      legend(state)
      paint(state)
    }, !state.hidden[layer].has(number))
    made.append(glyph(shape, colour, hollow), `${text} (${counts[layer][number].toLocaleString("en")})`)
    return made
  }
  const roles = state.data.roles.flatMap((text, role) =>
    counts.roles[role] ? [entry("roles", role, text, SHAPES[role], "#e8eaed", role >= 2)] : [],
  )
  const classes = state.data.classes.map((text, number) =>
    entry("classes", number, text, DISC, state.data.colours[number], false),
  )
  replace(state.root.querySelector(".roles"), roles)
  replace(state.root.querySelector(".classes"), classes)
}

function glyph(shape, colour, hollow) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  made.setAttribute("viewBox", "0 0 14 14")
  made.setAttribute("aria-hidden", "true")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", shape)
  path.setAttribute("fill", hollow ? "none" : colour)
  path.setAttribute("stroke", colour)
  path.setAttribute("stroke-width", hollow ? "2" : "0")
  made.append(path)
  return made
}
