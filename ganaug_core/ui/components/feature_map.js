// Feature map: points on one canvas, rings, links and the loop on another, so that hovering repaints little.
// Points come by route once; Python only hears the picked id or the corners of a loop.
const STATES = new WeakMap()
const SYNTHETIC = 3
const SHAPES = [
  "M2 2h10v10H2z", // training: filled square
  "M7 1l6 6-6 6-6-6z", // tuning: filled diamond
  "M2.5 2.5h9v9h-9z", // hold-out: hollow square
  "M7 1v12M1 7h12", // synthetic: plus
]

export default function ({ data, parentElement, setStateValue }) {
  let state = STATES.get(parentElement)
  if (!state) {
    state = { mode: "pan", hover: -1, picked: -1, hidden: { roles: new Set(), classes: new Set() }, shown: null }
    STATES.set(parentElement, state)
    mount()
  }
  state.data = data
  state.send = setStateValue
  state.root.querySelector(".ground").style.setProperty("--height", `${data.height}px`)
  state.over.setAttribute(
    "aria-label",
    "Feature map. Arrow keys move from point to point, Enter picks, Escape clears, plus and minus zoom, 0 fits all.",
  )
  if (state.points !== data.points) load(data.points)
  else if (state.ids) refresh()
  return () => {
    state.observer.disconnect()
    STATES.delete(parentElement)
  }

  function mount() {
    const root = (state.root = parentElement.querySelector(".map"))
    state.base = root.querySelector(".points")
    state.over = root.querySelector(".over")
    state.card = root.querySelector(".card")
    state.spoken = root.querySelector(".spoken")
    state.observer = new ResizeObserver(() => {
      if (!state.ids) return
      if (!state.view || state.untouched) fit()
      paint()
    })
    state.observer.observe(state.over)
    listen()
  }

  async function load(address) {
    state.points = address
    delete state.root.dataset.ready
    const before = state.ids && state.picked >= 0 ? state.ids[state.picked] : null
    let bytes
    try {
      const answer = await fetch(address)
      if (!answer.ok) throw new Error(address)
      bytes = await answer.arrayBuffer()
    } catch {
      state.spoken.textContent = "The points of the map could not be loaded. Reload the page."
      return
    }
    if (state.points !== address) return
    const n = state.data.count
    state.n = n
    state.xy = new Float32Array(bytes, 0, 2 * n)
    state.nearest = new Int32Array(bytes, 8 * n, n)
    state.label = new Uint8Array(bytes, 12 * n, n)
    state.role = new Uint8Array(bytes, 13 * n, n)
    const text = new TextDecoder().decode(new Uint8Array(bytes, 14 * n, 12 * n))
    state.ids = Array.from({ length: n }, (_, i) => text.slice(12 * i, 12 * i + 12))
    state.rows = new Map(state.ids.map((id, i) => [id, i]))
    state.hover = -1
    state.loop = null
    state.picked = state.rows.get(state.data.picked ?? before) ?? -1
    state.heard = state.data.picked
    index()
    fit()
    refresh()
    state.root.dataset.ready = String(n)
  }

  // what Python says may have changed: picked image, overlays, theme
  function refresh() {
    if (state.heard !== state.data.picked) {
      state.heard = state.data.picked
      state.picked = state.rows.get(state.data.picked) ?? -1
    }
    state.shown ??= { ...state.data.shown }
    const row = (id) => state.rows.get(id)
    state.chosen = state.data.chosen.map(row).filter((i) => i !== undefined)
    state.links = state.data.links.map(([from, to]) => [row(from), row(to)]).filter((pair) => !pair.includes(undefined))
    state.groups = state.data.groups.map(({ says, members }) => ({
      says,
      members: members.map(row).filter((i) => i !== undefined),
    }))
    tools()
    legend()
    paint()
  }

  // a grid of cells, so that finding the nearest point looks at few of them
  function index() {
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
    for (let i = 0; i < n; i++) state.cells[cell(xy[2 * i], 0) + side * cell(xy[2 * i + 1], 1)].push(i)
  }

  function cell(value, axis) {
    const { left, bottom, width, height } = state.box
    const share = axis ? (value - bottom) / height : (value - left) / width
    return Math.min(state.side - 1, Math.max(0, Math.floor(share * state.side)))
  }

  function fit() {
    const { left, bottom, width, height } = state.box
    const scale = 0.92 * Math.min(state.over.clientWidth / width, state.over.clientHeight / height)
    state.fitted = Math.max(scale, 1e-9)
    state.view = { scale: state.fitted, x: left + width / 2, y: bottom + height / 2 }
    state.untouched = true
  }

  function screen(i) {
    const { scale, x, y } = state.view
    return [
      state.over.clientWidth / 2 + (state.xy[2 * i] - x) * scale,
      state.over.clientHeight / 2 - (state.xy[2 * i + 1] - y) * scale,
    ]
  }

  function ground(across, down) {
    const { scale, x, y } = state.view
    return [x + (across - state.over.clientWidth / 2) / scale, y - (down - state.over.clientHeight / 2) / scale]
  }

  function visible(i) {
    return !state.hidden.roles.has(state.role[i]) && !state.hidden.classes.has(state.label[i])
  }

  function nearestTo([across, down], reach) {
    const [x, y] = ground(across, down)
    const far = reach / state.view.scale
    let best = -1
    let least = far * far
    for (let row = cell(y - far, 1); row <= cell(y + far, 1); row++)
      for (let column = cell(x - far, 0); column <= cell(x + far, 0); column++)
        for (const i of state.cells[column + state.side * row]) {
          const distance = (state.xy[2 * i] - x) ** 2 + (state.xy[2 * i + 1] - y) ** 2
          // <= : of points on one spot, the one drawn last is the one that is seen
          if (distance <= least && visible(i)) [least, best] = [distance, i]
        }
    return best
  }

  function paint() {
    if (state.frame) return
    state.frame = requestAnimationFrame(() => {
      state.frame = 0
      const started = performance.now()
      paintPoints()
      state.root.dataset.milliseconds = (performance.now() - started).toFixed(1)
      paintOver()
    })
  }

  function prepared(canvas) {
    const ratio = window.devicePixelRatio || 1
    const [width, height] = [canvas.clientWidth, canvas.clientHeight]
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    const pen = canvas.getContext("2d")
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, width, height)
    return pen
  }

  function paintPoints() {
    const pen = prepared(state.base)
    const [width, height] = [state.base.clientWidth, state.base.clientHeight]
    const small = state.n < 3000 ? 3.2 : state.n < 12000 ? 2.3 : 1.7
    const r = Math.min(6, small * Math.max(1, Math.sqrt(state.view.scale / state.fitted)))
    // one path a layer and class: a few dozen strokes instead of thousands
    const layers = new Map()
    for (let i = 0; i < state.n; i++) {
      if (!visible(i)) continue
      const [x, y] = screen(i)
      if (x < -6 || y < -6 || x > width + 6 || y > height + 6) continue
      const key = state.role[i] * 256 + state.label[i]
      if (!layers.has(key)) layers.set(key, [])
      layers.get(key).push(x, y)
    }
    let drawn = 0
    for (const key of [...layers.keys()].sort((a, b) => a - b)) {
      const role = key >> 8
      const at = layers.get(key)
      drawn += at.length / 2
      pen.beginPath()
      for (let k = 0; k < at.length; k += 2) trace(pen, role, at[k], at[k + 1], r)
      ink(pen, role, state.data.colours[key & 255])
    }
    state.root.dataset.drawn = String(drawn)
  }

  function trace(pen, role, x, y, r) {
    if (role === SYNTHETIC) {
      pen.moveTo(x - 1.3 * r, y)
      pen.lineTo(x + 1.3 * r, y)
      pen.moveTo(x, y - 1.3 * r)
      pen.lineTo(x, y + 1.3 * r)
    } else if (role === 1) {
      pen.moveTo(x, y - 1.2 * r)
      pen.lineTo(x + 1.2 * r, y)
      pen.lineTo(x, y + 1.2 * r)
      pen.lineTo(x - 1.2 * r, y)
      pen.closePath()
    } else pen.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r)
  }

  function ink(pen, role, colour) {
    pen.strokeStyle = pen.fillStyle = colour
    pen.globalAlpha = role === SYNTHETIC ? 1 : role === 2 ? 0.8 : 0.5
    pen.lineWidth = role === SYNTHETIC ? 1.5 : 1
    if (role === SYNTHETIC || role === 2) pen.stroke()
    else pen.fill()
    pen.globalAlpha = 1
  }

  function paintOver() {
    const pen = prepared(state.over)
    if (!state.loop) for (const i of state.chosen) ring(pen, i, 4, "#ffffff")
    if (state.shown.groups) state.groups.forEach((group) => paintGroup(pen, group))
    if (state.shown.links) paintLinks(pen)
    for (const [i, size] of [[state.picked, 10], [state.hover, 8]]) {
      if (i < 0) continue
      const near = state.nearest[i]
      if (near >= 0) {
        line(pen, i, near, "#ffffff", [4, 3])
        ring(pen, near, 6, "#ffffff")
      }
      ring(pen, i, size, "#ffffff")
    }
    if (state.loop) {
      pen.beginPath()
      state.loop.map(([x, y]) => toScreen(x, y)).forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)))
      pen.closePath()
      pen.fillStyle = "rgba(255, 255, 255, 0.12)"
      pen.fill()
      pen.strokeStyle = "#ffffff"
      pen.lineWidth = 1.5
      pen.stroke()
    }
    showCard()
  }

  function toScreen(x, y) {
    const { scale, x: middle, y: centre } = state.view
    return [state.over.clientWidth / 2 + (x - middle) * scale, state.over.clientHeight / 2 - (y - centre) * scale]
  }

  function ring(pen, i, size, colour) {
    const [x, y] = screen(i)
    pen.beginPath()
    pen.arc(x, y, size, 0, 2 * Math.PI)
    pen.strokeStyle = "#0b0d10"
    pen.lineWidth = 4
    pen.stroke()
    pen.strokeStyle = colour
    pen.lineWidth = 2
    pen.stroke()
  }

  function line(pen, from, to, colour, dash) {
    pen.beginPath()
    pen.moveTo(...screen(from))
    pen.lineTo(...screen(to))
    pen.setLineDash(dash)
    pen.strokeStyle = colour
    pen.lineWidth = 1.5
    pen.stroke()
    pen.setLineDash([])
  }

  function paintLinks(pen) {
    for (const [from, to] of state.links) {
      line(pen, from, to, "#ff9a5c", [])
      ring(pen, from, 5, "#ff9a5c")
    }
  }

  function paintGroup(pen, { says, members }) {
    if (!members.length) return
    const at = members.map(screen)
    pen.strokeStyle = "#ffffff"
    pen.lineWidth = 1.5
    pen.beginPath()
    for (const [x, y] of at) {
      pen.moveTo(x + 6, y)
      pen.arc(x, y, 6, 0, 2 * Math.PI)
    }
    pen.stroke()
    const middle = (axis) => at.map((each) => each[axis]).sort((a, b) => a - b)[at.length >> 1]
    pen.font = "600 13px sans-serif"
    const width = pen.measureText(says).width + 16
    const x = Math.min(Math.max(4, middle(0) - width / 2), state.over.clientWidth - width - 4)
    const y = Math.min(Math.max(4, middle(1) - 44), state.over.clientHeight - 30)
    pen.fillStyle = "#0b0d10"
    pen.fillRect(x, y, width, 26)
    pen.strokeRect(x, y, width, 26)
    pen.fillStyle = "#ffffff"
    pen.fillText(says, x + 8, y + 18)
  }

  function label(i) {
    return `${state.data.roles[state.role[i]]}, ${state.data.classes[state.label[i]]}, ${state.ids[i]}`
  }

  function address(i) {
    const { real, synthetic } = state.data.images
    return `${state.role[i] === SYNTHETIC ? synthetic : real}${state.ids[i]}.png`
  }

  function showCard() {
    const { card, hover } = state
    if (hover < 0) {
      card.style.display = "none"
      delete state.root.dataset.card
      return
    }
    const [first, second] = card.querySelectorAll("figure")
    const near = state.nearest[hover]
    fill(first, hover, label(hover))
    second.style.display = card.querySelector("b").style.display = near >= 0 ? "block" : "none"
    if (near >= 0) fill(second, near, `nearest training image: ${label(near)}`)
    card.style.display = "flex"
    const [x, y] = screen(hover)
    const { clientWidth: width, clientHeight: height } = state.over
    const left = x + 18 + card.offsetWidth > width ? x - 18 - card.offsetWidth : x + 18
    card.style.left = `${Math.max(0, left)}px`
    card.style.top = `${Math.max(0, Math.min(height - card.offsetHeight, y - card.offsetHeight / 2))}px`
    state.root.dataset.card = state.ids[hover]
  }

  function fill(figure, i, text) {
    const image = figure.querySelector("img")
    const wanted = address(i)
    if (image.getAttribute("src") !== wanted) {
      image.onload = () => (state.root.dataset.pictured = state.ids[i])
      image.src = wanted
    }
    figure.querySelector("span").textContent = text
  }

  function pick(i) {
    state.picked = i
    state.heard = i < 0 ? null : state.ids[i]
    state.spoken.textContent = i < 0 ? "" : `Picked: ${label(i)}`
    state.send("picked", state.heard)
    paintOver()
  }

  function zoom(factor, [across, down]) {
    const [x, y] = ground(across, down)
    state.view.scale *= factor
    state.view.x = x - (across - state.over.clientWidth / 2) / state.view.scale
    state.view.y = y + (down - state.over.clientHeight / 2) / state.view.scale
    state.untouched = false
    paint()
  }

  function tool(text, action, pressed) {
    const made = document.createElement("button")
    made.type = "button"
    made.textContent = text
    if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed))
    made.onclick = action
    return made
  }

  function replace(place, made) {
    const focused = place.getRootNode().activeElement
    const had = focused && place.contains(focused) ? [...place.children].indexOf(focused) : -1
    place.replaceChildren(...made)
    if (had >= 0) place.children[had]?.focus()
  }

  function tools() {
    const mode = (name) => () => {
      state.mode = name
      state.over.dataset.mode = name
      tools()
    }
    const overlay = (name) => () => {
      state.shown[name] = !state.shown[name]
      tools()
      paintOver()
    }
    const centre = () => [state.over.clientWidth / 2, state.over.clientHeight / 2]
    const made = [
      tool("Move", mode("pan"), state.mode === "pan"),
      tool("Lasso", mode("lasso"), state.mode === "lasso"),
      tool("Fit", () => (fit(), paint())),
      tool("+", () => zoom(1.4, centre())),
      tool("−", () => zoom(1 / 1.4, centre())),
    ]
    made[3].setAttribute("aria-label", "Zoom in")
    made[4].setAttribute("aria-label", "Zoom out")
    if (state.loop) made.push(tool("Clear lasso", clearLoop))
    if (state.links.length)
      made.push(tool(`Suspected copies (${state.links.length})`, overlay("links"), state.shown.links))
    if (state.groups.length)
      made.push(tool(`Missing groups (${state.groups.length})`, overlay("groups"), state.shown.groups))
    replace(state.root.querySelector(".bar"), made)
  }

  function clearLoop() {
    state.loop = null
    state.send("lasso", null)
    tools()
    paintOver()
  }

  function legend() {
    const { counts } = state
    const entry = (layer, place, text, shape, colour, hollow) => {
      const made = tool("", () => {
        const hidden = state.hidden[layer]
        if (!hidden.delete(place)) hidden.add(place)
        if (state.hover >= 0 && !visible(state.hover)) state.hover = -1
        legend()
        paint()
      }, !state.hidden[layer].has(place))
      const glyph = document.createElementNS("http://www.w3.org/2000/svg", "svg")
      glyph.setAttribute("viewBox", "0 0 14 14")
      glyph.setAttribute("aria-hidden", "true")
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
      path.setAttribute("d", shape)
      path.setAttribute("fill", hollow ? "none" : colour)
      path.setAttribute("stroke", colour)
      path.setAttribute("stroke-width", hollow ? "2" : "0")
      glyph.append(path)
      made.append(glyph, `${text} (${counts[layer][place].toLocaleString("en")})`)
      return made
    }
    const roles = state.data.roles.flatMap((text, role) =>
      counts.roles[role] ? [entry("roles", role, text, SHAPES[role], "#e8eaed", role >= 2)] : [],
    )
    const disc = "M7 1a6 6 0 100 12A6 6 0 107 1z"
    const classes = state.data.classes.map((text, place) =>
      entry("classes", place, text, disc, state.data.colours[place], false),
    )
    replace(state.root.querySelector(".roles"), roles)
    replace(state.root.querySelector(".classes"), classes)
  }

  function step(event) {
    const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    const centre = [state.over.clientWidth / 2, state.over.clientHeight / 2]
    if (state.hover < 0) return state.picked >= 0 ? state.picked : nearestTo(centre, 1e4)
    const [x, y] = screen(state.hover)
    let best = state.hover
    let least = Infinity
    for (let i = 0; i < state.n; i++) {
      if (i === state.hover || !visible(i)) continue
      const [u, v] = screen(i)
      const along = (u - x) * across + (v - y) * down
      const aside = Math.abs((u - x) * down) + Math.abs((v - y) * across)
      if (along <= 0.5 || aside > along) continue
      const cost = along * along + 2 * aside * aside
      if (cost < least) [least, best] = [cost, i]
    }
    return best
  }

  function listen() {
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
      held = { at: at(event), view: { ...state.view }, moved: false, draws: state.mode === "lasso" || event.shiftKey }
    }
    over.onpointermove = (event) => {
      if (!state.ids) return
      const [x, y] = at(event)
      if (!held) {
        const found = nearestTo([x, y], 10)
        if (found === state.hover) return
        state.hover = found
        paintOver()
        return
      }
      held.moved ||= Math.hypot(x - held.at[0], y - held.at[1]) > 3
      if (!held.moved) return
      state.hover = -1
      if (held.draws) {
        state.loop = held.loop ??= [ground(...held.at)]
        held.loop.push(ground(x, y))
        paintOver()
      } else {
        state.view.x = held.view.x - (x - held.at[0]) / held.view.scale
        state.view.y = held.view.y + (y - held.at[1]) / held.view.scale
        state.untouched = false
        paint()
      }
    }
    over.onpointerup = (event) => {
      const was = held
      held = null
      if (!was) return
      if (!was.moved) pick(nearestTo(at(event), 10))
      else if (was.loop) finish(was.loop)
    }
    over.onpointercancel = () => (held = null)
    over.onpointerleave = () => {
      if (held || !state.ids) return
      state.hover = -1
      paintOver()
    }
    over.addEventListener("wheel", (event) => {
      if (!state.ids) return
      event.preventDefault()
      zoom(Math.exp(-event.deltaY * 0.0015), at(event))
    }, { passive: false })
    over.onkeydown = (event) => {
      if (!state.ids) return
      const centre = [over.clientWidth / 2, over.clientHeight / 2]
      if (event.key.startsWith("Arrow")) {
        state.hover = step(event)
        if (state.hover >= 0) state.spoken.textContent = label(state.hover)
        paintOver()
      } else if (event.key === "Enter" && state.hover >= 0) pick(state.hover)
      else if (event.key === "Escape") {
        state.hover = -1
        if (state.loop) clearLoop()
        pick(-1)
      } else if (event.key === "+" || event.key === "=") zoom(1.4, centre)
      else if (event.key === "-") zoom(1 / 1.4, centre)
      else if (event.key === "0") fit(), paint()
      else return
      event.preventDefault()
      event.stopPropagation()
    }
  }

  function finish(loop) {
    const every = Math.max(1, Math.ceil(loop.length / 64))
    const corners = loop.filter((_, k) => k % every === 0).map(([x, y]) => [Number(x.toFixed(5)), Number(y.toFixed(5))])
    if (corners.length < 3) {
      clearLoop()
      return
    }
    const shown = (total, hidden) => [...Array(total).keys()].filter((each) => !hidden.has(each))
    state.send("lasso", {
      corners,
      roles: shown(4, state.hidden.roles),
      labels: shown(state.data.classes.length, state.hidden.classes),
    })
    tools()
    paintOver()
  }
}
