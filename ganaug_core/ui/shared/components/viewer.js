// Viewer: physical values by route, windowed here, so that dragging needs no server. All panels share one window.
// With `series`, the first panel scrolls through images that lie behind each other.
const STATES = new WeakMap()
const WINDOWS_BY_UNIT = new Map() // window by unit: the next image opens in the window of the last one

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer")
  const panels = root.querySelector(".panels")
  const toolbar = root.querySelector(".toolbar")
  const windowText = root.querySelector(".window")
  const state = STATES.get(parentElement) ?? { request: null, smooth: false, aligned: null, images: [], views: [] }
  STATES.set(parentElement, state)

  const unit = data.unit === "intensity" ? "" : ` ${data.unit}`
  const scroller = root.querySelector(".scroller")
  const request = JSON.stringify([data.panels, data.series, data.difference, data.movement, data.unit])
  if (state.request !== request) {
    state.request = request
    state.index = data.index ?? 0
    state.cache = new Map()
    prepareScrolling()
    state.aligned = Boolean(data.movement)
    delete root.dataset.ready
    load(request)
  }
  return () => STATES.delete(parentElement)

  async function load(requested) {
    let images
    try {
      images = await Promise.all(shownPanels().map((panel) => cachedImage(panel.pixels)))
    } catch {
      if (state.request === requested) panels.textContent = "The pixels could not be loaded. Reload the page."
      return
    }
    if (state.request !== requested) return // another image was picked meanwhile
    state.images = images
    state.values = images.flatMap((image) => sampledValues(image))
    if (WINDOWS_BY_UNIT.has(data.unit)) state.window = WINDOWS_BY_UNIT.get(data.unit)
    else resetWindow()
    drawToolbar()
    layout()
    root.dataset.ready = shownPanels().map((panel) => panel.id).join(" ")
    if (data.series) fetchAhead(state.index, [1, -1, 2, -2])
  }

  // the next turn of the wheel finds its image here
  function fetchAhead(index, steps) {
    for (const step of steps) {
      const next = data.series[index + step]
      if (next) cachedImage(next.pixels).catch(() => {})
    }
  }

  function shownPanels() {
    return data.series ? [data.series[state.index], ...data.panels] : data.panels
  }

  function cachedImage(address) {
    if (!state.cache.has(address)) state.cache.set(address, fetchImage(address))
    return state.cache.get(address)
  }

  // Scrolling: the slider, the wheel over the image, Page Up and Page Down.
  function prepareScrolling() {
    scroller.hidden = !data.series || data.series.length < 2
    if (scroller.hidden) return
    const slider = scroller.querySelector("input")
    slider.max = data.series.length - 1
    slider.value = state.index
    slider.oninput = () => showInSeries(Number(slider.value))
    showIndex()
  }

  function showInSeries(index) {
    const next = Math.min(data.series.length - 1, Math.max(0, index))
    if (next === state.index) return
    state.index = next
    scroller.querySelector("input").value = next
    showIndex()
    loadScrolled()
  }

  function showIndex() {
    scroller.querySelector("output").textContent = `${data.behind} ${state.index + 1} of ${data.series.length}`
  }

  async function loadScrolled() {
    const index = state.index
    let image
    try {
      image = await cachedImage(data.series[index].pixels)
    } catch {
      return
    }
    if (state.index !== index) return // scrolled on meanwhile
    state.images[0] = image
    state.values = state.images.flatMap((image) => sampledValues(image))
    if (image.rows === state.views[0].image.rows && image.columns === state.views[0].image.columns && !data.difference) {
      state.views[0] = { ...state.views[0], ...data.series[index], image }
      caption(state.figures[0].figure.querySelector("figcaption"), state.views[0])
      draw()
      if (state.cursor) showValues(state.cursor, state.figures[0].canvas)
    } else layout()
    root.dataset.ready = shownPanels().map((panel) => panel.id).join(" ")
    fetchAhead(index, [1, -1, 2])
  }

  async function fetchImage(address) {
    const [header, body] = await Promise.all([fetch(`${address}.json`), fetch(`${address}.bin`)])
    if (!header.ok || !body.ok) throw new Error(address)
    const image = await header.json()
    const bytes = await body.arrayBuffer()
    image.values = image.type === "int16" ? new Int16Array(bytes) : new Float32Array(bytes)
    if (image.unit !== data.unit) convert(image)
    return image
  }

  // Images whose unit the server does not know come in [-1, 1] of the cohort's range.
  function convert(image) {
    const [low, high] = data.scale
    const slope = (high - low) / (image.high - image.low)
    image.values = Float32Array.from(image.values, (value) => low + (value - image.low) * slope)
    Object.assign(image, { low, high, unit: data.unit })
  }

  function sampledValues(image) {
    const step = Math.max(1, Math.floor(image.values.length / 4096))
    return Array.from(image.values.filter((_, index) => index % step === 0))
  }

  function percentiles(low, high) {
    const values = [...state.values].sort((a, b) => a - b)
    const at = (share) => values[Math.min(values.length - 1, Math.round(share * (values.length - 1)))]
    return [at(low), Math.max(at(high), at(low) + 1e-3)]
  }

  function presets() {
    const entries = Object.entries(data.windows).map(([name, [level, width]]) => [
      name,
      `Level ${level}, width ${width}${unit}`,
      () => [level - width / 2, level + width / 2],
    ])
    entries.push(
      ["Full range", "Black is the lowest value that the images can have, white the highest.", fullRange],
      ["Percentile 1–99", "One pixel in a hundred is black, one in a hundred white.", () => percentiles(0.01, 0.99)],
    )
    return entries
  }

  function fullRange() {
    return [Math.min(...state.images.map((image) => image.low)), Math.max(...state.images.map((image) => image.high))]
  }

  function resetWindow() {
    const [level, width] = data.windows[data.start] ?? []
    if (width) state.window = [level - width / 2, level + width / 2]
    else state.window = data.start === "percentiles" ? percentiles(0.01, 0.99) : fullRange()
    WINDOWS_BY_UNIT.delete(data.unit)
  }

  function toolButton(text, tip, action, pressed) {
    const element = document.createElement("button")
    element.type = "button"
    element.textContent = text
    element.title = tip
    if (pressed !== undefined) element.setAttribute("aria-pressed", String(pressed))
    element.onclick = () => {
      action()
      drawToolbar()
      draw()
    }
    return element
  }

  function drawToolbar() {
    const focused = toolbar.getRootNode().activeElement?.textContent
    const isCurrent = (window) => window.every((value, index) => Math.abs(value - state.window[index]) < 1e-6)
    const gap = document.createElement("span")
    gap.className = "gap"
    const windows = presets()
    const current = windows.findIndex(([, , window]) => isCurrent(window()))
    const buttons = windows.map(([name, tip, window], index) =>
      toolButton(name, tip, () => setWindow(window()), index === current),
    )
    buttons.push(toolButton("Reset", "Back to the window of the first look.", resetWindow), gap)
    if (data.difference && data.movement)
      buttons.push(
        toolButton(
          "Align before subtracting",
          "The second image is flipped, turned, scaled and shifted as the audit found it to fit the first one best.",
          () => {
            state.aligned = !state.aligned
            layout()
          },
          state.aligned,
        ),
      )
    const blend = "Blends the pixels when they are enlarged; without it each is a square."
    buttons.push(toolButton("Smooth", blend, () => (state.smooth = !state.smooth), state.smooth))
    toolbar.replaceChildren(...buttons)
    buttons.find((button) => button.textContent === focused && focused)?.focus?.()
  }

  function setWindow(window) {
    state.window = window
    WINDOWS_BY_UNIT.set(data.unit, window)
  }

  function layout() {
    state.views = state.images.map((image, index) => ({ ...shownPanels()[index], image, centred: false }))
    if (data.difference && comparable(...state.images)) state.views.push(difference(...state.images))
    state.figures = state.views.map((view, index) => {
      const figure = document.createElement("figure")
      const titled = caption(document.createElement("figcaption"), view)
      const canvas = document.createElement("canvas")
      canvas.width = view.image.columns
      canvas.height = view.image.rows
      canvas.tabIndex = 0
      canvas.setAttribute("role", "img")
      canvas.setAttribute("aria-label", `${view.title}. Arrow keys change the window.`)
      const [tall, wide] = view.image.spacing ?? [1, 1]
      figure.style.setProperty("--aspect", `${view.image.columns * wide} / ${view.image.rows * tall}`)
      const value = document.createElement("span")
      value.className = "value"
      const framed = document.createElement("div")
      framed.className = "framed"
      framed.append(canvas)
      if (view.image.spacing) framed.append(ruler(view.image))
      figure.append(titled, framed, value)
      listenToPointer(canvas, index)
      return { figure, canvas, value }
    })
    panels.dataset.count = state.views.length
    panels.style.setProperty("--count", state.views.length)
    panels.replaceChildren(...state.figures.map(({ figure }) => figure))
    draw()
  }

  function caption(element, view) {
    const note = document.createElement("small")
    note.textContent = view.note || "\u00a0"
    element.replaceChildren(view.title, note)
    element.title = view.help ?? ""
    return element
  }

  // A bar of a round number of millimetres, at most a quarter of the image wide.
  function ruler(image) {
    const width = image.columns * image.spacing[1]
    const lengths = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    const length = lengths.filter((candidate) => candidate <= width / 4).pop() ?? lengths[0]
    const element = document.createElement("div")
    element.className = "ruler"
    element.style.width = `${(100 * length) / width}%`
    element.textContent = `${length} mm`
    element.dataset.millimetres = length
    return element
  }

  function comparable(first, second) {
    return first.rows === second.rows && first.columns === second.columns && first.channels === second.channels
  }

  function difference(first, second) {
    const other = state.aligned ? aligned(first, second) : { values: second.values, words: "" }
    const values = Float32Array.from(first.values, (value, index) => value - other.values[index])
    const image = { ...first, values }
    const help = "The first image minus the second: grey where they are equal."
    return { title: "Difference", help, note: other.words || "first minus second", image, centred: true }
  }

  // Lays the second image on the first: turn and flip of the first, then angle, scale and shift in 32nds of the width.
  // What lies outside the second image is left grey.
  function aligned(first, second) {
    const { rows, columns, channels } = first
    const [turn, flip, angle, scale, right, down] = data.movement
    const [a, b] = [scale * Math.cos((angle * Math.PI) / 180), scale * Math.sin((angle * Math.PI) / 180)]
    const size = rows * columns
    const values = Float32Array.from(first.values)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        let [x, y] = [(column + 0.5) / columns - 0.5, (row + 0.5) / rows - 0.5]
        for (let quarter = 0; quarter < turn; quarter++) [x, y] = [y, -x]
        if (flip) x = -x
        const across = (a * x - b * y + right / 32 + 0.5) * columns - 0.5
        const along = (b * x + a * y + down / 32 + 0.5) * rows - 0.5
        for (let channel = 0; channel < channels; channel++) {
          const value = between(second, channel * size, along, across)
          if (value !== null) values[channel * size + row * columns + column] = value
        }
      }
    return { values, words: `second image ${movementInWords(data.movement)}` }
  }

  // Bilinear; null outside.
  function between(image, start, row, column) {
    const { rows, columns, values } = image
    if (row < -0.5 || column < -0.5 || row > rows - 0.5 || column > columns - 0.5) return null
    const clamp = (value, most) => Math.min(Math.max(value, 0), most)
    const [y, x] = [clamp(row, rows - 1), clamp(column, columns - 1)]
    const [top, left] = [Math.floor(y), Math.floor(x)]
    const [bottom, far] = [Math.min(top + 1, rows - 1), Math.min(left + 1, columns - 1)]
    const at = (line, place) => values[start + line * columns + place]
    const upper = at(top, left) * (1 - (x - left)) + at(top, far) * (x - left)
    const lower = at(bottom, left) * (1 - (x - left)) + at(bottom, far) * (x - left)
    return upper * (1 - (y - top)) + lower * (y - top)
  }

  function movementInWords([turn, flip, angle, scale, right, down]) {
    const turned = turn ? `turned by ${90 * turn}°` : ""
    const parts = [flip ? (turn === 2 ? "flipped upside down" : "flipped sideways") : "", flip && turn === 2 ? "" : turned]
    if (Math.abs(angle) >= 2) parts.push(`turned by ${Math.abs(angle).toFixed(0)}° more`)
    if (Math.abs(Math.log(scale)) >= 0.03) parts.push(`scaled by ${(1 / scale).toFixed(2)}`)
    const shift = Math.hypot(right, down) / 32
    if (shift * 32 >= 0.5) parts.push(`shifted by ${(100 * shift).toFixed(0)} % of the width`)
    return parts.filter(Boolean).join(", ") || "as it is"
  }

  function draw() {
    const started = performance.now()
    const [low, high] = state.window
    root.classList.toggle("pixelated", !state.smooth)
    for (const [index, view] of state.views.entries()) paint(state.figures[index].canvas, view, low, high)
    windowText.textContent = `Level ${round((low + high) / 2)}, width ${round(high - low)}${unit}`
    root.dataset.window = `${round(low)} ${round(high)}`
    root.dataset.drawn = (performance.now() - started).toFixed(2)
  }

  function paint(canvas, { image, centred }, low, high) {
    const { values, channels } = image
    const size = image.rows * image.columns
    const context = canvas.getContext("2d")
    const target = context.createImageData(image.columns, image.rows)
    const bottom = centred ? (low - high) / 2 : low
    const scale = 255 / Math.max(1e-6, high - low)
    const offset = (channel) => (channels >= 3 ? channel * size : 0)
    for (let index = 0; index < size; index++)
      for (let channel = 0; channel < 4; channel++)
        // Uint8ClampedArray rounds and clips
        target.data[4 * index + channel] = channel === 3 ? 255 : (values[offset(channel) + index] - bottom) * scale
    context.putImageData(target, 0, 0)
  }

  function listenToPointer(canvas, index) {
    let drag = null
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId)
      canvas.focus()
      drag = { x: event.clientX, y: event.clientY, window: [...state.window] }
    }
    canvas.onpointermove = (event) => {
      if (drag) {
        const [low, high] = drag.window
        const span = Math.max(high - low, 1e-3)
        changeWindow(drag.window, ((event.clientX - drag.x) / 200) * span, ((drag.y - event.clientY) / 200) * span)
      } else showValues(event, canvas)
    }
    canvas.onpointerup = canvas.onpointercancel = () => {
      drag = null
      drawToolbar()
    }
    canvas.onpointerleave = () => {
      state.cursor = null
      state.figures.forEach(({ value }) => (value.textContent = ""))
    }
    if (data.series && index === 0)
      canvas.onwheel = (event) => {
        event.preventDefault()
        showInSeries(state.index + Math.sign(event.deltaY))
      }
    canvas.onkeydown = (event) => {
      const slices = { PageUp: -1, PageDown: 1 }[event.key]
      if (slices && data.series) {
        event.preventDefault()
        showInSeries(state.index + slices)
        return
      }
      const span = state.window[1] - state.window[0]
      const steps = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.03], ArrowDown: [0, -0.03] }
      const step = steps[event.key]
      if (!step) return
      event.preventDefault()
      changeWindow(state.window, step[0] * span, step[1] * span)
      drawToolbar()
      state.figures[index].canvas.focus()
    }
  }

  function changeWindow([low, high], wider, higher) {
    const [bottom, top] = fullRange()
    const level = (low + high) / 2 + higher
    const width = Math.min(4 * (top - bottom), Math.max((top - bottom) / 500, high - low + wider))
    setWindow([level - width / 2, level + width / 2])
    draw()
  }

  function showValues(event, canvas) {
    state.cursor = { clientX: event.clientX, clientY: event.clientY }
    const box = canvas.getBoundingClientRect()
    const across = (event.clientX - box.left) / box.width
    const down = (event.clientY - box.top) / box.height
    for (const [index, { image }] of state.views.entries()) {
      const row = Math.min(image.rows - 1, Math.max(0, Math.floor(down * image.rows)))
      const column = Math.min(image.columns - 1, Math.max(0, Math.floor(across * image.columns)))
      const size = image.rows * image.columns
      const channels = image.channels >= 3 ? [0, 1, 2] : [0]
      const values = channels.map((channel) => shown(image, image.values[channel * size + row * image.columns + column]))
      const kind = channels.length > 1 ? "red, green, blue " : ""
      state.figures[index].value.textContent = `${kind}${values.join(", ")}${unit} at row ${row}, column ${column}`
    }
  }

  function shown(image, value) {
    // what was clipped at import is known to lie at the end of the range or beyond it
    const beyond = data.clipped[0] && value <= image.low ? "≤ " : data.clipped[1] && value >= image.high ? "≥ " : ""
    return `${beyond}${round(value)}`
  }

  function round(value) {
    return Math.abs(value) >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(3)
  }
}
